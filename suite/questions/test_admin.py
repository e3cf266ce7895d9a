"""Admin"""

from contextlib import contextmanager

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.sites import AdminSite
from django.contrib.auth import models as auth
from django.contrib.auth.admin import UserAdmin
from django.db import connection, models
from django.db.models.signals import post_save
from django.test.utils import isolate_apps

from suite.adminpages import Account, filled, only_admin, page, permission, staff_with
from suite.compare import CANNOT, compare, docs
from suite.evidence import verb_and_table
from suite.outcomes import outcome, saw
from suite.sessions import at_the_same_moment
from suite.variant import PASSWORD, PlayerModel, User, enrolled_many, extras_of, path, person_class

# Where Django's docs speak of it.
EXTENDING = (
    'Django 5.2 docs, "Customizing authentication in Django", '
    'section "Extending the existing User model"'
)
CUSTOM_USER = (
    'Django 5.2 docs, "Customizing authentication in Django", '
    'section "Custom users and django.contrib.admin"'
)
SITE = 'Django 5.2 docs, "The Django admin site", '
INSTANCES = 'Django 5.2 docs, "Model instance reference", section '
QUERYSETS = 'Django 5.2 docs, "QuerySet API reference", section '

# What the names of an inline's fields begin with, by the relation's name.
PREFIXES = ("person", "person_set")

NEW_PLAYER = {
    "username": "bob",
    "usable_password": "true",
    "password1": PASSWORD,
    "password2": PASSWORD,
}

# How a form's birthdate is called: on the user's own page, or in an inline.
BIRTHDATES = ("birthdate", *(f"{prefix}-0-birthdate" for prefix in PREFIXES))

CHANGES = {"email": "alice@example.org", **dict.fromkeys(BIRTHDATES, "2010-05-05")}


def person_inline(model=None, **options):
    """An inline for people, or for another model that points at the user."""
    model = model or person_class()
    return type("PersonInline", (admin.StackedInline,), {"model": model, "extra": 1, **options})


def user_admin(**options):
    """A UserAdmin of Django's with some options."""
    return type("PlayerAdmin", (UserAdmin,), {"__module__": __name__, **options})


def errors_of(**options):
    """The ids of what the system checks say of a UserAdmin with these options."""
    site = AdminSite()
    return [saw(message).id for message in user_admin(**options)(Account, site).check()]


def birthdate_column(user):
    """A column of the birthdate as one writes it first; the newest person's, if many."""
    if hasattr(user, "person_set"):
        return max(user.person_set.all(), key=lambda person: person.pk).birthdate
    return extras_of(user).birthdate


def list_of_100(client, settings, statements, **options):
    """Open a change list of 100 players, which has these options; the page."""
    enrolled_many(100)
    only_admin(settings, {Account: user_admin(**options)})
    statements.clear()
    return client.get(page("changelist"), {"username__startswith": "player"})


@contextmanager
def person_made_by_a_signal(model):
    """Each new user is given a row of `model`, unless the variant sees to that itself."""

    def make(sender, instance, created, **kwargs):
        if created and not model.objects.filter(user=instance).exists():
            model.objects.create(user=instance)

    post_save.connect(make, sender=Account)
    try:
        yield
    finally:
        post_save.disconnect(make, sender=Account)


