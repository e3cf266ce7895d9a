"""What is measured: each operation, in each way to do it."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Model

from workbench.bench.inside import people
from workbench.bench.inside.site import Site

PAGE = 50
MANY = 100
AGE = 18

_newcomers = itertools.count(1)


def from_the_first() -> None:
    """Let the newcomers be the same as before; nothing of these may be left."""
    global _newcomers
    _newcomers = itertools.count(1)


@dataclass(frozen=True)
class Act:
    """One operation in one way: `call` is measured, `ready` gives it what it needs beforehand.

    ready takes a player's number. tidy undoes, after some calls, what they left.
    """

    operation: str
    way: str
    ready: Callable[[int], Any]
    call: Callable[[Any], Any]
    tidy: Callable[[], None] = lambda: None


def of_the_roster(way: str, roster: Any, players: int, extras: bool) -> Iterator[Act]:
    """The operations of a roster, or of the floor under it.

    players: how many there are. extras: whether the variant can keep them.
    """
    if players:
        yield from reading(way, roster, players, extras)
        yield Act("change", way, lambda n: changed(n, extras), lambda it: roster.change(**it))
    yield Act(
        "register",
        way,
        lambda n: new(extras) | {"password": people.PASSWORD},
        lambda it: roster.register(**it),
        people.remove_new,
    )
    yield Act("remove", way, lambda n: added(roster, extras), roster.remove)
    yield Act(
        "add_many",
        way,
        lambda n: [new(extras) for _ in range(MANY)],
        roster.add_many,
        people.remove_new,
    )


def reading(way: str, roster: Any, players: int, extras: bool) -> Iterator[Act]:
    """The operations that change nothing."""
    yield Act("find", way, people.name, roster.find)
    yield Act("page", way, people.name, lambda after: roster.page(after, PAGE))
    yield Act(
        "deepest_page",
        way,
        lambda n: people.name(max(players - PAGE, 0)),
        lambda after: roster.page(after, PAGE),
    )
    if extras:
        yield Act(
            "by_discord_id",
            way,
            lambda n: people.details(n)["discord_id"],
            roster.by_discord_id,
        )
        yield Act("count_under", way, lambda n: AGE, roster.count_under)


def of_the_site(site: Site, players: int) -> Iterator[Act]:
    """Registering and logging in, as a browser asks for it."""
    yield Act("register_page", "http", lambda n: new(True), site.register, people.remove_new)
    if players:
        yield Act("login_page", "http", people.name, site.log_in)


def profile(site: Site) -> Act:
    """Showing one's profile; some players are logged in beforehand."""
    sessions: dict[int, str] = {}

    def session(number: int) -> str:
        if len(sessions) < MANY // 10:
            sessions[number] = site.log_in(people.name(number))
        return sessions.get(number) or list(sessions.values())[number % len(sessions)]

    return Act("profile_page", "http", session, site.profile)


def under_the_site(floor: Any, players: int, extras: bool) -> Iterator[Act]:
    """The same end states by SQL."""
    yield Act(
        "register_page",
        "sql",
        lambda n: new(extras) | {"password": people.PASSWORD},
        lambda it: floor.register_page(**it),
        people.remove_new,
    )
    if players:

        def log_in(username: str) -> str:
            return str(floor.login_page(username, people.PASSWORD))

        yield Act("login_page", "sql", people.name, log_in)
        yield Act("profile_page", "sql", lambda n: log_in(people.name(n)), floor.profile_page)


def new(extras: bool) -> dict[str, Any]:
    """Somebody who is not there yet."""
    number = next(_newcomers)
    given = people.details(10_000_000 + number)
    kept = given if extras else {"email": given["email"]}
    return {"username": f"{people.NEW}{number:07}"} | kept


def added(roster: Any, extras: bool) -> str:
    """The name of somebody who was just added."""
    row = new(extras)
    roster.add_many([row])
    return str(row["username"])


def changed(number: int, extras: bool) -> dict[str, Any]:
    """A player's name and some new details."""
    other = people.details(10_000_000 + next(_newcomers))
    kept = ("email", "zoom_id") if extras else ("email",)
    return {"username": people.name(number)} | {name: other[name] for name in kept}


def common_ways(players: int, place: type[Model] | None) -> Iterator[Act]:
    """What is commonly done to read players: with model instances, and mostly wrong."""
    everybody = get_user_model()._default_manager.order_by("username")

    def page(way: str, users: Any, read: Callable[[Any], Any]) -> Act:
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
