"""The project's own column: what its facts answer to the questions that matter most.

A rule looks at the facts on which the answer rests. If they are those of a variant, the answer is
that variant's, as measured. If one differs, the answer is what differs, and no answer is borrowed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workbench.compare.answers import Comparison, in_line
from workbench.diagnose.approach import VARIANT_OF, Facts


@dataclass(frozen=True)
class As:
    """The facts are those of this variant."""

    variant: str


@dataclass(frozen=True)
class Different:
    """A fact differs from those of every variant, or from those of the nearest."""

    why: str


@dataclass(frozen=True)
class NotAsked:
    """The question does not apply, or a fact that it needs is unknown."""

    why: str


Answer = As | Different | NotAsked


@dataclass(frozen=True)
class Row:
    """A question, what the project answers to it, and that in words."""

    id: str
    question: str
    answer: Answer

    def text(self, comparison: Comparison) -> str:
        """Return the answer as a sentence."""
        match self.answer:
            case As(variant):
                [asked] = [it for it in comparison["questions"] if it["id"] == self.id]
                return f"as in {variant}: {in_line(asked['answers'][variant])}"
            case Different(why):
                return f"different here, because {why}"
            case NotAsked(why):
                return f"not asked of your project: {why}"


AS_DJANGO_MAKES_IT = "ON DELETE NO ACTION, initially deferred"
NO_FIELDS = NotAsked("it stores no extra fields")
NO_MODEL = NotAsked("it has no model of its own for users")
SEVERAL = NotAsked("it has several kinds of users")
NO_DATABASE = NotAsked("the database was not read")
OWN_VIEW = NotAsked("it depends on your registration view")


def column(facts: Facts, comparison: Comparison) -> list[Row]:
    """Return the project's own answers to the questions of RULES, in their order.

    comparison: the measured answers for the Django of the project, which may not ask all of them.
    """
    questions = {it["id"]: it["question"] for it in comparison["questions"]}
    return [
        Row(name, questions[name], rule(facts)) for name, rule in RULES.items() if name in questions
    ]


def _place(facts: Facts) -> Answer:
    """Answer as the variant that keeps the extra fields in the same place."""
    if facts.several_kinds or facts.children:
        return SEVERAL
    if facts.profile and facts.user["own_fields"]:
        tables = (facts.user["table"], facts.profile["table"])
        return Different(f"extra fields are in {' and in '.join(tables)}")
    if facts.profile:
        return As(VARIANT_OF[facts.profile["kind"]])
    return As("custom_user") if facts.user["own_fields"] else NO_FIELDS


def _columns(facts: Facts) -> Answer:
    place = _place(facts)
    if not isinstance(place, As):
        return place
    table = facts.profile["table"] if facts.profile else facts.user["table"]
    names = facts.profile["columns"] if facts.profile else facts.user["own_fields"]
    return Different(f"your extra fields are {', '.join(names)} in {table}")


def _second_row(facts: Facts) -> Answer:
    place = _place(facts)
    if not isinstance(place, As) or not facts.profile:
        return place
    unique = facts.profile.get("unique")
    if unique is None:
        return NO_DATABASE
    if facts.profile["kind"] in ("onetoone", "onetoone_own_key"):
        return place if unique else Different("the unique index that Django declares is missing")
    return Different("a unique index prevents it") if unique else place


def _without_trigger(facts: Facts) -> Answer:
    place = _place(facts)
    if isinstance(place, As) and facts.profile:
        if not facts.has_database:
            return NO_DATABASE
        triggers = [it for it in facts.user["objects"] if it.startswith("trigger")]
        if triggers:
            return Different(f"{facts.user['table']} has the {', '.join(triggers)}")
    return place


def _rows_made(facts: Facts) -> Answer:
    place = _without_trigger(facts)
    if not isinstance(place, As) or not facts.profile:
        return place
    creators = facts.receivers_that("creates")
    if place.variant == "foreignkey" and creators:
        return Different(f"the receiver {creators[0]['name']} creates a row")
    if place.variant == "profile_onetoone" and not creators:
        return Different("no receiver creates the row")
    return place


def _edit(facts: Facts) -> Answer:
    savers = facts.receivers_that("saves")
    if savers:
        return Different(f"{savers[0]['name']} saves the profile with every save of the user")
    return _place(facts)


def _deleting_by_sql(facts: Facts) -> Answer:
    place = _place(facts)
    if isinstance(place, As) and not facts.has_database:
        return NO_DATABASE
    if isinstance(place, As) and facts.profile:
        keys = facts.profile["on_delete"]
        if keys != [AS_DJANGO_MAKES_IT]:
            return Different(f"the key is {keys[0]}" if keys else "PostgreSQL has no foreign key")
    elif isinstance(place, As):
        # as in the variant, the admin's log has no row of such a user
        others = sorted({it["table"] for it in facts.facts["links"]} - {"django_admin_log"})
        if others:
            return Different(f"other tables point at the user, such as {others[0]}")
    return place


def _model(facts: Facts) -> Answer:
    """Answer as the variant with the same kind of user model: Django's, or a custom one."""
    return As("custom_user") if facts.is_custom else As(facts.variant or "profile_onetoone")


