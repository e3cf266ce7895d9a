"""Migrations"""

import re
from io import StringIO

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django.test import Client
from django.urls import reverse

from suite import migration_states
from suite.compare import CANNOT, NotPossible, compare, docs
from suite.migration_states import described, key, link, makemigrations, migrate, own_key
from suite.outcomes import outcome, rows, saw
from suite.sessions import session
from suite.variant import PASSWORD, VARIANT, PlayerModel, User, enrolled, person_class

NEW_USER = """
from django.contrib.auth.models import AbstractUser, UserManager

class Gamer(AbstractUser):
    pass

User = Gamer
"""
AUTH_IMPORT = re.compile(r"from django\.contrib\.auth\.models import (User.*)")


def label_of(migration):
    return f"{migration.app_label}.{migration.name}"


def sqlmigrate(name):
    """The statements of a migration of players: ["CREATE TABLE person"]."""
    printed = StringIO()
    call_command("sqlmigrate", "players", name, stdout=printed)
    pattern = r'^(?:CREATE|ALTER) (?:TABLE|INDEX "\w+" ON) "\w+"'
    found = re.findall(pattern, saw(printed.getvalue()), re.MULTILINE)
    return [re.sub(r' "\w+" ON|"', "", sql) for sql in found]


def in_data_migration(function):
    """What a RunPython operation after all migrations gets from function(apps)."""
    got = []
    migrate(
        migration_states.current(),
        [migrations.RunPython(lambda apps, editor: got.append(function(apps)))],
    )
    return got[0]


def change_user_model(project, app):
    """Let settings and code name a new user, Gamer, in players.models or in a new app's models."""
    setting = f'AUTH_USER_MODEL = "{User._meta.label}"'
    project.replace("config/settings.py", setting, f'AUTH_USER_MODEL = "{app}.Gamer"')
    ours, theirs = project.folder / "players/models.py", project.folder / app / "models.py"
    if app != "players":
        project.install(app, "")
    if VARIANT == "custom_user":
        text = ours.read_text().replace("class User(", "class Gamer(") + "\nUser = Gamer\n"
        ours.write_text(f"from {app}.models import User\n")
        theirs.write_text(text)
        return
    if app == "players":
        ours.write_text(AUTH_IMPORT.sub(NEW_USER, ours.read_text()))
    else:
        theirs.write_text(NEW_USER)
    project.replace("players/admin.py", "admin.site.unregister(User)", "")
    for path in ours.parent.glob("*.py"):
        path.write_text(AUTH_IMPORT.sub(rf"from {app}.models import \1", path.read_text()))


# --- what the first migrations are


@compare(
    proxy_model=["Create proxy model Player"],
    profile_onetoone=["Create model Person"],
    custom_user=["Create model User"],
    foreignkey=["Create model Person"],
    so_what="A proxy has a migration too, although it changes nothing in the database.",
    source='Django 5.2 docs, "Migration Operations", section "CreateModel"',
)
def test_operations_of_the_first_migration():
    """What does makemigrations write into the first migration of the app players?"""
    after = ProjectState.from_apps(apps)
    before = after.clone()
    for app, name in list(before.models):
        if app == "players":
            before.remove_model(app, name)
    return described(makemigrations(before, after))


@compare(
    proxy_model=[],
    profile_onetoone=["CREATE TABLE person", "ALTER TABLE person"],
    custom_user=[
        "CREATE TABLE players_user",
        "CREATE TABLE players_user_groups",
        "CREATE TABLE players_user_user_permissions",
        "CREATE INDEX players_user",
        *["ALTER TABLE players_user_groups"] * 3,
        *["CREATE INDEX players_user_groups"] * 2,
        *["ALTER TABLE players_user_user_permissions"] * 3,
        *["CREATE INDEX players_user_user_permissions"] * 2,
    ],
    foreignkey=["CREATE TABLE person", "ALTER TABLE person", "CREATE INDEX person"],
    so_what="What a custom user's first migration makes is what auth's would have made: "
    "the user table and its two many-to-many tables.",
    source='Django 5.2 docs, "django-admin and manage.py", section "sqlmigrate"',
)
def test_statements_of_the_first_migration():
    """Which statements does sqlmigrate players 0001 print?"""
    return sqlmigrate("0001")


