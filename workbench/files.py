"""Files that the tool makes: written whole or not at all, and made again only when they are old."""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.paths import PROJECT

if TYPE_CHECKING:
    import jinja2

# what programs leave among the sources
LEFT = {"__pycache__", ".ipynb_checkpoints"}


# two texts in a list, each on a line of its own
PAIR = re.compile(r'\[\n +("(?:[^"\\]|\\.)*"),\n +("(?:[^"\\]|\\.)*")\n +\]')


def write(path: Path, text: str) -> None:
    """Write the text in one go: a reader, or a killed process, never leaves or sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Write the value in one go as JSON: a line for each item, and one for a pair of texts."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    write(path, PAIR.sub(r"[\1, \2]", text) + "\n")


def write_rows(path: Path, table: Mapping[str, Any]) -> None:
    """Write the mapping in one go as JSON, with a line for each element of a list in it."""

    def rows(its: Any) -> str:
        lines = ",\n".join(f" {dumped(it)}" for it in its) if isinstance(its, list) else ""
        return f"[\n{lines}\n]" if lines else dumped(its)

    def dumped(its: Any) -> str:
        return json.dumps(its, ensure_ascii=False)

    lines = ",\n".join(f"{dumped(key)}: {rows(its)}" for key, its in table.items())
    write(path, f"{{\n{lines}\n}}\n")


def writable(folder: Path, instead: str = "name another folder with WORKBENCH_DATA") -> Path:
    """Return the folder, made if need be; raise WorkbenchError if nothing can be written there.

    instead: what the user can do besides making room or changing permissions.
    """
    probe = folder / f".writable-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"written")
        probe.unlink()
    except OSError as error:
        raise WorkbenchError(
            f"Cannot write to {folder} ({error.strerror}): free or open it, or {instead}."
        ) from error
    return folder


def template(
    path: Path, filters: Iterable[Callable[..., Any]] = (), **names: Any
) -> "jinja2.Template":
    """Return the template in a file, which may use these filters and names."""
    import jinja2  # the suite on another Django does without it

    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {function.__name__: function for function in filters}
    return environment.from_string(path.read_text(encoding="utf-8"), names)


def are_current(made: Iterable[Path], sources: Iterable[Path]) -> bool:
    """Return whether all the made files exist and are newer than all their sources."""
    made = list(made)
    if not all(path.exists() for path in made):
        return False
    newest = max(path.stat().st_mtime for path in sources)
    return min(path.stat().st_mtime for path in made) > newest


def sources(*patterns: str) -> Iterator[Path]:
    """Yield the files that match the patterns, such as "suite/*.py", below the project's folder.

    Raises ValueError if a pattern matches no file: it names something that has moved.
    """
    for pattern in patterns:
        found = [path for path in PROJECT.glob(pattern) if path.is_file()]
        if not found:
            raise ValueError(f"No file matches {pattern}.")
        yield from (path for path in found if not LEFT & set(path.parts))
