"""Locks"""

from suite.compare import compare
from suite.sessions import at_the_same_moment
from suite.variant import User, extras_of


@compare(
    proxy_model="cannot",
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
)
def test_login_waits_for_an_open_edit(transactional_db, alice):
    """Does a login wait while an edit of the same player's birthdate is not committed yet?"""

    def edit():
        extras = extras_of(alice)
        extras.birthdate = extras.birthdate.replace(day=1)
        extras.save(update_fields=["birthdate"])

    def login():
        User.objects.filter(pk=alice.pk).update(last_login="2020-01-01T00:00Z")

    race = at_the_same_moment(edit, login)
    if isinstance(race.first, Exception):
        raise race.first
    return race.second_waited