@compare(
    proxy_model=["auth.0012_alter_user_first_name_max_length"],
    profile_onetoone=["auth.0012_alter_user_first_name_max_length"],
    custom_user=["auth.0012_alter_user_first_name_max_length"],
    foreignkey=["auth.__first__"],
    mark="surprising",
    so_what="A primary key that is a relation depends on the user's real app and last migration, "
    "not on the swappable setting (autodetector, generate_created_models).",
    source='Django 5.2 docs, "Migrations", section "Dependencies"',
)
def test_dependency_of_the_first_migration():
    """On which migrations does players 0001 depend?"""
    migration = migration_states.loader().get_migration("players", "0001_initial")
    return sorted(saw(f"{app}.{name}") for app, name in migration.dependencies)


@compare(
    proxy_model="admin",
    profile_onetoone="admin",
    custom_user="players",
    foreignkey="admin",
    so_what="The admin's log points at the user, so a custom user's table must come first; "
    "this is why changing AUTH_USER_MODEL later finds the history inconsistent.",
    source=docs("Migrations", "Swappable dependencies"),
)
def test_first_migrate_begins_with():
    """On an empty database, does migrate apply players 0001 or admin 0001 first?"""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    labels = [label_of(migration) for migration, _ in plan]
    first = [
        saw(label) for label in labels if label in ("players.0001_initial", "admin.0001_initial")
    ]
    return first[0].split(".")[0]


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["admin"],
    foreignkey=[],
    mark="surprising",
    so_what="With a custom user, players cannot be rolled back alone: "
    "every app with a foreign key to the user goes with it.",
    source=docs("django-admin and manage.py", "migrate"),
)
def test_apps_rolled_back_with_players():
    """Which other apps does migrate players zero roll back?"""
    plan = MigrationExecutor(connection).migration_plan([("players", None)])
    others = {saw(label_of(migration)).split(".")[0] for migration, _ in plan} - {"players"}
    return sorted(others)


@compare(
    proxy_model="auth.0001_initial",
    profile_onetoone="auth.0001_initial",
    custom_user="players.0001_initial",
    foreignkey="auth.0001_initial",
    so_what="A package that points at settings.AUTH_USER_MODEL waits for the first migration of "
    "the user's app and no other: the custom user must be created in 0001.",
    source=docs("Migrations", "Swappable dependencies"),
)
def test_migration_that_a_package_depends_on():
    """Which migration is swappable_dependency(settings.AUTH_USER_MODEL), as packages write it?"""
    dependency = migrations.swappable_dependency(settings.AUTH_USER_MODEL)
    return ".".join(migration_states.loader().check_key(dependency, "guild"))


@compare(
    proxy_model="No changes detected",
    profile_onetoone="No changes detected",
    custom_user="No changes detected",
    foreignkey="No changes detected",
    mark="known",
    source=docs("django-admin and manage.py", "makemigrations") + ", --check",
)
def test_makemigrations_check_right_after():
    """What does makemigrations --check say of the variant as it is?"""
    printed = StringIO()
    call_command("makemigrations", check_changes=True, dry_run=True, stdout=printed)
    return saw(printed.getvalue().strip())


@compare(
    proxy_model=["0003", "0005", "0008", "0009", "0012"],
    profile_onetoone=["0003", "0005", "0008", "0009", "0012"],
    custom_user=[],
    foreignkey=["0003", "0005", "0008", "0009", "0012"],
    mark="surprising",
    so_what="When Django changes a field of User, its own migration alters auth_user; "
    "a custom user needs makemigrations in the project after each upgrade.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Substituting a custom User model"',
)
def test_auth_migrations_that_change_the_users_table():
    """Which of Django's auth migrations after 0001 run SQL on the user's table here?"""
    loader = migration_states.MigrationLoader(connection)
    auth = sorted(name for app, name in loader.graph.nodes if app == "auth")[1:]
    table = User._meta.db_table
    sql = {
        name: "\n".join(loader.collect_sql([(loader.get_migration("auth", name), False)]))
        for name in auth
    }
    return [name[:4] for name in auth if table in saw(sql[name])]


# --- changing the model later


