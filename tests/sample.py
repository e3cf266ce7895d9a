"""The fixed sample of the exhaustive tests that `make test` runs; `make test-all` runs them all."""

import pytest


def sample(values, chosen):
    """Return the parameters of a test: those that are not chosen run with --all only."""
    assert set(chosen) < set(values), "The sample is to be a part of the whole."
    rest = pytest.mark.exhaustive
    return [it if it in chosen else pytest.param(it, marks=rest) for it in values]


def selected(request, name):
    """Return the values of a parameter that the selected tests of a fixture's module have.

    For a fixture that does all of them at once: it need not do what no test asks for.
    """
    parameters = [
        item.callspec.params
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    return list(dict.fromkeys(its[name] for its in parameters if name in its))
