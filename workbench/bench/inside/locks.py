"""How long one connection waits for another that is at work on the same player."""

import importlib
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import update_last_login
from django.db import connection, transaction

from workbench.bench.inside import people
from workbench.bench.inside.acts import changed
from workbench.bench.inside.site import Site

# seconds for which a transaction is held open
HOLD = 0.05
# players at whom two are at work at the same time
FEW = 5

Act = Callable[[int], Any]


def waits(numbers: Sequence[int]) -> list[dict[str, Any]]:
    """How much longer each second act takes while the first, at the same player, is uncommitted.

    The times are in microseconds: `alone_us` and `wall_us`, each one for each number.
    """
    first = {"change": change, "log_in": log_in}
    if people.place_of_extras():
        first["edit_extras"] = edit_extras
    return [
        {
            "first": name,
            "then": then.__name__,
            "held_us": HOLD * 1e6,
            "alone_us": [timed(then, number) for number in numbers],
            "wall_us": [waited(act, then, number) for number in numbers],
        }
        for name, act in first.items()
        for then in (log_in, change)
    ]


def change(number: int) -> None:
    """Change details by the roster, as the profile's page does."""
    roster = importlib.import_module("players.roster")
    roster.change(**changed(number, people.place_of_extras() is not None))


def edit_extras(number: int) -> None:
    """Write the extras' row and nothing else, as the admin or a shell does."""
    place: Any = people.place_of_extras()
    own = place is get_user_model()
    where = "username" if own else "user__username"
    place._default_manager.filter(**{where: people.name(number)}).update(
        zoom_id=people.details(number)["zoom_id"]
    )


def log_in(number: int) -> None:
    """Note a login, as Django does."""
    user = get_user_model()._default_manager.only("pk").get(username=people.name(number))
    update_last_login(None, user)  # type: ignore[arg-type]


def timed(act: Act, number: int) -> float:
    """One call, in microseconds."""
    began = time.perf_counter()
    act(number)
    return (time.perf_counter() - began) * 1e6


def waited(first: Act, then: Act, number: int) -> float:
    """One call while another connection has done the first and not committed it yet."""
    with held(first, number):
        return timed(then, number)


@contextmanager
def held(act: Act, number: int) -> Any:
    """Do it in a transaction of another connection, which stays open for a while."""
    done = threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                act(number)
                done.set()
                time.sleep(HOLD)
        finally:
            done.set()
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    done.wait()
    try:
        yield
    finally:
        thread.join()


def loop(site: Site, what: str, names: Sequence[str], seconds: float) -> dict[str, Any]:
    """Log in (by the page) or change details (by the roster), over and over; each call's time."""
    numbers = [int(name.removeprefix("player")) for name in names]
    acts: dict[str, Act] = {
        "log_in": lambda number: site.log_in(people.name(number)),
        "change": change,
    }
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        taken.append(timed(acts[what], numbers[len(taken) % len(numbers)]))
    return {"wall_us": taken}
