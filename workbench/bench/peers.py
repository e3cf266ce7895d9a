"""The registrations that people would use instead: the projects in benchmarks/peers/."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbench.paths import PROJECT

FOLDER = PROJECT / "benchmarks" / "peers"


@dataclass(frozen=True)
class Peer:
    """A Django project whose pages register and log in.

    name is its folder's name; package is what it is about. signup and login are the pages'
    paths. fields and login_fields say what their forms call the fields of the variants' forms:
    {ours: theirs}.
    """

    name: str
    package: str
    signup: str
    login: str
    fields: Mapping[str, str]
    login_fields: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """Where the project's manage.py is."""
        return FOLDER / self.name

    def signup_form(self, ours: Mapping[str, str]) -> dict[str, str]:
        """What is sent to the signup page, from the fields of the variants' form."""
        return {self.fields[name]: value for name, value in ours.items()}

    def login_form(self, ours: Mapping[str, str]) -> dict[str, str]:
        """What is sent to the login page, from `username` and `password`."""
        return {self.login_fields[name]: value for name, value in ours.items()}


def all_peers() -> list[Peer]:
    """The peers, in the order of peers.toml."""
    with (FOLDER / "peers.toml").open("rb") as file:
        return [Peer(name, **its) for name, its in tomllib.load(file).items()]
