"""The article, tested

Each question is about one claim of the article that this project starts from, in our words; the
verdict on it follows from the four answers. "The article's signal", form and view: suite.article.
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
from suite.compare import CANNOT, changed_in, compare, docs
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
    """Sets a Discord ID on the user's extras, runs action(user): "stored", "lost", or the error."""

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
    """Undo at the block's end what it did in the database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def by_hand():
    """What the article did in the database, as far as PostgreSQL takes it."""
    rows("SET CONSTRAINTS ALL IMMEDIATE")
    rows("ALTER TABLE person DROP COLUMN person_id")


def step(after, before):
    """What comes of makemigrations and migrate between two states of the article's Person."""
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
    so_what="Login, logout and passwords come with Django; registering is yours in all four.",
    source=docs(AUTH, "All authentication views"),
    verdict="holds",
)
def test_article_djangos_own_pages_that_register(client, settings):
    """Does Django bring no page to register: which pages of django.contrib.auth make an account
    from a filled-in registration form?"""
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
    so_what="Proxy, profile and custom user are what Django's docs name; a child class of the user "
    "(multi-table inheritance) keeps extras too, and so does a ForeignKey.",
    source=docs("Models", "Multi-table inheritance"),
    verdict="holds with a condition",
)
def test_article_three_options():
    """Are there three options only: what comes of a birthdate in a child class of the user,
    class Member(User), which is none of the three?"""
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
    so_what="models.E017 stops a field on a proxy; a method works on what is read by the proxy, "
    "which request.user is not by default.",
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    verdict="holds",
)
def test_article_proxy_is_for_behaviour(alice):
    """Is a proxy good for behaviour only: does a proxy of the user take a method, and a field?"""
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
    so_what="Proxy and profile leave accounts where Django put them, so both can be added to a "
    "project that is in use.",
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    verdict="holds",
)
def test_article_tables_of_accounts(alice):
    """Do proxy and profile keep accounts in Django's own table: in which tables is the password?"""
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
    so_what="Not one table of Django's user is left beside a custom user; groups and permissions "
    "themselves stay where they are.",
    source=docs(CUSTOMIZING, "Substituting a custom User model"),
    verdict="holds",
)
def test_article_tables_of_users():
    """Does a custom user replace the built-in one entirely: which tables for users, their groups
    and their permissions are there?"""
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
    so_what="login() writes last_login to what it is given, and a person has none: whoever logs in "
    "must be the user, or a proxy of it.",
    source=docs(AUTH, "How to log a user in"),
    verdict="holds",
)
def test_article_who_logs_in_is_a_user(alice, rf):
    """Must whoever logs in be a User: does login() take the object of our class (Player, Person)
    that belongs to alice?"""
    player = PlayerModel.objects.get(**{f"{USER_OF}username": "alice"})
    backend = "django.contrib.auth.backends.ModelBackend"
    return outcome(lambda: login(request_of(rf), player, backend))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=["username", "password", "email"],
    foreignkey=[],
    mark="known",
    so_what="Beside Django's User a profile needs none of them; AbstractUser brings them all.",
    source=docs(CUSTOMIZING, "Extending the existing User model"),
    verdict="holds",
)
def test_article_standard_fields_are_djangos():
    """Can a profile leave the standard fields to Django's User: which of username, password and
    e-mail are columns of the table with the extras?"""
    columns = [saw(column.name) for column in tables()[extras_class()._meta.db_table].columns]
    return [name for name in ("username", "password", "email") if name in columns]


