"""The notebooks, run whole on the PostgreSQL of the running sites, and what they are made of."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import browser
import jupyter_client
import nbformat
import psutil
import pytest
from sample import sample

from conftest import command, environment
from workbench.errors import WorkbenchError
from workbench.notebook import clean, jupyter, run, slides
from workbench.paths import PROJECT
from workbench.server import postgres
from workbench.site import notebooks as pages
from workbench.variants import VARIANTS

# seconds for all six, on two cores
SOON = 90
STATIONS = [
    "The model",
    "Its table in PostgreSQL",
    "Registration",
    "Reading",
    "Changing",
    "What goes wrong",
    "Deleting",
    "Break it",
    "Exercises",
    "Where this leaves you",
]
ANSI = re.compile(r"\x1b\[[\d;]*m")
NAMES = [path.stem for path in run.paths()]
OF_A_VARIANT = [name for name in NAMES if name[2:] in VARIANTS]
WITH_EXERCISES = NAMES[1:]
# whose cells make test runs twice
AGAIN = [NAMES[0], NAMES[-1]]
USE = "from workbench import notebook\nnotebook.use({!r})"


@pytest.fixture(scope="module")
def on_sites(sites):
    """This process as a caller whose PostgreSQL is that of the running sites."""
    with pytest.MonkeyPatch.context() as patch:
        for name in environment(sites.folder).keys() ^ os.environ.keys():
            patch.delenv(name, raising=False)
        patch.setenv("WORKBENCH_DATA", str(sites.folder))
        yield sites


@pytest.fixture(scope="module")
def content_before(on_sites):
    return content(on_sites)


@pytest.fixture(scope="module")
def seconds():
    return []


@pytest.fixture(scope="module")
def ran(on_sites, content_before, seconds):
    """{name: the notebook with its outputs}, all run side by side; slides and site show these."""
    began = time.monotonic()
    found = run.executed(fresh=True)
    seconds.append(time.monotonic() - began)
    return found


def content(sites):
    """{variant: {table: its rows}} of the sites' databases, but for sessions."""
    found = {}
    for variant in VARIANTS:
        with postgres.connect(sites.env, variant) as connection:
            names = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
            found[variant] = {
                name: connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
                for (name,) in names
            }
    return found


def databases(sites):
    """The databases of runs, by name."""
    with postgres.connect(sites.env, "postgres") as connection:
        rows = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^notebook_'")
        return [name for (name,) in rows]


def wait_until(done):
    for _ in range(3000):
        if done():
            return
        time.sleep(0.1)
    pytest.fail("five minutes were not enough")


def cells(notebook, tag):
    return [cell for cell in notebook.cells if tag in run.tags(cell)]


def said(cell):
    """All that came of a cell, as plain text."""
    text = "\n".join(
        "\n".join(output.get("traceback", ()))
        or output.get("text")
        or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )
    return ANSI.sub("", text)


