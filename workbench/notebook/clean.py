"""Notebooks without what a run leaves in them: so they are in git.

    python -m workbench.notebook.clean notebooks/*.ipynb

cleans them, names those that it had to change, and then exits with 1, as pre-commit wants it.
JupyterLab under `workbench notebook` saves them so by itself.
"""

import sys
from pathlib import Path
from typing import Any

import nbformat

# what else editors write into a notebook differs from one computer to the next
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
KEPT = ("tags", "slideshow", "jupyter")


def main() -> None:
    """Clean the notebooks named on the command line."""
    changed = [path for path in map(Path, sys.argv[1:]) if not is_clean(path)]
    for path in changed:
        path.write_text(cleaned(path), encoding="utf-8")
        print(f"{path}: its outputs were removed.")
    sys.exit(1 if changed else 0)


def is_clean(path: Path) -> bool:
    """Whether the notebook is as git should have it."""
    return path.read_text(encoding="utf-8") == cleaned(path)


def cleaned(path: Path) -> str:
    """The notebook's text without outputs, counts and what an editor keeps for itself."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    clean(notebook)
    return str(nbformat.writes(notebook)) + "\n"  # type: ignore[no-untyped-call]


def clean(notebook: dict[str, Any]) -> None:
    """Remove them from a notebook in memory."""
    notebook["metadata"] = nbformat.from_dict(METADATA)  # type: ignore[no-untyped-call]
    for cell in notebook["cells"]:
        cell["metadata"] = {key: cell["metadata"][key] for key in KEPT if key in cell["metadata"]}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def before_save(model: dict[str, Any], **_: Any) -> None:
    """Jupyter's pre_save_hook: what is written to disk is clean."""
    if model["type"] == "notebook":
        clean(model["content"])


if __name__ == "__main__":
    main()
