"""What the playground loads: PostgreSQL, the editor, each variant's players, the exercises.

PostgreSQL is packed with gzip here, because not every server packs WebAssembly. So the size that
the page shows is the size that it loads.
"""

import gzip
import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench import npm
from workbench.errors import WorkbenchError
from workbench.paths import PROJECT
from workbench.site.snapshots import Snapshots, dump
from workbench.variants import VARIANTS

HERE = Path(__file__).parent
EXERCISES = HERE / "exercises.toml"
MISHAPS = HERE / "mishaps"
# packing takes two seconds, so what is packed is kept
PACKED = PROJECT / "build" / "packed"
BINARIES = ("pglite.wasm", "initdb.wasm", "pglite.data")
IMPORT = re.compile(r'(?:from|import)"\./([\w-]+\.js)"')
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)

Exercise = dict[str, Any]


def exercises() -> list[Exercise]:
    """Return the exercises in their order, as exercises.toml has them.

    Each has id, title, task, hint and question (all texts; task and hint are Markdown), and
    answers: a list of tables, each with its variants (`in`) and its solution (`sql`). The head of
    exercises.toml describes the optional keys.
    """
    with EXERCISES.open("rb") as file:
        found: list[Exercise] = tomllib.load(file)["exercise"]
    return found


def write(pages: Path, found: Snapshots, goals: Mapping[str, Any]) -> None:
    """Put what the playground loads into assets/playground/ of that folder.

    found: the variants' tables, whose names the editor completes. goals: the goals of each
    exercise, with which the page compares an answer. Raises WorkbenchError if the variants' dumps
    are missing, or if the editor cannot be packed.
    """
    folder = pages / "assets" / "playground"
    (folder / "players").mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        (folder / "players" / f"{variant}.sql").write_text(players(variant), encoding="utf-8")
    write_editor(folder)
    binaries = write_postgresql(folder / "pglite")
    written = [*(folder / "pglite").iterdir(), *(folder / "players").iterdir()]
    manifest = {
        "variants": VARIANTS,
        "binaries": binaries,
        "bytes": sum(map(bytes_sent, written)),
        "tables": {variant: columns(variant, found) for variant in VARIANTS},
        "exercises": {its["id"]: checked(its, goals[its["id"]]) for its in exercises()},
    }
    (folder / "playground.json").write_text(json.dumps(manifest), encoding="utf-8")


def players(variant: str) -> str:
    """Return SQL that makes a schema of the variant's name, with the demo players and the mishaps.

    Raises WorkbenchError if the variant's dump is missing.
    """
    its = dump(variant)
    if not its.exists():
        raise WorkbenchError(
            f"There is no {its.relative_to(PROJECT).as_posix()}: build the site with --fresh."
        )
    return "\n".join(
        [
            its.read_text(encoding="utf-8"),
            "-- as in the schema public of a database of its own",
            f"GRANT USAGE ON SCHEMA {variant} TO PUBLIC;",
            f"SET search_path TO {variant};",
            (MISHAPS / f"{variant}.sql").read_text(encoding="utf-8"),
            "RESET ALL;\n",
        ]
    )


def columns(variant: str, found: Snapshots) -> dict[str, list[str]]:
    """The names of a variant's tables, with those of their columns."""
    tables = found["variants"][variant]["tables"]
    return {name: [column["name"] for column in its["columns"]] for name, its in tables.items()}


def write_editor(folder: Path) -> None:
    """Pack editor.js of the folder together with CodeMirror, which it imports.

    Raises WorkbenchError, in esbuild's own words, if it cannot be packed.
    """
    modules = npm.node_modules()
    program = next((modules / "@esbuild").glob("*/**/esbuild*"))
    path = folder / "editor.js"
    options = ["--bundle", "--format=esm", "--minify", "--allow-overwrite", "--log-level=error"]
    done = subprocess.run(
        [str(program), str(path), f"--outfile={path}", *options],
        capture_output=True,
        text=True,
        env=os.environ | {"NODE_PATH": str(modules)},
        check=False,
    )
    if done.returncode:
        raise WorkbenchError(f"The playground's editor could not be packed: {done.stderr.strip()}")
    shutil.copy(modules / "codemirror" / "LICENSE", folder / "editor.LICENSE.txt")


def write_postgresql(folder: Path) -> dict[str, int]:
    """Write PGlite's modules and its packed binaries; returns {packed binary: its bytes}."""
    package = npm.node_modules() / "@electric-sql" / "pglite"
    folder.mkdir(parents=True, exist_ok=True)
    for name in modules(package / "dist"):
        code = (package / "dist" / name).read_text(encoding="utf-8")
        (folder / name).write_text(SOURCE_MAP.sub("", code), encoding="utf-8")
    shutil.copy(package / "LICENSE", folder / "LICENSE.txt")
    binaries = {}
    for name in BINARIES:
        # no server knows this ending and unpacks it on its way
        packed = folder / f"{name}.gzip"
        shutil.copy(packed_once(package / "dist" / name), packed)
        binaries[packed.name] = packed.stat().st_size
    return binaries


def modules(dist: Path) -> list[str]:
    """The names of the modules that index.js imports, and those import, itself included."""
    found = ["index.js"]
    for name in found:
        code = (dist / name).read_text(encoding="utf-8")
        found += [its for its in IMPORT.findall(code) if its not in found]
    return sorted(set(found))


def packed_once(path: Path) -> Path:
    """The file packed by gzip, below build/; packed anew only if it has changed."""
    PACKED.mkdir(parents=True, exist_ok=True)
    packed = PACKED / f"{path.name}.gzip"
    if not packed.exists() or packed.stat().st_mtime < path.stat().st_mtime:
        packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return packed


def bytes_sent(path: Path) -> int:
    """The bytes that a server sends that packs texts by gzip, as GitHub Pages does."""
    if path.name == "LICENSE.txt":
        return 0
    content = path.read_bytes()
    return len(content) if path.suffix == ".gzip" else len(gzip.compress(content, mtime=0))


def checked(exercise: Exercise, goals: Mapping[str, Any]) -> Exercise:
    """Return what the page needs to check an exercise: its answers and its goals."""
    return {"answers": exercise["answers"], "goals": goals}
