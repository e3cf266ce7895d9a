"""The worked example of "Moving your own project": there and back on a database with a history."""

import os
import subprocess
import sys

import pytest
from moving import Databases

from workbench.paths import PROJECT
from workbench.server import processes
from workbench.server.databases import drop

FOLDER = PROJECT / "moves" / "your_own_project"
NAME = "own_shop"
# a second user without a profile; what no model knows: a column, a view, a privilege
ROWS = """
    INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser,
        is_staff, is_active, date_joined)
    SELECT name, 'pbkdf2$' || name, '', '', '', false, true, true, now()
    FROM unnest(ARRAY['ada', 'bob', 'cyd']) AS name;
    INSERT INTO accounts_profile (id, user_id, phone)
    SELECT md5(username)::uuid, id, '1' || id FROM auth_user WHERE username <> 'bob';
    INSERT INTO shop_order (customer_id, total) SELECT id, 7 FROM accounts_profile;
    INSERT INTO auth_user_user_permissions (user_id, permission_id)
    SELECT auth_user.id, auth_permission.id FROM auth_user, auth_permission
    WHERE username = 'ada' AND codename IN ('change_user', 'change_profile');
    INSERT INTO django_admin_log (action_time, user_id, content_type_id, object_id, object_repr,
        action_flag, change_message)
    SELECT now(), auth_user.id, django_content_type.id, auth_user.id, 'ada', 2, ''
    FROM auth_user, django_content_type WHERE username = 'ada' AND model = 'user';
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE accounts_profile ADD COLUMN note text;
    UPDATE accounts_profile SET note = 'known since ' || phone;
    CREATE VIEW phone_book AS SELECT user_id, phone FROM accounts_profile;
    GRANT SELECT ON accounts_profile TO PUBLIC
"""
TABLES = ("auth_user", "accounts_profile", "shop_order", "django_content_type", "auth_permission")
TABLES += ("auth_user_user_permissions", "django_admin_log")


class Shop:
    """The example's project: its code before the move and after it, on one database."""

    def __init__(self, databases):
        self.databases = databases

    def sql(self, statement):
        return self.databases.sql(NAME, statement)

    def manage(self, code, *arguments):
        """Run manage.py's command with the code `before` or `after`; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-c", START, *arguments],
            env=processes.environment(self.databases.server)
            | {
                "PYTHONPATH": os.pathsep.join([str(FOLDER / code), str(FOLDER)]),
                "DJANGO_SETTINGS_MODULE": "settings" if code == "before" else "settings_after",
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, code, program):
        return self.manage(code, "shell", "-v0", "-c", program).strip()

    def seen(self):
        """All that PostgreSQL keeps beside the rows, and the rows."""
        return self.databases.facts(NAME), {
            table: self.sql(f"SELECT to_jsonb(it)::text FROM {table} AS it ORDER BY 1")
            for table in TABLES
        }


START = f"""
import sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = {NAME!r}
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def shop(server):
    shop = Shop(Databases(server))
    shop.databases.create(NAME, "template0")
    shop.manage("before", "migrate")
    shop.sql(ROWS)
    yield shop
    drop(server, NAME)


@pytest.fixture(scope="module")
def before(shop):
    return shop.seen()


@pytest.fixture(scope="module")
def moved(shop, before):
    shop.manage("after", "migrate")
    return shop


def test_after_the_move_django_has_nothing_to_do(moved):
    moved.manage("after", "migrate", "--check")
    assert "No changes detected" in moved.manage("after", "makemigrations", "--check")


def test_every_user_keeps_their_key_their_password_and_their_phone(moved, before):
    program = """
from django.contrib.auth import get_user_model
print([(u.pk, u.username, u.password, u.phone) for u in get_user_model().objects.order_by("pk")])
"""
    assert eval(moved.run("after", program)) == [
        (1, "ada", "pbkdf2$ada", "11"),
        (2, "bob", "pbkdf2$bob", ""),
        (3, "cyd", "pbkdf2$cyd", "13"),
    ]


def test_permissions_orders_and_the_log_follow(moved):
    program = """
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from shop.models import Order
ada = get_user_model().objects.get(username="ada")
print([ada.has_perm("accounts.change_user"), LogEntry.objects.get().get_edited_object() == ada,
       Order.objects.get(user=ada).total])
"""
    assert moved.run("after", program) == "[True, True, 7]"


def test_what_no_model_knows_is_still_there(moved):
    assert moved.sql("SELECT user_id FROM phone_book ORDER BY 1") == [(1,), (3,)]
    notes = moved.sql("SELECT note FROM archive.accounts_profile ORDER BY 1")
    assert notes == [("known since 11",), ("known since 13",)]


def test_a_user_who_has_a_retired_profile_can_be_deleted(moved):
    """PostgreSQL deletes the profile: Django no longer knows it."""
    program = """
from django.contrib.auth import get_user_model
from django.db import transaction
with transaction.atomic():
    print(get_user_model().objects.filter(username="cyd").delete()[0])
    from django.db import connection
    connection.check_constraints()
    transaction.set_rollback(True)
"""
    assert moved.run("after", program) == "2"


def test_the_way_back_leaves_everything_as_it_was_and_keeps_who_registered_since(moved, before):
    program = """
from django.contrib.auth import get_user_model
from shop.models import Order
users = get_user_model().objects
dan = users.create_user("dan", password="x", phone="44")
Order.objects.create(user=dan, total=9)
users.filter(username="ada").update(phone="99")
"""
    moved.run("after", program)
    moved.manage("after", "migrate", "accounts", "0001")
    moved.manage("before", "remove_stale_contenttypes", "--no-input")
    moved.manage("before", "migrate", "--check")
    program = """
from shop.models import Order
print(sorted((o.customer.user.username, o.customer.phone, o.total) for o in Order.objects.all()))
"""
    assert eval(moved.run("before", program)) == [
        ("ada", "99", 7),
        ("cyd", "13", 7),
        ("dan", "44", 9),
    ]
    moved.sql(
        """DELETE FROM shop_order WHERE total = 9;
           DELETE FROM accounts_profile WHERE phone = '44';
           DELETE FROM auth_user WHERE username = 'dan';
           UPDATE accounts_profile SET phone = '11' WHERE phone = '99'"""
    )
    facts, rows = moved.seen()
    assert facts == before[0]
    assert rows == before[1]


def test_the_page_shows_each_migration():
    page = (FOLDER / "README.md").read_text()
    for path in FOLDER.glob("after/*/migrations/000[23]*.py"):
        assert f"`{path.stem}`" in page
