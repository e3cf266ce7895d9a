"""What the last runs of the moves answer, for each way in and out of an approach."""

from collections.abc import Callable, Mapping

from workbench.move.moves import Move, all_moves
from workbench.move.report import Report, VisitSummary
from workbench.variants import VARIANTS

NOT_RUN = "not run here"
THERE = "is there"


def kept(it: Move, told: Report | None) -> str:
    """What the target has a place for; the rest waits in the archive."""
    return it.kept


def rewritten(it: Move, told: Report | None) -> str:
    """Counted by the files that the tables lie in."""
    return str(len(told.rides[0].rewritten)) if told else NOT_RUN


def old_code_goes_on(it: Move, told: Report | None) -> str:
    """Whether a visitor of the old code met no error, during the move and after it."""
    return seen(told, lambda probes: "yes" if not probes["old"]["errors"] else "no")


def written_meanwhile(it: Move, told: Report | None) -> str:
    """Players whom a visitor registered or changed while the move ran, and who are so no longer."""
    return seen(told, lambda probes: str(sum(len(visit["lost"]) for visit in probes.values())))


def seen(told: Report | None, by: Callable[[dict[str, VisitSummary]], str]) -> str:
    """What visitors saw, if the move ran with some."""
    return by(told.probes) if told and told.probes else NOT_RUN


QUESTIONS: dict[str, Callable[[Move, Report | None], str]] = {
    "What is kept at its place?": kept,
    "How many tables are rewritten?": rewritten,
    "Does the old code go on without an error?": old_code_goes_on,
    "How many players written meanwhile are not as they were written?": written_meanwhile,
}


def answers(ran: Mapping[str, Report]) -> dict[str, dict[str, list[str]]]:
    """{target: {question: [an answer for each source]}}, from the reports of the last runs."""
    moves = {(it.source, it.target): it for it in all_moves()}

    def answer(source: str, target: str, ask: Callable[[Move, Report | None], str]) -> str:
        it = moves.get((source, target))
        return ask(it, ran.get(it.name)) if it else THERE

    return {
        target: {
            question: [answer(source, target, ask) for source in VARIANTS]
            for question, ask in QUESTIONS.items()
        }
        for target in VARIANTS
    }