# --- OneToOneField or ForeignKey


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["from the extras", "from the user"],
    custom_user=["from the extras", "from the user"],
    foreignkey=["from the extras", "from the user"],
    mark="known",
    so_what="A query spans the link in both directions, of a ForeignKey too.",
    source=docs("Making queries", "Lookups that span relationships"),
    verdict="holds",
)
def test_article_queries_from_both_sides(alice):
    """Can the relation be queried from either side: is alice found by her username from the
    extras, and by her Discord ID from the user?"""
    discord_id = extras_of(alice).discord_id
    from_extras = extras_class().objects.filter(**{f"{USER_OF}username": "alice"})
    found = {
        "from the extras": [extras.discord_id for extras in from_extras] == [discord_id],
        "from the user": User.objects.get(**{to_extra("discord_id"): discord_id}) == alice,
    }
    return [side for side, there in found.items() if there]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["RelatedObjectDoesNotExist", "reached"],
    custom_user=["reached", "reached"],
    foreignkey=["AttributeError", "AttributeError"],
    so_what="From user to person the OneToOneField raises where no row was made; a ForeignKey has "
    "no user.person at all, only a set.",
    source=docs("Model field reference", "OneToOneField"),
    verdict="holds with a condition",
)
def test_article_profile_is_reached_from_the_user(alice):
    """Is the profile one attribute away from its user: what does user.person (a custom user: the
    user itself) give for a user from before there were profiles, and for alice?"""
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
    so_what="Reading is no reason against a ForeignKey: from person to user both are alike.",
    source=docs("Making queries", "Forward"),
    verdict="holds",
)
def test_article_user_attributes_from_the_extras(alice):
    """Does a ForeignKey let one read a User's attributes from Person: which e-mail is read?"""
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    emails = extras_class().objects.values_list(f"{USER_OF}email", flat=True)
    return emails.get(**{f"{USER_OF}username": "alice"})


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="known",
    so_what="Many-to-one is what a ForeignKey says, so nothing refuses a second row.",
    source=docs("Model field reference", "ForeignKey"),
    verdict="holds",
)
def test_article_foreign_key_is_many_to_one(alice):
    """Is a ForeignKey a many-to-one relation: how many rows of extras has alice once a second one
    was created?"""
    owner = {"user": alice} if USER_OF else {"username": "alice"}
    outcome(lambda: extras_class().objects.create(discord_id=ID, **owner))
    return rows_with_extras("alice")


@compare(
    proxy_model="accepted",
    profile_onetoone="accepted",
    custom_user="accepted",
    foreignkey="accepted",
    so_what="A ForeignKey to settings.AUTH_USER_MODEL is how any app keeps data of a user, "
    "whichever class that is; the docs show it in the chapter on custom users, hence the mistake.",
    source=docs(CUSTOMIZING, "Reusable apps and AUTH_USER_MODEL"),
    verdict="does not hold",
)
def test_article_foreign_key_needs_a_custom_user(alice):
    """Does a ForeignKey to the user belong to a fully custom user: what comes of a new model with
    one, and of two rows in it?"""
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
    so_what="The docs recommended it until 2024 (ticket #35767); those of 5.2 say that "
    "you can. What the advice rested on is as it was: the user is exchanged before the first "
    "migrate, or with much work.",
    source=docs(CUSTOMIZING, "Using a custom user model when starting a project")
    + "; Django ticket #35767",
    verdict="changed since",
)
def test_article_docs_recommend_a_custom_user(unmigrated, project):
    """Is a custom user recommended for a new project even if Django's suffices: what does migrate
    say to a new user class in an empty database, and in one with tables?"""
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
    so_what="The first passage no longer urges; the second still stands, and is about what to keep "
    "in the class: a class of one's own leaves both places open.",
    source=docs(CUSTOMIZING, "Specifying a custom user model") + "; Django ticket #35767",
    verdict="changed since",
)
def test_article_docs_contradict_themselves():
    """Do Django's docs contradict themselves on starting with a custom user: where can the
    migrations of players put one more attribute?"""
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
    so_what="It fails where rows are there whose user nobody knows, and the old key has no part in "
    "it: one default cannot be unique in all rows.",
    source=docs("How to create database migrations", "Migrations that add unique fields"),
    verdict="holds with a condition",
)
def test_article_migrating_the_key_errors_out():
    """Does migrate fail when person_id becomes OneToOneField(primary_key=True): with a user column
    in the table, without one, and without one in an empty table?"""
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
    so_what="makemigrations removes the old key first; PostgreSQL drops its constraint along.",
    source=docs("Migration Operations", "RemoveField"),
    verdict="does not hold",
)
def test_article_django_does_not_remove_the_old_key():
    """Does Django not delete the old key by itself: which operations does makemigrations write
    where person_id gives way to user?"""
    before, after = state_of_person(own_key()), state_of_person(key())
    return migration_states.described(makemigrations(before, after, migration_states.Questioner(1)))


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"primary key": ["user_id"], "rows": 3, "sequences": 0},
    custom_user=CANNOT,
    foreignkey={"primary key": ["user_id"], "rows": 3, "sequences": 0},
    so_what="Three operations in the right order do all of it: link nullable and filled, old key "
    "removed, link made the key.",
    source=docs("How to create database migrations", "Migrations that add unique fields"),
    verdict="does not hold",
)
def test_article_hand_work_is_needed():
    """Must sequence and column be dropped by hand: which key, rows and sequences are left of a
    table with 3 rows and person_id after migrations alone?"""
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
    so_what="As printed it fails on either kind of key: a serial's default needs the sequence, an "
    "identity column (Django 4.1 and later) owns it. And DROP COLUMN alone would take it along.",
    source='PostgreSQL 18 docs, DROP SEQUENCE; Django 4.1 release notes, "Models"',
    verdict="does not hold",
)
def test_article_drop_sequence():
    """Does DROP SEQUENCE person_person_id_seq run: what does PostgreSQL say for an identity and
    for a serial column, without and with CASCADE?"""
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
    so_what="Only after the column was dropped by hand: Django then wants to drop it once more. "
    "managed = False ends the error because nothing is run any more.",
    source=docs("Model Meta options", "managed"),
    verdict="holds with a condition",
)
def test_article_managed_false_makes_migrations_work():
    """Is managed = False what gets migrations to work: what comes of the new key's migration once
    person_id was dropped by hand, managed and unmanaged, and where nobody touched the table?"""
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
    so_what="The model says one person a user; the table has no key and keeps two: by that it is "
    "the ForeignKey that the article decided against, without its key.",
    source="PostgreSQL 18 docs, ALTER TABLE; " + docs("Model Meta options", "managed"),
    verdict="does not hold",
)
def test_article_table_is_what_the_model_says():
    """Is the table in the end what the model says: has it a primary key after the article's
    ALTER TABLE, and does it refuse a second row for one user?"""
    article_table(**link())
    by_hand()
    again = "INSERT INTO person (user_id) SELECT user_id FROM person LIMIT 1"
    keys = [its.kind for its in tables()["person"].constraints]
    return {"primary key": "primary key" in keys, "second row": refused(again)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"designed without users": "accepted", "migrated": "IntegrityError"},
    custom_user=CANNOT,
    foreignkey={"designed without users": "accepted", "migrated": "IntegrityError"},
    so_what="Django's queries work without it, but a design without the users' table exports no "
    "foreign key: the database keeps extras of nobody.",
    source="PostgreSQL 18 docs, 5.5.5. Foreign Keys",
    verdict="holds with a condition",
)
def test_article_users_may_be_left_out_of_the_design():
    """May the users' table be left out of the database design: what does PostgreSQL say to a
    person of nobody, in a table designed so, and in one that Django has migrated?"""
    person_class()
    orphan = "INSERT INTO person (user_id) VALUES (0)"
    insert = lambda: (rows(orphan), rows("SET CONSTRAINTS ALL IMMEDIATE"))  # noqa: E731
    migrated = outcome(insert)
    rows("DROP TABLE person")
    rows("CREATE TABLE person (user_id integer PRIMARY KEY, discord_id text)")
    return {"designed without users": outcome(insert), "migrated": migrated}


