"""Fills a variant's database with players and all that hangs on them in real life.

One INSERT ... SELECT for each table, so that a million players take a minute or two. Everything is
counted out, nothing is random: the same number of players gives the same rows.
"""

from dataclasses import dataclass

from django.apps import apps
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils.module_loading import import_string

from moves.world.names import PASSWORD, REAL

EXTRAS = """
    CASE WHEN i % 11 > 0 THEN date '1960-01-01' + i * 13 % 16000 END,
    CASE WHEN i % 5 > 0 THEN (300000000000000000 + i::bigint * 7919)::text END,
    CASE WHEN i % 3 > 0 THEN (9000000000 + i::bigint * 7919)::text END
"""


@dataclass(frozen=True)
class Variant:
    """What the SQL has to know of the variant: its users' table, and what else it has."""

    users: str
    has_player: bool
    person_key: str

    @property
    def has_person(self):
        return bool(self.person_key)

    @property
    def user_label(self):
        return "players" if self.users == "players_user" else "auth"


def load(players, *, duplicates=True):
    """Fill the migrated, empty database; with duplicates, some users have several records."""
    models = {model.__name__: model for model in apps.get_app_config("players").get_models()}
    key = models["Person"]._meta.pk.column if "Person" in models else ""
    variant = Variant(get_user_model()._meta.db_table, "Player" in models, key)
    with connection.cursor() as cursor:
        for sql in statements(variant, players, duplicates):
            cursor.execute(sql)
        add_sessions(cursor, variant)
        cursor.execute("ANALYZE")


def statements(variant, players, duplicates):
    users = variant.users
    # ids that are not the same by chance
    yield f"SELECT setval(pg_get_serial_sequence('{users}', 'id'), 100)"
    yield add_users(variant, players)
    if variant.has_person:
        yield from add_people(variant, duplicates)
    yield "INSERT INTO auth_group (name) VALUES ('Masters'), ('Keepers'), ('Guests')"
    yield f"""
        INSERT INTO {users}_groups (user_id, group_id)
        SELECT {users}.id, auth_group.id FROM {users} JOIN auth_group
            ON ({users}.id % 20 = 3 AND name = 'Keepers') OR (is_staff AND name = 'Masters')
            OR ({users}.id % 33 = 3 AND name = 'Guests')
        ORDER BY 1, 2"""
    yield from add_permissions(variant)
    yield from add_log(variant)
    yield f"""
        INSERT INTO world_guild (name, owner_id)
        SELECT 'Guild ' || id, id FROM {users} WHERE id % 10 = 4 ORDER BY id"""
    yield f"""
        INSERT INTO world_guild_members (guild_id, user_id)
        SELECT world_guild.id, {users}.id FROM world_guild
        JOIN generate_series(0, 4) AS nth ON true
        JOIN {users} ON {users}.id = owner_id + nth * 3 ORDER BY 1, 2"""
    yield from add_notes(variant)


def add_users(variant, players):
    own = variant.users == "players_user"
    return f"""
        INSERT INTO {variant.users} (username, email, password, first_name, last_name,
            is_staff, is_superuser, is_active, date_joined, last_login
            {", birthdate, discord_id, zoom_id" if own else ""})
        SELECT 'player' || lpad(i::text, 7, '0'), 'player' || i || '@example.org',
            CASE WHEN i <= {REAL} THEN '{make_password(PASSWORD)}'
                 ELSE 'argon2$argon2id$v=19$m=102400,t=2,p=8$' || md5(i::text) END,
            'First' || i % 97, 'Last' || i % 89,
            i % 100 = 1, i = 1, i % 50 > 0,
            timestamptz '2020-01-01' + i * interval '1 minute',
            CASE WHEN i % 4 > 0 THEN timestamptz '2026-01-01' + i * interval '1 second' END
            {"," + EXTRAS if own else ""}
        FROM generate_series(1, {players}) AS i"""


def add_people(variant, duplicates):
    """One in seven has no row: these users came by createsuperuser, by SQL, or before the app."""
    many = variant.person_key == "person_id"
    if many:
        yield "SELECT setval(pg_get_serial_sequence('person', 'person_id'), 5000)"
    yield f"""
        INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
        SELECT id, {EXTRAS}
        FROM (SELECT id, right(username, 7)::int AS i FROM {variant.users}) AS it
        WHERE i % 7 > 0 ORDER BY i"""
    if many and duplicates:
        yield """
            INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
            SELECT user_id, CASE WHEN user_id % 2 = 0 THEN birthdate + 1 END,
                CASE WHEN user_id % 3 > 0 THEN discord_id || nth END, NULL
            FROM person JOIN generate_series(1, 2) AS nth ON nth <= user_id % 3
            WHERE user_id % 10 = 6 ORDER BY person_id, nth"""


