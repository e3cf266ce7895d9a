"""Migrations"""

from suite.compare import compare
from suite.variant import Listed

ATTRIBUTE = """
from django.db import models
models.TextField(null=True).contribute_to_class({}, "timezone")
"""


@compare(
    proxy_model="models.E017",
    profile_onetoone="+ Add field timezone to person",
    custom_user="+ Add field timezone to user",
    foreignkey="+ Add field timezone to person",
    mark="known",
    so_what="With a proxy the first attribute of your own already means another approach.",
    source='Django 5.2 docs, "Models", section "Proxy models"',
)
def test_adding_an_attribute_later(project):
    """What does makemigrations answer when the model gets one attribute more?"""
    project.add("players/models.py", ATTRIBUTE.format(Listed.__name__))
    ran = project.manage("makemigrations", "players")
    return "models.E017" if "models.E017" in ran.printed else ran.printed.splitlines()[-1].strip()