def _own_model(facts: Facts) -> Answer:
    if facts.is_custom and not facts.user["own"]:
        return Different(f"{facts.user['model']} belongs to a package")
    if not facts.is_custom and not facts.profile and not facts.proxies:
        return NO_MODEL
    return _model(facts)


def _login_field(facts: Facts) -> Answer:
    if facts.user["username_field"] != "username":
        return NotAsked(f"users log in with {facts.user['username_field']} already")
    return _own_model(facts)


def _hard_wired(facts: Facts) -> Answer:
    if facts.is_custom and facts.user["table"] == "auth_user":
        return Different("the custom user model keeps the table auth_user")
    return _model(facts)


def _rolled_back(facts: Facts) -> Answer:
    if facts.several_kinds or facts.children:
        return SEVERAL
    if facts.is_custom:
        label = facts.user["model"].partition(".")[0]
        apps = sorted({it["model"].partition(".")[0] for it in facts.facts["links"]} - {label})
        if apps != ["admin"]:
            return Different(f"these apps point at the user: {', '.join(apps) or 'none'}")
        return As("custom_user")
    if facts.profile and facts.profile["pointed_at_by"]:
        return Different(f"{facts.profile['pointed_at_by'][0]} points at the profile")
    return As(facts.variant) if facts.variant else NO_MODEL


RULES: dict[str, Callable[[Facts], Answer]] = {
    "columns_that_hold_the_extras": _columns,
    "database_holds_two_extras_rows_for_one_user": _second_row,
    "database_requires_a_birthdate_of_every_user": _without_trigger,
    "check_across_username_and_extra": _place,
    "email_made_unique_by_our_model": _own_model,
    "statements_of_a_registration": lambda facts: OWN_VIEW,
    "second_try_after_refused_extras": lambda facts: OWN_VIEW,
    "step_where_plain_usercreationform_fails": _model,
    "queries_of_a_naive_list": _place,
    "queries_of_a_naive_list_with_fetch_peers": _place,
    "writes_to_change_email_and_birthdate": _edit,
    "stale_save_of_a_birthdate_undoes_a_new_password": _place,
    "reading_extras_that_are_not_there": _place,
    "rows_with_extras_after_createsuperuser": _rows_made,
    "users_from_before_the_players_app": _place,
    "ways_to_a_user_without_row": _rows_made,
    "deleting_a_user_by_sql": _deleting_by_sql,
    "username_field_changes_the_login": _login_field,
    "apps_rolled_back_with_players": _rolled_back,
    "package_migration_hard_wired_to_auth_user": _hard_wired,
    "login_waits_for_an_open_edit": _edit,
}
