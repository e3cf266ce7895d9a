"""What the files of a project say: look-ups, receivers, names of auth.User. Nothing is run."""

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

# from so many rows on, a missing index is felt
MANY = 10_000
NOT_LIVE = re.compile(r"(^|/)(tests?|testing|migrations|node_modules)(/|$)|(^|/)(test_|conftest)")
IMPORTED = r"from django\.contrib\.auth\.models import (\([^)]*|.*)\bUser\b"
NAMED = rf"^\s*{IMPORTED}|(?<!AUTH_USER_MODEL = )[\"']auth\.User[\"']|\bauth\.models\.User\b"

Found = dict[str, Any]


class Code:
    """The Python files of a project's own apps, but for tests and migrations.

    found: what diagnose.py has read.
    """

    def __init__(self, found: dict[str, Any]) -> None:
        self.facts, self.folder = found["facts"], Path(found["read"]["folder"])

    @cached_property
    def texts(self) -> dict[Path, str]:
        """Each file with its text."""
        folders = [Path(it) for it in self.facts["folders"]]
        return {
            path: path.read_text(encoding="utf-8", errors="replace")
            for folder in folders
            for path in sorted(folder.rglob("*.py"))
            if "site-packages" not in path.parts
            and not NOT_LIVE.search(path.relative_to(folder).as_posix())
        }

    def grep(self, pattern: str) -> Iterator[dict[str, Any]]:
        """Yield the places where a pattern matches, but for those in comments."""
        for path, text in self.texts.items():
            for match in re.finditer(pattern, text, re.MULTILINE):
                if "#" not in text[text.rfind("\n", 0, match.end()) + 1 : match.end()]:
                    yield self.place(path, match.end())

    def place(self, path: Path, position: int) -> dict[str, Any]:
        """Return file and line of a position in a file."""
        line = self.texts[path].count("\n", 0, position) + 1
        return {"file": str(path.relative_to(self.folder)), "line": line}

    def names_auth_user(self) -> list[dict[str, Any]]:
        """Return where the code names Django's User instead of the setting."""
        return list(self.grep(NAMED))

    def expects_no_row(self, model: str) -> list[dict[str, Any]]:
        """Return where the code creates a row of this model on demand, or handles its absence."""
        name = model.rpartition(".")[2]
        create = rf"{name}\.objects\.(get|update)_or_create\("
        return list(self.grep(rf"\b({create}|{name}\.DoesNotExist\b)"))

    def migrations_naming_auth_user(self) -> list[str]:
        """Return the migrations, of packages too, that name auth.User instead of the setting."""
        return [
            f"{path.parent.parent.name}.{path.stem}"
            for path, text in self._migrations.items()
            if re.search(r"[\"']auth\.user[\"']", text, re.IGNORECASE)
            and path.parent.parent.name != "auth"
        ]

    def deleted_children(self) -> list[str]:
        """Return the models that inherited from auth.User, created and deleted by migrations."""
        texts = [text for path, text in self._migrations.items() if self.folder in path.parents]
        children = {
            name
            for text in texts
            for name in re.findall(
                r"CreateModel\(\s*(?:name=)?[\"'](\w+)(?:(?!CreateModel).)*?bases=\([\"']auth\.user[\"']",
                text,
                re.IGNORECASE | re.DOTALL,
            )
        }
        return [
            name
            for name in sorted(children)
            if any(re.search(rf"DeleteModel\(\s*(?:name=)?[\"']{name}", text) for text in texts)
        ]

    @cached_property
    def _migrations(self) -> dict[Path, str]:
        paths = [Path(it) for it in self.facts["migrations"]]
        return {it: it.read_text(encoding="utf-8", errors="replace") for it in paths}


def findings(code: Code) -> Iterator[Found]:
    """Yield what the files alone show, as diagnose.py yields its findings."""
    yield from _lookups(code)
    yield from _never_imported(code)
    places = code.names_auth_user() if code.facts["user"]["base"] != "django" else []
    if places:
        yield {"id": "code_names_auth_user", "subject": "auth.User", "number": len(places)} | {
            "places": places
        }


def _lookups(code: Code) -> Iterator[Found]:
    """Look-ups by iexact, in a statement that names the user's class or by a relation to it."""
    user = code.facts["user"]["model"].rpartition(".")[2]
    owners = rf"\b({user}|UserModel|get_user_model\(\))\.[^=]*?[^\w=]"
    ways = "|".join({"user", *(it["field"] for it in code.facts["links"])})
    for text in code.facts["texts"]:
        alone = "|[(, ]" * (text["name"] == "username")
        places = list(code.grep(rf"({owners}|\b({ways})__{alone}){text['name']}__iexact="))
        if places and not text["upper"] and (text["lower"] or text["rows"] >= MANY):
            check = "lower_index_is_not_used" if text["lower"] else "iexact_without_index"
            more = {"id": check, "places": places, "lookups": len(places), "index": text["lower"]}
            yield {**text, **more}


def _never_imported(code: Code) -> Iterator[Found]:
    """Modules with receivers that were not imported when the project was loaded."""
    for path, text in code.texts.items():
        connects = re.search(r"^@receiver\(|^\w+\.connect\(", text, re.MULTILINE)
        django = re.search(r"django\.(dispatch|\S*signals)", text)
        if not connects or not django or str(path) in code.facts["loaded"]:
            continue
        # what a function of the app imports may only not have been called yet; ready() has
        imports = re.compile(rf"^\s*(from|import) .*\b{path.stem}\b", re.MULTILINE)
        beside = (it for it in code.texts if it.parent == path.parent and it != path)
        if not any(imports.search(code.texts[it]) for it in beside if it.name != "apps.py"):
            place = code.place(path, connects.start())
            yield {"id": "receiver_never_imported", "subject": place["file"], "places": [place]}
