"""The built site: nothing leads nowhere, nothing is fetched from elsewhere, all is there."""

import json
import os
import re
import subprocess
import sys

import built
import pytest
from bs4 import BeautifulSoup
from mkdocs.utils.yaml import yaml_load

from conftest import environment
from suite.questions import AREAS
from workbench import paths
from workbench.bench import result, summary
from workbench.compare import results as comparison
from workbench.compare.answers import said
from workbench.errors import WorkbenchError
from workbench.move import report
from workbench.move.moves import all_moves
from workbench.paths import PROJECT
from workbench.site import build, macros, pages, snapshots
from workbench.variants import COLOURS, VARIANTS

pytestmark = pytest.mark.usefixtures("built_site")

# seconds, once everything is measured
BUILT_WITHIN = 25
DOCS = PROJECT / "docs"
CONFIG = yaml_load((PROJECT / "mkdocs.yml").open())


@pytest.fixture(scope="module")
def questions():
    return comparison.load()["questions"]


def soup(folder):
    found = BeautifulSoup((paths.SITE / folder / "index.html").read_text(), "html.parser")
    for one in found.find_all("br"):
        one.replace_with("\n")
    return found


# Where its figures come from


@pytest.fixture(scope="module")
def filled_in(built_site, tmp_path_factory):
    """The folder with the pages, filled in where no PostgreSQL can be reached or started."""
    folder = tmp_path_factory.mktemp("filled-in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGHOST", str(folder / "nowhere"))
        patch.setattr(pages, "RENDERED", folder / "docs")
        pages.render(comparison.load(), snapshots.read())
    return folder / "docs"


@pytest.mark.parametrize("it", all_moves(), ids=lambda it: it.name)
def test_a_moves_page_shows_the_recorded_run(filled_in, it):
    told = report.read()[it.name]
    [said] = report.measured_on({it.name: told})[:1]
    text = (filled_in / "moves" / f"{it.name}.md").read_text()
    assert macros.escaped(said) in text
    assert f"{told.rides[0].seconds:.1f} seconds from the first statement" in text
    for table, mode, seconds in told.rides[0].locks:
        assert f"| `{table}` | {mode} | {seconds:.2f} s |" in text
    assert f"| longest wait | {told.probes['old']['longest']['seconds']:.2f} s, to " in text


@pytest.mark.parametrize("it", [it for it in all_moves() if it.stages], ids=lambda it: it.name)
def test_a_staged_moves_page_shows_the_recorded_run(filled_in, it):
    told = report.read()[it.staged_name]
    text = (filled_in / "moves" / f"{it.staged_name}.md").read_text()
    for stage in told.stages:
        assert f"| {stage.to} | {stage.seconds:.1f} | " in text


@pytest.mark.parametrize("name", [name for it in all_moves() for name in report.names_of(it)])
def test_the_page_about_moves_compares_all_of_them(filled_in, name):
    text = (filled_in / "moves" / "index.md").read_text()
    figures = report.figures(report.read()[name])
    assert f"]({name}.md) | {' | '.join(figures)} |" in text


def test_the_page_about_scale_shows_the_recorded_benchmark(filled_in):
    text = (filled_in / "scale" / "index.md").read_text()
    found = result.read(result.RECORDED)
    assert f"Measured on {macros.escaped(summary.measured_on(found))}." in text
    assert text.count('<svg role="img"') == 3


# Where it leads


def test_every_link_leads_to_something():
    dead = {
        f"{page.path}: {link}"
        for page in built.pages()
        for link in page.links
        if built.is_ours(page.to(link)) and not built.leads_somewhere(page.to(link))
    }
    assert sorted(dead) == []


def test_no_two_elements_of_a_page_have_the_same_id():
    pages = [page for page in built.pages() if page.path.endswith("index.html")]
    assert {page.path: page.twice for page in pages if page.twice} == {}


def test_every_script_style_and_image_is_there():
    missing = {
        f"{page.path}: {address}"
        for page in built.pages()
        for address in page.fetched
        if not built.leads_somewhere(page.to(address))
    }
    assert sorted(missing) == []


def test_nothing_is_fetched_from_another_host():
    files = [(page.path, page.to(one)) for page in built.pages() for one in page.fetched]
    for sheet in paths.SITE.rglob("*.css"):
        base = built.ROOT + sheet.relative_to(paths.SITE).as_posix()
        files += [(sheet.name, built.urljoin(base, one)) for one in built.in_css(sheet.read_text())]
    assert len(files) > len(built.pages())
    elsewhere = [one for one in files if not one[1].startswith((built.ROOT, "data:"))]
    assert elsewhere == []


def test_everything_that_the_search_finds_is_there():
    found = json.loads((paths.SITE / "assets/search/documents.json").read_text())
    dead = [one["address"] for one in found]
    assert len(found) > len(built.pages())
    assert [one for one in dead if not built.leads_somewhere(built.ROOT + one)] == []


