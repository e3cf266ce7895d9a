"""`workbench find`, and with it the site's search: people's own words and pasted errors."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.find import command
from workbench.find.documents import documents

QUERIES = tomllib.loads(Path(__file__).with_name("queries.toml").read_text("utf-8"))["query"]
FITTING = [query for query in QUERIES if query["right"]]
STRANGE = [query for query in QUERIES if not query["right"]]


@pytest.fixture(scope="module")
def known():
    return {one["id"] for one in documents()}


def test_each_document_has_an_id_of_its_own_a_title_and_an_address(known):
    every = documents()
    assert len(known) == len(every) > 500
    assert all(one["title"] and isinstance(one["address"], str) for one in every)


@pytest.mark.parametrize("query", FITTING, ids=lambda query: query["text"].strip()[-40:])
def test_what_should_be_found_is_there(query, known):
    assert known & set(query["right"])


def test_people_find_what_they_look_for():
    """Of 20 queries, 19 have a right hit among their first three."""
    found = command.search_each([query["text"] for query in FITTING], 3)
    missed = [
        query["text"].strip()[-70:]
        for query, hits in zip(FITTING, found, strict=True)
        if not {hit["id"] for hit in hits} & set(query["right"])
    ]
    assert len(FITTING) >= 24
    assert len(missed) * 20 <= len(FITTING), missed


def test_an_error_that_was_never_measured_finds_nothing():
    assert len(STRANGE) >= 4
    found = command.search_each([query["text"] for query in STRANGE], 3)
    assert found == [[] for _ in STRANGE]


def test_a_word_spelled_wrong_finds_what_the_right_one_finds():
    for right, wrong in [("AbstractUser", "abstrctuser"), ("signal receiver", "singal reciever")]:
        one, other = ([hit["id"] for hit in command.search(text, 3)] for text in (right, wrong))
        assert one[:2] == other[:2]


def test_a_name_is_not_taken_for_one_that_is_spelled_nearly_so():
    hits = command.search("AUTH_USER_MODEL", 3)
    assert all("AUTH_USER_MODEL" in hit["title"] + hit["so_what"] + hit["line"] for hit in hits)


ERROR = r"[Ee]rror|History|Returned|Operation|DoesNotExist|\.E\d+|has no|not been|violates"


def test_half_of_the_queries_are_errors():
    errors = [query for query in FITTING if re.search(ERROR, query["text"])]
    assert len(errors) * 2 >= len(FITTING)


def test_own_names_in_an_error_hardly_matter():
    error = 'IntegrityError: duplicate key value violates unique constraint "{0}_user_id_key"'
    one, other = (
        [hit["id"] for hit in command.search(error.format(name), 2)]
        for name in ("accounts_profile", "members_member")
    )
    assert one == other


def test_a_traceback_is_read_from_its_end():
    last = "MultipleObjectsReturned: get() returned more than one Profile -- it returned 2!"
    trace = f"""Traceback (most recent call last):
  File "views.py", line 3, in login
    raise IntegrityError("select_related prefetch_related")
app.models.Profile.{last}
"""
    found = [[hit["id"] for hit in command.search(text, 3)] for text in (trace, last)]
    assert found[0] == found[1]


def test_json_is_a_list_of_hits(capsys):
    command.find(["user", "has", "no", "profile"], limit=3, as_json=True)
    hits = json.loads(capsys.readouterr().out)
    assert len(hits) == 3
    assert set(hits[0]) == {"id", "kind", "title", "address", "so_what", "line", "score"}
    assert hits[0]["score"] >= hits[1]["score"]


def test_nothing_found_says_what_to_try(capsys):
    command.find(["qqqqzzzz"], limit=3, as_json=False)
    assert "Try fewer words" in capsys.readouterr().out


def test_no_words_are_refused(monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(WorkbenchError, match="Say what to look for"):
        command.find([" "], limit=3, as_json=False)
