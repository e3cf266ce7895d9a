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

    def stop(*arguments: Any, **named: Any) -> None:
        raise Started

    execute, management.execute_from_command_line = management.execute_from_command_line, stop
    arguments, sys.argv = sys.argv, [str(manage), "shell"]
    try:
        if manage:
            runpy.run_path(str(manage), run_name="__main__")
    except Started:
        pass
    finally:
        management.execute_from_command_line, sys.argv = execute, arguments


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


# Each table as one object. Source: PostgreSQL 18 docs, 52 System Catalogs.
CATALOG = """
SELECT given, json_build_object('oid', c.oid, 'name', relname, 'rows', greatest(reltuples, 0)::bigint,
'columns', (
    SELECT json_object_agg(attname, json_build_object('type', format_type(atttypid, atttypmod),
        'end', seqmax, 'last', CASE WHEN has_sequence_privilege(seqrelid, 'USAGE, SELECT')
            THEN pg_sequence_last_value(seqrelid) END))
    FROM pg_attribute LEFT JOIN (pg_depend JOIN pg_sequence ON classid = 'pg_class'::regclass
        AND seqrelid = objid AND deptype IN ('a', 'i')) ON refobjid = attrelid AND refobjsubid = attnum
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
'keys', (
    SELECT json_agg(json_build_object('name', conname, 'target', confrelid, 'valid', convalidated,
        'to', confrelid::regclass::text, 'on_delete', confdeltype, 'deferred', condeferred,
        'columns', array(SELECT attname FROM pg_attribute
            WHERE attrelid = conrelid AND attnum = ANY(conkey))))
    FROM pg_constraint WHERE conrelid = c.oid AND contype = 'f'),
'indexes', (
    SELECT json_agg(json_build_object('name', indexrelid::regclass::text, 'unique', indisunique,
        'partial', indpred IS NOT NULL, 'definition', pg_get_indexdef(indexrelid),
        'columns', array(SELECT coalesce(attname, '')
            FROM unnest(indkey::int2[]) WITH ORDINALITY key(number, place)
            LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = number
            WHERE place <= indnkeyatts ORDER BY place)))
    FROM pg_index WHERE indrelid = c.oid AND indisvalid),
'objects', array(
    SELECT 'trigger ' || tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = c.oid
    UNION SELECT 'policy ' || polname FROM pg_policy WHERE polrelid = c.oid
    UNION SELECT 'view ' || ev_class::regclass::text FROM pg_rewrite r JOIN pg_depend d
        ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
    WHERE d.refobjid = c.oid AND ev_class <> c.oid ORDER BY 1))::text
FROM unnest(%s::text[]) given JOIN pg_class c ON c.oid = to_regclass(given)"""