def test_the_index_of_errors_holds_every_error_of_the_evidence_and_no_other():
    evidence = {
        text
        for django in comparison.recorded_djangos()
        for question in comparison.load(django)["questions"]
        for kept in question["evidence"].values()
        for kind, text in kept
        if kind == "error"
    }
    listed = [one.get_text() for one in soup("errors").select(".raised pre code")]
    assert len(listed) == len(set(listed)) > 150
    assert set(listed) == evidence


def test_every_page_has_a_preview():
    pages = [page.path for page in built.pages() if page.path.endswith("index.html")]
    assert (paths.SITE / "assets/preview.png").exists()
    for path in pages:
        head = soup(path.removesuffix("index.html")).head
        found = {one["property"]: one["content"] for one in head.select("meta[property]")}
        assert found["og:title"], path
        assert found["og:description"], path
        assert found["og:image"].endswith("/assets/preview.png"), path


def test_a_site_without_an_address_of_its_own_names_none():
    head = soup("choose").head
    assert head.select("link[rel=canonical], meta[property='og:url']") == []
    assert head.select("meta[name=viewport]")


# What is there


@pytest.mark.parametrize("name", VARIANTS)
def test_a_page_about_an_approach_leads_to_its_moves_and_a_recipe(name):
    section = soup(f"approaches/{name}").find(id="how-hard-it-is-to-leave")
    links = {link["href"] for it in section.find_next_siblings() for link in it.select("a[href]")}
    moves = {f"../../moves/{it.name}/" for it in all_moves() if it.source == name}
    assert moves <= links
    assert any(link.startswith("../../recipes/") for link in links)


def test_the_page_about_scale_says_how_many_lines_fall():
    count, of = summary.falling(result.read(result.RECORDED))
    text = soup("scale").get_text(" ", strip=True)
    assert (f"We measured {of} pairs" in text) == bool(count)


def test_every_page_of_docs_is_built():
    built_pages = {page.path for page in built.pages()}
    written = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")]
    assert len(written) > 1
    assert {f"{built.folder(page)}index.html" for page in written} <= built_pages


def test_every_page_can_be_reached_from_home():
    by_file = {paths.SITE / page.path: page for page in built.pages()}
    reached, ahead = set(), [paths.SITE / "index.html"]
    while ahead:
        file = ahead.pop()
        if file in reached or file not in by_file:
            continue
        reached.add(file)
        page = by_file[file]
        ahead += [built.file_of(page.to(one)) for one in page.links if built.is_ours(page.to(one))]
    assert by_file.keys() - reached == {paths.SITE / built.LOST}


def test_every_area_is_in_the_navigation():
    home = soup("")
    links = {one["href"] for nav in home.find_all("nav") for one in nav.find_all("a", href=True)}
    assert {f"compare/{area}/" for area in AREAS} <= links


def written():
    """[(the path of a page of mkdocs, its HTML)]."""
    found = [page.path for page in built.pages() if page.path.endswith("index.html")]
    return [(path, (paths.SITE / path).read_text()) for path in found]


def test_every_page_marks_its_tab():
    unmarked = [path for path, html in written() if html.count("md-tabs__item--active") != 1]
    assert unmarked == []


def test_the_colours_of_the_approaches_are_the_same_on_the_site_and_on_their_sites():
    sheet = (DOCS / "assets/site.css").read_text()
    for name, colours in COLOURS.items():
        assert tuple(re.findall(rf"--{name}: (#\w+);", sheet)) == colours


def test_every_file_of_the_project_that_a_page_mentions_can_be_opened():
    mention = re.compile(r"(<(?:a|h\d)\b[^>]*>)?<code>([\w.-]+(?:/[\w.-]+)+)</code>")
    closed = [
        f"{path}: {its[2]}"
        for path, html in written()
        for its in mention.finditer(html)
        if not its[1] and not its[2].startswith(("build/", ".venv/"))
        if (PROJECT / its[2]).is_file() and not path.startswith("notebooks/")
    ]
    assert closed == []


def told(element):
    """An answer as a page tells it, its lines below each other."""
    return element.get_text().replace("\n ", "\n").strip()


def signed(element):
    """The judgement that the sign before an answer stands for, "" without one; and the answer."""
    sign = element.find(class_="sign")
    judgement, text = (sign["aria-label"], sign.get_text()) if sign else ("", "")
    return judgement, told(element).removeprefix(text).strip()


def shown(answer):
    """An answer as it is to stand in a page."""
    return said(answer).strip() or "(an empty text)"


