"""What a move looks at before it begins: each check refuses in one sentence."""

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from moves.operations import dependents
from moves.operations.base import Refused, Step, is_there, rows
from moves.operations.content_types import found
from moves.operations.keys import PARTS, USERS
from moves.operations.people import chosen_rule
from moves.operations.references import pointing

EXTRAS = ("birthdate", "discord_id", "zoom_id")
TOO_LONG = 2**31


class LookFirst(Step):
    """Refuse a bad start, before anything has been changed.

    back: on the way back, as the last operation of the last migration, which runs first then.
    """

    def __init__(self, *checks, back=False):
        self.checks = checks
        self.back = back

    def database_forwards(self, app_label, editor, before, after):
        if not self.back:
            no_other_move(app_label, editor.connection)
            self.run(lambda cursor: self.look(cursor, before), editor)

    def database_backwards(self, app_label, editor, before, after):
        if self.back:
            self.run(lambda cursor: self.look(cursor, before), editor)

    def look(self, cursor, state):
        for check in self.checks:
            check(cursor, state)

    def describe(self):
        return "Look first: refuse a bad start"


def no_other_move(app_label, connection):
    """No migration of an earlier move is recorded: else one of that name would not run again."""
    recorded = {
        name for app, name in MigrationRecorder(connection).applied_migrations() if app == app_label
    }
    mine = {name for app, name in MigrationLoader(None).disk_migrations if app == app_label}
    if others := sorted(recorded - mine):
        raise Refused(
            f"The migrations of an earlier move are still recorded ({', '.join(others)}): when you "
            f"need no way back by it any more, run `migrate {app_label} --prune` with the settings "
            "that the site has now, and drop the schema archive if there is one."
        )


def nothing_is_lost(*, drops=False, users=False, makes=()):
    """A check that nothing depends on what the move drops or rewrites, and that it may do so.

    drops: it drops the table person. users: it renames the users' table, changes its key, and drops
    the columns for the extra fields if it has them. makes: the names that it needs for new tables.
    """

    def check(cursor, state):
        tables = [it for it in USERS if is_there(cursor, it)] if users else []
        columns = [(table, None) for table in tables]
        said = {"makes": names(makes), "tables": [*tables, "person"] if drops else tables}
        found = [line for (line,) in rows(cursor, NOT_ALLOWED, said)]
        if users:
            keys = dependents.keys_of(cursor, tables[0])
            columns += [(table, column) for table, column, _ in keys]
            found += [said for *_, said in keys if said] + dependents.on(cursor, columns)
            found += dependents.failing(cursor, [(tables[0], "id"), *(it[:2] for it in keys)])
            found += dependents.on_extras(cursor, tables[0], EXTRAS)
        if drops:
            found += dependents.on(cursor, [("person", None)], keys=True)
            found += dependents.unlike_fresh(cursor, state.apps.get_model("players", "person"))
            tables.append("person")
        pointing(cursor)
        found += dependents.pointing_elsewhere(cursor)
        found += dependents.published(cursor, tables)
        found += dependents.interfering(cursor, tables)
        found += dependents.mentioning(cursor, tables) if tables else []
        if found:
            raise Refused(in_the_way(list(dict.fromkeys(found))))

    return check


def names(tables):
    """Return the names of these tables, and of the two many-to-many tables of the users' table."""
    return [f"{name}{part}" for name in tables for part in (PARTS if "user" in name else ("",))]


NOT_ALLOWED = """
    SELECT 'the name ' || name || ', which the move needs for a table'
    FROM unnest(%(makes)s::text[]) AS name
    WHERE to_regclass(name) IS NOT NULL OR to_regtype(name) IS NOT NULL
    UNION ALL
    SELECT format('table %%s, which belongs to another role', oid::regclass) FROM pg_class
    WHERE oid = ANY(SELECT to_regclass(name) FROM unnest(%(tables)s::text[]) AS name)
      AND NOT pg_has_role(relowner, 'USAGE')
    UNION ALL
    SELECT format('a role without CREATE on database %%I', current_database())
    WHERE NOT has_database_privilege(current_database(), 'CREATE')
    UNION ALL
    SELECT 'a role without CREATE on schema public'
    WHERE NOT has_schema_privilege('public', 'CREATE')
"""
MANY = 20


