"""Measures one subject: does what each line on its input orders, and answers by a line.

Its argument is a JSON object: `pages`, the addresses and the fields of its forms; `floor`, the
module of benchmarks/floor or null; `seed`. An order is `do` and its arguments, an answer
`{"told": ...}` or `{"error": sentence}`.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import django
from django.conf import settings

# it costs no time to speak of, so that what remains is what the approach costs
FAST_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"


def main() -> None:
    """Do it until the input ends."""
    order = json.loads(sys.argv[1])
    set_up()
    from workbench.bench.inside.subject import Subject

    subject = Subject(order)
    for line in sys.stdin:
        print(json.dumps(answered(subject, json.loads(line)), default=str), flush=True)


def set_up() -> None:
    """Set Django up as a site in service has it: no debugging, connections that stay open."""
    settings.DEBUG = False
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.DATABASES["default"]["CONN_MAX_AGE"] = None
    settings.THEIR_HASHERS = settings.PASSWORD_HASHERS
    settings.PASSWORD_HASHERS = [FAST_HASHER, *settings.PASSWORD_HASHERS]
    django.setup()


def answered(subject: Any, order: dict[str, Any]) -> dict[str, Any]:
    """What came of an order."""
    do: Callable[..., Any] = getattr(subject, order.pop("do"))
    try:
        return {"told": do(**order)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}


if __name__ == "__main__":
    main()