@pytest.mark.parametrize("area", AREAS)
def test_each_question_of_an_area_stands_at_its_address_with_its_answers(questions, area):
    page = soup(f"compare/{area}")
    asked = [its for its in questions if its["module"] == area]
    assert asked
    for question in asked:
        heading = page.find("h2", id=question["id"])
        assert heading.get_text().removesuffix("¶") == question["question"].replace("`", "")
        answers = heading.find_next("dl", class_="answers").find_all("div")
        names = [told(one.dt) for one in answers]
        assert names in (["all four"], list(VARIANTS))
        for variant in VARIANTS:
            one = answers[0 if len(names) == 1 else names.index(variant)]
            wanted = shown(question["answers"][variant])
            sign, stands = signed(one.dd)
            assert sign == question["judgements"][variant]
            assert stands.split(": ")[0] == wanted if one.select(".reason") else stands == wanted


def test_each_question_has_a_row_with_its_answers_that_leads_to_its_address(questions):
    rows = {row["id"]: row for row in soup("compare").select("tr[id]")}
    for question in questions:
        row = rows.pop(question["id"])
        assert row.a["href"] == f"{question['module']}/#{question['id']}"
        for cell in row.find_all("td"):
            variant = cell["data-variant"]
            wanted = question["judgements"][variant], shown(question["answers"][variant])
            assert signed(cell) == wanted
    assert all(row.has_attr("data-djangos") for row in rows.values())


# How it is built


def test_mkdocs_is_strict_and_has_no_hook_and_no_plugin():
    assert CONFIG["strict"] is True
    assert CONFIG["plugins"] == []
    assert "hooks" not in CONFIG


def test_the_build_is_done_in_time(building):
    """Another worker of pytest-xdist takes half of the machine."""
    seconds = int(re.search(r"Built in (\d+) s", building)[1])
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    assert seconds <= BUILT_WITHIN * max(workers, os.getloadavg()[0] / os.cpu_count())


# What is wrong with a page ends the build in a sentence that names it


@pytest.fixture(scope="module")
def filled():
    measured, found = comparison.load(), snapshots.read()
    return lambda text: pages.filled(text, "tutorial/2-model.md", measured, found)


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ('[[ measured("no_such_question") ]]', "no_such_question"),
        ('[[ answer("no_such_question", "custom_user") ]]', "no_such_question"),
        ('[[ ask("no_such_question") ]]', "no_such_question"),
        ('[[ no_such_macro("x") ]]', "no_such_macro"),
        ('[[ code("players/models.py", "NoSuchName") ]]', "'NoSuchName' in players/models.py"),
        ('[[ code("players/no_such_file.py") ]]', "no_such_file"),
        ('[[ file("no_such_file.py") ]]', "no_such_file"),
        ('[[ include("CONTRIBUTING.md", "No such heading") ]]', "No such heading"),
        ('[[ operation("no_such_operation") ]]', "no_such_operation"),
        ('[[ ran("no_such_scene") ]]', "no_such_scene"),
        ('[[ answer("columns_that_hold_the_extras", "no_such_variant") ]]', "no_such_variant"),
        ('[[ who("columns_that_hold_the_extras", "no such answer") ]]', "no such answer"),
        ('[[ means("columns_that_hold_the_extras", "proxy_model", {"yes": "x"}) ]]', "no words"),
        ("[% for one in variants() %]", "line 1"),
    ],
)
def test_a_page_that_asks_for_what_there_is_not_is_named(filled, asked, named):
    with pytest.raises(WorkbenchError) as raised:
        filled(asked)
    [sentence] = str(raised.value).splitlines()
    assert "docs/tutorial/2-model.md" in sentence
    assert named in sentence


# the command as it is, with pages of another folder
COMMAND = """
import sys
from pathlib import Path
from workbench.cli import main
from workbench.site import pages
pages.SOURCE, pages.RENDERED = map(Path, sys.argv[1:3])
sys.argv[1:] = ["site"]
main()
"""


def test_the_command_ends_in_one_sentence_about_the_page(tmp_path):
    source = tmp_path / "docs"
    source.mkdir()
    (source / "wrong.md").write_text('[[ measured("no_such_question") ]]')
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, str(source), str(tmp_path / "filled")],
        cwd=PROJECT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    said = done.stderr.splitlines()[-1]
    assert said.startswith("docs/wrong.md: There is no question 'no_such_question': ")


@pytest.mark.parametrize("dead", ["[a](nowhere.md)", "[a](#nowhere)"])
def test_a_link_that_leads_nowhere_ends_the_build(tmp_path, monkeypatch, dead):
    kept = {name: CONFIG[name] for name in CONFIG.keys() - {"nav"}}
    kept["theme"] = {"name": "material", "font": False}
    (tmp_path / "mkdocs.yml").write_text(json.dumps(kept))
    rendered = tmp_path / "build" / "docs"
    rendered.mkdir(parents=True)
    (rendered / "index.md").write_text(f"# Home\n\n{dead}\n")
    monkeypatch.setattr(build, "PROJECT", tmp_path)
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(build, "SITE", tmp_path / "build" / "site")
    with pytest.raises(WorkbenchError, match="nowhere"):
        build.mkdocs()
    assert not (tmp_path / "build" / "site").exists()
