"""Schema"""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.migrations import operations
from django.db.models.functions import Concat, Lower

from suite.compare import CANNOT, compare, docs
from suite.migration_states import migrated
from suite.outcomes import outcome, rows, saw, tables
from suite.variant import EXTRA_FIELDS, PlayerModel, User, enrolled, path

LISTED = PlayerModel.__name__
USERNAME = "user__username" if hasattr(PlayerModel, "user") else "username"
USERS = User._meta.db_table
PLAYERS = ["user", "player", "person"]


def extras_table():
    """The table with the extras; raises LookupError where no table has them."""
    for table in tables().values():
        if set(EXTRA_FIELDS) <= {column.name for column in table.columns}:
            return table
    raise LookupError(f"No table has the columns {', '.join(EXTRA_FIELDS)}.")


def can(sql):
    """Whether PostgreSQL takes a statement about the table with the extras."""
    statement = sql.format(extras_table().name)
    return outcome(lambda: rows(statement)) == "accepted"


def without_names(indexes):
    """Indexes as they are defined, without their names and tables."""
    for index in indexes:
        unique = "UNIQUE " if index.unique else ""
        yield unique + saw(index.definition).partition(" USING ")[2]


# --- what is there ---


@compare(
    proxy_model=["auth_user"],
    profile_onetoone=["auth_user", "person"],
    custom_user=["players_user"],
    foreignkey=["auth_user", "person"],
    mark="known",
    so_what="A second table costs at least one more write for each registration, and a join to "
    "read a user together with the extra fields.",
)
def test_tables_that_hold_a_player(statements):
    """Into which tables does a registration write rows?"""
    enrolled("bob", discord_id="100000000000000002")
    return list(dict.fromkeys(sql.split('"')[1] for sql in statements.writes()))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="known",
    so_what="SQL and packages that name auth_user find nothing beside a custom user.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Substituting a custom User model"',
)
def test_table_auth_user_exists():
    """Is there a table auth_user?"""
    return "auth_user" in saw(sorted(tables()))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["person.birthdate date", "person.discord_id text", "person.zoom_id text"],
    custom_user=[
        "players_user.birthdate date",
        "players_user.discord_id text",
        "players_user.zoom_id text",
    ],
    foreignkey=["person.birthdate date", "person.discord_id text", "person.zoom_id text"],
    mark="known",
    so_what="A proxy model has no table, so it has nowhere to keep an attribute.",
    source='Django 5.2 docs, "Models", section "Proxy models"',
)
def test_columns_that_hold_the_extras():
    """Which columns of which types hold the extras, and which of them are NOT NULL?"""
    table = extras_table()
    columns = [saw(table.column(name)) for name in EXTRA_FIELDS]
    null = {True: "", False: " NOT NULL"}
    return [f"{table.name}.{each.name} {each.type}{null[each.nullable]}" for each in columns]


@compare(
    proxy_model=11,
    profile_onetoone=11,
    custom_user=14,
    foreignkey=11,
    so_what="A custom user carries its extras on every request that loads request.user.",
)
def test_columns_fetched_for_a_user(alice, statements):
    """How many columns does User.objects.get() fetch?"""
    User.objects.get(pk=alice.pk)
    return statements[0].partition(" FROM ")[0].count(",") + 1


@compare(
    proxy_model=CANNOT,
    profile_onetoone=15,
    custom_user=14,
    foreignkey=16,
    so_what="A table of its own adds its link, and with a ForeignKey a key of its own as well.",
)
def test_columns_fetched_for_a_player(alice, statements):
    """How many columns does one query fetch for a whole player, user and extras?"""
    links = ["user"] if path("birthdate").startswith("person__") else []
    assert PlayerModel.objects.select_related(*links).get().birthdate
    return statements[0].partition(" FROM ")[0].count(",") + 1


@compare(
    proxy_model="integer",
    profile_onetoone="integer",
    custom_user="bigint",
    foreignkey="integer",
    mark="surprising",
    so_what="django.contrib.auth says AutoField in its AppConfig, which goes before the setting; "
    "only a user model of an app of yours follows the setting.",
    source=docs("Applications", "Configurable attributes") + ", AppConfig.default_auto_field",
)
def test_type_of_a_user_id():
    """What is the type of a user's id, with DEFAULT_AUTO_FIELD = BigAutoField in the settings?"""
    return saw(tables()[USERS].column("id")).type