class Table:
    """A table as PostgreSQL has it. sql: its name as it is written in SQL."""

    def __init__(self, sql: str, catalog: dict[str, Any]) -> None:
        self.sql, self.oid, self.name = sql, catalog["oid"], catalog["name"]
        self.rows, self.objects = catalog["rows"], catalog["objects"]
        self.columns: dict[str, dict[str, Any]] = catalog["columns"] or {}
        self.keys: list[dict[str, Any]] = catalog["keys"] or []
        self.indexes: list[dict[str, Any]] = catalog["indexes"] or []

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

    def ignores_case(self, column: str) -> bool:
        """Return whether PostgreSQL keeps values out that differ only in case."""
        return any(self.index_on(it, column, unique=True) for it in ("upper", "lower"))


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
        files = [getattr(sys.modules.get(it), "__file__", None) for it in names]
        folders = [os.path.dirname(it) for it in files if it]
        folders += [it.path for it in apps.get_app_configs()]
        for folder in {Path(os.path.realpath(it)) for it in folders}:
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

    ASKED = (r"\b(created|update_fields)\b", r"\b(hasattr|getattr|exists)\b")

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
                    tuple(under[i] or implies(test, it, self.ASKED[i]) for i in (0, 1))
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
                helper = known.get(getattr(getattr(call, "func", None), "id", ""))
                if inspect.isfunction(helper):
                    given = [self.meaning(it, names) for it in getattr(call, "args", ())]
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
        from django.db.migrations.loader import MigrationLoader

        self.source, self.database = source, database
        self.user: Any = get_user_model()
        self.models: list[Any] = apps.get_models(include_auto_created=True)
        self.links = list(self.find_links())
        self.receivers = list(self.find_receivers())
        self.notes: list[str] = []
        self.tables: dict[str, Table] = {}
        self.behind: set[str] = set()
        self.users, self.loader = 0, None
        try:
            connection = database.connection if database else None
            self.loader: Any = MigrationLoader(connection, ignore_no_migrations=True)
        except Exception as error:
            self.notes.append(f"The migrations cannot be loaded ({in_short(error)}).")

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
            groups = [
                *meta.unique_together,
                *(getattr(it, "fields", ()) for it in meta.constraints),
            ]
            alone = not any(field.name in it for it in groups if len(it) > 1)
            named = alone and bool(PROFILE_NAMES.search(model.__name__))
            yield {
                **place,
                **{"model": meta.label, "table": meta.db_table, "field": field.name},
                **{"column": field.column, "kind": kind, "one": one, "named": named},
                "accessor": field.remote_field.get_accessor_name() or "",
                "to_proxy": field.remote_field.model._meta.proxy,
                "profile": place["own"] and (one or field.unique or named),
                "columns": [it.column for it in meta.local_fields if it is not field],
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

        here = [it for it in self.models if router.db_for_read(it) == database.alias]
        names = {it._meta.db_table for it in here if not it._meta.swapped}
        quoted = {database.name(name): name for name in sorted({*names, "auth_user"})}
        for sql, catalog in database.rows(CATALOG, list(quoted)):
            self.tables[quoted[sql]] = Table(sql, json.loads(catalog))
        users = self.table(self.user)
        if not users:
            self.tables, self.database = {}, None
            self.notes.append(
                f"Only the code was read, because the database has no {self.user._meta.db_table}:"
                " run `migrate`, or check which database the settings name."
            )
            return
        if self.loader:
            done, nodes = self.loader.applied_migrations, self.loader.graph.nodes
            self.behind = {app for app, name in nodes if (app, name) not in done}
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
            lazily = list(project.source.grep(rf"\b{name}\.objects\.get_or_create\("))[:1]
            on_demand = lazily and not project.creator(link)
            check = "profiles_created_on_demand" if on_demand else "users_without_profile"
            about.update(query=link["query"], without=link["without"], users=project.users)
            yield found(check, link["model"], link, *lazily, **about)
        if link.get("several"):
            about = {"table": link["table"], "several": link["several"], "rows": link["rows"]}
            about["severity"] = "warning" if link["several"] * 3 < link["rows"] else "info"
            about["query"] = link["several_query"]
            yield found("several_profile_rows", link["model"], link, **about)
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
        if not table.ignores_case(field.column):
            with project.noting(f"values of {subject} that differ only in case"):
                groups, users = database.one(query)
                about = {"groups": groups, "users": int(users), "query": query}
                what = "usernames" if field.name == user.USERNAME_FIELD else "emails"
                if groups:
                    yield found(f"{what}_differ_only_in_case", subject, **about)
        # in a statement that names the user's class, or by a relation to the user
        owners = rf"\b({user.__name__}|UserModel|get_user_model\(\))\.[^=]*?[^\w=]"
        ways = "|".join({"user", *(it["field"] for it in project.links)})
        alone = "|[(, ]" * (field.name == "username")
        pattern = rf"({owners}|\b({ways})__{alone}){field.name}__iexact="
        places = list(project.source.grep(pattern))
        if places and not upper and (lower or table.rows >= MANY):
            check = "lower_index_is_not_used" if lower else "iexact_without_index"
            about = {"rows": table.rows, "column": column, "index": lower, "table": table.sql}
            yield found(check, subject, *places, **about, lookups=len(places))


AGREES = {"CASCADE": "arc", "SET_NULL": "arn", "SET_DEFAULT": "ard", "DO_NOTHING": "cnd"}
AGREES.update(PROTECT="ar", RESTRICT="ar", DB_CASCADE="c", DB_SET_NULL="n", DB_SET_DEFAULT="d")
ACTION = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
WIDTH = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def check_foreign_keys(project: Project) -> Iterator[dict[str, Any]]:
    """Compare Django's foreign keys with PostgreSQL's, and count the rows that point nowhere."""
    assert project.database
    tables = dict(project.schema())
    for model, field, target in foreign_keys([*tables]):
        table, to, end = tables[model], project.table(target), field.target_field.column
        if not to or not field.db_constraint or not target._meta.managed:
            continue
        if field.column not in table.columns or end not in to.columns:
            continue
        subject, column = f"{table.name}.{field.column}", project.database.name(field.column)
        about: dict[str, Any] = {"table": table.sql, "column": column, "to": to.sql}
        about["to_column"] = project.database.name(end)
        keys = [it for it in table.keys if field.column in it["columns"]]
        about["constraints"] = [project.database.name(it["name"]) for it in keys]
        right = [it for it in keys if it["target"] == to.oid]
        if not right or not right[0]["valid"]:
            check = "foreign_key_not_valid" if right else "foreign_key_missing"
            if keys and not right:
                check, about["elsewhere"] = "foreign_key_elsewhere", keys[0]["to"]
            yield found(check, subject, **about)
            query = (
                f"SELECT count(*) FROM {table.sql} c\nWHERE {column} IS NOT NULL AND NOT EXISTS"
                f" (SELECT FROM {to.sql} t WHERE t.{about['to_column']} = c.{column})"
            )
            with project.noting(f"rows of {subject} that point nowhere"):
                if rows := project.database.one(query)[0]:
                    yield found("rows_pointing_nowhere", subject, **about, rows=rows, query=query)
            continue
        action, does = field.remote_field.on_delete, right[0]["on_delete"]
        said = getattr(action, "__name__", f"DB_{getattr(action, 'operation', '')}")
        if does not in AGREES.get(said.replace(" ", "_"), "arcnd"):
            about.update(django=said, postgresql=ACTION[does])
            nothing = said == "DO_NOTHING" and does in "ar"
            check = "on_delete_does_nothing" if nothing else "on_delete_differs"
            if not nothing or target is project.user:
                yield found(check, subject, project.source.place(model), **about)
        about.update(type=table.columns[field.column]["type"], to_type=to.columns[end]["type"])
        if WIDTH.get(about["type"], 2**63) < WIDTH.get(about["to_type"], 0):
            yield found("key_narrower_than_its_target", subject, **about)


def check_indexes(project: Project) -> Iterator[dict[str, Any]]:
    """Find the indexes that Django's models declare and PostgreSQL lacks."""
    assert project.database
    for model, table in project.schema():
        meta = model._meta
        column = {it.name: it.column for it in meta.local_fields}
        expected = [
            ([it.column], it.unique, "") for it in meta.local_fields if it.unique or it.db_index
        ]
        expected += [
            ([column.get(it, "") for it in names], True, "") for names in meta.unique_together
        ]
        for it in [*meta.indexes, *meta.constraints]:
            unique = type(it).__name__ == "UniqueConstraint"
            if unique or it in meta.indexes:
                special = (
                    getattr(it, "expressions", ()) or getattr(it, "condition", None) is not None
                )
                names = () if special else [column.get(name.lstrip("-"), "") for name in it.fields]
                expected.append(([*names], unique, it.name))
        there = {it["name"].rpartition(".")[2].strip('"') for it in table.indexes}
        for columns, unique, index in expected:
            enough = columns and table.is_indexed(*columns, unique=unique)
            if enough or index in there or not set(columns) <= set(table.columns):
                continue
            listed = ", ".join(map(project.database.name, columns))
            check = "unique_index_missing" if unique else "index_missing"
            about = {"table": table.sql, "columns": listed, "index": index}
            yield found(check, f"{table.name}: {index or ', '.join(columns)}", **about)


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
            about.update(table=table.sql, column=name)
            yield found("key_nearly_used_up", f"{table.name}.{model._meta.pk.column}", **about)


def check_receivers(project: Project) -> Iterator[dict[str, Any]]:
    """Find receivers that break or slow down logins or loaddata, or that never run."""
    kinds = {it["model"]: it for it in project.links}
    for it in project.receivers:
        for model, how in it.creates.items():
            if it.signal == "post_save" and "raw" not in it.looks_at:
                harmless = kinds[model]["kind"] == "onetoone" or how.startswith(("get_", "update_"))
                about = {"model": model, "severity": "info" if harmless else "warning"}
                yield found("receiver_ignores_raw", it.name, it.place, **about)
        for model in it.reads if it.signal.endswith("save") else ():
            without = kinds[model].get("without", None if not project.database else 0)
            if without or without is None:
                about = {"table": kinds[model]["table"], "without": without, "model": model}
                yield found("receiver_breaks_login", it.name, it.place, **about)
        for model in it.saves if it.signal.endswith("save") else ():
            yield found("receiver_writes_at_login", it.name, it.place, table=kinds[model]["table"])
    files = [getattr(it, "__file__", None) or "" for it in [*sys.modules.values()]]
    loaded = {os.path.realpath(it) for it in files}
    for path, text in sorted(project.source.texts.items()):
        connects = re.search(r"^@receiver\(|^\w+\.connect\(", text, re.MULTILINE)
        django = re.search(r"django\.(dispatch|\S*signals)", text)
        if not connects or not django or str(path) in loaded:
            continue
        # what a function of the app imports may only not have been called yet; ready() has
        imports = re.compile(rf"^\s*(from|import) .*\b{path.stem}\b", re.MULTILINE)
        beside = [it for it in project.source.texts if it.parent == path.parent and it != path]
        texts = [project.source.texts[it] for it in beside if it.name != "apps.py"]
        if not any(map(imports.search, texts)):
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
            if model is not project.user or not inlines or link["kind"] == "onetoone":
                continue
            changed = [
                getattr(type(model_admin), it) != getattr(admin.ModelAdmin, it) for it in hooks
            ]
            creator = project.creator(link)
            if creator and not any(changed):
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
    managers = (type(model_admin), type(model_admin.model._default_manager))
    for query in (it.get_queryset for it in managers):
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
        row = re.escape(parameters[-1]) if parameters else "$^"
        ways = "|".join({*relations} - fetched) or "$^"
        if read := re.search(rf"\b{row}\.({ways})\.\w", ast.unparse(node) if node else ""):
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


def history(project: Project) -> dict[str, list[str]]:
    """Return the migrations that name auth.User, and the children of it that came and went."""
    named, created, deleted = [], set(), []
    for (app, name), migration in sorted(project.loader.disk_migrations.items()):
        with suppress(OSError, TypeError):
            text = Path(inspect.getfile(type(migration))).read_text(encoding="utf-8")
            if app != "auth" and re.search(r"[\"']auth\.User[\"']", text, re.IGNORECASE):
                named.append(f"{app}.{name}")
        for it in migration.operations:
            model = (app, getattr(it, "name_lower", ""))
            if any(str(base).lower() == "auth.user" for base in getattr(it, "bases", ())):
                created.add(model)
            elif type(it).__name__ == "DeleteModel" and model in created:
                deleted.append(".".join(model))
    return {"migrations_naming_auth_user": named, "deleted_models": deleted}


# --- The report


def describe(project: Project) -> dict[str, Any]:
    """Return the facts on which the approach, the own column and the moves rest."""
    from django.conf import settings
    from django.contrib.auth.models import AbstractBaseUser, AbstractUser

    user, table = project.user, project.table(project.user)
    base = AbstractUser if issubclass(user, AbstractUser) else AbstractBaseUser
    inherited = {"id", *(it.name for it in base._meta.fields)}
    columns = {it.name: it.column for it in user._meta.local_fields}
    is_djangos = user._meta.label == "auth.User"
    facts: dict[str, Any] = {
        **project.source.place(user),
        "model": user._meta.label,
        "base": "django" if is_djangos else base.__name__.lower(),
        "table": user._meta.db_table,
        "username_field": user.USERNAME_FIELD,
        "own_fields": [it for it in columns if it not in inherited],
        "key": user._meta.pk.get_internal_type(),
        "rows": project.users if table else None,
    }
    if table:
        facts["objects"] = table.objects
        facts["key_type"] = table.columns[user._meta.pk.column]["type"]
        facts["ignores_case"] = table.ignores_case(columns.get(user.USERNAME_FIELD, ""))
        email = columns.get(user.get_email_field_name(), "")
        facts["unique_email"] = bool(email) and table.is_indexed(email, unique=True)
    links = [{key: it[key] for key in it if not key.endswith("query")} for it in project.links]
    for link in links:
        own = project.tables.get(link["table"])
        link["objects"] = own.objects if own else []
        keys = [it for it in own.keys if link["column"] in it["columns"]] if own else []
        when = ("checked at once", "initially deferred")
        said = [f"ON DELETE {ACTION[it['on_delete']]}, {when[it['deferred']]}" for it in keys]
        link["on_delete"] = said
        pointing = [
            (it, by)
            for it, by, to in foreign_keys(project.models)
            if to._meta.label == link["model"]
        ]
        link["pointed_at_by"] = [f"{it._meta.label}.{by.name}" for it, by in pointing]
    proxies = [it for it in project.models if it._meta.proxy and it._meta.concrete_model is user]
    return {
        "user": facts,
        "links": links,
        **(history(project) if project.loader else {}),
        "proxies": [{"model": it._meta.label, **project.source.place(it)} for it in proxies],
        "receivers": [it.facts() for it in project.receivers],
        "names_auth_user": list(named_auth_users(project)) if is_djangos else [],
        "old_user_table": not is_djangos and "auth_user" in project.tables,
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
    with suppress(Exception):  # receivers may stand in what only the URLs import
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
    connections.close_all()
    names = ("NAME", "USER", "HOST", "PORT")
    about = {it.lower(): str(settings.get(it) or "") for it in names} if project.database else {}
    read = {
        "folder": str(folder),
        "settings": os.environ["DJANGO_SETTINGS_MODULE"],
        "database": about and {"alias": alias, "postgresql": version, **about},
        "python": platform.python_version(),
        "django": django.get_version(),
        "driver": next((it for it in ("psycopg", "psycopg2") if it in sys.modules), ""),
        "seconds": round(time.monotonic() - began, 1),
    }
    facts = {"facts": describe(project), "findings": findings, "notes": notes + project.notes}
    return {"read": read, **facts}


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
