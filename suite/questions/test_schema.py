"""Schema"""

from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.migrations import operations
from django.db.models.functions import Concat, Lower

from suite.compare import ANYTHING_ELSE, CANNOT, code, compare, docs
from suite.migration_states import migrated
from suite.outcomes import outcome, rows, saw, tables
from suite.variant import EXTRA_FIELDS, PlayerModel, User, enrolled, path

LISTED = PlayerModel.__name__
USERNAME = "user__username" if hasattr(PlayerModel, "user") else "username"
USERS = User._meta.db_table
PLAYERS = ["user", "player", "person"]


def extras_table():
    """Return the table with the extra fields. Raise LookupError if no table has them."""
    for table in tables().values():
        if set(EXTRA_FIELDS) <= {column.name for column in table.columns}:
            return table
    raise LookupError(f"No table has the columns {', '.join(EXTRA_FIELDS)}.")


def can(sql):
    """Return whether PostgreSQL accepts a statement about the table with the extra fields."""
    statement = sql.format(extras_table().name)
    return outcome(lambda: rows(statement)) == "accepted"


def without_names(indexes):
    """Yield the definition of each index, without its name and table."""
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
    fits=[["auth_user"], ["players_user"]],
    costs=[["auth_user", "person"]],
    so_what=(
        "A profile table costs at least one more write for each registration, and a join to read a "
        "user together with the extra fields."
    ),
)
def test_tables_that_hold_a_player(statements):
    """Apart from sessions, which tables does one registration write to?"""
    enrolled("bob", discord_id="100000000000000002")
    return list(dict.fromkeys(sql.split('"')[1] for sql in statements.writes()))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=False,
    foreignkey=True,
    mark="known",
    fits=[True],
    costs=[False],
    so_what=(
        "Before you choose a custom user, look for SQL and packages that name the table auth_user. "
        "They fail without it."
    ),
    source=docs("Customizing authentication in Django", "Substituting a custom User model"),
)
def test_table_auth_user_exists():
    """Does the database contain a table called auth_user?"""
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
    fits=ANYTHING_ELSE,
    fails=[CANNOT],
    top=True,
    so_what=(
        "A proxy model has no table of its own, so it cannot store extra fields. Choose one of the "
        "other three approaches."
    ),
    source=docs("Models", "Proxy models"),
)
def test_columns_that_hold_the_extras():
    """Which columns of the database hold the extra fields (birthdate, Discord ID, Zoom ID)?"""
    table = extras_table()
    columns = [saw(table.column(name)) for name in EXTRA_FIELDS]
    null = {True: "", False: " NOT NULL"}
    return [f"{table.name}.{each.name} {each.type}{null[each.nullable]}" for each in columns]


@compare(
    proxy_model=11,
    profile_onetoone=11,
    custom_user=14,
    foreignkey=11,
    so_what=(
        "A custom user's extra fields are fetched on each request that loads request.user. Keep "
        "large fields in a profile."
    ),
)
def test_columns_fetched_for_a_user(alice, statements):
    """How many columns does User.objects.get() fetch from the user table?"""
    User.objects.get(pk=alice.pk)
    return statements[0].partition(" FROM ")[0].count(",") + 1


@compare(
    proxy_model=CANNOT,
    profile_onetoone=15,
    custom_user=14,
    foreignkey=16,
    so_what=(
        "Do not choose by the number of columns. A OneToOne profile adds one column, user_id. A "
        "ForeignKey profile also adds its own primary key."
    ),
)
def test_columns_fetched_for_a_player(alice, statements):
    """How many columns does one query fetch for a user with all extra fields?"""
    links = ["user"] if path("birthdate").startswith("person__") else []
    assert PlayerModel.objects.select_related(*links).get().birthdate
    return statements[0].partition(" FROM ")[0].count(",") + 1


@compare(
    proxy_model="integer",
    profile_onetoone="integer",
    custom_user="bigint",
    foreignkey="integer",
    mark="surprising",
    fits=["bigint"],
    so_what=(
        "For 64-bit ids of users, choose a custom user. Django's auth app sets AutoField in its "
        "AppConfig, so auth.User ignores DEFAULT_AUTO_FIELD."
    ),
    source=docs("Applications", "Configurable attributes") + ", AppConfig.default_auto_field",
)
def test_type_of_a_user_id():
    """DEFAULT_AUTO_FIELD is BigAutoField. Which type does a user's id have in PostgreSQL?"""
    return saw(tables()[USERS].column("id")).type


