"""The article, tested

Each question tests one claim of the article that this project starts from, in our own words. The
verdict follows from the four answers. The article's receiver, form and view are in suite.article.
"""

from contextlib import contextmanager
from io import StringIO
from shutil import copytree

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import UserCreationForm
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.management import call_command
from django.db import migrations, models, transaction
from django.db.models.signals import post_save
from django.template import Context, Template
from django.test.utils import isolate_apps
from django.urls import include, path

from suite import article, migration_states
from suite.article import TYPED, article_signal, receiving, rows_with_extras
from suite.compare import ANYTHING_ELSE, CANNOT, at_least, at_most, changed_in, compare, docs
from suite.migration_states import (
    key,
    link,
    makemigrations,
    migrate,
    own_key,
    state_of_person,
    with_table,
)
from suite.outcomes import outcome, rows, saw, tables
from suite.questions.test_inspectdb import article_table, refused
from suite.questions.test_migrations import change_user_model
from suite.sessions import said
from suite.variant import (
    EXTRA_FIELDS,
    PASSWORD,
    PlayerModel,
    User,
    enrolled,
    extras_class,
    extras_of,
    person_class,
)
from suite.variant import path as to_extra

CUSTOMIZING = "Customizing authentication in Django"
AUTH = "Using the Django authentication system"
USER_OF = "user__" if PlayerModel.__name__ == "Person" else ""
ID = "700000000000000007"


def discord_id_of(username):
    return User.objects.values_list(to_extra("discord_id"), flat=True).get(username=username)


def stored_by(username, action):
    """Set a Discord ID, run action(user), and return "stored", "lost", or the error."""

    def change():
        user = User.objects.get(username=username)
        extras_of(user).discord_id = ID
        action(user)

    said = outcome(change)
    return said if said != "accepted" else "stored" if discord_id_of(username) == ID else "lost"


def valid_form(**other):
    form = article.typed(**other)
    assert form.is_valid(), form.errors
    return form


def request_of(rf):
    request = rf.post("/")
    request.session = SessionStore()
    return request


WAYS_TO_MAKE_A_PERSON = {
    "user": lambda user: PlayerModel.objects.create(user=user),
    "user_id": lambda user: PlayerModel.objects.create(user_id=user.pk),
    "SQL": lambda user: rows("INSERT INTO person (user_id) VALUES (%s)", [user.pk]),
}


