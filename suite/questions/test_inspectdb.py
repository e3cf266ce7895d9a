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
from suite.compare import CANNOT, compare, docs
from suite.evidence import evidence
from suite.migration_states import described, key, link, makemigrations, migrate, own_key
from suite.outcomes import outcome, rows, saw, tables
from suite.variant import PlayerModel, User

SERIAL = "CREATE TABLE person (person_id serial PRIMARY KEY, user_id integer, discord_id text)"


def inspectdb(model):
    """What inspectdb writes for a model's table."""
    printed = StringIO()
    call_command("inspectdb", model._meta.db_table, stdout=printed)
    return saw(re.search(r"^class .*", printed.getvalue(), re.DOTALL | re.MULTILINE)[0].strip())


def inspected(model):
    """The classes that inspectdb writes for a model's table, in a registry of their own."""
    with isolate_apps("players") as registry:
        exec(inspectdb(model), {"models": models, "__name__": "players.models"})
    return registry


def article_table(**fields):
    """The article's table person, with person_id and 3 rows; returns its state."""
    state = migration_states.state_of_person({**own_key(), **fields})
    migration_states.with_table(state)
    return state


def refused(sql, params=()):
    """PostgreSQL's name for the error of a statement, or "accepted"."""
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
    so_what="The kind of the link survives, for it is a constraint in the database.",
    source='Django 5.2 docs, "django-admin and manage.py", section "inspectdb"',
)
def test_inspectdb_writes_the_keys():
    """Which lines does inspectdb write for the primary key and the link of the listed class?"""
    lines = [line.strip() for line in inspectdb(PlayerModel).splitlines()]
    return [line for line in lines if "primary_key" in line or "ForeignKey" in line]


@compare(
    proxy_model=["managed = False"],
    profile_onetoone=["managed = False", "models.DO_NOTHING"],
    custom_user=["managed = False"],
    foreignkey=["managed = False", "models.DO_NOTHING"],
    mark="surprising",
    so_what="The model's CASCADE is nowhere in the database, so inspectdb cannot find it.",
    source=docs("django-admin and manage.py", "inspectdb")
    + "; "
    + docs("Model field reference", "Arguments")
    + ", ForeignKey.on_delete",
)
def test_inspectdb_writes_on_delete_and_managed():
    """What does inspectdb write for managed and on_delete?"""
    return sorted(
        set(re.findall(r"managed = \w+|models\.[A-Z]+_?[A-Z]+\b", inspectdb(PlayerModel)))
    )


@compare(
    proxy_model="none",
    profile_onetoone="AuthUser",
    custom_user="none",
    foreignkey="AuthUser",
    mark="surprising",
    so_what="inspectdb names classes after tables and does not know AUTH_USER_MODEL: "
    "inspect this table alone, and the link points at a class that is not there.",
    source='Django 5.2 docs, "django-admin and manage.py", section "inspectdb"',
)
def test_inspectdb_links_to():
    """At which class does the link point that inspectdb writes for the listed class's table?"""
    found = re.search(r"(?:ForeignKey|OneToOneField)\('?(\w+)", inspectdb(PlayerModel))
    return found[1] if found else "none"


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="A table does not say what a class can do: nobody logs in with that class.",
    source='Django 5.2 docs, "django-admin and manage.py", section "inspectdb"',
)
def test_inspected_user_can_log_in():
    """Is the class that inspectdb writes for the user's table a user, with check_password()?"""
    (model,) = inspected(User).get_models()
    return issubclass(model, AbstractBaseUser) or hasattr(model, "check_password")


@compare(
    proxy_model=[],
    profile_onetoone=["fields.E300", "fields.E307"],
    custom_user=[],
    foreignkey=["fields.E300", "fields.E307"],
    mark="surprising",
    so_what="inspectdb of one table links to a class that the output does not hold.",
    source=docs("System check framework", "Related fields") + ", fields.E300 and fields.E307",
)
def test_check_of_the_inspected_listed_class():
    """models.py holds only what inspectdb writes for the listed class: what does check say?"""
    registry = inspected(PlayerModel)
    found = [message for model in registry.get_models() for message in model.check()]
    return sorted({saw(message).id for message in [*found, *_check_lazy_references(registry)]})


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="surprising",
    so_what="PostgreSQL's introspection gives an index on an expression no columns, so inspectdb "
    "leaves it out without its usual remark: a rule that only the database has gets lost.",
    source='Django 5.2 docs, "django-admin and manage.py", section "inspectdb"',
)
def test_inspectdb_mentions_the_index_on_upper_username():
    """Does inspectdb write, if only as a remark, that usernames are unique whatever their case?"""
    assert rows("SELECT 1 FROM pg_class WHERE relname = 'unique_username_ignoring_case'")
    written = inspectdb(User)
    return "could not be introspected" in written or "upper" in written.lower()


