"""Migrations"""

import json
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
from suite.compare import ANYTHING_ELSE, CANNOT, NotPossible, compare, docs
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
    """Return the statements of a migration of players, such as ["CREATE TABLE person"]."""
    printed = StringIO()
    call_command("sqlmigrate", "players", name, stdout=printed)
    pattern = r'^(?:CREATE|ALTER) (?:TABLE|INDEX "\w+" ON) "\w+"'
    found = re.findall(pattern, saw(printed.getvalue()), re.MULTILINE)
    return [re.sub(r' "\w+" ON|"', "", sql) for sql in found]


def in_data_migration(function):
    """Run function(apps) in a RunPython operation after all migrations, and return its result."""
    got = []
    migrate(
        migration_states.current(),
        [migrations.RunPython(lambda apps, editor: got.append(function(apps)))],
    )
    return got[0]


def change_user_model(project, app):
    """Make settings and code use a new user model, Gamer, in players or in a new app."""
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
    so_what=(
        "Keep the migration file of a proxy model in version control too. The migration runs no "
        "SQL, but later migrations can depend on it."
    ),
    source=docs("Migration Operations", "CreateModel"),
)
def test_operations_of_the_first_migration():
    """Which operation does makemigrations write into the first migration of the variant's app?"""
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
    so_what=(
        "Expect a long first migration for a custom user. It creates the user table and two "
        "many-to-many tables, which Django's auth app otherwise creates."
    ),
    source=docs("django-admin and manage.py", "sqlmigrate"),
)
def test_statements_of_the_first_migration():
    """Which SQL statements does the first migration of the variant's app run?"""
    return sqlmigrate("0001")


@compare(
    proxy_model=["auth.0012_alter_user_first_name_max_length"],
    profile_onetoone=["auth.0012_alter_user_first_name_max_length"],
    custom_user=["auth.0012_alter_user_first_name_max_length"],
    foreignkey=["auth.__first__"],
    mark="surprising",
    so_what=(
        "If a relation to the user is the primary key, makemigrations writes a dependency on the "
        "user app's last migration. In a reusable app, replace it by "
        "swappable_dependency(settings.AUTH_USER_MODEL)."
    ),
    source=docs("Migrations", "Dependencies"),
)
def test_dependency_of_the_first_migration():
    """Which migrations does the first migration of the variant's app depend on?"""
    migration = migration_states.loader().get_migration("players", "0001_initial")
    return sorted(saw(f"{app}.{name}") for app, name in migration.dependencies)


@compare(
    proxy_model="admin",
    profile_onetoone="admin",
    custom_user="players",
    foreignkey="admin",
    so_what=(
        "Create a custom user before the first migrate. The admin's first migration refers to the "
        "user model; if it ran before the custom user's, migrate raises "
        "InconsistentMigrationHistory."
    ),
    source=docs("Migrations", "Swappable dependencies"),
)
def test_first_migrate_begins_with():
    """On an empty database, migrate applies the first migrations of admin and of the variant's own
    app. Which of the two comes first?"""
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
    fits=[[]],
    costs=[["admin"]],
    top=True,
    so_what=(
        "Rolling back a custom user also rolls back each app whose migrations depend on it, "
        "such as the admin."
    ),
    source=docs("django-admin and manage.py", "migrate"),
)
def test_apps_rolled_back_with_players():
    """You roll back the variant's app with `migrate players zero`. Which other apps does Django
    roll back too?"""
    plan = MigrationExecutor(connection).migration_plan([("players", None)])
    others = {saw(label_of(migration)).split(".")[0] for migration, _ in plan} - {"players"}
    return sorted(others)


@compare(
    proxy_model="auth.0001_initial",
    profile_onetoone="auth.0001_initial",
    custom_user="players.0001_initial",
    foreignkey="auth.0001_initial",
    so_what=(
        "Create the custom user in the first migration of its app. Packages wait for that "
        "migration and for no later one."
    ),
    source=docs("Migrations", "Swappable dependencies"),
)
def test_migration_that_a_package_depends_on():
    """A package's migration depends on swappable_dependency(settings.AUTH_USER_MODEL). Which
    migration is that?"""
    dependency = migrations.swappable_dependency(settings.AUTH_USER_MODEL)
    return ".".join(migration_states.loader().check_key(dependency, "guild"))


