"""Reading"""

from suite.compare import CANNOT, compare
from suite.variant import User, path


@compare(proxy_model=CANNOT, profile_onetoone=1, custom_user=0, foreignkey=1, mark="known")
def test_joins_to_read_one_player_with_extras(alice, statements):
    """How many joins does it take to read one player with their birthdate?"""
    assert User.objects.values("username", path("birthdate")).get(pk=alice.pk)
    return statements.joins()