@compare(
    proxy_model="identity by default",
    profile_onetoone="identity by default",
    custom_user="identity by default",
    foreignkey="identity by default",
    so_what=(
        "Check SQL scripts that read a column's nextval() default. Tables that Django 4.1 or "
        "later creates have identity columns, which have no such default."
    ),
    source='Django 4.1 release notes, "Models"; PostgreSQL 18 docs, 5.3. Identity Columns',
)
def test_user_id_is_generated_by():
    """How does PostgreSQL generate a user's id?"""
    column = saw(tables()[USERS].column("id"))
    return f"identity {column.identity}" if column.identity else column.default


@compare(
    proxy_model=["auth_user_id_seq integer"],
    profile_onetoone=["auth_user_id_seq integer"],
    custom_user=["players_user_id_seq bigint"],
    foreignkey=["auth_user_id_seq integer", "person_person_id_seq bigint"],
    so_what=(
        "A OneToOne profile whose primary key is the user has no sequence. After you load users "
        "or ForeignKey profiles with their ids by SQL, reset the sequence."
    ),
    source="PostgreSQL 18 docs, 5.3. Identity Columns",
)
def test_sequences_of_the_player_tables():
    """Which sequences do the tables of users and profiles have, and of which type?"""
    names = sorted({USERS, PlayerModel._meta.db_table})
    return [f"{its.name} {its.type}" for name in names for its in saw(tables()[name].sequences)]


@compare(
    proxy_model=CANNOT,
    profile_onetoone="user_id",
    custom_user="id",
    foreignkey="person_id",
    mark="known",
    fits=["user_id", "id"],
    costs=["person_id"],
    so_what=(
        "Make the user the primary key of the profile. One id then identifies both the user and "
        "the extra fields."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_primary_key_of_the_extras():
    """Which column is the primary key of the table with the extra fields?"""
    (key,) = [its for its in extras_table().constraints if its.kind == "primary key"]
    return ", ".join(saw(key).columns)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["ON DELETE NO ACTION, initially deferred"],
    custom_user=[],
    foreignkey=["ON DELETE NO ACTION, initially deferred"],
    mark="surprising",
    fits=[[]],
    costs=[["ON DELETE NO ACTION, initially deferred"]],
    so_what=(
        "Delete users through Django, which also deletes the profile. A SQL DELETE of a user with "
        "a profile fails at COMMIT."
    ),
    source=docs("Model field reference", "Arguments") + ", ForeignKey.on_delete",
)
def test_foreign_key_of_the_extras_in_the_database():
    """A profile's foreign key to the user has on_delete=CASCADE in Django. How is this foreign key
    defined in PostgreSQL?"""
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
    so_what=(
        "Do not index the username again. Django creates a unique index and one for LIKE, and "
        "this project adds a unique index on UPPER(username)."
    ),
    source=docs("Databases", "Indexes for varchar and text columns"),
)
def test_indexes_of_the_user_table():
    """Which indexes does the user table have?"""
    return list(without_names(tables()[USERS].indexes))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["UNIQUE btree (user_id)"],
    custom_user=[],
    foreignkey=["UNIQUE btree (person_id)", "btree (user_id)"],
    fits=[[], ["UNIQUE btree (user_id)"]],
    costs=[["UNIQUE btree (person_id)", "btree (user_id)"]],
    so_what=(
        "If a user has one profile, use a OneToOneField: its unique index rejects a second row. "
        "The index of a ForeignKey speeds up look-ups but accepts further rows."
    ),
    source=docs("Model field reference", "ForeignKey"),
)
def test_indexes_that_the_extras_add():
    """Which indexes does a profile table add?"""
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
    so_what=(
        "Choose the user model before the first migrate. If you replace the user table later, the "
        "foreign keys to users in all apps usually have to change too."
    ),
    source=docs(
        "Customizing authentication in Django", "Changing to a custom user model mid-project"
    ),
)
def test_columns_that_point_at_users():
    """Which columns in other tables reference the user table, and of which type are they?"""
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
    fits=[["players.user"]],
    so_what=(
        "With a proxy or a profile, decide whether history, tags and object permissions refer to "
        "the user or to the other model. Each model has its own content type."
    ),
    source=docs("The contenttypes framework", "The ContentTypeManager") + ", get_for_model()",
)
def test_content_types_of_players():
    """Which content types exist for users and the variant's own model (Player, Person or User)?"""
    found = ContentType.objects.filter(model__in=PLAYERS)
    return sorted(f"{its.app_label}.{its.model}" for its in found)


