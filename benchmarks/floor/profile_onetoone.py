"""profile_onetoone by hand: the user's row, and a row of `person` whose primary key it is."""

from benchmarks.floor import common

DETAILS = "username, email, birthdate, discord_id, zoom_id"
JOINED = f"SELECT {DETAILS} FROM auth_user LEFT JOIN person ON person.user_id = auth_user.id"


def enrol(connection, row, password, last_login=None):
    user = common.enrol_user(connection, row, password, last_login)
    connection.execute(
        "INSERT INTO person (user_id, birthdate, discord_id, zoom_id) VALUES (%s, %s, %s, %s)",
        [user, *extras(row)],
    )
    return user


def extras(row):
    return row.get("birthdate"), row.get("discord_id"), row.get("zoom_id")


def register(connection, username, password, **details):
    with connection.transaction():
        return enrol(connection, {"username": username} | details, common.hashed(password))


def find(connection, username):
    return connection.execute(f"{JOINED} WHERE username = %s", [username]).fetchone()


def page(connection, after="", size=50):
    return connection.execute(
        f"{JOINED} WHERE username > %s ORDER BY username LIMIT %s", [after, size]
    ).fetchall()


def by_discord_id(connection, discord_id):
    return connection.execute(
        f"{JOINED} WHERE discord_id = %s ORDER BY username", [discord_id]
    ).fetchall()


def count_under(connection, age):
    return connection.execute(
        "SELECT count(*) FROM person WHERE birthdate > %s", [common.born_after(age)]
    ).fetchone()["count"]


def change(connection, username, email=None, **new):
    with connection.transaction():
        user = common.locked(connection, username, email)
        if user is None:
            return False
        if new:
            names, places = ", ".join(new), ", ".join(["%s"] * len(new))
            taken = ", ".join(f"{name} = excluded.{name}" for name in new)
            connection.execute(
                f"""INSERT INTO person (user_id, {names}) VALUES (%s, {places})
                    ON CONFLICT (user_id) DO UPDATE SET {taken}""",
                [user, *new.values()],
            )
        return True


def remove(connection, username):
    with connection.transaction():
        return common.remove_user(connection, "auth_user", username, also=["person"])


def add_many(connection, rows, password=None):
    rows = list(rows)
    with connection.transaction():
        added = common.copy_users(connection, rows, password)
        common.copy_people(connection, rows)
    return added


load = common.load_users_and_people


def register_page(connection, username, password, **details):
    with connection.transaction():
        row = {"username": username} | details
        user = enrol(connection, row, common.hashed(password), common.now())
        return common.begin_session(connection, user)


def login_page(connection, username, password):
    return common.log_in(connection, "auth_user", username, password)


def profile_page(connection, key):
    return connection.execute(
        f"{JOINED} WHERE auth_user.id = %s", [common.user_of_session(connection, key)]
    ).fetchone()
