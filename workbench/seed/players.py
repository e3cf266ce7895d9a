"""The players of a seed, made up by arithmetic: the same everywhere, and each without the others.

What looks random is a walk around a ring in long strides. As stride and size have no common
divisor, no place is visited twice before all were: so no two players share an ID.
"""

import datetime
from collections.abc import Iterator
from hashlib import blake2b
from math import gcd

Player = dict[str, str | datetime.date]

SEED = 1

GIVEN = """
    adran aelar anakis berrian dagnal darvin eberk elowen faelar galinndan gunnloda heian hlin
    ivellios jelenneth kathra kethra laucian mardred meriele naivara orsik oskar peren quarion
    riardon seraphina tamsin umara valanthe wrenn xanaphia yevelda zaltar
""".split()
FAMILY = """
    amakir brightwood dundragon evenwood frostbeard galanodel holimion ironfist liadon meliamne
    moonwhisper nightbreeze oakenheel pyxis siannodel stormwind thorngage underbough windrivver
""".split()
NAMES = [f"{given}-{family}" for given in GIVEN for family in FAMILY]
DAYS = [datetime.date(1950, 1, 1) + datetime.timedelta(days) for days in range(22_280)]
# of 10 to 11 and of 18 digits
ZOOM_IDS = range(10**9, 10**11)
DISCORD_IDS = range(10**17, 10**18)


def players(
    number: int, seed: int = SEED, *, extras: bool = True, first: int = 1
) -> Iterator[Player]:
    """So many players of the seed, as roster.add_many() takes them.

    extras: with those of the three that a player does not leave blank. first: the number of the
    player to begin with, from 1 on. So fewer players are the beginning of more.
    """
    name, name_stride = _walk(seed, "name", len(NAMES))
    day, day_stride = _walk(seed, "birthdate", len(DAYS))
    discord, discord_stride = _walk(seed, "discord_id", len(DISCORD_IDS))
    zoom, zoom_stride = _walk(seed, "zoom_id", len(ZOOM_IDS))
    for n in range(first, first + number):
        username = f"{NAMES[(name + n * name_stride) % len(NAMES)]}-{seed}-{n}"
        player: Player = {"username": username, "email": f"{username}@example.com"}
        if extras:
            if n % 11:
                player["birthdate"] = DAYS[(day + n * day_stride) % len(DAYS)]
            if n % 5:
                place = (discord + n * discord_stride) % len(DISCORD_IDS)
                player["discord_id"] = str(DISCORD_IDS[place])
            if n % 3:
                player["zoom_id"] = str(ZOOM_IDS[(zoom + n * zoom_stride) % len(ZOOM_IDS)])
        yield player


def _walk(seed: int, what: str, size: int) -> tuple[int, int]:
    """Where a seed begins on a ring of that size, and in what strides it goes on."""
    digest = blake2b(f"{seed} {what}".encode(), digest_size=32).digest()
    start = int.from_bytes(digest[:16]) % size
    stride = int.from_bytes(digest[16:]) % size
    while gcd(stride, size) != 1:
        stride += 1
    return start, stride
