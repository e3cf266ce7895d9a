"""Which moves to another approach are possible for a project, and what is in the way."""

from collections.abc import Iterator
from dataclasses import dataclass

from workbench.diagnose.approach import Facts
from workbench.diagnose.code import Code
from workbench.diagnose.findings import Finding


@dataclass(frozen=True)
class Move:
    """A move to an approach.

    keeps, costs: a sentence each. in_the_way: what must be settled first; nothing if it is empty.
    """

    to: str
    keeps: str
    costs: str
    in_the_way: list[str]


def moves(facts: Facts, code: Code, findings: list[Finding]) -> Iterator[Move]:
    """Yield the moves that are possible from where the project is."""
    if not facts.is_custom:
        yield _to_custom_user(facts, code, findings)
    if facts.profile and facts.is_custom:
        yield _into_the_user(facts, findings)
    if facts.profile and facts.profile["kind"] in ("foreignkey", "unique_foreignkey"):
        yield _to_one_to_one(facts, findings)
    if not facts.profile and not facts.several_kinds:
        yield _to_profile(facts)


def _to_custom_user(facts: Facts, code: Code, findings: list[Finding]) -> Move:
    table = facts.user["table"]
    way = [*_objects(facts.user["objects"] if facts.has_database else [], table)]
    apps = sorted({it["model"].partition(".")[0] for it in facts.facts["links"]})
    way += [
        f"The migrations of {', '.join(apps)} are applied and point at the user model, so migrate "
        "raises InconsistentMigrationHistory unless a migration that is applied creates the new one"
    ] * bool(apps)
    if places := code.names_auth_user():
        files = sorted({it["file"] for it in places})
        way.append(f"The code names auth.User in {', '.join(files)}")
    if names := code.migrations_naming_auth_user():
        way.append(f"Migrations name auth.User: {', '.join(names)}")
    if deleted := code.deleted_children():
        way.append(
            f"The history creates and deletes {', '.join(deleted)}, which inherit from the user "
            "model, so it must be squashed first"
        )
    way += [f"{proxy['model']} is a proxy of auth.User" for proxy in facts.proxies]
    way += _profile_first(facts, findings)
    return Move(
        "custom_user",
        f"ids, passwords, sessions and all foreign keys, if the new model keeps the table {table}",
        "CreateModel is added to the first migration of one of your apps, which is applied; "
        "the content type auth.user is renamed, so that permissions and log entries follow",
        way,
    )


def _into_the_user(facts: Facts, findings: list[Finding]) -> Move:
    assert facts.profile
    table = facts.profile["table"]
    return Move(
        "custom_user",
        f"all users, and one row of {table} for each",
        f"columns for {', '.join(facts.profile['columns'])} in {facts.user['table']}, which each "
        "UPDATE of a profile then writes together with the user",
        list(_profile_first(facts, findings)),
    )


def _to_one_to_one(facts: Facts, findings: list[Finding]) -> Move:
    assert facts.profile
    table, several = facts.profile["table"], facts.profile.get("several")
    return Move(
        "profile_onetoone",
        f"the table {table} with its key and all its rows",
        "a unique index, and " * (facts.profile["kind"] == "foreignkey")
        + f"code that uses {facts.profile['accessor']} reads an attribute instead",
        [f"{several:,} users have several rows in {table}"] if several else [],
    )


def _to_profile(facts: Facts) -> Move:
    rows = facts.user["rows"]
    return Move(
        "profile_onetoone",
        "everything: only a table is added",
        (f"{rows:,} rows" if rows is not None else "a row for each user")
        + " to create for the users there are, and a receiver or a form for new ones",
        [],
    )


def _profile_first(facts: Facts, findings: list[Finding]) -> Iterator[str]:
    """Yield what of the profile must be settled before its columns can go into the user."""
    if facts.profile is None:
        return
    link, table = facts.profile, facts.profile["table"]
    if link.get("several"):
        yield f"{link['several']:,} users have several rows in {table}, and one must be chosen"
    if without := link.get("without"):
        yield f"{without:,} users have no row in {table}, so the columns must allow NULL"
    if link["pointed_at_by"]:
        others = ", ".join(link["pointed_at_by"])
        yield f"These foreign keys point at {table} and must point at the user: {others}"
    yield from _objects(link.get("objects") or [], table)
    for finding in findings:
        if finding.id == "rows_pointing_nowhere" and finding.subject.startswith(f"{table}."):
            yield finding.title


def _objects(objects: list[str], table: str) -> Iterator[str]:
    if objects:
        yield f"{table} has {', '.join(objects)}, which a change of its columns breaks or drops"
