"""Lint what people read: proselint's checks, the rules in prose.toml, and the number of words.

python tests/prose.py                 # everything
python tests/prose.py docs README.md  # what these paths contain
"""

import ast
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from proselint import checks
from proselint.config import DEFAULT
from proselint.registry import CheckRegistry
from proselint.registry.checks import Check
from proselint.registry.checks.types import ExistenceSimple
from proselint.tools import LintFile

from workbench.variants import VARIANTS

PROJECT = Path(__file__).parents[1]
GUIDE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
KINDS = ("question", "advice", "need", "message", "help", "page")

YES_OR_NO = re.compile(r"(Do|Does|Did|Is|Are|Was|Were|Can|May|Must|Should|Has|Have|Will)\b")

# not prose: blocks of code, comments, macros, tags, the targets of links
NOT_PROSE = [
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),
    re.compile(r"^( *)(`{3,}|~{3,}).*?^\1\2 *$", re.DOTALL | re.MULTILINE),
    re.compile(r"<(script|textarea|style).*?</\1>|<!--.*?-->", re.DOTALL),
    re.compile(r"\[#.*?#\]|\[%.*?%\]|\[\[.*?\]\]", re.DOTALL),
    re.compile(r"<[^<>]+>"),
    re.compile(r"(?<=\])\([^)]*\)"),
    re.compile(r"^\[[^]]+\]: .*$", re.MULTILINE),
    re.compile(r"\{[^{}]*\}"),
]
CODE = re.compile(r"`[^`]+`")


@dataclass(frozen=True)
class Text:
    """A text that people read: its kind, one of KINDS, and where it is.

    yes_or_no: whether the answers of a question are True or False; None if the text is no question.
    """

    kind: str
    path: str
    line: int
    text: str
    yes_or_no: bool | None = None


@dataclass(frozen=True)
class Fault:
    """A fault of a text: where it is, which rule found it, and what to write."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


def rule(entry):
    """Return proselint's check for a rule of prose.toml."""
    pattern = entry["not"].replace(" ", r"\s+")
    if not entry.get("raw"):
        pattern = rf"\b({pattern})\b"
    excepted = (entry["except"].replace(" ", r"\s+"),) if "except" in entry else ()
    use = entry["use"].replace("{", "{{").replace("}", "}}")
    return Check(
        check_type=ExistenceSimple(pattern, excepted),
        path=f"plain.{entry['id']}",
        message=f"'{{}}': write {use}.",
    )


RULES = {f"plain.{entry['id']}": (rule(entry), entry) for entry in GUIDE["rule"]}
CheckRegistry().register_many(checks.__register__ + tuple(check for check, _ in RULES.values()))


def checks_of(kind):
    """Return {name of a check or of a family of checks: whether it is for this kind of text}."""
    mine = {name: kind in entry.get("only", KINDS) for name, (_, entry) in RULES.items()}
    return mine | DEFAULT["checks"] | dict.fromkeys(GUIDE["without"], False)


def faults(text):
    """Return the Faults of a Text."""
    found = LintFile(text.path, text.text).lint({**DEFAULT, "checks": checks_of(text.kind)})
    for result, (line, _) in found:
        yield Fault(text.path, text.line + line - 1, result.check_path, result.message)
    if text.yes_or_no is not None and text.yes_or_no != asks_for_yes_or_no(text.text):
        message = "the answers are yes or no, but the question is not (or the other way round)."
        yield Fault(text.path, text.line, "plain.answer", message)
    for what, words in counted(text):
        if words > GUIDE["words"][what]:
            message = f"a {what} of {words} words; at most {GUIDE['words'][what]}."
            yield Fault(text.path, text.line, "plain.words", message)


def asks_for_yes_or_no(text):
    """Return whether a question begins like one that is answered by yes or no."""
    _, question = parted(text)
    return bool(YES_OR_NO.match(question))