@compare(
    proxy_model="identity by default",
    profile_onetoone="identity by default",
    custom_user="identity by default",
    foreignkey="identity by default",
    so_what="SQL for serial columns, such as a DROP of their sequence, does not fit any more.",
    source='Django 4.1 release notes, "Models"; PostgreSQL 18 docs, 5.3. Identity Columns',
)
def test_user_id_is_generated_by():
    """How does PostgreSQL make a user's id: an identity column, or a default from a sequence?"""
    column = saw(tables()[USERS].column("id"))
    return f"identity {column.identity}" if column.identity else column.default


@compare(
    proxy_model=["auth_user_id_seq integer"],
    profile_onetoone=["auth_user_id_seq integer"],
    custom_user=["players_user_id_seq bigint"],
    foreignkey=["auth_user_id_seq integer", "person_person_id_seq bigint"],
    so_what="A profile whose primary key is the user needs no numbers of its own.",
    source="PostgreSQL 18 docs, 5.3. Identity Columns",
)
def test_sequences_of_the_player_tables():
    """Which sequences belong to the tables that hold players, and of which type are they?"""
    names = sorted({USERS, PlayerModel._meta.db_table})
    return [f"{its.name} {its.type}" for name in names for its in saw(tables()[name].sequences)]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="user_id",
    custom_user="id",
    foreignkey="person_id",
    mark="known",
    so_what="Where the key is the user's, one number names the user and their extras.",
    source='Django 5.2 docs, "Model field reference", section "OneToOneField"',
)
def test_primary_key_of_the_extras():
    """What is the primary key of the row that holds a player's extras?"""
    (key,) = [its for its in extras_table().constraints if its.kind == "primary key"]
    return ", ".join(saw(key).columns)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["ON DELETE NO ACTION, initially deferred"],
    custom_user=[],
    foreignkey=["ON DELETE NO ACTION, initially deferred"],
    mark="surprising",
    so_what="Django deletes the extras itself; SQL that deletes a user fails, and only at COMMIT.",
    source=docs("Model field reference", "Arguments") + ", ForeignKey.on_delete",
)
def test_foreign_key_of_the_extras_in_the_database():
    """on_delete=CASCADE, says the model: what does its foreign key say in PostgreSQL, and is it
    checked at once?"""
    when = {True: "initially deferred", False: "immediate"}
    keys = saw(extras_table().foreign_keys)
    return [f"ON DELETE {key.on_delete}, {when[key.deferred]}" for key in keys]


OF_THE_USERS = [
    "UNIQUE btree (id)",
    "UNIQUE btree (upper((username)::text))",
    "btree (username varchar_pattern_ops)",
    "UNIQUE btree (username)",
]


@compare(
    proxy_model=OF_THE_USERS,
    profile_onetoone=OF_THE_USERS,
    custom_user=OF_THE_USERS,
    foreignkey=OF_THE_USERS,
    so_what="Each username is in three indexes: unique, for LIKE, and this project's for its case.",
    source='Django 5.2 docs, "Databases", section "Indexes for varchar and text columns"',
)
def test_indexes_of_the_user_table():
    """Which indexes does the table of users have?"""
    return list(without_names(tables()[USERS].indexes))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["UNIQUE btree (user_id)"],
    custom_user=[],
    foreignkey=["UNIQUE btree (person_id)", "btree (user_id)"],
    so_what="The index of a OneToOneField's key guards and finds; a ForeignKey's only finds.",
    source='Django 5.2 docs, "Model field reference", section "ForeignKey"',
)
def test_indexes_that_the_extras_add():
    """Which indexes does a table of its own for the extras add to those of the users?"""
    table = extras_table()
    return list(without_names(table.indexes)) if saw(table.name) != USERS else []


