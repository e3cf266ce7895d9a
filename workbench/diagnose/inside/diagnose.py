"""Read a Django project and its PostgreSQL database, and write what was found as JSON.

It needs Python 3.9 and Django 4.2 or newer. `workbench diagnose` runs it in the project's own
Python, and it runs alone: python diagnose.py FOLDER [--settings MODULE] [--no-database]

Loading a project runs its manage.py, its settings and the modules of its apps; no other code of
the project is called. Every statement runs in a transaction of its own that is READ ONLY and has
a timeout, so this can neither write nor keep anybody waiting. Nothing is sent anywhere.
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

# seconds for one statement and for all; rows from which on an estimate is as good as a count
STATEMENT, ALL_STATEMENTS, VERY_MANY = 3.0, 7.0, 2_000_000
PROFILE_NAMES = re.compile(
    r"profile|person$|player$|user_?(info|details?|data|extras?|settings?|meta)$", re.IGNORECASE
)
READ_ONLY = "SET TRANSACTION READ ONLY; SET LOCAL lock_timeout = 1000; SET LOCAL work_mem = '64MB'"
IN_SESSION = "-c default_transaction_read_only=on -c statement_timeout=10000 -c lock_timeout=1000"


class StopError(Exception):
    """What prevents a diagnosis; the message is one sentence that says what to do."""


class NotReadError(Exception):
    """PostgreSQL refused a query, or there was no time left for it; the message is the reason."""


def in_short(error: BaseException) -> str:
    """Return the class and the first line of an exception."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__


# --- Loading the project


def load(path: Path, module: str) -> Path:
    """Load settings and apps as the project's own manage.py does; return the project's folder.

    For path and module see diagnose(). Raises StopError if the project cannot be loaded.
    """
    folder = (path.parent if path.is_file() else path).resolve()
    manages = [it for it in (folder / "manage.py", *folder.glob("*/manage.py")) if it.is_file()]
    if not manages and not module:
        raise StopError(f"There is no manage.py in {folder}: name the settings with --settings.")
    sys.path[0], sys.dont_write_bytecode = str(manages[0].parent if manages else folder), True
    os.chdir(sys.path[0])
    if module:
        os.environ["DJANGO_SETTINGS_MODULE"] = module
    try:
        import django
    except ImportError:
        advice = "name the project's own Python with --python"
        raise StopError(f"{sys.executable} has no Django: {advice}.") from None
    if django.VERSION < (4, 2):
        raise StopError(f"The project has Django {django.get_version()}: 4.2 or newer is needed.")
    with stopping("manage.py cannot be run"):
        run_manage(*manages[:1])
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
    return folder


def run_manage(*manages: Path) -> None:
    """Run manage.py up to the point where Django takes over: it knows the project's set-up."""
    from django.core import management

    def stop(*arguments: Any, **named: Any) -> None:
        raise GeneratorExit  # manage.py has set itself up

    execute, management.execute_from_command_line = management.execute_from_command_line, stop
    arguments, sys.argv = sys.argv, [*map(str, manages), "shell"]
    with suppress(GeneratorExit):
        for manage in manages:
            runpy.run_path(str(manage), run_name="__main__")
    management.execute_from_command_line, sys.argv = execute, arguments


@contextmanager
def stopping(what: str) -> Iterator[None]:
    """Turn whatever the project's code raises into one sentence."""
    try:
        yield
    except (Exception, SystemExit) as error:
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
        self.name: Any = self.connection.ops.quote_name
        self.until = time.monotonic() + ALL_STATEMENTS

    def connect(self) -> None:
        """Open the connection; raise StopError if there is none to be had."""
        database: Any = self.connection.settings_dict
        try:
            with suppress(Exception):
                self.connection.ensure_connection()
            if self.connection.connection is None:
                # a pooler such as PgBouncer may refuse to set up a session
                database["OPTIONS"].pop("options", None)
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
                cursor.execute(f"{READ_ONLY}; SET LOCAL statement_timeout = {int(seconds * 1000)}")
                cursor.execute(query, params or None)
                return [tuple(row) for row in cursor.fetchall()]
        except Error as error:
            late = "statement timeout" in str(error)
            why = f"it would take over {seconds:.0f} s" if late else in_short(error)
            raise NotReadError(why) from error

    def one(self, query: str, *params: Any) -> tuple[Any, ...]:
        """Return the first row that a query finds; raise NotReadError."""
        return self.rows(query, *params)[0]


