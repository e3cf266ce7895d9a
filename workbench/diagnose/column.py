"""The project's own column: what its facts answer to the questions that matter most.

A rule looks at the facts on which the answer rests. If they are those of a variant, the answer is
that variant's, as measured. If one differs, the answer is what differs, and no answer is borrowed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workbench.compare.answers import Comparison, in_line
from workbench.diagnose.approach import Facts


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
SEVERAL = NotAsked("it has several kinds of users")
NO_DATABASE = NotAsked("the database was not read")


def column(facts: Facts, comparison: Comparison) -> list[Row]:
    """Return the project's own answers, in the order of RULES."""
    questions = {it["id"]: it["question"] for it in comparison["questions"]}
    return [
        Row(name, questions[name], rule(facts)) for name, rule in RULES.items() if name in questions
    ]


def _place(facts: Facts) -> Answer:
    """The variant that keeps the extra fields in the same place: this is all that matters."""
    if facts.several_kinds or facts.children:
        return SEVERAL
    if facts.profile and facts.is_custom and facts.user["own_fields"]:
        return Different(
            f"some extra fields are in {facts.user['table']} and others in {facts.profile['table']}"
        )
    if facts.profile:
        return As("foreignkey" if facts.profile["kind"] == "foreignkey" else "profile_onetoone")
    return As("custom_user") if facts.is_custom and facts.user["own_fields"] else NO_FIELDS


def _registration(facts: Facts) -> Answer:
    place = _place(facts)
    if not isinstance(place, As):
        return place
    tables = [facts.user["table"], *([facts.profile["table"]] if facts.profile else [])]
    if (
        facts.profile
        and facts.profile["kind"] != "foreignkey"
        and not facts.receivers_that("creates")
    ):
        return Different(f"no receiver creates the row in {tables[1]}, so it is up to your code")
    if tables not in (["auth_user", "person"], ["players_user"]):
        return Different(f"your tables are {' and '.join(tables)}")
    return place


def _second_row(facts: Facts) -> Answer:
    place = _place(facts)
    if not isinstance(place, As) or not facts.profile:
        return place
    unique = facts.profile.get("unique")
    if unique is None:
        return NO_DATABASE
    if facts.profile["kind"] == "foreignkey":
        return Different("a unique index prevents it") if unique else place
    return place if unique else Different("the unique index that Django declares is missing")


def _row_by_sql(facts: Facts) -> Answer:
    place = _place(facts)
    if isinstance(place, As) and facts.profile:
        if not facts.has_database:
            return NO_DATABASE
        triggers = [it for it in facts.user["objects"] if it.startswith("trigger")]
        if triggers:
            return Different(f"{facts.user['table']} has {', '.join(triggers)}")
    return place


def _ways_to_no_row(facts: Facts) -> Answer:
    place = _row_by_sql(facts)
    if not isinstance(place, As) or not facts.profile:
        return place
    creators = facts.receivers_that("creates")
    if facts.profile["kind"] == "foreignkey" and creators:
        return Different(f"the receiver {creators[0]['name']} creates a row")
    if facts.profile["kind"] != "foreignkey" and not creators:
        return Different("no receiver creates the row, so every way leaves a user without one")
    return place


def _login_waits(facts: Facts) -> Answer:
    savers = facts.receivers_that("saves")
    if savers:
        return Different(f"the receiver {savers[0]['name']} writes the profile at every login")
    return _place(facts)


def _login_without_row(facts: Facts) -> Answer:
    readers = facts.receivers_that("reads")
    if facts.profile and readers:
        return Different(
            f"the receiver {readers[0]['name']} reads the row at every login and fails"
        )
    return _place(facts)


def _foreign_key(facts: Facts) -> Answer:
    place = _place(facts)
    if not isinstance(place, As) or not facts.profile:
        return place
    if not facts.has_database:
        return NO_DATABASE
    keys = facts.profile["on_delete"]
    if keys == [AS_DJANGO_MAKES_IT]:
        return place
    return Different(f"it is {keys[0]}" if keys else "PostgreSQL has no foreign key")


