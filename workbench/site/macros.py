"""What the pages in docs/ may ask for: measured answers and tested code, as Markdown.

Each public method of Macros is a name that a page may use between `[[` and `]]`. A method returns
Markdown: inline, for the middle of a sentence, or a block, for a line of its own. Nothing here
is an answer; the answers come from build/comparison.json and build/snapshots.json.
"""

import html
import json
import posixpath
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from itertools import combinations, groupby
from types import MappingProxyType
from typing import Any

from suite.compare import MARKS
from suite.questions import AREAS
from workbench import recorded
from workbench.bench import result
from workbench.bench import summary as bench
from workbench.bench.result import Result
from workbench.compare import answers as comparison
from workbench.compare import needs, results
from workbench.compare.answers import Comparison, Question, in_line, known
from workbench.errors import WorkbenchError
from workbench.move import report as move_report
from workbench.move.moves import Move, all_moves
from workbench.notebook.break_it import MISSIONS
from workbench.paths import PROJECT
from workbench.schema.tables import of_players
from workbench.site import (
    charts,
    errors,
    excerpts,
    goals,
    operations,
    playground,
    quiz,
    schemas,
    snapshots,
    sources,
)
from workbench.site.html import SIGNS, kind, part
from workbench.site.html import fenced as fenced_plain
from workbench.site.snapshots import Snapshots
from workbench.variants import EXTRA_FIELDS, SUMMARIES, VARIANTS

Block = str
Inline = str

# questions that show what a move is for
MOVED = (
    "users_from_before_the_players_app",
    "user_model_changed_later_in_a_new_app",
    "user_model_changed_later_in_the_same_app",
    "user_model_changed_later_in_an_app_without_migrations",
)
LANGUAGES = {".py": "python", ".css": "css", ".html": "html+django", ".sql": "sql", ".txt": "text"}


