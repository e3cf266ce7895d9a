"""System checks"""

import re

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from suite.compare import ANYTHING_ELSE, CANNOT, changed_in, code, compare, docs
from suite.evidence import evidence
from suite.outcomes import saw
from suite.variant import PlayerModel, User, extras_class

IMPORT = "from django.db import models\n"
SETTING = f'AUTH_USER_MODEL = "{User._meta.label}"'

SCORE = """

class Score(models.Model):
    player = models.ForeignKey({target}, on_delete=models.CASCADE)
"""
GUILD = """
from django.conf import settings
from django.db import models

class Person(models.Model):
    user = models.{relation}(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
"""
VETERAN = """
from django.contrib.auth.models import User

class Veteran(User):
    class Meta:
        proxy = True
"""


def check(project, *options):
    """Return the ids of what manage.py check reports, or the class of the error that stops it."""
    ran = project.manage("check", *options)
    return messages(ran) or ([ran.outcome] if ran.code else [])


def messages(ran):
    """Return the ids of the messages that a command printed."""
    said = [line for line in ran.printed.splitlines() if re.search(r"\(\w+\.[CEW]\d{3}\)", line)]
    evidence.add("saw", "\n".join(sorted(said)) or "no message of a check")
    return sorted({re.search(r"\((\w+\.[CEW]\d{3})\)", line)[1] for line in said})


@compare(
    proxy_model=["models.E017"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="known",
    so_what=(
        "Do not add a field to a proxy: models.E017 refuses it. To store an extra field, choose a "
        "profile or a custom user."
    ),
    source=docs("System check framework", "Models") + ", models.E017",
    fits=[[]],
    fails=ANYTHING_ELSE,
)
def test_check_of_one_more_field(project):
    """The variant's own model (Player, Person or User) gets one more field. Which errors does
    manage.py check report?"""
    project.declare("nickname = models.TextField(null=True)")
    return check(project)


@compare(
    proxy_model="models.E017",
    profile_onetoone="+ Add field nickname to person",
    custom_user="+ Add field nickname to user",
    foreignkey="+ Add field nickname to person",
    so_what=(
        "If you declare a field on a proxy, makemigrations stops with models.E017. Declare the "
        "field on a profile or a custom user."
    ),
    source=docs("System check framework", "CheckMessage"),
)
def test_makemigrations_after_one_more_field(project):
    """The variant's own model (Player, Person or User) gets a field nickname. What does
    makemigrations report?"""
    project.declare("nickname = models.TextField(null=True)")
    ran = project.manage("makemigrations", "players")
    return messages(ran)[0] if ran.code else saw(ran.printed.splitlines()[-1].strip())


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what=(
        "Do not silence models.E017. With a field on a proxy, migrate then reports success but "
        "creates no column."
    ),
    source=docs("System check framework", "Models") + ", models.E017",
)
def test_column_of_a_field_whose_check_is_silenced(project):
    """SILENCED_SYSTEM_CHECKS contains "models.E017". The variant's own model (Player, Person or
    User) gets one more field. Does migrate create a column for this field?"""
    project.declare("nickname = models.TextField(null=True)")
    project.add("config/settings.py", '\nSILENCED_SYSTEM_CHECKS = ["models.E017"]\n')
    assert project.manage("makemigrations", "players").code == 0
    assert project.manage("migrate", "players").code == 0
    columns = "SELECT table_name FROM information_schema.columns WHERE column_name = 'nickname'"
    return bool(project.sql(columns))


