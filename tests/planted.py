"""The small projects of tests/projects/: what they hold, and the faults that are planted there."""

from dataclasses import dataclass, field

from workbench.paths import PROJECT

PROJECTS = PROJECT / "tests" / "projects"
NAMES = sorted(path.name for path in PROJECTS.iterdir() if (path / "manage.py").exists())
TABLES = {
    "uuid_keys": "people_user",
    "email_login": "accounts_account",
    "several_kinds": "school_user",
}
USERS = 400
COLUMNS = """password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
    date_joined"""
VALUES = "'!', false, 'user' || n, '', '', 'user' || n || '@example.org', false, true, now()"
DJANGOS = f"INSERT INTO auth_user ({COLUMNS}) SELECT {VALUES} FROM generate_series(1, {USERS}) n;"
# what each project holds besides; its own faults, which are part of its kind
FILL = {
    "own_key": DJANGOS
    + "INSERT INTO accounts_profile (user_id, phone, city) SELECT id, '', '' FROM auth_user",
    "uuid_keys": f"""
        INSERT INTO people_user (id, {COLUMNS})
        SELECT gen_random_uuid(), {VALUES} FROM generate_series(1, {USERS}) n;
        INSERT INTO people_profile SELECT gen_random_uuid(), '', id FROM people_user""",
    "email_login": f"""
        INSERT INTO accounts_account (password, is_superuser, email, full_name, is_staff, is_active)
        SELECT '!', false, 'user' || n || '@example.org', '', false, true
        FROM generate_series(1, {USERS}) n""",
    "unique_foreignkey": DJANGOS
    + "INSERT INTO accounts_userprofile (user_id) SELECT id FROM auth_user",
    "several_kinds": f"""
        INSERT INTO school_user ({COLUMNS}, is_teacher)
        SELECT {VALUES}, n % 10 = 0 FROM generate_series(1, {USERS}) n;
        INSERT INTO school_teacher SELECT id, 'Latin' FROM school_user WHERE is_teacher;
        INSERT INTO school_student SELECT id, 1 FROM school_user WHERE NOT is_teacher""",
    "proxy_called_user": DJANGOS,
    "profile_elsewhere": DJANGOS
    + """
        INSERT INTO people_customer (user_id, newsletter) SELECT id, false FROM auth_user;
        INSERT INTO shop_order (customer_id, clerk_id, number, placed)
        SELECT id, user_id, id, now() FROM people_customer""",
    "deleted_child": DJANGOS + "INSERT INTO club_membership (user_id) SELECT id FROM auth_user",
}
BY_DESIGN = {"unique_foreignkey": ["unique_foreign_key"]}


@dataclass
class Case:
    """What plants a finding in a project, and what removes it; without, the finding's own SQL."""

    check: str
    project: str
    plant: list = field(default_factory=list)
    fix: list = field(default_factory=list)

    def __str__(self):
        return f"{self.check}-{self.project}"


ADMIN = "accounts/admin.py"
SIGNALS = "accounts/signals.py"
GUARD = "if created and not raw:\n        Profile.objects.create(user=instance)"
EDIT_MODEL = "accounts/models.py"
SOME = "WHERE id % 4 = 0"
MANY = """
    INSERT INTO accounts_account (password, is_superuser, email, full_name, is_staff, is_active)
    SELECT '!', false, 'more' || n || '@example.org', '', false, true
    FROM generate_series(1, 10000) n"""