@contextmanager
def undone():
    """Undo what the block did in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def by_hand():
    """Change the table as the article does, as far as PostgreSQL accepts that."""
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")


def step(after, before):
    """Return how makemigrations and migrate between two states of Person end."""
    return outcome(
        lambda: migrate(before, makemigrations(before, after, migration_states.Questioner(1)))
    )


# --- the options


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="known",
    so_what=(
        "Write the registration page yourself or use a package, in every approach. Django brings "
        "pages for login, logout and passwords, but none for registration."
    ),
    source=docs(AUTH, "All authentication views"),
    verdict="holds",
)
def test_article_djangos_own_pages_that_register(client, settings):
    """A visitor submits a complete registration form to each page of django.contrib.auth.urls.
    Which pages create an account?"""
    auth = include("django.contrib.auth.urls")
    settings.ROOT_URLCONF = (path("auth/", auth), path("", include("config.urls")))
    made = []
    for pattern in auth[0].urlpatterns:
        client.post(saw(f"/auth/{pattern.pattern}"), {**TYPED, "email": "bob@example.org"})
        made += [pattern.name] if User.objects.filter(username="bob").exists() else []
    return made


@compare(
    proxy_model="stored",
    profile_onetoone="stored",
    custom_user="stored",
    foreignkey="stored",
    so_what=(
        "Multi-table inheritance, as in class Member(User), stores extra fields too, in a table "
        "of its own. Compare it with a profile and a custom user before you choose."
    ),
    source=docs("Models", "Multi-table inheritance"),
    verdict="holds with a condition",
)
def test_article_three_options():
    """A child class of the user, class Member(User), has a date field of its own. What happens to
    the date when you create a Member?"""
    parent = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, parent_link=True, primary_key=True
    )
    fields = [("user_ptr", parent), ("born", models.DateField())]
    member = migrations.CreateModel("Member", fields, bases=(settings.AUTH_USER_MODEL.lower(),))
    members = (
        migrate(migration_states.current(), [member]).apps.get_model("players", "Member").objects
    )
    members.create(username="bob", born="2010-05-04")
    return "stored" if members.get(username="bob").born.year == 2010 else "lost"


@compare(
    proxy_model=["method"],
    profile_onetoone=["method"],
    custom_user=["method"],
    foreignkey=["method"],
    mark="known",
    so_what=(
        "Add methods to a proxy of the user, but no fields: models.E017 refuses them. For "
        "request.user to have the methods, let your backend return the proxy."
    ),
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    verdict="holds",
)
def test_article_proxy_is_for_behaviour(alice):
    """Which can a proxy of the user add: a method, or a field?"""
    with isolate_apps("players"):

        class Greeter(User):
            class Meta:
                app_label, proxy = "players", True

            def greeting(self):
                return f"Hello, {self.username}."

        class Longer(User):
            nickname = models.TextField()

            class Meta:
                app_label, proxy = "players", True

    greeted = Greeter.objects.get(pk=alice.pk).greeting() == "Hello, alice."
    errors = [saw(error).id for error in Longer.check()]
    return ["method"] * greeted + ["field"] * ("models.E017" not in errors)


@compare(
    proxy_model=["auth_user"],
    profile_onetoone=["auth_user"],
    custom_user=["players_user"],
    foreignkey=["auth_user"],
    mark="known",
    so_what=(
        "You can add a proxy or a profile to a project in use, because accounts stay in "
        "auth_user. A custom user has a user table of its own."
    ),
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    verdict="holds",
)
def test_article_tables_of_accounts(alice):
    """Which table holds a user's username and password?"""
    tables = rows(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'password'"
        " AND table_schema = current_schema() ORDER BY table_name"
    )
    return [name for (name,) in tables if rows(f"SELECT 1 FROM {name} WHERE username = 'alice'")]


@compare(
    proxy_model=["auth_user", "auth_user_groups", "auth_user_user_permissions"],
    profile_onetoone=["auth_user", "auth_user_groups", "auth_user_user_permissions"],
    custom_user=["players_user", "players_user_groups", "players_user_user_permissions"],
    foreignkey=["auth_user", "auth_user_groups", "auth_user_user_permissions"],
    so_what=(
        "In SQL, do not rely on the table names auth_user, auth_user_groups and "
        "auth_user_user_permissions. A custom user replaces these three. auth_group and "
        "auth_permission stay."
    ),
    source=docs(CUSTOMIZING, "Substituting a custom User model"),
    verdict="holds",
)
def test_article_tables_of_users():
    """Which tables store the users, the groups of each user and the permissions of each user?"""
    return [saw(name) for name in sorted(tables()) if "user" in name]


@changed_in(
    "Django 6.1",
    why="login() first reads the session hash, which a profile lacks (Django 6.1 source, login()).",
    profile_onetoone="AttributeError",
    foreignkey="AttributeError",
)
@compare(
    proxy_model="accepted",
    profile_onetoone="ValueError",
    custom_user="accepted",
    foreignkey="ValueError",
    so_what=(
        "Pass the user, or a proxy object, to login(). A profile row is not a user: pass "
        "person.user."
    ),
    source=docs(AUTH, "How to log a user in"),
    verdict="holds",
    fits=["accepted"],
)
def test_article_who_logs_in_is_a_user(alice, rf):
    """Code passes login() an object of the variant's own model (Player, Person or User). What
    happens?"""
    player = PlayerModel.objects.get(**{f"{USER_OF}username": "alice"})
    backend = "django.contrib.auth.backends.ModelBackend"
    return outcome(lambda: login(request_of(rf), player, backend))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=["username", "password", "email"],
    foreignkey=[],
    mark="known",
    so_what=(
        "Do not repeat username, password or e-mail in a profile: Django's User keeps them. A "
        "custom user inherits them from AbstractUser, in the table with its extra fields."
    ),
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    verdict="holds",
)
def test_article_standard_fields_are_djangos():
    """Which of username, password and e-mail are columns of the table with the extra fields?"""
    columns = [saw(column.name) for column in tables()[extras_class()._meta.db_table].columns]
    return [name for name in ("username", "password", "email") if name in columns]