class Macros:
    """The macros as one page sees them: links are relative to it.

    page is the page's path below docs/, such as "tutorial/2-model.md".
    """

    def __init__(self, measured: Comparison, found: Snapshots, page: str) -> None:
        self._comparison = measured
        self._snapshots = found
        self._questions: dict[str, Question] = {its["id"]: its for its in measured["questions"]}
        for django in _djangos()[1:]:  # what only newer ones can be asked
            for name, question in _recorded(django).items():
                self._questions.setdefault(name, question)
        self._page = page

    # questions

    def question(self, name: str) -> Question:
        """The question with this id; one that only a newer Django can answer is that Django's."""
        return self._questions[known(name, self._questions, "question")]

    def questions(self, module: str | None = None) -> list[Question]:
        """All questions, or those of one area by its module's name, in their order."""
        return [
            its for its in self._questions.values() if module is None or its["module"] == module
        ]

    def areas(self) -> list[dict[str, Any]]:
        """The areas in their order: module, title, how many questions, in how many they differ.

        An area whose questions no Django has answered yet is left out.
        """
        found = []
        for module in AREAS:
            if not (its := self.questions(module)):
                continue
            differing = sum(comparison.differs(question) for question in its)
            title = its[0]["area"]
            found.append(
                {"module": module, "title": title, "count": len(its), "differing": differing}
            )
        return found

    def link(self, target: str) -> str:
        """The relative link from this page to a page (with or without #anchor) below docs/."""
        path, hash_, anchor = target.partition("#")
        return posixpath.relpath(path, posixpath.dirname(self._page) or ".") + hash_ + anchor

    def address(self, target: str) -> str:
        """The same for HTML, which mkdocs leaves alone: the relative address of the built page."""
        path, hash_, anchor = target.partition("#")
        there = posixpath.relpath(folder(path), folder(self._page) or ".")
        return f"{there}/{hash_}{anchor}"

    def evidence(self, name: str) -> str:
        """The relative link to a question's evidence."""
        return self.link(self._evidence_page(name))

    def pairs(self) -> list[dict[str, str]]:
        """Any two variants: a and b, and their places in the order of the four, such as "03"."""
        return [
            {"a": VARIANTS[i], "b": VARIANTS[j], "places": f"{i}{j}"}
            for i, j in combinations(range(len(VARIANTS)), 2)
        ]

    # inline

    def to(self, text: str, target: str) -> Inline:
        """A link to a page below docs/, for a text that comes from elsewhere."""
        return f"[{escaped(text)}]({self.link(target)})"

    def answer(self, name: str, variant: str) -> Inline:
        """One variant's answer, linked to its evidence."""
        return f"[{inline(self.question(name)['answers'][variant])}]({self.evidence(name)})"

    def means(self, name: str, variant: str, words: dict[str, str]) -> Inline:
        """What one variant's answer means in plain words, linked to its evidence.

        words: {answer, as readers see it: its meaning}. Raises WorkbenchError if the measured
        answer is none of them.
        """
        answer = in_line(self.question(name)["answers"][variant])
        if answer not in words:
            raise WorkbenchError(f"{variant} answers {name} with {answer!r}, which has no words.")
        return f"[{escaped(words[answer])}]({self.evidence(name)})"

    def who(self, name: str, *answers: Any) -> Inline:
        """The variants that gave one of these answers, as a list in words, linked."""
        found = [
            variant
            for variant, answer in self.question(name)["answers"].items()
            if needs.is_among(answer, answers)
        ]
        if not found:
            raise WorkbenchError(f"No variant answers {name} with {answers}.")
        return f"[{in_words(found)}]({self.evidence(name)})"

    def so_what(self, name: str) -> Inline:
        """What the answer means for the choice, in the question's own words, and a link."""
        sentence = self.question(name)["so_what"]
        if not sentence:
            raise WorkbenchError(f"{name} has no so_what.")
        return f"{escaped(sentence)} [evidence]({self.evidence(name)}){{ .evidence-link }}"

    def ask(self, name: str) -> Inline:
        """The question, linked to its evidence."""
        return f"[{escaped(self.question(name)['question'])}]({self.evidence(name)})"

    def count(self, what: str = "questions") -> Inline:
        """How many "questions" there are, how many of them only a "newer" Django can be asked.

        Or in how many the variants are "differing", or those that store fields are "storing".
        """
        asked = self._questions.values()
        main = _recorded(self.djangos()[0])
        storing = [name for name in VARIANTS if name != "proxy_model"]
        counts = {
            "questions": len(asked),
            "newer": sum(name not in main for name in self._questions),
            "differing": sum(comparison.differs(its) for its in asked),
            "storing": sum(comparison.differs(its, storing) for its in asked),
        }
        return str(counts[what])

    def version(self, name: str) -> Inline:
        """The version of Django, PostgreSQL, psycopg or Python in the measured run."""
        return str(self._comparison["versions"][name])

    def pythons(self) -> Inline:
        """The versions of Python in the recorded runs, each with its versions of Django."""
        found: dict[str, list[str]] = {}
        for django in self.djangos():
            python = results.load(django)["versions"]["Python"]
            found.setdefault(python, []).append(f"Django {django}")
        return in_words([f"Python {name} ({in_words(its)})" for name, its in found.items()])

    # blocks

    def measured(self, name: str, *, evidence: bool = False) -> Block:
        """A card: the question, its answers, what they mean, and where the evidence is."""
        question = self.question(name)
        title = f"**[{escaped(question['question'])}]({self.evidence(name)})**"
        parts = ['<div class="measured" markdown>', title, part("answers", question)]
        if question["so_what"]:
            parts.append(escaped(question["so_what"]))
        if evidence:
            parts.append(part("evidence", question))
        return "\n\n".join([*parts, "</div>\n"])

    def questions_table(self) -> Block:
        """All questions with their answers, a row each: those that matter most first, then by area.

        Questions that only other versions of Django can be asked are among them.
        """
        first: tuple[str, str, list[Any]]
        first = ("The questions that matter most for the choice", "", [])
        groups = [first]
        for area in self.areas():
            address = self.address(f"compare/{area['module']}.md")
            groups.append((area["title"], address, []))
            for question in self.questions(area["module"]):
                djangos = self._djangos_of(question["id"])
                row = (question, address, [] if djangos == self.djangos() else djangos)
                (first if question["top"] else groups[-1])[2].append(row)
        return part("questions_table", [group for group in groups if group[2]])

    def djangos(self) -> list[str]:
        """The versions of Django with recorded answers, oldest first."""
        return list(_djangos())

    def other_answers(self) -> str:
        """What other versions of Django answer, as JSON: {version: {question: {variant: cell}}}.

        A cell has the class and the HTML of a table's cell.
        """
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for django in self.djangos()[1:]:
            found[django] = {}
            for question in _recorded(django).values():
                mine = self.question(question["id"])
                cells = {
                    variant: {
                        "kind": f"{kind(answer)} {question['judgements'][variant]}",
                        "html": part("judged", answer, question["judgements"][variant]),
                    }
                    for variant, answer in question["answers"].items()
                    if answer != mine["answers"][variant]
                }
                if cells:
                    found[django][question["id"]] = cells
        # no "</script>" in the middle of a page
        return json.dumps(found, ensure_ascii=False).replace("<", "\\u003c")

    def _djangos_of(self, name: str) -> list[str]:
        """The versions of Django that can be asked a question."""
        return [it for it in self.djangos() if name in _recorded(it)]

    def one_server(self) -> Block:
        """What a class takes of one machine, as results/class.json has it: a table, and where."""
        found = json.loads((recorded.FOLDER / "class.json").read_text(encoding="utf-8"))
        rows = {
            "learners, each with all cells of notebook 5": found["learners"],
            "memory of each learner": f"{found['memory of a learner'] / 2**20:.0f} MB",
            "memory of PostgreSQL for all": f"{found['memory of PostgreSQL'] / 2**20:.0f} MB",
            "connections, at most": found["connections at most"],
        }
        lines = [f"| {name} | {value} |" for name, value in rows.items()]
        measured = found["measured"]
        where = f"Measured {recorded.provenance(measured)}, by `{measured['command']}`."
        return "\n".join(["| what | measured |", "| --- | --- |", *lines, "", where])

    def changed(self, django: str) -> Block:
        """What this Django changes: each question with its old and new answers, and the reason."""
        blocks = []
        changes = [it for it in results.changed_answers() if it.django == django]
        for name, its in groupby(changes, key=lambda it: it.id):
            rows: dict[str, list[results.Changed]] = {}
            for it in its:
                rows.setdefault(f"{inline(it.before)} | {inline(it.after)}", []).append(it)
            lines = ["| | before | now |", "| --- | --- | --- |"]
            for cells, group in rows.items():
                who = (
                    "all four"
                    if len(group) == len(VARIANTS)
                    else in_words([it.variant for it in group])
                )
                lines.append(f"| {who} | {cells} |")
            question = _recorded(django)[name]
            blocks += [f"**{self.ask(name)}**", "\n".join(lines), f"Why: {escaped(group[0].why)}"]
            if question["so_what"]:
                blocks.append(f"So what? {escaped(question['so_what'])}")
        return "\n\n".join([*blocks, ""])

    def count_errors(self) -> Inline:
        """How many distinct errors the evidence holds."""
        return str(len(errors.index()))

    def errors_by_class(self) -> Block:
        """Every distinct error in the evidence, by its class, linked to its questions."""
        groups = [
            (name, [(error, self._linked(error)) for error in its])
            for name, its in groupby(errors.index(), key=lambda error: error.name)
        ]
        return part("errors", groups, self.djangos())

    def _linked(self, error: errors.Raised) -> list[tuple[Question, str]]:
        return [
            (its, self.address(f"compare/{its['module']}.md#{its['id']}"))
            for its in error.questions.values()
        ]

    def needs_table(self) -> Block:
        """All needs, a row each: whether an approach meets it by itself, with what, or why not."""
        rows = [(it, needs.verdicts([it], self._comparison)) for it in needs.all_needs()]

        def address(question: Question) -> str:
            return self.address(f"compare/{question['module']}.md#{question['id']}")

        return part("needs_table", rows, self._questions, address, self.address)

    def preferences(self) -> str:
        """Which approach to take if several remain, as JSON, each with its evidence's address."""
        found = [
            asdict(it) | {"address": self.address(self._evidence_page(it.question))}
            for it in needs.all_preferences()
        ]
        return json.dumps(found)

    def _evidence_page(self, name: str) -> str:
        return f"compare/{self.question(name)['module']}.md#{name}"

    def detail(self, name: str) -> Block:
        """All that is known about a question: answers, meaning, source, what ran, who asked how."""
        question = self.question(name)
        parts = [part("badges", question), part("answers", question, True)]
        djangos = self._djangos_of(name)
        if djangos and djangos != self.djangos():
            parts.append(f"Asked of Django {in_words(djangos)}.")
        if question["so_what"]:
            parts.append(f"**So what?** {escaped(question['so_what'])}\n{{ .so-what }}")
        if question["rule"]:
            parts.append(f"Signs: {escaped(in_words_of_answers(question['rule']))}.")
        if question["source"]:
            cited = [f"[{escaped(text)}]({to})" for text, to in sources.links(question["source"])]
            parts.append(f"Source: {'; '.join(cited)}.")
        if name in MOVED:
            moves = self.to("the moves", "moves/index.md")
            parts.append(f"To change the user model of a project with users, see {moves}.")
        return "\n\n".join([*parts, part("evidence", question), part("code", question["code"])])

    # the project's own files

    def code(self, path: str, *names: str, without: str = "") -> Block:
        """Show a file of the variants, or its parts with these names, in a tab for each variant.

        The file's imports, functions and variables that the parts use come along. A variant that
        has none of the names gets a tab with the sentence `without`, or no tab. If all variants
        have the same code, it is shown once.
        """
        found, missing, known = {}, set(names), dict[str, None]()
        for variant in VARIANTS:
            file = PROJECT / "variants" / variant / path
            if not file.exists():
                continue
            source = excerpts.Source(file)
            its = [name for name in names if source.has(name)]
            missing.difference_update(its)
            known |= dict.fromkeys(source.names if names else ())
            if its or not names:
                found[variant] = source.excerpt(*its)
        if missing or not found:
            asked = " and ".join(map(repr, sorted(missing))) + " in " if missing else ""
            has = f": they have {', '.join(known)}" if known else ""
            raise WorkbenchError(f"no variant has {asked}{path}{has}.")
        if len(found) == len(VARIANTS) and len(set(found.values())) == 1:
            return fenced(found[VARIANTS[0]], path, f"{path}, the same in all four")
        blocks = {
            variant: fenced(its, path, f"variants/{variant}/{path}")
            for variant, its in found.items()
        }
        if without:
            blocks = {variant: blocks.get(variant, without) for variant in VARIANTS}
        return tabs(blocks)

    def file(self, path: str, *names: str, highlight: Sequence[str] = ()) -> Block:
        """Show a file of the project, or its parts with these names, as code() does.

        Lines that contain one of the texts in `highlight` are highlighted.
        """
        its = excerpts.Source(PROJECT / path).excerpt(*names)
        return fenced(its, path, path, highlight)

    def write(
        self,
        *paths: str,
        first: Mapping[str, str] = MappingProxyType({}),
        then: Mapping[str, str] = MappingProxyType({}),
        leave_out: Sequence[str] = (),
        highlight: Sequence[str] = (),
    ) -> Block:
        """Show whole files that the reader is to write, in a tab for each variant if they differ.

        The title of each block is the file's path in the reader's project. A variant's tab has
        those of the files that the variant has, unless it is in leave_out, between its texts of
        `first` and `then`, {variant: Markdown}. Lines with a text of `highlight` are highlighted.
        Raises WorkbenchError if no variant has one of the files, or one is left with an empty tab.
        """
        found = {variant: [first[variant]] if variant in first else [] for variant in VARIANTS}
        for path in paths:
            its = [name for name in VARIANTS if (PROJECT / "variants" / name / path).exists()]
            if not its:
                raise WorkbenchError(f"no variant has {path}.")
            for variant in set(its) - set(leave_out):
                code = (PROJECT / "variants" / variant / path).read_text(encoding="utf-8").rstrip()
                found[variant].append(fenced(code, path, path, highlight))
        for variant, text in then.items():
            found[variant].append(text)
        if empty := [name for name in VARIANTS if not found[name]]:
            raise WorkbenchError(
                f"{' and '.join(empty)} would have an empty tab: say in `then` what they do."
            )
        blocks = {variant: "\n\n".join(its) for variant, its in found.items()}
        return blocks[VARIANTS[0]] if len(set(blocks.values())) == 1 else tabs(blocks)

    def for_each(self, texts: dict[str, str]) -> Block:
        """A text for each variant, in tabs: {variant: Markdown}."""
        return tabs({variant: texts[variant] for variant in VARIANTS})

    def include(self, path: str, heading: str = "") -> Block:
        """Insert the text of a file of the project, or only its part below a heading."""
        if heading:
            return excerpts.section(PROJECT / path, heading)
        return excerpts.text(PROJECT / path)

    # what the variants did, and are

    def operation(self, name: str) -> Block:
        """What a function of roster.py asks of PostgreSQL, in a tab for each variant."""
        return tabs(operations.operation(name, self._snapshots))

    def operations_table(self) -> Block:
        """How many statements each function of roster.py takes in each variant."""
        return operations.table(self._snapshots)

    def players(self) -> Inline:
        """How many players each variant had when its operations were called."""
        return f"{self._snapshots['players']:,}"

    def ran(self, scene: str) -> Block:
        """What a visit to a page asks of PostgreSQL, in a tab for each variant."""
        return tabs(operations.scene(scene, self._snapshots))

    def schema(self, variant: str) -> schemas.Schema:
        """A variant's tables: its methods are blocks, such as schema("foreignkey").diagram()."""
        return schemas.Schema(variant, self._snapshots)

    def migrations(self) -> Block:
        """The SQL of the app's migrations, in a tab for each variant."""
        return tabs({name: self.schema(name).migrations() for name in VARIANTS})

    def tables(self) -> Block:
        """The tables that hold a player, in a tab for each variant."""
        return tabs({name: self.schema(name).columns() for name in VARIANTS})

    def schema_pairs(self) -> Block:
        """Any two variants, each pair linked to its part of schema_differences()."""
        return schemas.pairs_contents(self._snapshots)

    def schema_differences(self) -> Block:
        """A part for any two variants: where their tables differ, aligned."""
        return schemas.pairs_sections(self._snapshots)

    def table_of(self, variant: str) -> Block:
        """Where a variant keeps its players: the tables that hold them, with their columns."""
        snapshot = self._snapshots["variants"][variant]
        tables = snapshots.tables(snapshot)
        its = of_players(variant, tables)
        extra = set(EXTRA_FIELDS)
        holding = [
            table
            for name, table in its.items()
            if name == snapshot["user_table"] or extra & {column.name for column in table.columns}
        ]
        return part("small_tables", holding)

    # the project

    def commands(self) -> Block:
        """A section for each command, with its usage, arguments and options."""
        # a process of its own, as the command line imports what builds the site
        done = subprocess.run(
            [
                *(sys.executable, "-m", "typer", "workbench.cli"),
                "utils",
                "docs",
                "--name",
                "workbench",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        return "## " + done.stdout.partition("\n## ")[2]

    def missions(self) -> Block:
        """The missions of `Break it` and in which approaches each is possible."""
        lines = [f"| mission | {' | '.join(VARIANTS)} |", "| --- " * (len(VARIANTS) + 1) + "|"]
        for mission in MISSIONS.values():
            impossible = mission.get("impossible", {})
            cells = (
                "not possible" if variant in impossible else "possible" for variant in VARIANTS
            )
            lines.append(f"| **{mission['title']}.** {mission['task']} | {' | '.join(cells)} |")
        return "\n".join(lines)

    def missions_to_fill_in(self) -> Block:
        """The missions as a sheet for learners: what to do, and room for what came of it."""
        lines = ["| mission | what we ran | who complained? |", "| --- | --- | --- |"]
        lines += [f"| **{its['title']}.** {its['task']} | | |" for its in MISSIONS.values()]
        return "\n".join(lines)

    def moves_from(self, variant: str) -> Inline:
        """The moves that leave a variant, as a list in words, linked."""
        told = [self._to_move(it) for it in all_moves() if it.source == variant]
        return f"{', '.join(told[:-1])} or {told[-1]}"

    def _to_move(self, it: Move) -> Inline:
        link = self.to(it.target, f"moves/{it.name}.md")
        if it.stages:
            link += f" ({self.to('in stages', f'moves/{it.staged_name}.md')})"
        return link

    def moves_table(self) -> Block:
        """What each move keeps, here and in the archive, and if a site can serve meanwhile."""
        lines = ["| from | to | kept | kept in the archive | while the site serves |"]
        lines.append("| --- " * 5 + "|")
        for it in all_moves():
            lines.append(
                f"| {it.source} | {self._to_move(it)} | {it.kept} | {it.waits} | {it.serving} |"
            )
        return "\n".join(lines)

    def moving(self) -> Block:
        """The questions about moving, answered by the recorded runs, by target and source."""
        lines = [f"| | {' | '.join(f'from {name}' for name in VARIANTS)} |", "| --- " * 5 + "|"]
        for target, questions in move_report.answers(move_report.read()).items():
            for question, found in questions.items():
                asked = f"To {target}: {question[0].lower()}{question[1:]}"
                lines.append(f"| {asked} | {' | '.join(found)} |")
        return "\n".join(lines)

    def moves_measured(self) -> Block:
        """What was measured of each move: how long it took, its longest lock, what visitors met."""
        reports = move_report.read()
        rows = [
            [self.to(name, f"moves/{name}.md"), *move_report.figures(reports.get(name))]
            for it in all_moves()
            for name in move_report.names_of(it)
        ]
        told = " ".join(map(escaped, move_report.measured_on(reports)))
        return f"{told}\n\n{charts.markdown(list(move_report.HEADINGS), rows)}"

    # what it costs when it grows

    def benchmarks(self) -> Result | None:
        """The recorded result of `workbench bench`, or None while there is none."""
        return result.read(result.RECORDED) if result.RECORDED.exists() else None

    def measured_on(self, found: Result) -> Inline:
        """The day, the machine and the versions of a result, and whether the code is newer."""
        return escaped(bench.measured_on(found))

    def milliseconds(self, found: Result, operation: str, subject: str, way: str) -> float:
        """The median time of a call with the most users."""
        took = bench.wall(found, operation, subject, way)
        if took is None:
            raise WorkbenchError(f"{operation} of {subject} by {way} was not measured.")
        return took / 1000

    def falling(self, found: Result) -> tuple[int, int]:
        """How many lines of time by users fall, and of how many: see summary.falling()."""
        return bench.falling(found)

    def growth_chart(self, found: Result, operation: str) -> Block:
        """How long an operation takes at each number of players, with a table of the same."""
        return charts.growth(found, operation)

    def bench_table(self, found: Result, name: str) -> Block:
        """One of the tables that `workbench bench` prints."""
        return charts.table(found, name)

    def decisions(self) -> list[dict[str, str]]:
        """The pages in docs/decisions/, each with its file and title, in their order."""
        return [
            {"file": path.name, "title": path.read_text(encoding="utf-8").splitlines()[0][2:]}
            for path in sorted((PROJECT / "docs" / "decisions").glob("[0-9]*.md"))
        ]

    # the playground

    def exercises(self) -> list[playground.Exercise]:
        """The playground's exercises, in their order."""
        return playground.exercises()

    def goal(self, exercise: playground.Exercise) -> Block:
        """The result of a right answer: once if all its variants have the same, else in tabs."""
        found = goals.current()[exercise["id"]]
        blocks = {}
        for variant, answer in by_variant(exercise).items():
            goal = found[variant]
            if not answer.get("ordered"):
                goal = goal | {"rows": sorted(goal.get("rows", []), key=nulls_last)}
            blocks[variant] = part("goal", exercise["title"], answer, goal)
        if len(set(blocks.values())) == 1:
            return next(iter(blocks.values()))
        in_order = {variant: blocks[variant] for variant in TABS if variant in blocks}
        return part("tabs", f"goal-of-{exercise['id']}", in_order)

    def mishaps(self) -> Block:
        """The SQL that makes the playground's data less tidy, in a tab for each variant."""
        files = {variant: playground.MISHAPS / f"{variant}.sql" for variant in VARIANTS}
        return tabs({its: fenced_plain("sql", files[its].read_text("utf-8")) for its in VARIANTS})

    def solutions(self, exercise: playground.Exercise) -> Block:
        """The solutions of an exercise, in a tab for each of its variants."""
        its = by_variant(exercise)
        return tabs({variant: fenced_plain("sql", its[variant]["sql"].strip()) for variant in its})

    # the quiz

    def quiz_questions(self) -> Block:
        """The questions of the quiz, each with its choices, and its answer folded away."""
        return part("quiz", self._quiz(), lambda its: self.address(self._evidence_page(its["id"])))

    def quiz_key(self) -> Block:
        """The right choices of the quiz in the order of its questions, for a teacher's print."""
        return part("quiz_key", self._quiz())

    def count_quiz(self, level: str = "") -> Inline:
        """How many questions the quiz draws from at a level, or has in all."""
        return str(sum(level in ("", item.level) for item in self._quiz()))

    def _quiz(self) -> list[quiz.Item]:
        return quiz.items(self._comparison["questions"])

    # variants

    def variants(self) -> dict[str, str]:
        """{variant: what it is in one line}, in order."""
        return dict(SUMMARIES)

    def marks(self) -> dict[str, str]:
        """{mark: what it means}, in order."""
        return dict(MARKS)


@cache
def _djangos() -> tuple[str, ...]:
    return tuple(results.recorded_djangos())


@cache
def _recorded(django: str) -> dict[str, Question]:
    """The questions of a version of Django by their ids."""
    return {its["id"]: its for its in results.load(django)["questions"]}


def folder(page: str) -> str:
    """The folder below the site's root in which mkdocs puts a page; "" is the root."""
    stem = page.removesuffix(".md")
    return "" if stem == "index" else stem.removesuffix("/index")


def public(macros: Macros) -> dict[str, Callable[..., Any]]:
    """The macros by their names, for Jinja."""
    names = [name for name in dir(macros) if not name.startswith("_")]
    return {name: getattr(macros, name) for name in names}


def by_variant(exercise: playground.Exercise) -> dict[str, Any]:
    """Return the answers of an exercise by their variants, in order."""
    answers = {variant: its for its in exercise["answers"] for variant in its["in"]}
    return {variant: answers[variant] for variant in VARIANTS if variant in answers}


def nulls_last(row: Sequence[str | None]) -> list[tuple[bool, str]]:
    """Return what a row of texts is sorted by."""
    return [(value is None, value or "") for value in row]


# In tabs the approach for most projects comes first, and the proxy, which stores nothing, last.
TABS = ("custom_user", "profile_onetoone", "foreignkey", "proxy_model")


def tabs(contents: dict[str, str]) -> Block:
    """Content tabs by label, a set of their own; those with the same labels switch together."""
    if contents.keys() <= set(TABS):
        contents = {name: contents[name] for name in TABS if name in contents}
    blocks = (
        f'==={"" if number else "!"} "{label}"\n\n{textwrap.indent(content, "    ")}\n'
        for number, (label, content) in enumerate(contents.items())
    )
    return "\n" + "\n".join(blocks) + "\n"


def fenced(code: str, path: str, title: str, highlight: Sequence[str] = ()) -> Block:
    """Return a block of code with a title. The path's suffix tells its language."""
    lines = [
        str(number)
        for number, line in enumerate(code.splitlines(), 1)
        if any(text in line for text in highlight)
    ]
    marked = f' hl_lines="{" ".join(lines)}"' if lines else ""
    return f'```{LANGUAGES[posixpath.splitext(path)[1]]} title="{title}"{marked}\n{code}\n```'


def inline(answer: Any) -> Inline:
    """An answer in the middle of a sentence."""
    return escaped(in_line(answer))


def escaped(text: str) -> Inline:
    """Text that Markdown shows as it is, but for what stands between backticks: that is code."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if part.startswith("`") else _as_it_is(part) for part in parts)


def _as_it_is(text: str) -> Inline:
    return re.sub(r"([\\*_{}\[\]#|])", r"\\\1", html.escape(text, quote=False))


def in_words_of_answers(rule: str) -> str:
    """A rule as readers see it: the signs, and yes and no instead of True and False."""
    words = {"True": "yes", "False": "no", "cannot": "not possible", "[]": "none"}
    words |= {f"{name}:": f"{sign} for" for name, sign in SIGNS.items()}
    told = "|".join(re.escape(word) for word in words)
    rule = rule.replace("], [", "] or [")
    rule = re.sub(rf"(?<!\w)({told})(?!\w)", lambda it: words[it[0]], rule)
    # a list of names
    return re.sub(r"\['([^]]+)'\]", lambda it: it[1].replace("', '", " and "), rule)


def in_words(names: Sequence[str]) -> Inline:
    """ "a", "a and b", "a, b and c"."""
    names = [escaped(name) for name in names]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
