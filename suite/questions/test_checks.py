"""System checks"""

import re

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from suite.compare import changed_in, compare, docs
from suite.evidence import evidence
from suite.outcomes import saw
from suite.variant import PlayerModel, User

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
    """What manage.py check says: ids of messages, or the class of the error that stops it."""
    ran = project.manage("check", *options)
    return messages(ran) or ([ran.outcome] if ran.code else [])


def messages(ran):
    """The ids of the messages that a command printed."""
    said = [line for line in ran.printed.splitlines() if re.search(r"\(\w+\.[CEW]\d{3}\)", line)]
    evidence.add("saw", "\n".join(sorted(said)) or "no message of a check")
    return sorted({re.search(r"\((\w+\.[CEW]\d{3})\)", line)[1] for line in said})


@compare(
    proxy_model=["models.E017"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="known",
    so_what="A proxy is for behaviour only: an attribute of your own needs another approach.",
    source='Django 5.2 docs, "System check framework", section "Models", models.E017',
)
def test_check_of_one_more_field(project):
    """What does manage.py check say when the listed class gets one more field?"""
    project.declare("nickname = models.TextField(null=True)")
    return check(project)


@compare(
    proxy_model="models.E017",
    profile_onetoone="+ Add field nickname to person",
    custom_user="+ Add field nickname to user",
    foreignkey="+ Add field nickname to person",
    so_what="A field on a proxy stops every command that checks first, so it cannot slip through.",
    source=docs("System check framework", "CheckMessage"),
)
def test_makemigrations_after_one_more_field(project):
    """Does makemigrations go on when the listed class has one more field?"""
    project.declare("nickname = models.TextField(null=True)")
    ran = project.manage("makemigrations", "players")
    return messages(ran)[0] if ran.code else saw(ran.printed.splitlines()[-1].strip())


@compare(
    proxy_model=False,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="With the check silenced, the proxy's migration is applied and reported as OK, "
    "and no column comes: operations skip a model whose can_migrate is false, and a proxy's is.",
    source='Django 5.2 docs, "System check framework", section "Models", models.E017',
)
def test_column_of_a_field_whose_check_is_silenced(project):
    """With SILENCED_SYSTEM_CHECKS = ["models.E017"], does one more field become a column?"""
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
    so_what="A proxy may have no field of any kind, not even one whose data is in another table.",
    source='Django 5.2 docs, "System check framework", section "Models", models.E017',
)
def test_check_of_relations_declared_on_the_class(project):
    """What does check say when the listed class gets a ForeignKey and a ManyToManyField to a
    model of ours?"""
    project.declare('team = models.ForeignKey("players.Team", models.CASCADE, null=True)')
    project.declare('teams = models.ManyToManyField("players.Team", related_name="+")')
    project.add("players/models.py", "\n\nclass Team(models.Model):\n    pass\n")
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["fields.E301"],
    foreignkey=[],
    so_what="With a custom user, code that names auth.User does not start: "
    "it must say settings.AUTH_USER_MODEL.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Referencing the User model"',
)
def test_check_of_a_foreign_key_to_auth_user(project):
    """What does check say of another model that has a ForeignKey to "auth.User"?"""
    project.add("players/models.py", IMPORT + SCORE.format(target='"auth.User"'))
    return check(project)


@compare(
    proxy_model="auth_user.id",
    profile_onetoone="person.user_id",
    custom_user="players_user.id",
    foreignkey="person.person_id",
    so_what="Only where the listed class is the user does a row that points at a player point "
    "at who logs in.",
    source='Django 5.2 docs, "Models", section "Proxy models"',
)
def test_target_of_a_foreign_key_to_the_listed_class(project):
    """A model has a ForeignKey to the listed class: to which column does it point in PostgreSQL?"""
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
    so_what="The accessor is set on the concrete model behind the proxy, so even a plain User "
    "has it (ForeignObject.contribute_to_related_class); with a Person it is one step further.",
    source="Django 5.2 source, "
    "django.db.models.fields.related.ForeignObject.contribute_to_related_class",
)
def test_user_reaches_what_points_at_the_listed_class(project):
    """A model Score has a ForeignKey to the listed class: has a user the accessor score_set?"""
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
    so_what="A new project gets 64-bit keys without this setting.",
    proxy_model=[],
    custom_user=[],
)
@compare(
    proxy_model=["models.W042"],
    profile_onetoone=[],
    custom_user=["models.W042"],
    foreignkey=[],
    mark="surprising",
    so_what="The proxy is warned too, though it has no table, and auth chose its key long ago.",
    source='Django 5.2 docs, "System check framework", section "Models", models.W042',
)
def test_check_without_default_auto_field(project):
    """What does check say when settings.py does not set DEFAULT_AUTO_FIELD?"""
    project.replace("config/settings.py", "DEFAULT_AUTO_FIELD", "UNUSED")
    return check(project)


