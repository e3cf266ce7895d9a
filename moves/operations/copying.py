"""The extras from people to users and back, in batches, while the site serves."""

from django.db import transaction

from moves.operations.archive import close_archive, open_archive
from moves.operations.base import is_there
from moves.operations.batches import InBatches, for_all_users
from moves.operations.people import RULES, WITHOUT_PERSON, chosen_rule

TO_USERS = """
    UPDATE auth_user SET birthdate = one.birthdate, discord_id = one.discord_id,
        zoom_id = one.zoom_id
    FROM ({one}) AS one
    WHERE one.user_id = auth_user.id AND auth_user.id = ANY(%(users)s)
      AND (auth_user.birthdate, auth_user.discord_id, auth_user.zoom_id)
        IS DISTINCT FROM (one.birthdate, one.discord_id, one.zoom_id)
"""
THEIR_PEOPLE = "(SELECT * FROM person WHERE user_id = ANY(%(users)s)) AS person"
# the newest row of who has several, where the rule is about to fill its gaps
KEEP_GAPS = """
    INSERT INTO archive.person
    SELECT newest.* FROM (
        SELECT DISTINCT ON (user_id) person_id, user_id, birthdate, discord_id, zoom_id
        FROM person WHERE user_id = ANY(%(users)s) ORDER BY user_id, person_id DESC) AS newest
    JOIN ({one}) AS one USING (user_id)
    WHERE (newest.birthdate, newest.discord_id, newest.zoom_id)
        IS DISTINCT FROM (one.birthdate, one.discord_id, one.zoom_id)
      AND NOT EXISTS (SELECT FROM archive.person AS it WHERE it.person_id = newest.person_id)
"""


class CopyPeople(InBatches):
    """The extras that are in `person` already, into the users' rows; the triggers are there.

    many: a user may have several, and the rule is asked which one counts. What it says is written
    into the newest one, too, by the triggers: from then on the newest is meant in both codes.
    """

    def __init__(self, *, many=False):
        self.many = many

    def to_do(self, cursor):
        if not self.many:
            return [TO_USERS.format(one=f"SELECT * FROM {THEIR_PEOPLE}")]
        open_archive(cursor)
        cursor.execute(FIND_THEM)
        one = RULES[chosen_rule(cursor)].format(people=THEIR_PEOPLE)
        return [KEEP_GAPS.format(one=one), TO_USERS.format(one=one)]

    def backwards(self, cursor):
        if self.many:
            cursor.execute("DROP TABLE IF EXISTS archive.person")
            close_archive(cursor)

    def describe(self):
        return "Copy the extras from person into auth_user in batches"


class PeopleAgain(InBatches):
    """On the way back: a person for each user who had one, or has registered since.

    Who had none stands in the archive. The triggers are there.
    """

    def forwards(self, cursor):
        with transaction.atomic(using=cursor.db.alias):
            open_archive(cursor)
            cursor.execute(WITHOUT_PERSON)
            close_archive(cursor)

    def backwards(self, cursor):
        with transaction.atomic(using=cursor.db.alias):
            open_archive(cursor)
        super().backwards(cursor)
        with transaction.atomic(using=cursor.db.alias):
            cursor.execute("DROP TABLE archive.without_person")
            close_archive(cursor)

    def to_do_back(self, cursor):
        return [
            """INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
               SELECT id, birthdate, discord_id, zoom_id FROM auth_user
               WHERE id = ANY(%(users)s) AND (num_nonnulls(birthdate, discord_id, zoom_id) > 0
                   OR NOT EXISTS (SELECT FROM archive.without_person WHERE user_id = id))
               ON CONFLICT DO NOTHING"""
        ]

    def describe(self):
        return "Make people again on the way back, in batches"


class ArchivePeople(InBatches):
    """All rows of people into archive.person; on the way back, all of them again.

    Nobody changes older rows any more: only the old code did, and it is stopped. Of the newest the
    user's own row says what is true.
    """

    def forwards(self, cursor):
        with transaction.atomic(using=cursor.db.alias):
            open_archive(cursor)
            cursor.execute(KEEP_THE_REST)
            close_archive(cursor)

    def backwards(self, cursor):
        with transaction.atomic(using=cursor.db.alias):
            open_archive(cursor)
            cursor.execute(FIND_THEM)
        super().backwards(cursor)
        with transaction.atomic(using=cursor.db.alias):
            cursor.execute("DROP TABLE archive.person")
            close_archive(cursor)

    def to_do_back(self, cursor):
        return [SAME_KEY, NEWEST_AGAIN, OLDER_AGAIN, FIRST_TIME]

    def describe(self):
        return "Keep all rows of people in archive.person"


