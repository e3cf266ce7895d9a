"""A visitor who goes on while a move runs: registers, edits, reads and logs in, in turn.

Its order is the visitor's `name`. It runs with the old or the new code, says when it begins, and
stops when nothing more is said to it. Then it says what it did: `acts` (workbench.move.report.Act),
and `wrote`, {player: {detail: value}}.
"""

import importlib
import select
import sys
import time
from typing import Any

from django.conf import settings
from django.test import Client

from workbench.inside import say
from workbench.move.report import Act

# acts a second
RATE = 20
PASSWORD = "The dragon sleeps at 9"


class Visitor:
    """What one visitor has done so far."""

    def __init__(self, name: str) -> None:
        self.roster = importlib.import_module("players.roster")
        self.cannot_do = getattr(self.roster, "CannotDo", ())
        self.name = name
        self.number = 0
        self.player = ""
        self.wrote: dict[str, dict[str, str]] = {}
        self.detail = "discord_id"

    def register(self) -> None:
        """Register the next player."""
        player = f"{self.name}{self.number:06}"
        self.wrote[player] = self.told(self.roster.register, player, PASSWORD)
        self.player = player

    def edit(self) -> None:
        """Change what the last registered player told about themselves."""
        self.wrote[self.player] = self.told(self.roster.change, self.player)

    def told(self, act: Any, *arguments: str) -> dict[str, str]:
        """Do it with a new value of an extra, or of the email where there are no extras."""
        self.number += 1
        value = str(30000000000000000 + self.number)
        details = {"discord_id": value} if self.detail != "email" else {"email": f"{value}@x.org"}
        try:
            done = act(*arguments, **details)
        except self.cannot_do:
            self.detail = "email"
            return self.told(act, *arguments)
        assert done, f"there is no {self.player} to change"
        return details

    def read(self) -> None:
        """Read it again."""
        found = self.roster.find(self.player) or {}
        for detail, value in self.wrote[self.player].items():
            assert found.get(detail) == value, f"read {found}, wrote {value}"

    def login(self) -> None:
        """Log in as that player."""
        assert Client().login(username=self.player, password=PASSWORD), f"{self.player} cannot"


def main(name: str) -> None:
    """Go on until the input ends."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    visitor = Visitor(name)
    turns = (visitor.register, visitor.edit, visitor.read, visitor.login)
    acts: list[Act] = []
    say("ready")
    turn, due = 0, time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        act = turns[turn % len(turns)] if visitor.player else visitor.register
        acts.append(timed(act))
        turn += 1
        due = max(due + 1 / RATE, time.monotonic() - 1)
    say({"acts": acts, "wrote": visitor.wrote})


def timed(act: Any) -> Act:
    """When it began, how long it took, what it was, and what came of it if not all went well."""
    at, began, error = time.time(), time.monotonic(), ""
    try:
        act()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}".splitlines()[0][:200]
    return at, time.monotonic() - began, act.__name__, error
