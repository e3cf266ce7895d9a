"""The census of a database: every player and all that is theirs, as lines that two counts compare.

A fact is SQL that gives (who, line). It is written in words that both ends of a move share: a log
entry is about alice's account or alice's person, not about key 17 of content type 9. What the
target has no place for is looked for in the archive.
"""

from dataclasses import dataclass
from typing import Any

Cursor = Any
Facts = dict[str, str]

# whom the check of the way back lets act between the moves
ACTORS = ("newcomer", "player0000002", "player0000007")


@dataclass(frozen=True)
class Ends:
    """The two ends of a count: what was, and what is to be."""

    source: str
    target: str

    def has(self, model: str) -> bool:
        """Whether both have a Person or a Player of their own, so that it stays what it is."""
        return model in MODELS[self.source] and model in MODELS[self.target]


MODELS = {
    "proxy_model": ("player",),
    "profile_onetoone": ("person",),
    "custom_user": (),
    "foreignkey": ("person",),
}
KEYS = {"profile_onetoone": "user_id", "foreignkey": "person_id"}
EXTRAS = ("birthdate", "discord_id", "zoom_id")


def users_table(variant: str) -> str:
    """The users' table of a variant."""
    return "players_user" if variant == "custom_user" else "auth_user"


def user_label(variant: str) -> str:
    """The content type of a variant's users."""
    return "players.user" if variant == "custom_user" else "auth.user"


def facts(variant: str, ends: Ends, rule: str, tables: set[str]) -> Facts:
    """The SQL of each fact for a database of that variant; tables are those that it has."""
    users = users_table(variant)
    found = {
        "players": f"""
            SELECT username, concat_ws('|', id, password, email, first_name, last_name, is_staff,
                is_superuser, is_active, date_joined, last_login) FROM {users}""",
        "extras": extras(variant, rule, tables),
        "groups": f"""
            SELECT username, name FROM {users}_groups JOIN {users} ON {users}.id = user_id
            JOIN auth_group ON auth_group.id = group_id""",
        "permissions": permissions(variant, ends),
        "log entries": log(variant, ends),
        "sessions": "SELECT NULL, concat_ws('|', session_key, expire_date) FROM django_session",
        "migrations of other apps": """
            SELECT NULL, concat_ws('|', app, name) FROM django_migrations WHERE app <> 'players'""",
    }
    if "foreignkey" in (ends.source, variant) and ends.source == "foreignkey":
        found["rows of people"] = people(variant, tables)
    if "person" in MODELS[ends.source] and "person" not in MODELS[ends.target]:
        found["permissions that wait"] = waiting(variant, tables)
    if "world_guild" in tables:
        found |= {
            "foreign rows": f"""
                SELECT username, concat_ws('|', world_guild.id, name)
                FROM world_guild JOIN {users} ON {users}.id = owner_id""",
            "many-to-many rows": f"""
                SELECT username, concat_ws('|', it.id, guild_id)
                FROM world_guild_members AS it JOIN {users} ON {users}.id = user_id""",
            "generic relations": notes(variant, ends),
        }
    return found


def extras(variant: str, rule: str, tables: set[str]) -> str:
    """Each user's one record, of several the one that the rule chooses; from where it is."""
    if variant == "custom_user":
        source = f"SELECT id AS user_id, {', '.join(EXTRAS)} FROM players_user"
    elif variant == "proxy_model" and "archive.person" not in tables:
        return "SELECT NULL::text, NULL::text WHERE false"
    else:
        source = one_record(variant, rule)
    return f"""
        SELECT username, concat_ws('|', coalesce(it.birthdate::text, '-'),
            coalesce(it.discord_id, '-'), coalesce(it.zoom_id, '-'))
        FROM ({source}) AS it JOIN {users_table(variant)} AS users ON users.id = user_id
        WHERE num_nonnulls(it.birthdate, it.discord_id, it.zoom_id) > 0"""


