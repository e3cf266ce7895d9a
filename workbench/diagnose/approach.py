"""Which approach a project takes, from the facts that diagnose.py has read."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.diagnose.findings import Place

KINDS = {
    "onetoone": "a OneToOneField whose key is the user",
    "onetoone_own_key": "a OneToOneField beside a key of its own",
    "unique_foreignkey": "a ForeignKey with unique=True",
    "foreignkey": "a ForeignKey",
}
# a profile's kind, and the variant whose code is like it: a unique ForeignKey has a manager, too
VARIANT_OF = {
    "onetoone": "profile_onetoone",
    "onetoone_own_key": "profile_onetoone",
    "unique_foreignkey": "foreignkey",
    "foreignkey": "foreignkey",
}


@dataclass(frozen=True)
class Approach:
    """One approach in use: its name, what it is here, its model, and where that stands."""

    name: str
    text: str
    model: str
    place: Place


class Facts:
    """The facts of diagnose.py, with the questions that are asked of them.

    facts: `found["facts"]`. read: `found["read"]`. What PostgreSQL says is None without a database.
    """

    def __init__(self, facts: dict[str, Any], read: dict[str, Any]) -> None:
        self.facts, self.user = facts, facts["user"]
        self.has_database = bool(read["database"])

    @cached_property
    def profiles(self) -> list[dict[str, Any]]:
        """The project's own profiles, those with the most rows first."""
        found = [it for it in self.facts["links"] if it["profile"] and it["kind"] in KINDS]
        return sorted(found, key=lambda it: (-self._created(it), -(it.get("rows") or 0)))

    def _created(self, link: dict[str, Any]) -> bool:
        return bool(link["named"]) or any(
            link["model"] in it["creates"] for it in self.facts["receivers"]
        )

    @cached_property
    def children(self) -> list[dict[str, Any]]:
        """Models that inherit from the user model with a table of their own."""
        return [it for it in self.facts["links"] if it["own"] and it["kind"] == "multi_table"]

    @cached_property
    def proxies(self) -> list[dict[str, Any]]:
        """The project's own proxies of the user model."""
        return [it for it in self.facts["proxies"] if it["own"]]

    @cached_property
    def profile(self) -> dict[str, Any] | None:
        """The only profile, or the one that a receiver or its name makes one; None without."""
        likely = [it for it in self.profiles if self._created(it)] or self.profiles
        return likely[0] if len(likely) == 1 else None

    @property
    def is_custom(self) -> bool:
        """Whether AUTH_USER_MODEL names another model than Django's."""
        return bool(self.user["base"] != "django")

    @property
    def several_kinds(self) -> bool:
        """Whether users of several kinds have tables of their own."""
        return self.profile is None and len(self.profiles) + len(self.children) > 1

    def receivers_that(self, does: str) -> list[dict[str, Any]]:
        """Return the receivers that do this, such as "saves", with the profile."""
        model = self.profile["model"] if self.profile else ""
        return [it for it in self.facts["receivers"] if model in it[does]]

    @cached_property
    def variant(self) -> str:
        """The variant that is built most like the project, or "" if there is none."""
        if self.several_kinds or self.children:
            return ""
        if self.profile:
            return VARIANT_OF[self.profile["kind"]]
        if self.is_custom:
            return "custom_user"
        return "proxy_model" if self.proxies else ""


def approaches(facts: Facts) -> Iterator[Approach]:
    """Yield the approaches in use, the user model first."""
    user = facts.user
    place = Place(user["file"], user["line"])
    if facts.is_custom:
        base = "AbstractUser" if user["base"] == "abstractuser" else "AbstractBaseUser"
        fields = ", ".join(user["own_fields"]) or "no fields of its own"
        text = f"a custom user model on {base}, with {fields}"
        yield Approach("custom_user", text, user["model"], place)
    for link in facts.children:
        text = "multi-table inheritance: a child of the user model with a table of its own"
        yield Approach("multi_table", text, link["model"], Place(link["file"], link["line"]))
    for link in facts.profiles:
        text = f"a profile by {KINDS[link['kind']]}{_rows(link)}"
        yield Approach(link["kind"], text, link["model"], Place(link["file"], link["line"]))
    for proxy in facts.proxies:
        text = "a proxy of the user model"
        yield Approach("proxy_model", text, proxy["model"], Place(proxy["file"], proxy["line"]))
    if facts.several_kinds:
        models = ", ".join(it["model"] for it in [*facts.profiles, *facts.children])
        yield Approach(
            "several_kinds", "several kinds of users, each with its table", models, place
        )


def _rows(link: dict[str, Any]) -> str:
    return f", {link['rows']:,} rows" if link.get("rows") is not None else ""
