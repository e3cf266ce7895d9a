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
from suite.compare import CANNOT, at_least, at_most, code, compare, docs
from suite.evidence import verb_and_table
from suite.outcomes import outcome, saw
from suite.sessions import at_the_same_moment
from suite.variant import PASSWORD, PlayerModel, User, enrolled_many, extras_of, path, person_class

# Where Django's docs speak of it.
EXTENDING = docs("Customizing authentication in Django", "Extending the existing User model")
CUSTOM_USER = docs("Customizing authentication in Django", "Custom users and django.contrib.admin")

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
    """Return an inline for profiles, or for another model that refers to the user."""
    model = model or person_class()
    return type("PersonInline", (admin.StackedInline,), {"model": model, "extra": 1, **options})


def user_admin(**options):
    """Return a subclass of Django's UserAdmin with these options."""
    return type("PlayerAdmin", (UserAdmin,), {"__module__": __name__, **options})


def errors_of(**options):
    """Return the ids of what the checks report for a UserAdmin with these options."""
    site = AdminSite()
    return [saw(message).id for message in user_admin(**options)(Account, site).check()]


def birthdate_column(user):
    """Return the birthdate for a column, of the newest profile row if there are several."""
    if hasattr(user, "person_set"):
        return max(user.person_set.all(), key=lambda person: person.pk).birthdate
    return extras_of(user).birthdate


def list_of_100(client, settings, statements, **options):
    """Open a change list of 100 users with these options, and return the response."""
    enrolled_many(100)
    only_admin(settings, {Account: user_admin(**options)})
    statements.clear()
    return client.get(page("changelist"), {"username__startswith": "player"})