def add_permissions(variant):
    """Masters may do everything; some users hold one or two permissions of their own."""
    labels = [f"{variant.user_label}.user"]
    labels += ["players.player"] if variant.has_player else []
    labels += ["players.person"] if variant.has_person else []
    of_these = " OR ".join(
        f"(app_label, model) = ('{app}', '{model}')"
        for app, model in (label.split(".") for label in labels)
    )
    permissions = f"""
        (SELECT auth_permission.id, codename, name, model FROM auth_permission
         JOIN django_content_type ON django_content_type.id = content_type_id
         WHERE {of_these}) AS permission"""
    yield f"""
        INSERT INTO auth_group_permissions (group_id, permission_id)
        SELECT auth_group.id, permission.id FROM auth_group JOIN {permissions}
            ON auth_group.name = 'Masters'
            OR (auth_group.name = 'Keepers' AND codename LIKE 'view%' AND model <> 'user')
        ORDER BY 1, 2"""
    yield f"""
        INSERT INTO {variant.users}_user_permissions (user_id, permission_id)
        SELECT {variant.users}.id, permission.id FROM {variant.users} JOIN {permissions}
            ON ({variant.users}.id % 40 = 5 AND codename LIKE 'change%' AND model <> 'user')
            OR ({variant.users}.id % 40 = 6 AND codename = 'change_user')
            OR ({variant.users}.id % 40 = 7 AND codename LIKE 'change%')
            OR ({variant.users}.id % 40 = 8 AND codename LIKE 'delete%' AND model <> 'user')
        ORDER BY 1, 2"""


def add_log(variant):
    """What staff did to users and people, and to some who are gone."""
    staff = f"(SELECT min(id) FROM {variant.users} WHERE is_superuser)"
    for label, objects in of_each_kind(variant).items():
        app, model = label.split(".")
        yield f"""
            INSERT INTO django_admin_log (action_time, user_id, content_type_id, object_id,
                object_repr, action_flag, change_message)
            SELECT timestamptz '2026-02-01' + key * interval '1 minute', {staff},
                django_content_type.id, key::text, '{model} ' || key, 2, '[]'
            FROM (SELECT key FROM ({objects}) AS it WHERE key % 50 < 3
                  UNION ALL SELECT 2000000001) AS it
            JOIN django_content_type ON (app_label, model) = ('{app}', '{model}') ORDER BY key"""


def add_notes(variant):
    for label, objects in of_each_kind(variant).items():
        app, model = label.split(".")
        yield f"""
            INSERT INTO world_note (text, content_type_id, object_id)
            SELECT 'about {model} ' || key, django_content_type.id, key
            FROM ({objects}) AS it
            JOIN django_content_type ON (app_label, model) = ('{app}', '{model}')
            WHERE key % 20 = 9 ORDER BY key"""


def of_each_kind(variant):
    """{content type: SQL for the keys of its objects}."""
    kinds = {f"{variant.user_label}.user": f"SELECT id AS key FROM {variant.users}"}
    if variant.has_player:
        kinds["players.player"] = f"SELECT id AS key FROM {variant.users}"
    if variant.has_person:
        kinds["players.person"] = f"SELECT {variant.person_key} AS key FROM person"
    return kinds


def add_sessions(cursor, variant):
    """Every tenth player is logged in, the few with a real password too."""
    cursor.execute(
        f"SELECT id FROM {variant.users} WHERE id % 10 = 1 OR id <= 100 + {REAL} ORDER BY id"
    )
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    users = {user.pk: user for user in get_user_model()._default_manager.order_by("pk")[:REAL]}
    rows = []
    for (key,) in cursor.fetchall():
        user = users.get(key)
        session = {
            SESSION_KEY: str(key),
            BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: user.get_session_auth_hash() if user else "",
        }
        rows.append((f"session{key:025}", store.encode(session)))
    with cursor.copy(
        "COPY django_session (session_key, session_data, expire_date) FROM STDIN"
    ) as copy:
        for key, data in rows:
            copy.write_row((key, data, "2099-01-01"))
