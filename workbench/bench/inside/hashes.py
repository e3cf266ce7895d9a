"""How often a subject hashes a password, with the hasher of its own settings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import get_hasher
from django.test.utils import override_settings

from workbench.bench.inside import people
from workbench.bench.inside.acts import new
from workbench.bench.inside.site import Site


def counted(site: Site) -> dict[str, dict[str, Any]]:
    """{operation: {hasher, hashes, wall_us}} of one registration and one login."""
    with override_settings(PASSWORD_HASHERS=settings.THEIR_HASHERS):
        who = new(True)
        try:
            return {
                "register_page": told(lambda: site.register(who)),
                "login_page": told(lambda: site.log_in(who["username"])),
            }
        finally:
            people.remove_new()


def told(act: Any) -> dict[str, Any]:
    """One call: the hasher, how often it hashed, and the time in microseconds."""
    hasher = type(get_hasher())
    with counting(hasher) as seen:
        began = time.perf_counter()
        act()
        took = time.perf_counter() - began
    return {"hasher": hasher.algorithm, "hashes": len(seen), "wall_us": took * 1e6}


@contextmanager
def counting(hasher: Any) -> Iterator[list[str]]:
    """The calls that hash; one inside another counts once."""
    seen: list[str] = []
    inside: list[str] = []
    plain = {name: getattr(hasher, name) for name in ("encode", "verify")}

    def noted(name: str) -> Any:
        def call(self: Any, *arguments: Any) -> Any:
            if not inside:
                seen.append(name)
            inside.append(name)
            try:
                return plain[name](self, *arguments)
            finally:
                inside.pop()

        return call

    for name in plain:
        setattr(hasher, name, noted(name))
    try:
        yield seen
    finally:
        for name, method in plain.items():
            setattr(hasher, name, method)
