"""The sources of the questions as links to what they cite."""

import importlib.util
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

FILE = Path(__file__).with_name("sources.toml")
DJANGO_DOCS = "https://docs.djangoproject.com/en"
DJANGO_CODE = "https://github.com/django/django/blob/stable"
POSTGRESQL_DOCS = "https://www.postgresql.org/docs"
POSTGRESQL_CODE = "https://github.com/postgres/postgres/blob"


def links(source: str) -> list[tuple[str, str]]:
    """Return each part of a source with the address of what it cites.

    source: one or several sources as questions name them, with "; " between them.
    Raises WorkbenchError for a page whose address is not in sources.toml.
    """
    return [(part, address(part)) for part in re.split(r"; (?=Django|PostgreSQL)", source)]


def address(source: str) -> str:
    """Return the address of one source; raise WorkbenchError if it is not known."""
    if found := re.match(r"Django ticket #(\d+)", source):
        return f"https://code.djangoproject.com/ticket/{found[1]}"
    if found := re.match(r'Django (\S+) docs, "(.+?)"(?:, (?:section )?"?(.*?)"?)?$', source):
        release, title, section = found.groups()
        section = (section or "").partition('"')[0]  # what follows a section names a part of it
        return f"{DJANGO_DOCS}/{release}/{known('django', title)}{anchor(section)}"
    if found := re.match(r'Django (\S+) release notes(?:, (?:section )?"(.*)")?$', source):
        return f"{DJANGO_DOCS}/{found[1]}/releases/{found[1]}/{anchor(found[2])}"
    if found := re.match(r"Django (\S+) source, (\S+)", source):
        return f"{DJANGO_CODE}/{found[1]}.x/{file_of(found[2])}"
    if found := re.match(r"PostgreSQL (\S+) source, (\S+)", source):
        return f"{POSTGRESQL_CODE}/REL_{found[1]}_STABLE/{found[2]}"
    if found := re.match(r"PostgreSQL (\S+) docs, (.+)", source):
        return f"{POSTGRESQL_DOCS}/{found[1]}/{postgresql(found[2])}.html"
    return known("others", source.partition(",")[0])


def postgresql(cited: str) -> str:
    """Return the name of a page: of an SQL command, a numbered section or a title."""
    if command := re.match(r"[A-Z]{3,}(?: [A-Z]{3,})*(?=,|$)", cited):
        return f"sql-{command[0].replace(' ', '').lower()}"
    number = re.match(r"[\d.]+(?= )", cited)
    return known("postgresql", number[0] if number else cited.partition(", section")[0])


def anchor(section: str | None) -> str:
    """Return the anchor of a section as Django's documentation makes it, or ""."""
    slug = re.sub(r"[^a-z0-9]+", "-", (section or "").lower()).strip("-")
    return f"#{slug}" if slug else ""


def file_of(name: str) -> str:
    """Return the file that defines a name of Django, such as "django.contrib.auth.login"."""
    spec = importlib.util.find_spec("django")
    if spec is None or not spec.origin:
        raise WorkbenchError("Django is not installed.")
    root = Path(spec.origin).parent.parent
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = "/".join(parts[:length])
        for path in (f"{module}.py", f"{module}/__init__.py"):
            if (root / path).exists():
                return path
    raise WorkbenchError(f"Django has no module for {name}.")


@cache
def _pages() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def known(product: str, title: str) -> str:
    """Return what sources.toml says about a page; raise WorkbenchError if it says nothing."""
    try:
        return str(_pages()[product][title])
    except KeyError:
        raise WorkbenchError(f"{FILE.name} does not say where {title!r} is.") from None