@contextmanager
def profile_with_its_own_key():
    """A one-to-one beside the variant's user, with a key of its own, and its table."""
    with isolate_apps("players"):

        class Profile(models.Model):
            user = models.OneToOneField(User, models.CASCADE, related_name="profile")
            zoom_id = models.TextField(null=True)

            class Meta:
                app_label = "players"

    with connection.schema_editor() as editor:
        editor.create_model(Profile)
    yield Profile


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    mark="known",
    so_what="UserAdmin names its fields: even a custom user's extras have to be added.",
    source=CUSTOM_USER,
)
def test_stock_user_admin_shows_the_birthdate(alice, admin_client, settings):
    """Does Django's UserAdmin, as it is, show a player's birthdate?"""
    only_admin(settings, {Account: UserAdmin})
    return "birthdate" in admin_client.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=True,
    foreignkey=CANNOT,
    mark="known",
    source=CUSTOM_USER,
)
def test_fieldsets_bring_the_extras_into_user_admin(alice, admin_client, settings):
    """Does UserAdmin show the birthdate when that is named in its fieldsets?"""
    fieldsets = (*UserAdmin.fieldsets, ("Player", {"fields": ["birthdate"]}))
    only_admin(settings, {Account: user_admin(fieldsets=fieldsets)})
    return "2010-05-04" in admin_client.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    mark="known",
    source=EXTENDING,
)
def test_inline_brings_the_extras_into_user_admin(alice, admin_client, settings):
    """Does UserAdmin show the birthdate when it is given an inline?"""
    only_admin(settings, {Account: user_admin(inlines=[person_inline()])})
    return "2010-05-04" in admin_client.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    mark="surprising",
    so_what="With the user as primary key, the inline updates the row that the signal made.",
    source=INSTANCES + '"How Django knows to UPDATE vs. INSERT"',
)
def test_extras_rows_of_one_add_page(admin_client):
    """How many rows hold the birthdate that staff filled in on this project's add page?"""
    new = dict.fromkeys(BIRTHDATES, "2010-05-04")
    admin_client.post(page("add"), filled(admin_client.get(page("add")), **NEW_PLAYER, **new))
    assert User.objects.filter(username="bob").exists()
    return User.objects.filter(username="bob", **{path("birthdate"): "2010-05-04"}).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=CANNOT,
    foreignkey=2,
    so_what="Under a ForeignKey signal and inline each make a row, and nothing objects.",
    source=EXTENDING,
)
def test_people_of_one_add_page_with_a_signal(admin_client):
    """How many people has a user whom staff add with a birthdate, if a signal makes a person as
    well?
    """
    person = person_class()
    new = dict.fromkeys(BIRTHDATES, "2010-05-04")
    with person_made_by_a_signal(person):
        admin_client.post(page("add"), filled(admin_client.get(page("add")), **NEW_PLAYER, **new))
    return person.objects.filter(user__username="bob").count()


@compare(
    proxy_model="IntegrityError",
    profile_onetoone="IntegrityError",
    custom_user="IntegrityError",
    foreignkey="IntegrityError",
    mark="surprising",
    so_what="Without primary_key=True the inline inserts a second row: error 500.",
    source=INSTANCES + '"How Django knows to UPDATE vs. INSERT"',
)
def test_add_page_with_a_signal_and_a_one_to_one_with_its_own_key(admin_client, settings):
    """A one-to-one with a key of its own is added beside this user, and a signal makes its row:
    what comes of an add page with that inline filled in?
    """

    with profile_with_its_own_key() as profile, person_made_by_a_signal(profile):
        only_admin(settings, {Account: user_admin(inlines=[person_inline(profile)])})
        zoom_id = {"profile-0-zoom_id": "1234567890"}
        form = filled(admin_client.get(page("add")), **NEW_PLAYER, **zoom_id)
        return outcome(lambda: admin_client.post(page("add"), form))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    so_what="An untouched inline is not saved: only a signal makes the row then.",
    source=docs("Formsets", "Formset validation"),
)
def test_extras_row_of_an_add_page_left_blank(admin_client):
    """Is there a row for the extras, if staff leave them blank on this project's add page?"""
    admin_client.post(page("add"), filled(admin_client.get(page("add")), **NEW_PLAYER))
    bob = User.objects.get(username="bob")
    owner = {"pk": bob.pk} if PlayerModel is User else {"user": bob}
    return PlayerModel.objects.filter(birthdate=None, **owner).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=106,
    custom_user=6,
    foreignkey=106,
    so_what="One statement more for each line, until one sees to it.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.list_select_related',
)
def test_statements_of_a_list_with_birthdates(admin_client, settings, statements):
    """How many statements does an admin list of 100 players with their birthdates take, written
    the first way that comes to mind?
    """
    columns = ("username", birthdate_column)
    response = list_of_100(admin_client, settings, statements, list_display=columns)
    assert "April 9, 1980" in response.content.decode()
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=6,
    custom_user=6,
    foreignkey=7,
    so_what="One line of configuration makes a second table as cheap.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.list_select_related',
)
def test_statements_of_a_list_with_birthdates_fetched_at_once(admin_client, settings, statements):
    """How many statements does an admin list of 100 players with their birthdates take, with
    list_select_related, or a prefetch where that cannot be?
    """
    options = {"list_display": ("username", birthdate_column)}
    if hasattr(User, "person"):
        options["list_select_related"] = ("person",)
    elif hasattr(User, "person_set"):
        options["get_queryset"] = lambda its, request: User.objects.prefetch_related("person_set")
    response = list_of_100(admin_client, settings, statements, **options)
    assert "April 9, 1980" in response.content.decode()
    return len(statements)