@compare(
    proxy_model={"printed": True, "written into models.py": False},
    profile_onetoone={"printed": True, "written into models.py": False},
    custom_user={"printed": True, "written into models.py": False},
    foreignkey={"printed": True, "written into models.py": False},
    mark="known",
    so_what="It prints a draft; who takes it over loses methods, CASCADE and the link to User.",
    source=docs("How to integrate Django with a legacy database", "Auto-generate the models"),
    verdict="holds with a condition",
)
def test_article_inspectdb_updates_the_model():
    """Does inspectdb update the models: is a column that SQL has added printed by it, and is it in
    models.py afterwards?"""
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
    custom_user={"PostgreSQL": "no link", "left by Django": 0},
    foreignkey={"PostgreSQL": "NO ACTION", "left by Django": 0},
    so_what="Django deletes the rows itself; whoever deletes a user by SQL is refused.",
    source=docs("Model field reference", "Arguments") + ", ForeignKey.on_delete",
    verdict="does not hold",
)
def test_article_cascade_is_in_the_database(alice):
    """Does on_delete=CASCADE stand in the database: which action has the link in PostgreSQL, and
    how many rows of extras are left after user.delete()?"""
    keys = tables()[extras_class()._meta.db_table].foreign_keys
    action = saw(keys[0].definition) and keys[0].on_delete if keys else "no link"
    alice.delete()
    return {"PostgreSQL": action, "left by Django": rows_with_extras("alice")}