@compare(
    proxy_model=["models.E017"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    so_what=(
        "Declare a ForeignKey or ManyToManyField on a profile or a custom user, not on a proxy: "
        "models.E017 refuses both. A proxy can still be the target of a relation."
    ),
    source=docs("System check framework", "Models") + ", models.E017",
    fits=[[]],
    fails=ANYTHING_ELSE,
)
def test_check_of_relations_declared_on_the_class(project):
    """The variant's own model (Player, Person or User) gets a ForeignKey and a ManyToManyField.
    Which errors does manage.py check report?"""
    project.declare('team = models.ForeignKey("players.Team", models.CASCADE, null=True)')
    project.declare('teams = models.ManyToManyField("players.Team", related_name="+")')
    project.add("players/models.py", "\n\nclass Team(models.Model):\n    pass\n")
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["fields.E301"],
    foreignkey=[],
    so_what=(
        "Write settings.AUTH_USER_MODEL in each ForeignKey to the user. In a project with a "
        "custom user, a ForeignKey to auth.User fails the checks."
    ),
    source=(docs("Customizing authentication in Django", "Referencing the User model")),
    fits=[[]],
    costs=ANYTHING_ELSE,
)
def test_check_of_a_foreign_key_to_auth_user(project):
    """Another model has a ForeignKey to "auth.User". Which errors does manage.py check report?"""
    project.add("players/models.py", IMPORT + SCORE.format(target='"auth.User"'))
    return check(project)


@compare(
    proxy_model="auth_user.id",
    profile_onetoone="person.user_id",
    custom_user="players_user.id",
    foreignkey="person.person_id",
    so_what=(
        "A ForeignKey to a profile references the profile row, so the user must have one. To refer "
        "to any user, name settings.AUTH_USER_MODEL."
    ),
    source=docs("Models", "Proxy models"),
)
def test_target_of_a_foreign_key_to_the_listed_class(project):
    """Another model has a ForeignKey to the variant's own model (Player, Person or User). Which
    column does the foreign key reference in PostgreSQL?"""
    project.add("players/models.py", IMPORT + SCORE.format(target=PlayerModel.__name__))
    assert project.manage("makemigrations", "players").code == 0
    assert project.manage("migrate", "players").code == 0
    target = project.sql("""
        SELECT confrelid::regclass || '.' || attname FROM pg_constraint JOIN pg_attribute
        ON attrelid = confrelid AND attnum = confkey[1] WHERE conrelid = 'players_score'::regclass
        AND contype = 'f'
    """)
    return target[0][0]


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "A ForeignKey from Score to a proxy adds score_set to plain User objects too. With a "
        "ForeignKey from Score to a OneToOne profile, write user.person.score_set."
    ),
    source=code("django.db.models.fields.related.ForeignObject.contribute_to_related_class"),
)
def test_user_reaches_what_points_at_the_listed_class(project):
    """A model Score has a ForeignKey to the variant's own model (Player, Person or User). Does an
    instance of the user model have score_set?"""
    project.add("players/models.py", IMPORT + SCORE.format(target=PlayerModel.__name__))
    ran = project.manage(
        "shell",
        "-v0",
        "-c",
        "from django.contrib.auth import get_user_model\n"
        "print('accessor:', hasattr(get_user_model()(pk=1), 'score_set'))",
    )
    return "accessor: True" in ran.printed


@changed_in(
    "Django 6.0",
    why="DEFAULT_AUTO_FIELD is BigAutoField by default, so no warning is left (ticket 36564).",
    so_what="Since Django 6.0, new models get 64-bit keys without this setting.",
    proxy_model=[],
    custom_user=[],
)
@compare(
    proxy_model=["models.W042"],
    profile_onetoone=[],
    custom_user=["models.W042"],
    foreignkey=[],
    so_what=(
        "If you use Django older than 6.0, set DEFAULT_AUTO_FIELD before the first migration. "
        "Django does not warn about a model that declares its own primary key."
    ),
    source=docs("System check framework", "Models") + ", models.W042",
)
def test_check_without_default_auto_field(project):
    """settings.py does not set DEFAULT_AUTO_FIELD. Which warnings does manage.py check report about
    the variant's models?"""
    project.replace("config/settings.py", "DEFAULT_AUTO_FIELD", "UNUSED")
    return check(project)


