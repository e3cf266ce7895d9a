"""How a question is asked, and what the suite's tests may use."""

import inspect
import json
import sys
from dataclasses import asdict
from datetime import date
from functools import cache

import pytest

from suite.compare import CANNOT, NotPossible, listed
from suite.evidence import evidence

answers = pytest.StashKey[dict]()
collected = pytest.StashKey[dict]()


def pytest_configure(config):
    config.stash[answers] = {}
    config.stash[collected] = {"questions": 0, "deselected": 0}


def pytest_collection_modifyitems(config, items):
    names = [item.originalname for item in items if is_question(item)]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise pytest.UsageError(f"Two questions have one name: {', '.join(sorted(twice))}.")
    if names:
        here = versions()
        items[:] = [
            item for item in items if not is_question(item) or item.function.question.is_asked(here)
        ]


def pytest_collection_finish(session):
    questions = [item for item in session.items if is_question(item)]
    session.config.stash[collected]["questions"] = len(questions)


def pytest_deselected(items):
    for item in items:
        item.config.stash[collected]["deselected"] += 1


def pytest_sessionfinish(session):
    """Send the answers home, if this process is a worker."""
    if hasattr(session.config, "workeroutput"):
        counted = session.config.stash[collected]
        session.config.workeroutput["answers"] = json.dumps(
            {
                "versions": versions(),
                "collected": counted["questions"],
                "deselected": counted["deselected"],
                "answers": session.config.stash[answers],
            }
        )


@cache
def versions():
    """Return {name: version} of what the answers are measured with."""
    import django
    import psycopg

    with psycopg.connect(dbname="postgres") as server:
        postgresql = server.execute("SHOW server_version").fetchone()[0]
    return {
        "Django": django.get_version(),
        "PostgreSQL": postgresql.split()[0],
        "psycopg": psycopg.__version__,
        "Python": ".".join(map(str, sys.version_info[:2])),
    }


def is_question(item):
    return hasattr(getattr(item, "function", None), "question")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    """Ask a question: keep its answer and evidence, and fail if it is not the expected one."""
    if not is_question(pyfuncitem):
        return None
    from django.conf import settings

    function, variant = pyfuncitem.function, settings.BASE_DIR.name
    expected = function.question.expects(variant, versions())
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    with evidence.being_kept():
        try:
            measured = ask(function, arguments, expected)
        except Exception as error:
            said = f"no answer: {type(error).__name__}"
            error.add_note(difference(pyfuncitem, variant, expected, said, evidence.as_list()))
            raise
        if not evidence.kept:  # nothing ran in the database and nothing was refused
            evidence.add("saw", repr(measured))
    kept = evidence.as_list()
    pyfuncitem.config.stash[answers][pyfuncitem.originalname.removeprefix("test_")] = {
        **about(pyfuncitem),
        "answer": measured,
        "judgement": function.question.judge(measured),
        "evidence": kept,
    }
    if json.dumps(measured, sort_keys=True) != json.dumps(expected, sort_keys=True):
        pytest.fail(difference(pyfuncitem, variant, expected, measured, kept), pytrace=False)
    return True


def ask(function, arguments, expected):
    """The answer. Where CANNOT is expected, an error that names what is missing proves it."""
    from suite.variant import CannotDo

    try:
        return function(**arguments)
    except (NotPossible, CannotDo) as error:
        evidence.add("error", f"{type(error).__name__}: {error}")
        return CANNOT
    except Exception as error:
        if expected != CANNOT or not is_about_the_extras(error):
            raise
        evidence.add("error", f"{type(error).__name__}: {error}")
        return CANNOT


def is_about_the_extras(error):
    from suite.variant import EXTRA_FIELDS

    return any(word in str(error).lower() for word in (*EXTRA_FIELDS, "person", "extras"))


def about(item):
    """What the comparison says of a question beside its answers."""
    function, module = item.function, sys.modules[item.function.__module__]
    return {
        "id": item.originalname.removeprefix("test_"),
        "area": module.__doc__.strip().splitlines()[0].rstrip("."),
        "module": module.__name__.rpartition(".test_")[2],
        "question": " ".join(function.__doc__.split()),
        "mark": function.question.mark,
        "so_what": function.question.so_what,
        "source": function.question.source,
        "verdict": function.question.verdict,
        "top": function.question.top,
        "rule": rule(function.question),
        "since": function.question.since,
        "changes": [asdict(change) for change in function.question.changes],
        "code": inspect.getsource(function),
        "line": function.__code__.co_firstlineno,
    }