# --- OneToOneField or ForeignKey


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["from the extra fields", "from the user"],
    custom_user=["from the extra fields", "from the user"],
    foreignkey=["from the extra fields", "from the user"],
    mark="known",
    so_what=(
        "Queries can follow a OneToOneField and a ForeignKey in both directions, so this is no "
        "reason to choose between them."
    ),
    source=docs("Making queries", "Lookups that span relationships"),
    verdict="holds",
)
def test_article_queries_from_both_sides(alice):
    """One query finds users by Discord ID, another finds extra fields by username. From which sides
    do these queries work?"""
    discord_id = extras_of(alice).discord_id
    from_extras = extras_class().objects.filter(**{f"{USER_OF}username": "alice"})
    found = {
        "from the extra fields": [extras.discord_id for extras in from_extras] == [discord_id],
        "from the user": User.objects.get(**{to_extra("discord_id"): discord_id}) == alice,
    }
    return [side for side, there in found.items() if there]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["RelatedObjectDoesNotExist", "reached"],
    custom_user=["reached", "reached"],
    foreignkey=["AttributeError", "AttributeError"],
    so_what=(
        "With a OneToOneField, expect RelatedObjectDoesNotExist from user.person if the row is "
        "missing. With a ForeignKey, use user.person_set: users have no attribute person."
    ),
    source=docs("Model field reference", "OneToOneField"),
    verdict="holds with a condition",
    fits=[["reached", "reached"]],
    costs=ANYTHING_ELSE,
)
def test_article_profile_is_reached_from_the_user(alice):
    """bob has no profile row, and alice has one. What happens if code reads birthdate from
    user.person (custom_user: from user), for bob and for alice?"""
    extras_class()
    User.objects.bulk_create([User(username="bob")])

    def reach(user):
        return (user.person if USER_OF else user).birthdate

    users = [User.objects.get(username=name) for name in ("bob", "alice")]
    answers = [outcome(lambda user=user: reach(user)) for user in users]
    return ["reached" if answer == "accepted" else answer for answer in answers]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="alice@example.org",
    custom_user="alice@example.org",
    foreignkey="alice@example.org",
    mark="known",
    so_what=(
        "A query from the profile reaches the user's fields by user__email with a ForeignKey as "
        "with a OneToOneField. This is no reason to choose an approach."
    ),
    source=docs("Making queries", "Forward"),
    verdict="holds",
)
def test_article_user_attributes_from_the_extras(alice):
    """A query over the model with the extra fields asks for the user's e-mail. Which address does
    the query return?"""
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    emails = extras_class().objects.values_list(f"{USER_OF}email", flat=True)
    return emails.get(**{f"{USER_OF}username": "alice"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="known",
    so_what=(
        "A ForeignKey allows many rows for each user. Use a OneToOneField if a user has one "
        "profile."
    ),
    source=docs("Model field reference", "ForeignKey"),
    verdict="holds",
    fits=[1],
    costs=at_least(2),
)
def test_article_foreign_key_is_many_to_one(alice):
    """Code tries to create a second row with extra fields for alice. How many such rows does alice
    have afterwards?"""
    owner = {"user": alice} if USER_OF else {"username": "alice"}
    outcome(lambda: extras_class().objects.create(discord_id=ID, **owner))
    return rows_with_extras("alice")


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    so_what=(
        "You need no custom user for a ForeignKey to the user. Name settings.AUTH_USER_MODEL in "
        "the ForeignKey, and it works with Django's User and a custom user."
    ),
    source=docs(CUSTOMIZING, "Reusable apps and AUTH_USER_MODEL"),
    verdict="does not hold",
)
def test_article_foreign_key_needs_a_custom_user(alice):
    """A new model has a ForeignKey to settings.AUTH_USER_MODEL. What happens when you create two of
    its rows for alice?"""
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    badge = migrations.CreateModel(
        "Badge", [("id", models.AutoField(primary_key=True)), ("owner", owner)]
    )
    badges = migrate(migration_states.current(), [badge]).apps.get_model("players", "Badge").objects
    return outcome(lambda: [badges.create(owner_id=alice.pk) for _ in range(2)])


