"""What the plain tests type into forms, and what they read from a page."""

from suite.variant import PASSWORD, VARIANT

# A proxy model stores no extra fields. Its forms show them disabled.
STORES_EXTRA_FIELDS = VARIANT != "proxy_model"

BOB = {
    "username": "bob",
    "email": "bob@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "birthdate": "1990-02-03",
    "discord_id": "200000000000000002",
    "zoom_id": "222 333 4444",
}


def forms(response):
    """Return the forms on the page. The register page of the two profile variants has two."""
    return [response.context[name] for name in ("form", "person_form") if name in response.context]


def errors(response):
    """Return {field: [sentence]} of the forms on the page."""
    return {name: list(said) for form in forms(response) for name, said in form.errors.items()}


def typed(response, field):
    """Return what the page shows in a field after the form was sent."""
    [form] = [form for form in forms(response) if field in form.fields]
    return form[field].value()
