"""The subject under measurement: its database, its acts, and what can be ordered of it."""

import importlib
import random
from functools import partial
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from workbench.bench.inside import acts, hashes, loads, meter, outcomes, people, wrong
from workbench.bench.inside.acts import Act
from workbench.bench.inside.site import Site


class Floor:
    """The floor's functions, with the connection filled in."""

    def __init__(self, module: str, raw: Any) -> None:
        self._module = importlib.import_module(module)
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self._module, name), self._raw)


class Subject:
    """What can be ordered; each public method is an order."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._floor_module = order["floor"]
        self._seed = order["seed"]
        self._site = Site(order["pages"])
        self._players = 0
        self._acts: dict[tuple[str, str], Act] = {}
        self._raw: dict[str, Any] = {}

    def open(self, database: str, players: int) -> list[list[str]]:
        """Turn to another database, which holds so many players; returns what can be measured."""
        self.close()
        connection.settings_dict["NAME"] = database
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
        if self._floor_module:
            place = people.place_of_extras()
            floor = Floor(self._floor_module, self._raw["sql"])
            roster = importlib.import_module("players.roster")
            for way, its in (("roster", roster), ("sql", floor)):
                found += acts.of_the_roster(way, its, self._players, place is not None)
            found += acts.under_the_site(floor, self._players, place is not None)
            if self._players:
                found += [acts.profile(self._site), *wrong.ways(self._players, place)]
        return found

    def migrate(self) -> None:
        """Bring the tables up to date."""
        call_command("migrate", interactive=False, verbosity=0)

    def fill(self) -> None:
        """Put the players into the database that is open."""
        people.fill(self._players)

    def load(self, database: str, players: int, way: str) -> dict[str, Any]:
        """Load so many players into an empty database; what that took (loads.load)."""
        self.close()
        connection.settings_dict["NAME"] = database
        return loads.load(way, self._floor_module, players)

    def tables(self) -> list[str]:
        """The tables that hold the players."""
        return people.tables()

    def sample(self, operation: str, way: str, turn: str, budget: float) -> dict[str, float]:
        """The median of some calls; turn: the same one means the same players."""
        act = self._acts[operation, way]
        return meter.sample(act, self._numbers(f"{operation} {way} {turn}"), budget)

    def count(self, operation: str, way: str, times: int) -> dict[str, float]:
        """What a call asks of PostgreSQL, for the same players in every way."""
        raw = self._raw["sql"] if way == "sql" else meter.djangos_connection()
        numbers = self._numbers(operation)[:times]
        return meter.counted(self._acts[operation, way], numbers, raw, self._raw["observer"])

    def outcome(self, operation: str, way: str) -> dict[str, Any]:
        """What a call returns and leaves; nothing of it stays."""
        raw = self._raw["sql"] if way == "sql" else None
        [number, *_] = self._numbers(operation)
        return outcomes.outcome(self._acts[operation, way], number, raw)

    def hashes(self) -> dict[str, dict[str, Any]]:
        """How often the subject's own hasher hashes when somebody registers and logs in."""
        return hashes.counted(self._site)

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

    def drop_index_of_names(self) -> None:
        """What a project is like that left the uniqueness of names to Django's form."""
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX unique_username_ignoring_case")
            cursor.execute(f"ANALYZE {get_user_model()._meta.db_table}")

    def _numbers(self, turn: str) -> list[int]:
        chosen = random.Random(f"{self._seed} {turn}")
        return [chosen.randint(1, max(self._players, 1)) for _ in range(meter.CALLS)]
