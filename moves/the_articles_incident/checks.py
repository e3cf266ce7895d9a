"""What has to be so before the user can become the key of person."""

from moves.operations import Refused
from moves.operations.base import rows


def each_row_has_a_user(cursor, state):
    """Somebody has said whose each row is."""
    orphans = rows(cursor, "SELECT person_id FROM person WHERE user_id IS NULL ORDER BY 1")
    if orphans:
        raise Refused(
            f"{len(orphans)} rows of person belong to nobody, the first is {orphans[0][0]}: say "
            "whose they are (UPDATE person SET user_id = ... WHERE person_id = ...), or delete "
            "them."
        )


def no_user_has_two_rows(cursor, state):
    """A key takes each user once."""
    twice = rows(
        cursor,
        "SELECT user_id FROM person GROUP BY user_id HAVING count(*) > 1 ORDER BY user_id",
    )
    if twice:
        raise Refused(
            f"{len(twice)} users have more than one row of person, the first is user "
            f"{twice[0][0]}: leave each of them one."
        )
