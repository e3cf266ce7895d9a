"""proxy_model by hand: one table, Django's own, which has no place for the extras."""

from benchmarks.floor import common

DETAILS = "username, email"


def enrol(connection, row, password, last_login=None):
    return common.enrol_user(connection, row, password, last_login)


def register(connection, username, password, **details):
    return enrol(connection, {"username": username} | details, common.hashed(password))


def find(connection, username):
    return connection.execute(
        f"SELECT {DETAILS} FROM auth_user WHERE username = %s", [username]
    ).fetchone()


def page(connection, after="", size=50):
    return connection.execute(
        f"SELECT {DETAILS} FROM auth_user WHERE username > %s ORDER BY username LIMIT %s",
        [after, size],
    ).fetchall()


def change(connection, username, email):
    return bool(
        connection.execute(
            "UPDATE auth_user SET email = %s WHERE username = %s", [email, username]
        ).rowcount
    )


def remove(connection, username):
    with connection.transaction():
        return common.remove_user(connection, "auth_user", username, also=())


def add_many(connection, rows, password=None):
    return common.copy_users(connection, rows, password)


load = add_many


def register_page(connection, username, password, **details):
    with connection.transaction():
        row = {"username": username} | details
        user = enrol(connection, row, common.hashed(password), common.now())
        return common.begin_session(connection, user)


def login_page(connection, username, password):
    return common.log_in(connection, "auth_user", username, password)


def profile_page(connection, key):
    return connection.execute(
        f"SELECT {DETAILS} FROM auth_user WHERE id = %s",
        [common.user_of_session(connection, key)],
    ).fetchone()