@contextmanager
def person_made_by_a_signal(model):
    """Create a row of `model` for each new user, unless the variant has done so."""

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
    """Create a OneToOne profile of the variant's user that has its own id, with its table."""
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
    so_what=(
        "UserAdmin names the fields that it shows. Add a custom user's extra fields to its "
        "fieldsets, and show a profile as an inline."
    ),
    source=CUSTOM_USER,
)
def test_stock_user_admin_shows_the_birthdate(alice, admin_client, settings):
    """Does Django's UserAdmin show the extra field birthdate if you change nothing in it?"""
    only_admin(settings, {Account: UserAdmin})
    return "birthdate" in admin_client.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=CANNOT,
    custom_user=True,
    foreignkey=CANNOT,
    mark="known",
    so_what=(
        "Name a custom user's extra fields in fieldsets. For a profile, give UserAdmin an inline "
        "instead."
    ),
    source=CUSTOM_USER,
    fits=[True],
)
def test_fieldsets_bring_the_extras_into_user_admin(alice, admin_client, settings):
    """The fieldsets of UserAdmin name the birthdate. Does a user's page in the admin then show
    it?"""
    fieldsets = (*UserAdmin.fieldsets, ("Player", {"fields": ["birthdate"]}))
    only_admin(settings, {Account: user_admin(fieldsets=fieldsets)})
    return "2010-05-04" in admin_client.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=CANNOT,
    foreignkey=True,
    mark="known",
    so_what=(
        "To show a profile on the user's page in the admin, use an inline. A custom user needs "
        "none: name its fields in fieldsets."
    ),
    source=EXTENDING,
)
def test_inline_brings_the_extras_into_user_admin(alice, admin_client, settings):
    """UserAdmin has an inline for the profile. Does a user's page in the admin show the
    birthdate?"""
    only_admin(settings, {Account: user_admin(inlines=[person_inline()])})
    return "2010-05-04" in admin_client.get(page("change", alice.pk)).content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    mark="surprising",
    so_what=(
        "You may combine a post_save receiver with an inline if the profile's OneToOneField is "
        "its primary key. The inline then updates the row that the receiver created."
    ),
    source=docs("Model instance reference", "How Django knows to UPDATE vs. INSERT"),
)
def test_extras_rows_of_one_add_page(admin_client):
    """Staff add a user with a birthdate in the admin. In profile_onetoone, a receiver creates a
    profile too. How many rows store that birthdate?"""
    new = dict.fromkeys(BIRTHDATES, "2010-05-04")
    admin_client.post(page("add"), filled(admin_client.get(page("add")), **NEW_PLAYER, **new))
    assert User.objects.filter(username="bob").exists()
    return User.objects.filter(username="bob", **{path("birthdate"): "2010-05-04"}).count()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=CANNOT,
    foreignkey=2,
    so_what=(
        "With a ForeignKey profile, use a receiver or an inline, not both. Each inserts a row for "
        "the new user, and nothing rejects the second row."
    ),
    source=EXTENDING,
    fits=[1],
    fails=at_least(2),
)
def test_people_of_one_add_page_with_a_signal(admin_client):
    """A post_save receiver creates profiles. Staff also fill in the profile inline for a new user.
    How many profile rows does the user get?"""
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
    so_what=(
        "If the OneToOneField is not the primary key, the inline inserts a second profile row, and "
        "the page fails. Use the receiver or the inline, not both."
    ),
    source=docs("Model instance reference", "How Django knows to UPDATE vs. INSERT"),
)
def test_add_page_with_a_signal_and_a_one_to_one_with_its_own_key(admin_client, settings):
    """A post_save receiver creates a OneToOne profile with its own id. Staff also fill in the
    profile's inline for a new user. What does the page raise?"""

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
    so_what=(
        "Django does not save an inline that staff left blank. If each user needs a profile row, "
        "create it in a receiver, with the user as its primary key."
    ),
    source=docs("Formsets", "Formset validation"),
    fits=[True],
    costs=[False],
)
def test_extras_row_of_an_add_page_left_blank(admin_client):
    """In profile_onetoone, a receiver creates the profile row. Staff add a user in the admin and
    leave the extra fields blank. Does a row for the fields exist?"""
    admin_client.post(page("add"), filled(admin_client.get(page("add")), **NEW_PLAYER))
    bob = User.objects.get(username="bob")
    owner = {"pk": bob.pk} if PlayerModel is User else {"user": bob}
    return PlayerModel.objects.filter(birthdate=None, **owner).exists()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=106,
    custom_user=6,
    foreignkey=106,
    so_what=(
        "A method in list_display that reads the profile runs one query per user. Set "
        "list_select_related for a OneToOneField; for a ForeignKey, call prefetch_related() in "
        "get_queryset()."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.list_select_related",
    fits=at_most(10),
    costs=at_least(11),
)
def test_statements_of_a_list_with_birthdates(admin_client, settings, statements):
    """A method in list_display reads each user's birthdate. How many statements does the admin's
    list of 100 users run?"""
    columns = ("username", birthdate_column)
    response = list_of_100(admin_client, settings, statements, list_display=columns)
    assert "April 9, 1980" in response.content.decode()
    return len(statements)


@compare(
    proxy_model=CANNOT,
    profile_onetoone=6,
    custom_user=6,
    foreignkey=7,
    so_what=(
        "Set list_select_related for a OneToOne profile: the list then runs as few statements as "
        "with a custom user. A ForeignKey profile needs prefetch_related(), one query more."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.list_select_related",
)
def test_statements_of_a_list_with_birthdates_fetched_at_once(admin_client, settings, statements):
    """An admin list loads profiles with list_select_related (OneToOneField) or prefetch_related()
    (ForeignKey). How many statements does a list of 100 users with birthdates run?"""
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
    so_what=(
        "For a ForeignKey profile, the checks accept person__birthdate in list_display, but the "
        "list shows only dashes. Write a method that returns the birthdate."
    ),
    source=docs("The Django admin site", "ModelAdmin options")
    + ", ModelAdmin.list_display; Django ticket #10743",
)
def test_checks_of_a_birthdate_column_by_its_path():
    """list_display names "birthdate", or "person__birthdate" for a profile. Which errors do
    Django's checks report?"""
    return errors_of(list_display=("username", path("birthdate")))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=True,
    custom_user=True,
    foreignkey=False,
    mark="surprising",
    so_what=(
        "For a OneToOne profile, name person__birthdate in list_display. For a ForeignKey profile, "
        "this shows dashes, so write a method that returns the birthdate."
    ),
    source=docs("The Django admin site", "ModelAdmin options")
    + ", ModelAdmin.list_display; Django ticket #10743",
    fits=[True],
    costs=[False],
)
def test_birthdate_column_by_its_path_shows_birthdates(admin_client, settings, statements):
    """list_display names "birthdate", or "person__birthdate" for a profile. Does the admin's list
    show the birthdates?"""
    columns = ("username", path("birthdate"))
    response = list_of_100(admin_client, settings, statements, list_display=columns)
    return "April 9, 1980" in response.content.decode()