@changed_in(
    "Django 6.0",
    why="DEFAULT_AUTO_FIELD is BigAutoField by default, so no warning is left (ticket 36564).",
    so_what="Since Django 6.0, new models get 64-bit keys without this setting.",
    proxy_model=[],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
)
@compare(
    proxy_model=["models.W042"],
    profile_onetoone=["models.W042"],
    custom_user=["models.W042"],
    foreignkey=["models.W042"],
    so_what=(
        "If you use Django older than 6.0, set DEFAULT_AUTO_FIELD before the first migration. To "
        "change the type of a key later, PostgreSQL rewrites the table."
    ),
    source=docs("System check framework", "Models") + ", models.W042",
)
def test_check_without_default_auto_field_and_without_declared_key(project):
    """No model declares a primary key, and settings.py sets no DEFAULT_AUTO_FIELD. Which warnings
    does manage.py check report?"""
    project.replace("config/settings.py", "DEFAULT_AUTO_FIELD", "UNUSED")
    models = project.folder / "players/models.py"
    for declared in (
        "    person_id = models.BigAutoField(primary_key=True)\n",
        ", primary_key=True",
    ):
        if declared in models.read_text():
            project.replace("players/models.py", declared, "")
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["fields.E304"],
    foreignkey=[],
    so_what=(
        "If check reports fields.E304 for your custom user, set AUTH_USER_MODEL. Without this "
        "setting, auth.User and your model claim the same reverse accessor, group.user_set."
    ),
    source=(
        docs(
            "Customizing authentication in Django",
            "Using a custom user model when starting a project",
        )
    ),
)
def test_check_without_auth_user_model(project):
    """settings.py does not set AUTH_USER_MODEL. Which errors does manage.py check report?"""
    project.replace("config/settings.py", SETTING, "")
    return check(project)


@compare(
    proxy_model=["TypeError"],
    profile_onetoone=["ImproperlyConfigured"],
    custom_user=["ImproperlyConfigured"],
    foreignkey=["ImproperlyConfigured"],
    so_what=(
        "If Django raises ImproperlyConfigured, correct AUTH_USER_MODEL or install the app that "
        "it names. In a project with a proxy of auth.User, Django raises TypeError instead."
    ),
    source=(docs("Customizing authentication in Django", "Substituting a custom User model")),
)
def test_check_of_an_unknown_user_model(project):
    """AUTH_USER_MODEL names a model that does not exist. What does manage.py check raise?"""
    project.replace("config/settings.py", SETTING, 'AUTH_USER_MODEL = "players.Gamer"')
    return check(project)


@compare(
    proxy_model=["TypeError"],
    profile_onetoone=["ImproperlyConfigured"],
    custom_user=["ImproperlyConfigured"],
    foreignkey=["ImproperlyConfigured"],
    so_what=(
        "Write AUTH_USER_MODEL in the form app_label.ModelName. With a name that has no app "
        "label, Django does not start."
    ),
    source=(docs("Customizing authentication in Django", "Substituting a custom User model")),
)
def test_check_of_a_user_model_without_its_app(project):
    """AUTH_USER_MODEL is "User", without the label of an app. What does manage.py check raise?"""
    project.replace("config/settings.py", SETTING, 'AUTH_USER_MODEL = "User"')
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["auth.E002"],
    foreignkey=[],
    so_what=(
        "Leave the USERNAME_FIELD out of a custom user's REQUIRED_FIELDS. On a proxy or a profile, "
        "Django ignores REQUIRED_FIELDS."
    ),
    source=docs("System check framework", "auth") + ", auth.E002",
)
def test_check_of_username_in_required_fields(project):
    """The variant's own model (Player, Person or User) sets REQUIRED_FIELDS = ["username"]. Which
    errors does manage.py check report?"""
    project.declare('REQUIRED_FIELDS = ["username"]')
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["auth.E003"],
    foreignkey=[],
    mark="surprising",
    so_what=(
        "Declare email with unique=True if it is the USERNAME_FIELD of your custom user. Do not "
        "set USERNAME_FIELD on a proxy: login ignores it, but str() uses it."
    ),
    source=(
        docs("Customizing authentication in Django", "Specifying a custom user model")
        + ", USERNAME_FIELD"
    ),
)
def test_check_of_email_as_username_field(project):
    """The variant's own model (Player, Person or User) sets USERNAME_FIELD = "email". Which errors
    does manage.py check report?"""
    project.declare('USERNAME_FIELD = "email"\n    REQUIRED_FIELDS = []')
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=["fields.E304", "fields.E305"],
    custom_user=[],
    foreignkey=["fields.E305"],
    mark="surprising",
    so_what=(
        "Give a profile's relation a related_name that no other app uses. Otherwise two profile "
        "models named Person claim the same reverse accessor or query name on the user."
    ),
    source=docs("System check framework", "Related fields") + ", fields.E304 and fields.E305",
    fits=[[]],
    costs=ANYTHING_ELSE,
)
def test_check_of_another_apps_onetoone_person(project):
    """Another app has a model Person too, with a OneToOneField to the user and no related_name.
    Which errors does check --tag models report?"""
    project.install("guild", GUILD.format(relation="OneToOneField"))
    return check(project, "--tag", "models")


