"""What a result says, for whoever shows it: the terminal, the site."""

import itertools
from dataclasses import dataclass

from workbench import recorded
from workbench.bench.result import Measure, Result, find, find_load, is_outdated
from workbench.bench.subjects import recipes
from workbench.variants import VARIANTS

# the way that is the variant's own, for each operation in the order in which they are shown
ORM = {
    "find": "roster",
    "page": "roster",
    "deepest_page": "roster",
    "by_indexed_discord_id": "roster",
    "by_discord_id": "roster",
    "count_under": "roster",
    "change": "roster",
    "register": "roster",
    "remove": "roster",
    "add_many": "roster",
    "register_page": "http",
    "login_page": "http",
    "profile_page": "http",
}
# the right way of each, and beside it what is commonly done: a label, an operation, a way
WAYS = [
    ("50 users with extra fields: the roster", "page", "roster"),
    ("... a query for each user", "page", "n_plus_1"),
    ("... prefetch_related, then .first() of each", "page", "prefetch_first"),
    ("... as model instances", "page", "instances"),
    ("the last page: after a name", "deepest_page", "roster"),
    ("... by OFFSET", "deepest_page", "offset"),
    ("by Discord ID: with an index", "by_indexed_discord_id", "roster"),
    ("... without", "by_discord_id", "roster"),
]


@dataclass(frozen=True)
class Cost:
    """CPU of the client in microseconds, and how many times that of the same by SQL."""

    us: float | None
    ratio: float | None


@dataclass(frozen=True)
class LoadCost:
    """Players a second, the time as a multiple of COPY by hand, and the process's most bytes."""

    rate: int
    ratio: float
    memory: int


@dataclass(frozen=True)
class Gain:
    """What a recipe makes of an operation; saved: CPU in microseconds."""

    recipe: str
    operation: str
    plain: Measure
    faster: Measure
    by_hand: Measure
    saved: float


def measured_on(found: Result) -> str:
    """Return the day, the machine and the versions, in one line; and whether the code is newer."""
    told = recorded.provenance(found)
    if is_outdated(found):
        told += ". The code has changed since then"
    return told


def operations(found: Result) -> list[str]:
    """The operations that were measured at the most players, in their order."""
    there = {its["operation"] for its in found["measures"]}
    return [operation for operation in ORM if operation in there]


def subjects(found: Result, operation: str, way: str) -> list[str]:
    """Who was measured, in the order of the run: the variants, then the peers."""
    its = [
        m["subject"] for m in found["measures"] if (m["operation"], m["way"]) == (operation, way)
    ]
    return sorted(dict.fromkeys(its), key=lambda name: name not in VARIANTS)


def cost(found: Result, operation: str, subject: str, way: str, players: int | None = None) -> Cost:
    """What the client's process took; the ratio is None where there is no SQL beside it."""
    its = find(found, operation, subject, way, players)
    floor = find(found, operation, subject, "sql", players)
    if its is None:
        return Cost(None, None)
    us = its["cpu_us"][1]
    return Cost(us, us / floor["cpu_us"][1] if floor else None)


def of_faster_peer(found: Result, operation: str, subject: str, players: int) -> float | None:
    """Return a subject's CPU as a multiple of the faster peer's; None without peers."""
    took = {
        its["subject"]: its["cpu_us"][1]
        for its in found["measures"]
        if (its["operation"], its["way"], its["players"]) == (operation, "http", players)
    }
    peers = [us for name, us in took.items() if name not in VARIANTS]
    return took[subject] / min(peers) if peers and subject in took else None


def gains(found: Result) -> list[Gain]:
    """Return what each recipe makes of each operation that it is for, at the most players."""
    gained = []
    for recipe in recipes():
        for operation in recipe.operations:
            ways = (ORM[operation], recipe.recipe, "sql")
            its = [find(found, operation, recipe.name, way) for way in ways]
            plain, faster, by_hand = its
            if plain and faster and by_hand:
                saved = plain["cpu_us"][1] - faster["cpu_us"][1]
                gained.append(Gain(recipe.recipe, operation, plain, faster, by_hand, saved))
    return gained


def with_hash(found: Result, subject: str, operation: str) -> float | None:
    """Return the CPU of an operation with the subject's own password hasher, in microseconds."""
    for its in found["hashes"]:
        if (its["subject"], its["operation"]) == (subject, operation):
            return its["cpu_us"]
    return None


def wall(found: Result, operation: str, subject: str, way: str) -> float | None:
    """The median call at the most players, in microseconds by the clock."""
    its = find(found, operation, subject, way)
    return float(its["wall_us"][1]) if its else None


def growth(found: Result, operation: str, subject: str, way: str) -> float | None:
    """A call at the most players to one at the fewest, by the clock."""
    few = find(found, operation, subject, way, found["sizes"][1])
    many = find(found, operation, subject, way)
    return many["wall_us"][1] / few["wall_us"][1] if few and many else None


def falling(found: Result) -> tuple[int, int]:
    """Count the lines of time by number of users in which some call is faster with more users.

    Faster is a median below the lower quartile at fewer users. Returns how many such lines there
    are, and of how many: one for each operation and variant. More users do not make work less, so
    such a line tells of a busy machine.
    """
    lines = []
    for operation, way in ORM.items():
        for subject in VARIANTS:
            its = [find(found, operation, subject, way, size) for size in sorted(found["sizes"])]
            line = [one["wall_us"] for one in its if one and one["players"]]
            if len(line) > 1:
                lines.append(any(few[0] > many[1] for few, many in itertools.pairwise(line)))
    return sum(lines), len(lines)


def load(found: Result, subject: str, way: str) -> LoadCost | None:
    """Return what a load took at the largest size measured in this way, or None."""
    for players in reversed(found["sizes"]):
        its, by_hand = (find_load(found, subject, each, players) for each in (way, "sql"))
        if its and by_hand:
            return LoadCost(its["rate"], its["seconds"][1] / by_hand["seconds"][1], its["memory"])
    return None


def hashes(found: Result, subject: str, operation: str) -> str:
    """How often the subject's own hasher hashed, and its name."""
    for its in found["hashes"]:
        if (its["subject"], its["operation"]) == (subject, operation):
            return f"{its['hashes']} {its['hasher']}"
    return ""


def on_disk(found: Result, subject: str) -> dict[str, float]:
    """Bytes for each player at the most players: `heap` (with toast), `indexes`, `all`."""
    its = [
        one
        for one in found["sizes_on_disk"]
        if (one["subject"], one["players"]) == (subject, found["players"])
    ]
    heap = sum(one["heap"] + one["toast"] for one in its)
    indexes = sum(sum(one["indexes"].values()) for one in its)
    return {"heap": heap, "indexes": indexes, "all": heap + indexes}
