"""inspectdb and managed = False"""

import re
from io import StringIO

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.checks.model_checks import _check_lazy_references
from django.core.management import call_command
from django.db import connection, migrations, models, transaction
from django.db.migrations.state import ProjectState
from django.test.utils import isolate_apps

from suite import migration_states
from suite.compare import ANYTHING_ELSE, CANNOT, compare, docs
from suite.evidence import evidence
from suite.migration_states import described, key, link, makemigrations, migrate, own_key
from suite.outcomes import outcome, rows, saw, tables
from suite.variant import PlayerModel, User

SERIAL = "CREATE TABLE person (person_id serial PRIMARY KEY, user_id integer, discord_id text)"


def inspectdb(model):
    """Return what inspectdb writes for a model's table."""
    printed = StringIO()
    call_command("inspectdb", model._meta.db_table, stdout=printed)
    return saw(re.search(r"^class .*", printed.getvalue(), re.DOTALL | re.MULTILINE)[0].strip())


def inspected(model):
    """Return a new app registry with the classes that inspectdb writes for a model's table."""
    with isolate_apps("players") as registry:
        exec(inspectdb(model), {"models": models, "__name__": "players.models"})
    return registry


def article_table(**fields):
    """Create the article's table person, with person_id and 3 rows. Return its migration state."""
    state = migration_states.state_of_person({**own_key(), **fields})
    migration_states.with_table(state)
    return state


def refused(sql, params=()):
    """Return the name of PostgreSQL's error for a statement, or "accepted"."""
    try:
        with transaction.atomic():
            rows(sql, params)
    except Exception as error:
        evidence.add("error", f"{type(error.__cause__).__name__}: {error}")
        return type(error.__cause__).__name__
    return "accepted"


# --- inspectdb


@compare(
    proxy_model=[],
    profile_onetoone=[
        "user = models.OneToOneField('AuthUser', models.DO_NOTHING, primary_key=True)"
    ],
    custom_user=["id = models.BigAutoField(primary_key=True)"],
    foreignkey=[
        "person_id = models.BigAutoField(primary_key=True)",
        "user = models.ForeignKey('AuthUser', models.DO_NOTHING)",
    ],
    so_what=(
        "You can trust inspectdb to tell a OneToOneField from a ForeignKey. It looks for a "
        "primary key or a unique constraint on the column."
    ),
    source=docs("django-admin and manage.py", "inspectdb"),
)
def test_inspectdb_writes_the_keys():
    """Which lines does inspectdb write for the primary key and foreign key of Player, Person or
    User?"""
    lines = [line.strip() for line in inspectdb(PlayerModel).splitlines()]
    return [line for line in lines if "primary_key" in line or "ForeignKey" in line]


@compare(
    proxy_model=["managed = False"],
    profile_onetoone=["managed = False", "models.DO_NOTHING"],
    custom_user=["managed = False"],
    foreignkey=["managed = False", "models.DO_NOTHING"],
    so_what=(
        "Set on_delete yourself in the models that inspectdb writes. Django's CASCADE runs in "
        "Python, so PostgreSQL does not know it, and inspectdb writes DO_NOTHING."
    ),
    source=docs("django-admin and manage.py", "inspectdb")
    + "; "
    + docs("Model field reference", "Arguments")
    + ", ForeignKey.on_delete",
)
def test_inspectdb_writes_on_delete_and_managed():
    """What does inspectdb write for managed and on_delete in the model of Player, Person or
    User?"""
    return sorted(
        set(re.findall(r"managed = \w+|models\.[A-Z]+_?[A-Z]+\b", inspectdb(PlayerModel)))
    )


@compare(
    proxy_model="none",
    profile_onetoone="AuthUser",
    custom_user="none",
    foreignkey="AuthUser",
    mark="surprising",
    costs=["AuthUser"],
    so_what=(
        "Replace AuthUser by settings.AUTH_USER_MODEL. inspectdb names classes after tables and "
        "does not know your user model."
    ),
    source=docs("django-admin and manage.py", "inspectdb"),
)
def test_inspectdb_links_to():
    """Which class does inspectdb write as the target of the profile's relation to the user?"""
    found = re.search(r"(?:ForeignKey|OneToOneField)\('?(\w+)", inspectdb(PlayerModel))
    return found[1] if found else "none"


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "To log in with an existing user table, let the class that inspectdb writes inherit from "
        "AbstractBaseUser, which needs columns for password and last_login."
    ),
    source=docs("django-admin and manage.py", "inspectdb"),
)
def test_inspected_user_can_log_in():
    """Does the class that inspectdb writes for the user table have check_password()?"""
    (model,) = inspected(User).get_models()
    return issubclass(model, AbstractBaseUser) or hasattr(model, "check_password")