def one_record(variant: str, rule: str) -> str:
    """Written otherwise than the migration has it, so that one checks the other.

    By windows: the archive has no index by which to look for each user's other records.
    """
    table = "archive.person" if variant == "proxy_model" else "person"
    if variant == "profile_onetoone":
        return "SELECT * FROM person"
    if rule != "fill":
        return f"""
            SELECT * FROM (SELECT *, row_number() OVER (
                PARTITION BY user_id ORDER BY person_id DESC NULLS LAST) AS nth FROM {table}) AS it
            WHERE nth = 1"""
    columns = ", ".join(
        f"first_value({name}) OVER (PARTITION BY user_id"
        f" ORDER BY {name} IS NULL, person_id DESC NULLS LAST) AS {name}"
        for name in EXTRAS
    )
    return f"SELECT DISTINCT user_id, {columns} FROM {table}"


def people(variant: str, tables: set[str]) -> str:
    """All rows of people: where there is one record for each user, they are in the archive."""
    table = "person" if variant == "foreignkey" else "archive.person"
    if table == "archive.person" and table not in tables:
        return "SELECT NULL::text, NULL::text WHERE false"
    return f"""
        SELECT username, concat_ws('|', person_id, coalesce(it.birthdate::text, '-'),
            coalesce(it.discord_id, '-'), coalesce(it.zoom_id, '-'))
        FROM {table} AS it JOIN {users_table(variant)} AS users ON users.id = user_id"""


def word(ends: Ends, model: str) -> str:
    """What both ends call it: a player, or a person that one of them lacks, is an account."""
    return model if ends.has(model) else "account"


ACTION = "regexp_replace(codename, '_(user|player|person)$', '')"


def holders(variant: str) -> str:
    """Who holds which permission: users by name, groups by theirs."""
    users = users_table(variant)
    return f"""
        (SELECT username AS who, 'user' AS kind, permission_id
         FROM {users}_user_permissions JOIN {users} ON {users}.id = user_id
         UNION ALL
         SELECT name, 'group', permission_id
         FROM auth_group_permissions JOIN auth_group ON auth_group.id = group_id) AS held
        JOIN auth_permission ON auth_permission.id = permission_id
        JOIN django_content_type ON django_content_type.id = content_type_id"""


def permissions(variant: str, ends: Ends) -> str:
    """Who may do what to what. A permission for a person that one end lacks is not compared.

    But for the way from a custom user to a Person: who could change these columns still can.
    """
    same = ends.source == ends.target
    label = "concat(app_label, '.', model, '.', codename)"
    if not same:
        label = f"""CASE concat(app_label, '.', model)
            WHEN '{user_label(variant)}' THEN concat('account.', {ACTION})
            WHEN 'players.player' THEN concat('account.', {ACTION})
            WHEN 'players.person' THEN concat('person.', {ACTION})
            ELSE {label} END"""
    lost = "person" in MODELS[ends.source] and "person" not in MODELS[ends.target]
    where = "WHERE model <> 'person'" if lost and not same else ""
    found = f"SELECT DISTINCT who, concat_ws('|', kind, {label}) FROM {holders(variant)} {where}"
    if variant == ends.source == "custom_user" and "person" in MODELS[ends.target]:
        found += f"""
            UNION SELECT who, concat_ws('|', kind, concat('person.', {ACTION}))
            FROM {holders(variant)} WHERE model = 'user'"""
    return found


def waiting(variant: str, tables: set[str]) -> str:
    """Who held which permission for a person: where there is none, it waits in the archive."""
    if "person" in MODELS[variant]:
        return f"""
            SELECT who, concat_ws('|', kind, {ACTION}) FROM {holders(variant)}
            WHERE model = 'person'"""
    if "archive.holder" not in tables:
        return "SELECT NULL::text, NULL::text WHERE false"
    users = users_table(variant)
    return f"""
        SELECT coalesce(username, name),
            concat_ws('|', CASE WHEN username IS NULL THEN 'group' ELSE 'user' END, action)
        FROM archive.holder
        LEFT JOIN {users} ON {users}.id = holder AND grants LIKE '%user_permissions'
        LEFT JOIN auth_group ON auth_group.id = holder AND grants LIKE '%group_permissions'
        WHERE label = 'players.person' AND side = 'old'"""