@compare(
    proxy_model="No changes detected",
    profile_onetoone="No changes detected",
    custom_user="No changes detected",
    foreignkey="No changes detected",
    mark="known",
    so_what=(
        "Run makemigrations --check in CI. It fails if you change a model and forget the migration."
    ),
    source=docs("django-admin and manage.py", "makemigrations") + ", --check",
)
def test_makemigrations_check_right_after():
    """What does makemigrations --check print for an unchanged project?"""
    printed = StringIO()
    call_command("makemigrations", check_changes=True, dry_run=True, stdout=printed)
    return saw(printed.getvalue().strip())


@compare(
    proxy_model=["0003", "0005", "0008", "0009", "0012"],
    profile_onetoone=["0003", "0005", "0008", "0009", "0012"],
    custom_user=[],
    foreignkey=["0003", "0005", "0008", "0009", "0012"],
    mark="surprising",
    fits=ANYTHING_ELSE,
    costs=[[]],
    so_what=(
        "With a custom user, run makemigrations after each Django upgrade. Django's own migrations "
        "change auth_user, but not your user table."
    ),
    source=docs("Customizing authentication in Django", "Substituting a custom User model"),
)
def test_auth_migrations_that_change_the_users_table():
    """Django's auth app has 12 migrations. Which of the numbers 0002 to 0012 change the variant's
    user table?"""
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
    fits=ANYTHING_ELSE,
    fails=["models.E017"],
    so_what=(
        "A proxy cannot have fields of its own (models.E017). If you may need a field later, "
        "choose another approach."
    ),
    source=docs("System check framework", "Models") + ", models.E017",
)
def test_adding_an_attribute_later(project):
    """The variant's own model (Player, Person or User) gets a field timezone. What does
    makemigrations print?"""
    project.declare("timezone = models.TextField(null=True)")
    ran = project.manage("makemigrations", "players")
    return "models.E017" if "models.E017" in ran.printed else ran.printed.splitlines()[-1].strip()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[False],
    costs=[True],
    so_what=(
        "On a custom user, ADD COLUMN blocks each login until the migration commits, so keep the "
        "migration short. On a profile table, ADD COLUMN blocks no login."
    ),
    source="PostgreSQL 18 docs, 13.3.1. Table-Level Locks",
)
def test_login_waits_while_an_attribute_is_added(transactional_db, alice, statements):
    """A migration that adds an extra field is not yet committed. Does a login on the page /login/
    wait?"""
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
    costs=["IntegrityError"],
    so_what="Fill each empty birthdate before a migration makes the field mandatory.",
    source=docs("Migration Operations", "AlterField"),
)
def test_making_birthdate_mandatory_later():
    """A user has no birthdate, and a migration makes the birthdate NOT NULL without a default. What
    does migrate raise?"""
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
    costs=["ProgrammingError"],
    so_what=(
        "If user was the primary key, reorder the operations: first alter user, then add the new "
        "key. makemigrations writes the reverse order, and PostgreSQL rejects two primary keys."
    ),
    source="PostgreSQL 18 docs, 5.5.4. Primary Keys",
)
def test_giving_the_extras_row_a_key_of_its_own_later(alice):
    """A profile without an automatic primary key gets one. What happens if you run the migration
    that makemigrations writes?"""
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
    fits=[[], ["DROP person"]],
    costs=ANYTHING_ELSE,
    so_what=(
        "You can remove a profile later: the migration drops one table. A migration that removes "
        "a custom user drops all accounts."
    ),
    source=docs("Migration Operations", "DeleteModel"),
)
def test_statements_that_remove_the_listed_class(statements):
    """Which SQL statements does DeleteModel of the variant's own model (Player, Person or User)
    run?"""
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
    fits=["accepted"],
    costs=["AttributeError"],
    so_what=(
        "In data migrations, write apps.get_model(settings.AUTH_USER_MODEL). With a custom user, "
        "the model auth.User has no manager there."
    ),
    source=docs("Customizing authentication in Django", "Referencing the User model"),
)
def test_data_migration_that_names_auth_user():
    """What does apps.get_model("auth", "User").objects.count() do in a data migration?"""
    return outcome(
        lambda: in_data_migration(lambda apps: apps.get_model("auth", "User").objects.count())
    )