@compare(
    proxy_model=[],
    profile_onetoone=["fields.E305"],
    custom_user=[],
    foreignkey=["fields.E304"],
    mark="surprising",
    so_what=(
        "Give each profile's relation to the user its own related_name. Otherwise two models "
        "named Person clash, whether they use a ForeignKey or a OneToOneField."
    ),
    source=docs("System check framework", "Related fields") + ", fields.E304 and fields.E305",
    fits=[[]],
    costs=ANYTHING_ELSE,
)
def test_check_of_another_apps_foreignkey_person(project):
    """Another app has a model Person too, with a ForeignKey to the user and no related_name. Which
    errors does check --tag models report?"""
    project.install("guild", GUILD.format(relation="ForeignKey"))
    return check(project, "--tag", "models")


@compare(
    proxy_model=["FieldError"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what=(
        "Do not give an extra field the name of a User field. In a profile, email would be a "
        "second address; in a custom user, it would replace AbstractUser's field."
    ),
    source=docs("Models", "Field name “hiding” is not permitted"),
)
def test_check_of_an_extra_named_email(project):
    """The variant's own model (Player, Person or User) declares a field email of its own. What does
    manage.py check report?"""
    project.declare("email = models.EmailField(null=True)")
    return check(project)


@compare(
    proxy_model=["models.E017"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what=(
        "Query each model with managed = False in a test, because a query fails if a column is "
        "missing. Django's checks do not compare models with tables."
    ),
    source=docs("Model Meta options", "managed"),
)
def test_check_of_an_unmanaged_model_without_its_column(project):
    """A model with managed = False declares a field that its table lacks. Which errors does check
    --database default report?"""
    project.declare("nickname = models.TextField(null=True)")
    meta = re.search(r"    class Meta.*", (project.folder / "players/models.py").read_text())[0]
    project.replace("players/models.py", meta, f"{meta}\n        managed = False")
    return check(project, "--database", "default")


@compare(
    proxy_model=["admin.E108"],
    profile_onetoone=["admin.E108"],
    custom_user=[],
    foreignkey=["admin.E108"],
    so_what=(
        "In list_display, name a custom user's extra field, or person__birthdate for a OneToOne "
        "profile. For a ForeignKey profile, write a method that returns the value."
    ),
    source=docs("System check framework", "ModelAdmin") + ", admin.E108",
    fits=[[]],
    costs=ANYTHING_ELSE,
)
def test_check_of_an_extra_in_list_display():
    """UserAdmin has list_display = ["username", "birthdate"]. Which errors do Django's checks
    report?"""

    class Named(UserAdmin):
        list_display = ["username", "birthdate"]

    messages = Named(User, admin.AdminSite()).check()
    return [saw(message).id for message in messages]


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["TypeError"],
    foreignkey=[],
    mark="surprising",
    so_what=(
        "Before you choose a custom user, check your packages for proxies of auth.User. With a "
        "custom user, Django raises TypeError when it imports such a proxy."
    ),
    source=(docs("Customizing authentication in Django", "Custom users and proxy models")),
    fits=[[]],
    fails=ANYTHING_ELSE,
)
def test_check_of_another_apps_proxy_of_auth_user(project):
    """Another app defines a proxy of auth.User. What does manage.py check report?"""
    project.install("guild", VETERAN)
    return check(project)


@changed_in(
    "Django 6.1",
    why="Plain check also checks every database (Django 6.1 source, the command check).",
    so_what=(
        "Plain check reports the constraint that migrate would refuse. Of the four approaches, "
        "just a custom user can declare a constraint on username."
    ),
    proxy_model={"check": ["models.E016"], "with --database": ["models.E016"]},
    profile_onetoone={"check": ["models.E012"], "with --database": ["models.E012"]},
    foreignkey={"check": ["models.E012"], "with --database": ["models.E012"]},
)
@compare(
    proxy_model={"check": [], "with --database": ["models.E016"]},
    profile_onetoone={"check": [], "with --database": ["models.E012"]},
    custom_user={"check": [], "with --database": []},
    foreignkey={"check": [], "with --database": ["models.E012"]},
    mark="surprising",
    so_what=(
        "Declare a constraint on username in a custom user, not in a proxy or profile. Before "
        "Django 6.1, check reports this error just with --database default."
    ),
    source=docs("System check framework", "Models") + ", models.E012 and models.E016",
)
def test_check_of_a_constraint_on_an_inherited_field(project):
    """The variant's own model (Player, Person or User) declares a UniqueConstraint on username.
    Which errors does check report, without and with --database default?"""
    constraint = 'models.UniqueConstraint(fields=["username"], name="one_username")'
    meta = re.search(r"    class Meta.*", (project.folder / "players/models.py").read_text())[0]
    project.declare("extras = None")
    if "constraints = [" in (project.folder / "players/models.py").read_text():
        project.replace(
            "players/models.py", "constraints = [", f"constraints = [\n            {constraint},"
        )
    else:
        project.replace("players/models.py", meta, f"{meta}\n        constraints = [{constraint}]")
    return {"check": check(project), "with --database": check(project, "--database", "default")}


@compare(
    proxy_model=["models.E006", "models.E017"],
    profile_onetoone=[],
    custom_user=["fields.E303"],
    foreignkey=[],
    mark="surprising",
    fits=[[]],
    fails=ANYTHING_ELSE,
    so_what=(
        "Rename a custom user's field if it has the query name of a relation to the user, such as "
        "logentry from the admin's LogEntry."
    ),
    source=docs("System check framework", "Related fields"),
)
def test_check_of_a_field_named_like_a_packages_relation(project):
    """The variant's own model (Player, Person or User) has a field logentry, the query name of the
    admin's LogEntry. Which errors does check report?"""
    project.declare("logentry = models.TextField(null=True)")
    return [it for it in check(project) if it != "models.W042"]


@compare(
    proxy_model=CANNOT,
    profile_onetoone=["fields.E347"],
    custom_user=["fields.E347"],
    foreignkey=["fields.E347"],
    mark="surprising",
    fits=[[]],
    fails=ANYTHING_ELSE,
    so_what="A ForeignKey cannot refer to a model with a CompositePrimaryKey. Keep a key of one "
    "column and add a UniqueConstraint instead.",
    source=docs("Composite primary keys", "Composite primary keys and relations"),
)
def test_check_of_a_foreign_key_to_a_composite_key(project):
    """The model with the extra fields gets a CompositePrimaryKey, and another model a ForeignKey to
    it. What does check report for the ForeignKey?"""
    extras_class()
    first = "id"
    if PlayerModel.__name__ == "Person":
        first = "user_id" if PlayerModel._meta.pk.name == "user" else "person_id"
    project.declare(f'pk = models.CompositePrimaryKey("{first}", "kind")')
    project.declare("kind = models.TextField()")
    if first == "id":
        project.declare("id = models.BigIntegerField()")
    elif first == "user_id":
        project.replace("players/models.py", ", primary_key=True)", ")")
    else:
        project.replace("players/models.py", "BigAutoField(primary_key=True)", "BigIntegerField()")
    project.add("players/models.py", SCORE.format(target=PlayerModel.__name__))
    (project.folder / "players/admin.py").unlink()  # the admin accepts no such model
    ran = project.manage("check")
    return sorted(set(re.findall(r"players\.Score\.\w+: \((fields\.E\d+)\)", ran.printed)))