def about(variant: str, ends: Ends, table: str) -> str:
    """FROM: a table that names objects by content type and key, joined with what and whose."""
    users = users_table(variant)
    person = "SELECT NULL AS key, NULL AS username, '' AS what WHERE false"
    if variant in KEYS:
        person = f"""
            SELECT {KEYS[variant]}::text, username, '{word(ends, "person")}'
            FROM person JOIN {users} ON {users}.id = user_id"""
    return f"""
        {table} AS it LEFT JOIN django_content_type AS type ON type.id = it.content_type_id
        LEFT JOIN (
            SELECT id::text AS key, username, '{user_label(variant)}' AS label,
                'account' AS what FROM {users}
            UNION ALL SELECT id::text, username, 'players.player', '{word(ends, "player")}'
                FROM {users}
            UNION ALL SELECT key, username, 'players.person', what
                FROM ({person}) AS person (key, username, what)
        ) AS object ON object.label = concat(type.app_label, '.', type.model)
            AND object.key = it.object_id::text"""


def named(ends: Ends) -> str:
    """What an object is called: when one is back where one was, the content type itself."""
    if ends.source == ends.target:
        return "concat(app_label, '.', type.model)"
    return "coalesce(what, 'gone')"


def log(variant: str, ends: Ends) -> str:
    """The admin's log: who did what to whom. Of an object that is gone, only that it is."""
    users = users_table(variant)
    return f"""
        SELECT staff.username, concat_ws('|', it.id, action_time, object_repr, action_flag,
            change_message, {named(ends)}, coalesce(object.username, '-'))
        FROM {about(variant, ends, "django_admin_log")}
        JOIN {users} AS staff ON staff.id = it.user_id"""


def notes(variant: str, ends: Ends) -> str:
    """The notes of the other app, by generic relation."""
    return f"""
        SELECT object.username,
            concat_ws('|', it.id, text, {named(ends)}, coalesce(object.username, '-'))
        FROM {about(variant, ends, "world_note")}"""


# --- counting and comparing


def tables_of(cursor: Cursor) -> set[str]:
    """The tables of the database; those of other schemas as "schema.table"."""
    cursor.execute("""
        SELECT CASE schemaname WHEN 'public' THEN tablename
            ELSE schemaname || '.' || tablename END FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')""")
    return {name for (name,) in cursor.fetchall()}


def count(cursor: Cursor, name: str, variant: str, ends: Ends, rule: str) -> dict[str, int]:
    """Write the census down as the table census.<name>; returns how many lines of each fact."""
    cursor.execute("CREATE SCHEMA IF NOT EXISTS census")
    cursor.execute(f"DROP TABLE IF EXISTS census.{name}")
    # PostgreSQL does not know yet how many rows a move has written, and would plan for few
    cursor.execute("ANALYZE")
    cursor.execute(f"CREATE UNLOGGED TABLE census.{name} (fact text, who text, line text)")
    for fact, sql in facts(variant, ends, rule, tables_of(cursor)).items():
        cursor.execute(
            f"INSERT INTO census.{name} SELECT '{fact}', it.* FROM ({sql}) AS it (who, line)"
        )
    cursor.execute(f"SELECT fact, count(*) FROM census.{name} GROUP BY fact")
    return dict(cursor.fetchall())


def compare(cursor: Cursor, before: str, after: str, *, but: tuple[str, ...] = ()) -> list[str]:
    """What is not the same in two counts, three examples of each fact; [] if nothing is.

    but: users who did something meanwhile.
    """
    differences = []
    for one, other, said in ((before, after, "is lost"), (after, before, "is new")):
        cursor.execute(
            f"""SELECT fact, count(*), (array_agg(concat_ws(': ', who, line)))[:3]
                FROM (SELECT fact, who, line FROM census.{one}
                      EXCEPT ALL SELECT fact, who, line FROM census.{other}) AS it
                WHERE who IS NULL OR who <> ALL(%s) GROUP BY fact ORDER BY fact""",
            [list(but)],
        )
        differences += [
            f"{fact}: {number} {said}, such as {'; '.join(examples)}"
            for fact, number, examples in cursor.fetchall()
        ]
    return differences