@compare(
    proxy_model=CANNOT,
    profile_onetoone=106,
    custom_user=6,
    foreignkey=6,
    mark="surprising",
    so_what=(
        "If list_display names person__birthdate of a OneToOne profile, set list_select_related, "
        "or one query runs per user. With a ForeignKey profile, this column shows only dashes."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.list_select_related",
    costs=at_least(11),
)
def test_statements_of_a_birthdate_column_by_its_path(admin_client, settings, statements):
    """list_display names "birthdate", or "person__birthdate" for a profile. How many statements
    does the admin's list of 100 users run?"""
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
    so_what=(
        "An admin list sorted by a field of a ForeignKey profile shows a user once for each "
        "profile row. Add a unique constraint to the ForeignKey."
    ),
    source=docs("QuerySet API reference", "order_by()"),
    fits=[1],
    costs=at_least(2),
)
def test_lines_of_a_player_in_a_list_sorted_by_birthdate(alice, admin_client, settings):
    """A user gets a second profile row where the approach allows it. How many times does an admin
    list sorted by birthdate show the user?"""
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
    so_what=(
        "To search users by a profile's field, name its path, such as person__discord_id. Each "
        "search then joins the profile table."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.search_fields",
)
def test_joins_of_an_admin_search_for_a_discord_id(alice, admin_client, settings, statements):
    """search_fields includes the Discord ID. How many joins does a search in the admin's list of
    users take?"""
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
    so_what=(
        "If search_fields names a field of a ForeignKey profile, the admin adds DISTINCT, and "
        "PostgreSQL compares whole rows. A OneToOneField avoids this extra work in large "
        "searches."
    ),
    source=docs("The Django admin site", "ModelAdmin methods")
    + ", ModelAdmin.get_search_results()",
    costs=[True],
)
def test_admin_search_for_a_discord_id_is_distinct(alice, admin_client, settings, statements):
    """search_fields includes the Discord ID. Does the admin's search for users run SELECT
    DISTINCT?"""
    only_admin(settings, {Account: user_admin(search_fields=["username", path("discord_id")])})
    statements.clear()
    admin_client.get(page("changelist"), {"q": "100000000000000001"})
    return any(sql.startswith("SELECT DISTINCT") for sql in statements)


@compare(
    proxy_model=["admin.E116", "admin.E127"],
    profile_onetoone=[],
    custom_user=[],
    foreignkey=[],
    so_what=(
        "Staff can filter users by a profile's fields. Name the path in list_filter and "
        "date_hierarchy, such as person__birthdate."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.date_hierarchy",
    fits=[[]],
)
def test_checks_of_a_filter_and_a_date_hierarchy():
    """list_filter and date_hierarchy name "birthdate", or "person__birthdate" for a profile. Which
    errors do Django's checks report?"""
    return errors_of(list_filter=[path("birthdate")], date_hierarchy=path("birthdate"))


@compare(
    proxy_model=CANNOT,
    profile_onetoone=1,
    custom_user=1,
    foreignkey=1,
    so_what=(
        "You need no distinct() of your own for a date_hierarchy over a profile's date. The admin "
        "adds DISTINCT itself if several profile rows can match."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.date_hierarchy",
)
def test_players_that_a_date_hierarchy_finds(alice, admin_client, settings):
    """A user gets a second profile row where the approach allows it, and staff pick the birth year
    in date_hierarchy. How many times is the user listed?"""
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
    so_what=(
        "Register the users in one app. A second register(auth.User) raises AlreadyRegistered, "
        "adds a second list if your admin lists a proxy instead, or is ignored with a custom "
        "user."
    ),
    source=docs("The Django admin site", "AdminSite methods") + ", AdminSite.register()",
)
def test_another_app_registers_auth_user():
    """Another app calls admin.site.register(auth.User, UserAdmin) after the variant's admin is
    loaded. What happens?"""
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
    so_what=(
        "Use UserAdmin for a model that holds the password. A plain ModelAdmin stores the password "
        "unhashed, and that user cannot log in."
    ),
    source=docs("Using the Django authentication system", "Changing passwords"),
)
def test_plain_model_admin_stores_a_password_as_typed(admin_client, settings):
    """Staff add an object of the variant's own model (Player, Person or User) in a plain
    ModelAdmin. Does the admin store a typed password unhashed?"""
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
    so_what=(
        "If profiles have an admin page of their own, staff who delete users also need the "
        "permission to delete profiles. Grant both."
    ),
    source=code("django.contrib.admin.utils.get_deleted_objects"),
    fits=[True],
    costs=[False],
)
def test_delete_user_permission_deletes_a_player_with_extras(alice, settings):
    """The admin registers the user model and also Player or Person. Can staff whose only permission
    is delete_user delete a user?"""
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
    so_what=(
        "If the admin does not register the profile model, staff need only the permission to "
        "delete users. Deleting a user in the admin then deletes the profile too."
    ),
    source=code("django.contrib.admin.utils.get_deleted_objects"),
)
def test_delete_account_permission_deletes_the_extras_of_an_inline(alice):
    """The variant's admin shows a profile only as an inline. Can staff with only the permission to
    delete users delete a user with extra fields?"""
    staff = staff_with(permission("delete", Account))
    staff.post(page("delete", alice.pk), {"post": "yes"})
    return not User.objects.filter(pk=alice.pk).exists()


