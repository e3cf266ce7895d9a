"""The missions of Break it: PostgreSQL scores them, and no mission is done by accident."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import environment
from workbench.notebook import run
from workbench.notebook.break_it import MISSIONS
from workbench.paths import PROJECT
from workbench.variants import VARIANTS

PROGRAM = Path(__file__).with_name("breaking.py")
KEY = PROJECT / "docs" / "instructors" / "missions.md"
WITH_PROFILE = ("profile_onetoone", "foreignkey")
STORING = (*WITH_PROFILE, "custom_user")
POSSIBLE = {
    id_: [name for name in VARIANTS if name not in mission.get("impossible", {})]
    for id_, mission in MISSIONS.items()
}
USER = 'user = User.objects.get(username="kethra")\n'
OTHER_WAYS = [
    ("two_rows", ["foreignkey"], USER + "user.person_set.create()"),
    ("two_rows", ["foreignkey"], USER + "Person.objects.bulk_create([Person(user=user)])"),
    (
        "two_rows",
        ["foreignkey"],
        "sql(\"INSERT INTO person (user_id) SELECT id FROM auth_user WHERE username = 'kethra'\")",
    ),
    ("no_row", WITH_PROFILE, 'Person.objects.filter(user__username="kethra").delete()'),
    ("no_row", ["foreignkey"], 'User.objects.create_user("volo2")'),
    (
        "no_row",
        WITH_PROFILE,
        'sql("INSERT INTO auth_user (username, password, first_name, last_name, email, is_staff,'
        " is_active, is_superuser, date_joined) VALUES ('by-sql', '!', '', '', '', false, true,"
        ' false, now())")',
    ),
    (
        "lost_edit",
        WITH_PROFILE,
        'mine = Person.objects.get(user__username="kethra")\n'
        'yours = Person.objects.get(user__username="kethra")\n'
        'yours.discord_id = "111111111111111111"\nyours.save()\n'
        'mine.zoom_id = "123456789"\nmine.save()',
    ),
    (
        "lost_edit",
        ["custom_user"],
        USER + 'roster.change("kethra", discord_id="111111111111111111")\n'
        "user.birthdate = date(2000, 1, 1)\nuser.save()",
    ),
    # a transaction does not prevent it
    (
        "lost_edit",
        VARIANTS,
        "from django.db import connection, transaction\nother = connection.copy()\n"
        "with transaction.atomic():\n    user = User.objects.get(username='kethra')\n"
        '    with other.cursor() as cursor:\n        cursor.execute(f"UPDATE'
        " {User._meta.db_table} SET email = 'k@example.org' WHERE username = 'kethra'\")\n"
        "    user.first_name = 'K'\n    user.save()\nother.close()",
    ),
    ("locked_out", VARIANTS, USER + "user.set_unusable_password()\nuser.save()"),
    ("locked_out", VARIANTS, USER + 'user.password = "secret"\nuser.save()'),
    ("locked_out", VARIANTS, 'User.objects.filter(username="kethra").update(is_active=False)'),
    ("locked_out", VARIANTS, USER + "user.password = user.password[:40]\nuser.save()"),
    (
        "waiting_login",
        VARIANTS,
        "from django.db import transaction\nwith transaction.atomic():\n    "
        'User.objects.filter(username="kethra").update(first_name="K")\n    missions()',
    ),
    (
        "waiting_login",
        VARIANTS,
        "from django.db import connection\nother = connection.copy()\nother.ensure_connection()\n"
        "with other.cursor() as cursor:\n    cursor.execute('BEGIN')\n    cursor.execute("
        "f\"SELECT FROM {User._meta.db_table} WHERE username = 'kethra' FOR UPDATE\")\n"
        "missions()\nother.close()",
    ),
    (
        "refused_birthdate",
        WITH_PROFILE,
        'Person.objects.filter(user__username="kethra").update(birthdate=date(1899, 12, 31))',
    ),
    (
        "refused_birthdate",
        ["custom_user"],
        'User.objects.filter(username="kethra").update(birthdate=date(1899, 12, 31))',
    ),
    ("comes_back", VARIANTS, USER + "User.objects.get(pk=user.pk).delete()\nuser.save()"),
]
NEAR_MISSES = [
    ("two_rows", ["foreignkey"], 'roster.change("kethra", discord_id="111111111111111111")'),
    (
        "two_rows",
        ["foreignkey"],
        "from django.db import transaction\nwith transaction.atomic():\n    "
        + 'Person.objects.create(user=User.objects.get(username="kethra"))\n    missions()\n    '
        + "transaction.set_rollback(True)",
    ),
    ("no_row", WITH_PROFILE, 'roster.register("volo3", "roll-for-initiative")'),
    ("no_row", WITH_PROFILE, 'roster.remove("kethra")'),
    ("no_row", ["profile_onetoone"], 'User.objects.create_user("volo4")'),
    # saved what has changed, and nothing else
    (
        "lost_edit",
        VARIANTS,
        'mine = User.objects.get(username="kethra")\nyours = User.objects.get(username="kethra")\n'
        'yours.email = "kethra@example.org"\nyours.save()\n'
        'mine.first_name = "K"\nmine.save(update_fields=["first_name"])',
    ),
    # taken back on purpose
    (
        "lost_edit",
        VARIANTS,
        USER + "before = user.email\n"
        'user.email = "kethra@example.org"\nuser.save()\nuser.email = before\nuser.save()',
    ),
    # two fields mended together
    (
        "lost_edit",
        VARIANTS,
        USER + "before = user.email\n"
        'user.email = "kethra@example.org"\nuser.save()\nuser.first_name = "K"\nuser.save()\n'
        'User.objects.filter(username="kethra").update(email=before, first_name="")',
    ),
    # one edit after the other
    (
        "lost_edit",
        VARIANTS,
        USER + 'user.email = "kethra@example.org"\nuser.save()\n'
        'user = User.objects.get(username="kethra")\nuser.first_name = "K"\nuser.save()',
    ),
    # the edit of another user
    (
        "lost_edit",
        VARIANTS,
        'mine = User.objects.get(username="kethra")\nyours = User.objects.get(username="gm")\n'
        'yours.email = "gm@example.org"\nyours.save()\nmine.first_name = "K"\nmine.save()',
    ),
    # a login meanwhile is no edit
    (
        "lost_edit",
        VARIANTS,
        "from django.test import Client\n"
        + USER
        + 'Client().login(username="kethra", password="roll-for-initiative")\n'
        'user.first_name = "K"\nuser.save()',
    ),
    (
        "old_password",
        ["custom_user"],
        USER + 'other = User.objects.get(username="kethra")\nother.set_password("a-better-one")\n'
        'other.save()\nuser.birthdate = date(2000, 1, 1)\nuser.save(update_fields=["birthdate"])',
    ),
    (
        "old_password",
        ["custom_user"],
        USER + 'other = User.objects.get(username="kethra")\nother.set_password("a-better-one")\n'
        'other.save()\nuser.first_name = "K"\nuser.save()',
    ),
    ("locked_out", VARIANTS, USER + 'user.set_password("a-better-password")\nuser.save()'),
    ("locked_out", VARIANTS, 'roster.remove("kethra")'),
    ("locked_out", VARIANTS, 'roster.add_many([{"username": "new-one"}])'),
    ("locked_out", VARIANTS, USER + 'user.username = "kethra2"\nuser.save()'),
    (
        "waiting_login",
        VARIANTS,
        "from django.db import transaction\nwith transaction.atomic():\n    "
        'User.objects.get(username="kethra")\n    missions()',
    ),
    (
        "waiting_login",
        VARIANTS,
        "from django.db import transaction\nwith transaction.atomic():\n    "
        'User.objects.filter(username="kethra").update(first_name="K")\nmissions()',
    ),
    # the row of the profile, which a login does not touch
    (
        "waiting_login",
        WITH_PROFILE,
        "from django.db import transaction\nwith transaction.atomic():\n    "
        'Person.objects.filter(user__username="kethra").update(zoom_id="123456789")\n    '
        "missions()",
    ),
    (
        "refused_birthdate",
        STORING,
        'roster.change("kethra", birthdate=date.today())\n'
        'roster.change("kethra", birthdate=date(1900, 1, 1))',
    ),
    (
        "comes_back",
        VARIANTS,
        'roster.remove("kethra")\nroster.register("kethra", "roll-for-initiative")',
    ),
    (
        "comes_back",
        VARIANTS,
        "from django.db import transaction\nwith transaction.atomic():\n    "
        'roster.remove("kethra")\n    transaction.set_rollback(True)',
    ),
]
# (mission, variants, what is tried, the error or "" if it has no effect)
TRIES = [
    ("two_rows", ["profile_onetoone"], USER + "Person.objects.create(user=user)", "IntegrityError"),
    (
        "two_rows",
        ["profile_onetoone"],
        USER + "Person.objects.bulk_create([Person(user=user)])",
        "IntegrityError",
    ),
    ("two_rows", ["profile_onetoone"], USER + "Person(user=user).save()", ""),
    (
        "two_rows",
        ["profile_onetoone"],
        USER + "Person.objects.exclude(user=user).update(user=user)",
        "IntegrityError",
    ),
    (
        "two_rows",
        ["profile_onetoone"],
        'sql("INSERT INTO person (user_id) SELECT user_id FROM person LIMIT 1")',
        "IntegrityError",
    ),
    *(
        (mission, ["proxy_model", "custom_user"], code, error)
        for mission in ("two_rows", "no_row", "no_user")
        for code, error in [
            ("from players.models import Person", "ImportError"),
            (USER + "user.person", "AttributeError"),
            ('sql("INSERT INTO person (user_id) VALUES (999999)")', "ProgrammingError"),
            ('User.objects.bulk_create([User(username="kethra-2", password="!")])', ""),
            ('roster.remove("kethra")', ""),
        ]
    ),
    ("no_user", WITH_PROFILE, "Person.objects.create(user_id=999_999)", "IntegrityError"),
    (
        "no_user",
        WITH_PROFILE,
        "sql(\"DELETE FROM auth_user WHERE username = 'kethra'\")",
        "IntegrityError",
    ),
    (
        "no_user",
        WITH_PROFILE,
        'User.objects.filter(username="kethra")._raw_delete("default")',
        "IntegrityError",
    ),
    (
        "no_user",
        WITH_PROFILE,
        "from django.db import transaction\nwith transaction.atomic():\n    "
        'Person.objects.filter(user__username="kethra").update(user_id=999_999)\n    missions()',
        "IntegrityError",
    ),
    ("no_user", WITH_PROFILE, 'sql("TRUNCATE auth_user")', "NotSupportedError"),
    (
        "no_user",
        WITH_PROFILE,
        USER + "id_ = user.id\nuser.delete()\nPerson.objects.create(user_id=id_)",
        "IntegrityError",
    ),
    (
        "old_password",
        WITH_PROFILE,
        'person = Person.objects.select_related("user").get(user__username="kethra")\n'
        + USER
        + 'user.set_password("a-better-password")\nuser.save()\n'
        "person.birthdate = date(2000, 1, 1)\nperson.save()",
        "",
    ),
    (
        "old_password",
        WITH_PROFILE,
        "from django.contrib.auth.hashers import make_password\n"
        + USER
        + 'User.objects.filter(pk=user.pk).update(password=make_password("a-better-password"))\n'
        'roster.change("kethra", birthdate=date(2000, 1, 1))',
        "",
    ),
    (
        "old_password",
        ["proxy_model"],
        USER + 'other = User.objects.get(username="kethra")\nother.set_password("a-better-one")\n'
        "other.save()\nuser.birthdate = date(2000, 1, 1)\nuser.save()",
        "",
    ),
    (
        "old_password",
        ["proxy_model"],
        'User.objects.update(birthdate=date(2000, 1, 1), password="")',
        "FieldDoesNotExist",
    ),
    (
        "refused_birthdate",
        ["proxy_model"],
        'roster.change("kethra", birthdate=date(2999, 1, 1))',
        "CannotDo",
    ),
    (
        "refused_birthdate",
        ["proxy_model"],
        "sql(\"UPDATE auth_user SET birthdate = '2999-01-01'\")",
        "ProgrammingError",
    ),
    (
        "refused_birthdate",
        ["proxy_model"],
        USER + "user.birthdate = date(2999, 1, 1)\nuser.save()",
        "",
    ),
]
FORCED = [
    (
        "no_user",
        WITH_PROFILE,
        "sql(\"SET session_replication_role = 'replica'\")\n"
        "sql(\"DELETE FROM auth_user WHERE username = 'kethra'\")",
    ),
    (
        "two_rows",
        ["profile_onetoone"],
        'sql("ALTER TABLE person DROP CONSTRAINT person_pkey")\n'
        'sql("INSERT INTO person (user_id) SELECT user_id FROM person LIMIT 1")',
    ),
    (
        "refused_birthdate",
        ["proxy_model"],
        'sql("ALTER TABLE auth_user ADD birthdate date")',
    ),
]


def key():
    """{mission: the way of doing it that the key for instructors shows, "" if there is none}."""
    parts = re.split(r"^## .* \{ #(\w+) \}$", KEY.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for id_, text in zip(parts[1::2], parts[2::2], strict=True):
        code = re.search(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        found[id_] = code[1] if code else ""
    return found


def of(variant):
    """What is to be tried in a variant, by kind: (mission, code, error)."""
    ways = [(id_, POSSIBLE[id_], code) for id_, code in key().items()]
    kinds = {"way": ways + OTHER_WAYS, "miss": NEAR_MISSES, "try": TRIES, "forced": FORCED}
    return [
        (kind, id_, code, *error)
        for kind, its in kinds.items()
        for id_, variants, code, *error in its
        if variant in variants
    ]


def process(server, variant, pieces):
    done = subprocess.run(
        [sys.executable, str(PROGRAM)],
        input=json.dumps([variant, pieces]),
        capture_output=True,
        text=True,
        timeout=300,
        cwd=PROJECT,
        env=environment(PROJECT / "build") | server | {"PYTHONPATH": str(PROJECT)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=VARIANTS)
def broken(request, server):
    """The variant, and what came of each piece of code; the first of them does nothing."""
    pieces = of(request.param)
    found = process(server, request.param, ["", *(piece[2] for piece in pieces)])
    return request.param, found[0], list(zip(pieces, found[1:], strict=True))


def came_of(broken, kind):
    return [(piece[1:], found) for piece, found in broken[2] if piece[0] == kind]


def test_nothing_is_done_in_an_untouched_database(broken):
    variant, untouched, _ = broken
    for id_, said in untouched["said"].items():
        expected = "Not yet." if variant in POSSIBLE[id_] else "Not possible here: "
        assert said.startswith(expected), (id_, said)


def test_each_known_way_does_its_mission(broken):
    tried = came_of(broken, "way")
    assert {id_ for (id_, _), _ in tried} == {
        id_ for id_, variants in POSSIBLE.items() if broken[0] in variants
    }
    for (id_, code), found in tried:
        assert found["error"] == "", code
        assert found["said"][id_].startswith("Done: "), (code, found["said"][id_])


def test_a_way_does_no_mission_that_it_is_not_for(broken):
    # a deleted profile row comes with the user, and the user back without it
    along = {"comes_back": {"no_row"}, "old_password": {"lost_edit"}}
    for (id_, code), found in came_of(broken, "way"):
        done = {other for other, said in found["said"].items() if said.startswith("Done")}
        assert done - along.get(id_, set()) == {id_}, code


def test_a_near_miss_does_not_do_it(broken):
    tried = came_of(broken, "miss")
    assert tried
    for (id_, code), found in tried:
        assert found["error"] == "", code
        assert found["said"][id_] == "Not yet.", (code, found["said"][id_])


def test_what_is_not_possible_was_tried_by_the_orm_and_by_sql(broken):
    tried = came_of(broken, "try")
    for id_, variants in POSSIBLE.items():
        if broken[0] not in variants:
            assert len([one for one in tried if one[0][0] == id_]) >= 2, id_
    for (id_, code, error), found in tried:
        assert found["error"] == error, code
        assert found["said"][id_].startswith("Not possible here: "), (code, found["said"][id_])
        assert "PostgreSQL says: " in found["said"][id_]


def test_what_is_forced_is_against_the_rules(broken):
    for (id_, code), found in came_of(broken, "forced"):
        assert found["error"] == "", code
        assert found["said"][id_].startswith("Against the rules: "), (code, found["said"][id_])


def test_the_key_has_each_mission_in_its_order():
    assert list(key()) == list(MISSIONS)
    assert {id_ for id_, code in key().items() if not code} == {"no_user"}
    titles = re.findall(r"^## (.*) \{ #", KEY.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == [mission["title"] for mission in MISSIONS.values()]


def test_each_notebook_of_a_variant_has_its_missions():
    for path in run.paths():
        if any(path.stem.endswith(variant) for variant in VARIANTS):
            sources = [cell.source for cell in run.read(path).cells]
            assert "from workbench.notebook import missions\n\nmissions()" in sources
