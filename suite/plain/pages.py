"""What the plain tests type and read: the forms as a visitor fills them in, the pages as text."""

from suite.variant import PASSWORD, VARIANT

# A proxy keeps no extras; its form shows their fields disabled.
KEEPS_EXTRAS = VARIANT != "proxy_model"

BOB = {
    "username": "bob",
    "email": "bob@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
    "birthdate": "1990-02-03",
    "discord_id": "200000000000000002",
    "zoom_id": "222 333 4444",
}


def errors(response):
    """{field: [sentence]} of the form on the page."""
    return {name: list(said) for name, said in response.context["form"].errors.items()}


def typed(response, field):
    """What the form shows in a field after it was sent."""
    return response.context["form"][field].value()