# --- what Django's docs advise


@compare(
    proxy_model=["accepted", "InconsistentMigrationHistory"],
    profile_onetoone=["accepted", "InconsistentMigrationHistory"],
    custom_user=["accepted", "InconsistentMigrationHistory"],
    foreignkey=["accepted", "InconsistentMigrationHistory"],
    so_what=(
        "Choose the user model before the first migrate: after a later change, migrate stops with "
        "InconsistentMigrationHistory. Django's docs no longer recommend a custom user for every "
        "project (ticket #35767)."
    ),
    source=(
        docs(CUSTOMIZING, "Using a custom user model when starting a project")
        + "; Django ticket #35767"
    ),
    verdict="changed since",
)
def test_article_docs_recommend_a_custom_user(unmigrated, project):
    """AUTH_USER_MODEL now names a new user model. What does migrate do in an empty database, and in
    one that was migrated before?"""
    change_user_model(unmigrated, "accounts")
    assert unmigrated.manage("makemigrations", "accounts").code == 0
    change_user_model(project, "accounts")
    made = "accounts/migrations"
    copytree(unmigrated.folder / made, project.folder / made)
    return [each.manage("migrate", "accounts").outcome for each in (unmigrated, project)]


@compare(
    proxy_model=["beside the user"],
    profile_onetoone=["beside the user"],
    custom_user=["beside the user", "in the user"],
    foreignkey=["beside the user"],
    so_what=(
        "Choose a custom user if your app's migrations should add columns to the user table. In "
        "the other approaches, put a new field in another table, such as the profile's."
    ),
    source=docs(CUSTOMIZING, "Specifying a custom user model") + "; Django ticket #35767",
    verdict="changed since",
)
def test_article_docs_contradict_themselves():
    """Where can your app's migration add one more field: in the user table, or in a table beside
    it?"""
    nickname = models.TextField(null=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)
    tried = {
        "beside the user": migrations.CreateModel("Nick", [("user", user), ("nickname", nickname)]),
        "in the user": migrations.AddField("User", "nickname", nickname),
    }
    current = migration_states.current()
    came = {
        place: outcome(lambda operation=operation: migrate(current, [operation]))
        for place, operation in tried.items()
    }
    return [place for place in tried if came[place] == "accepted"]


# --- the database and the migrations


