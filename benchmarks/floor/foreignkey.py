"""foreignkey by hand: the user's row, and the newest of the rows of `person` that point at it."""

from benchmarks.floor import common

DETAILS = "username, email, birthdate, discord_id, zoom_id"
JOINED = f"""
    SELECT {DETAILS} FROM auth_user LEFT JOIN LATERAL (
        SELECT * FROM person WHERE user_id = auth_user.id ORDER BY person_id DESC LIMIT 1
    ) AS newest ON true
"""
NEWEST = """
    FROM person WHERE {} AND NOT EXISTS (
        SELECT FROM person AS later
        WHERE later.user_id = person.user_id AND later.person_id > person.person_id
    )
"""


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
        f"""SELECT {DETAILS} FROM auth_user JOIN (SELECT * {NEWEST.format("discord_id = %s")})
            AS newest ON user_id = auth_user.id ORDER BY username""",
        [discord_id],
    ).fetchall()


def count_under(connection, age):
    return connection.execute(
        f"SELECT count(*) {NEWEST.format('birthdate > %s')}", [common.born_after(age)]
    ).fetchone()["count"]


def change(connection, username, email=None, **new):
    with connection.transaction():
        user = common.locked(connection, username, email)
        if user is None:
            return False
        if new and not change_newest(connection, user, new):
            names, places = ", ".join(new), ", ".join(["%s"] * len(new))
            connection.execute(
                f"INSERT INTO person (user_id, {names}) VALUES (%s, {places})",
                [user, *new.values()],
            )
        return True


def change_newest(connection, user, new):
    names = ", ".join(f"{name} = %s" for name in new)
    return connection.execute(
        f"""UPDATE person SET {names} WHERE person_id =
            (SELECT person_id FROM person WHERE user_id = %s ORDER BY person_id DESC LIMIT 1)""",
        [*new.values(), user],
    ).rowcount


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