def written(folder, *sources, tags=()):
    """A notebook of these cells, the last of which has the tags."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[-1].metadata.tags = list(tags)
    path = folder / "tried.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def tried(folder, *sources, tags=()):
    """What came of each cell, run in a kernel of its own."""
    [notebook] = run.run([written(folder, *sources, tags=tags)]).values()
    return [said(cell) for cell in notebook.cells]


# Whole notebooks


def test_all_of_them_run_soon(ran, seconds):
    assert seconds[0] < SOON
    assert len(ran) == len(VARIANTS) + 2


def test_a_run_leaves_the_sites_as_they_are(ran, on_sites, content_before):
    assert content(on_sites) == content_before
    for variant in VARIANTS:
        with urllib.request.urlopen(on_sites.url(variant, "/players/")) as answer:
            assert answer.status == 200


def test_a_run_leaves_no_database(ran, on_sites):
    assert databases(on_sites) == []


def test_the_variants_have_the_same_stations_in_the_same_order(ran):
    for name in OF_A_VARIANT:
        titles = [
            line.removeprefix("## ")
            for cell in ran[name].cells
            for line in cell.source.splitlines()
            if cell.cell_type == "markdown" and line.startswith("## ")
        ]
        assert titles == STATIONS


@pytest.mark.parametrize("name", NAMES)
def test_each_states_what_it_is_for_and_what_to_keep(ran, name):
    text = "\n".join(cell.source for cell in ran[name].cells if cell.cell_type == "markdown")
    for words in ("**Afterwards you can**", "**You need**", "**Time:**", "**Key points**"):
        assert text.count(words) >= 1, words
    assert text.count("### Checkpoint") >= 3


@pytest.mark.parametrize("name", WITH_EXERCISES)
def test_each_approach_has_something_to_solve(ran, name):
    for tag in ("exercise", "check", "solution"):
        assert cells(ran[name], tag), tag


@pytest.mark.parametrize("name", NAMES)
def test_a_prediction_comes_before_the_code_that_answers_it(ran, name):
    codes = [cell for cell in ran[name].cells if cell.cell_type == "code"]
    asked = [number for number, cell in enumerate(codes) if "predict" in run.tags(cell)]
    assert len(asked) >= 10
    for number, following in zip(asked, [*asked[1:], len(codes)], strict=True):
        assert codes[number].source == "predict(...)"
        answering = [cell for cell in codes[number:following] if "compare(" in cell.source]
        assert len(answering) == 1
        assert re.search(r"^The answer: .*\.$", said(answering[0]), re.M)


@pytest.mark.parametrize("name", OF_A_VARIANT)
def test_each_variant_shows_its_real_errors(ran, name):
    failing = cells(ran[name], run.FAILS)
    assert len(failing) >= 3
    assert all(re.search(r"\w+: \S", said(cell)) for cell in failing)


@pytest.mark.parametrize("name", WITH_EXERCISES)
def test_an_exercise_is_open_until_its_solution(ran, name):
    assert all(said(cell).startswith("Not yet: ") for cell in cells(ran[name], "check"))
    assert all(said(cell).startswith("Right: ") for cell in cells(ran[name], "solution"))
    hidden = [cell.metadata.jupyter.source_hidden for cell in cells(ran[name], "solution")]
    assert all(hidden)


@pytest.mark.parametrize("name", NAMES)
def test_the_instructors_notes_are_folded_and_tell_the_time(ran, name):
    notes = cells(ran[name], "instructor")
    assert all(cell.source.startswith("<details") for cell in notes)
    assert all(cell.metadata.slideshow.slide_type == "notes" for cell in notes)
    text = "\n".join(cell.source for cell in notes)
    for word in ("**Time:**", "**Ask", "**People answer wrongly:**", "**Where to stop:**"):
        assert word in text


@pytest.mark.parametrize("name", NAMES)
def test_no_figure_is_typed_in_the_prose(name):
    notebook = run.read(run.FOLDER / f"{name}.ipynb")
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    prose = re.sub(r"`[^`]*`|<[^>]*>|\*\*Time:\*\*.*", "", prose)
    assert re.findall(r"[^\n]*\d[^\n]*", prose) == []


@pytest.mark.parametrize("name", NAMES)
def test_in_git_it_is_without_outputs(name):
    stored = ["git", "show", f":notebooks/{name}.ipynb"]
    text = subprocess.run(stored, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert text == clean.cleaned(text)


@pytest.fixture(scope="module")
def run_twice(pytestconfig, ran, tmp_path_factory):
    """{name: a notebook in which each cell stands twice, with its outputs}."""
    folder = tmp_path_factory.mktemp("twice")
    for path in run.paths():
        if path.stem not in AGAIN and not pytestconfig.getoption("all"):
            continue
        notebook = run.read(path)
        notebook.cells = [one for cell in notebook.cells for one in (cell, again(cell))]
        nbformat.write(notebook, folder / path.name)
    return run.run(folder.glob("*.ipynb"))


def again(cell):
    return nbformat.from_dict(deepcopy(cell) | {"id": f"{cell.id}-again"})


@pytest.mark.parametrize("name", sample(NAMES, AGAIN))
def test_a_cell_that_runs_again_says_the_same(run_twice, name):
    twice = run_twice[name].cells
    pairs = list(zip(twice[::2], twice[1::2], strict=True))
    assert [cell.id for cell, _ in pairs if shown(cell)]
    different = [first.source for first, second in pairs if shown(first) != shown(second)]
    assert different == []


def shown(cell):
    """What a reader sees below a cell, without the ids of rows that it creates anew."""
    return [steady(output) for output in cell.get("outputs", ())]


def steady(output):
    data = output.get("data", {})
    text = data.get("text/html") or data.get("text/markdown") or data.get("text/plain")
    text = text or output.get("text") or "\n".join(output.traceback)
    if output.output_type == "error":
        return re.sub(r"\d+", "0", text)
    count, _, statements = text.partition("```sql")
    return count + re.sub(r"\d+", "0", statements)


# Running and cleaning


def test_a_cell_that_fails_stops_the_build(tmp_path):
    with pytest.raises(WorkbenchError, match=r"the cell `1 / 0` fails \(ZeroDivisionError"):
        run.run([written(tmp_path, "1 / 0")])


def test_a_cell_that_does_not_fail_where_it_should_stops_the_build(tmp_path):
    with pytest.raises(WorkbenchError, match="the cell `1 / 1` does not fail, and is tagged to"):
        run.run([written(tmp_path, "1 / 1", tags=[run.FAILS])])


def test_cleaning_takes_outputs_away_and_says_so(tmp_path):
    [notebook] = run.run([written(tmp_path, "6 * 7")]).values()
    path = tmp_path / "ran.ipynb"
    nbformat.write(notebook, path)
    hook = [sys.executable, "-m", "workbench.notebook.clean", str(path)]
    first, second = (subprocess.run(hook, capture_output=True, text=True) for _ in range(2))
    assert (first.returncode, first.stdout) == (1, f"{path} was cleaned.\n")
    assert (second.returncode, second.stdout) == (0, "")
    [cell] = run.read(path).cells
    assert (cell.source, cell.outputs, cell.execution_count) == ("6 * 7", [], None)


# A kernel that is a variant


def test_each_run_starts_from_the_same_players(on_sites, tmp_path):
    everybody = "sql('SELECT username, email, discord_id FROM players_user ORDER BY id').to_csv()"
    spoil = "User.objects.all().delete(); sql('DROP TABLE players_user_groups'); None"
    use = USE.format("custom_user")
    *_, first, _, _, second = tried(tmp_path, use, everybody, spoil, use, everybody)
    demo = (PROJECT / "workbench" / "server" / "demo.csv").read_text()
    assert all(line.split(",")[0] in first for line in demo.splitlines()[1:])
    assert first == second == tried(tmp_path, use, everybody)[-1]


def test_a_kernel_is_one_variant(on_sites, tmp_path):
    *_, refusal = tried(
        tmp_path, USE.format("custom_user"), USE.format("foreignkey"), tags=[run.FAILS]
    )
    [sentence] = refusal.splitlines()
    assert "This kernel is custom_user, and a process can be one Django project only" in sentence
    assert "choose the kernel foreignkey (Django)" in sentence


def test_an_unknown_variant_is_a_sentence(tmp_path):
    [refusal] = tried(tmp_path, USE.format("custom-usr"), tags=[run.FAILS])
    assert "did you mean custom_user?" in refusal


def test_a_cell_shows_the_statements_that_it_ran(on_sites, tmp_path):
    source = "show_sql()\nUser.objects.filter(username='dorn').only('email')"
    _, shown, other, count = tried(
        tmp_path, USE.format("proxy_model"), source, "'nothing asked'", "len(ran())"
    )
    assert shown.count("SELECT") == 1
    assert "dorn@example.com" in shown
    assert "SELECT" not in other
    assert count == "0"


def test_a_cell_shows_the_statements_from_show_sql_on(on_sites, tmp_path):
    source = "User.objects.count()\nshow_sql()\nUser.objects.first()\nlen(ran())"
    [_, shown] = tried(tmp_path, USE.format("proxy_model"), source)
    count, _, statements = shown.partition("\n")
    assert count == "1"
    assert "COUNT" not in statements
    assert "LIMIT 1" in statements


def test_a_plan_can_be_read(on_sites, tmp_path):
    source = "explain(User.objects.filter(username='dorn')); explain('SELECT 1')"
    [_, plan] = tried(tmp_path, USE.format("proxy_model"), source.replace(";", ",", 1))
    assert "Index Scan" in plan
    assert "cost=" not in plan
    assert "Result" in plan


def test_what_a_killed_kernel_left_is_dropped_by_the_next(on_sites, tmp_path):
    manager = jupyter_client.KernelManager(kernel_name="python3")
    manager.start_kernel(env=run.environment())
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute_interactive(USE.format("foreignkey"), timeout=60, output_hook=lambda _: None)
    [left] = databases(on_sites)
    client.stop_channels()
    manager.signal_kernel(signal.SIGKILL)
    manager.shutdown_kernel(now=True)
    tried(tmp_path, USE.format("foreignkey"))
    assert left not in databases(on_sites)


def test_the_ready_kernels_are_the_variants(on_sites, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", str(jupyter.KERNELS))
    for variant in VARIANTS:
        manager, client = jupyter_client.manager.start_new_kernel(
            kernel_name=variant, env=run.environment()
        )
        assert manager.kernel_spec.display_name == f"{variant} (Django)"
        heard = []
        source = 'print(User._meta.label, roster.find("dorn")["email"])'
        client.execute_interactive(source, timeout=60, output_hook=heard.append)
        text = "".join(message["content"].get("text", "") for message in heard)
        label = "players.User" if variant == "custom_user" else "auth.User"
        assert text == f"{label} dorn@example.com\n"
        client.stop_channels()
        manager.shutdown_kernel()


# Slides, and pages of the site


SCREEN = {"width": 1280, "height": 720}
# how far each slide reaches to the right and down, all of its steps shown
REACH = """() => [...document.querySelectorAll('.slides section section')].map(slide => {
    slide.style.setProperty('display', 'block', 'important');
    const {left, top} = slide.getBoundingClientRect();
    const boxes = [...slide.querySelectorAll('*')]
        .filter(one => one.offsetParent && !one.closest('aside'))
        .map(one => one.getBoundingClientRect());
    slide.style.removeProperty('display');
    return {
        text: slide.textContent.trim().slice(0, 80),
        right: Math.max(0, ...boxes.map(box => box.right - left)),
        bottom: Math.max(0, ...boxes.map(box => box.bottom - top)),
    };
})"""
# the cells in the order in which they appear, by step
STEPS = """() => {
    const seen = {};
    const options = {opacityProperty: true, visibilityProperty: true};
    for (let step = 0; ; step++) {
        for (const cell of document.querySelectorAll('.slides [id^="cell-id="]')) {
            const id = cell.id.replace('cell-id=', '');
            if (!(id in seen) && cell.checkVisibility(options)) seen[id] = step;
        }
        if (Reveal.isLastSlide() && !Reveal.availableFragments().next) return seen;
        Reveal.next();
    }
}"""


@pytest.fixture(scope="module")
def slide_pages(chromium, ran):
    """{name: its slides in a browser with a small screen}."""
    found = {}
    for path in slides.write():
        page = browser.open_page(chromium)
        page.set_viewport_size(SCREEN)
        with browser.watched(page, ("file://",)) as wrong:
            page.goto(path.as_uri())
            page.wait_for_function("() => window.Reveal?.isReady()")
        assert wrong == []
        page.add_style_tag(content="* { transition: none !important; }")
        found[path.stem] = page
    yield found
    for page in found.values():
        page.context.close()


@pytest.mark.parametrize("name", NAMES)
def test_slides_ask_nothing_of_another_host_and_have_notes(slide_pages, name):
    page = slide_pages[name]
    assert page.evaluate("Reveal.getTotalSlides()") > len(STATIONS)
    assert "Time:" in page.locator("aside.notes").first.text_content()


@pytest.mark.parametrize("name", NAMES)
def test_no_slide_is_larger_than_the_screen(slide_pages, name):
    reach = slide_pages[name].evaluate(REACH)
    assert max(slide["bottom"] for slide in reach) > SCREEN["height"] / 2
    large = [
        slide
        for slide in reach
        if slide["right"] > SCREEN["width"] or slide["bottom"] > SCREEN["height"]
    ]
    assert large == []


@pytest.mark.parametrize("name", NAMES)
def test_slides_show_the_code_first_and_the_output_at_the_next_step(slide_pages, ran, name):
    steps = slide_pages[name].evaluate(STEPS)
    slided = [cell for cell in ran[name].cells if cell.metadata.slideshow.slide_type != "skip"]
    codes = [cell for cell in slided if cell.cell_type == "code"]
    assert {cell.id for cell in codes} <= steps.keys()
    with_outputs = [cell for cell in codes if cell.outputs]
    assert with_outputs
    late = [cell.id for cell in with_outputs if steps[cell.id] >= steps[f"{cell.id}-result"]]
    assert late == []


@pytest.mark.parametrize("name", WITH_EXERCISES)
def test_the_slide_after_an_exercise_is_its_solution(ran, name):
    new = [
        next((tag for tag in ("exercise", "solution") if tag in run.tags(cell)), "another")
        for cell in ran[name].cells
        if cell.metadata.slideshow.slide_type in ("slide", "subslide")
    ]
    assert "exercise" in new
    after = [following for tag, following in pairwise(new) if tag == "exercise"]
    assert set(after) == {"solution"}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_folds_what_is_to_be_found_out(ran, name, tmp_path):
    text = pages.page(name, ran[name], tmp_path)
    for words, tag in (("Result", "predict"), ("A solution", "solution")):
        assert text.count(f'"{words}"') == len(cells(ran[name], tag))
    answers = re.findall(r"^.*The answer:.*$", text, re.M)
    assert len(answers) == len(cells(ran[name], "predict"))
    assert all(line.startswith("    ") for line in answers)
    assert text.count('note "For instructors"') == len(cells(ran[name], "instructor"))
    assert "\x1b" not in text
    for alt, file in re.findall(r"!\[(.*?)\]\((.*?)\)", text):
        assert alt
        assert (tmp_path / file).exists()


def test_the_command_says_where_the_slides_are(tool):
    done = tool.run("notebook", "custom_user", "--slides")
    address, hint = done.stdout.splitlines()
    assert address.endswith("/build/slides/3_custom_user.html")
    assert Path(address.removeprefix("file://")).exists()
    assert "instructor's view" in hint


# workbench notebook


@contextmanager
def lab(folder, *arguments):
    """A running `workbench notebook`: its process and its address."""
    process = subprocess.Popen(
        command("notebook", "--no-browser", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment(folder),
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")


def get(address):
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def test_it_serves_the_notebooks_and_the_kernels_beside_the_sites(on_sites):
    with lab(on_sites.folder, "custom_user") as (_, address):
        assert "/lab/tree/3_custom_user.ipynb?" in address
        base, token = address.split("/lab/")[0], address.rpartition("token=")[2]
        listed = get(f"{base}/api/contents?token={token}")["content"]
        assert sorted(Path(its["name"]).stem for its in listed) == NAMES
        specs = get(f"{base}/api/kernelspecs?token={token}")["kernelspecs"]
        assert {"workbench", *VARIANTS} <= specs.keys()
    with pytest.raises(OSError, match="refused"):
        get(f"{base}/api/status?token={token}")


def test_it_starts_postgresql_by_itself_and_stops_it(bare):
    with lab(bare.folder):
        assert (bare.folder / "data" / "postmaster.pid").exists()
    assert not (bare.folder / "data" / "postmaster.pid").exists()


def test_killed_it_leaves_no_process_behind(on_sites):
    process = subprocess.Popen(
        command("notebook", "--no-browser"),
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment(on_sites.folder),
    )
    address = process.stdout.readline().strip()
    base, token = address.split("/lab")[0], address.rpartition("token=")[2]
    start = urllib.request.Request(f"{base}/api/kernels?token={token}", b"{}", method="POST")
    urllib.request.urlopen(start).close()
    tree = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(tree, timeout=20)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []


def test_a_taken_port_is_a_sentence(tool, sites):
    port = str(sites.ports["index"])
    assert tool.complaint("notebook", "--port", port) == (
        f"Port {port} is in use: choose another with --port NUMBER."
    )


def test_a_wrong_name_is_a_sentence(tool):
    assert "did you mean foreignkey?" in tool.complaint("notebook", "foreign-key")


# a prompt without a number is of a cell that has not run yet
HAVE_RUN = """count => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]
    .filter(one => /\\d/.test(one.textContent)).length >= count"""
ERRORS = '.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]'


def run_all(page, address, name):
    page.goto(re.sub(r"/lab\?", f"/lab/tree/{name}.ipynb?", address))
    page.get_by_text("Workbench | Idle").wait_for(timeout=SOON * 1000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


@pytest.mark.parametrize("name", sample(NAMES, NAMES[-1:]))
def test_in_jupyterlab_all_cells_run_and_only_those_fail_that_should(
    chromium, opened, ran, name, asked
):
    path = run.FOLDER / f"{name}.ipynb"
    before, saved = path.read_text(), path.stat().st_mtime_ns
    page = browser.open_page(chromium)
    page.on("request", lambda request: asked.append(request.url))
    run_all(page, opened, name)
    codes = [cell for cell in ran[name].cells if cell.cell_type == "code"]
    # a folded cell shows no prompt
    shown = len(codes) - len(cells(ran[name], "solution"))
    page.wait_for_function(HAVE_RUN, arg=shown, timeout=SOON * 1000)
    assert page.locator(ERRORS).count() == len(cells(ran[name], run.FAILS))
    page.keyboard.press("Control+s")
    wait_until(lambda: path.stat().st_mtime_ns > saved)
    page.context.close()
    # git stores it as it was before
    assert clean.cleaned(path.read_text()) == clean.cleaned(before)
    path.write_text(before)


@pytest.fixture(scope="module")
def opened(on_sites):
    with lab(on_sites.folder) as (_, address):
        yield address


@pytest.fixture(scope="module")
def asked():
    return []


def test_jupyterlab_asks_nothing_of_another_host(opened, asked):
    assert asked
    own = opened.split("/lab")[0]
    others = (own, own.replace("http", "ws"), "blob:", "data:")
    assert [url for url in asked if not url.startswith(others)] == []


def test_what_needs_postgresql_says_so_in_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")
    [refusal] = tried(tmp_path, USE.format("custom_user"), tags=[run.FAILS])
    assert "No PostgreSQL to use at PGHOST=127.0.0.1" in refusal