@compare(
    proxy_model=8,
    profile_onetoone=8,
    custom_user=4,
    foreignkey=8,
    fits=[4],
    costs=[8],
    so_what=(
        "With a proxy or a profile, give staff who edit both models the permissions for both. "
        "Permissions for User do not cover Player or Person."
    ),
    source=docs("Using the Django authentication system", "Proxy models"),
)
def test_permissions_of_players():
    """How many permissions does migrate create for users and the variant's own model (Player,
    Person or User)?"""
    found = Permission.objects.filter(content_type__model__in=PLAYERS)
    return len(saw(sorted(f"{its.content_type.app_label}.{its.codename}" for its in found)))


# --- what the database can enforce ---


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=True,
    mark="known",
    fits=[False],
    costs=[True],
    top=True,
    so_what=(
        "With a ForeignKey profile, add a unique constraint if each user may have only one row. "
        "The foreign key itself does not limit the number of rows."
    ),
    source=docs("Model field reference", "OneToOneField"),
)
def test_database_holds_two_extras_rows_for_one_user(alice):
    """Does PostgreSQL accept a second profile row for the same user?"""
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
    fits=[True],
    costs=[False],
    fails=[CANNOT],
    top=True,
    so_what=(
        "If each user must have a birthdate, make it NOT NULL on a custom user. NOT NULL in a "
        "profile table does not help, because the row can be missing."
    ),
    source="PostgreSQL 18 docs, 5.5.2. Not-Null Constraints",
)
def test_database_requires_a_birthdate_of_every_user():
    """The birthdate is NOT NULL. Does PostgreSQL reject every user without a birthdate?"""
    rows(f"ALTER TABLE {extras_table().name} ALTER birthdate SET NOT NULL")
    return outcome(lambda: User.objects.bulk_create([User(username="bob")])) != "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    fits=[True],
    fails=[CANNOT],
    so_what=(
        "Let PostgreSQL check an extra field by a CheckConstraint. You can declare it on a "
        "profile and on a custom user."
    ),
    source=docs("Constraints reference", "CheckConstraint"),
)
def test_check_on_an_extra_alone():
    """Can a CheckConstraint on Player, Person or User reject birthdates before 1900?"""
    PlayerModel._meta.get_field("birthdate")
    modern = models.CheckConstraint(condition=models.Q(birthdate__year__gte=1900), name="modern")
    return outcome(lambda: migrated(operations.AddConstraint(LISTED, modern))) == "accepted"


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    fits=[True],
    costs=[False],
    fails=[CANNOT],
    top=True,
    so_what=(
        "If a CHECK constraint should compare an extra field with a field of the user, choose a "
        "custom user. A CHECK constraint sees one row of one table."
    ),
    source="PostgreSQL 18 docs, 5.5.1. Check Constraints",
)
def test_check_across_username_and_extra():
    """Can a CHECK constraint require that the Discord ID differs from the username?"""
    return can("ALTER TABLE {0} ADD CHECK (discord_id <> username)")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what=(
        "To keep a user's field and an extra field unique together, choose a custom user. A unique "
        "constraint covers one table."
    ),
    source="PostgreSQL 18 docs, 5.5.3. Unique Constraints",
)
def test_unique_over_username_and_extra():
    """Can a unique constraint in PostgreSQL combine username and Discord ID?"""
    return can("ALTER TABLE {0} ADD UNIQUE (username, discord_id)")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what=(
        "If a list filters by a user's field and an extra field, a custom user can have one index "
        "for both. No index covers two tables."
    ),
    source="PostgreSQL 18 docs, 11.3. Multicolumn Indexes",
)
def test_index_over_username_and_extra():
    """Can one index cover both username and birthdate?"""
    return can("CREATE INDEX ON {0} (username, birthdate)")


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what=(
        "If a GeneratedField should combine a user's field with an extra field, choose a custom "
        "user. A GeneratedField uses columns of its own row."
    ),
    source=docs("Model field reference", "GeneratedField") + ", GeneratedField.expression",
)
def test_generated_column_over_username_and_extra():
    """Can a GeneratedField on Player, Person or User combine username and Discord ID?"""
    PlayerModel._meta.get_field("discord_id")
    both = Concat(USERNAME, "discord_id")
    handle = models.GeneratedField(expression=both, output_field=models.TextField(), db_persist=1)
    return outcome(lambda: migrated(operations.AddField(LISTED, "handle", handle))) == "accepted"


