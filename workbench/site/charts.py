"""What `workbench bench` found, as charts with a table beside each, and as tables."""

import io
import re
from html import escape

from workbench.bench import show, summary
from workbench.bench.result import Result, find
from workbench.site.html import indented
from workbench.variants import VARIANTS

# matplotlib knows no variables of CSS: a colour that nothing else has stands for each
INK, LINE, SQL = "#010101", "#030303", "#020202"
COLOURS = {
    INK: "var(--md-default-fg-color)",
    LINE: "var(--line)",
    SQL: "var(--md-default-fg-color--light)",
} | {f"#0a0a0{number}": f"var(--{name})" for number, name in enumerate(VARIANTS)}
OF = {name: f"#0a0a0{number}" for number, name in enumerate(VARIANTS)}
# so that lines on top of each other are told apart without colours, too
MARKERS = dict(zip(VARIANTS, "osD^", strict=True))
# also a style that would be the whole page's, and ids that would be there once for each chart
CLUTTER = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>"
    r'| id="[a-zA-Z0-9.]+_\d+"',
    re.DOTALL,
)

Points = list[tuple[int, float]]


def growth(found: Result, operation: str) -> str:
    """A chart with a line for each variant, and its numbers as a table that opens."""
    way = summary.ORM[operation]
    lines = {name: points(found, operation, name, way) for name in VARIANTS}
    spread = {name: quartiles(found, operation, name, way) for name in VARIANTS}
    by_hand = {name: points(found, operation, name, "sql") for name in VARIANTS}
    title = f"{operation}: microseconds a call, by the number of users"
    rows = [
        [f"{size:,}", *(show.number(dict(lines[name]).get(size)) for name in VARIANTS)]
        for size in found["sizes"]
        if size
    ]
    return "\n\n".join(
        [
            f'<figure class="chart">{drawn(lines, spread, by_hand, title)}</figure>',
            indented('??? note "The same as a table"', markdown(["users", *VARIANTS], rows)),
        ]
    )


def points(found: Result, operation: str, subject: str, way: str) -> Points:
    """[(players, microseconds)] of an operation, as far as it was measured."""
    its = ((size, find(found, operation, subject, way, size)) for size in found["sizes"] if size)
    return [(size, one["wall_us"][1]) for size, one in its if one]


def quartiles(
    found: Result, operation: str, subject: str, way: str
) -> list[tuple[int, float, float]]:
    """[(players, lower quartile, upper quartile)] of an operation, as far as it was measured."""
    its = ((size, find(found, operation, subject, way, size)) for size in found["sizes"] if size)
    return [(size, one["wall_us"][0], one["wall_us"][2]) for size, one in its if one]


def drawn(
    lines: dict[str, Points],
    spread: dict[str, list[tuple[int, float, float]]],
    by_hand: dict[str, Points],
    title: str,
) -> str:
    """The lines on logarithmic axes, as SVG in one line of HTML.

    The quartiles are a band around each line, and SQL by hand is dotted.
    """
    # it takes a second to import, which nothing else should wait for
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": title}):
        figure = Figure(figsize=(6, 3.6), layout="constrained")
        axes = figure.add_subplot()
        for name, its in lines.items():
            if its:
                style = {"color": OF[name], "marker": MARKERS[name], "markersize": 5}
                axes.plot(*zip(*its, strict=True), label=name, **style)  # type: ignore[arg-type]
                sizes, low, high = zip(*spread[name], strict=True)
                axes.fill_between(sizes, low, high, color=OF[name], alpha=0.15)
            if by_hand[name]:
                axes.plot(*zip(*by_hand[name], strict=True), color=OF[name], linestyle=":")
        axes.plot([], [], color=SQL, linestyle=":", label="SQL by hand")
        axes.set(xscale="log", yscale="log", xlabel="users", ylabel="microseconds")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:,.0f}")
        axes.grid(color=LINE, linewidth=0.5)
        axes.tick_params(which="both", colors=INK)
        axes.xaxis.label.set_color(INK)
        axes.yaxis.label.set_color(INK)
        for spine in axes.spines.values():
            spine.set_color(LINE)
        figure.legend(loc="outside upper left", ncols=3, frameon=False, labelcolor=INK)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return inline(written.getvalue(), title)


def inline(svg: str, title: str) -> str:
    """The SVG as a page may hold it: named, in the page's colours, on one line."""
    svg = CLUTTER.sub("", svg)
    for placeholder, colour in COLOURS.items():
        svg = svg.replace(placeholder, colour)
    svg = re.sub(r"<svg ", f'<svg role="img" aria-label="{escape(title)}" ', svg, count=1)
    return " ".join(svg.split())


def table(found: Result, name: str) -> str:
    """A table as the terminal has it, under its title."""
    part = show.parts()[name]
    rows = [list(row) for row in part.rows(found)]
    return f"**{show.titled(part, found)}**\n\n{markdown(list(part.headings), rows)}"


def markdown(headings: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, numbers to the right."""
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
