"""The course in a real browser: JupyterLab opens, cells run, explorables answer keys, and Python agrees with the picture."""

import base64
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook

from seglearn.build.kernels import kernel_environment
from seglearn.cli.lab import arguments, settings_path
from seglearn.labels import IGNORE, STREETS
from seglearn.widgets import OverlapExplorer, PixelProbe

pytestmark = [pytest.mark.browser, pytest.mark.slow]
COURSE = Path(__file__).parents[1]
NOTEBOOKS = sorted((COURSE / "notebooks").glob("[0-9]*.ipynb"))
# Per notebook: wrong and right answers to its exercises, each typed as a cell of its own at the end, for example
# "01_images_and_masks": [("check('01.one_hot', None)", "check('01.one_hot', lambda mask, classes: ...)")]
ANSWERS = {
    "00_start_here": [("check('00.scores', 8)", "check('00.scores', 4 * 8 * 64 * 96)")],
    "01_images_and_masks": [
        (
            "check('01.planes', lambda mask, classes: torch.zeros(classes, *mask.shape))",
            "check('01.planes', lambda mask, classes: F.one_hot(mask, classes).permute(2, 0, 1).float())",
        )
    ],
}
TOUCH = [  # a notebook with both explorables, to be operated by keyboard
    """import torch
from seglearn.labels import IGNORE, STREETS
from seglearn.widgets import OverlapExplorer, PixelProbe

generator = torch.Generator().manual_seed(0)
image = torch.rand(3, 12, 17, generator=generator)
mask = torch.randint(0, 7, (12, 17), generator=generator)
mask[6, 9], mask[5, 9] = IGNORE, STREETS.index("pole")""",
    "overlap = OverlapExplorer()\noverlap",
    "probe = PixelProbe(image, mask, STREETS, goal=['void', 'pole'])\nprobe",
]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]
SECOND = 1000  # Playwright counts milliseconds


# --- a browser and a JupyterLab -------------------------------------------------------------------------------------


