"""Permissions of a content type, and who holds them: users and groups."""

from functools import partial

from moves.operations.base import is_there

GRANTS = {"auth_user_user_permissions": "user_id", "auth_group_permissions": "group_id"}

# "change" of the permission change_player of a model player; else the whole codename
ACTION = """
    CREATE OR REPLACE FUNCTION pg_temp.action(codename text, model text) RETURNS text
    LANGUAGE sql IMMUTABLE AS
    $$ SELECT CASE WHEN right(codename, length(model) + 1) = '_' || model
        THEN left(codename, -length(model) - 1) ELSE codename END $$;
"""
# the holders of a content type's permissions, by action
HELD = """
    SELECT {holder} AS holder, pg_temp.action(codename, model) AS action, {grants}.id
    FROM {grants} JOIN auth_permission ON auth_permission.id = permission_id
    JOIN django_content_type ON django_content_type.id = content_type_id
    WHERE content_type_id = %s
"""
OF_TYPE = """
    SELECT auth_permission.id, pg_temp.action(codename, model) AS action
    FROM auth_permission JOIN django_content_type ON django_content_type.id = content_type_id
    WHERE content_type_id = %s
"""


def keep(cursor, label, old, into):
    """Write down the permissions of `old`, and who holds these and those of `into`."""
    cursor.execute(ACTION)
    cursor.execute(
        "INSERT INTO archive.permission SELECT %s, id, name, codename FROM auth_permission"
        " WHERE content_type_id = %s",
        [label, old],
    )
    for grants, holder in GRANTS.items():
        held = HELD.format(grants=grants, holder=holder)
        for side, number in (("old", old), ("into", into)):
            cursor.execute(
                "INSERT INTO archive.holder"
                f" SELECT %s, %s, %s, holder, action FROM ({held}) AS held",
                [label, side, grants, number],
            )


def copy(cursor, one, other):
    """Give each holder of a permission of `one` the same of `other`."""
    cursor.execute(ACTION)
    for grants, holder in GRANTS.items():
        cursor.execute(
            f"INSERT INTO {grants} ({holder}, permission_id) SELECT holder, other.id"
            f" FROM ({HELD.format(grants=grants, holder=holder)}) AS held"
            f" JOIN ({OF_TYPE}) AS other USING (action) ORDER BY 1, 2 ON CONFLICT DO NOTHING",
            [one, other],
        )


def make(cursor, label, number):
    """The permissions of a content type: those that were kept, and the four that Django gives."""
    cursor.execute(
        "INSERT INTO auth_permission (id, name, content_type_id, codename)"
        " SELECT id, name, %s, codename FROM archive.permission WHERE label = %s"
        " ON CONFLICT DO NOTHING",
        [number, label],
    )
    model = label.partition(".")[2]
    for action in ("add", "change", "delete", "view"):
        cursor.execute(
            "INSERT INTO auth_permission (name, content_type_id, codename) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [f"Can {action} {model}", number, f"{action}_{model}"],
        )


def give_back(cursor, label, old, into, *, same):
    """Give the permissions of `old` to who held them, and forget what was written down.

    same: only to who holds the one of `into` still; who got that in their place gives it back.
    """
    cursor.execute(ACTION)
    # else PostgreSQL takes it for a few rows, and goes through them all for each holder
    cursor.execute("ANALYZE archive.holder")
    for grants, holder in GRANTS.items():
        if same:
            give_back_the_same(cursor, label, grants, holder, old, into)
        else:
            owner = {"user_id": "auth_user", "group_id": "auth_group"}[holder]
            cursor.execute(
                f"INSERT INTO {grants} ({holder}, permission_id) SELECT {owner}.id, one.id"
                f" FROM archive.holder AS was JOIN {owner} ON {owner}.id = was.holder"
                f" JOIN ({OF_TYPE}) AS one USING (action)"
                " WHERE label = %s AND side = 'old' AND grants = %s ORDER BY 1, 2"
                " ON CONFLICT DO NOTHING",
                [old, label, grants],
            )
    for table in ("permission", "holder"):
        cursor.execute(f"DELETE FROM archive.{table} WHERE label = %s", [label])


# a former holder of the same permission on one side
WAS = """
    SELECT FROM archive.holder AS was WHERE label = %s AND side = %s AND grants = %s
      AND was.holder = held.holder AND was.action = held.action
"""


def give_back_the_same(cursor, label, grants, holder, old, into):
    held = HELD.format(grants=grants, holder=holder)
    had_old, had_into = [label, "old", grants], [label, "into", grants]
    cursor.execute(
        f"INSERT INTO {grants} ({holder}, permission_id) SELECT holder, one.id"
        f" FROM ({held}) AS held JOIN ({OF_TYPE}) AS one USING (action)"
        f" WHERE EXISTS ({WAS}) OR NOT EXISTS ({WAS}) ORDER BY 1, 2 ON CONFLICT DO NOTHING",
        [into, old, *had_old, *had_into],
    )
    cursor.execute(
        f"DELETE FROM {grants} USING ({held}) AS held WHERE {grants}.id = held.id"
        f" AND EXISTS ({WAS}) AND NOT EXISTS ({WAS})",
        [into, *had_old, *had_into],
    )


def delete(cursor, number):
    """Delete a content type's permissions, and take them from who holds them."""
    for grants in filter(partial(is_there, cursor), GRANTS):
        cursor.execute(
            f"DELETE FROM {grants} USING auth_permission"
            " WHERE permission_id = auth_permission.id AND content_type_id = %s",
            [number],
        )
    cursor.execute("DELETE FROM auth_permission WHERE content_type_id = %s", [number])
