"""Read a Django project and its PostgreSQL database, and write what was found as JSON.

This file needs Python 3.8 and Django 4.2 or newer and nothing else. `workbench diagnose` runs it
in the project's own Python. It also runs alone:

    python diagnose.py path/to/project [--settings MODULE] [--no-database]

Loading a project runs its manage.py, its settings and the modules of its apps. Beyond that, no
code of the project is called. Every statement runs in a transaction of its own that is READ ONLY
and has a timeout, so this can neither write nor keep anybody waiting. Nothing is sent anywhere.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import json
import os
import platform
import re
import runpy
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

# seconds: for one statement, and for all statements together
STATEMENT, ALL_STATEMENTS = 3.0, 7.0
# from so many rows on, a missing index is felt, and PostgreSQL's estimate is as good as a count
MANY, VERY_MANY = 10_000, 2_000_000
PROFILE_NAMES = re.compile(
    r"profile|person$|player$|user_?(info|details?|data|extras?|settings?|meta)$", re.IGNORECASE
)
NOT_LIVE = re.compile(r"(^|/)(tests?|testing|migrations|node_modules)(/|$)|(^|/)(test_|conftest)")
IN_SESSION = (
    "-c default_transaction_read_only=on -c statement_timeout=10000 -c lock_timeout=1000"
    " -c idle_in_transaction_session_timeout=10000"
)


class StopError(Exception):
    """What prevents a diagnosis; the message is one sentence that says what to do."""


class NotReadError(Exception):
    """PostgreSQL refused a query, or there was no time left for it; the message is the reason."""


def in_short(error: BaseException) -> str:
    """Return the class and the first line of an exception."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__


# --- Loading the project


class Started(BaseException):
    """manage.py has set itself up and would run its command now."""


def load(path: Path, module: str) -> Path:
    """Load settings and apps as the project's own manage.py does; return the project's folder.

    path: a folder, or the manage.py in it. module: the settings, or "" for those of manage.py.
    Raises StopError if the project cannot be loaded.
    """
    folder = path.parent if path.is_file() else path
    manage = find_manage(folder)
    top = manage.parent if manage else folder
    if not manage and not module:
        raise StopError(f"There is no manage.py in {folder}: name the settings with --settings.")
    sys.path[0] = str(top)
    os.chdir(top)
    if module:
        os.environ["DJANGO_SETTINGS_MODULE"] = module
    try:
        import django
    except ImportError:
        raise StopError(
            f"{sys.executable} has no Django: name the project's own Python with --python."
        ) from None
    if django.VERSION < (4, 2):
        raise StopError(f"The project has Django {django.get_version()}: 4.2 or newer is needed.")
    with stopping("manage.py cannot be run"):
        run_manage(manage)
    if not os.environ.get("DJANGO_SETTINGS_MODULE"):
        raise StopError("manage.py names no settings: name them with --settings.")
    from django.conf import settings

    with stopping(f"The settings {os.environ['DJANGO_SETTINGS_MODULE']} cannot be loaded"):
        databases = settings.DATABASES
    for database in databases.values():
        if "postg" in str(database.get("ENGINE")):
            options = dict(database.get("OPTIONS") or {})
            given = options.get("options") or os.environ.get("PGOPTIONS", "")
            options["options"] = f"{given} {IN_SESSION}".strip()
            options.setdefault("connect_timeout", 5)
            options.pop("pool", None)
            database["OPTIONS"] = options
    with stopping("The apps cannot be loaded"):
        django.setup()
    return folder.resolve()


def find_manage(folder: Path) -> Path | None:
    """Return the manage.py of a folder, or the only one that lies one folder below it."""
    if (folder / "manage.py").is_file():
        return (folder / "manage.py").resolve()
    below = [found.resolve() for found in folder.glob("*/manage.py")]
    return below[0] if len(below) == 1 else None


def run_manage(manage: Path | None) -> None:
    """Run manage.py up to the point where Django takes over: it knows the project's set-up."""
    from django.core import management

    if manage is None:
        return

    def stop(*arguments: Any, **named: Any) -> None:
        raise Started

    execute, management.execute_from_command_line = management.execute_from_command_line, stop
    utility, management.ManagementUtility.execute = management.ManagementUtility.execute, stop  # type: ignore
    arguments, sys.argv = sys.argv, [str(manage), "shell"]
    try:
        runpy.run_path(str(manage), run_name="__main__")
    except Started:
        pass
    finally:
        management.execute_from_command_line = execute
        management.ManagementUtility.execute = utility  # type: ignore[method-assign]
        sys.argv = arguments


@contextmanager
def stopping(what: str) -> Iterator[None]:
    """Turn whatever the project's code raises into one sentence."""
    try:
        yield
    except (StopError, KeyboardInterrupt):
        raise
    except BaseException as error:
        advice = "run its own `manage.py check`, or name other --settings"
        if isinstance(error, ImportError):
            advice = "name the project's own Python with --python, or the right --settings"
        raise StopError(f"{what} ({in_short(error)}): {advice}.") from error


# --- The database