@compare(
    proxy_model=[
        "auth_user_groups.user_id integer",
        "auth_user_user_permissions.user_id integer",
        "django_admin_log.user_id integer",
    ],
    profile_onetoone=[
        "auth_user_groups.user_id integer",
        "auth_user_user_permissions.user_id integer",
        "django_admin_log.user_id integer",
        "person.user_id integer",
    ],
    custom_user=[
        "django_admin_log.user_id bigint",
        "players_user_groups.user_id bigint",
        "players_user_user_permissions.user_id bigint",
    ],
    foreignkey=[
        "auth_user_groups.user_id integer",
        "auth_user_user_permissions.user_id integer",
        "django_admin_log.user_id integer",
        "person.user_id integer",
    ],
    so_what="To replace the user later, all of these must be moved, and every app's that follow.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Changing to a custom user model mid-project"',
)
def test_columns_that_point_at_users():
    """Which columns elsewhere point at the table of users, and of which type are they?"""
    return [
        f"{table.name}.{key.columns[0]} {table.column(key.columns[0]).type}"
        for table in tables().values()
        for key in table.foreign_keys
        if key.target == USERS and saw(key.definition)
    ]


@compare(
    proxy_model=["auth.user", "players.player"],
    profile_onetoone=["auth.user", "players.person"],
    custom_user=["players.user"],
    foreignkey=["auth.user", "players.person"],
    so_what="Whatever hangs on content types (history, tags, object permissions) must say which.",
    source=docs("The contenttypes framework", "The ContentTypeManager") + ", get_for_model()",
)
def test_content_types_of_players():
    """Which content types exist for users and players?"""
    found = ContentType.objects.filter(model__in=PLAYERS)
    return sorted(f"{its.app_label}.{its.model}" for its in found)


@compare(
    proxy_model=8,
    profile_onetoone=8,
    custom_user=4,
    foreignkey=8,
    so_what="A proxy has permissions of its own, which the class behind it does not share: staff "
    "who may change users may not change players.",
    source='Django 5.2 docs, "Using the Django authentication system", section "Proxy models"',
)
def test_permissions_of_players():
    """How many permissions does migrate make for users and players?"""
    found = Permission.objects.filter(content_type__model__in=PLAYERS)
    return len(saw(sorted(f"{its.content_type.app_label}.{its.codename}" for its in found)))


# --- what the database can be made to hold ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=True,
    mark="known",
    so_what="With a ForeignKey one record per player is a habit of the code, not a fact.",
    source='Django 5.2 docs, "Model field reference", section "OneToOneField"',
)
def test_database_holds_two_extras_rows_for_one_user(alice):
    """Does PostgreSQL take a copy of a player's extras for the same user?"""
    table = extras_table()
    link = "id" if table.name == USERS else "user_id"
    own_key = {its.column for its in table.sequences} - {link}
    columns = ", ".join(its.name for its in table.columns if its.name not in own_key)
    return can(f"INSERT INTO {{0}} ({columns}) SELECT {columns} FROM {{0}}")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="NOT NULL speaks about rows that exist: the row of extras itself may be missing, so "
    "only a column of the user's own row can be required of every user.",
    source="PostgreSQL 18 docs, 5.5.2. Not-Null Constraints",
)
def test_database_requires_a_birthdate_of_every_user():
    """With birthdate NOT NULL, does PostgreSQL refuse every user without a birthdate?"""
    rows(f"ALTER TABLE {extras_table().name} ALTER birthdate SET NOT NULL")
    return outcome(lambda: User.objects.bulk_create([User(username="bob")])) != "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    so_what="A rule about extras alone fits wherever they have columns.",
    source='Django 5.2 docs, "Constraints reference", section "CheckConstraint"',
)
def test_check_on_an_extra_alone():
    """Can a CheckConstraint of our model keep birthdates before 1900 out?"""
    PlayerModel._meta.get_field("birthdate")
    modern = models.CheckConstraint(condition=models.Q(birthdate__year__gte=1900), name="modern")
    return outcome(lambda: migrated(operations.AddConstraint(LISTED, modern))) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="A CHECK sees one row of one table: rules between user and extras need one table.",
    source="PostgreSQL 18 docs, 5.5.1. Check Constraints",
)
def test_check_across_username_and_extra():
    """Can PostgreSQL hold the rule that a Discord ID is not the username (CHECK)?"""
    return can("ALTER TABLE {0} ADD CHECK (discord_id <> username)")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="No unique constraint spans two tables.",
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_unique_over_username_and_extra():
    """Can PostgreSQL hold username and Discord ID unique together?"""
    return can("ALTER TABLE {0} ADD UNIQUE (username, discord_id)")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="A list filtered by a user's column and an extra cannot be served by one index.",
    source="PostgreSQL 18 docs, 11.3. Multicolumn Indexes",
)
def test_index_over_username_and_extra():
    """Can one index cover username and birthdate?"""
    return can("CREATE INDEX ON {0} (username, birthdate)")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="The database computes from one row only; Django says so itself (FieldError).",
    source=docs("Model field reference", "GeneratedField") + ", GeneratedField.expression",
)
def test_generated_column_over_username_and_extra():
    """Can a GeneratedField of our model be made of username and Discord ID?"""
    PlayerModel._meta.get_field("discord_id")
    both = Concat(USERNAME, "discord_id")
    handle = models.GeneratedField(expression=both, output_field=models.TextField(), db_persist=1)
    return outcome(lambda: migrated(operations.AddField(LISTED, "handle", handle))) == "accepted"