@compare(
    proxy_model=["admin.E108"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    mark="surprising",
    so_what="The check sees only the path's end: one over many rows passes.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.list_display; Django ticket #10743',
)
def test_checks_of_a_birthdate_column_by_its_path():
    """What do the checks say of the birthdate in list_display, by its path through the tables?"""
    return errors_of(list_display=("username", path("birthdate")))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="The list goes by getattr: a user has person_set, no person, so it shows dashes.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.list_display; Django ticket #10743',
)
def test_birthdate_column_by_its_path_shows_birthdates(admin_client, settings, statements):
    """Does the admin list show birthdates, if list_display names their path through the tables?"""
    columns = ("username", path("birthdate"))
    response = list_of_100(admin_client, settings, statements, list_display=columns)
    return "April 9, 1980" in response.content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=106,
    custom_user=6,
    foreignkey=6,
    mark="surprising",
    so_what="The path joins nothing: without list_select_related it is a statement a line.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.list_select_related',
)
def test_statements_of_a_birthdate_column_by_its_path(admin_client, settings, statements):
    """How many statements does an admin list of 100 players take, if list_display names the
    birthdate's path through the tables?
    """
    assert User.objects.values(path("birthdate")) is not None
    columns = ("username", path("birthdate"))
    list_of_100(admin_client, settings, statements, list_display=columns)
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=2,
    mark="surprising",
    so_what="Sorting joins all rows; only filters and searches are made distinct.",
    source=QUERYSETS + '"order_by()"',
)
def test_lines_of_a_player_in_a_list_sorted_by_birthdate(alice, admin_client, settings):
    """How often does an admin list sorted by birthdate show a player, who has two rows of extras
    where that can be?
    """
    ordering = [path("birthdate")]
    outcome(lambda: person_class().objects.create(user=alice))
    only_admin(settings, {Account: user_admin(ordering=ordering)})
    response = admin_client.get(page("changelist"), {"username": "alice"})
    return len(response.context["cl"].result_list)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=0,
    foreignkey=1,
    source=SITE + 'section "ModelAdmin options", ModelAdmin.search_fields',
)
def test_joins_of_an_admin_search_for_a_discord_id(alice, admin_client, settings, statements):
    """How many joins takes the query that finds a Discord ID by the admin's search box?"""
    only_admin(settings, {Account: user_admin(search_fields=["username", path("discord_id")])})
    admin_client.get("/admin/")
    statements.clear()
    admin_client.get(page("changelist"), {"q": "100000000000000001"})
    return max(sql.count(" JOIN ") for sql in statements if "discord_id" in sql)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=True,
    mark="surprising",
    so_what="Over a ForeignKey each search compares whole rows to drop doubles.",
    source=SITE + 'section "ModelAdmin methods", ModelAdmin.get_search_results()',
)
def test_admin_search_for_a_discord_id_is_distinct(alice, admin_client, settings, statements):
    """Does the admin make its search for a Discord ID DISTINCT, so that nobody is found twice?"""
    only_admin(settings, {Account: user_admin(search_fields=["username", path("discord_id")])})
    statements.clear()
    admin_client.get(page("changelist"), {"q": "100000000000000001"})
    return any(sql.startswith("SELECT DISTINCT") for sql in statements)