@compare(
    proxy_model=["create_user"],
    profile_onetoone=["create_user"],
    custom_user=["create_user"],
    foreignkey=["create_user"],
    so_what=(
        "In a data migration, you can call objects.create_user(), but not methods of the model, "
        "such as set_password(). To change a password, store the result of make_password()."
    ),
    source=docs("Migrations", "Historical models"),
)
def test_data_migration_knows():
    """Which of the methods objects.create_user() and user.set_password() can a data migration
    call?"""
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
    fails=ANYTHING_ELSE,
    so_what=(
        "Start a project with a custom user. A later change of the user model is work by hand, "
        "because Django has no command for it."
    ),
    source=docs(
        "Customizing authentication in Django", "Changing to a custom user model mid-project"
    )
    + "; Django ticket #25313",
)
def test_user_model_changed_later_in_a_new_app(project):
    """An existing project sets AUTH_USER_MODEL to a model in a new app. What does migrate raise?"""
    change_user_model(project, "accounts")
    assert project.manage("makemigrations", "accounts").code == 0
    return project.manage("migrate").outcome


@compare(
    proxy_model="TypeError",
    profile_onetoone="ValueError",
    custom_user="ValueError",
    foreignkey="ValueError",
    mark="surprising",
    fails=ANYTHING_ELSE,
    so_what=(
        "Create a custom user in the first migration of its app, before the first migrate. Other "
        "apps depend on this first migration, so migrate fails if it lacks the user."
    ),
    source=docs(
        "Customizing authentication in Django", "Changing to a custom user model mid-project"
    ),
)
def test_user_model_changed_later_in_the_same_app(project):
    """An existing project sets AUTH_USER_MODEL to a new model in an app that already has
    migrations. What does makemigrations or migrate raise?"""
    change_user_model(project, "players")
    made = project.manage("makemigrations", "players", "--noinput")
    return (made if made.code else project.manage("migrate")).outcome


@compare(
    proxy_model={"migrate": "TypeError", "first query": "ProgrammingError"},
    profile_onetoone={"migrate": "accepted", "first query": "ProgrammingError"},
    custom_user={"migrate": "accepted", "first query": "ProgrammingError"},
    foreignkey={"migrate": "accepted", "first query": "ProgrammingError"},
    mark="surprising",
    fails=ANYTHING_ELSE,
    so_what=(
        "Run makemigrations for the app of a new user model. Without migrations, migrate may "
        "report no error and create no table, and the first query fails."
    ),
    source=docs(
        "Customizing authentication in Django", "Changing to a custom user model mid-project"
    ),
)
def test_user_model_changed_later_in_an_app_without_migrations(project):
    """An existing project sets AUTH_USER_MODEL to a model in an app without migrations. What do
    migrate and the first query do?"""
    change_user_model(project, "accounts")
    query = "from django.contrib.auth import get_user_model as user; user().objects.count()"
    commands = {"migrate": ["migrate"], "first query": ["shell", "-v0", "-c", query]}
    return {name: project.manage(*command).outcome for name, command in commands.items()}


FAKED = """
import json
from django.contrib.auth import get_user_model
from django.db import DatabaseError

users = get_user_model().objects
ways = {
    "read a user": lambda: users.get(username="staff").pk,
    "read the user's groups": lambda: list(users.get(username="staff").groups.all()),
    "delete the user": lambda: users.get(username="staff").delete(),
}
ended = {}
for name, way in ways.items():
    try:
        way()
        ended[name] = "accepted"
    except DatabaseError as error:
        ended[name] = type(error).__name__
print(json.dumps(ended))
"""
FAKED_ENDS = {
    "migrate": "accepted",
    "read a user": "accepted",
    "read the user's groups": "ProgrammingError",
    "delete the user": "ProgrammingError",
}