def _deleting_by_sql(facts: Facts) -> Answer:
    answer = _foreign_key(facts)
    if isinstance(answer, As) and not facts.profile:
        # Django's own tables are empty for such a user, as in the variant
        own = {
            "django_admin_log",
            *(f"{facts.user['table']}_{it}" for it in ("groups", "user_permissions")),
        }
        theirs = sorted({it["table"] for it in facts.facts["links"]} - own)
        if theirs:
            return Different(f"other tables point at the user, such as {theirs[0]}")
    return answer


def _username_case(facts: Facts) -> Answer:
    if not facts.has_database:
        return NO_DATABASE
    if facts.user["username_field"] != "username":
        return NotAsked(f"its users log in with {facts.user['username_field']}")
    if not facts.user["ignores_case"]:
        return Different(f"{facts.user['table']} has no unique index that ignores case")
    return As(facts.variant or "proxy_model")


def _model(facts: Facts) -> Answer:
    """The variant with the same kind of user model: this is all that matters."""
    if not facts.is_custom:
        return As(facts.variant or "proxy_model")
    if facts.user["base"] == "abstractbaseuser":
        return Different(f"{facts.user['model']} inherits from AbstractBaseUser")
    return As("custom_user")


def _class(facts: Facts) -> Answer:
    if facts.is_custom:
        return Different(f"it is {facts.user['model']}")
    backends = [it for it in facts.facts["backends"] if not it.startswith("django.contrib.")]
    if backends:
        return NotAsked(f"the backend {backends[0]} may return another class")
    return As(facts.variant or "proxy_model")


def _swap(facts: Facts) -> Answer:
    if facts.is_custom:
        return NotAsked("it has a custom user model already")
    if not facts.profile and not facts.proxies:
        return NotAsked("it has no model beside Django's user")
    return As(facts.variant) if facts.variant else SEVERAL


def _package(facts: Facts) -> Answer:
    return As("custom_user" if facts.is_custom else facts.variant or "proxy_model")


def _loaddata(facts: Facts) -> Answer:
    place = _place(facts)
    creators = facts.receivers_that("creates")
    if not isinstance(place, As) or not facts.profile:
        return place
    if not creators:
        return NotAsked("no receiver creates profile rows")
    if "raw" in creators[0]["looks_at"]:
        return Different(f"the receiver {creators[0]['name']} looks at `raw`")
    if facts.profile["kind"] not in ("onetoone", "foreignkey"):
        return Different("the profile has a key of its own, so loaddata raises IntegrityError")
    return place


def _user_id(facts: Facts) -> Answer:
    if not facts.has_database:
        return NO_DATABASE
    kinds = {"integer": "profile_onetoone", "bigint": "custom_user"}
    nearest = kinds.get(facts.user["key_type"])
    if nearest and facts.is_custom == (nearest == "custom_user"):
        return As(facts.variant or nearest if not facts.is_custom else "custom_user")
    return Different(f"it is {facts.user['key_type']}")


RULES: dict[str, Callable[[Facts], Answer]] = {
    "tables_that_hold_a_player": _registration,
    "database_holds_two_extras_rows_for_one_user": _second_row,
    "foreign_key_of_the_extras_in_the_database": _foreign_key,
    "type_of_a_user_id": _user_id,
    "email_made_unique_by_our_model": _model,
    "queries_of_a_naive_list": _place,
    "joins_to_read_one_player_with_extras": _place,
    "saving_the_user_stores_the_extras": _place,
    "extras_rows_after_bulk_create_of_users": _row_by_sql,
    "user_inserted_by_sql_has_an_extras_row": _row_by_sql,
    "ways_to_a_user_without_row": _ways_to_no_row,
    "login_without_row": _login_without_row,
    "rows_after_loaddata_under_a_signal": _loaddata,
    "deleting_a_user_by_sql": _deleting_by_sql,
    "create_user_of_a_name_in_another_case": _username_case,
    "login_waits_for_an_open_edit": _login_waits,
    "reader_of_the_extras_table_sees_password_hashes": _place,
    "class_of_request_user": _class,
    "user_model_changed_later_in_the_same_app": _swap,
    "package_that_imports_auth_user": _package,
}