FIND_THEM = """
    CREATE INDEX IF NOT EXISTS person_user ON archive.person (user_id, person_id);
    CREATE INDEX IF NOT EXISTS person_key ON archive.person (person_id);
    ANALYZE archive.person
"""
# those whose gaps were filled are there already, as they were; PostgreSQL is told how few they are
KEEP_THE_REST = """
    CREATE TEMPORARY TABLE gap ON COMMIT DROP AS
        SELECT was.* FROM archive.person AS was JOIN person USING (person_id);
    ANALYZE gap;
    TRUNCATE archive.person;
    INSERT INTO archive.person SELECT * FROM gap;
    INSERT INTO archive.person
        SELECT it.person_id, it.user_id, it.birthdate, it.discord_id, it.zoom_id
        FROM person AS it LEFT JOIN gap USING (person_id) WHERE gap.person_id IS NULL
"""
# who was given a row by the triggers since they are there again: it is the newest of those before
SAME_KEY = """
    UPDATE person SET person_id = was.person_id
    FROM (SELECT user_id, max(person_id) AS person_id FROM archive.person
          WHERE user_id = ANY(%(users)s) GROUP BY user_id) AS was
    WHERE person.user_id = was.user_id AND NOT EXISTS (
        SELECT FROM archive.person AS it WHERE it.person_id = person.person_id)
"""
NEWEST_AGAIN = """
    INSERT INTO person (person_id, user_id, birthdate, discord_id, zoom_id)
    SELECT was.person_id, id, birthdate, discord_id, zoom_id
    FROM auth_user JOIN (
        SELECT user_id, max(person_id) AS person_id FROM archive.person
        WHERE user_id = ANY(%(users)s) GROUP BY user_id) AS was ON user_id = id
    WHERE NOT EXISTS (SELECT FROM person WHERE person.user_id = id)
"""
OLDER_AGAIN = """
    INSERT INTO person (person_id, user_id, birthdate, discord_id, zoom_id)
    SELECT person_id, user_id, birthdate, discord_id, zoom_id FROM archive.person AS was
    WHERE user_id = ANY(%(users)s)
      AND NOT EXISTS (SELECT FROM person WHERE person.person_id = was.person_id)
"""
FIRST_TIME = """
    INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
    SELECT id, birthdate, discord_id, zoom_id FROM auth_user
    WHERE id = ANY(%(users)s) AND num_nonnulls(birthdate, discord_id, zoom_id) > 0
      AND NOT EXISTS (SELECT FROM person WHERE user_id = id)
    ORDER BY id
"""


class ArchivedExtras(InBatches):
    """What an earlier move has kept in archive.person, into the users' rows; back into it again."""

    def forwards(self, cursor):
        if not is_there(cursor, "archive.person"):
            return
        cursor.execute(FIND_THEM)
        for_all_users(cursor, [TO_USERS.format(one=NEWEST_ARCHIVED)])
        with transaction.atomic(using=cursor.db.alias):
            cursor.execute("DROP TABLE archive.person")
            close_archive(cursor)

    def backwards(self, cursor):
        with transaction.atomic(using=cursor.db.alias):
            open_archive(cursor)
            cursor.execute("DELETE FROM archive.person")
            cursor.execute(
                "INSERT INTO archive.person"
                " SELECT NULL, id, birthdate, discord_id, zoom_id FROM auth_user"
                " WHERE num_nonnulls(birthdate, discord_id, zoom_id) > 0"
            )
            close_archive(cursor)

    def describe(self):
        return "Copy the extras from archive.person into auth_user in batches"


NEWEST_ARCHIVED = """
    SELECT DISTINCT ON (user_id) * FROM archive.person WHERE user_id = ANY(%(users)s)
    ORDER BY user_id, person_id DESC
"""