@compare(
    proxy_model="models.E017",
    profile_onetoone="+ Add field timezone to person",
    custom_user="+ Add field timezone to user",
    foreignkey="+ Add field timezone to person",
    mark="known",
    so_what="With a proxy the first attribute of your own already means another approach.",
    source='Django 5.2 docs, "System check framework", section "Models", models.E017',
)
def test_adding_an_attribute_later(project):
    """What does makemigrations answer when the model gets one attribute more?"""
    project.declare("timezone = models.TextField(null=True)")
    ran = project.manage("makemigrations", "players")
    return "models.E017" if "models.E017" in ran.printed else ran.printed.splitlines()[-1].strip()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="ALTER TABLE takes ACCESS EXCLUSIVE: on the user's own table nobody logs in until it "
    "ends, on a table beside it logins go on.",
    source="PostgreSQL 18 docs, 13.3.1. Table-Level Locks",
)
def test_login_waits_while_an_attribute_is_added(transactional_db, alice, statements):
    """While a migration that adds an attribute is open, does a login wait for it?"""
    statements.clear()
    field = models.TextField(null=True)
    with session() as migrating, session() as visiting:
        migrating.begin()
        migrating.do(
            lambda: migrate(
                migration_states.current(),
                [migrations.AddField(PlayerModel.__name__, "timezone", field)],
            )
        )
        if not any(sql.startswith("ALTER TABLE") for sql in statements):
            raise NotPossible("The migration runs no ALTER TABLE: a proxy has no table of its own.")
        login = {"username": "alice", "password": PASSWORD}
        visiting.start(lambda: Client().post(reverse("login"), login).status_code)
        waited = visiting.is_waiting()
        migrating.rollback()
        assert visiting.finish() == 302
    return waited


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    so_what="An extra that was optional becomes mandatory only after every row has a value.",
    source='Django 5.2 docs, "Migration Operations", section "AlterField"',
)
def test_making_birthdate_mandatory_later():
    """A player has no birthdate; birthdate becomes NOT NULL without a default: what does migrate
    say?"""
    enrolled("bob")
    PlayerModel._meta.get_field("birthdate")
    mandatory = migrations.AlterField(PlayerModel.__name__, "birthdate", models.DateField())
    return outcome(lambda: migrate(migration_states.current(), [mandatory]))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="ProgrammingError",
    custom_user=CANNOT,
    foreignkey="No changes detected",
    mark="surprising",
    so_what="AddField comes before AlterField, and PostgreSQL has one primary key a table: "
    "to let user be an ordinary OneToOneField later, order the operations by hand.",
    source="PostgreSQL 18 docs, 5.5.4. Primary Keys",
)
def test_giving_the_extras_row_a_key_of_its_own_later(alice):
    """With a row there, the extras' model gets an automatic key beside user: what does migrate
    say of what makemigrations writes?"""
    person_class()
    before, after = migration_states.current(), migration_states.current()
    fields = after.models["players", "person"].fields
    if fields["user"].primary_key:
        fields["user"] = models.OneToOneField("auth.User", models.CASCADE)
        fields["id"] = models.BigAutoField(primary_key=True)
    operations = makemigrations(before, after, migration_states.Questioner(1))
    return outcome(lambda: migrate(before, operations)) if operations else "No changes detected"


@compare(
    proxy_model=[],
    profile_onetoone=["DROP person"],
    custom_user=[
        "DROP players_user_groups",
        "DROP players_user_user_permissions",
        "DROP players_user",
    ],
    foreignkey=["DROP person"],
    so_what="Giving up a profile drops one table; giving up a custom user drops every account.",
    source='Django 5.2 docs, "Migration Operations", section "DeleteModel"',
)
def test_statements_that_remove_the_listed_class(statements):
    """The listed class is given up: which statements does its DeleteModel run?"""
    state = migration_states.current()
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    statements.clear()
    operation = migrations.DeleteModel(PlayerModel.__name__)
    after = state.clone()
    operation.state_forwards("players", after)
    with connection.schema_editor() as editor:
        operation.database_forwards("players", editor, state, after)
    return statements.verbs()


# --- data migrations


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="AttributeError",
    foreignkey="accepted",
    mark="surprising",
    so_what="The swapped class still exists in migrations, but without a manager: "
    "data migrations too must ask for settings.AUTH_USER_MODEL.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Referencing the User model"',
)
def test_data_migration_that_names_auth_user():
    """In a data migration, does apps.get_model("auth", "User").objects.count() work?"""
    return outcome(
        lambda: in_data_migration(lambda apps: apps.get_model("auth", "User").objects.count())
    )