# --- the signal


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"the form": True, "bulk_create": False},
    custom_user={"the form": True, "bulk_create": True},
    foreignkey={"the form": True, "bulk_create": False},
    so_what="post_save is sent by save(): who comes by bulk_create(), SQL, or was there before the "
    "signal, has no person.",
    source=docs("Signals", "post_save"),
    verdict="holds with a condition",
)
def test_article_signal_makes_a_person_for_each_user():
    """Does a post_save signal make a person for every new user: for one by the form, and for one
    by bulk_create()?"""
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
    so_what="The signal comes with every save, of last_login too: only `created` tells a new user.",
    source=docs("Signals", "post_save"),
    verdict="holds with a condition",
)
def test_article_signal_is_for_new_users(client, settings):
    """Is the signal one of a new user: how often is post_save of the user sent during one
    registration by the article's view, and what is `created` each time?"""
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


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"with a person": "stored", "without": "RelatedObjectDoesNotExist"},
    custom_user={"with a person": "stored", "without": "accepted"},
    foreignkey={"with a person": "lost", "without": "accepted"},
    so_what="An update of a user without a person raises in the signal, and a login is an update.",
    source=docs("Signals", "post_save"),
    verdict="holds with a condition",
)
def test_article_signal_serves_updates(alice):
    """Does the signal serve updates as well: is a new Discord ID stored by user.save() of a user
    who has a person, and what does saving one say who has none?"""
    User.objects.bulk_create([User(username="bob")])
    with article_signal():
        return {
            "with a person": stored_by("alice", User.save),
            "without": outcome(User.objects.get(username="bob").save),
        }


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"with the signal": "stored", "without": "lost"},
    custom_user={"with the signal": "stored", "without": "stored"},
    foreignkey={"with the signal": "lost", "without": "lost"},
    so_what="save() writes one object; that of the user saves the person only because the signal "
    "says instance.person.save().",
    source=docs("Model instance reference", "What happens when you save?"),
    verdict="holds with a condition",
)
def test_article_saving_the_user_saves_the_person(alice):
    """Does saving the user save the person: is a new Discord ID stored by user.save(), with the
    article's signal and without it?"""
    with article_signal():
        by_signal = stored_by("alice", User.save)
    enrolled("bob")
    return {"with the signal": by_signal, "without": stored_by("bob", User.save)}


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what="create(user=instance) leaves the person in the user's cache, and without a cache "
    "user.person is read when asked for: refresh_from_db() only costs a query.",
    source=docs("Model instance reference", "Refreshing objects from database"),
    verdict="does not hold",
)
def test_article_refresh_is_needed():
    """Must the user be refreshed before the person's fields are set: after which ways of making
    the person in the signal are they lost without it?"""
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
    so_what="authenticate() hashes the password once more, to learn what is known. With two "
    "backends login() wants to be told which: login(request, user, backend=...).",
    source=docs(AUTH, "Selecting the authentication backend"),
    verdict="does not hold",
)
def test_article_authenticate_before_login(rf, settings):
    """Is authenticate() needed before login() of who has just registered: does login() take the
    form's user under one backend, under two, and under two with one named?"""
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
    proxy_model=["asks for name and password", "refuses a taken name", "hashes the password"],
    profile_onetoone=["asks for name and password", "refuses a taken name", "hashes the password"],
    custom_user=["asks for name and password"],
    foreignkey=["asks for name and password", "refuses a taken name", "hashes the password"],
    so_what="It is bound to auth.User: a custom user needs a subclass of it with Meta.model.",
    source=docs(CUSTOMIZING, "Custom users and the built-in auth forms"),
    verdict="holds with a condition",
)
def test_article_usercreationform_saves_work(alice):
    """Does UserCreationForm save work: what of registering does it do, taken as it is?"""
    taken = said(lambda: UserCreationForm({**TYPED, "username": "alice"}).is_valid())
    user = said(lambda: UserCreationForm(TYPED).save())
    done = {
        "asks for name and password": {"username", "password1"} <= set(UserCreationForm().fields),
        "refuses a taken name": taken is False,
        "hashes the password": isinstance(user, User) and user.check_password(PASSWORD),
    }
    return [what for what, is_done in done.items() if is_done]


@compare(
    proxy_model=CANNOT,
    profile_onetoone={"logged in": True, "stored": True},
    custom_user={"logged in": True, "stored": True},
    foreignkey={"logged in": True, "stored": True},
    mark="known",
    so_what="The article's feature works, wherever the extras have a column.",
    source=docs(AUTH, "How to log a user in"),
    verdict="holds",
)
def test_article_view_registers_and_logs_in(client, settings):
    """Does the article's view register a player, keep the extras, and log them in?"""
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
    so_what="{{ form }} shows what the form declares, whether or not anything stores it.",
    source=docs("Working with forms", "Working with form templates"),
    verdict="holds",
)
def test_article_template_needs_no_change():
    """Can the template stay as it is when the form gets more fields: which extras does {{ form }}
    show of the article's form?"""
    page = saw(Template("{{ form }}").render(Context({"form": article.SeedForm()})))
    return [name for name in EXTRA_FIELDS if f'name="{name}"' in page]