@compare(
    proxy_model=[],
    profile_onetoone=["fields.E300", "fields.E307"],
    custom_user=[],
    foreignkey=["fields.E300", "fields.E307"],
    fits=[[]],
    costs=ANYTHING_ELSE,
    so_what=(
        "If you inspect a profile table alone, its foreign key names the missing class AuthUser. "
        "Write settings.AUTH_USER_MODEL instead."
    ),
    source=docs("System check framework", "Related fields") + ", fields.E300 and fields.E307",
)
def test_check_of_the_inspected_listed_class():
    """models.py contains only what inspectdb writes for the table of Player, Person or User. Which
    errors does check report?"""
    registry = inspected(PlayerModel)
    found = [message for model in registry.get_models() for message in model.check()]
    return sorted({saw(message).id for message in [*found, *_check_lazy_references(registry)]})


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    costs=[False],
    so_what=(
        "Compare the models that inspectdb writes with the database. inspectdb omits indexes on "
        "expressions and does not mention them."
    ),
    source=docs("django-admin and manage.py", "inspectdb"),
)
def test_inspectdb_mentions_the_index_on_upper_username():
    """Does inspectdb mention the user table's unique index on UPPER(username)?"""
    assert rows("SELECT 1 FROM pg_class WHERE relname = 'unique_username_ignoring_case'")
    written = inspectdb(User)
    return "could not be introspected" in written or "upper" in written.lower()


# --- managed = False


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    costs=[False],
    so_what=(
        "Create the table of an unmanaged model with RunSQL. Django does not create it, so new "
        "installations and test databases lack it."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_migrate_makes_an_unmanaged_table():
    """The variant's own model (Player, Person or User) has managed = False from the start. Does
    migrate create its table?"""
    table = PlayerModel._meta.get_field("birthdate").model._meta.db_table
    after = ProjectState.from_apps(apps)
    after.models["players", PlayerModel._meta.model_name].options["managed"] = False
    before = after.clone()
    before.remove_model("players", PlayerModel._meta.model_name)
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows(f"DROP TABLE {table} CASCADE")
    migrate(before, makemigrations(before, after))
    return table in connection.introspection.table_names()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["Change Meta options on person"],
    custom_user=CANNOT,
    foreignkey=["Change Meta options on person"],
    mark="surprising",
    costs=ANYTHING_ELSE,
    so_what=(
        "Before you turn managed on, check that the table matches the model. The migration changes "
        "the model's options and runs no SQL."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_migration_when_managed_is_turned_on(statements):
    """Person changes from managed = False to managed = True. Which operations does makemigrations
    write?"""
    before = migration_states.state_of_person(key(), managed=False)
    operations = makemigrations(before, migration_states.state_of_person(key()))
    statements.clear()
    migrate(before, operations)
    assert not [sql for sql in statements if "TABLE" in sql]
    return described(operations)


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"table made by hand": "accepted", "new database": "ProgrammingError"},
    custom_user=CANNOT,
    foreignkey={"table made by hand": "accepted", "new database": "ProgrammingError"},
    mark="surprising",
    fails=ANYTHING_ELSE,
    so_what=(
        "If a model began unmanaged, its migrations create no table, and a later field change "
        "fails in a new database. Create the table by RunSQL."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_field_changed_after_managed_is_turned_on():
    """Person began with managed = False, became managed, and then a field changed. What does
    migrate do with a table made by hand, and in a new database?"""
    unmanaged = migration_states.state_of_person(key(), managed=False)
    managed = migration_states.state_of_person(key())
    changed = migration_states.state_of_person(key())
    changed.alter_field(
        "players", "person", "discord_id", models.CharField(max_length=32, null=True), False
    )
    empty = unmanaged.clone()
    empty.remove_model("players", "person")
    later = makemigrations(unmanaged, managed) + makemigrations(managed, changed)
    migration_states.with_table(unmanaged)
    by_hand = outcome(lambda: migrate(unmanaged, later))
    rows("DROP TABLE person")
    everything = makemigrations(empty, unmanaged) + later
    return {
        "table made by hand": by_hand,
        "new database": outcome(lambda: migrate(empty, everything)),
    }


# --- what the article did by hand


@compare(
    proxy_model=CANNOT,
    profile_onetoone="DependentObjectsStillExist",
    custom_user=CANNOT,
    foreignkey="DependentObjectsStillExist",
    mark="surprising",
    so_what=(
        "PostgreSQL does not drop the sequence of an identity column alone. Drop the column, or "
        "run ALTER COLUMN person_id DROP IDENTITY: the sequence goes too."
    ),
    source=docs("Databases", "Manually-specifying values of auto-incrementing primary keys"),
)
def test_drop_sequence_of_an_identity_column():
    """person_id is an identity column, as in tables that Django 4.1 or later created. What does
    DROP SEQUENCE of its sequence raise?"""
    article_table()
    return refused("DROP SEQUENCE person_person_id_seq")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="DependentObjectsStillExist",
    custom_user=CANNOT,
    foreignkey="DependentObjectsStillExist",
    so_what=(
        "The column's default uses the sequence, so PostgreSQL does not drop the sequence alone. "
        "Drop the column, and its sequence goes with it."
    ),
    source="PostgreSQL 18 docs, 8.1.4. Serial Types",
)
def test_drop_sequence_of_a_serial_column():
    """person_id is a serial column, as Django before 4.1 created. What does DROP SEQUENCE of its
    sequence raise?"""
    article_table()
    rows("DROP TABLE person")
    rows(SERIAL)
    return refused("DROP SEQUENCE person_person_id_seq")


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"primary key": False, "sequences": 0, "unique": False},
    custom_user=CANNOT,
    foreignkey={"primary key": False, "sequences": 0, "unique": False},
    mark="surprising",
    costs=ANYTHING_ELSE,
    so_what=(
        "After DROP COLUMN of a primary key column, add a new primary key. PostgreSQL removes the "
        "constraint and the column's sequence together with the column."
    ),
    source="PostgreSQL 18 docs, ALTER TABLE, DROP COLUMN",
)
def test_table_after_drop_column_person_id():
    """The primary key of table person is person_id. Which keys and sequences are left after DROP
    COLUMN person_id?"""
    article_table(**link())
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")
    table = tables()["person"]
    return {
        "primary key": any(saw(index.definition) and index.primary for index in table.indexes),
        "sequences": len(table.sequences),
        "unique": any(index.unique for index in table.indexes),
    }


