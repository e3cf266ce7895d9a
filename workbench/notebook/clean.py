"""Notebooks without what a run leaves in them: so they are in git.

    python workbench/notebook/clean.py notebooks/*.ipynb

cleans them, names those that it had to change, and then exits with 1. Without names it is git's
filter, which cleans what it reads (git docs, gitattributes), and `--filter` tells git so.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat

PROJECT = Path(__file__).resolve().parents[2]
# with another kernel, an editor asks for this one, or shows that it is missing
METADATA = {
    "kernelspec": {"display_name": "Workbench", "language": "python", "name": "workbench"},
    "language_info": {"name": "python"},
}
# what editors note of a run, or of how a cell was last shown
LEFT = {"ExecuteTime", "collapsed", "execution", "papermill", "scrolled", "trusted", "vscode"}
FILTER = "filter.notebooks.clean"


def main() -> None:
    """Clean the notebooks named on the command line, or the one on the input."""
    if sys.argv[1:] == ["--filter"]:
        filter_in()
        return
    if not sys.argv[1:]:
        text = sys.stdin.buffer.read().decode("utf-8")
        sys.stdout.buffer.write(cleaned(text).encode("utf-8"))
        return
    changed = [path for path in map(Path, sys.argv[1:]) if not is_clean(path)]
    for path in changed:
        path.write_text(cleaned(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"{path} was cleaned.")
    sys.exit(1 if changed else 0)


def is_clean(path: Path) -> bool:
    """Whether the notebook is as git should have it."""
    text = path.read_text(encoding="utf-8")
    return text == cleaned(text)


def cleaned(text: str) -> str:
    """The notebook without outputs, counts and what an editor keeps for itself.

    What is not a notebook, such as one with the marks of a conflict, stays as it is.
    """
    try:
        notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    except ValueError:
        return text
    clean(notebook)
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def clean(notebook: dict[str, Any]) -> None:
    """Remove them from a notebook in memory; other metadata stays, such as nbgrader's."""
    notebook["metadata"] = _kept(notebook["metadata"]) | nbformat.from_dict(METADATA)  # type: ignore[no-untyped-call]
    for cell in notebook["cells"]:
        cell["metadata"] = _kept(cell["metadata"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def _kept(metadata: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in metadata.items() if key not in LEFT}
    return dict(nbformat.from_dict(kept))  # type: ignore[no-untyped-call]


def filter_in(clone: Path = PROJECT) -> None:
    """Let git store the notebooks of that clone clean, as its .gitattributes asks for.

    A folder that is no clone, or a machine without git, needs no filter.
    """
    try:
        git = ["git", "-C", str(clone)]
        found = subprocess.run([*git, "rev-parse", "--show-toplevel"], capture_output=True)
        if found.returncode == 0 and Path(found.stdout.decode().strip()) == clone:
            # git starts it in the clone, which may be moved
            words = [_below(clone, Path(sys.executable)), "-P", _below(clone, Path(__file__))]
            command = " ".join(f'"{word}"' for word in words)
            subprocess.run([*git, "config", FILTER, command], capture_output=True)
    except OSError:
        return


def _below(clone: Path, path: Path) -> str:
    """The path, beginning at the clone if it lies there."""
    return (path.relative_to(clone) if path.is_relative_to(clone) else path).as_posix()


if __name__ == "__main__":
    main()