# --- managed = False


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="Nobody makes an unmanaged table: a new installation and every test run lack it.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_migrate_makes_an_unmanaged_table():
    """The listed class is managed = False from its first migration: does migrate make its table
    in a new database, or in a test's?"""
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
    so_what="Turning managed on runs no SQL: Django believes the table to be as the model.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_migration_when_managed_is_turned_on(statements):
    """Person was managed = False and becomes managed: what does makemigrations write?"""
    before = migration_states.state_of_person(key(), managed=False)
    operations = makemigrations(before, migration_states.state_of_person(key()))
    statements.clear()
    migrate(before, operations)
    assert not [sql for sql in statements if "TABLE" in sql]
    return described(operations)


# --- what the article did by hand


@compare(
    proxy_model=CANNOT,
    profile_onetoone="DependentObjectsStillExist",
    custom_user=CANNOT,
    foreignkey="DependentObjectsStillExist",
    mark="surprising",
    so_what="An automatic key is an identity column since Django 4.1, and its sequence cannot "
    "be dropped by itself: the article's first statement fails.",
    source='Django 5.2 docs, "Databases", section '
    '"Manually-specifying values of auto-incrementing primary keys"',
)
def test_drop_sequence_of_an_identity_column():
    """person_id is an identity column, as Django makes it today: what does DROP SEQUENCE
    person_person_id_seq say?"""
    article_table()
    return refused("DROP SEQUENCE person_person_id_seq")


@compare(
    proxy_model=CANNOT,
    profile_onetoone="DependentObjectsStillExist",
    custom_user=CANNOT,
    foreignkey="DependentObjectsStillExist",
    so_what="The column's default depends on the sequence, so it takes CASCADE; "
    "dropping the column alone would have dropped the sequence too.",
    source="PostgreSQL 18 docs, 8.1.4. Serial Types",
)
def test_drop_sequence_of_a_serial_column():
    """person_id is a serial column, as Django before 4.1 made it: what does DROP SEQUENCE
    person_person_id_seq say?"""
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
    so_what="The column takes the primary key and the sequence with it, and nothing comes instead.",
    source="PostgreSQL 18 docs, ALTER TABLE, DROP COLUMN",
)
def test_table_after_drop_column_person_id():
    """Which keys and sequences has the article's table after DROP COLUMN person_id?"""
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
    so_what="OneToOneField(primary_key=True) on an unmanaged table promises what the database does "
    "not keep.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_rows_of_one_user_in_the_article_end_state():
    """In the article's end state (unmanaged OneToOneField key, person_id dropped by hand): how many
    rows does PostgreSQL keep for one user after a second INSERT?"""
    article_table(**link())
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")
    user = User.objects.get(username="seed0")
    assert refused("INSERT INTO person (user_id) VALUES (%s)", [user.pk]) == "accepted"
    return rows("SELECT count(*) FROM person WHERE user_id = %s", [user.pk])[0][0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"check": [], "makemigrations": []},
    custom_user=CANNOT,
    foreignkey={"check": [], "makemigrations": []},
    mark="surprising",
    so_what="No command compares an unmanaged model with its table: the missing key stays unseen.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_commands_that_notice_the_article_end_state():
    """In the article's end state, what do check --database default and makemigrations say
    of the missing key?"""
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
    so_what="Only operations in this order, as a person might write them, give the error that the "
    "article reports: makemigrations removes the old key first.",
    source="PostgreSQL 18 docs, 5.5.4. Primary Keys",
)
def test_new_key_before_the_old_one_is_removed():
    """A migration makes user the primary key before it removes person_id: what does migrate say?"""
    before = article_table(**link())
    operations = [
        migrations.AlterField("person", "user", key()["user"]),
        migrations.RemoveField("person", "person_id"),
    ]
    return outcome(lambda: migrate(before, operations))
