"""Migrations tried in the test's own transaction: its end undoes them, PostgreSQL's DDL included.

A state is what Django's migrations know of the models. current() is the variant's; makemigrations()
compares two, as the command does; migrate() and migrated() run operations, as the other does.
"""

from functools import cache

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.db.migrations import Migration
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.questioner import MigrationQuestioner
from django.db.migrations.state import ModelState

from suite.evidence import evidence
from suite.outcomes import rows
from suite.variant import person_class


class Questioner(MigrationQuestioner):
    """Who sits at the terminal when makemigrations asks: gives the same default each time."""

    def __init__(self, default):
        super().__init__()
        self.default = default
        self.asked = []

    def ask_not_null_addition(self, field_name, model_name):
        evidence.add("saw", f"asked for a default: {model_name}.{field_name}")
        self.asked.append(field_name)
        return self.default

    ask_not_null_alteration = ask_not_null_addition


@cache
def loader():
    """The migration files of the project, whatever is applied."""
    return MigrationLoader(None, replace_migrations=False)


def current():
    """The state after all migrations of the variant."""
    return loader().project_state()


def makemigrations(before, after, questioner=None):
    """The operations that makemigrations would write for the app players."""
    detector = MigrationAutodetector(before, after, questioner or Questioner(None))
    changes = detector.changes(loader().graph, convert_apps=["players"])
    operations = [op for migration in changes.get("players", []) for op in migration.operations]
    evidence.add("saw", "\n".join(described(operations)) or "No changes detected")
    return operations


def described(operations):
    """The operations as makemigrations prints them."""
    return [operation.describe() for operation in operations]


def migrate(state, operations):
    """Run operations of the app players on the database; returns the state after them."""
    rows("SET CONSTRAINTS ALL IMMEDIATE")  # else PostgreSQL refuses: pending trigger events
    migration = Migration("tried", "players")
    migration.operations = operations
    with connection.schema_editor(atomic=True) as editor:
        return migration.apply(state.clone(), editor)


def migrated(operation):
    """Run one operation on the variant's own tables; returns the app's models after it."""
    return migrate(current(), [operation]).apps


# --- the article's table


def own_key():
    return {"person_id": models.AutoField(primary_key=True)}


def link():
    return {"user": models.ForeignKey("auth.User", models.CASCADE)}


def key():
    return {"user": models.OneToOneField("auth.User", models.CASCADE, primary_key=True)}


def state_of_person(fields, managed=True):
    """A state in which Person has these fields and a Discord ID. LookupError without a Person."""
    person_class()
    state = current()
    state.remove_model("players", "person")
    fields = [*fields.items(), ("discord_id", models.TextField(blank=True, null=True))]
    options = {"db_table": "person", "managed": managed}
    state.add_model(ModelState("players", "Person", fields, options))
    return state


def with_table(state, number=3):
    """Make the state's table person, with the rows of so many new users; returns the users.

    Each row's Discord ID is the username.
    """
    users = [get_user_model().objects.create(username=f"seed{i}") for i in range(number)]
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("DROP TABLE person")
    with connection.schema_editor(atomic=True) as editor:
        editor.create_model(state.apps.get_model("players", "Person"))
    linked = "user" in state.models["players", "person"].fields
    for user in users:
        if linked:
            rows(
                "INSERT INTO person (user_id, discord_id) VALUES (%s, %s)", [user.pk, user.username]
            )
        else:
            rows("INSERT INTO person (discord_id) VALUES (%s)", [user.username])
    return users