# Each table as one object. Source: PostgreSQL 18 docs, 52 System Catalogs.
CATALOG = """
SELECT given, json_build_object('oid', c.oid, 'name', relname,
'rows', greatest(reltuples, 0)::bigint,
'columns', (
    SELECT json_object_agg(attname, json_build_object('type', format_type(atttypid, atttypmod),
        'end', seqmax, 'last', CASE WHEN has_sequence_privilege(seqrelid, 'USAGE, SELECT')
            THEN pg_sequence_last_value(seqrelid) END))
    FROM pg_attribute LEFT JOIN (pg_depend JOIN pg_sequence ON seqrelid = objid
        AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i'))
        ON refobjid = attrelid AND refobjsubid = attnum
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
    UNION SELECT 'view ' || ev_class::regclass::text
    FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid AND classid = 'pg_rewrite'::regclass
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
        """Return whether an index begins with these columns; unique: has exactly these."""
        # partial indexes leave rows out
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

    def is_own(self, file: Any) -> bool:
        """Return whether a file belongs to the project, not to an installed package."""
        path = Path(os.path.realpath(str(file or "")))
        packages = {"site-packages", "dist-packages"}.intersection(path.parts)
        return self.folder in path.parents and not packages

    def place(self, thing: Any) -> dict[str, Any]:
        """Return file, line and whether it is the project's own, of a class or function."""
        thing, line = inspect.unwrap(thing), 0
        file = getattr(sys.modules.get(thing.__module__), "__file__", "")
        with suppress(OSError, TypeError):
            file, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
        own, path = self.is_own(file), os.path.realpath(str(file or ""))
        shown = os.path.relpath(path, self.folder) if own else path
        return {"file": shown, "line": line, "own": own}

    def folders(self) -> list[str]:
        """Return the folders of the project's own apps, of its settings and of its URLs."""
        from django.apps import apps
        from django.conf import settings

        names = (os.environ["DJANGO_SETTINGS_MODULE"], getattr(settings, "ROOT_URLCONF", ""))
        files = [getattr(sys.modules.get(it), "__file__", None) for it in names]
        folders = [os.path.dirname(it) for it in files if it]
        folders += [it.path for it in apps.get_app_configs()]
        return sorted({os.path.realpath(it) for it in folders if self.is_own(f"{it}/any")})

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
        self.looks_at, self.saves, self.reads = (set[str]() for _ in range(3))
        self.creates: dict[str, str] = {}
        for text, rarely, safely in self.steps(self.function, {}, (False, False), 2):
            self.looks_at |= {*re.findall(r"\b(?:created|raw|update_fields)\b", text)}
            for link in links:
                model, name = link["model"], link["model"].rpartition(".")[2]
                reads = rf"\binstance\.{re.escape(link['accessor'])}\b" if link["one"] else "$^"
                writes = rf"({reads}|\b{name}\b).*\.(save|update|update_or_create)\("
                if created := re.search(rf"\b{name}(\.\w+)*?(\.\w*create)?\(", text):
                    self.creates[model] = (created[2] or ".save")[1:]
                if re.search(reads, text) and not safely and not rarely:
                    self.reads.add(model)
                if re.search(writes, text) and not rarely:
                    self.saves.add(model)

    def steps(self, function: Any, names: dict[str, str], under: Any, depth: int) -> Iterator[Any]:
        """Yield each statement of a function, with names replaced by what they mean."""
        if node := self.source.function(function):
            decorators = " ".join(map(ast.unparse, node.decorator_list))
            self.looks_at |= {"raw"} if re.search("raw|loaddata|fixture", decorators) else set()
            known = getattr(function, "__globals__", {})
            yield from self.block(node.body, dict(names), under, known, depth)

    def block(self, body: Any, names: Any, under: Any, known: Any, depth: int) -> Iterator[Any]:
        """Yield the statements of a block in their order, each with what it stands under."""
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
            yield text, rarely, safely
            if isinstance(statement, ast.Assign) and re.search(r"instance|\.objects", text):
                target: Any = statement.targets[0]
                name = ast.unparse(getattr(target, "elts", [target])[0])
                names[name] = self.meaning(statement.value, names)
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
            shape, literal = rf"(?<![\w.]){re.escape(name)}\b(?!=)", meaning.replace("\\", r"\\")
            text = re.sub(shape, literal, text)
        return text

    def facts(self) -> dict[str, Any]:
        """Return what is known of the receiver."""
        sets = {"saves": self.saves, "reads": self.reads, "looks_at": self.looks_at}
        told = {"name": self.name, "creates": self.creates, **self.place}
        return {**told, **{key: sorted(it) for key, it in sets.items()}}


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
        # the project's own, but not the children of the user's class
        own = [it for it in self.links if it["profile"]]
        self.profiles = [it for it in own if it["kind"] != "multi_table"]
        self.receivers = list(self.find_receivers())
        self.notes: list[str] = []
        self.tables: dict[str, Table] = {}
        self.behind: set[str] = set()
        self.users = 0
        self.loader: Any = None
        try:
            connection = database.connection if database else None
            self.loader = MigrationLoader(connection, ignore_no_migrations=True)
        except Exception as error:
            self.notes.append(f"The migrations cannot be loaded ({in_short(error)}).")

    def find_links(self) -> Iterator[dict[str, Any]]:
        """Yield each field that points at the user, with the kind of approach that it makes."""
        for model, field, target in foreign_keys(self.models):
            if target is not self.user._meta.concrete_model or model._meta.auto_created is target:
                continue
            one, meta, place = bool(field.one_to_one), model._meta, self.source.place(model)
            kind = "onetoone" if field.primary_key else "onetoone_own_key"
            kind = "multi_table" if getattr(field.remote_field, "parent_link", False) else kind
            if not one:
                kind = "unique_foreignkey" if field.unique else "foreignkey"
            declared = (getattr(it, "fields", ()) for it in meta.constraints)
            groups = [*meta.unique_together, *declared]
            alone = not any(field.name in it for it in groups if len(it) > 1)
            named = alone and bool(PROFILE_NAMES.search(model.__name__))
            yield {
                **place,
                **{"model": meta.label, "table": meta.db_table, "field": field.name},
                **{"column": field.column, "kind": kind, "one": one, "named": named},
                "accessor": field.remote_field.get_accessor_name() or "+",
                "to_proxy": field.remote_field.model._meta.proxy,
                "profile": place["own"] and (one or field.unique or named),
                "columns": [it.column for it in meta.local_fields if it not in (field, meta.pk)],
                "pointed_at_by": [
                    str(it) for _, it, to in foreign_keys(self.models) if to is model
                ],
            }

    def find_receivers(self) -> Iterator[Receiver]:
        """Yield the receivers of the user's own signals, not those of every model's."""
        from django.db.models import signals

        def live(signal: Any, sender: Any) -> list[Any]:
            found = signal._live_receivers(sender)  # two lists, from Django 5.0 on
            return [*found[0], *found[1]] if isinstance(found, tuple) else found

        senders = [it for it in self.models if it._meta.concrete_model is self.user]
        for name in ("pre_save", "post_save"):
            signal = getattr(signals, name)
            seen = live(signal, type("Other", (), {}))
            for function in (it for sender in senders for it in live(signal, sender)):
                if function not in seen:
                    seen.append(function)
                    yield Receiver(function, name, self.source, self.links)

    def creator(self, link: dict[str, Any]) -> Receiver | None:
        """Return the receiver that creates the profile's rows, if there is one."""
        return next((it for it in self.receivers if link["model"] in it.creates), None)

    def is_for_all(self, link: dict[str, Any]) -> bool:
        """Return whether every user is meant to have a row of this profile.

        Not of an optional row, such as a token, nor where users of several kinds have several
        tables. So a receiver creates it, or it is the only one, and is named so or common.
        """
        one = [it for it in self.profiles if it["kind"] != "foreignkey"]
        alone = [link] in (one, [it for it in one if it["named"]])
        most = link.get("without", self.users) * 2 <= self.users
        created = bool(self.creator(link))
        return link in one and (most or link["named"] or created) and (created or alone)

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
        users = self.tables.get(self.user._meta.db_table)
        if not users:
            self.tables, self.database = {}, None
            advice = "run `migrate`, or name the right settings"
            raise NotReadError(f"it has no table {self.user._meta.db_table}: {advice}")
        if self.loader:
            done, nodes = self.loader.applied_migrations, self.loader.graph.nodes
            self.behind = {app for app, name in nodes if (app, name) not in done}
        share, sample = min(1.0, VERY_MANY / max(users.rows, 1)), ""
        if share < 1:
            sample = f" TABLESAMPLE SYSTEM ({share * 100:.4f})"
            self.notes.append(f"Numbers of users are estimates: {share:.0%} of them were read.")
        else:
            [users.rows] = database.one(f"SELECT count(*) FROM {users.sql}")
        self.users = users.rows
        key, when = database.name(self.user._meta.pk.column), ("at once", "initially deferred")
        for link in self.links:
            table, column = self.tables.get(link["table"]), database.name(link["column"])
            keys = [it for it in table.keys if link["column"] in it["columns"]] if table else []
            actions = ((ACTION[it["on_delete"]], when[it["deferred"]]) for it in keys)
            link["on_delete"] = [f"ON DELETE {action}, {moment}" for action, moment in actions]
            if not table or link not in self.profiles:
                continue
            link["unique"] = table.is_indexed(link["column"], unique=True)
            link["objects"] = table.objects
            link["query"] = (
                f"SELECT count(*) FROM {users.sql} u{sample} WHERE NOT EXISTS\n"
                f"    (SELECT FROM {table.sql} p WHERE p.{column} = u.{key})"
            )
            link["several_query"] = (
                f"SELECT count(*) FROM (SELECT {column} FROM {table.sql}\n"
                f"    GROUP BY {column} HAVING count({column}) > 1) several"
            )
            with self.noting(f"the rows of {link['table']}"):
                link["without"] = round(database.one(link["query"])[0] / share)
                [link["rows"]] = database.one(f"SELECT count(*) FROM {table.sql}")
                link["several"] = 0 if link["unique"] else database.one(link["several_query"])[0]

    def schema(self) -> Iterator[tuple[Any, Table]]:
        """Yield the models whose tables must be as Django makes them, with their tables."""
        for model in self.models:
            table = self.tables.get(model._meta.db_table)
            plain = model._meta.managed and not model._meta.proxy and not model._meta.swapped
            if plain and table and model._meta.app_label not in self.behind:
                yield model, table