@compare(
    proxy_model=CANNOT,
    profile_onetoone={
        "with a user column": "accepted",
        "without": "IntegrityError",
        "without, no rows": "accepted",
    },
    custom_user=CANNOT,
    foreignkey={
        "with a user column": "accepted",
        "without": "IntegrityError",
        "without, no rows": "accepted",
    },
    so_what=(
        "Before you make the user the primary key, add a user column and fill it. Otherwise "
        "several rows get the same default, which a primary key does not allow."
    ),
    source=docs("How to create database migrations", "Migrations that add unique fields"),
    verdict="holds with a condition",
)
def test_article_migrating_the_key_errors_out():
    """A OneToOneField to the user replaces the primary key person_id. What does migrate do if the
    table has a user column, and if not?"""
    table = {"with a user column": ({**own_key(), **link()}, 3), "without": (own_key(), 3)}
    table["without, no rows"] = (own_key(), 0)
    answers = {}
    for name, (fields, number) in table.items():
        with undone():
            before = state_of_person(fields)
            with_table(before, number)
            answers[name] = step(state_of_person(key()), before)
    return answers


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["Remove field person_id from person", "Add field user to person"],
    custom_user=CANNOT,
    foreignkey=["Remove field person_id from person", "Add field user to person"],
    so_what=(
        "You need no SQL by hand to remove the old primary key. makemigrations writes "
        "RemoveField, and with the column PostgreSQL also drops the key's constraint."
    ),
    source=docs("Migration Operations", "RemoveField"),
    verdict="does not hold",
)
def test_article_django_does_not_remove_the_old_key():
    """In the model Person, a OneToOneField replaces person_id as primary key. Which operations does
    makemigrations write?"""
    before, after = state_of_person(own_key()), state_of_person(key())
    return migration_states.described(makemigrations(before, after, migration_states.Questioner(1)))


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"primary key": ["user_id"], "rows": 3, "sequences": 0},
    custom_user=CANNOT,
    foreignkey={"primary key": ["user_id"], "rows": 3, "sequences": 0},
    so_what=(
        "To make the user the primary key, write three migration steps: add and fill a nullable "
        "OneToOneField, remove the old key, set primary_key=True on the OneToOneField."
    ),
    source=docs("How to create database migrations", "Migrations that add unique fields"),
    verdict="does not hold",
)
def test_article_hand_work_is_needed():
    """In a table of three rows, migrations make the user the primary key instead of person_id.
    Which key, how many rows and how many sequences remain?"""
    before = state_of_person(own_key())
    with_table(before)
    nullable = models.OneToOneField("auth.User", models.CASCADE, null=True)
    fill = "UPDATE person SET user_id = id FROM auth_user WHERE username = discord_id"
    filled = [migrations.AddField("person", "user", nullable), migrations.RunSQL(fill)]
    removed = migrate(migrate(before, filled), [migrations.RemoveField("person", "person_id")])
    migrate(removed, [migrations.AlterField("person", "user", key()["user"])])
    table = tables()["person"]
    keys = [list(its.columns) for its in table.constraints if its.kind == "primary key"]
    count = rows("SELECT count(*) FROM person")[0][0]
    return {"primary key": keys[0], "rows": count, "sequences": len(table.sequences)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone={
        "identity": "DependentObjectsStillExist",
        "identity, CASCADE": "DependentObjectsStillExist",
        "serial": "DependentObjectsStillExist",
        "serial, CASCADE": "accepted",
    },
    custom_user=CANNOT,
    foreignkey={
        "identity": "DependentObjectsStillExist",
        "identity, CASCADE": "DependentObjectsStillExist",
        "serial": "DependentObjectsStillExist",
        "serial, CASCADE": "accepted",
    },
    mark="surprising",
    so_what=(
        "Do not drop the sequence of a key by hand. DROP COLUMN removes it together with the "
        "column."
    ),
    source='PostgreSQL 18 docs, DROP SEQUENCE; Django 4.1 release notes, "Models"',
    verdict="does not hold",
)
def test_article_drop_sequence():
    """The primary key person_id is an identity or a serial column. What does DROP SEQUENCE do to
    its sequence, without and with CASCADE?"""
    article_table()
    drop, answers = "DROP SEQUENCE person_person_id_seq", {}
    for kind in ("identity", "serial"):
        answers[kind] = refused(drop)
        answers[f"{kind}, CASCADE"] = refused(f"{drop} CASCADE")
        rows("DROP TABLE person")
        rows("CREATE TABLE person (person_id serial PRIMARY KEY)")
    return answers