@changed_in(
    "Django 6.0",
    why="DEFAULT_AUTO_FIELD is BigAutoField by default, so no warning is left (ticket 36564).",
    so_what="A new project gets 64-bit keys without this setting.",
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
    so_what="A key that is declared, or that is the user's, does not change with a setting.",
    source='Django 5.2 docs, "System check framework", section "Models", models.W042',
)
def test_check_without_default_auto_field_and_without_declared_key(project):
    """What does check say when DEFAULT_AUTO_FIELD is not set and no primary key is declared?"""
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
    so_what="Forgetting the setting is noticed at once: two classes want group.user_set.",
    source=docs(
        "Customizing authentication in Django", "Using a custom user model when starting a project"
    ),
)
def test_check_without_auth_user_model(project):
    """What does check say when settings.py does not set AUTH_USER_MODEL?"""
    project.replace("config/settings.py", SETTING, "")
    return check(project)


@compare(
    proxy_model=["TypeError"],
    profile_onetoone=["ImproperlyConfigured"],
    custom_user=["ImproperlyConfigured"],
    foreignkey=["ImproperlyConfigured"],
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Substituting a custom User model"',
)
def test_check_of_an_unknown_user_model(project):
    """What does check say when AUTH_USER_MODEL names a model that does not exist?"""
    project.replace("config/settings.py", SETTING, 'AUTH_USER_MODEL = "players.Gamer"')
    return check(project)


@compare(
    proxy_model=["TypeError"],
    profile_onetoone=["ImproperlyConfigured"],
    custom_user=["ImproperlyConfigured"],
    foreignkey=["ImproperlyConfigured"],
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Substituting a custom User model"',
)
def test_check_of_a_user_model_without_its_app(project):
    """What does check say when AUTH_USER_MODEL is only a class name, without the app and dot?"""
    project.replace("config/settings.py", SETTING, 'AUTH_USER_MODEL = "User"')
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["auth.E002"],
    foreignkey=[],
    so_what="Only the class that AUTH_USER_MODEL names is looked at; "
    "on a proxy or a profile these attributes mean nothing.",
    source='Django 5.2 docs, "System check framework", section "auth", auth.E002',
)
def test_check_of_username_in_required_fields(project):
    """What does check say when the listed class says REQUIRED_FIELDS = ["username"]?"""
    project.declare('REQUIRED_FIELDS = ["username"]')
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=[],
    custom_user=["auth.E003"],
    foreignkey=[],
    mark="surprising",
    so_what="Only a custom user can make e-mail the login name, and must then make it unique; "
    "elsewhere the attribute is accepted and ignored.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Specifying a custom user model", USERNAME_FIELD',
)
def test_check_of_email_as_username_field(project):
    """What does check say when the listed class says USERNAME_FIELD = "email"?"""
    project.declare('USERNAME_FIELD = "email"\n    REQUIRED_FIELDS = []')
    return check(project)


@compare(
    proxy_model=[],
    profile_onetoone=["fields.E304", "fields.E305"],
    custom_user=[],
    foreignkey=["fields.E305"],
    mark="surprising",
    so_what="A profile takes the name of its class on the user, in all apps: "
    "give it a related_name of its own.",
    source=docs("System check framework", "Related fields") + ", fields.E304 and fields.E305",
)
def test_check_of_another_apps_onetoone_person(project):
    """What does check --tag models say when a second app has its own Person, with a
    OneToOneField to the user?"""
    project.install("guild", GUILD.format(relation="OneToOneField"))
    return check(project, "--tag", "models")


