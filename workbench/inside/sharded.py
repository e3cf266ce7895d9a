"""custom_user's own, unchanged code on distributed tables, and what models can say of such.

Its argument is a JSON object with `database`. It prints one object: `calls` and `models`, each by a
short name with its source and its result or error.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings

# what a site does; with the trigger no line of the variant has to change
CALLS = {
    "register": 'roster.register("tasha", "roll-for-initiative", discord_id="284019375620184321")',
    "taken": 'roster.register("TASHA", "roll-for-initiative")',
    "find": 'roster.find("tasha")',
    "by_discord_id": 'roster.by_discord_id("284019375620184321")',
    "page": 'roster.page(after="tas", size=1)',
    "change": 'roster.change("tasha", zoom_id="81736452911")',
    "add_many": 'roster.add_many([{"username": "volo"}, {"username": "xanathar"}])',
    "add_many_taken": 'roster.add_many([{"username": "wulfgar"}, {"username": "VOLO"}])',
    "nobody_added": 'roster.find("wulfgar")',
    "page_register": 'client.post("/register/", FORM).status_code',
    "page_taken": 'Client().post("/register/", FORM | {"username": "TASHA"})'
    '.context["form"].errors',
    "page_login": 'client.post("/login/", {"username": "tasha", "password": FORM["password1"]})'
    ".status_code",
    "group": 'User.objects.get(username="tasha").groups.add(Group.objects.get_or_create('
    'name="wizards")[0])',
    "groups": 'User.objects.get(username="tasha").groups.count()',
    "log": 'LogEntry.objects.create(user=User.objects.get(username="tasha"), action_flag=1)'
    ".action_time.year > 2000",
    "upsert": 'User.objects.bulk_create([User(username="tasha")], update_conflicts=True,'
    ' unique_fields=["username"], update_fields=["email"])',
    "remove": 'roster.remove("tasha")',
    "free_again": 'roster.register("Tasha", "roll-for-initiative") > 0',
    "makemigrations": 'call_command("makemigrations", check_changes=True, verbosity=0)',
}
FORM = {
    "username": "jarlaxle",
    "password1": "roll-for-initiative",
    "password2": "roll-for-initiative",
}
# (models, what is asked about them); each stands on those before it
MODELS = {
    "composite_key": (
        """
class Person(models.Model):
    pk = models.CompositePrimaryKey("user_id", "person_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    person_id = models.BigIntegerField()
""",
        "checked(Person)",
    ),
    "its_table": ("", "table_of(Person)"),
    "automatic_part": (
        """
class Card(models.Model):
    pk = models.CompositePrimaryKey("user_id", "card_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    card_id = models.BigAutoField()
""",
        "checked(Card)",
    ),
    "foreign_key_to_it": (
        """
class Character(models.Model):
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
""",
        "checked(Character)",
    ),
    "foreign_object_to_it": (
        """
class Pet(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    person_number = models.BigIntegerField()
    person = models.ForeignObject(
        Person,
        on_delete=models.DO_NOTHING,
        from_fields=["user_id", "person_number"],
        to_fields=["user_id", "person_id"],
    )
""",
        "checked(Pet)",
    ),
    "many_to_many_through_it": (
        """
class Membership(models.Model):
    pk = models.CompositePrimaryKey("user_id", "group_id")
    user = models.ForeignKey(User, on_delete=models.CASCADE)
    group = models.ForeignKey("Guild", on_delete=models.CASCADE)

class Guild(models.Model):
    members = models.ManyToManyField(User, through=Membership)
""",
        "checked(Guild) + checked(Membership)",
    ),
    "admin": ("", "admin.site.register(Person)"),
    "username_not_unique": (
        """
class Nameless(AbstractUser):
    username = models.CharField(max_length=150)

settings.AUTH_USER_MODEL = "players.Nameless"
""",
        "said_by(check_user_model())",
    ),
}


def main() -> None:
    """Do it all."""
    order = json.loads(sys.argv[1])
    settings.DATABASES["default"]["NAME"] = order["database"]
    django.setup()
    from django.test.utils import setup_test_environment

    setup_test_environment(debug=False)
    print(json.dumps({"calls": calls(), "models": models()}, default=str))


def said(action: Callable[[], Any]) -> dict[str, Any]:
    """The action's result, or the exception in which it ended."""
    try:
        return {"result": action(), "error": ""}
    except Exception as error:
        return {"result": None, "error": f"{type(error).__name__}: {str(error).splitlines()[0]}"}


def calls() -> dict[str, dict[str, Any]]:
    """What came of each call."""
    from django.contrib.admin.models import LogEntry
    from django.contrib.auth import get_user_model
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.test import Client
    from players import roster  # type: ignore[import-not-found]

    names = {
        "roster": roster,
        "client": Client(),
        "Client": Client,
        "call_command": call_command,
        "User": get_user_model(),
        "Group": Group,
        "LogEntry": LogEntry,
        "FORM": FORM,
    }
    return {
        name: {"call": call} | said(lambda call=call: eval(call, names))  # type: ignore[misc]
        for name, call in CALLS.items()
    }


def models() -> dict[str, dict[str, Any]]:
    """What came of each question about models, which stand in the app players."""
    from django.contrib import admin
    from django.contrib.auth import get_user_model
    from django.contrib.auth.checks import check_user_model
    from django.contrib.auth.models import AbstractUser
    from django.db import models as fields

    names = {
        "__name__": "players.models",
        "models": fields,
        "admin": admin,
        "settings": settings,
        "User": get_user_model(),
        "AbstractUser": AbstractUser,
        "check_user_model": check_user_model,
        "checked": lambda model: said_by(model.check(databases=["default"])),
        "said_by": said_by,
        "table_of": table_of,
    }
    found = {}
    for name, (source, question) in MODELS.items():
        exec(source, names)
        answer = said(lambda question=question: eval(question, names))  # type: ignore[misc]
        found[name] = {"source": source.strip(), "question": question} | answer
    return found


def said_by(messages: list[Any]) -> list[str]:
    """The messages of Django's checks, as "id: message"."""
    return [f"{message.id}: {message.msg}" for message in messages]


def table_of(model: Any) -> str:
    """The CREATE TABLE that Django's migrations would send for the model."""
    from django.db import connection

    with connection.schema_editor(collect_sql=True) as editor:
        editor.create_model(model)
    return str(editor.collected_sql[0])


if __name__ == "__main__":
    main()