@compare(
    proxy_model=CANNOT,
    profile_onetoone={
        "by hand": "ProgrammingError",
        "by hand, unmanaged": "accepted",
        "untouched": "accepted",
    },
    custom_user=CANNOT,
    foreignkey={
        "by hand": "ProgrammingError",
        "by hand, unmanaged": "accepted",
        "untouched": "accepted",
    },
    so_what=(
        "Do not drop a key column by hand before its migration, because the migration then fails. "
        "With managed = False the migration succeeds, because Django changes no table."
    ),
    source=docs("Model Meta options", "managed"),
    verdict="holds with a condition",
)
def test_article_managed_false_makes_migrations_work():
    """A migration makes the user the primary key. What happens if SQL by hand has already dropped
    the old key column, and if not?"""
    answers = {}
    for name, managed in {"by hand": True, "by hand, unmanaged": False, "untouched": True}.items():
        with undone():
            article_table(**link())
            if name != "untouched":
                by_hand()
            before = state_of_person({**own_key(), **link()}, managed)
            answers[name] = step(state_of_person(key(), managed), before)
    return answers


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"primary key": False, "second row": "accepted"},
    custom_user=CANNOT,
    foreignkey={"primary key": False, "second row": "accepted"},
    mark="surprising",
    so_what=(
        "Let a migration change the primary key. DROP COLUMN alone also drops the primary key, "
        "and then nothing stops a user's second profile row."
    ),
    source="PostgreSQL 18 docs, ALTER TABLE; " + docs("Model Meta options", "managed"),
    verdict="does not hold",
)
def test_article_table_is_what_the_model_says():
    """SQL drops the column person_id, the primary key. What happens to the primary key and to a
    second row for a user?"""
    article_table(**link())
    by_hand()
    again = "INSERT INTO person (user_id) SELECT user_id FROM person LIMIT 1"
    keys = [its.kind for its in tables()["person"].constraints]
    return {"primary key": "primary key" in keys, "second row": refused(again)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone={
        "without the foreign key": "accepted",
        "with the foreign key": "IntegrityError",
    },
    custom_user=CANNOT,
    foreignkey={"without the foreign key": "accepted", "with the foreign key": "IntegrityError"},
    so_what=(
        "Keep the foreign key from the profile to the user table. Without this foreign key, "
        "PostgreSQL accepts profile rows of users that do not exist."
    ),
    source="PostgreSQL 18 docs, 5.5.5. Foreign Keys",
    verdict="holds with a condition",
)
def test_article_users_may_be_left_out_of_the_design():
    """SQL inserts a profile row for a user that does not exist. What does PostgreSQL do without a
    foreign key, and with one?"""
    person_class()
    orphan = "INSERT INTO person (user_id) VALUES (0)"
    insert = lambda: (rows(orphan), rows("SET CONSTRAINTS ALL IMMEDIATE"))  # noqa: E731
    migrated = outcome(insert)
    rows("DROP TABLE person")
    rows("CREATE TABLE person (user_id integer PRIMARY KEY, discord_id text)")
    return {"without the foreign key": outcome(insert), "with the foreign key": migrated}


@compare(
    proxy_model={"printed": True, "written into models.py": False},
    profile_onetoone={"printed": True, "written into models.py": False},
    custom_user={"printed": True, "written into models.py": False},
    foreignkey={"printed": True, "written into models.py": False},
    mark="known",
    so_what=(
        "From inspectdb's output, copy just the new field into models.py. inspectdb prints a "
        "draft without your methods and your on_delete, and changes no file."
    ),
    source=docs("How to integrate Django with a legacy database", "Auto-generate the models"),
    verdict="holds with a condition",
)
def test_article_inspectdb_updates_the_model():
    """SQL added a column to a model's table, and you run inspectdb. Which of the two contains the
    column afterwards: inspectdb's output, models.py?"""
    table, printed = PlayerModel._meta.db_table, StringIO()
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows(f"ALTER TABLE {table} ADD COLUMN nickname text")
    call_command("inspectdb", table, stdout=printed)
    written = (settings.BASE_DIR / "players/models.py").read_text()
    return {
        "printed": "nickname = models.TextField" in saw(printed.getvalue()),
        "written into models.py": "nickname" in written,
    }


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"PostgreSQL": "NO ACTION", "left by Django": 0},
    custom_user={"PostgreSQL": "no foreign key", "left by Django": 0},
    foreignkey={"PostgreSQL": "NO ACTION", "left by Django": 0},
    so_what=(
        "Delete users with user.delete(), not by SQL: models.CASCADE works in Python. "
        "PostgreSQL's foreign key refuses an SQL DELETE of a user with a profile row."
    ),
    source=docs("Model field reference", "Arguments") + ", ForeignKey.on_delete",
    verdict="does not hold",
)
def test_article_cascade_is_in_the_database(alice):
    """The profile's on_delete is models.CASCADE. What do PostgreSQL's foreign key and Django do
    with the profile row of a deleted user?"""
    keys = tables()[extras_class()._meta.db_table].foreign_keys
    action = saw(keys[0].definition) and keys[0].on_delete if keys else "no foreign key"
    alice.delete()
    return {"PostgreSQL": action, "left by Django": rows_with_extras("alice")}