@compare(
    proxy_model=[],
    profile_onetoone=["fields.E305"],
    custom_user=[],
    foreignkey=["fields.E304"],
    mark="surprising",
    so_what="user.person and user.person_set both claim the name person in queries, whichever "
    "app comes second: give a profile a related_name of its own.",
    source=docs("System check framework", "Related fields") + ", fields.E304 and fields.E305",
)
def test_check_of_another_apps_foreignkey_person(project):
    """What does check --tag models say when a second app has its own Person, with a ForeignKey
    to the user?"""
    project.install("guild", GUILD.format(relation="ForeignKey"))
    return check(project, "--tag", "models")


@compare(
    proxy_model=["FieldError"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what="A profile's second e-mail is accepted in silence; a custom user replaces the field.",
    source=docs("Models", "Field name “hiding” is not permitted"),
)
def test_check_of_an_extra_named_email(project):
    """What does check say when the listed class declares an email field of its own?"""
    project.declare("email = models.EmailField(null=True)")
    return check(project)


@compare(
    proxy_model=["models.E017"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what="No check compares a model with its table, so with managed = False nobody does: "
    "the first query fails.",
    source='Django 5.2 docs, "Model Meta options", section "managed"',
)
def test_check_of_an_unmanaged_model_without_its_column(project):
    """The listed class is managed = False and has a field whose column is missing: what does
    check --database default say?"""
    project.declare("nickname = models.TextField(null=True)")
    meta = re.search(r"    class Meta.*", (project.folder / "players/models.py").read_text())[0]
    project.replace("players/models.py", meta, f"{meta}\n        managed = False")
    return check(project, "--database", "default")


@compare(
    proxy_model=["admin.E108"],
    profile_onetoone=["admin.E108"],
    custom_user=[],
    foreignkey=["admin.E108"],
    so_what="Only the custom user's extras are names that UserAdmin's options take as they are.",
    source='Django 5.2 docs, "System check framework", section "ModelAdmin", admin.E108',
)
def test_check_of_an_extra_in_list_display():
    """What does check say of a UserAdmin with list_display = ["username", "birthdate"]?"""

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
    so_what="A project with a custom user cannot load code that has a proxy of auth.User: "
    "look through the packages that you want to use.",
    source='Django 5.2 docs, "Customizing authentication in Django", '
    'section "Custom users and proxy models"',
)
def test_check_of_another_apps_proxy_of_auth_user(project):
    """What does check say when a second app brings a proxy model of auth.User?"""
    project.install("guild", VETERAN)
    return check(project)


@changed_in(
    "Django 6.1",
    why="Plain check asks every database, too (Django 6.1 source, the command check).",
    so_what="Plain check finds what migrate would refuse. Only a custom user may constrain the "
    "username in its Meta.",
    proxy_model=[["models.E016"], ["models.E016"]],
    profile_onetoone=[["models.E012"], ["models.E012"]],
    foreignkey=[["models.E012"], ["models.E012"]],
)
@compare(
    proxy_model=[[], ["models.E016"]],
    profile_onetoone=[[], ["models.E012"]],
    custom_user=[[], []],
    foreignkey=[[], ["models.E012"]],
    mark="surprising",
    so_what="Constraints are checked against a database's features, so plain check passes what "
    "migrate refuses; only a custom user may constrain the username in its Meta.",
    source=docs("System check framework", "Models") + ", models.E012 and models.E016",
)
def test_check_of_a_constraint_on_an_inherited_field(project):
    """Meta of the listed class gets UniqueConstraint(fields=["username"]): what do plain check,
    and check --database default, say?"""
    constraint = 'models.UniqueConstraint(fields=["username"], name="one_username")'
    meta = re.search(r"    class Meta.*", (project.folder / "players/models.py").read_text())[0]
    project.declare("extras = None")
    if "constraints = [" in (project.folder / "players/models.py").read_text():
        project.replace(
            "players/models.py", "constraints = [", f"constraints = [\n            {constraint},"
        )
    else:
        project.replace("players/models.py", meta, f"{meta}\n        constraints = [{constraint}]")
    return [check(project), check(project, "--database", "default")]
