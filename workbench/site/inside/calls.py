"""Each operation of the roster, called once, in the words in which it is shown."""

import importlib
from datetime import date
from pprint import pformat
from typing import Any

from workbench.inside.record_sql import recorded

# the call, and what to call instead where the extras cannot be kept
CALLS = {
    "register": (
        """roster.register(
    "tasha",
    "roll-for-initiative",
    email="tasha@example.com",
    birthdate=date(1990, 10, 5),
    discord_id="284019375620184321",
    zoom_id="81736452910",
)""",
        'roster.register("tasha", "roll-for-initiative", email="tasha@example.com")',
    ),
    "find": ('roster.find("arannis")', ""),
    "page": ('roster.page(after="brakka", size=3)', ""),
    "by_discord_id": ('roster.by_discord_id("284019375620184320")', ""),
    "count_under": ("roster.count_under(18)", ""),
    "change": (
        'roster.change("arannis", email="arannis@example.org", zoom_id="81736452911")',
        'roster.change("arannis", email="arannis@example.org")',
    ),
    "remove": ('roster.remove("tasha")', ""),
    "add_many": (
        """roster.add_many(
    [
        {"username": "volo", "birthdate": date(1985, 4, 1)},
        {"username": "xanathar", "zoom_id": "81736452912"},
    ]
)""",
        'roster.add_many([{"username": "volo"}, {"username": "xanathar"}])',
    ),
}


def operations() -> dict[str, dict[str, Any]]:
    """What came of each call, by the name of the operation."""
    found = {}
    for name, (call, instead) in CALLS.items():
        found[name] = called(call)
        refused = found[name]["error"] is not None
        found[name]["instead"] = called(instead) if refused and instead else None
    return found


def called(source: str) -> dict[str, Any]:
    """The call, its result as Python writes it or its error, and the statements that it ran."""
    roster = importlib.import_module("players.roster")
    result = error = None
    with recorded() as statements:
        try:
            # what is shown is what ran
            result = eval(source, {"roster": roster, "date": date})
        except getattr(roster, "CannotDo", ()) as refusal:
            error = f"CannotDo: {refusal}"
    return {
        "call": source,
        "result": None if error else pformat(result, width=80, sort_dicts=False),
        "error": error,
        "statements": statements,
    }