def rule(question):
    """Return what decides how an answer is judged, such as "fits: True; fails: anything else"."""
    told = (
        f"{judgement}: {', '.join(map(str, listed(its))) or its}"
        for judgement, its in question.rules.items()
        if its
    )
    return "; ".join(told)


def difference(item, variant, expected, measured, kept):
    lines = [
        about(item)["question"],
        f"  variant:  {variant}",
        f"  expected: {json.dumps(expected)}",
        f"  measured: {json.dumps(measured)}",
        "  evidence:",
    ]
    return "\n".join(lines + [f"    {kind}: {text}" for kind, text in kept])


@pytest.fixture(autouse=True)
def _database(projects, db):
    """Every test of the suite may use the database, and begins without cached content types.

    Else whether Django asks for one would depend on which tests ran before.
    """
    from django.contrib.contenttypes.models import ContentType

    ContentType.objects.clear_cache()


# the rows that migrate makes, and whether the other tables are small
MADE_BY_MIGRATE = """
    SELECT (SELECT string_agg(c::text, '' ORDER BY id) FROM django_content_type c),
        (SELECT string_agg(p::text, '' ORDER BY id) FROM auth_permission p),
        (SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relname = ANY(%s)) < 1000000
"""


@pytest.fixture(scope="session", autouse=True)
def _delete_after_a_commit(django_db_setup, django_db_blocker):
    """Empty the tables by DELETE after a test that commits: quicker than Django's flush.

    flush truncates every table, and makes content types and permissions anew. It still runs if a
    table is large, or if a test changed a content type or a permission.
    """
    from django.db import connection, transaction
    from django.test import TransactionTestCase

    from suite.outcomes import rows

    def state():
        tables = connection.introspection.django_table_names(only_existing=True)
        others = [name for name in tables if name not in ("django_content_type", "auth_permission")]
        return rows(MADE_BY_MIGRATE, [others]), others

    def teardown(case):
        nonlocal before
        now, tables = state()
        if now == before:
            with transaction.atomic():
                rows(";".join(f"DELETE FROM {table}" for table in tables))
        else:
            flush(case)
            before, _ = state()

    with django_db_blocker.unblock():
        before, _ = state()
    flush = TransactionTestCase._fixture_teardown
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture(scope="session")
def projects(django_db_setup, django_db_blocker):
    """The maker of throw-away copies of the variant; its template is the migrated database."""
    from django.conf import settings
    from django.db import connection

    from suite.projects import Projects, drop_database, make_database, mark_database

    migrated = connection.settings_dict["NAME"]
    template = f"{migrated}_template"
    connection.close()
    mark_database(migrated)
    make_database(template, migrated)
    yield Projects(settings.BASE_DIR, template)
    drop_database(template)


@pytest.fixture(scope="session")
def site(projects, tmp_path_factory):
    """A copy of the variant with the third-party packages: a suite.sites.Site."""
    from suite.sites import Site

    project = projects.make(tmp_path_factory.mktemp("site"), migrated=True)
    site = Site(project)
    yield site
    site.close()
    projects.drop(project)


@pytest.fixture
def project(projects, tmp_path):
    """A copy of the variant with a migrated database of its own: a suite.projects.Project."""
    made = projects.make(tmp_path, migrated=True)
    yield made
    projects.drop(made)


@pytest.fixture
def unmigrated(projects, tmp_path):
    """A copy of the variant with an empty database of its own: a suite.projects.Project."""
    made = projects.make(tmp_path, migrated=False)
    yield made
    projects.drop(made)


@pytest.fixture
def statements():
    """The SQL statements that the question has run so far: a suite.evidence.Statements."""
    return evidence.statements


ALICE = {
    "birthdate": date(2010, 5, 4),
    "discord_id": "100000000000000001",
    "zoom_id": "1234567890",
}


@pytest.fixture
def nobody_yet():
    """For what is asked of a site without players: a moved database has some, a test's own none."""
    from suite.outcomes import rows
    from suite.variant import User

    rows(f"TRUNCATE {User._meta.db_table}, django_session CASCADE")


@pytest.fixture
def alice():
    """The user of a player registered through the roster, with the extras that it can keep."""
    from suite.variant import enrolled

    return enrolled("alice", **ALICE)