@compare(
    proxy_model=["models.E016"],
    profile_onetoone=["models.E041"],
    custom_user=[],
    foreignkey=["models.E041"],
    mark="surprising",
    so_what="Only a custom user can declare it; beside auth_user it takes SQL in a migration.",
    source=docs("System check framework", "Models") + ", models.E016 and models.E041",
)
def test_unique_lower_username_in_our_meta(monkeypatch):
    """Which errors are found if the Meta of our model declares lower(username) unique?"""
    unique = models.UniqueConstraint(Lower(USERNAME), name="lower_username")
    monkeypatch.setattr(PlayerModel._meta, "constraints", [unique])
    return [error.id for error in saw(PlayerModel.check(databases=["default"]))]


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="Migrations pass over a proxy without a word: the operation runs and changes nothing, "
    "because Options.can_migrate() is False for it.",
    source="Django 5.2 source, django.db.migrations.operations.base.Operation.allow_migrate_model",
)
def test_add_index_on_our_model():
    """A hand-written migration adds an index on our model: is it in the database afterwards?"""
    index = models.Index(
        fields=["birthdate" if hasattr(PlayerModel, "birthdate") else "email"], name="x"
    )
    migrated(operations.AddIndex(LISTED, index))
    return "x" in saw([its.name for its in tables()[PlayerModel._meta.db_table].indexes])


FIELDS = 'Django 5.2 docs, "Models", section "Field name “hiding” is not permitted"'


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="A login by e-mail needs unique addresses, and only a custom user owns the column.",
    source=FIELDS,
)
def test_email_made_unique_by_our_model():
    """Can a migration of our own model make the e-mail of users unique?"""
    email = models.EmailField(unique=True)
    outcome(lambda: migrated(operations.AlterField(LISTED, "email", email)))
    User.objects.create_user("bob", "one@example.org")
    return outcome(lambda: User.objects.create_user("carol", "one@example.org")) != "accepted"


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    so_what="The columns of auth_user belong to Django, and so does their length.",
    source=FIELDS,
)
def test_username_longer_than_150_by_our_model():
    """Can a migration of our own model allow usernames of 200 characters?"""
    username = models.CharField(max_length=200, unique=True)
    outcome(lambda: migrated(operations.AlterField(LISTED, "username", username)))
    return outcome(lambda: User.objects.create_user("x" * 200)) == "accepted"


@compare(
    proxy_model="FieldError",
    profile_onetoone="FieldDoesNotExist",
    custom_user="ProgrammingError",
    foreignkey="FieldDoesNotExist",
    mark="surprising",
    so_what="PostgreSQL casts no number to a UUID: a custom user must have it before its first "
    "migration, the others never get it.",
    source=docs("Migration Operations", "AlterField"),
)
def test_user_id_made_a_uuid_later():
    """What happens if a later migration of our own model makes the id of users a UUID?"""
    key = models.UUIDField(primary_key=True)
    return outcome(lambda: migrated(operations.AlterField(LISTED, "id", key)))