@compare(
    proxy_model={**FAKED_ENDS, "migrate": "TypeError"},
    profile_onetoone=FAKED_ENDS,
    custom_user=FAKED_ENDS,
    foreignkey=FAKED_ENDS,
    mark="surprising",
    fails=ANYTHING_ELSE,
    so_what=(
        "A faked migration runs no SQL. If the new model is not called User, rename the column "
        "user_id in its tables for groups and permissions, for example to gamer_id."
    ),
    source=docs(
        "Customizing authentication in Django", "Changing to a custom user model mid-project"
    )
    + "; Django ticket #25313",
)
def test_user_model_swapped_with_a_faked_migration(project):
    """A new user model, Gamer, keeps the old table by db_table. Its migration is only marked as
    applied. What fails afterwards?"""
    project.sql(
        f"INSERT INTO {User._meta.db_table} (username, password, first_name, last_name, email, "
        "is_superuser, is_staff, is_active, date_joined) "
        "VALUES ('staff', '', '', '', '', false, true, true, now())"
    )
    change_user_model(project, "accounts")
    table = f'db_table = "{User._meta.db_table}"'
    models_py = (project.folder / "accounts/models.py").read_text()
    if "class Meta(AbstractUser.Meta):" in models_py:
        meta = "class Meta(AbstractUser.Meta):"
        project.replace("accounts/models.py", meta, f"{meta}\n        {table}")
    else:
        project.replace("accounts/models.py", "    pass", f"    class Meta:\n        {table}")
    assert project.manage("makemigrations", "accounts").code == 0
    project.sql(
        "INSERT INTO django_migrations (app, name, applied) "
        "VALUES ('accounts', '0001_initial', now())"
    )
    migrated = project.manage("migrate").outcome
    used = project.manage("shell", "-v0", "-c", FAKED)
    assert used.code == 0
    return {"migrate": migrated, **json.loads(used.printed)}


# --- the article's migration: person_id becomes a OneToOneField with primary_key=True


@compare(
    proxy_model=CANNOT,
    profile_onetoone="accepted",
    custom_user=CANNOT,
    foreignkey="accepted",
    mark="surprising",
    fits=["accepted"],
    so_what=(
        "If each profile row names a different user, you can make user the primary key with the "
        "migration that makemigrations writes."
    ),
)
def test_person_id_to_onetoone_with_a_user_column():
    """Table person has 3 rows with a user_id. In the model, user replaces person_id as primary key.
    What happens if you run makemigrations and migrate?"""
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
    costs=["IntegrityError"],
    so_what=(
        "First add the relation as nullable and fill it. makemigrations asks for one default for "
        "all rows, but with a OneToOneField each row needs a different user."
    ),
    source=docs("How to create database migrations", "Migrations that add unique fields"),
)
def test_person_id_to_onetoone_without_a_user_column():
    """Table person has 3 rows and no column user_id. What happens if a migration adds user as the
    primary key, with one default for all rows?"""
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
    fits=["accepted"],
    so_what=(
        "While the profile table is empty, you can use the migration that makemigrations writes. "
        "Once the table has rows, first add the field as nullable and fill it."
    ),
    source=docs("How to create database migrations", "Migrations that add unique fields"),
)
def test_person_id_to_onetoone_in_an_empty_table():
    """Table person is empty and has no column user_id. What happens if a migration adds user as the
    primary key, with a default?"""
    before = migration_states.state_of_person(own_key())
    migration_states.with_table(before, 0)
    operations = makemigrations(
        before, migration_states.state_of_person(key()), migration_states.Questioner(1)
    )
    return outcome(lambda: migrate(before, operations))


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"makemigrations": "No changes detected", "first read": "ProgrammingError"},
    custom_user=CANNOT,
    foreignkey={"makemigrations": "No changes detected", "first read": "ProgrammingError"},
    mark="surprising",
    costs=ANYTHING_ELSE,
    so_what=(
        "makemigrations ignores field changes of an unmanaged model. Add the new column by SQL "
        "before you deploy the model, or the first read fails."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_person_id_to_onetoone_unmanaged():
    """Person is unmanaged. In the model, a new field user replaces the primary key person_id. What
    do makemigrations and the first read do?"""
    before = migration_states.state_of_person(own_key(), managed=False)
    after = migration_states.state_of_person(key(), managed=False)
    migration_states.with_table(before)
    operations = described(makemigrations(before, after))
    person = after.apps.get_model("players", "Person")
    return {
        "makemigrations": ", ".join(operations) or "No changes detected",
        "first read": outcome(lambda: person.objects.first()),
    }


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["Change Meta options on person"],
    custom_user=CANNOT,
    foreignkey=["Change Meta options on person"],
    mark="surprising",
    costs=ANYTHING_ELSE,
    so_what=(
        "If you turn managed on and change fields in the same edit, run makemigrations twice. The "
        "first migration contains no field changes."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_person_id_to_onetoone_as_it_becomes_managed():
    """In one edit, Person becomes managed and user becomes its primary key. Which operations does
    makemigrations write?"""
    before = migration_states.state_of_person(own_key(), managed=False)
    return described(makemigrations(before, migration_states.state_of_person(key())))


@compare(
    proxy_model=CANNOT,
    profile_onetoone="seed1",
    custom_user=CANNOT,
    foreignkey="seed1",
    mark="surprising",
    fails=["seed1"],
    so_what=(
        "Do not give makemigrations a default user, but fill the field from your data. If the "
        "table has one row, the migration succeeds even with the wrong user."
    ),
    source=docs("Migration Operations", "AddField"),
)
def test_owner_of_the_only_row_after_a_default():
    """The only profile row belongs to user seed0. A migration adds the field user, with the default
    seed1. Which user owns the row now?"""
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
    fits=[3],
    so_what=(
        "Use separate migrations: add user as nullable, fill it, remove the old key, then make "
        "user the primary key. In this order, no row is lost."
    ),
    source=docs("How to create database migrations", "Migrations that add unique fields"),
)
def test_rows_kept_by_migrations_ordered_by_hand():
    """A profile table has 3 rows and no column user_id. You add and fill user in steps. How many
    rows get the right user?"""
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
    profile_onetoone={
        "migrate": "ProgrammingError",
        "migrate --fake-initial": "accepted",
        "first read": "ProgrammingError",
    },
    custom_user=CANNOT,
    foreignkey={
        "migrate": "ProgrammingError",
        "migrate --fake-initial": "accepted",
        "first read": "ProgrammingError",
    },
    mark="surprising",
    costs=ANYTHING_ELSE,
    so_what=(
        "Compare the columns yourself before you run migrate --fake-initial. For CreateModel, "
        "Django checks only that the table exists, so the first read may fail."
    ),
    source=docs("django-admin and manage.py", "migrate") + ", --fake-initial",
)
def test_first_migrate_finds_a_table_made_outside_django(project):
    """A table person already exists, but with other columns than the model. What do migrate,
    migrate --fake-initial and the first read do?"""
    person_class()
    project.sql("DROP TABLE person; DELETE FROM django_migrations WHERE app = 'players'")
    project.sql("CREATE TABLE person (person_id serial PRIMARY KEY, discord_id text)")
    read = "from players.models import Person; Person.objects.first()"
    first = ["migrate", "players", "0001"]
    commands = {
        "migrate": first,
        "migrate --fake-initial": [*first, "--fake-initial"],
        "first read": ["shell", "-v0", "-c", read],
    }
    return {name: project.manage(*command).outcome for name, command in commands.items()}


