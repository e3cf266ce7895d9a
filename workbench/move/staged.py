"""A move in stages, while the old and the new code serve: runs it under visitors, and verifies.

Before it, the visitors of the old code come alone for a while: what they wait for then is the
machine, and what they wait for longer while a stage runs is the stage.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from workbench.errors import WorkbenchError
from workbench.move import census, project, watch
from workbench.move.census import Ends
from workbench.move.moves import Move, Stages
from workbench.move.project import Project, Server, Visit, beside
from workbench.move.report import THE_LAST, Check, Stage, Staged
from workbench.move.run import START, Tell
from workbench.move.verify import verified
from workbench.server import databases, postgres

# what no visitor may wait for
LIMIT = 2.0

# users whose newest person, or only one, says otherwise than their own row
APART = """
    SELECT username FROM auth_user LEFT JOIN LATERAL (
        SELECT * FROM person WHERE user_id = auth_user.id ORDER BY {key} DESC LIMIT 1) AS it ON true
    WHERE (auth_user.birthdate, auth_user.discord_id, auth_user.zoom_id)
        IS DISTINCT FROM (it.birthdate, it.discord_id, it.zoom_id) LIMIT 10
"""


class Site:
    """A database that is moved in stages while visitors use it."""

    def __init__(self, server: Server, it: Move, name: str, rule: str, report: Staged) -> None:
        self.server, self.it, self.name, self.report = server, it, name, report
        self.moving = Project(server, it.target, name, it.staged_settings, rule=rule)
        self.visits: dict[str, Visit] = {}
        self.ends = Ends(it.source, it.target)

    def migrate(self, to: str = "") -> None:
        """Run one stage: to that migration, or to the last."""
        where = {"app": "players", "to": to} if to else {}
        began = time.time()
        with watch.locks(self.server, self.name) as seen:
            self.moving.do(("migrate", where))
        locks = [(table, mode, seconds) for (table, mode), seconds in seen.longest.items()]
        locks.sort(key=lambda lock: -lock[2])
        self.report.stages.append(Stage(to or THE_LAST, began, time.time() - began, locks))

    @contextmanager
    def visited(self, name: str, code: Project) -> Iterator[None]:
        """Let visitors use that code for the block; a while before what comes, and after it."""
        with project.visiting(code, name) as self.visits[name]:
            time.sleep(project.BEFORE)
            yield
            time.sleep(project.AFTER)

    def count(self, name: str, variant: str, rule: str = "") -> None:
        """Write a census down."""
        with postgres.connect(self.server, self.name) as connection:
            census.count(connection.cursor(), name, variant, self.ends, rule)

    def check_apart(self) -> None:
        """See whether both sides say the same of every player, now that both codes have run."""
        key = census.KEYS.get(self.it.source)
        with postgres.connect(self.server, self.name) as connection:
            found = connection.execute(APART.format(key=key)).fetchall() if key else []
        wrong = [f"{player}'s person says otherwise than their user" for (player,) in found]
        self.check("both sides, while both run", "every player", wrong)

    def check_logins(self, *codes: Project) -> None:
        """See whether each code takes old passwords, and the sessions that were open before."""
        for code in codes:
            wrong = code.do(("logins", {}))["logins"]
            self.check(f"logins at {code.variant}", "by password and by cookie", wrong)

    def check(self, name: str, looked_at: str, wrong: list[str]) -> None:
        """Note what came of a check."""
        self.report.checks.append(Check(name, looked_at, wrong))

    def check_against(self, before: str, after: str) -> None:
        """Compare two counts. What visitors did is looked up by itself; their logins are new."""
        but = tuple(player for visit in self.visits.values() for player in visit.wrote)
        with postgres.connect(self.server, self.name) as connection:
            found = census.compare(connection.cursor(), before, after, but=but)
        wrong = [it for it in found if not it.startswith("sessions:") or "is lost" in it]
        if after == "again" and self.report.rule == "fill":  # what the rule has filled stays so
            wrong = [it for it in wrong if not it.startswith("profile rows:")]
        self.check(f"census {after}", "every player and all that is theirs", wrong)

    def check_writes(self, code: Project, *names: str) -> None:
        """Look up with that code what those visitors wrote."""
        for name in names:
            lost = code.do(("look_up", {"wrote": self.visits[name].wrote}))["look_up"]
            self.check(f"writes of {name}", f"{len(self.visits[name].wrote)} players", lost)

    def verify(self, variant: str) -> None:
        """Whether it is as a fresh database of the variant, under its own, unmodified settings."""
        for check in verified(self.server, variant, self.name):
            self.check(f"{variant}: {check.name}", check.looked_at, check.wrong)


def move(
    server: Server,
    it: Move,
    players: int,
    *,
    rule: str = "",
    database: str = "",
    tell: Tell = lambda step: None,
) -> Staged:
    """Load so many players, move them in stages there and back while visitors come, and verify.

    database: its name, if not the usual one; it is made anew. tell hears what begins. Raises
    WorkbenchError if there is no staged way, or the move is refused.
    """
    stages = staged(it)
    name = database or f"move_{it.staged_name}"
    told = Staged(it.staged_name, players, rule)
    old = Project(server, it.source, name)
    tell(f"Loading {players:,} players into {it.source}")
    databases.anew(server, name)
    old.do(("migrate", {}), ("load", {"players": players}))
    site = Site(server, it, name, rule, told)
    site.count("before", it.source, rule)
    with beside(server, it, name) as new:
        there(site, stages, old, new, tell)
        back(site, stages, old, new, tell)
    met(site)
    return told


def staged(it: Move) -> Stages:
    """The stages of the move; raises WorkbenchError if it has none."""
    if it.stages is None:
        raise WorkbenchError(
            f"There is no staged way from {it.source} to {it.target}: see `workbench move list`."
        )
    return it.stages


def there(site: Site, stages: Stages, old: Project, new: Project, tell: Tell) -> None:
    """From the old code alone to the new code alone; then the steps that may wait."""
    with ExitStack() as with_new:
        with site.visited("old", old):
            tell("The old code serves: columns, triggers, batches")
            site.migrate(stages.both)
            with_new.enter_context(site.visited("new", new))
            tell("Both serve")
            site.check_logins(old, new)
        site.check_apart()
        tell("The new code serves: the old one's tables go")
        site.migrate(stages.alone)
    tell("Nobody serves: the table's name, the key, the names")
    site.migrate()
    site.check_writes(Project(site.server, site.it.target, site.name), "old", "new")
    site.count("after", site.it.target)
    site.check_against("before", "after")
    site.verify(site.it.target)


def back(site: Site, stages: Stages, old: Project, new: Project, tell: Tell) -> None:
    """From the new code alone to the old code alone."""
    tell("Nobody serves: back to the table's name")
    site.migrate(stages.alone)
    with ExitStack() as with_old:
        with site.visited("new again", new):
            tell("The new code serves: the old one's tables come back")
            site.migrate(stages.both)
            with_old.enter_context(site.visited("old again", old))
            tell("Both serve")
            site.check_logins(old, new)
        site.check_apart()
        tell("The old code serves: triggers and columns go")
        site.migrate(START)
    site.check_writes(old, "new again", "old again")
    site.count("again", site.it.source, site.report.rule)
    site.check_against("before", "again")
    site.verify(site.it.source)


def met(site: Site) -> None:
    """Write down what the visitors met, stage by stage and in all."""
    told, first = site.report, site.report.stages[0].began
    told.idle = longest(site.visits["old"], 0, first)
    for stage in told.stages:
        end = stage.began + stage.seconds
        for name, visit in site.visits.items():
            if any(stage.began <= at < end for at, *_ in visit.acts):
                stage.longest[name] = longest(visit, stage.began, end)
    for name, visit in site.visits.items():
        told.probes[name] = project.summary(visit, first, [])
        errors = [f"{what}: {error}" for _, _, what, error in visit.acts if error]
        site.check(f"visitors of {name}", f"{len(visit.acts)} acts", errors[:3])
        slow = [
            f"one waited {seconds:.2f} s to {what}, more than the {LIMIT:g} s that nobody should"
            for _, seconds, what, _ in visit.acts
            if seconds > LIMIT
        ]
        site.check(f"waits of {name}", f"at most {LIMIT:g} s", slow[:3])


def longest(visit: Visit, begin: float, end: float) -> float:
    """The longest that a visitor waited for what went on between two times."""
    during = [seconds for at, seconds, *_ in visit.acts if at < end and at + seconds > begin]
    return max(during, default=0.0)
