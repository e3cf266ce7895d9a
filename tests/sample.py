"""A fixed sample of the tests that take long: `make test` runs it, `make test-all` all of them.

    @pytest.mark.parametrize("fault", sample(FAULTS, ["groups_lost", "log_cleared"]))

Choose at least one value of each kind. A test that has no parameter is marked
`@pytest.mark.exhaustive`.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest


def sample(values, chosen):
    """Return the parameters of a test: those that are not chosen run with --all only."""
    assert set(chosen) < set(values), "The sample is to be a part of the whole."
    rest = pytest.mark.exhaustive
    return [it if it in chosen else pytest.param(it, marks=rest) for it in values]


def selected(request, *names):
    """Return the values of these parameters that the selected tests of a fixture's module have.

    For a fixture that does the work of all of them: it need not do what no test asks for.
    """
    parameters = [
        item.callspec.params
        for item in request.session.items
        if item.path == request.path and hasattr(item, "callspec")
    ]
    return list(dict.fromkeys(its[name] for its in parameters for name in names if name in its))


def for_each(values, do, at_once=2):
    """Return {value: what `do` returns for it}, some of them at once."""
    with ThreadPoolExecutor(at_once) as pool:
        return dict(zip(values, pool.map(do, values), strict=True))
