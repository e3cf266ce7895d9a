"""The command: progress while it runs, what was found at its end."""

from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from workbench.server import postgres
from workbench.shards import run


def shards(console: Console, players: int) -> None:
    """Run it, write build/shards.json and show what PostgreSQL refused and how the recipe went."""
    bar = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with (
        postgres.server(large=True) as server,
        Progress(*columns, console=bar, disable=not bar.is_terminal) as progress,
    ):
        current = [progress.add_task("Starting", total=1)]

        def tell(step: str) -> None:
            progress.update(current[0], completed=1)
            current[0] = progress.add_task(step, total=1)

        found = run.run(server, players, tell)
        progress.update(current[0], completed=1)
    run.write(found)
    show(console, found)


def definition(trial: dict[str, Any]) -> str:
    """The key itself, without the statement around it: "UNIQUE (username)"."""
    sql: str = trial["sql"]
    index = sql.partition(" USING btree ")[2]
    return f"UNIQUE {index}" if index else sql.partition(" ADD ")[2]


def show(console: Console, found: dict[str, Any]) -> None:
    """The keys that do not survive, the recipe, and how long the move took."""
    refused = Table("variant", "table", "refused", "instead", box=None, pad_edge=False)
    for variant, tables in found["schemas"].items():
        for table in tables:
            for key in table["keys"]:
                if key["trial"]["sqlstate"]:
                    instead = definition(key["instead"]) if key["instead"] else "a claim"
                    refused.add_row(variant, table["table"], definition(key["trial"]), instead)
    console.print(f"[bold]Keys that PostgreSQL refuses on {found['shards']} shards[/]")
    console.print(refused)
    console.print("\n[bold]Usernames kept unique by claims[/] (custom_user)")
    for trial in found["day"].values():
        said = f"refused ({trial['sqlstate']})" if trial["sqlstate"] else "done"
        console.print(f"  {said:16} {trial['what']}", highlight=False)
    seconds = sum(found["moved"]["seconds"].values())
    console.print(
        f"\n{found['players']:,} players moved onto {found['shards']} shards in {seconds:.1f} s, "
        f"{found['moved']['seconds']['claims']:.1f} s of it for their claims."
    )