class Database:
    """The database of the users. Each query is a READ ONLY transaction with a timeout."""

    def __init__(self, alias: str) -> None:
        from django.db import connections

        self.alias, self.connection = alias, connections[alias]
        self.until = time.monotonic() + ALL_STATEMENTS

    def connect(self) -> None:
        """Open the connection; raise StopError if there is none to be had."""
        from django.db import Error

        database: Any = self.connection.settings_dict
        try:
            try:
                self.connection.ensure_connection()
            except Error as error:
                if "startup parameter" not in str(error):
                    raise
                # a pooler such as PgBouncer has no session of our own to set up
                del database["OPTIONS"]["options"]
                self.connection.ensure_connection()
        except Exception as error:
            where = f"{database['NAME'] or ''} at {database['HOST'] or 'localhost'}"
            raise StopError(
                f"The database {where} cannot be reached ({in_short(error)}): start it or correct"
                " the settings, or read only the code with --no-database."
            ) from error

    def rows(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        """Return what a query finds; raise NotReadError if PostgreSQL does not answer in time."""
        from django.db import Error, transaction

        seconds = min(STATEMENT, self.until - time.monotonic())
        if seconds < 0.1:
            raise NotReadError("there was no time left")
        try:
            with transaction.atomic(using=self.alias), self.connection.cursor() as cursor:
                cursor.execute(
                    "SET TRANSACTION READ ONLY; SET LOCAL lock_timeout = 1000;"
                    f"SET LOCAL statement_timeout = {int(seconds * 1000)}"
                )
                cursor.execute(query, params or None)
                return [tuple(row) for row in cursor.fetchall()]
        except Error as error:
            late = f"it would take over {seconds:.0f} s"
            why = late if "statement timeout" in str(error) else in_short(error)
            raise NotReadError(why) from error

    def one(self, query: str, *params: Any) -> tuple[Any, ...]:
        """Return the first row that a query finds; raise NotReadError."""
        return self.rows(query, *params)[0]

    def name(self, name: str) -> str:
        """Return the name of a table or column as it is written in SQL."""
        return str(self.connection.ops.quote_name(name))


class Table:
    """A table as PostgreSQL has it."""

    def __init__(self, oid: int, name: str, sql: str, rows: float) -> None:
        self.oid, self.name, self.sql, self.rows = oid, name, sql, int(rows)
        self.columns: dict[str, dict[str, Any]] = {}
        self.constraints: list[dict[str, Any]] = []
        self.indexes: list[dict[str, Any]] = []
        self.objects: list[str] = []

    def is_indexed(self, *columns: str, unique: bool = False) -> bool:
        """Return whether an index begins with these columns; unique: one has exactly these.

        Partial indexes do not count: they leave rows out.
        """
        whole = [it for it in self.indexes if not it["partial"]]
        if unique:
            return any(it["unique"] and sorted(it["columns"]) == sorted(columns) for it in whole)
        return any(it["columns"][: len(columns)] == list(columns) for it in whole)

    def index_on(self, function: str, column: str, unique: bool = False) -> str:
        """Return the name of an index on a function, such as UPPER, of the column, or ""."""
        shape = re.compile(rf'\({function}\(\(?"?{column}"?\)?(::text)?\)', re.IGNORECASE)
        for it in self.indexes:
            if it["unique"] >= unique and not it["partial"] and shape.search(it["definition"]):
                return str(it["name"])
        return ""


CATALOG = {
    "tables": """
        SELECT given, c.oid, c.relname, greatest(c.reltuples, 0) FROM unnest(%s::text[]) given
        JOIN pg_class c ON c.oid = to_regclass(given)""",
    "columns": """
        SELECT a.attrelid, a.attname, format_type(a.atttypid, a.atttypmod), s.seqmax,
            CASE WHEN has_sequence_privilege(s.seqrelid, 'USAGE, SELECT')
                THEN pg_sequence_last_value(s.seqrelid) END
        FROM pg_attribute a
        LEFT JOIN pg_depend d ON d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
            AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
            AND EXISTS (SELECT FROM pg_class WHERE oid = d.objid AND relkind = 'S')
        LEFT JOIN pg_sequence s ON s.seqrelid = d.objid
        WHERE a.attrelid = ANY(%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped""",
    "constraints": """
        SELECT conrelid, conname, contype::text, confrelid, confrelid::regclass::text,
            confdeltype::text, convalidated, condeferrable, array(SELECT attname::text
                FROM unnest(conkey) WITH ORDINALITY k(number, place)
                JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place)
        FROM pg_constraint WHERE conrelid = ANY(%s::oid[])""",
    "indexes": """
        SELECT indrelid, c.relname, indisunique, indpred IS NOT NULL, pg_get_indexdef(indexrelid),
            array(SELECT coalesce(attname::text, '')
                FROM unnest(indkey::int2[]) WITH ORDINALITY k(number, place)
                LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number
                WHERE place <= indnkeyatts ORDER BY place)
        FROM pg_index JOIN pg_class c ON c.oid = indexrelid
        WHERE indrelid = ANY(%s::oid[]) AND indisvalid""",
    # views, triggers and policies stand in the way of a change to their table
    "objects": """
        SELECT tgrelid, 'trigger ' || tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid = ANY(%s::oid[])
        UNION SELECT polrelid, 'policy ' || polname FROM pg_policy WHERE polrelid = ANY(%s::oid[])
        UNION SELECT d.refobjid, 'view ' || ev_class::regclass::text FROM pg_depend d
        JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        WHERE d.refobjid = ANY(%s::oid[]) AND d.refobjid <> ev_class ORDER BY 2""",
}


def read_catalog(database: Database, names: list[str]) -> dict[str, Table]:
    """Return those of the tables that exist, by the names that Django gives them.

    Raises NotReadError. Source: PostgreSQL 18 docs, 52 System Catalogs.
    """

    def read(what: str, *keys: str) -> Iterator[tuple[Table, dict[str, Any]]]:
        query = CATALOG[what]
        for oid, *values in database.rows(query, *[list(by_oid)] * query.count("%s")):
            yield by_oid[oid], dict(zip(keys, values))  # noqa: B905 (Python 3.8 and 3.9)

    quoted = {database.name(name): name for name in names}
    tables, by_oid = {}, {}
    for given, oid, name, rows in database.rows(CATALOG["tables"], list(quoted)):
        tables[quoted[given]] = by_oid[oid] = Table(oid, name, given, rows)
    for table, column in read("columns", "name", "type", "end", "last"):
        table.columns[column["name"]] = column
    keys = ("name", "type", "target", "to", "on_delete", "valid", "deferrable", "columns")
    for table, constraint in read("constraints", *keys):
        table.constraints.append(constraint)
    for table, index in read("indexes", "name", "unique", "partial", "definition", "columns"):
        table.indexes.append(index)
    for table, found in read("objects", "name"):
        table.objects.append(found["name"])
    return tables


# --- The source code


class Source:
    """The project's own code: which files are its own, and what they say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts: dict[Path, str] = {}

    def is_own(self, file: Any) -> bool:
        """Return whether a file belongs to the project, not to an installed package."""
        path = os.path.realpath(str(file or ""))
        inside = path.startswith(f"{self.folder}{os.sep}")
        return inside and not re.search(r"[/\\](site|dist)-packages[/\\]", path)

    def place(self, thing: Any) -> dict[str, Any]:
        """Return file, line and whether it is the project's own, of a class or function."""
        thing, line = inspect.unwrap(thing), 0
        file = getattr(sys.modules.get(thing.__module__), "__file__", "")
        with suppress(OSError, TypeError):
            file, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
        return {"file": self.shown(file), "line": line, "own": self.is_own(file)}

    def shown(self, file: Any) -> str:
        """Return a path as the user reads it: below the project's folder, if it is there."""
        path = os.path.realpath(str(file or ""))
        return os.path.relpath(path, self.folder) if self.is_own(path) else path

    def read(self) -> None:
        """Read the Python files of the project's own apps, and those beside settings and URLs."""
        from django.apps import apps
        from django.conf import settings

        names = (os.environ["DJANGO_SETTINGS_MODULE"], getattr(settings, "ROOT_URLCONF", ""))
        modules = [sys.modules[it] for it in names if it in sys.modules]
        files = [Path(str(it.__file__)).parent for it in modules if it.__file__]
        for folder in {
            Path(os.path.realpath(it)) for it in (*files, *(a.path for a in apps.get_app_configs()))
        }:
            for path in folder.rglob("*.py") if self.is_own(folder / "any") else ():
                if self.is_own(path) and not NOT_LIVE.search(path.relative_to(folder).as_posix()):
                    with suppress(OSError):
                        self.texts[path] = path.read_text(encoding="utf-8", errors="replace")

    def grep(self, pattern: str) -> Iterator[dict[str, Any]]:
        """Yield the places in the files where a pattern matches, but for comments."""
        for path, text in sorted(self.texts.items()):
            for match in re.finditer(pattern, text, re.MULTILINE):
                if "#" not in text[text.rfind("\n", 0, match.end()) + 1 : match.end()]:
                    line = text.count("\n", 0, match.end()) + 1
                    yield {"file": self.shown(path), "line": line}

    def function(self, function: Any) -> Any:
        """Return the syntax tree of a function of the project's own, or None."""
        with suppress(OSError, TypeError, SyntaxError, ValueError, AttributeError):
            if self.place(function)["own"]:
                text = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
                [node] = ast.parse(text).body
                return node if isinstance(node, ast.FunctionDef) else None
        return None


def implies(test: ast.AST, when: bool, words: str) -> bool:
    """Return whether a test that is true, or false, has asked what one of the words asks."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return implies(test.operand, not when, words)
    if isinstance(test, ast.BoolOp):
        one_is_enough = isinstance(test.op, ast.And) == when
        return (any if one_is_enough else all)(implies(it, when, words) for it in test.values)
    asked = re.search(words, ast.unparse(test))
    return bool(asked) and (when or "update_fields" in ast.unparse(test))


class Receiver:
    """A receiver of a signal of the user, and what its code does with the profiles.

    What stands under a condition on `created` or `update_fields` is not done at each save, so not
    at each login. What stands in a `try`, or under a condition that looks for the profile first,
    survives a user without one.
    """

    RARELY, SAFELY = r"\b(created|update_fields)\b", r"\b(hasattr|getattr|exists)\b"

    def __init__(self, function: Any, signal: str, source: Source, links: list[Any]) -> None:
        self.function, self.signal, self.source = inspect.unwrap(function), signal, source
        self.name = getattr(self.function, "__qualname__", type(function).__qualname__)
        self.place = source.place(function)
        self.looks_at: set[str] = set()
        self.creates: dict[str, str] = {}
        self.saves: set[str] = set()
        self.reads: set[str] = set()
        for text, rarely, safely in self.steps(self.function, {}, (False, False), 2):
            for link in links:
                self.step(text, link, rarely, safely)

    def step(self, text: str, link: dict[str, Any], rarely: bool, safely: bool) -> None:
        """Note what one statement does with one profile."""
        model, name = link["model"], link["model"].rpartition(".")[2]
        reads = rf"\binstance\.{link['accessor']}\b" if link["one"] and link["accessor"] else "$^"
        if created := re.search(rf"\b{name}(\.\w+)*?(\.\w*create)?\(", text):
            self.creates[model] = (created[2] or ".save")[1:]
        if re.search(reads, text) and not safely and not rarely:
            self.reads.add(model)
        writes = rf"({reads}|\b{name}\b).*\.(save|update|update_or_create)\("
        if re.search(writes, text) and not rarely:
            self.saves.add(model)

    def steps(
        self, function: Any, names: dict[str, str], under: tuple[bool, bool], depth: int
    ) -> Iterator[tuple[str, bool, bool]]:
        """Yield each statement of a function, with names replaced by what they mean."""
        node = self.source.function(function)
        if node is None:
            return
        if any(re.search("raw|loaddata|fixture", ast.unparse(it)) for it in node.decorator_list):
            self.looks_at.add("raw")
        known = getattr(function, "__globals__", {})
        yield from self.block(node.body, dict(names), under, known, depth)

    def block(
        self, body: list[Any], names: dict[str, str], under: Any, known: Any, depth: int
    ) -> Iterator[tuple[str, bool, bool]]:
        """Yield the statements of a block in their order, and note what the conditions look at."""
        for statement in body:
            rarely, safely = under
            blocks = [(getattr(statement, it, []), under) for it in ("body", "orelse", "finalbody")]
            text = "" if blocks[0][0] else self.meaning(statement, names)
            if test := getattr(statement, "test", None):
                text = self.meaning(test, names)
                yes, no = (
                    (
                        rarely or implies(test, it, self.RARELY),
                        safely or implies(test, it, self.SAFELY),
                    )
                    for it in (True, False)
                )
                blocks = [(statement.body, yes), (statement.orelse, no)]
                safely = yes[1]
                if isinstance(statement.body[-1], (ast.Return, ast.Raise)):
                    under = no
            elif isinstance(statement, ast.Try):
                inner = [(it.body, (rarely, True)) for it in statement.handlers]
                blocks = [(statement.body, (rarely, True)), *inner, *blocks[1:]]
            self.looks_at |= {*re.findall(r"\b(?:created|raw|update_fields)\b", text)}
            yield text, rarely, safely
            if isinstance(statement, ast.Assign) and re.search(r"instance|\.objects", text):
                target = statement.targets[0]
                target = target.elts[0] if isinstance(target, ast.Tuple) else target
                names[ast.unparse(target)] = self.meaning(statement.value, names)
            for call in ast.walk(statement) if text and depth else ():
                helper = (
                    known.get(call.func.id)
                    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
                    else None
                )
                if inspect.isfunction(helper):
                    given = [self.meaning(it, names) for it in call.args]
                    passed = dict(zip(inspect.signature(helper).parameters, given))  # noqa: B905
                    yield from self.steps(helper, passed, (rarely, safely), depth - 1)
            for inner, condition in blocks:
                yield from self.block(inner, names, condition, known, depth)

    @staticmethod
    def meaning(node: ast.AST, names: dict[str, str]) -> str:
        """Return the text of a node, in which names stand for what was assigned to them."""
        text = re.sub(r"kwargs(\.get\(|\[)'(\w+)'(, \w+)?[\])]", r"\2", ast.unparse(node))
        for name, meaning in names.items():
            text = re.sub(rf"(?<![\w.]){re.escape(name)}\b(?!=)", lambda _, it=meaning: it, text)
        return text

    def facts(self) -> dict[str, Any]:
        """Return what is known of the receiver."""
        told = {"signal": self.signal, "name": self.name, "creates": self.creates}
        sets = {"saves": self.saves, "reads": self.reads, "looks_at": self.looks_at}
        return {**told, **self.place, **{key: sorted(it) for key, it in sets.items()}}


# --- What the project is


class Project:
    """The user model, what extends it, its receivers, and the tables if there is a database."""

    def __init__(self, source: Source, database: Database | None) -> None:
        from django.apps import apps
        from django.contrib.auth import get_user_model

        self.source, self.database = source, database
        self.user: Any = get_user_model()
        self.models: list[Any] = apps.get_models(include_auto_created=True)
        self.links = list(self.find_links())
        self.receivers = list(self.find_receivers())
        self.notes: list[str] = []
        self.tables: dict[str, Table] = {}
        self.behind: set[str] = set()
        self.loader: Any = None
        self.users = 0

    def find_links(self) -> Iterator[dict[str, Any]]:
        """Yield each field that points at the user, with the kind of approach that it makes."""
        for model, field, target in foreign_keys(self.models):
            if target is not self.user._meta.concrete_model:
                continue
            one, meta, place = bool(field.one_to_one), model._meta, self.source.place(model)
            kind = "onetoone" if field.primary_key else "onetoone_own_key"
            kind = "multi_table" if getattr(field.remote_field, "parent_link", False) else kind
            if not one:
                kind = "unique_foreignkey" if field.unique else "foreignkey"
            unique = [getattr(it, "fields", ()) for it in meta.constraints]
            alone = not any(
                field.name in it for it in [*meta.unique_together, *unique] if len(it) > 1
            )
            named = alone and bool(PROFILE_NAMES.search(model.__name__))
            yield {
                "model": meta.label,
                "table": meta.db_table,
                "field": field.name,
                "column": field.column,
                "kind": kind,
                "one": one,
                "accessor": field.remote_field.get_accessor_name() or "",
                "to_proxy": field.remote_field.model._meta.proxy,
                "named": named,
                "profile": place["own"] and (one or field.unique or named),
                "columns": [it.column for it in meta.local_fields if it is not field],
                "key": meta.pk.get_internal_type(),
                **place,
            }

    def find_receivers(self) -> Iterator[Receiver]:
        """Yield the receivers of the user's own signals, not those of every model's."""
        from django.db.models import signals

        def live(signal: Any, sender: Any) -> list[Any]:
            found = signal._live_receivers(sender)  # two lists, from Django 5.0 on
            return [*found[0], *found[1]] if isinstance(found, tuple) else found

        senders = [it for it in self.models if it._meta.concrete_model is self.user]
        for name in ("pre_save", "post_save", "pre_delete", "post_delete"):
            signal = getattr(signals, name)
            seen = live(signal, type("Other", (), {}))
            for function in (it for sender in senders for it in live(signal, sender)):
                if function not in seen:
                    seen.append(function)
                    yield Receiver(function, name, self.source, self.links)

    def profiles(self) -> list[dict[str, Any]]:
        """Return the profiles of the project's own, but not the children of the user's class."""
        return [it for it in self.links if it["profile"] and it["kind"] != "multi_table"]

    def creator(self, link: dict[str, Any]) -> Receiver | None:
        """Return the receiver that creates the profile's rows, if there is one."""
        return next((it for it in self.receivers if link["model"] in it.creates), None)

    def is_for_all(self, link: dict[str, Any]) -> bool:
        """Return whether every user is meant to have a row of this profile.

        An optional row, such as a token, is no profile, and a user of one kind has no row in the
        tables of the others. So at least half of the users have one; or else it is the only
        profile, and a receiver creates it or its name says what it is.
        """
        if not (link["one"] or link["kind"] == "unique_foreignkey"):
            return False
        alike = [it for it in self.profiles() if it["named"] or self.creator(it)]
        return alike == [link] or link.get("without", self.users) * 2 <= self.users > 0

    def table(self, model: Any) -> Table | None:
        """Return the table of a model, if it is there."""
        return self.tables.get(model._meta.db_table)

    @contextmanager
    def noting(self, what: str) -> Iterator[None]:
        """Note what could not be read, and go on."""
        try:
            yield
        except NotReadError as error:
            self.notes.append(f"Not checked: {what}, because {error}.")

    def read_database(self, database: Database) -> None:
        """Read the catalogs, the migrations and the numbers of rows; raise NotReadError."""
        from django.db import router
        from django.db.migrations.loader import MigrationLoader

        here = [it for it in self.models if router.db_for_read(it) == database.alias]
        names = {it._meta.db_table for it in here if not it._meta.swapped}
        self.tables = read_catalog(database, sorted({*names, "auth_user"}))
        users = self.table(self.user)
        if not users:
            self.tables, self.database = {}, None
            self.notes.append(
                f"Only the code was read, because the database has no {self.user._meta.db_table}:"
                " run `migrate`, or check which database the settings name."
            )
            return
        try:
            self.loader = MigrationLoader(database.connection, ignore_no_migrations=True)
            done, graph = set(self.loader.applied_migrations), self.loader.graph
            self.behind = {app for app, name in graph.nodes if (app, name) not in done}
        except Exception as error:
            self.notes.append(f"The migrations cannot be loaded ({in_short(error)}).")
        if users.rows < VERY_MANY:
            with self.noting("the number of users"):
                [users.rows] = database.one(f"SELECT count(*) FROM {users.sql}")
        self.users = users.rows
        key = database.name(self.user._meta.pk.column)
        for link in self.profiles():
            table, column = self.tables.get(link["table"]), database.name(link["column"])
            if not table:
                continue
            link["query"] = (
                f"SELECT count(*) FROM {users.sql} u\nWHERE NOT EXISTS"
                f" (SELECT FROM {table.sql} p WHERE p.{column} = u.{key})"
            )
            link["several_query"] = (
                f"SELECT count(*) FROM (SELECT {column} FROM {table.sql}\n"
                f"    GROUP BY {column} HAVING count({column}) > 1) several"
            )
            link["unique"] = table.is_indexed(link["column"], unique=True)
            with self.noting(f"the rows of {link['table']}"):
                [link["rows"]] = database.one(f"SELECT count(*) FROM {table.sql}")
                [link["without"]] = database.one(link["query"])
                link["several"] = 0 if link["unique"] else database.one(link["several_query"])[0]

    def schema(self) -> Iterator[tuple[Any, Table]]:
        """Yield the models whose tables must be as Django makes them, with their tables."""
        for model in self.models:
            table = self.table(model)
            plain = model._meta.managed and not model._meta.proxy and not model._meta.swapped
            if plain and table and model._meta.app_label not in self.behind:
                yield model, table


def foreign_keys(models: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield each ForeignKey or OneToOneField: its model, itself, and the model it points at."""
    from django.db.models import ForeignKey

    for model in models:
        if not model._meta.proxy and not model._meta.swapped:
            for field in model._meta.local_fields:
                target = getattr(field.remote_field, "model", None)
                if isinstance(field, ForeignKey) and hasattr(target, "_meta"):
                    yield model, field, target._meta.concrete_model


# --- The checks: each yields what it finds


def found(check: str, subject: str, *places: Any, **facts: Any) -> dict[str, Any]:
    """Return a finding. facts: `query` that found it, `fix` in SQL, `severity`, and numbers."""
    shown = [{key: it[key] for key in ("file", "line")} for it in places]
    return {"id": check, "subject": subject, "places": shown, **facts}


def check_profiles(project: Project) -> Iterator[dict[str, Any]]:
    """Find users without a row, or with several rows, in a profile."""
    for link in project.profiles():
        name, about = link["model"].rpartition(".")[2], {"table": link["table"]}
        if link.get("without") and project.is_for_all(link):
            lazily = list(project.source.grep(rf"\b{name}\.objects\.get_or_create\("))
            check = "users_without_profile"
            if lazily and not project.creator(link):
                check = "profiles_created_on_demand"
            about.update(query=link["query"], without=link["without"], users=project.users)
            yield found(check, link["model"], link, *lazily[:1], **about)
        if link.get("several"):
            about = {"table": link["table"], "several": link["several"], "rows": link["rows"]}
            severity = "warning" if link["several"] * 3 < link["rows"] else "info"
            more = {"query": link["several_query"], "severity": severity}
            yield found("several_profile_rows", link["model"], link, **about, **more)
        if link["kind"] == "unique_foreignkey":
            yield found("unique_foreign_key", link["model"], link, accessor=link["accessor"])
    for link in project.links:
        if link["to_proxy"] and link["own"] and link["accessor"]:
            yield found("key_to_proxy", f"{link['model']}.{link['field']}", link)


def check_case(project: Project) -> Iterator[dict[str, Any]]:
    """Find names that differ only in case, and look-ups that ignore case without an index."""
    user, database = project.user, project.database
    names = dict.fromkeys([user.USERNAME_FIELD, user.get_email_field_name()])
    for field in (it for it in user._meta.concrete_fields if it.name in names):
        table = project.table(field.model)
        if not database or not table or field.column not in table.columns:
            continue
        column, subject = database.name(field.column), f"{table.name}.{field.column}"
        upper, lower = (table.index_on(it, field.column) for it in ("upper", "lower"))
        query = (
            f"SELECT count(*), coalesce(sum(n), 0) FROM (\n    SELECT count(*) n FROM {table.sql}"
            f" WHERE {column}::text <> ''\n    GROUP BY UPPER({column}::text)"
            f" HAVING min({column}::text) <> max({column}::text)) twins"
        )
        if not any(table.index_on(it, field.column, unique=True) for it in ("upper", "lower")):
            with project.noting(f"values of {subject} that differ only in case"):
                groups, users = database.one(query)
                about = {"groups": groups, "users": int(users), "query": query}
                if groups and field.name == user.USERNAME_FIELD:
                    yield found("usernames_differ_only_in_case", subject, **about)
                elif groups:
                    yield found("emails_differ_only_in_case", subject, **about)
        # in a statement that names the user's class, or by a relation to the user
        names = rf"\b({user.__name__}|UserModel|get_user_model\(\))\.[^=]*?[^\w=]"
        ways = "|".join({"user", *(it["field"] for it in project.links)})
        pattern = (
            rf"({names}|\b({ways})__{'|[(, ]' * (field.name == 'username')}){field.name}__iexact="
        )
        places = list(project.source.grep(pattern))
        if places and not upper and (lower or table.rows >= MANY):
            check = "lower_index_is_not_used" if lower else "iexact_without_index"
            fix = f"CREATE INDEX CONCURRENTLY ON {table.sql} (UPPER({column}::text));"
            about = {"rows": table.rows, "column": field.column, "index": lower, "fix": fix}
            yield found(check, subject, *places, **about, lookups=len(places))


DATABASE_ACTIONS = {"CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
AGREES = {"CASCADE": "arc", "SET_NULL": "arn", "SET_DEFAULT": "ard", "DO_NOTHING": "cnd"}
ACTION = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
WIDTH = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def check_foreign_keys(project: Project) -> Iterator[dict[str, Any]]:
    """Compare Django's foreign keys with PostgreSQL's, and count the rows that point nowhere."""
    assert project.database
    name = project.database.name
    tables = dict(project.schema())
    for model, field, target in foreign_keys([*tables]):
        table, to = tables[model], project.table(target)
        column, to_column = field.column, field.target_field.column
        if not field.db_constraint or not to or column not in table.columns:
            continue
        if not target._meta.managed or to_column not in to.columns:
            continue
        about: dict[str, Any] = {"table": table.name, "column": column, "to": to.name}
        subject = f"{table.name}.{column}"
        keys = [it for it in table.constraints if it["type"] == "f" and column in it["columns"]]
        right = [it for it in keys if it["target"] == to.oid]
        constraint = name(f"{table.name}_{column}_fk"[:63])
        add = (
            f"ALTER TABLE {table.sql} ADD CONSTRAINT {constraint} FOREIGN KEY ({name(column)})"
            f" REFERENCES {to.sql} ({name(to_column)}) DEFERRABLE INITIALLY DEFERRED NOT VALID;"
        )
        validate = f"ALTER TABLE {table.sql} VALIDATE CONSTRAINT %s;"
        if not right:
            fix = [f"ALTER TABLE {table.sql} DROP CONSTRAINT {name(it['name'])};" for it in keys]
            about["fix"] = "\n".join([*fix, add, validate % constraint])
            if keys:
                yield found("foreign_key_elsewhere", subject, elsewhere=keys[0]["to"], **about)
            else:
                yield found("foreign_key_missing", subject, **about)
        elif not right[0]["valid"]:
            fix = validate % name(right[0]["name"])
            yield found("foreign_key_not_valid", subject, **{**about, "fix": fix})
        if not right or not right[0]["valid"]:
            query = (
                f"SELECT count(*) FROM {table.sql} c\nWHERE {name(column)} IS NOT NULL AND NOT"
                f" EXISTS (SELECT FROM {to.sql} t WHERE t.{name(to_column)} = c.{name(column)})"
            )
            with project.noting(f"rows of {subject} that point nowhere"):
                if rows := project.database.one(query)[0]:
                    about = {"to": to.name, "rows": rows, "query": query}
                    yield found("rows_pointing_nowhere", subject, **about, table=table.name)
            continue
        action, does = field.remote_field.on_delete, right[0]["on_delete"]
        said = getattr(action, "__name__", "DB_" + getattr(action, "operation", ""))
        if said == "set_on_delete" or (
            said == "DO_NOTHING" and to is not project.table(project.user)
        ):
            continue
        in_database = DATABASE_ACTIONS.get(getattr(action, "operation", ""))
        if does not in (in_database or AGREES.get(said, "ar")):
            about = {"django": said, "postgresql": ACTION[does], "to": to.name}
            check = (
                "on_delete_does_nothing"
                if does in "ar" and not in_database
                else "on_delete_differs"
            )
            yield found(check, subject, project.source.place(model), **about)
        kinds = (table.columns[column]["type"], to.columns[to_column]["type"])
        if WIDTH.get(kinds[0], 0) < WIDTH.get(kinds[1], 0) and kinds[0] in WIDTH:
            about = {"type": kinds[0], "to": to.name, "to_type": kinds[1]}
            fix = f"ALTER TABLE {table.sql} ALTER COLUMN {name(column)} TYPE {kinds[1]};"
            yield found("key_narrower_than_its_target", subject, **about, fix=fix)


def check_indexes(project: Project) -> Iterator[dict[str, Any]]:
    """Find the indexes that Django's models declare and PostgreSQL lacks."""
    assert project.database
    for model, table in project.schema():
        meta, expected = model._meta, []
        column = {it.name: it.column for it in meta.local_fields}
        for field in meta.local_fields:
            if field.unique or field.db_index:
                expected.append(([field.column], field.unique, ""))
        for names in meta.unique_together:
            expected.append(([column.get(it, "") for it in names], True, ""))
        for it in [*meta.indexes, *meta.constraints]:
            unique = type(it).__name__ == "UniqueConstraint"
            if unique or it in meta.indexes:
                plain = (
                    not getattr(it, "expressions", ()) and getattr(it, "condition", None) is None
                )
                names = [column.get(name.lstrip("-"), "") for name in it.fields]
                expected.append((names if plain else [], unique, it.name))
        there = {it["name"] for it in table.indexes}
        for columns, unique, index in expected:
            if not set(columns) <= set(table.columns) or index in there:
                continue
            if columns and table.is_indexed(*columns, unique=unique):
                continue
            listed = ", ".join(map(project.database.name, columns))
            name = f"{project.database.name(index)} " if index else ""
            kind = "UNIQUE INDEX" if unique else "INDEX"
            fix = f"CREATE {kind} CONCURRENTLY {name}ON {table.sql} ({listed});" if columns else ""
            check = "unique_index_missing" if unique else "index_missing"
            what = index or ", ".join(columns)
            yield found(check, f"{table.name}: {what}", table=table.name, what=what, fix=fix)


def check_headroom(project: Project) -> Iterator[dict[str, Any]]:
    """Find generated keys that have used up half of their numbers."""
    assert project.database
    for model, table in project.schema():
        column = table.columns.get(model._meta.pk.column, {})
        end = min(WIDTH.get(column.get("type", ""), 0), column.get("end") or 2**63)
        if not 0 < end < 2**62:
            continue
        name = project.database.name(model._meta.pk.column)
        query, last = f"SELECT max({name}) FROM {table.sql}", column["last"]
        with project.noting(f"the highest key of {table.name}"):
            if last is None and table.rows:
                [last] = project.database.one(query)
        if last and last * 2 > end:
            about = {"used": last, "end": end, "percent": last * 100 // end, "query": query}
            fix = f"ALTER TABLE {table.sql} ALTER COLUMN {name} TYPE bigint;"
            yield found(
                "key_nearly_used_up", f"{table.name}.{model._meta.pk.column}", **about, fix=fix
            )


def check_receivers(project: Project) -> Iterator[dict[str, Any]]:
    """Find receivers that break or slow down logins or loaddata, or that never run."""
    kinds = {it["model"]: it for it in project.links}
    for it in project.receivers:
        for model, how in it.creates.items():
            if it.signal == "post_save" and "raw" not in it.looks_at:
                pk = kinds[model]["kind"] == "onetoone"
                severity = "info" if pk or how.startswith(("get_", "update_")) else "warning"
                yield found(
                    "receiver_ignores_raw", it.name, it.place, model=model, severity=severity
                )
        for model in it.reads if it.signal.endswith("save") else ():
            without = kinds[model].get("without", None if not project.database else 0)
            if without or without is None:
                about = {"table": kinds[model]["table"], "without": without, "model": model}
                yield found("receiver_breaks_login", it.name, it.place, **about)
        for model in it.saves if it.signal.endswith("save") else ():
            yield found("receiver_writes_at_login", it.name, it.place, table=kinds[model]["table"])
    loaded = {
        os.path.realpath(getattr(it, "__file__", None) or "") for it in [*sys.modules.values()]
    }
    for path, text in sorted(project.source.texts.items()):
        connects = re.search(r"^@receiver\(|^\w+\.connect\(", text, re.MULTILINE)
        django = re.search(r"django\.(dispatch|\S*signals)", text)
        if not connects or not django or str(path) in loaded:
            continue
        # what a function of the app imports may only not have been called yet; ready() has
        imports = re.compile(rf"^\s*(from|import) .*\b{path.stem}\b", re.MULTILINE)
        beside = [it for it in project.source.texts if it.parent == path.parent and it != path]
        if not any(
            imports.search(project.source.texts[it]) for it in beside if it.name != "apps.py"
        ):
            line = text.count("\n", 0, connects.start()) + 1
            place = {"file": project.source.shown(path), "line": line}
            yield found("receiver_never_imported", place["file"], place)


def check_admin(project: Project) -> Iterator[dict[str, Any]]:
    """Find inlines that conflict with a receiver, and lists that run a query for each row."""
    from django.contrib import admin

    hooks = ("get_inlines", "get_inline_instances", "get_formsets_with_inlines", "save_related")
    for model_admin in [it for site in admin.sites.all_sites for it in site._registry.values()]:
        place, model = project.source.place(type(model_admin)), model_admin.model
        if not place["own"]:
            continue
        name = type(model_admin).__qualname__
        for link in project.profiles():
            inlines = [it for it in model_admin.inlines if it.model._meta.label == link["model"]]
            ours = any(
                getattr(type(model_admin), it) != getattr(admin.ModelAdmin, it) for it in hooks
            )
            creator = project.creator(link)
            if (
                model is project.user
                and inlines
                and creator
                and not ours
                and link["kind"] != "onetoone"
            ):
                about = {"model": link["model"], "receiver": creator.name, "kind": link["kind"]}
                yield found("inline_conflicts_with_receiver", name, place, creator.place, **about)
        for column, relation in slow_columns(project, model_admin):
            about = {"column": column, "relation": relation, "page": model_admin.list_per_page}
            yield found("admin_list_queries_per_row", f"{name}.{column}", place, **about)


def slow_columns(project: Project, model_admin: Any) -> Iterator[tuple[str, str]]:
    """Yield the columns of an admin list that read a relation which its query does not join."""
    relations = {
        it.get_accessor_name() if it.auto_created else it.name: it
        for it in model_admin.model._meta.get_fields()
        if it.is_relation and (it.one_to_one or it.many_to_one) and not hasattr(it, "ct_field")
    }
    joined = model_admin.list_select_related
    fetched = set() if isinstance(joined, bool) else {it.split("__")[0] for it in joined}
    shown = [relations[it] for it in model_admin.list_display if it in relations]
    if joined is True or (joined is False and any(it.many_to_one for it in shown)):
        fetched |= {name for name, it in relations.items() if it.concrete and not it.null}
    for query in (
        type(model_admin).get_queryset,
        type(model_admin.model._default_manager).get_queryset,
    ):
        node = project.source.function(query)
        if node and re.search(r"'(select|prefetch)_related'", ast.dump(node)):
            constants = {str(it.value) for it in ast.walk(node) if isinstance(it, ast.Constant)}
            fetched |= {it.split("__")[0] for it in constants} & {*relations} or {*relations}
    for column in model_admin.list_display:
        if isinstance(column, str) and column.split("__")[0] in {*relations} - fetched:
            yield column, column.split("__")[0]
            continue
        value: Any = column
        for owner in (model_admin.model, type(model_admin)) if isinstance(column, str) else ():
            value = inspect.getattr_static(owner, column, value)
        node = project.source.function(getattr(value, "fget", value))
        parameters = [it.arg for it in node.args.args] if node else []
        row = re.escape(next((it for it in parameters[::-1]), "")) or "$^"
        read = re.search(
            rf"\b{row}\.({'|'.join({*relations} - fetched) or '$^'})\.\w",
            ast.unparse(node) if node else "",
        )
        if read:
            yield getattr(node, "name", str(column)), read[1]


def check_history(project: Project) -> Iterator[dict[str, Any]]:
    """Find a recorded history that Django refuses, and code that names a User that is swapped."""
    from django.db.migrations.exceptions import InconsistentMigrationHistory

    swapped = project.user._meta.label != "auth.User"
    if project.loader and project.database:
        try:
            project.loader.check_consistent_history(project.database.connection)
        except InconsistentMigrationHistory as error:
            yield found("history_is_inconsistent", "django_migrations", error=str(error))
        for (app, model), state in project.loader.project_state().models.items() if swapped else ():
            for name, field in state.fields.items():
                target = getattr(field.remote_field, "model", None)
                if str(target).lower() == "auth.user":
                    yield found("migration_names_auth_user", f"{app}.{model}.{name}", app=app)
    places = list(named_auth_users(project))
    if swapped and places:
        yield found("code_names_auth_user", "auth.User", *places, number=len(places))


def named_auth_users(project: Project) -> Iterator[dict[str, Any]]:
    """Yield where the project's own code names Django's User instead of the setting."""
    imported = r"from django\.contrib\.auth\.models import (\([^)]*|.*)\bUser\b"
    return project.source.grep(rf"^\s*{imported}|[\"']auth\.User[\"']|\bauth\.models\.User\b")


# --- The report


def describe(project: Project) -> dict[str, Any]:
    """Return the facts on which the approach, the own column and the moves rest."""
    from django.conf import settings
    from django.contrib.auth.models import AbstractBaseUser, AbstractUser

    user, table = project.user, project.table(project.user)
    base = "abstractuser" if issubclass(user, AbstractUser) else "abstractbaseuser"
    inherited = {
        it.name
        for it in (AbstractUser if base == "abstractuser" else AbstractBaseUser)._meta.fields
    }
    names = {it.name: it.column for it in user._meta.local_fields}
    username = user._meta.get_field(user.USERNAME_FIELD)
    facts: dict[str, Any] = {
        "model": user._meta.label,
        "base": "django" if user._meta.label == "auth.User" else base,
        "table": user._meta.db_table,
        "username_field": username.name,
        "own_fields": [it for it in names if it not in inherited and it != "id"],
        "key": user._meta.pk.get_internal_type(),
        "rows": project.users if table else None,
        **project.source.place(user),
    }
    if table:
        email = names.get(user.get_email_field_name(), "")
        facts["key_type"] = table.columns[user._meta.pk.column]["type"]
        facts["objects"] = table.objects
        facts["ignores_case"] = bool(
            table.index_on("upper", username.column, unique=True)
            or table.index_on("lower", username.column, unique=True)
        )
        facts["unique_email"] = bool(email) and table.is_indexed(email, unique=True)
    links = []
    for link in project.links:
        told = {key: value for key, value in link.items() if not key.endswith("query")}
        if own := project.tables.get(link["table"]):
            keys = [
                it
                for it in own.constraints
                if it["type"] == "f" and link["column"] in it["columns"]
            ]
            told["objects"] = own.objects
            told["on_delete"] = [
                ACTION[it["on_delete"]] + ", deferrable" * it["deferrable"] for it in keys
            ]
        links.append(told)
    old = project.tables.get("auth_user") if facts["base"] != "django" else None
    return {
        "user": facts,
        "proxies": [
            {"model": it._meta.label, **project.source.place(it)}
            for it in project.models
            if it._meta.proxy and it._meta.concrete_model is user
        ],
        "links": links,
        "receivers": [it.facts() for it in project.receivers],
        "names_auth_user": list(named_auth_users(project)) if facts["base"] == "django" else [],
        "old_user_table": bool(old),
        "backends": list(settings.AUTHENTICATION_BACKENDS),
        "apps": sorted({it._meta.app_label for it in project.models}),
    }


CODE_CHECKS = (check_profiles, check_receivers, check_admin, check_history)
DATABASE_CHECKS = (check_case, check_foreign_keys, check_indexes, check_headroom)


def diagnose(path: Path, module: str = "", with_database: bool = True) -> dict[str, Any]:
    """Return what was read, the facts and the findings of a project.

    path: its folder, or its manage.py. module: its settings, or "" for those of manage.py.
    Raises StopError if the project cannot be loaded, or its database cannot be reached.
    """
    began = time.monotonic()
    folder = load(path, module)
    import django
    from django.contrib.auth import get_user_model
    from django.db import connections, router

    with stopping("The user model cannot be loaded"):
        alias = router.db_for_read(get_user_model())
    source, database, version, notes = Source(folder), None, "", []
    with suppress(BaseException):  # receivers may stand in what only the URLs import
        importlib.import_module(django.conf.settings.ROOT_URLCONF)
    source.read()
    settings = connections[alias].settings_dict
    if with_database and connections[alias].vendor == "postgresql":
        database = Database(alias)
        database.connect()
        version = database.one("SHOW server_version")[0]
    else:
        why = "as you asked" if not with_database else "because the database is not PostgreSQL"
        notes.append(f"Only the code was read, {why}.")
    project = Project(source, database)
    findings: list[dict[str, Any]] = []
    if database:
        with project.noting("the database"):
            project.read_database(database)
    for check in (*CODE_CHECKS, *(DATABASE_CHECKS if project.database and project.tables else ())):
        with project.noting(check.__name__[6:].replace("_", " ")):
            findings.extend(check(project))
    driver = [it for it in ("psycopg", "psycopg2") if it in sys.modules]
    connections.close_all()
    return {
        "read": {
            "folder": str(folder),
            "settings": os.environ["DJANGO_SETTINGS_MODULE"],
            "database": {
                "alias": alias,
                **{key.lower(): settings.get(key, "") for key in ("NAME", "USER", "HOST", "PORT")},
                "postgresql": version,
            }
            if project.database
            else None,
            "python": platform.python_version(),
            "django": django.get_version(),
            "driver": driver[:1],
            "seconds": round(time.monotonic() - began, 1),
        },
        "facts": describe(project),
        "findings": findings,
        "notes": notes + project.notes,
    }


def main() -> None:
    """Read the project that the command line names; write JSON, or one sentence and exit 2."""
    parser = argparse.ArgumentParser(description="Diagnose a Django project; write JSON.")
    parser.add_argument("path", type=Path, help="the project's folder, or its manage.py")
    parser.add_argument("--settings", default="", help="instead of those that manage.py names")
    parser.add_argument("--no-database", action="store_true", help="read only the code")
    given = parser.parse_args()
    # what the project prints must not get between the lines of JSON
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as output:
        os.dup2(2, 1)
        try:
            found = diagnose(given.path, given.settings, not given.no_database)
        except StopError as error:
            print(error, file=sys.stderr)
            sys.exit(2)
        json.dump(found, output, indent=1, default=str)


if __name__ == "__main__":
    main()
