"""What the four have in common: connecting, hashing, sessions, and the table of users."""

import json
import secrets
from datetime import UTC, date, datetime, timedelta
from hashlib import md5

import psycopg
from psycopg.rows import dict_row

SESSION_LASTS = timedelta(days=14)
# what Django writes beside the user's id: the backend's name, and a hash of the hash
SIGNED = "django.contrib.auth.backends.ModelBackend" + "0" * 64


# with which nobody can log in, as Django marks it
UNUSABLE = "!" + "0" * 40
# what points at a user in every variant, besides their extras
POINTING = {
    "auth_user": ["auth_user_groups", "auth_user_user_permissions", "django_admin_log"],
    "players_user": ["players_user_groups", "players_user_user_permissions", "django_admin_log"],
}
ENROL = """
    INSERT INTO auth_user (username, password, email, first_name, last_name, is_staff,
        is_superuser, is_active, date_joined, last_login)
    VALUES (%s, %s, %s, '', '', false, false, true, %s, %s) RETURNING id
"""
USER_COLUMNS = """
    username, password, email, first_name, last_name, is_staff, is_superuser, is_active, date_joined
"""
EXTRAS = ("birthdate", "discord_id", "zoom_id")
PEOPLE = f"COPY person (user_id, {', '.join(EXTRAS)}) FROM STDIN"


def connect(database, **where):
    """A connection in autocommit mode; where: as psycopg.connect takes it."""
    return psycopg.connect(
        dbname=database, autocommit=True, row_factory=dict_row, prepare_threshold=0, **where
    )


def now():
    return datetime.now(UTC)


def hashed(password):
    """The password as Django's MD5PasswordHasher stores it: no hash to speak of."""
    salt = secrets.token_hex(11)
    return f"md5${salt}${md5((salt + password).encode()).hexdigest()}"


def fits(password, stored):
    """Whether the password is the one that was stored so."""
    _, salt, digest = stored.split("$")
    return secrets.compare_digest(md5((salt + password).encode()).hexdigest(), digest)


def born_after(age):
    """The latest day on which somebody was born who has reached `age` (in years) today."""
    today = now().date()
    try:
        return today.replace(year=today.year - age)
    except ValueError:  # 29 February, in a year that has none
        return date(today.year - age, 2, 28)


def enrol_user(connection, row, password, last_login):
    """Store a user in Django's own table; returns their id."""
    values = [row["username"], password, row.get("email", ""), now(), last_login]
    return connection.execute(ENROL, values).fetchone()["id"]


def locked(connection, username, email):
    """The id of the user, whose row is locked, with a new e-mail unless that is None."""
    if email is None:
        sql = "SELECT id FROM auth_user WHERE username = %s FOR NO KEY UPDATE"
        found = connection.execute(sql, [username]).fetchone()
    else:
        sql = "UPDATE auth_user SET email = %s WHERE username = %s RETURNING id"
        found = connection.execute(sql, [email, username]).fetchone()
    return found["id"] if found else None


def remove_user(connection, table, username, also):
    """Delete a user and all that points at them; returns whether there was such a user."""
    user = connection.execute(
        f"SELECT id FROM {table} WHERE username = %s FOR UPDATE", [username]
    ).fetchone()
    if user is None:
        return False
    for pointing in [*POINTING[table], *also]:
        connection.execute(f"DELETE FROM {pointing} WHERE user_id = %s", [user["id"]])
    connection.execute(f"DELETE FROM {table} WHERE id = %s", [user["id"]])
    return True


def copy_users(connection, rows, password):
    """Add users to Django's own table by COPY; returns how many."""
    secret = hashed(password) if password else UNUSABLE
    plain = ("", "", False, False, True, now())
    cursor = connection.cursor()
    with cursor.copy(f"COPY auth_user ({USER_COLUMNS}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([row["username"], secret, row.get("email", ""), *plain])
    return cursor.rowcount


def copy_people(connection, rows):
    """Add the extras of users that are there by COPY."""
    names = [row["username"] for row in rows]
    ids = connection.execute(
        "SELECT username, id FROM auth_user WHERE username = ANY(%s)", [names]
    ).fetchall()
    user_of = {found["username"]: found["id"] for found in ids}
    with connection.cursor().copy(PEOPLE) as copy:
        for row in rows:
            copy.write_row([user_of[row["username"]], *(row.get(name) for name in EXTRAS)])


def load_users_and_people(connection, rows):
    """Add users with a row of `person` each to empty tables, by one COPY for each table.

    The ids are counted, because nobody else uses the tables. The rows of `person` wait in memory
    until the first COPY has ended.
    """
    plain = ("", "", False, False, True, now())
    people = []
    cursor = connection.cursor()
    with cursor.copy(f"COPY auth_user (id, {USER_COLUMNS}) FROM STDIN") as copy:
        for user, row in enumerate(rows, 1):
            copy.write_row([user, row["username"], UNUSABLE, row.get("email", ""), *plain])
            people.append([user, *(row.get(name) for name in EXTRAS)])
    with cursor.copy(PEOPLE) as copy:
        for row in people:
            copy.write_row(row)
    connection.execute(
        "SELECT setval(pg_get_serial_sequence('auth_user', 'id'), max(id)) FROM auth_user"
    )


def begin_session(connection, user_id):
    """Store a session of this user; returns its key."""
    key = secrets.token_hex(16)
    data = json.dumps({"user": user_id, "signed": SIGNED})
    connection.execute(
        """INSERT INTO django_session (session_key, session_data, expire_date)
           VALUES (%s, %s, %s)""",
        [key, data, now() + SESSION_LASTS],
    )
    return key


def user_of_session(connection, key):
    """The id of the user whose session this is, or None."""
    found = connection.execute(
        "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s",
        [key, now()],
    ).fetchone()
    return json.loads(found["session_data"])["user"] if found else None


def log_in(connection, table, username, password):
    """Check the password, note the login, begin a session; its key, or None if it is wrong."""
    user = connection.execute(
        f"SELECT id, password, is_active FROM {table} WHERE username = %s", [username]
    ).fetchone()
    if not (user and user["is_active"] and fits(password, user["password"])):
        return None
    with connection.transaction():
        connection.execute(f"UPDATE {table} SET last_login = %s WHERE id = %s", [now(), user["id"]])
        return begin_session(connection, user["id"])