@compare(
    proxy_model=["admin.E116", "admin.E127"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    source=SITE + 'section "ModelAdmin options", ModelAdmin.date_hierarchy',
)
def test_checks_of_a_filter_and_a_date_hierarchy():
    """What do the checks say of list_filter and date_hierarchy over the birthdate?"""
    return errors_of(list_filter=[path("birthdate")], date_hierarchy=path("birthdate"))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what="Unlike sorting, filtering by a second table lists nobody twice.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.date_hierarchy',
)
def test_players_that_a_date_hierarchy_finds(alice, admin_client, settings):
    """How often does date_hierarchy show a player born that year, who has two rows of extras where
    that can be?
    """
    born = path("birthdate")
    assert User.objects.filter(**{f"{born}__year": 2010}).exists()
    outcome(lambda: person_class().objects.create(user=alice, birthdate="2010-06-01"))
    only_admin(settings, {Account: user_admin(date_hierarchy=born)})
    response = admin_client.get(page("changelist"), {f"{born}__year": 2010})
    return len(response.context["cl"].result_list)


@compare(
    proxy_model="registered",
    profile_onetoone="AlreadyRegistered",
    custom_user="ignored",
    foreignkey="AlreadyRegistered",
    mark="surprising",
    so_what="A swapped class is passed over in silence; beside a proxy a second list appears.",
    source=SITE + 'section "AdminSite methods", AdminSite.register()',
)
def test_another_app_registers_auth_user():
    """What happens here when another app calls admin.site.register(auth.User, UserAdmin)?"""
    before = dict(admin.site._registry)
    try:
        said = outcome(lambda: admin.site.register(auth.User, UserAdmin))
        now_there = "registered" if admin.site.is_registered(auth.User) else "ignored"
    finally:
        admin.site._registry = before
    return now_there if said == "accepted" else said


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="What holds the password needs UserAdmin: such an account can never log in.",
    source=docs("Using the Django authentication system", "Changing passwords"),
)
def test_plain_model_admin_stores_a_password_as_typed(admin_client, settings):
    """Does our class under a plain ModelAdmin store a password unhashed, as staff type it?"""
    only_admin(settings, {PlayerModel: admin.ModelAdmin})
    carol = User.objects.create_user("carol")
    new = {"username": "bob", "password": "typed by staff", "user": carol.pk}
    add = page("add", model=PlayerModel)
    admin_client.post(add, filled(admin_client.get(add), **new))
    return User.objects.filter(password="typed by staff").exists()


@compare(
    proxy_model=True,
    profile_onetoone=False,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what="With people in the admin, to delete a user takes the permission to delete people.",
    source="Django 5.2 source, django.contrib.admin.utils.get_deleted_objects",
)
def test_delete_user_permission_deletes_a_player_with_extras(alice, settings):
    """May staff with only delete_user delete a player, where our class is in the admin as well?"""
    only_admin(settings, {PlayerModel: admin.ModelAdmin} | {User: UserAdmin})
    staff = staff_with(permission("delete", User))
    staff.post(page("delete", alice.pk, model=User), {"post": "yes"})
    return not User.objects.filter(pk=alice.pk).exists()


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="What is only an inline goes with the user, and no permission is asked.",
    source="Django 5.2 source, django.contrib.admin.utils.get_deleted_objects",
)
def test_delete_account_permission_deletes_the_extras_of_an_inline(alice):
    """May staff whose one permission is to delete accounts delete a player in this project's
    admin?
    """
    staff = staff_with(permission("delete", Account))
    staff.post(page("delete", alice.pk), {"post": "yes"})
    return not User.objects.filter(pk=alice.pk).exists()


@compare(
    proxy_model="players.player",
    profile_onetoone="auth.user",
    custom_user="players.user",
    foreignkey="auth.user",
    so_what="A proxy's history stands apart from what auth.User's admin wrote.",
    source=SITE + 'section "LogEntry attributes", LogEntry.content_type',
)
def test_content_type_in_the_admins_history(alice, admin_client):
    """Under which content type does this project's admin write down that it changed a player?"""
    change = page("change", alice.pk)
    admin_client.post(change, filled(admin_client.get(change), first_name="Alice"))
    return ".".join(LogEntry.objects.get(object_id=alice.pk).content_type.natural_key())


