"""The index of errors: every distinct error in the evidence, with who raises it."""

from dataclasses import dataclass, field

from workbench.compare import results
from workbench.compare.answers import Question


@dataclass
class Raised:
    """An error: its text, the versions of Django, {variant: None} and {question id: question}."""

    text: str
    djangos: list[str] = field(default_factory=list)
    variants: dict[str, None] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The class of the error."""
        return self.text.partition(":")[0].rpartition(".")[2]


def index() -> list[Raised]:
    """Return the errors in the evidence of all recorded versions, by their class and text.

    Raises WorkbenchError if results/ cannot be read.
    """
    found: dict[str, Raised] = {}
    for django in results.recorded_djangos():
        for question in results.load(django)["questions"]:
            for variant, kept in question["evidence"].items():
                for kind, text in kept:
                    if kind == "error":
                        raised = found.setdefault(text, Raised(text))
                        if django not in raised.djangos:
                            raised.djangos.append(django)
                        raised.variants[variant] = None
                        raised.questions[question["id"]] = question
    return sorted(found.values(), key=lambda raised: (raised.name, raised.text))
