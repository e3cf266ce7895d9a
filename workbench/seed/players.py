"""The players of a seed, made up by arithmetic: the same everywhere, and each without the others.

What looks random is a walk around a ring in long strides. As stride and size have no common
divisor, no place is visited twice before all were: so no two players share an ID.
"""

import datetime
from collections.abc import Iterator
from hashlib import blake2b
from math import gcd

Player = dict[str, str]

SEED = 1

GIVEN = ["adran", "aelar", "dagnal", "darvin", "elowen", "hlin", "naivara", "tamsin", "wrenn"]
FAMILY = ["amakir", "evenwood", "holimion", "ironfist", "liadon", "pyxis", "thorngage"]
NAMES = [f"{given}-{family}" for given in GIVEN for family in FAMILY]
FIRST_DAY = datetime.date(1950, 1, 1)
DAYS = [str(FIRST_DAY + datetime.timedelta(days)) for days in range(22_280)]
# so many there are of 18 digits, and of 10 or 11
DISCORD_IDS = 10**18 - 10**17
ZOOM_IDS = 10**11 - 10**9


def players(
    number: int, seed: int = SEED, *, extras: bool = True, first: int = 1
) -> Iterator[Player]:
    """Yield so many players of the seed as dicts of their fields; a birthdate is ISO 8601 text.

    extras: with the extra fields that a player does not leave blank. first: the number of the first
    player, from 1. The same seed always yields the same players in the same order.
    """
    name, to_name = _walk(seed, "name", len(NAMES))
    day, to_day = _walk(seed, "birthdate", len(DAYS))
    discord, to_discord = _walk(seed, "discord_id", DISCORD_IDS)
    zoom, to_zoom = _walk(seed, "zoom_id", ZOOM_IDS)
    for n in range(first, first + number):
        username = f"{NAMES[(name + n * to_name) % len(NAMES)]}-{seed}-{n}"
        player = {"username": username, "email": f"{username}@example.com"}
        if extras:
            if n % 11:
                player["birthdate"] = DAYS[(day + n * to_day) % len(DAYS)]
            if n % 5:
                player["discord_id"] = f"{(discord + n * to_discord) % DISCORD_IDS + 10**17}"
            if n % 3:
                player["zoom_id"] = f"{(zoom + n * to_zoom) % ZOOM_IDS + 10**9}"
        yield player


def _walk(seed: int, what: str, size: int) -> tuple[int, int]:
    """Where a seed begins on a ring of that size, and in what strides it goes on."""
    digest = blake2b(f"{seed} {what}".encode(), digest_size=32).digest()
    start = int.from_bytes(digest[:16]) % size
    stride = int.from_bytes(digest[16:]) % size
    while gcd(stride, size) != 1:
        stride += 1
    return start, stride