@compare(
    proxy_model=CANNOT,
    profile_onetoone=300,
    custom_user=CANNOT,
    foreignkey=300,
    so_what="Also those who have a person already: take autocomplete_fields, or an inline.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.autocomplete_fields',
)
def test_options_of_a_person_add_page(admin_client, settings):
    """Among how many of 300 players does a plain add page for a person let staff choose?"""
    person = person_class()
    enrolled_many(300)
    only_admin(settings, {User: UserAdmin, person: admin.ModelAdmin})
    return admin_client.get(page("add", model=person)).content.decode().count(">player")


@compare(proxy_model=2, profile_onetoone=2, custom_user=1, foreignkey=2)
def test_lists_that_hold_players(admin_client, settings):
    """How many lists of players, or of parts of them, has an admin where User and our class are
    registered?
    """
    only_admin(
        settings,
        {User: UserAdmin, PlayerModel: UserAdmin if PlayerModel is User else admin.ModelAdmin},
    )
    apps_shown = admin_client.get("/admin/").context["app_list"]
    return len([model["object_name"] for app in apps_shown for model in app["models"]])


@compare(
    proxy_model=CANNOT,
    profile_onetoone=[
        *("UPDATE auth_user", "UPDATE person"),
        *("INSERT django_admin_log", "UPDATE django_session"),
    ],
    custom_user=["UPDATE players_user", "INSERT django_admin_log", "UPDATE django_session"],
    foreignkey=[
        *("UPDATE auth_user", "UPDATE person"),
        *("INSERT django_admin_log", "UPDATE django_session"),
    ],
    so_what="A profile row costs one more UPDATE when staff change both. The session is written "
    "because it holds the success message.",
    source=docs("The messages framework", "Storage backends"),
)
def test_writes_of_an_admin_change_of_email_and_birthdate(alice, admin_client, statements):
    """Staff change a user's e-mail and birthdate in the admin. Which statements write?"""
    change = page("change", alice.pk)
    form = filled(admin_client.get(change), **CHANGES)
    statements.clear()
    admin_client.post(change, form)
    written = [verb_and_table(sql) for sql in statements.writes()]
    assert User.objects.get(**{path("birthdate"): "2010-05-05"}).email == "alice@example.org"
    return written


@compare(
    proxy_model=CANNOT,
    profile_onetoone=15,
    custom_user=13,
    foreignkey=16,
    so_what="A second table costs only two or three more statements for each save in the admin.",
)
def test_statements_of_an_admin_change_of_email_and_birthdate(alice, admin_client, statements):
    """Staff change a user's e-mail and birthdate in the admin. How many statements run?"""
    change = page("change", alice.pk)
    form = filled(admin_client.get(change), **CHANGES)
    statements.clear()
    admin_client.post(change, form)
    sent = len(statements)
    assert User.objects.filter(**{path("birthdate"): "2010-05-05"}).exists()
    return sent


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=CANNOT,
    foreignkey=2,
    so_what="Where the relation is unique, the inline has room for one.",
    source="Django 5.2 source, django.forms.models.inlineformset_factory",
)
def test_people_that_an_inline_gives_one_user(admin_client, settings):
    """How many people does one user have, after staff filled in an inline twice?"""
    person = person_class()
    only_admin(settings, {Account: user_admin(inlines=[person_inline(extra=2)])})
    form = filled(admin_client.get(page("add")), **NEW_PLAYER)
    form |= {f"{prefix}-{i}-zoom_id": f"123456789{i}" for i in (0, 1) for prefix in PREFIXES}
    admin_client.post(page("add"), form)
    return person.objects.filter(user__username="bob").count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone="RelatedObjectDoesNotExist",
    custom_user=CANNOT,
    foreignkey="accepted",
    mark="surprising",
    so_what="delete() empties the key, __str__ needs it to name the user: error 500, nothing gone.",
    source=INSTANCES + '"Deleting objects"',
)
def test_inline_deletes_the_extras_row(alice, admin_client, settings):
    """What comes of it when staff delete a player's extras in a plain inline, not the account?"""
    person = person_class()
    only_admin(settings, {Account: user_admin(inlines=[person_inline()])})
    change = page("change", alice.pk)
    tick = dict.fromkeys((f"{prefix}-0-DELETE" for prefix in PREFIXES), "on")
    form = filled(admin_client.get(change), **tick)
    said = outcome(lambda: admin_client.post(change, form))
    assert person.objects.filter(user=alice).exists() == (said != "accepted")
    return said


