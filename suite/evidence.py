"""What a question ran and saw: kept while it runs, in words that are the same in every run."""

import re
from contextlib import ExitStack, contextmanager
from itertools import groupby

from django.db import connections

TRANSACTION = re.compile(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b", re.IGNORECASE)

# What differs from run to run, and what is written instead.
UNSTEADY = [
    (
        re.compile(r"(?<=\)=)\(([^)]*)\)"),
        lambda found: "(" + re.sub(r"\b\d+\b", "N", found[1]) + ")",
    ),
    (re.compile(r"\b(?:test|scratch)_(\w+?)(?:_\1)?(?:_\d+)?\b(?=[\"'`; .]|$)"), r"\1"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(\+\d\d(:?\d\d)?)?"), "<time>"),
    (
        re.compile(
            r"(?<=[Pp]rocess )\d+|(?<=transaction )\d+|(?<=tuple )\(\d+,\d+\)"
            r"|(?<=relation )\d+|(?<=database )\d+"
        ),
        "N",
    ),
    (re.compile(r"(?<=Failing row contains )\(.*\)"), "(...)"),
    (re.compile(r"(?<=\(pk=)\d+(?=\))"), "N"),
    (re.compile(r"(?:/[\w.@+-]+)*/pytest-of-[\w.@+-]+(?:/[\w.@+-]+)*/"), ".../"),
    (re.compile(r"(?<= integer DEFAULT )\d+"), "N"),
    (re.compile(r"0x[0-9a-f]{6,}"), "0x..."),
    (re.compile(r"\b(md5|argon2|pbkdf2_sha256)\$[^\s'\"]+"), r"\1$..."),
    (re.compile(r"(?:/[\w.@+-]+)+/((?:site-packages|variants)/)"), r".../\1"),
    (re.compile(r"(?<=SELECT setval)\(pg_get_serial_sequence\([^)]*\), coalesce.*"), "(...)"),
    (re.compile(r'(?<=TRUNCATE )"\w+"(?:, "\w+"){5,}'), '"...", ...'),  # a set, in any order
    (re.compile(r"%s(?:, %s){5,}"), "%s, ..."),
    (re.compile(r"\(%s, \.\.\.\)(?:, \(%s, \.\.\.\))+"), "(%s, ...), ..."),
]


def steady(text):
    """The text without what differs from run to run: ids, times, temporary names, paths."""
    for pattern, instead in UNSTEADY:
        text = pattern.sub(instead, text)
    return text


class Statements(list):
    """The SQL statements that ran, in order, as Django sends them: %s stands for each value.

    BEGIN, COMMIT and savepoints are not among them: they shift with the test's own wrapping.
    """

    def __call__(self, execute, sql, params, many, context):
        text = sql if isinstance(sql, str) else sql.as_string(None)
        if not TRANSACTION.match(text.lstrip()):
            self.append(text)
            evidence.add("sql", text)
        return execute(sql, params, many, context)

    def writes(self):
        return [sql for sql in self if re.match(r"(INSERT|UPDATE|DELETE)\b", sql)]

    def verbs(self):
        """What ran, in short: ['INSERT auth_user', 'UPDATE person']."""
        return [verb_and_table(sql) for sql in self]

    def joins(self):
        return sum(len(re.findall(r"\bJOIN\b", sql)) for sql in self)


def verb_and_table(sql):
    """'INSERT INTO "person" (...)' is 'INSERT person'; only the verb where there is no table."""
    verb = sql.split(None, 1)[0].upper()
    table = re.search(r'\b(?:FROM|INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?"?(\w+)"?', sql)
    return f"{verb} {table[1]}" if table else verb


class Evidence:
    """What the question that runs just now has run and seen, as [kind, text] in order.

    kind: "sql" for a statement, "error" for an error's class and text, "plan" for a query plan,
    "saw" for anything else that was looked at.
    """

    def __init__(self):
        self.kept = []
        self.statements = Statements()

    @contextmanager
    def being_kept(self):
        """Keep what the block runs on any of Django's connections; forget what was kept before."""
        self.kept.clear()
        self.statements.clear()
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self.statements))
            yield

    def add(self, kind, text):
        self.kept.append((kind, steady(str(text).strip())))

    def as_list(self):
        """[[kind, text], ...]; what came several times in a row is said once, with (x N)."""
        found = []
        for (kind, text), run in groupby(self.kept):
            times = len(list(run))
            found.append([kind, f"{text}  (x {times})" if times > 1 else text])
        return found


evidence = Evidence()
