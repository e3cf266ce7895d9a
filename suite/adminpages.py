"""Django's admin as the suite visits it: its addresses, its staff, and its forms as filled in."""

from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.forms import MultiWidget
from django.test import Client
from django.urls import include, path, reverse

from suite.variant import PlayerModel, User

# The class whose pages in the variant's admin are those of the accounts.
Account = PlayerModel if issubclass(PlayerModel, User) else User


def page(name, *args, model=Account):
    """The address of a page of the model's in the admin: "add", "change", "changelist"..."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def permission(action, model):
    """The permission to "add", "change", "delete" or "view" objects of just this class."""
    return Permission.objects.get(
        content_type=ContentType.objects.get_for_model(model, for_concrete_model=False),
        codename=get_permission_codename(action, model._meta),
    )


def staff_with(*permissions):
    """A client where somebody is logged in who is of the staff, and may do just this."""
    user = User.objects.create_user("steward", is_staff=True)
    user.user_permissions.add(*permissions)
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


def only_admin(settings, registered):
    """Let the site consist of an admin that knows just these: {model: its ModelAdmin}."""
    site = admin.AdminSite(name="admin")
    for model, model_admin in registered.items():
        site.register(model, model_admin)
    settings.ROOT_URLCONF = (
        path("admin/", site.urls),
        path("", include("players.urls")),  # the error pages link to these
        path("", include("django.contrib.auth.urls")),
    )
    return site


def filled(response, **new):
    """What a browser would send from an admin form just opened, with some fields changed."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    data = {}
    for field in (field for form in forms for field in form):
        data |= sent(field, field.html_name)
        if field.field.show_hidden_initial:
            data |= sent(field, field.html_initial_name)
    return {name: value for name, value in (data | new).items() if value is not None}


def sent(field, name):
    """What a browser sends for one field as shown: {name: value}, two for a date with a time."""
    value, widget = field.value(), field.field.widget
    if isinstance(widget, MultiWidget):
        return {f"{name}_{i}": part for i, part in enumerate(widget.decompress(value))}
    return {} if value is False else {name: value}