@compare(
    proxy_model=["admin.E108", "admin.E121"],
    profile_onetoone=["admin.E121"],
    custom_user=[],
    foreignkey=["admin.E121"],
    so_what="Only a column of the user's own table can be edited in the list.",
    source=SITE + 'section "ModelAdmin options", ModelAdmin.list_editable',
)
def test_checks_of_list_editable_birthdates():
    """What do the checks say when birthdates shall be edited in the admin list (list_editable)?"""
    shown = ("username", path("birthdate"))
    return errors_of(list_display=shown, list_editable=[path("birthdate")])


@compare(
    proxy_model=["admin.E035"],
    profile_onetoone=["admin.E035"],
    custom_user=[],
    foreignkey=["admin.E035"],
    so_what="Only list_display takes paths: here a second table's field needs a method.",
    source=docs("System check framework", "ModelAdmin") + ", admin.E035",
)
def test_checks_of_a_read_only_birthdate():
    """What do the checks say of readonly_fields with the birthdate, by its path?"""
    return errors_of(readonly_fields=[path("birthdate")])


@compare(
    proxy_model=CANNOT,
    profile_onetoone="Changed Email address. Changed birthdate for person “alice”.",
    custom_user="Changed Email address and birthdate.",
    foreignkey="Changed Email address. Changed birthdate for person “alice”.",
    source=SITE + 'section "LogEntry attributes", LogEntry.change_message',
)
def test_words_of_the_admins_history(alice, admin_client):
    """What does the admin's history say after a change of e-mail and birthdate in this project?"""
    change = page("change", alice.pk)
    admin_client.post(change, filled(admin_client.get(change), **CHANGES))
    assert User.objects.filter(**{path("birthdate"): "2010-05-05"}).exists()
    return LogEntry.objects.get(object_id=alice.pk).get_change_message()


def undoes_a_new_password(client, user):
    """Whether the old password is back after staff save a user while the user changes it."""
    change = page("change", user.pk)
    form = filled(client.get(change), first_name="Alice")

    def new_password():
        changed = User.objects.get(pk=user.pk)
        changed.set_password("The dragon wakes at 10")
        changed.save(update_fields=["password"])

    race = at_the_same_moment(new_password, lambda: client.post(change, form).status_code)
    assert race.second == 302
    return saw(User.objects.get(pk=user.pk).check_password(PASSWORD))


@compare(
    proxy_model=True,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=True,
    mark="surprising",
    so_what="The admin reads the user without a lock and then writes all columns. Override "
    "get_object() to lock the row when staff save it.",
    source=INSTANCES + '"Specifying which fields to save"',
)
def test_stock_user_admin_undoes_a_new_password(transactional_db, alice, admin_client, settings):
    """Staff save a user in Django's UserAdmin while the user changes the password. Is the old
    password back?"""
    only_admin(settings, {Account: UserAdmin})
    return undoes_a_new_password(admin_client, alice)


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what="select_for_update() in get_object() makes staff wait for the other change and read "
    "it. Then saving cannot undo it.",
    source=QUERYSETS + '"select_for_update()"',
)
def test_locking_user_admin_undoes_a_new_password(transactional_db, alice, admin_client):
    """The admin locks the user before saving, and the user changes the password meanwhile. Is the
    old password back?"""
    return undoes_a_new_password(admin_client, alice)
