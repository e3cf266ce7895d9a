"""custom_user by hand: one table, each operation one statement about the user's own row."""

from benchmarks.floor import common

DETAILS = "username, email, birthdate, discord_id, zoom_id"
ENROL = """
    INSERT INTO players_user (username, password, email, birthdate, discord_id, zoom_id,
        first_name, last_name, is_staff, is_superuser, is_active, date_joined, last_login)
    VALUES (%s, %s, %s, %s, %s, %s, '', '', false, false, true, %s, %s) RETURNING id
"""
PEOPLE = """
    COPY players_user (username, password, email, birthdate, discord_id, zoom_id,
        first_name, last_name, is_staff, is_superuser, is_active, date_joined) FROM STDIN
"""


def enrol(connection, row, password, last_login=None):
    values = [row["username"], password, row.get("email", ""), *extras(row)]
    return connection.execute(ENROL, [*values, common.now(), last_login]).fetchone()["id"]


def extras(row):
    return row.get("birthdate"), row.get("discord_id"), row.get("zoom_id")


def register(connection, username, password, **details):
    return enrol(connection, {"username": username} | details, common.hashed(password))


def find(connection, username):
    return connection.execute(
        f"SELECT {DETAILS} FROM players_user WHERE username = %s", [username]
    ).fetchone()


def page(connection, after="", size=50):
    return connection.execute(
        f"SELECT {DETAILS} FROM players_user WHERE username > %s ORDER BY username LIMIT %s",
        [after, size],
    ).fetchall()


def by_discord_id(connection, discord_id):
    return connection.execute(
        f"SELECT {DETAILS} FROM players_user WHERE discord_id = %s ORDER BY username",
        [discord_id],
    ).fetchall()


def count_under(connection, age):
    return connection.execute(
        "SELECT count(*) FROM players_user WHERE birthdate > %s", [common.born_after(age)]
    ).fetchone()["count"]


def change(connection, username, **new):
    names = ", ".join(f"{name} = %s" for name in new)
    return bool(
        connection.execute(
            f"UPDATE players_user SET {names} WHERE username = %s", [*new.values(), username]
        ).rowcount
    )


def remove(connection, username):
    with connection.transaction():
        return common.remove_user(connection, "players_user", username, also=())


def add_many(connection, rows, password=None):
    secret = common.hashed(password) if password else common.UNUSABLE
    plain = ("", "", False, False, True, common.now())
    cursor = connection.cursor()
    with cursor.copy(PEOPLE) as copy:
        for row in rows:
            copy.write_row([row["username"], secret, row.get("email", ""), *extras(row), *plain])
    return cursor.rowcount


load = add_many


def register_page(connection, username, password, **details):
    with connection.transaction():
        row = {"username": username} | details
        user = enrol(connection, row, common.hashed(password), common.now())
        return common.begin_session(connection, user)


def login_page(connection, username, password):
    return common.log_in(connection, "players_user", username, password)


def profile_page(connection, key):
    return connection.execute(
        f"SELECT {DETAILS} FROM players_user WHERE id = %s",
        [common.user_of_session(connection, key)],
    ).fetchone()