@compare(
    proxy_model=CANNOT,
    profile_onetoone=2,
    custom_user=CANNOT,
    foreignkey=2,
    mark="surprising",
    fails=[2],
    so_what=(
        "On an unmanaged table, OneToOneField(primary_key=True) creates no constraint. Add "
        "PRIMARY KEY (user_id) by SQL, or one user can get several rows."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_rows_of_one_user_in_the_article_end_state():
    """SQL dropped the primary key column person_id of an unmanaged profile table. How many rows
    exist after two INSERTs for one user?"""
    article_table(**link())
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")
    user = User.objects.get(username="seed0")
    assert refused("INSERT INTO person (user_id) VALUES (%s)", [user.pk]) == "accepted"
    return rows("SELECT count(*) FROM person WHERE user_id = %s", [user.pk])[0][0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"user.person": "MultipleObjectsReturned", "objects in a list of users": 2},
    custom_user=CANNOT,
    foreignkey={"user.person": "MultipleObjectsReturned", "objects in a list of users": 2},
    mark="surprising",
    fails=ANYTHING_ELSE,
    so_what=(
        "Give the column of an unmanaged OneToOneField a unique constraint. Without it, a second "
        "row makes user.person fail, and select_related() lists the user twice."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_article_end_state_read_through_the_relation():
    """A OneToOneField has no unique constraint, and a user has two profile rows. What do
    user.person and select_related("person") return?"""
    article_table(**link())
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")
    state = migration_states.state_of_person(key(), managed=False)
    users = state.apps.get_model("auth", "User").objects.filter(username="seed0")
    user = users.get()
    rows("INSERT INTO person (user_id) VALUES (%s)", [user.pk])
    return {
        "user.person": outcome(lambda: user.person),
        "objects in a list of users": len(users.select_related("person")),
    }


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"check": [], "makemigrations": []},
    custom_user=CANNOT,
    foreignkey={"check": [], "makemigrations": []},
    mark="surprising",
    costs=ANYTHING_ELSE,
    so_what=(
        "check and makemigrations do not compare an unmanaged table with its model. Look at the "
        "table itself, for example with \\d in psql."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_commands_that_notice_the_article_end_state():
    """An unmanaged profile's table has no primary key, but the model declares one. What do check
    and makemigrations report?"""
    article_table(**link())
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")
    state = migration_states.state_of_person(key(), managed=False)
    person = state.apps.get_model("players", "Person")
    written = makemigrations(migration_states.state_of_person(own_key(), managed=False), state)
    return {
        "check": [message.id for message in person.check(databases=["default"])],
        "makemigrations": described(written),
    }


@compare(
    proxy_model=CANNOT,
    profile_onetoone="ProgrammingError",
    custom_user=CANNOT,
    foreignkey="ProgrammingError",
    costs=["ProgrammingError"],
    so_what=(
        "If a migration replaces the primary key, let it remove the old key first. PostgreSQL "
        "rejects a second primary key on a table."
    ),
    source="PostgreSQL 18 docs, 5.5.4. Primary Keys",
)
def test_new_key_before_the_old_one_is_removed():
    """A migration makes user the primary key before it removes the old key, person_id. What does
    migrate raise?"""
    before = article_table(**link())
    operations = [
        migrations.AlterField("person", "user", key()["user"]),
        migrations.RemoveField("person", "person_id"),
    ]
    return outcome(lambda: migrate(before, operations))