def in_the_way(found):
    """Return the sentence for what would be lost, or would stop the move halfway."""
    more = f"; and {len(found) - MANY} more" if len(found) > MANY else ""
    return (
        f"The move would lose or be stopped by: {'; '.join(found[:MANY])}{more}. Nothing has been "
        "changed. Save the definitions (pg_dump --schema-only), drop or change what is listed, and "
        "restore it after the move."
    )


def known_columns(cursor, state):
    """Every column of the players' tables is one that Django's models know."""
    for model in state.apps.get_models():
        if model._meta.app_label != "players" and model._meta.label != "auth.User":
            continue
        known = {field.column for field in model._meta.concrete_fields}
        for (column,) in rows(cursor, COLUMNS, [model._meta.db_table]):
            if column not in known:
                raise Refused(unknown(model._meta.db_table, column))


COLUMNS = """
    SELECT attname::text FROM pg_attribute
    WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


def unknown(table, column):
    if column in EXTRAS:
        return (
            f"{table} has a column {column} of its own already, which the move would need for the "
            "players' extras: rename it first."
        )
    return (
        f"{table} has a column {column} that no model knows, so the move would lose it or be "
        "stopped by it: add it to a model or drop it first."
    )


def everybody_is_there(cursor, state):
    """Every row that should point at a user does. A foreign key of PostgreSQL's vouches for it."""
    for model in state.apps.get_models():
        for field in model._meta.concrete_fields:
            target = field.remote_field and field.remote_field.model._meta.db_table
            if target not in ("auth_user", "players_user"):
                continue
            look_for_lost(cursor, model._meta.db_table, field.column)


def look_for_lost(cursor, table, column):
    users = "players_user" if is_there(cursor, "players_user") else "auth_user"
    if not is_there(cursor, table) or rows(cursor, VOUCHED, [table, column]):
        return
    lost = rows(
        cursor,
        f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL AND NOT EXISTS'
        f' (SELECT FROM {users} WHERE id = "{table}"."{column}") LIMIT 1',
    )
    if lost:
        raise Refused(
            f"{table} has a row whose {column} is {lost[0][0]}, and there is no such user: "
            "delete it, or bring the user back."
        )


VOUCHED = """
    SELECT FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE conrelid = to_regclass(%s) AND attname = %s AND contype = 'f' AND convalidated
"""


def each_object_is_there(label, table, key):
    """A check that every generic relation to a content type's objects finds its object."""

    def check(cursor, state):
        number = found(cursor, label)
        if number is None or not is_there(cursor, table):
            return
        for it in pointing(cursor):
            if it.nullable:  # the admin's log remembers what is gone, too
                continue
            lost = rows(
                cursor,
                f"SELECT {it.key}, {it.object} FROM {it.table} WHERE {it.type} = %s"
                f" AND NOT EXISTS (SELECT FROM {table} AS its WHERE its.{key} = {it.number})"
                " LIMIT 1",
                [number],
            )
            if lost:
                raise Refused(
                    f"Row {lost[0][0]} of {it.table} points at {label} {lost[0][1]}, and there is "
                    "none: delete the row, or let it point at one that is there."
                )

    return check


def nothing_is_folded(label):
    """A check that no earlier move has left in the archive what it kept of a content type."""

    def check(cursor, state):
        if is_there(cursor, "archive.content_type") and rows(cursor, FOLDED, [label]):
            raise Refused(
                f"The archive holds what an earlier move kept of {label}: go back by that move, or "
                "drop the schema archive if nobody needs it any more."
            )

    return check


FOLDED = "SELECT FROM archive.content_type WHERE label = %s"


def a_rule_for_duplicates(cursor, state):
    """No user has several records, or a rule is chosen for those who do."""
    chosen_rule(cursor)


def keys_fit_integer(cursor, state):
    """No user's key is too long for the type that Django's own table has."""
    users = "players_user" if is_there(cursor, "players_user") else "auth_user"
    highest = rows(cursor, f"SELECT max(id) FROM {users}")[0][0]
    if highest is not None and highest >= TOO_LONG:
        raise Refused(
            f"{users} has the key {highest}, and Django's own auth_user takes none over "
            f"{TOO_LONG - 1}: stay with a custom user."
        )


def archive_is_free(cursor, state):
    """No earlier move has left people in the archive, with whom this one's would mix."""
    if is_there(cursor, "archive.person"):
        raise Refused(
            "archive.person holds what an earlier move kept: go back by that move, or drop the "
            "table if nobody needs it any more."
        )
