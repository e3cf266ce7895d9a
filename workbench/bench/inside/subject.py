"""The subject under measurement: its database, its acts, and what can be ordered of it.

Its order is `pages`, the addresses and fields of its forms; `floor`, the module of benchmarks/floor
or ""; `roster`, a module; `recipe`, the name of one or "", and the `operations` that it makes
faster; `seed`. Then it hears what to `do`, with arguments, and says {"told": ...} or
{"error": ...}.
"""

import importlib
import random
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection

from workbench.bench.inside import acts, meter, people
from workbench.bench.inside.acts import Act
from workbench.bench.inside.site import Site
from workbench.bench.result import Counts, Hashes, Loaded, Sample
from workbench.bench.subjects import Pages
from workbench.inside import hear, say, setup

# it costs no time to speak of, so that what remains is what the approach costs
FAST_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"


def main(**order: Any) -> None:
    """Do what is ordered, as a site in service does it, until nothing more is."""
    obey(Subject(**order))


def obey(subject: "Subject") -> None:
    """Do what is ordered of the subject."""
    while order := hear():
        do: Callable[..., Any] = getattr(subject, order.pop("do"))
        try:
            say({"told": do(**order)})
        except Exception as error:
            say({"error": f"{type(error).__name__}: {' '.join(str(error).split())}"})


class Floor:
    """The floor's functions, with the connection filled in."""

    def __init__(self, module: str, raw: Any) -> None:
        self._module = importlib.import_module(module)
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self._module, name), self._raw)


class Subject:
    """What can be ordered; each public method is an order."""

    def __init__(
        self,
        pages: Pages,
        floor: str,
        roster: str,
        recipe: str,
        operations: list[str],
        seed: int,
    ) -> None:
        self._floor_module = floor
        self._roster = roster
        self._recipe, self._operations = recipe, operations
        self._seed = seed
        self._own_hashers = settings.PASSWORD_HASHERS
        settings.PASSWORD_HASHERS = [FAST_HASHER, *self._own_hashers]
        connection.settings_dict["CONN_MAX_AGE"] = None
        self._site = Site(pages)
        self._players = 0
        self._acts: dict[tuple[str, str], Act] = {}
        self._raw: dict[str, Any] = {}

    def open(self, database: str, players: int) -> list[list[str]]:
        """Turn to another database, which holds so many players; returns what can be measured."""
        self.close()
        setup.turn_to(database)
        self._players = players
        common = importlib.import_module("benchmarks.floor.common")
        self._raw = {name: common.connect(database) for name in ("sql", "observer")}
        self._acts = {(act.operation, act.way): act for act in self._all_acts()}
        return [list(key) for key in self._acts]

    def close(self) -> None:
        """Let go of the database, so that it may be copied or dropped."""
        connection.close()
        for raw in self._raw.values():
            raw.close()
        self._raw, self._acts = {}, {}

    def _all_acts(self) -> list[Act]:
        found = [*acts.of_the_site(self._site, self._players)]
        if self._recipe:
            return self._faster(found)
        if self._floor_module:
            place = people.place_of_extras()
            floor = Floor(self._floor_module, self._raw["sql"])
            roster = importlib.import_module(self._roster)
            for way, its in (("roster", roster), ("sql", floor)):
                found += acts.of_the_roster(way, its, self._players, place is not None)
            found += acts.under_the_site(floor, self._players, place is not None)
            if self._players:
                found += [acts.profile(self._site), *acts.common_ways(self._players, place)]
        return found

    def _faster(self, found: list[Act]) -> list[Act]:
        """What the recipe makes faster, measured in a way of the recipe's name."""
        if self._players:
            roster = importlib.import_module(self._roster)
            found += acts.reading("roster", roster, self._players, extras=True)
        return [replace(it, way=self._recipe) for it in found if it.operation in self._operations]

    def migrate(self) -> None:
        """Bring the tables up to date."""
        setup.migrate()

    def fill(self) -> None:
        """Put the players into the database that is open."""
        people.fill(self._players)

    def load(self, database: str, players: int, way: str) -> Loaded:
        """Load so many players into an empty database; what that took (people.timed_load)."""
        self.close()
        setup.turn_to(database)
        return people.timed_load(way, self._floor_module, players)

    def tables(self) -> list[str]:
        """The tables that hold the players."""
        return people.tables()

    def sample(self, operation: str, way: str, turn: str, budget: float) -> Sample:
        """The median of some calls; turn: the same one means the same players."""
        act = self._acts[operation, way]
        return meter.sample(act, self._numbers(f"{operation} {way} {turn}"), budget)

    def count(self, operation: str, way: str, times: int) -> Counts:
        """What a call asks of PostgreSQL, for the same players in every way."""
        raw = self._raw["sql"] if way == "sql" else meter.djangos_connection()
        numbers = self._numbers(operation)[:times]
        return meter.counted(self._acts[operation, way], numbers, raw, self._raw["observer"])

    def hashes(self, subject: str) -> list[Hashes]:
        """How often the subject's own hasher hashes when somebody registers and logs in."""
        return meter.hashes(subject, self._site, self._own_hashers)

    def index_discord_id(self) -> None:
        """What a project would do that looks for players by their Discord ID."""
        place = people.place_of_extras()
        if place is not None:
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE INDEX by_discord_id ON {place._meta.db_table} (discord_id)")
                cursor.execute(f"ANALYZE {place._meta.db_table}")

    def drop_index_of_discord_id(self) -> None:
        """As it was before that."""
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS by_discord_id")

    def _numbers(self, turn: str) -> list[int]:
        chosen = random.Random(f"{self._seed} {turn}")
        return [chosen.randint(1, max(self._players, 1)) for _ in range(meter.CALLS)]