@compare(
    proxy_model=["create_user"],
    profile_onetoone=["create_user"],
    custom_user=["create_user"],
    foreignkey=["create_user"],
    mark="surprising",
    so_what="UserManager says use_in_migrations, so create_user works; methods of the class, "
    "like set_password, are not there.",
    source='Django 5.2 docs, "Migrations", section "Historical models"',
)
def test_data_migration_knows():
    """Which of create_user() and set_password() has the user class of a data migration?"""
    label = PlayerModel._meta.label if issubclass(PlayerModel, User) else User._meta.label
    user = in_data_migration(lambda apps: apps.get_model(label).objects.create_user("bob"))
    found = {"create_user": user.pk, "set_password": hasattr(user, "set_password")}
    return [name for name, there in found.items() if there]


# --- another user model later


@compare(
    proxy_model="InconsistentMigrationHistory",
    profile_onetoone="InconsistentMigrationHistory",
    custom_user="InconsistentMigrationHistory",
    foreignkey="InconsistentMigrationHistory",
    mark="surprising",
    so_what="There is no command for it later: have your own user class from the first day, "
    "or plan a move by hand.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Changing to a custom user model mid-project"; Django ticket #25313',
)
def test_user_model_changed_later_in_a_new_app(project):
    """Tables exist; AUTH_USER_MODEL now names a class in a new app: what does migrate say?"""
    change_user_model(project, "accounts")
    assert project.manage("makemigrations", "accounts").code == 0
    return project.manage("migrate").outcome


@compare(
    proxy_model="TypeError",
    profile_onetoone="ValueError",
    custom_user="ValueError",
    foreignkey="ValueError",
    mark="surprising",
    so_what="Other apps' first migrations point at the first migration of players, where the new "
    "class is not yet; a proxy's own first migration even names the old class as its base.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Changing to a custom user model mid-project"',
)
def test_user_model_changed_later_in_the_same_app(project):
    """Tables exist; AUTH_USER_MODEL now names a new class in players: what does migrate say?"""
    change_user_model(project, "players")
    made = project.manage("makemigrations", "players", "--noinput")
    return (made if made.code else project.manage("migrate")).outcome


@compare(
    proxy_model=["TypeError", "ProgrammingError"],
    profile_onetoone=["accepted", "ProgrammingError"],
    custom_user=["accepted", "ProgrammingError"],
    foreignkey=["accepted", "ProgrammingError"],
    mark="surprising",
    so_what="But for the proxy, whose migrations name auth.User as base, nothing complains and "
    "nothing is migrated: the first query finds no table.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Changing to a custom user model mid-project"',
)
def test_user_model_changed_later_in_an_app_without_migrations(project):
    """Tables exist; AUTH_USER_MODEL now names a class in an app without migrations: what do
    migrate, and the first query, say?"""
    change_user_model(project, "accounts")
    query = "from django.contrib.auth import get_user_model as user; user().objects.count()"
    return [project.manage(*ran).outcome for ran in (["migrate"], ["shell", "-v0", "-c", query])]