# --- the signal


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"the form": True, "bulk_create": False},
    custom_user={"the form": True, "bulk_create": True},
    foreignkey={"the form": True, "bulk_create": False},
    so_what=(
        "Create profile rows yourself for users from bulk_create() or SQL, and for users older "
        "than the receiver. save() sends post_save; bulk_create() and SQL do not."
    ),
    source=docs("Signals", "post_save"),
    verdict="holds with a condition",
)
def test_article_signal_makes_a_person_for_each_user():
    """A post_save receiver creates profile rows. Which new users have their row: a user from a
    form, a user from bulk_create()?"""
    with receiving(article.create_person):
        valid_form().save()
        User.objects.bulk_create([User(username="carol")])
    names = {"the form": "bob", "bulk_create": "carol"}
    return {way: rows_with_extras(name) == 1 for way, name in names.items()}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[True, False, False],
    custom_user=[True, False],
    foreignkey=[True, False],
    so_what=(
        "In a receiver for new users, check that created is True. Django also sends post_save at "
        "each later save, such as the update of last_login."
    ),
    source=docs("Signals", "post_save"),
    verdict="holds with a condition",
)
def test_article_signal_is_for_new_users(client, settings):
    """A view creates a user, stores the extra fields and logs the user in. Which value has created
    in each post_save of the user?"""
    settings.ROOT_URLCONF = "suite.article"
    created = []

    def receiver(**kwargs):
        created.append(saw(kwargs["created"]))

    post_save.connect(receiver, sender=User)
    try:
        with article_signal():
            client.post("/article/", TYPED)
    finally:
        post_save.disconnect(receiver, sender=User)
    return created


def save_profile(user, created):
    """Save the user's profile; with a ForeignKey the newest one."""
    extras_of(user).save()


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"with a profile row": "stored", "without": "RelatedObjectDoesNotExist"},
    custom_user={"with a profile row": "stored", "without": "accepted"},
    foreignkey={"with a profile row": "lost", "without": "accepted"},
    so_what=(
        "Save the profile itself, not in a post_save receiver of the user. With a OneToOne "
        "profile, that receiver raises an error if the row is missing, even at login."
    ),
    source=docs("Signals", "post_save"),
    verdict="holds with a condition",
)
def test_article_signal_serves_updates(alice):
    """A post_save receiver saves the user's profile. The profile has a new Discord ID, or there is
    no profile row. What does user.save() do in each case?"""
    User.objects.bulk_create([User(username="bob")])
    with receiving(save_profile):
        return {
            "with a profile row": stored_by("alice", User.save),
            "without": outcome(User.objects.get(username="bob").save),
        }


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"with the receiver": "stored", "without": "lost"},
    custom_user={"with the receiver": "stored", "without": "stored"},
    foreignkey={"with the receiver": "lost", "without": "lost"},
    so_what=(
        "Save the profile row itself after you change it. user.save() does not store the "
        "profile's fields, unless a receiver saves the profile."
    ),
    source=docs("Model instance reference", "What happens when you save?"),
    verdict="holds with a condition",
)
def test_article_saving_the_user_saves_the_person(alice):
    """Code sets a new Discord ID and calls just user.save(). What happens to the ID with and
    without a receiver that saves user.person?"""
    with receiving(save_profile):
        by_signal = stored_by("alice", User.save)
    enrolled("bob")
    return {"with the receiver": by_signal, "without": stored_by("bob", User.save)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what=(
        "After form.save(), you need refresh_from_db() if code read user.person before the row "
        "existed: Django then remembers that the row is missing."
    ),
    source=docs("Model instance reference", "Refreshing objects from database"),
    verdict="does not hold",
)
def test_article_refresh_is_needed():
    """A receiver creates the profile row by user=, user_id= or SQL. After form.save(), code sets
    the row's Discord ID without refresh_from_db(). In which cases is it lost?"""
    lost = []
    for way, make in WAYS_TO_MAKE_A_PERSON.items():
        with receiving(lambda user, created, make=make: make(user) if created else None):
            extras = extras_of(valid_form(username=way).save())
        extras.discord_id = ID
        extras.save()
        lost += [way] if discord_id_of(way) != ID else []
    return lost


# --- the view