GUILD = """
from django.conf import settings
from django.db import models

class Guild(models.Model):
    head = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
"""


@compare(
    proxy_model=CANNOT,
    profile_onetoone="No changes detected",
    custom_user=CANNOT,
    foreignkey="No changes detected",
    so_what=(
        "From Django 6.1, use on_delete=DB_CASCADE; before that, add the cascade in a RunSQL "
        "migration. makemigrations does not look at the table."
    ),
    source=docs("django-admin and manage.py", "makemigrations"),
)
def test_makemigrations_check_after_a_cascade_by_hand(project):
    """SQL added ON DELETE CASCADE to the profile's foreign key. What does makemigrations --check
    print?"""
    table = person_class()._meta.db_table
    [[name]] = project.sql(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [table]
    )
    project.sql(
        f"ALTER TABLE {table} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} FOREIGN KEY (user_id) "
        "REFERENCES auth_user ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED"
    )
    return project.manage("makemigrations", "--check").printed.strip()


@compare(
    proxy_model="SystemCheckError",
    profile_onetoone="accepted",
    custom_user="CircularDependencyError",
    foreignkey="accepted",
    mark="surprising",
    fits=["accepted"],
    fails=["CircularDependencyError"],
    so_what=(
        "Add a custom user's relation to another app in a second migration. If the two first "
        "migrations need each other, migrate fails."
    ),
    source=docs("Customizing authentication in Django", "Substituting a custom User model"),
)
def test_first_migrations_that_need_each_other(unmigrated):
    """Another app's first migration refers to the user, and the variant's first migration refers to
    that app. What does migrate do?"""
    unmigrated.install("guild", GUILD)
    assert unmigrated.manage("makemigrations", "guild").code == 0
    unmigrated.declare(
        'guild = models.ForeignKey("guild.Guild", models.CASCADE, null=True, related_name="+")'
    )
    for migration in (unmigrated.folder / "players/migrations").glob("0*.py"):
        migration.unlink()
    made = unmigrated.manage("makemigrations", "players")
    return (made if made.code else unmigrated.manage("migrate")).outcome
