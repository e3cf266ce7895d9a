"""From any number of rows for a user to one record, and back."""

from django.conf import settings

from moves.operations.archive import close_archive, open_archive
from moves.operations.base import Refused, Step, rows
from moves.operations.indexes import without_indexes

# What a person chooses by MOVES_DUPLICATES in the settings. The newest row has the highest key.
RULES = {
    "newest": """
        SELECT DISTINCT ON (user_id) user_id, birthdate, discord_id, zoom_id
        FROM {people} ORDER BY user_id, person_id DESC
    """,
    "fill": """
        SELECT user_id,
            (array_agg(birthdate ORDER BY person_id DESC)
                FILTER (WHERE birthdate IS NOT NULL))[1] AS birthdate,
            (array_agg(discord_id ORDER BY person_id DESC)
                FILTER (WHERE discord_id IS NOT NULL))[1] AS discord_id,
            (array_agg(zoom_id ORDER BY person_id DESC)
                FILTER (WHERE zoom_id IS NOT NULL))[1] AS zoom_id
        FROM {people} GROUP BY user_id
    """,
}

TWICE = """
    SELECT username, count(*) FROM {people} JOIN auth_user ON auth_user.id = user_id
    GROUP BY username HAVING count(*) > 1 ORDER BY username
"""


class OneOfMany(Step):
    """Choose one record of a user's several, into the temporary table one_person.

    Refused if a user has several and no rule is chosen. All rows go to archive.person.
    Backwards: fill the table `people` again, from `one` (SQL that gives user_id and the extras, as
    they are now) and from the archive: who had several rows gets them back, the newest with what
    is said now. If that is still what the rule made of them, the newest has its gaps again. Who had
    none gets one for their extras; without extras, only if also_empty.
    """

    def __init__(self, people, one, *, also_empty=False):
        self.people = people
        self.one = one
        self.also_empty = also_empty

    def forwards(self, cursor):
        rule = chosen_rule(cursor, self.people)
        # what somebody writes between the choice and the end would be lost
        cursor.execute(f"LOCK TABLE {self.people} IN SHARE ROW EXCLUSIVE MODE")
        choice = RULES[rule].format(people=self.people)
        cursor.execute(f"CREATE TEMPORARY TABLE one_person ON COMMIT DROP AS {choice}")
        cursor.execute("ANALYZE one_person")
        open_archive(cursor)
        cursor.execute(
            "INSERT INTO archive.person SELECT"
            f" person_id, user_id, birthdate, discord_id, zoom_id FROM {self.people}"
        )
        cursor.execute("DROP TABLE IF EXISTS archive.filled")
        if rule == "fill":
            cursor.execute(f"CREATE TABLE {FILLED}")
            cursor.execute(KEEP_FILLED)
        close_archive(cursor)

    def backwards(self, cursor):
        open_archive(cursor)
        cursor.execute(f"CREATE TEMPORARY TABLE one_person ON COMMIT DROP AS {self.one}")
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {FILLED}")
        cursor.execute("ANALYZE one_person, archive.person, archive.filled")
        enough = 0 if self.also_empty else 1
        with without_indexes(cursor, self.people):
            for sql in (GAPS_AGAIN, SEQUENCE, PEOPLE_AGAIN):
                cursor.execute(sql.format(people=self.people, enough=enough))
        cursor.execute("DROP TABLE archive.person, archive.filled, one_person")
        close_archive(cursor)

    def describe(self):
        return f"Choose one record of each user's in {self.people}"


# what the rule made of a newest row with gaps; to be told from what somebody says afterwards
FILLED = """archive.filled (
    user_id bigint PRIMARY KEY, birthdate date, discord_id text, zoom_id text)"""
