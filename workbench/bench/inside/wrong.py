"""What is commonly done to read players: with model instances, and mostly wrong."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from workbench.bench.inside import people
from workbench.bench.inside.acts import PAGE, Act

Users = Any


def ways(players: int, place: type[Model] | None) -> Iterator[Act]:
    """Other ways to do what the roster does."""
    everybody = get_user_model()._default_manager.order_by("username")

    def page(way: str, users: Users, read: Callable[[Any], Any]) -> Act:
        def call(after: str) -> list[Any]:
            return [read(user) for user in users.filter(username__gt=after)[:PAGE]]

        return Act("page", way, people.name, call)

    if place is get_user_model():
        yield page("instances", everybody, birthdate)
    elif place is not None and place._meta.get_field("user").one_to_one:
        yield page("instances", everybody.select_related("person"), of_the_person)
        yield page("n_plus_1", everybody, of_the_person)
    elif place is not None:
        together = everybody.prefetch_related("person_set")
        yield page("instances", together, of_the_newest)
        yield page("n_plus_1", everybody, of_the_newest)
        yield page("prefetch_first", together, of_the_first)
    yield Act(
        "deepest_page",
        "offset",
        lambda n: max(players - PAGE, 0),
        lambda skipped: list(everybody.values("username")[skipped : skipped + PAGE]),
    )


def birthdate(user: Any) -> Any:
    """Where the user's own row has it."""
    return user.birthdate


def of_the_person(user: Any) -> Any:
    """Where a person has it, one to one."""
    return user.person.birthdate


def of_the_newest(user: Any) -> Any:
    """Where several people may have it: all of them are asked for, at once if prefetched."""
    return max(user.person_set.all(), key=lambda person: person.pk).birthdate


def of_the_first(user: Any) -> Any:
    """first() asks PostgreSQL, whatever was prefetched."""
    return user.person_set.first().birthdate