# --- the article's migration: person_id becomes a OneToOneField with primary_key=True


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user=CANNOT,
    foreignkey="accepted",
    mark="surprising",
    so_what="Where each row says already whose it is, Django makes the link the primary key.",
)
def test_person_id_to_onetoone_with_a_user_column():
    """Table person has person_id, a ForeignKey user and 3 rows; user becomes the primary key, in
    one step: what does migrate say?"""
    before = migration_states.state_of_person({**own_key(), **link()})
    migration_states.with_table(before)
    operations = makemigrations(before, migration_states.state_of_person(key()))
    return outcome(lambda: migrate(before, operations))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="IntegrityError",
    custom_user=CANNOT,
    foreignkey="IntegrityError",
    mark="surprising",
    so_what="makemigrations asks for one default for all rows, and one user cannot have them all.",
    source=docs("How to create database migrations", "Migrations that add unique fields"),
)
def test_person_id_to_onetoone_without_a_user_column():
    """Table person has person_id, 3 rows and no user; user is added as primary key and the default
    asked for is given: what does migrate say?"""
    before = migration_states.state_of_person(own_key())
    one, *_ = migration_states.with_table(before)
    operations = makemigrations(
        before, migration_states.state_of_person(key()), migration_states.Questioner(one.pk)
    )
    return outcome(lambda: migrate(before, operations))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user=CANNOT,
    foreignkey="accepted",
    mark="surprising",
    so_what="On an empty table the article's step works with Django's own migration.",
    source=docs("How to create database migrations", "Migrations that add unique fields"),
)
def test_person_id_to_onetoone_in_an_empty_table():
    """Table person has person_id, no user and no rows; user is added as primary key: what does
    migrate say?"""
    before = migration_states.state_of_person(own_key())
    migration_states.with_table(before, 0)
    operations = makemigrations(
        before, migration_states.state_of_person(key()), migration_states.Questioner(1)
    )
    return outcome(lambda: migrate(before, operations))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["No changes detected", "ProgrammingError"],
    custom_user=CANNOT,
    foreignkey=["No changes detected", "ProgrammingError"],
    mark="surprising",
    so_what="managed = False silences the error by doing nothing: the first read fails.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_person_id_to_onetoone_unmanaged():
    """Person is managed = False, and person_id becomes a OneToOneField user: what do
    makemigrations, and the first read, say?"""
    before = migration_states.state_of_person(own_key(), managed=False)
    after = migration_states.state_of_person(key(), managed=False)
    migration_states.with_table(before)
    operations = described(makemigrations(before, after)) or ["No changes detected"]
    person = after.apps.get_model("players", "Person")
    return [*operations, outcome(lambda: person.objects.first())]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["Change Meta options on person"],
    custom_user=CANNOT,
    foreignkey=["Change Meta options on person"],
    mark="surprising",
    so_what="The step that turns managed on carries no field: the columns must come in another.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_person_id_to_onetoone_as_it_becomes_managed():
    """Person turns from managed = False to True in the step that makes user its primary key: which
    operations does makemigrations write?"""
    before = migration_states.state_of_person(own_key(), managed=False)
    return described(makemigrations(before, migration_states.state_of_person(key())))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="seed1",
    custom_user=CANNOT,
    foreignkey="seed1",
    mark="surprising",
    so_what="With one row the migration passes, and the player's details now belong to whoever "
    "the default names.",
    source=docs("Migration Operations", "AddField"),
)
def test_owner_of_the_only_row_after_a_default():
    """Table person has one row, of the user seed0, and no user column; user is added as primary key
    with seed1 as the default: whose is the row?"""
    before = migration_states.state_of_person(own_key())
    migration_states.with_table(before, 2)
    rows("DELETE FROM person WHERE discord_id = 'seed1'")
    default = migration_states.Questioner(User.objects.get(username="seed1").pk)
    migrate(before, makemigrations(before, migration_states.state_of_person(key()), default))
    return rows("SELECT username FROM person JOIN auth_user ON id = user_id")[0][0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=3,
    custom_user=CANNOT,
    foreignkey=3,
    so_what="Add the link nullable, fill it, drop the old key, make the link the key: no loss.",
    source=docs("How to create database migrations", "Migrations that add unique fields"),
)
def test_rows_kept_by_migrations_ordered_by_hand():
    """Table person has person_id, 3 rows and no user: in how many is user the primary key after
    adding it nullable, filling it, dropping person_id and altering user?"""
    before = migration_states.state_of_person(own_key())
    migration_states.with_table(before)
    fill = "UPDATE person SET user_id = id FROM auth_user WHERE username = discord_id"
    link = models.OneToOneField("auth.User", models.CASCADE, null=True)
    filled = migrate(before, [migrations.AddField("person", "user", link), migrations.RunSQL(fill)])
    dropped = migrate(filled, [migrations.RemoveField("person", "person_id")])
    migrate(dropped, [migrations.AlterField("person", "user", key()["user"])])
    kept = "SELECT count(*) FROM person JOIN auth_user ON id = user_id WHERE username = discord_id"
    return rows(kept)[0][0]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["ProgrammingError", "accepted", "ProgrammingError"],
    custom_user=CANNOT,
    foreignkey=["ProgrammingError", "accepted", "ProgrammingError"],
    mark="surprising",
    so_what="--fake-initial looks at the table's name only: it believes any form.",
    source='Django 5.2 docs, "django-admin and manage.py", section "migrate", --fake-initial',
)
def test_first_migrate_finds_a_table_made_outside_django(project):
    """Before the first migration of Person a table person with other columns stands there: what
    do migrate, migrate --fake-initial, and the first read, say?"""
    person_class()
    project.sql("DROP TABLE person; DELETE FROM django_migrations WHERE app = 'players'")
    project.sql("CREATE TABLE person (person_id serial PRIMARY KEY, discord_id text)")
    read = "from players.models import Person; Person.objects.first()"
    first = ["migrate", "players", "0001"]
    commands = (first, [*first, "--fake-initial"], ["shell", "-v0", "-c", read])
    return [project.manage(*command).outcome for command in commands]