@compare(
    proxy_model={"one backend": "accepted", "two": "ValueError", "two, one named": "accepted"},
    profile_onetoone={"one backend": "accepted", "two": "ValueError", "two, one named": "accepted"},
    custom_user={"one backend": "accepted", "two": "ValueError", "two, one named": "accepted"},
    foreignkey={"one backend": "accepted", "two": "ValueError", "two, one named": "accepted"},
    so_what=(
        "Call login() right after form.save(), without authenticate(). With several "
        "authentication backends, name one: login(request, user, backend=...)."
    ),
    source=docs(AUTH, "Selecting the authentication backend"),
    verdict="does not hold",
)
def test_article_authenticate_before_login(rf, settings):
    """A form has saved a new user. What does login() do with one authentication backend, with two,
    and with two and a named one?"""
    one = "django.contrib.auth.backends.ModelBackend"
    two = [one, "django.contrib.auth.backends.AllowAllUsersModelBackend"]
    user, answers = valid_form().save(), {}
    for name, backends, named in [
        ("one backend", [one], None),
        ("two", two, None),
        ("two, one named", two, one),
    ]:
        settings.AUTHENTICATION_BACKENDS = backends
        answers[name] = outcome(lambda named=named: login(request_of(rf), user, named))
    return answers


@compare(
    proxy_model=[
        "asks for username and password",
        "refuses a taken username",
        "hashes the password",
    ],
    profile_onetoone=[
        "asks for username and password",
        "refuses a taken username",
        "hashes the password",
    ],
    custom_user=["asks for username and password"],
    foreignkey=[
        "asks for username and password",
        "refuses a taken username",
        "hashes the password",
    ],
    so_what=(
        "With auth.User, UserCreationForm asks for username and password, refuses a taken "
        "username and hashes the password. With a custom user, subclass it and set Meta.model "
        "first."
    ),
    source=docs(CUSTOMIZING, "Custom users and the built-in auth forms"),
    verdict="holds with a condition",
    fits=at_least(3),
    costs=at_most(2),
)
def test_article_usercreationform_saves_work(alice):
    """Which steps of a registration does Django's unchanged UserCreationForm do?"""
    taken = said(lambda: UserCreationForm({**TYPED, "username": "alice"}).is_valid())
    user = said(lambda: UserCreationForm(TYPED).save())
    done = {
        "asks for username and password": {"username", "password1"}
        <= set(UserCreationForm().fields),
        "refuses a taken username": taken is False,
        "hashes the password": isinstance(user, User) and user.check_password(PASSWORD),
    }
    return [what for what, is_done in done.items() if is_done]


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"logged in": True, "stored": True},
    custom_user={"logged in": True, "stored": True},
    foreignkey={"logged in": True, "stored": True},
    mark="known",
    so_what=(
        "After form.save() you can call login() without authenticate(), which hashes the password "
        "once more. With several backends, pass backend=... to login()."
    ),
    source=docs(AUTH, "How to log a user in"),
    verdict="holds",
)
def test_article_view_registers_and_logs_in(client, settings):
    """A view saves the registration form and the extra fields, then calls authenticate() and
    login(). Which steps succeed: storing the fields, logging in?"""
    settings.ROOT_URLCONF = "suite.article"
    with article_signal():
        client.post("/article/", TYPED)
    return {
        "logged in": "_auth_user_id" in client.session,
        "stored": discord_id_of("bob") == TYPED["discord_id"],
    }


@compare(
    proxy_model=["birthdate", "discord_id", "zoom_id"],
    profile_onetoone=["birthdate", "discord_id", "zoom_id"],
    custom_user=["birthdate", "discord_id", "zoom_id"],
    foreignkey=["birthdate", "discord_id", "zoom_id"],
    mark="known",
    so_what=(
        "{{ form }} shows every field that a form declares. Let the view store the fields that "
        "form.save() does not store, such as a profile's."
    ),
    source=docs("Working with forms", "Working with form templates"),
    verdict="holds",
)
def test_article_template_needs_no_change():
    """A registration form declares the extra fields. Which of these fields does {{ form }} show?"""
    page = saw(Template("{{ form }}").render(Context({"form": article.SeedForm()})))
    return [name for name in EXTRA_FIELDS if f'name="{name}"' in page]