CASES = [
    Case(
        "users_without_profile",
        "own_key",
        [f"DELETE FROM accounts_profile {SOME}"],
        [
            """INSERT INTO accounts_profile (user_id, phone, city) SELECT id, '', '' FROM auth_user
            ON CONFLICT DO NOTHING"""
        ],
    ),
    Case(
        "users_without_profile",
        "uuid_keys",
        ["DELETE FROM people_profile WHERE ctid = '(0,1)'"],
        [
            "INSERT INTO people_profile SELECT gen_random_uuid(), '', id FROM people_user "
            "ON CONFLICT DO NOTHING"
        ],
    ),
    Case(
        "missing_profiles_are_expected",
        "deleted_child",
        [
            "DELETE FROM club_membership WHERE user_id % 4 = 0",
            (
                "club/views.py",
                "",
                "from club.models import Membership\n\n\ndef joined(request):\n"
                "    return Membership.objects.get_or_create(user=request.user)\n",
            ),
        ],
        ["INSERT INTO club_membership SELECT id FROM auth_user ON CONFLICT DO NOTHING"],
    ),
    Case(
        "several_profile_rows",
        "unique_foreignkey",
        [
            (EDIT_MODEL, ", unique=True", ""),
            "ALTER TABLE accounts_userprofile DROP CONSTRAINT accounts_userprofile_user_id_key",
            "CREATE INDEX ON accounts_userprofile (user_id)",
            f"INSERT INTO accounts_userprofile (user_id) SELECT id FROM auth_user {SOME}",
        ],
        [
            "DELETE FROM accounts_userprofile a USING accounts_userprofile b "
            "WHERE a.user_id = b.user_id AND a.id > b.id"
        ],
    ),
    Case(
        "unique_foreign_key",
        "unique_foreignkey",
        [],
        [(EDIT_MODEL, "ForeignKey(", "OneToOneField(")],
    ),
    Case(
        "key_to_proxy",
        "proxy_called_user",
        [
            (
                "players/models.py",
                "class User(DjangoUser)",
                "class Score(models.Model):\n"
                "    user = models.ForeignKey('User', models.CASCADE)\n\n\n"
                "class User(DjangoUser)",
            ),
            (
                "players/models.py",
                "from django.contrib",
                "from django.db import models\nfrom django.contrib",
            ),
        ],
        [("players/models.py", "'User'", "DjangoUser")],
    ),
    Case(
        "usernames_differ_only_in_case",
        "own_key",
        [
            f"""INSERT INTO auth_user ({COLUMNS})
            SELECT '!', false, upper(username), '', '', '', false, true, now()
            FROM auth_user {SOME}"""
        ],
        [
            """DELETE FROM accounts_profile p USING auth_user u
            WHERE u.id = user_id AND username ~ '^U'""",
            "DELETE FROM auth_user WHERE username ~ '^U'",
        ],
    ),
    Case(
        "emails_differ_only_in_case",
        "uuid_keys",
        ["UPDATE people_user SET email = upper('user2@example.org') WHERE username = 'user1'"],
        ["UPDATE people_user SET email = '' WHERE username = 'user1'"],
    ),
    Case("iexact_without_index", "email_login", [MANY, "DROP INDEX email_any_case"]),
    Case(
        "lower_index_is_not_used",
        "email_login",
        ["DROP INDEX email_any_case", "CREATE INDEX by_email ON accounts_account (lower(email))"],
    ),
    Case(
        "foreign_key_missing",
        "profile_elsewhere",
        ["ALTER TABLE shop_order DROP CONSTRAINT {shop_order.clerk_id}"],
    ),
    Case(
        "foreign_key_elsewhere",
        "uuid_keys",
        [
            "CREATE TABLE auth_user (id uuid PRIMARY KEY)",
            "INSERT INTO auth_user SELECT id FROM people_user",
            "ALTER TABLE people_profile DROP CONSTRAINT {people_profile.user_id}",
            "ALTER TABLE people_profile ADD FOREIGN KEY (user_id) REFERENCES auth_user",
        ],
    ),
    Case(
        "foreign_key_not_valid",
        "own_key",
        [
            "ALTER TABLE accounts_profile DROP CONSTRAINT {accounts_profile.user_id}",
            "ALTER TABLE accounts_profile ADD FOREIGN KEY (user_id) REFERENCES auth_user "
            "DEFERRABLE INITIALLY DEFERRED NOT VALID",
        ],
    ),
    Case(
        "rows_pointing_nowhere",
        "profile_elsewhere",
        [
            "ALTER TABLE shop_order DROP CONSTRAINT {shop_order.clerk_id}",
            f"UPDATE shop_order SET clerk_id = -1 {SOME}",
        ],
        ["UPDATE shop_order SET clerk_id = NULL WHERE clerk_id = -1"],
    ),
    Case(
        "on_delete_differs",
        "profile_elsewhere",
        [
            "ALTER TABLE shop_order DROP CONSTRAINT {shop_order.customer_id}",
            "ALTER TABLE shop_order ADD FOREIGN KEY (customer_id) REFERENCES people_customer "
            "ON DELETE CASCADE",
        ],
        [("shop/models.py", "models.PROTECT", "models.CASCADE")],
    ),
    Case(
        "on_delete_does_nothing",
        "own_key",
        [(EDIT_MODEL, "models.CASCADE", "models.DO_NOTHING")],
        [(EDIT_MODEL, "models.DO_NOTHING", "models.CASCADE")],
    ),
    Case("index_missing", "profile_elsewhere", ["DROP INDEX {index shop_order.clerk_id}"]),
    Case("index_missing", "profile_elsewhere", ["DROP INDEX orders_of_customer"]),
    Case(
        "unique_index_missing",
        "own_key",
        ["ALTER TABLE accounts_profile DROP CONSTRAINT accounts_profile_user_id_key"],
    ),
    Case(
        "unique_index_missing",
        "email_login",
        ["DROP INDEX email_any_case"],
        ["CREATE UNIQUE INDEX email_any_case ON accounts_account (UPPER(email))"],
    ),
    Case(
        "key_nearly_used_up",
        "own_key",
        [
            f"""INSERT INTO auth_user (id, {COLUMNS})
            SELECT 1999999999, {VALUES} FROM (VALUES ('last')) one(n)""",
            "SELECT setval('auth_user_id_seq', 1999999999)",
        ],
    ),
    Case(
        "receiver_ignores_raw",
        "own_key",
        [(SIGNALS, "created and not raw", "created")],
        [(SIGNALS, "if created:", "if created and not raw:")],
    ),
    Case(
        "receiver_breaks_login",
        "own_key",
        [
            (SIGNALS, GUARD, f"{GUARD}\n    instance.profile.save()"),
            f"DELETE FROM accounts_profile {SOME}",
        ],
        [
            (
                SIGNALS,
                "    instance.profile.save()",
                "    if hasattr(instance, 'profile'):\n        instance.profile.save()",
            )
        ],
    ),
    Case(
        "receiver_writes_at_login",
        "own_key",
        [(SIGNALS, GUARD, f"{GUARD}\n    profile = instance.profile\n    profile.save()")],
        [
            (
                SIGNALS,
                "    profile = instance",
                "    if not created:\n        return\n    profile = instance",
            )
        ],
    ),
    Case(
        "receiver_never_imported",
        "own_key",
        [("accounts/apps.py", "from accounts import signals  # noqa: F401", "pass")],
        [("accounts/apps.py", "pass", "from accounts import signals  # noqa: F401")],
    ),
    Case(
        "inline_conflicts_with_receiver",
        "own_key",
        [
            (
                ADMIN,
                "def get_inlines(self, request, obj):\n"
                "        return [ProfileInline] if obj else []",
                "inlines = [ProfileInline]",
            )
        ],
        [
            (
                ADMIN,
                "inlines = [ProfileInline]",
                "inlines = [ProfileInline]\n\n    def get_inlines(self, request, obj):\n"
                "        return self.inlines if obj else []",
            )
        ],
    ),
    Case(
        "admin_list_queries_per_row",
        "own_key",
        [(ADMIN, '    list_select_related = ["profile"]\n', "")],
        [(ADMIN, "    list_display", '    list_select_related = ["profile"]\n    list_display')],
    ),
    Case(
        "admin_list_queries_per_row",
        "several_kinds",
        [("school/admin.py", '.select_related("user")', "")],
        [
            (
                "school/admin.py",
                ".get_queryset(request)",
                '.get_queryset(request).select_related("user")',
            )
        ],
    ),
    Case(
        "history_is_inconsistent",
        "uuid_keys",
        ["DELETE FROM django_migrations WHERE app = 'people'"],
        [
            """INSERT INTO django_migrations (app, name, applied)
            VALUES ('people', '0001_initial', now())"""
        ],
    ),
    Case(
        "migration_names_auth_user",
        "uuid_keys",
        [
            (
                "people/migrations/0002_friend.py",
                "",
                "from django.db import migrations, models\n\n\n"
                "class Migration(migrations.Migration):\n"
                "    dependencies = [('people', '0001_initial'), ('auth', '0001_initial')]\n"
                "    operations = [migrations.CreateModel('Friend', [('id', models.BigAutoField("
                "primary_key=True)), ('user', models.ForeignKey('auth.User', models.CASCADE))])]\n",
            ),
        ],
        [("people/migrations/0002_friend.py", "'auth.User'", "'people.User'")],
    ),
    Case(
        "code_names_auth_user",
        "uuid_keys",
        [
            (
                "people/views.py",
                "",
                "from django.contrib.auth.models import Group, User\n\nprint(Group, User)\n",
            )
        ],
        [
            ("people/views.py", "Group, User\n", "Group\n"),
            ("people/views.py", "Group, User)", "Group)"),
        ],
    ),
]


# what the page "Your own project" walks through: the receiver of the article, and 100 users from
# before it was there
WALK = (
    "own_key",
    [
        (
            SIGNALS,
            GUARD,
            "if created:\n        Profile.objects.create(user=instance)\n"
            "    instance.profile.save()",
        ),
        f"DELETE FROM accounts_profile {SOME}",
    ],
)