@compare(
    proxy_model=["models.E016"],
    profile_onetoone=["models.E041"],
    custom_user=[],
    foreignkey=["models.E041"],
    fits=[[]],
    costs=ANYTHING_ELSE,
    so_what=(
        "With auth.User, create a unique index on the lower-case username with RunSQL in a "
        "migration. A custom user can declare it in Meta."
    ),
    source=docs("System check framework", "Models") + ", models.E016 and models.E041",
)
def test_unique_lower_username_in_our_meta(monkeypatch):
    """Player, Person or User declares a UniqueConstraint on the lower-case username in Meta. Which
    errors do Django's checks report?"""
    unique = models.UniqueConstraint(Lower(USERNAME), name="lower_username")
    monkeypatch.setattr(PlayerModel._meta, "constraints", [unique])
    return [error.id for error in saw(PlayerModel.check(databases=["default"]))]


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    fits=[True],
    costs=[False],
    so_what=(
        "To index auth_user, use RunSQL in a migration. AddIndex on a proxy runs no SQL and gives "
        "no warning."
    ),
    source=code("django.db.migrations.operations.base.Operation.allow_migrate_model"),
)
def test_add_index_on_our_model():
    """A migration adds an index to Player, Person or User with AddIndex. Does PostgreSQL have the
    index afterwards?"""
    index = models.Index(
        fields=["birthdate" if hasattr(PlayerModel, "birthdate") else "email"], name="x"
    )
    migrated(operations.AddIndex(LISTED, index))
    return "x" in saw([its.name for its in tables()[PlayerModel._meta.db_table].indexes])


FIELDS = docs("Models", "Field name “hiding” is not permitted")


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    top=True,
    so_what=(
        "If people log in by e-mail, make the addresses unique. A custom user can declare that. "
        "With auth.User you need RunSQL."
    ),
    source=FIELDS,
)
def test_email_made_unique_by_our_model():
    """Can a migration of Player, Person or User make the users' e-mail addresses unique?"""
    email = models.EmailField(unique=True)
    outcome(lambda: migrated(operations.AlterField(LISTED, "email", email)))
    User.objects.create_user("bob", "one@example.org")
    return outcome(lambda: User.objects.create_user("carol", "one@example.org")) != "accepted"


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    fits=[True],
    costs=[False],
    so_what=(
        "If you need longer usernames, choose a custom user. The columns of auth_user belong to "
        "Django's own migrations."
    ),
    source=FIELDS,
)
def test_username_longer_than_150_by_our_model():
    """Can a migration of Player, Person or User allow usernames of 200 characters?"""
    username = models.CharField(max_length=200, unique=True)
    outcome(lambda: migrated(operations.AlterField(LISTED, "username", username)))
    return outcome(lambda: User.objects.create_user("x" * 200)) == "accepted"


@compare(
    proxy_model="FieldError",
    profile_onetoone="FieldDoesNotExist",
    custom_user="ProgrammingError",
    foreignkey="FieldDoesNotExist",
    so_what=(
        "If you want UUIDs as ids of users, define them in a custom user's first migration. A "
        "later AlterField fails, because PostgreSQL cannot cast bigint to uuid."
    ),
    source=docs("Migration Operations", "AlterField"),
)
def test_user_id_made_a_uuid_later():
    """A later migration changes the id of Player, Person or User to a UUID. What does migrate
    raise?"""
    key = models.UUIDField(primary_key=True)
    return outcome(lambda: migrated(operations.AlterField(LISTED, "id", key)))