def counted(text):
    """Yield (part, its number of words) for each part of a Text that prose.toml limits."""
    if text.kind == "question":
        setting, question = parted(text.text)
        yield "question", len(question.split())
        yield "setting", len(setting.split())
    elif text.kind in GUIDE["words"]:
        yield text.kind, len(text.text.split())


def parted(text):
    """Return (the setting, the question): the last sentence is the question."""
    *setting, question = re.split(r"(?<=[.!?]) (?=[A-Z])", text)
    return " ".join(setting), question


def texts():
    """Yield every Text of the project."""
    for path in sorted(PROJECT.glob("suite/questions/test_*.py")):
        yield from of_questions(path)
    yield from of_needs(PROJECT / "workbench/compare/needs.toml")
    yield from of_missions(PROJECT / "workbench/notebook/break_it/missions.toml")
    for path in sorted(PROJECT.glob("workbench/**/*.py")):
        yield from of_the_tool(path)
    pages = [PROJECT / name for name in ("README.md", "CONTRIBUTING.md", "moves/README.md")]
    pages += [*PROJECT.glob("variants/*/README.md"), *PROJECT.glob("docs/**/*.md")]
    for path in sorted(pages):
        yield Text("page", name(path), 1, prose(path.read_text(encoding="utf-8")))


def name(path):
    return path.relative_to(PROJECT).as_posix()


def prose(markdown):
    """Replace what is not prose by blanks, so that all lines keep their numbers."""
    for pattern in [*NOT_PROSE, CODE]:
        markdown = pattern.sub(lambda found: re.sub(r"\S", " ", found[0]), markdown)
    return markdown


def of_questions(path):
    """Yield the questions of a module of the suite, their advice and their reasons."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        calls = [its for its in node.decorator_list if isinstance(its, ast.Call)]
        if not any(getattr(call.func, "id", "") == "compare" for call in calls):
            continue
        question = " ".join(ast.get_docstring(node).split())
        yes_or_no = any(
            isinstance(its.value, ast.Constant) and isinstance(its.value.value, bool)
            for call in calls
            for its in call.keywords
            if its.arg in VARIANTS
        )
        yield Text("question", name(path), node.body[0].lineno, question, yes_or_no)
        for argument in (its for call in calls for its in call.keywords):
            if argument.arg in ("so_what", "why"):
                line, said = argument.value.lineno, ast.literal_eval(argument.value)
                yield Text(
                    "advice" if argument.arg == "so_what" else "help", name(path), line, said
                )


def of_needs(path):
    """Yield the needs of needs.toml."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("need = "):
            yield Text("need", name(path), number, tomllib.loads(line)["need"])


def of_missions(path):
    """Yield the tasks, hints and reasons of missions.toml."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        key = line.partition(" = ")[0]
        if key in ("title", "task", "hint", "why"):
            yield Text("help", name(path), number, tomllib.loads(line)[key])


def of_the_tool(path):
    """Yield the help texts and the messages of a module of the tool."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name == "command.py":
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and ast.get_docstring(node):
                yield Text("help", name(path), node.body[0].lineno, ast.get_docstring(node))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if getattr(node.func, "id", "") == "WorkbenchError" and node.args:
            yield Text("message", name(path), node.lineno, said_by(node.args[0]))
        for argument in node.keywords:
            if argument.arg == "help":
                yield Text("help", name(path), node.lineno, said_by(argument.value))


def said_by(node):
    """Return the text of an expression, with "..." for what is known only when it runs."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(said_by, node.values))
    if isinstance(node, ast.BinOp):
        return said_by(node.left) + said_by(node.right)
    return "X"


def main(paths):
    """Print all faults of what the paths contain, or of everything. Return the exit code."""
    wanted = tuple(name(Path(path).resolve()) for path in paths)
    found = [
        fault for text in texts() if text.path.startswith(wanted or "") for fault in faults(text)
    ]
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
