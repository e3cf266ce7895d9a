"""Scoring the missions by what the kernel's database holds.

The variant does not know of them. The first call of missions() adds a schema of its own to this
kernel's database, with a log that triggers fill. `notebook.use()` starts over without both.
"""

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from workbench.errors import WorkbenchError
from workbench.notebook import answers
from workbench.notebook.break_it import MISSIONS
from workbench.notebook.output import LEFT
from workbench.server import postgres

LOG = Path(__file__).with_name("log.sql")
DONE, NOT_YET = "Done", "Not yet"
NOT_POSSIBLE, AGAINST_THE_RULES = "Not possible here", "Against the rules"
# how many cases of a mission are named
SHOWN = 3
# how long to wait for a lock
PATIENCE = "2s"
# as log.sql has it for the user table
LOG_PROFILES = """
    CREATE TRIGGER missions AFTER UPDATE OR DELETE ON {extras}
    FOR EACH ROW EXECUTE FUNCTION missions.keep('{key}')
"""


@dataclass(frozen=True)
class Score:
    """What PostgreSQL says of one mission: one of the four verdicts, and why."""

    mission: str
    verdict: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.verdict}: {self.reason}" if self.reason else f"{self.verdict}."


class Scores(dict[str, Score]):
    """The scores by the mission's id; a notebook shows them with the tasks and hints."""

    def __repr__(self) -> str:
        lines = (f"{MISSIONS[id_]['title']}. {score}" for id_, score in self.items())
        return "\n".join([self._count(), *lines])

    def _repr_html_(self) -> str:
        rows = "".join(_row(MISSIONS[id_], score) for id_, score in self.items())
        return (
            f"<p>{self._count()}</p><table><thead><tr>"
            f'<th scope="col" {LEFT}>Mission</th><th scope="col" {LEFT}>What PostgreSQL says</th>'
            f"</tr></thead><tbody>{rows}</tbody></table>"
        )

    def _count(self) -> str:
        verdicts = [score.verdict for score in self.values()]
        possible = len(verdicts) - verdicts.count(NOT_POSSIBLE) - verdicts.count(AGAINST_THE_RULES)
        return f"{verdicts.count(DONE)} of {possible} missions done."


def missions() -> Scores:
    """Score each mission by what this kernel's database holds; only what is committed counts.

    Cases from before the first call do not count. A mission that was done once stays done. A
    mission that is not possible in this approach is tried each time, and PostgreSQL's error is the
    reason. Raises WorkbenchError if this kernel is no variant, or if an open transaction holds
    a whole table.
    """
    variant = answers.mine
    if variant is None:
        raise WorkbenchError(
            'missions() needs one variant: run notebook.use("custom_user") first, or name another.'
        )
    try:
        with _connected() as connection:
            connection.execute("SELECT set_config('lock_timeout', %s, false)", [PATIENCE])
            names = _names()
            _begin(connection, names)
            return Scores({id_: _scored(connection, id_, variant, names) for id_ in MISSIONS})
    except psycopg.errors.LockNotAvailable as error:
        raise WorkbenchError(
            "An open transaction holds what missions() must read or change: "
            "commit it or roll it back, and call missions() again."
        ) from error
    except psycopg.Error as error:
        raise WorkbenchError(
            f"The missions cannot be scored ({postgres.reason(error)}): "
            f'start over with notebook.use("{variant}").'
        ) from error


def _connected() -> postgres.Connection:
    """A connection beside the kernel's own, so that only what is committed counts."""
    from django.db import connection

    return postgres.connect(postgres.from_environment(), connection.settings_dict["NAME"])


def _names() -> dict[str, str]:
    """How this variant calls what the SQL of a mission names."""
    from django.apps import apps
    from django.contrib.auth import get_user_model

    users = get_user_model()._meta.db_table
    models = {model.__name__: model for model in apps.get_app_config("players").get_models()}
    if "Person" not in models:
        return {"users": users, "extras": users, "user_id": "id", "key": "id"}
    meta = models["Person"]._meta
    assert meta.pk is not None
    return {
        "users": users,
        "extras": meta.db_table,
        "user_id": "user_id",
        "key": meta.pk.attname,
    }