@compare(
    proxy_model="players.player",
    profile_onetoone="auth.user",
    custom_user="players.user",
    foreignkey="auth.user",
    so_what=(
        "Register the users as a proxy or as auth.User, not as both. Each admin records changes "
        "under its own content type, and its history leaves out the other's."
    ),
    source=docs("The Django admin site", "LogEntry attributes") + ", LogEntry.content_type",
)
def test_content_type_in_the_admins_history(alice, admin_client):
    """Staff change a user in the variant's admin. Which content type does the admin's history
    (LogEntry) record?"""
    change = page("change", alice.pk)
    admin_client.post(change, filled(admin_client.get(change), first_name="Alice"))
    return ".".join(LogEntry.objects.get(object_id=alice.pk).content_type.natural_key())


@compare(
    proxy_model=CANNOT,
    profile_onetoone=300,
    custom_user=CANNOT,
    foreignkey=300,
    so_what=(
        "By default, the admin loads all users into the select field of a profile's page. Use "
        "autocomplete_fields, or an inline on the user's page."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.autocomplete_fields",
)
def test_options_of_a_person_add_page(admin_client, settings):
    """300 users exist. How many does the select field for the user offer when staff add a
    profile?"""
    person = person_class()
    enrolled_many(300)
    only_admin(settings, {User: UserAdmin, person: admin.ModelAdmin})
    return admin_client.get(page("add", model=person)).content.decode().count(">player")


@compare(
    proxy_model=2,
    profile_onetoone=2,
    custom_user=1,
    foreignkey=2,
    so_what=(
        "Beside the list of users, a proxy or a profile adds a second list. Unregister one of "
        "them, or show the profile as an inline."
    ),
)
def test_lists_that_hold_players(admin_client, settings):
    """The admin registers User and the variant's own model (Player, Person or User). How many lists
    does its index show?"""
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
    so_what=(
        "Expect one more UPDATE if a profile holds the birthdate. If messages are stored in a "
        "database session, the admin's success message also updates django_session."
    ),
    source=docs("The messages framework", "Storage backends"),
)
def test_writes_of_an_admin_change_of_email_and_birthdate(alice, admin_client, statements):
    """Staff change a user's e-mail and birthdate in the admin. Which INSERT and UPDATE statements
    run?"""
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
    so_what=(
        "With a profile inline, each save of a user's page in the admin runs two or three "
        "statements more. This is no reason to choose an approach."
    ),
)
def test_statements_of_an_admin_change_of_email_and_birthdate(alice, admin_client, statements):
    """Staff change a user's e-mail and birthdate in the admin. How many statements does saving the
    page run?"""
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
    so_what=(
        "For a ForeignKey profile, set max_num = 1 on the inline, or staff can add a second row. "
        "The inline of a OneToOneField shows just one form."
    ),
    source=code("django.forms.models.inlineformset_factory"),
    fits=[1],
    costs=at_least(2),
)
def test_people_that_an_inline_gives_one_user(admin_client, settings):
    """The profile inline has extra = 2, and staff submit two profile forms for a new user. How many
    profile rows does the user get?"""
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
    so_what=(
        "Do not read the user in __str__() of a profile whose OneToOneField is the primary key. "
        "After delete() that key is None, and the admin cannot write its history."
    ),
    source=docs("Model instance reference", "Deleting objects"),
    fits=["accepted"],
    fails=["RelatedObjectDoesNotExist"],
)
def test_inline_deletes_the_extras_row(alice, admin_client, settings):
    """The profile's __str__() reads self.user. What happens when staff delete the profile in the
    user's inline and save?"""
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
    so_what=(
        "list_editable rejects a path to a profile's field. Let staff edit these fields in an "
        "inline on the user's page."
    ),
    source=docs("The Django admin site", "ModelAdmin options") + ", ModelAdmin.list_editable",
    fits=[[]],
    costs=[["admin.E121"]],
)
def test_checks_of_list_editable_birthdates():
    """list_editable names "birthdate", or "person__birthdate" for a profile. Which errors do
    Django's checks report?"""
    shown = ("username", path("birthdate"))
    return errors_of(list_display=shown, list_editable=[path("birthdate")])


