"""Does what a move takes inside a project: the source's, the move's or the target's settings.

Its order is `steps`, a list of [what, arguments]. It says what came of each, by its name.
"""

import functools
import hashlib
import importlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, get_user_model
from django.contrib.auth.hashers import get_hasher
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.utils.module_loading import import_string

from moves.world.names import PASSWORD, REAL
from workbench.inside import say, setup
from workbench.move.report import Plan, Statement


def main(steps: list[tuple[str, dict[str, Any]]]) -> None:
    """Do them all, in order; a refusal is told as {"refused": sentence}."""
    told: dict[str, Any] = {}
    try:
        for what, arguments in steps:
            told[what] = STEPS[what](**arguments)
    except CommandError as error:
        told["refused"] = str(error)
    say(told)


def migrate(app: str = "", to: str = "", record: bool = False) -> list[Statement]:
    """Run `migrate`; return the statements with their seconds, if asked."""
    recorder = Recorder()
    target = [part for part in (app, to) if part]
    if not record:
        setup.migrate(*target)
        return []
    with connection.execute_wrapper(recorder):
        setup.migrate(*target)
    return recorder.statements


def prune() -> None:
    """Forget the migrations of the players that are recorded and not there any more."""
    call_command("migrate", "players", prune=True, interactive=False, verbosity=0)


def remove_stale() -> None:
    """Remove the content types of models that the code has not, and their permissions."""
    call_command("remove_stale_contenttypes", interactive=False, verbosity=0)


class Recorder:
    """Writes down each statement of a migration, and how long PostgreSQL took for it."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        text = sql if isinstance(sql, str) else sql.as_string(None)
        at, began = time.time(), time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seconds = time.perf_counter() - began
            self.statements.append({"sql": text, "at": at, "seconds": seconds})


def plan() -> Plan:
    """The migrations of the app players that are still to run, and those of other apps."""
    executor = MigrationExecutor(connection)
    found: Plan = {"players": [], "others": []}
    for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
        its = found["players"] if migration.app_label == "players" else found["others"]
        its.append(f"{migration.app_label}.{migration.name}")
    return found


def load(players: int, duplicates: bool = True) -> None:
    """Fill the database with players and the world around them."""
    importlib.import_module("moves.world.load").load(players, duplicates=duplicates)


def has_nothing_to_migrate() -> str:
    """What `migrate --check` and `makemigrations --check` say; "" if there is nothing to do."""
    said = []
    for command, arguments in (
        ("migrate", {"check_unapplied": True}),
        ("makemigrations", {"check_changes": True, "dry_run": True}),
    ):
        try:
            call_command(command, verbosity=0, interactive=False, **arguments)
        except SystemExit as ended:
            if ended.code:
                said.append(f"{command} --check has something to do")
    return "; ".join(said)


def logins() -> list[str]:
    """What is wrong with logging in by old passwords and with sessions that were open.

    Looking changes nothing: the logins are undone.
    """
    hasher = get_hasher()
    # it takes its time on purpose, and these players have the same password and hash
    hasher.verify = functools.cache(hasher.verify)  # type: ignore[method-assign]
    with transaction.atomic():
        wrong = [said for nth in range(1, REAL + 1) for said in login(nth)]
        transaction.set_rollback(True)
    return wrong


def login(nth: int) -> Iterator[str]:
    """What is wrong with the login and the open session of one player."""
    name = f"player{nth:07}"
    user = get_user_model()._default_manager.filter(username=name).first()
    if not Client().login(username=name, password=PASSWORD):
        yield f"{name} cannot log in"
    if nth == 1 and Client().login(username=name, password="wrong"):
        yield f"{name} logs in by a wrong password"
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = f"session{100 + nth:025}"
    shown = client.get("/profile/")
    if user is None or shown.status_code != 200 or shown.wsgi_request.user.pk != user.pk:
        yield f"the open session of {name} does not open their account"


def use() -> None:
    """Do what a site does after a move: somebody registers, somebody changes their details."""
    roster = importlib.import_module("players.roster")
    cannot_do = getattr(roster, "CannotDo", ())
    extras = {"birthdate": "1991-02-03", "discord_id": "40000000000000000", "zoom_id": "444555666"}
    for act, *arguments in (
        (roster.register, "newcomer", "The dragon wakes at 7"),
        (roster.change, "player0000002"),
        (roster.change, "player0000007"),
    ):
        try:
            act(*arguments, email="changed@example.org", **extras)
        except cannot_do:
            act(*arguments, email="changed@example.org")


def change(player: str, details: dict[str, str | None]) -> None:
    """Change what a player told about themselves."""
    importlib.import_module("players.roster").change(player, **details)


def look_up(wrote: dict[str, dict[str, str]]) -> list[str]:
    """Which of the players are not there, or have another value of a detail that is kept here."""
    roster = importlib.import_module("players.roster")
    wrong = []
    for player, details in wrote.items():
        found = roster.find(player)
        if found is None:
            wrong.append(f"{player} is not there")
        else:
            wrong += [
                f"{player} has {found[detail]}, wrote {value}"
                for detail, value in details.items()
                if found.get(detail, value) != value
            ]
    return wrong


def sessions(census: str) -> None:
    """Add the content of every session to that census: a hash of all but the backend.

    Of the backend, only whether it is the project's own, as an open session is logged out by any
    other one. A session that has expired, or that Django cannot read, is counted as it is.
    """
    store: Any = import_string(f"{settings.SESSION_ENGINE}.SessionStore")()
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_key, session_data, expire_date < now() FROM django_session")
        lines = [
            f"{hashed(key)}|{session_line(data, {} if expired else store.decode(data))}"
            for key, data, expired in cursor.fetchall()
        ]
        with cursor.copy(f"COPY census.{census} (fact, line) FROM STDIN") as copy:
            for line in lines:
                copy.write_row(("contents of sessions", line))


def session_line(data: str, session: dict[str, Any]) -> str:
    """Return what is counted of a session: as it is stored, and as Django reads it."""
    if BACKEND_SESSION_KEY not in session:
        return hashed(data)
    backend = session.pop(BACKEND_SESSION_KEY)
    own = "own" if backend in settings.AUTHENTICATION_BACKENDS else backend
    return f"{own}|{hashed(json.dumps(session, sort_keys=True))}"


def hashed(text: str) -> str:
    """Return a hash: who reads the census is not to log in with it."""
    return hashlib.sha256(text.encode()).hexdigest()


ALL = (
    migrate,
    sessions,
    plan,
    prune,
    remove_stale,
    load,
    has_nothing_to_migrate,
    logins,
    use,
    change,
    look_up,
)
STEPS: dict[str, Callable[..., Any]] = {step.__name__: step for step in ALL}