KEEP_FILLED = """
    INSERT INTO archive.filled
    SELECT one.* FROM one_person AS one JOIN (
        SELECT DISTINCT ON (user_id) * FROM archive.person ORDER BY user_id, person_id DESC)
        AS newest USING (user_id)
    WHERE (newest.birthdate, newest.discord_id, newest.zoom_id)
        IS DISTINCT FROM (one.birthdate, one.discord_id, one.zoom_id)
"""
# the whole record counts: who has saved a form since has saved what was filled in there, too
GAPS_AGAIN = """
    UPDATE one_person AS now SET birthdate = newest.birthdate, discord_id = newest.discord_id,
        zoom_id = newest.zoom_id
    FROM archive.filled JOIN (
        SELECT DISTINCT ON (user_id) * FROM archive.person ORDER BY user_id, person_id DESC)
        AS newest USING (user_id)
    WHERE filled.user_id = now.user_id
      AND (now.birthdate, now.discord_id, now.zoom_id)
        IS NOT DISTINCT FROM (filled.birthdate, filled.discord_id, filled.zoom_id)
"""
# an inserted key moves no sequence
SEQUENCE = """
    SELECT setval(pg_get_serial_sequence('{people}', 'person_id'), max(person_id))
    FROM archive.person HAVING max(person_id) IS NOT NULL
"""
# all that are in the archive, the newest with what is said now; and who was in none
# (the sequence is looked up in a subquery: once, and not for each row)
PEOPLE_AGAIN = """
    INSERT INTO {people} (person_id, user_id, birthdate, discord_id, zoom_id)
    SELECT coalesce(person_id,
            nextval((SELECT pg_get_serial_sequence('{people}', 'person_id')::regclass))), user_id,
        CASE WHEN is_older THEN archived.birthdate ELSE now.birthdate END,
        CASE WHEN is_older THEN archived.discord_id ELSE now.discord_id END,
        CASE WHEN is_older THEN archived.zoom_id ELSE now.zoom_id END
    FROM one_person AS now LEFT JOIN (
        SELECT *, lead(person_id) OVER (PARTITION BY user_id ORDER BY person_id) IS NOT NULL
            AS is_older
        FROM archive.person WHERE person_id IS NOT NULL) AS archived USING (user_id)
    WHERE person_id IS NOT NULL
        OR num_nonnulls(now.birthdate, now.discord_id, now.zoom_id) >= {enough}
    ORDER BY user_id
"""


class WithoutPerson(Step):
    """Write down which users have no row in person; on the way back they get none.

    one: SQL that gives user_id and the extra fields, as they are on the way back. Users who have
    registered since, or have extra fields by now, get a row.
    """

    def __init__(self, one):
        self.one = one

    def forwards(self, cursor):
        open_archive(cursor)
        cursor.execute(WITHOUT_PERSON)
        close_archive(cursor)

    def backwards(self, cursor):
        open_archive(cursor)
        with without_indexes(cursor, "person"):
            cursor.execute(WITH_PERSON.format(one=self.one))
        cursor.execute("DROP TABLE archive.without_person")
        close_archive(cursor)

    def describe(self):
        return "Keep in the archive which users have no person"


WITHOUT_PERSON = """
    INSERT INTO archive.without_person SELECT id FROM auth_user
    WHERE NOT EXISTS (SELECT FROM person WHERE user_id = id) ON CONFLICT DO NOTHING
"""
WITH_PERSON = """
    INSERT INTO person (user_id, birthdate, discord_id, zoom_id)
    SELECT user_id, birthdate, discord_id, zoom_id FROM ({one}) AS now
    WHERE num_nonnulls(birthdate, discord_id, zoom_id) > 0
        OR user_id NOT IN (SELECT user_id FROM archive.without_person)
    ORDER BY user_id
"""


def chosen_rule(cursor, people="person"):
    """The rule; raises Refused with a list if one is needed and none is chosen."""
    rule = getattr(settings, "MOVES_DUPLICATES", "")
    if not rule:
        refuse_duplicates(rows(cursor, TWICE.format(people=people)))
        return "newest"
    if rule not in RULES:
        raise Refused(f"The rule for duplicates is {rule!r}: choose one of {', '.join(RULES)}.")
    return rule


def refuse_duplicates(twice):
    if not twice:
        return
    shown = ", ".join(f"{username} ({number})" for username, number in twice[:10])
    more = f" and {len(twice) - 10} more" if len(twice) > 10 else ""
    raise Refused(
        f"{len(twice)} users have more than one row of person, {shown}{more}: "
        f"choose a rule, {' or '.join(RULES)} (MOVES_DUPLICATES, or --duplicates)."
    )