def _begin(connection: Any, names: dict[str, str]) -> None:
    """Add the log, once, and note which cases there are already."""
    if connection.execute("SELECT to_regnamespace('missions') IS NOT NULL").fetchone() == (True,):
        return
    with connection.transaction():
        connection.execute(_filled(LOG.read_text(encoding="utf-8"), names))
        if names["extras"] != names["users"]:
            connection.execute(_filled(LOG_PROFILES, names))
        for id_ in MISSIONS:
            for sentence in _cases(connection, id_, names):
                connection.execute("INSERT INTO missions.before VALUES (%s, %s)", [id_, sentence])


def _scored(connection: Any, id_: str, variant: str, names: dict[str, str]) -> Score:
    cases = _new_cases(connection, id_, names)
    impossible = MISSIONS[id_].get("impossible", {}).get(variant)
    if impossible is None:
        return Score(id_, DONE, _listed(cases)) if cases else Score(id_, NOT_YET)
    refusal = _refusal(connection, _filled(impossible["attempt"], names))
    if cases or not refusal:
        its = f"{_listed(cases)} " if cases else ""
        return Score(
            id_,
            AGAINST_THE_RULES,
            f"{its}The schema was changed, or PostgreSQL's checks were switched off.",
        )
    return Score(id_, NOT_POSSIBLE, f"{impossible['why']} PostgreSQL says: {refusal}.")


def _new_cases(connection: Any, id_: str, names: dict[str, str]) -> list[str]:
    """The cases since the missions began, also those that are mended by now."""
    for sentence in _cases(connection, id_, names):
        connection.execute(
            "INSERT INTO missions.done SELECT %(mission)s, %(sentence)s WHERE NOT EXISTS ("
            "SELECT FROM (TABLE missions.before UNION ALL TABLE missions.done) AS known "
            "WHERE mission = %(mission)s AND sentence = %(sentence)s)",
            {"mission": id_, "sentence": sentence},
        )
    rows = connection.execute("SELECT sentence FROM missions.done WHERE mission = %s", [id_])
    return [sentence for (sentence,) in rows]


def _cases(connection: Any, id_: str, names: dict[str, str]) -> list[str]:
    """The sentences about each case that is in the database now; none where a table is missing."""
    from django.utils import timezone

    found = f"SELECT DISTINCT * FROM ({_filled(MISSIONS[id_]['found'], names)}) AS found ORDER BY 1"
    try:
        with connection.transaction():
            return [said for (said,) in connection.execute(found, {"today": timezone.localdate()})]
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
        return []


def _refusal(connection: Any, attempt: str) -> str:
    """What PostgreSQL says to a statement that is then rolled back; "" if it accepts."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(attempt)
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.errors.LockNotAvailable:
        raise
    except psycopg.Error as error:
        return postgres.reason(error)
    return ""


def _filled(text: str, names: dict[str, str]) -> str:
    for name, its in names.items():
        text = text.replace(f"{{{name}}}", its)
    return text


def _listed(cases: list[str]) -> str:
    more = f", and {len(cases) - SHOWN} more" if len(cases) > SHOWN else ""
    return f"{'; '.join(cases[:SHOWN])}{more}."


def _row(mission: dict[str, Any], score: Score) -> str:
    title, task, hint = (html.escape(mission[key]) for key in ("title", "task", "hint"))
    reason = html.escape(score.reason)
    return (
        f"<tr><td {LEFT}><strong>{title}</strong><br>{task}"
        f"<details><summary>Hint</summary>{hint}</details></td>"
        f"<td {LEFT}><strong>{score.verdict}</strong>{f'<br>{reason}' if reason else ''}</td></tr>"
    )