def foreign_keys(models: list[Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Yield each ForeignKey or OneToOneField: its model, itself, and the model it points at."""
    from django.db.models import ForeignKey

    for model in (it for it in models if not it._meta.proxy and not it._meta.swapped):
        for field in model._meta.local_fields:
            target: Any = getattr(field.remote_field, "model", None)
            if isinstance(field, ForeignKey) and hasattr(target, "_meta"):
                yield model, field, target._meta.concrete_model


# --- The checks: each yields what it finds


def found(check: str, subject: str, *places: Any, **facts: Any) -> dict[str, Any]:
    """Return a finding. facts: `query` that found it, `fix` in SQL, `severity`, and numbers."""
    shown = [{key: it[key] for key in ("file", "line")} for it in places]
    return {"id": check, "subject": subject, "places": shown, **facts}


def check_profiles(project: Project) -> Iterator[dict[str, Any]]:
    """Find users without a row, or with several rows, in a profile."""
    for link in project.profiles:
        about: dict[str, Any] = {"table": link["table"]}
        if link.get("without") and project.is_for_all(link):
            about.update(query=link["query"], without=link["without"], users=project.users)
            about["creator"] = getattr(project.creator(link), "name", "")
            yield found("users_without_profile", link["model"], link, **about)
        if link.get("several"):
            about.update(several=link["several"], query=link["several_query"])
            about["severity"] = "warning" if link["several"] * 3 < link["rows"] else "info"
            yield found("several_profile_rows", link["model"], link, **about)
        if link["kind"] == "unique_foreignkey":
            yield found("unique_foreign_key", link["model"], link, accessor=link["accessor"])
    for link in project.links:
        if link["to_proxy"] and link["own"] and link["accessor"] != "+":
            yield found("key_to_proxy", f"{link['model']}.{link['field']}", link)


def texts_of_user(project: Project) -> Iterator[dict[str, Any]]:
    """Yield username and e-mail: their columns, and the indexes that ignore case."""
    user = project.user
    names = dict.fromkeys([user.USERNAME_FIELD, user.get_email_field_name()])
    for field in (it for it in user._meta.concrete_fields if it.name in names):
        table = project.tables.get(field.model._meta.db_table)
        if project.database and table and field.column in table.columns:
            yield {
                **{"name": field.name, "subject": f"{table.name}.{field.column}"},
                **{"table": table.sql, "column": project.database.name(field.column)},
                **{"rows": table.rows, "is_unique": table.ignores_case(field.column)},
                **{it: table.index_on(it, field.column) for it in ("upper", "lower")},
            }


def check_case(project: Project) -> Iterator[dict[str, Any]]:
    """Find usernames and e-mail addresses that differ only in case."""
    assert project.database
    for text in texts_of_user(project):
        column = f"{text['column']}::text"
        query = (
            f"SELECT count(*), coalesce(sum(n), 0) FROM (SELECT count(*) n FROM {text['table']}\n"
            f"    WHERE UPPER({column}) IN (SELECT UPPER({column}) FROM {text['table']}"
            f" WHERE {column} <> LOWER({column}))\n"
            f"    GROUP BY UPPER({column}) HAVING min({column}) <> max({column})) twins"
        )
        with project.noting(f"values of {text['subject']} that differ only in case"):
            groups, users = (0, 0) if text["is_unique"] else project.database.one(query)
            if groups:
                check = "usernames" if text["name"] == project.user.USERNAME_FIELD else "emails"
                about = {"groups": groups, "users": int(users), "query": query}
                yield found(f"{check}_differ_only_in_case", text["subject"], **about)


AGREES = {"CASCADE": "arc", "SET_NULL": "arn", "SET_DEFAULT": "ard", "DO_NOTHING": "cnd"}
AGREES.update(PROTECT="ar", RESTRICT="ar", DB_CASCADE="c", DB_SET_NULL="n", DB_SET_DEFAULT="d")
ACTION = {"a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}
WIDTH = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}


def check_foreign_keys(project: Project) -> Iterator[dict[str, Any]]:
    """Compare Django's foreign keys with PostgreSQL's, and count the rows that point nowhere."""
    assert project.database
    tables = dict(project.schema())
    for model, field, target in foreign_keys([*tables]):
        table, to, end = (
            tables[model],
            project.tables.get(target._meta.db_table),
            field.target_field.column,
        )
        declared = field.db_constraint and target._meta.managed and field.column in table.columns
        if not to or not declared or end not in to.columns:
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


def check_indexes(project: Project) -> Iterator[dict[str, Any]]:
    """Find the indexes that Django's models declare and PostgreSQL lacks."""
    assert project.database
    for model, table in project.schema():
        meta = model._meta
        column = {it.name: it.column for it in meta.local_fields}
        fields = [it for it in meta.local_fields if it.unique or it.db_index]
        expected = [([it.column], bool(it.unique), "") for it in fields]
        for together in meta.unique_together:
            expected.append(([column.get(it, "") for it in together], True, ""))
        for it in [*meta.indexes, *meta.constraints]:
            unique = type(it).__name__ == "UniqueConstraint"
            if unique or it in meta.indexes:
                plain = getattr(it, "condition", None) is None
                names = [column.get(name.lstrip("-"), "") for name in it.fields if plain]
                expected.append((names, unique, it.name))
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
        subject, name = f"{table.name}.{model._meta.pk.column}", model._meta.pk.column
        column, sql = table.columns.get(name, {"type": ""}), project.database.name(name)
        end = min(WIDTH.get(column["type"], 0), column.get("end") or 2**63)
        query, last = f"SELECT max({sql}) FROM {table.sql}", column.get("last")
        with project.noting(f"the highest key of {table.name}"):
            if last is None and table.rows and 0 < end < 2**62:
                [last] = project.database.one(query)
        if last and 0 < end < last * 2:
            about = {"used": last, "end": end, "percent": last * 100 // end, "query": query}
            yield found("key_nearly_used_up", subject, table=table.sql, column=sql, **about)


def check_receivers(project: Project) -> Iterator[dict[str, Any]]:
    """Find receivers that break loaddata, or that break or slow down logins."""
    links = {it["model"]: it for it in project.links}
    for it in project.receivers:
        for model in it.creates if it.signal == "post_save" and "raw" not in it.looks_at else ():
            severity = "info" if links[model]["kind"] == "onetoone" else "warning"
            yield found("receiver_ignores_raw", it.name, it.place, model=model, severity=severity)
        for model in it.reads:
            if links[model].get("without", not project.database):
                about = {"table": links[model]["table"], "model": model}
                yield found("receiver_breaks_login", it.name, it.place, **about)
        for model in it.saves:
            yield found("receiver_writes_at_login", it.name, it.place, table=links[model]["table"])


def check_admin(project: Project) -> Iterator[dict[str, Any]]:
    """Find inlines that conflict with a receiver, and lists that run a query for each row."""
    from django.contrib import admin

    djangos = admin.ModelAdmin
    hooks = ("get_inlines", "get_inline_instances", "get_formsets_with_inlines", "save_related")
    for model_admin in [it for site in admin.sites.all_sites for it in site._registry.values()]:
        place, model = project.source.place(type(model_admin)), model_admin.model
        if not place["own"]:
            continue
        name = type(model_admin).__qualname__
        for link in project.profiles:
            inlines = [it for it in model_admin.inlines if it.model._meta.label == link["model"]]
            if model is not project.user or not inlines or link["kind"] == "onetoone":
                continue
            ours = {it for it in hooks if getattr(type(model_admin), it) is getattr(djangos, it)}
            creator = project.creator(link)
            if creator and len(ours) == len(hooks):
                about = {"model": link["model"], "receiver": creator.name, "kind": link["kind"]}
                yield found("inline_conflicts_with_receiver", name, place, creator.place, **about)
        for column, relation in slow_columns(project, model_admin):
            about = {"column": column, "relation": relation, "page": model_admin.list_per_page}
            yield found("admin_list_queries_per_row", f"{name}.{column}", place, **about)


def slow_columns(project: Project, model_admin: Any) -> Iterator[tuple[str, str]]:
    """Yield the columns of an admin list that read a relation which its query does not join."""
    from django import VERSION

    relations = {
        it.get_accessor_name() if it.auto_created else it.name: it
        for it in model_admin.model._meta.get_fields()
        if it.is_relation and (it.one_to_one or it.many_to_one) and not hasattr(it, "ct_field")
    }
    joined = model_admin.list_select_related
    fetched = set() if isinstance(joined, bool) else {it.split("__")[0] for it in joined}
    shown = {it for it in model_admin.list_display if getattr(relations.get(it), "concrete", False)}
    if joined is True or (joined is False and shown):
        plain = {name for name, it in relations.items() if it.concrete and not it.null}
        # until Django 6.1, a list that shows a relation joins all that are not nullable instead
        fetched |= plain if joined or VERSION < (6, 1) else shown
    for owner in (type(model_admin), type(model_admin.model._default_manager)):
        node = project.source.function(owner.get_queryset)
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
        row = re.escape(node.args.args[-1].arg) if node and node.args.args else "$^"
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


def describe(project: Project) -> dict[str, Any]:
    """Return the facts on which the approach, the own column and the moves rest."""
    from django.conf import settings
    from django.contrib.auth.models import AbstractBaseUser, AbstractUser

    user, table = project.user, project.tables.get(project.user._meta.db_table)
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
        "rows": project.users if table else None,
    }
    if table:
        facts["objects"] = table.objects
    links = [{key: it[key] for key in it if not key.endswith("query")} for it in project.links]
    modules = [getattr(it, "__file__", None) or "" for it in list(sys.modules.values())]
    migrations = project.loader.disk_migrations.values() if project.loader else ()
    proxies = [it for it in project.models if it._meta.proxy and it._meta.concrete_model is user]
    return {
        "user": facts,
        "links": links,
        "proxies": [{"model": it._meta.label, **project.source.place(it)} for it in proxies],
        "receivers": [it.facts() for it in project.receivers],
        "texts": list(texts_of_user(project)),
        "folders": project.source.folders(),
        "loaded": sorted({os.path.realpath(it) for it in modules if project.source.is_own(it)}),
        "migrations": sorted(inspect.getfile(type(it)) for it in migrations),
        "backends": list(settings.AUTHENTICATION_BACKENDS),
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
    with suppress(Exception):  # receivers may be in what only the URLs import
        importlib.import_module(django.conf.settings.ROOT_URLCONF)
    database = None
    if with_database and connections[alias].vendor == "postgresql":
        database = Database(alias)
        database.connect()
    project = Project(Source(folder), database)
    with project.noting("the database"):
        if database:
            project.read_database(database)
        else:
            why = "the database is not PostgreSQL" if with_database else "you asked for that"
            project.notes.append(f"Only the code was read, because {why}.")
    findings: list[dict[str, Any]] = []
    for check in (*CODE_CHECKS, *(DATABASE_CHECKS if project.tables else ())):
        with project.noting(check.__name__[6:].replace("_", " ")):
            findings.extend(check(project))
    database_read = {}
    if project.tables:
        names = ("host", "port", "user", "dbname", "server_version")
        info = connections[alias].connection.info
        database_read = {"alias": alias, **{it: getattr(info, it) for it in names}}
    connections.close_all()
    read = {
        **{"folder": str(folder), "settings": os.environ["DJANGO_SETTINGS_MODULE"]},
        **{"python": platform.python_version(), "django": django.get_version()},
        "driver": next((it for it in ("psycopg", "psycopg2") if it in sys.modules), ""),
        "database": database_read,
        "seconds": round(time.monotonic() - began, 1),
    }
    return {"read": read, "facts": describe(project), "findings": findings, "notes": project.notes}


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