@compare(
    proxy_model=["admin.E035"],
    profile_onetoone=["admin.E035"],
    custom_user=[],
    foreignkey=["admin.E035"],
    so_what=(
        "readonly_fields rejects a path to a profile's field. Name a method of the ModelAdmin that "
        "returns the value."
    ),
    source=docs("System check framework", "ModelAdmin") + ", admin.E035",
    fits=[[]],
    costs=[["admin.E035"]],
)
def test_checks_of_a_read_only_birthdate():
    """readonly_fields names "birthdate", or "person__birthdate" for a profile. Which errors do
    Django's checks report?"""
    return errors_of(readonly_fields=[path("birthdate")])


@compare(
    proxy_model=CANNOT,
    profile_onetoone="Changed Email address. Changed birthdate for person “alice”.",
    custom_user="Changed Email address and birthdate.",
    foreignkey="Changed Email address. Changed birthdate for person “alice”.",
    so_what=(
        "Do not use the admin's history to restore a value. It names the changed fields, also "
        "those of an inline, but keeps no old values."
    ),
    source=docs("The Django admin site", "LogEntry attributes") + ", LogEntry.change_message",
)
def test_words_of_the_admins_history(alice, admin_client):
    """Staff change a user's e-mail and birthdate in the admin. Which message does the admin's
    history show?"""
    change = page("change", alice.pk)
    admin_client.post(change, filled(admin_client.get(change), **CHANGES))
    assert User.objects.filter(**{path("birthdate"): "2010-05-05"}).exists()
    return LogEntry.objects.get(object_id=alice.pk).get_change_message()


def undoes_a_new_password(client, user):
    """Return whether the old password is back after staff save a user who changes it."""
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
    so_what=(
        "A save in UserAdmin can undo a change made meanwhile, because it writes all columns. On "
        "POST requests, lock the user row in get_object() with select_for_update()."
    ),
    source=docs("Model instance reference", "Specifying which fields to save"),
)
def test_stock_user_admin_undoes_a_new_password(transactional_db, alice, admin_client, settings):
    """Staff save a user's page in Django's UserAdmin while that user changes the password. Can the
    save restore the old password?"""
    only_admin(settings, {Account: UserAdmin})
    return undoes_a_new_password(admin_client, alice)


@compare(
    proxy_model=False,
    profile_onetoone=False,
    custom_user=False,
    foreignkey=False,
    so_what=(
        "In get_object() of your UserAdmin, call select_for_update() on POST requests. The save "
        "then waits for an open password change and keeps the new password."
    ),
    source=docs("QuerySet API reference", "select_for_update()"),
)
def test_locking_user_admin_undoes_a_new_password(transactional_db, alice, admin_client):
    """get_object() of a UserAdmin locks the user row when staff save a page, while that user
    changes the password. Does the save restore the old password?"""
    return undoes_a_new_password(admin_client, alice)