def skip(reason: str) -> None:
    if os.environ.get("SEGLEARN_REQUIRE_BROWSER") == "1":
        pytest.fail(f"SEGLEARN_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


def test_a_missing_browser_is_a_failure_where_one_is_required(monkeypatch):
    monkeypatch.delenv("SEGLEARN_REQUIRE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no browser"):
        skip("there is no browser")
    monkeypatch.setenv("SEGLEARN_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="SEGLEARN_REQUIRE_BROWSER=1, but there is no browser"):
        skip("there is no browser")


@pytest.fixture(scope="module")
def browser():
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        skip("playwright is not installed")
    path = os.environ.get("SEGLEARN_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        skip(
            f"there is no Chromium: none of {', '.join(CHROMIUM_NAMES)} is on the PATH and SEGLEARN_CHROMIUM is not set"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until_up(url: str, server: subprocess.Popen, log: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/api/status?token=t", timeout=2):
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not come up:\n{log.read_text(encoding='utf-8')[-2000:]}")


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    """Start JupyterLab as `seglearn lab` does, but with settings of its own, on a copy of what the notebooks need.

    Gives the folder of the notebooks and the address.
    """
    root = tmp_path_factory.mktemp("lab")
    folders = {name: root / name for name in ("notebooks", "jupyter", "workspaces", "settings", "runtime", "config")}
    for folder in folders.values():
        folder.mkdir()
    for path in NOTEBOOKS:
        shutil.copy(path, folders["notebooks"])
    for read in ("data/samples", "benchmarks/results"):
        shutil.copytree(COURSE / read, root / read)
    (folders["notebooks"] / "touch.ipynb").write_text(nbformat.writes(notebook_of(TOUCH)), encoding="utf-8")
    environment = kernel_environment(root / "kernel") | {
        "JUPYTER_DATA_DIR": str(folders["jupyter"]),  # kernels of other Pythons stay out of sight
        "JUPYTERLAB_WORKSPACES_DIR": str(folders["workspaces"]),
        "JUPYTERLAB_SETTINGS_DIR": str(folders["settings"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_CONFIG_PATH": settings_path(),
    }
    port, log = free_port(), root / "lab.log"
    first = folders["notebooks"] / "touch.ipynb"
    told = arguments(folders["notebooks"], first, port=port, browser=False, as_root=True)
    told += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=t"]
    told += ["--expose-app-in-browser"]  # window.jupyterapp: the test reads cells that are scrolled out of sight
    with log.open("w", encoding="utf-8") as sink:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *told], stdout=sink, stderr=sink, env=environment
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(url, server, log)
        yield folders["notebooks"], url
    finally:
        server.terminate()  # it takes its kernels along
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(20)


class Notebook:
    """One notebook open in one browser page."""

    def __init__(self, browser, lab, name: str, *, width: int = 1280, height: int = 900):
        folder, url = lab
        context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        self.page = context.new_page()
        self.page.goto(f"{url}/lab/workspaces/{Path(name).stem}/tree/{name}?token=t&reset", timeout=60 * SECOND)
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60 * SECOND)
        self.wait_idle(60)
        self.codes = [c for c in nbformat.read(folder / name, as_version=4).cells if c.cell_type == "code" and c.source]

    def wait_idle(self, seconds: float) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator("#jp-main-statusbar")).to_contain_text("| Idle", timeout=seconds * SECOND)

    def run_all(self, seconds: float) -> None:
        """Run every cell and wait until the last one has its number; windowed cells count in the kernel, not on screen."""
        self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.wait_for_counts(range(len(self.codes)), seconds)

    def cells(self) -> list[dict]:
        """Return the code cells with source as JupyterLab holds them now, on screen or not."""
        return self.page.evaluate(
            """() => {
                const panel = window.jupyterapp.shell.currentWidget;
                const cells = Array.from(panel.content.model.cells).filter((c) => c.type === "code");
                return cells.map((c) => c.toJSON()).filter((c) => [].concat(c.source).join("").trim());
            }"""
        )

    def wait_for_counts(self, which, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            cells = self.cells()
            if all(cells[i]["execution_count"] for i in which) or errors_in(cells):
                break
            time.sleep(0.3)
        self.wait_idle(max(5, end - time.monotonic()))
        cells = self.cells()
        assert errors_in(cells) == []
        assert all(cells[i]["execution_count"] for i in which), "a cell did not run"

    def type_and_run(self, source: str, seconds: float = 60) -> str:
        """Append a code cell, type into it, run it as a learner does, and return what it says."""
        self.page.evaluate(
            """async (source) => {
                const { commands, shell } = window.jupyterapp;
                const notebook = shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.length - 1;
                await commands.execute("notebook:insert-cell-below");
                notebook.activeCell.model.sharedModel.setSource(source);
                await commands.execute("notebook:run-cell");
            }""",
            source,
        )
        self.wait_for_counts([-1], seconds)
        return text_of(self.cells()[-1])

    def ask(self, source: str, seconds: float = 60) -> str:
        """Type and run a cell that says something; its number may come before its words."""
        said, end = self.type_and_run(source, seconds), time.monotonic() + 20
        while not said and time.monotonic() < end:
            time.sleep(0.2)
            said = text_of(self.cells()[-1])
        return said

    def explorable(self, title: str):
        """Return the explorable with this title, scrolled into sight."""
        root = self.page.locator(f".seglearn-explorable[aria-label='{title}']")
        root.wait_for(timeout=30 * SECOND)
        root.scroll_into_view_if_needed()
        return root

    def wait_for_attribute(self, root, name: str, value: str) -> None:
        from playwright.sync_api import expect

        expect(root).to_have_attribute(name, value, timeout=10 * SECOND)

    def close(self) -> None:
        self.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        self.page.context.close()


def errors_in(cells: list[dict]) -> list[str]:
    """Return the errors of cells that were not written to raise one."""
    calm = [cell for cell in cells if "raises-exception" not in cell["metadata"].get("tags", [])]
    outputs = [output for cell in calm for output in cell["outputs"]]
    return [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]


def text_of(cell: dict) -> str:
    parts = []
    for output in cell["outputs"]:
        said = output.get("text") or output.get("data", {}).get("text/plain", "")
        parts.append("".join(said))
    return "".join(parts)


def notebook_of(sources: list[str]):
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(metadata={"kernelspec": kernel}, cells=[new_code_cell(source) for source in sources])


# --- the same numbers in JavaScript and in Python -------------------------------------------------------------------

COMPUTE = """async ({ module, fixed, moves }) => {
    const { unpack, compute, describe } = await import(`data:text/javascript;base64,${module}`);
    const view = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
    const revived = Object.entries(fixed).map(([name, value]) => [name, value?.base64 ? view(value.base64) : value]);
    const given = unpack(Object.fromEntries(revived));
    return moves.map((move) => compute({ ...given, ...move })).map((facts) => [facts, describe(facts)]);
}"""


def javascript_facts(page, explorer, moves: list[dict]) -> list:
    """Return what the explorable's own JavaScript computes and says for each setting of the controls."""
    fixed = {
        name: {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value
        for name, value in explorer.fixed.items()
    }
    module = base64.b64encode(explorer._esm.encode()).decode()
    return page.evaluate(COMPUTE, {"module": module, "fixed": fixed, "moves": moves})


def assert_python_agrees(browser, explorer, count: int = 150) -> None:
    chance, controls = random.Random(0), explorer.controls.values()
    ends = [{c.name: getattr(c, end) for c in controls} for end in ("low", "high")]
    moves = ends + [{c.name: chance.randint(c.low, c.high) for c in controls} for _ in range(count)]
    page = browser.new_page()
    answers = javascript_facts(page, explorer, moves)
    page.close()
    for move, (facts, sentence) in zip(moves, answers, strict=True):
        expected = explorer.compute({**explorer.given, **move})
        assert list(facts) == list(expected), "the facts have other names or another order"
        assert facts == expected, move
        assert words_of(sentence) == words_of(explorer.describe(expected))


def words_of(sentence: str) -> str:
    """Return a sentence without its fractions: the languages round a tie (0.8125) to different sides."""
    return re.sub(r"\d\.\d+", "#", sentence)


@pytest.mark.parametrize("size", [(24, 32), (7, 11), (1, 5)], ids=str)
def test_overlap_computes_alike_in_both_languages(browser, size):
    truth = None if size == (24, 32) else torch.rand(size, generator=torch.Generator().manual_seed(1)) < 0.7
    assert_python_agrees(browser, OverlapExplorer(truth))


@pytest.mark.parametrize("size", [(5, 7), (64, 96), (1, 1)], ids=str)
def test_probe_computes_alike_in_both_languages(browser, size):
    generator = torch.Generator().manual_seed(2)
    mask = torch.randint(0, 9, size, generator=generator)
    mask[mask == 8] = IGNORE
    assert_python_agrees(browser, PixelProbe(torch.rand(3, *size, generator=generator), mask, STREETS))


# --- explorables under the keys -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, "touch.ipynb")
    notebook.run_all(120)
    yield notebook
    notebook.close()


def shown(root) -> dict:
    """Return the facts that the picture wrote beside itself."""
    return json.loads(root.get_attribute("data-facts"))


def assert_kernel_agrees(notebook, variable: str, facts: dict) -> None:
    """Ask the kernel until what was done by hand has reached it: the browser sends changes when the kernel is free."""
    for _ in range(5):
        said = notebook.ask(f"import json; print(json.dumps([{variable}.facts, {variable}.reached]))")
        expected, reached = json.loads(said)
        if facts == expected:
            break
    assert facts == expected
    assert reached


def test_overlap_is_moved_by_keys_until_the_goal_is_reached(touch):
    root = touch.explorable("Overlap explorer")
    start = shown(root)
    assert root.get_attribute("data-reached") == "false"
    right = root.locator("[data-control=dx]")
    right.focus()
    for _ in range(3):
        right.press("ArrowLeft")
    canvas = root.locator("canvas[role=application]")
    canvas.focus()
    for key in ("ArrowUp", "ArrowUp", "ArrowUp", "-"):
        canvas.press(key)
    touch.wait_for_attribute(root, "data-reached", "true")
    facts = shown(root)
    assert (facts["dx"], facts["dy"], facts["grow"]) == (start["dx"] - 3, start["dy"] - 3, start["grow"] - 1)
    assert "Goal reached" in root.locator("[role=status]").inner_text()
    assert_kernel_agrees(touch, "overlap", facts)


def test_probe_is_moved_by_keys_through_its_goals(touch):
    root = touch.explorable("Pixel probe")
    assert root.get_attribute("data-solved") == "0"
    canvas = root.locator("canvas[role=application]").first
    canvas.focus()
    canvas.press("ArrowRight")
    touch.wait_for_attribute(root, "data-solved", "1")
    canvas.press("ArrowUp")
    touch.wait_for_attribute(root, "data-reached", "true")
    root.get_by_role("radio", name="blue").press("Space")
    touch.page.wait_for_function("root => JSON.parse(root.dataset.facts).channel === 2", arg=root.element_handle())
    facts = shown(root)
    assert (facts["row"], facts["column"], facts["name"]) == (5, 9, "pole")
    assert_kernel_agrees(touch, "probe", facts)


def test_python_moves_the_picture_too(touch):
    root = touch.explorable("Pixel probe")
    touch.type_and_run("probe.row, probe.column = 11, 16")
    touch.page.wait_for_function("root => JSON.parse(root.dataset.facts).row === 11", arg=root.element_handle())
    assert shown(root)["column"] == 16


def test_a_mouse_points_at_a_pixel(touch):
    root = touch.explorable("Pixel probe")
    canvas = root.locator("canvas[role=application]").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 2.5 / 17, "y": box["height"] * 7.5 / 12})
    touch.page.wait_for_function("root => JSON.parse(root.dataset.facts).row === 7", arg=root.element_handle())
    assert shown(root)["column"] == 2


@pytest.mark.parametrize(["title", "control"], [("Overlap explorer", "dx"), ("Pixel probe", "column")])
def test_from_key_to_picture(touch, record_property, title, control):
    """Reported, not judged: how long a learner waits. Ends when the browser has handed out the painted frame."""
    root = touch.explorable(title)
    times = root.evaluate(LATENCY, control)
    median = statistics.median(times)
    record_property(f"{title}: median ms from key to picture", round(median, 1))
    print(f"{title}: {median:.1f} ms from key to picture (median of {len(times)})")
    assert len(times) == 20


LATENCY = """async (root, control) => {
    const input = root.querySelector(`[data-control=${control}]`);
    const frame = () => new Promise(requestAnimationFrame);
    const times = [];
    for (let i = 0; i < 20; i++) {
        const before = root.dataset.facts;
        const start = performance.now();
        input.value = Number(input.value) + (i % 2 ? 1 : -1);
        input.dispatchEvent(new Event("input"));
        while (root.dataset.facts === before) await frame();
        times.push(performance.now() - start);
        await frame();
    }
    return times;
}"""


# --- exercises and chapters -----------------------------------------------------------------------------------------

PUSH = """from seglearn.exercises.judging import judge
from seglearn.exercises.kinds import WidgetExercise

push = WidgetExercise(
    name="99.push", title="Push", minutes=1, difficulty=1, objective="push the guess away",
    goal=overlap.goal, reached=lambda facts: facts["iou"] < 0.5 and facts["pixel_accuracy"] >= 0.95,
)"""


def assert_told(notebook, wrong: str, right: str) -> None:
    assert "NOT YET" in notebook.ask(wrong)
    assert "PASS" in notebook.ask(right)


def test_an_explorable_handed_in_is_judged(touch):
    touch.type_and_run(PUSH)
    state = "overlap.dx, overlap.dy, overlap.grow = {}, 0, 0; judge(push, overlap)"
    assert_told(touch, state.format(0), state.format(3))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_runs_in_jupyterlab(browser, lab, path):
    with closing(Notebook(browser, lab, path.name)) as notebook:
        notebook.run_all(420)
        for wrong, right in ANSWERS.get(path.stem, []):
            assert_told(notebook, wrong, right)
