"""What the browser tests share: JupyterLab in headless Chromium, a learner's hand, and questions to explorables."""

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
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from seglearn.build.kernels import kernel_environment
from seglearn.cli.lab import arguments, settings_path
from seglearn.widgets import Grid

COURSE = Path(__file__).parents[1]
NOTEBOOKS = sorted((COURSE / "notebooks").glob("[0-9]*.ipynb"))
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
]
SECOND = 1000  # Playwright counts milliseconds


def skip(reason: str) -> None:
    if os.environ.get("SEGLEARN_REQUIRE_BROWSER") == "1":
        pytest.fail(f"SEGLEARN_REQUIRE_BROWSER=1, but {reason}")
    pytest.skip(reason)


# --- a browser and a JupyterLab -------------------------------------------------------------------------------------


@contextmanager
def headless_chromium():
    """Give a browser, or skip with the reason."""
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


@contextmanager
def jupyterlab(root: Path):
    """Start JupyterLab as `seglearn lab` does, but with settings of its own, on a copy of what the notebooks need.

    Gives the folder of the notebooks and the address.
    """
    folders = {name: root / name for name in ("notebooks", "jupyter", "workspaces", "settings", "runtime", "config")}
    for folder in folders.values():
        folder.mkdir()
    for path in NOTEBOOKS:
        shutil.copy(path, folders["notebooks"])
    for read in ("data/samples", "benchmarks/results"):
        shutil.copytree(COURSE / read, root / read)
    environment = kernel_environment(root / "kernel") | {
        "JUPYTER_DATA_DIR": str(folders["jupyter"]),  # kernels of other Pythons stay out of sight
        "JUPYTERLAB_WORKSPACES_DIR": str(folders["workspaces"]),
        "JUPYTERLAB_SETTINGS_DIR": str(folders["settings"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_CONFIG_PATH": settings_path(),
    }
    port, log = free_port(), root / "lab.log"
    first = folders["notebooks"] / NOTEBOOKS[0].name
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
        """Clear the outputs, run every cell, wait until each has its number; cells out of sight count in the kernel."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
        assert not any(cell["execution_count"] or cell["outputs"] for cell in self.cells())
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


def write_notebook(lab, name: str, sources: list[str]) -> str:
    """Put a notebook with these code cells where JupyterLab can open it, and return its name."""
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook = new_notebook(metadata={"kernelspec": kernel}, cells=[new_code_cell(source) for source in sources])
    folder, _ = lab
    (folder / name).write_text(nbformat.writes(notebook), encoding="utf-8")
    return name


def assert_told(notebook, wrong: str, right: str) -> None:
    assert "NOT YET" in notebook.ask(wrong)
    assert "PASS" in notebook.ask(right)


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
    return page.evaluate(COMPUTE, {"module": javascript_module(explorer), "fixed": fixed, "moves": moves})


def javascript_module(explorer) -> str:
    """Return the explorable's own JavaScript as base64, for an import of data:text/javascript."""
    return base64.b64encode(explorer._esm.encode()).decode()


def assert_python_agrees(browser, explorer, count: int = 150) -> None:
    chance, controls = random.Random(0), explorer.controls.values()
    ends = [{c.name: spread(c, getattr(c, end)) for c in controls} for end in ("low", "high")]
    moves = ends + [{c.name: at_random(c, chance) for c in controls} for _ in range(count)]
    page = browser.new_page()
    answers = javascript_facts(page, explorer, moves)
    page.close()
    for move, (facts, sentence) in zip(moves, answers, strict=True):
        expected = explorer.compute({**explorer.given, **move})
        assert list(facts) == list(expected), "the facts have other names or another order"
        assert facts == expected, move
        assert words_of(sentence) == words_of(explorer.describe(expected))


def spread(control, value):
    """Return a value for a control: for a grid, the same in every cell."""
    return [value] * (control.rows * control.columns) if isinstance(control, Grid) else value


def at_random(control, chance: random.Random):
    """Return a random value; a grid holds whole steps, fractions, or a few high cells among low ones."""
    if not isinstance(control, Grid):
        return chance.randint(control.low, control.high)
    steps = int((control.high - control.low) / control.step)
    cell = chance.choice(
        [
            lambda: control.low + control.step * chance.randint(0, steps),
            lambda: chance.uniform(control.low, control.high),
            lambda: control.low + control.step * (chance.random() < 0.1) * steps,
        ]
    )
    return [cell() for _ in range(control.rows * control.columns)]


def words_of(sentence: str) -> str:
    """Return a sentence without its fractions: the languages round a tie (0.8125) to different sides."""
    return re.sub(r"\d\.\d+", "#", sentence)


# --- explorables under the keys -------------------------------------------------------------------------------------


def shown(root) -> dict:
    """Return the facts that the picture wrote beside itself."""
    return json.loads(root.get_attribute("data-facts"))


def wait_for_facts(notebook, root, condition: str) -> None:
    """Wait until a JavaScript condition on `facts`, as the picture wrote them beside itself, holds."""
    source = f"root => {{ const facts = JSON.parse(root.dataset.facts); return {condition}; }}"
    notebook.page.wait_for_function(source, arg=root.element_handle(), timeout=10 * SECOND)


def wait_for_fact(notebook, root, name: str, value) -> None:
    """Wait until one of the facts has this value."""
    wait_for_facts(notebook, root, f"JSON.stringify(facts[{json.dumps(name)}]) === JSON.stringify({json.dumps(value)})")


def assert_kernel_agrees(notebook, variable: str, facts: dict) -> None:
    """Ask the kernel until what was done by hand has reached it: the browser sends changes when the kernel is free."""
    for _ in range(5):
        said = notebook.ask(f"import json; print(json.dumps([{variable}.facts, {variable}.reached]))")
        expected, reached = json.loads(said)
        if facts == expected:
            break
    assert facts == expected
    assert reached


def milliseconds_to_picture(root, control: str) -> float:
    """Return the median time from moving a control to the frame that the browser has painted."""
    times = root.evaluate(LATENCY, control)
    assert len(times) == 20
    return statistics.median(times)


def report_latency(root, title: str, control: str, record_property) -> None:
    """Report, not judge, how long a learner waits."""
    median = milliseconds_to_picture(root, control)
    record_property(f"{title}: median ms from key to picture", round(median, 1))
    print(f"{title}: {median:.1f} ms from key to picture (median of 20)")


LATENCY = """async (root, control) => {
    const input = root.querySelector(`[data-control=${control}]`);
    const frame = () => new Promise(requestAnimationFrame);
    const times = [];
    for (let i = 0; i < 20; i++) {
        const before = root.dataset.facts;
        const start = performance.now();
        input.value = Number(input.value.replace("\u2212", "-")) + (i % 2 ? 1 : -1);
        input.dispatchEvent(new Event("input"));
        while (root.dataset.facts === before) {
            if (performance.now() - start > 2000) throw new Error(`moving ${control} changed no fact within 2 s`);
            await frame();
        }
        times.push(performance.now() - start);
        await frame();
    }
    return times;
}"""
