"""The receptive field explorer in a real browser: the same fields in both languages, its goal by keys, the mouse."""

import json
import random

import numpy as np
import pytest
from browsing import (
    Notebook,
    assert_kernel_agrees,
    assert_python_agrees,
    at_random,
    javascript_module,
    report_latency,
    shown,
    wait_for_fact,
    write_notebook,
)

from seglearn.convolution import receptive_field
from seglearn.widgets import ReceptiveFieldExplorer
from seglearn.widgets.receptive_field_explorer import layers_of, paths_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Receptive field explorer"
TOUCH = ["from seglearn.widgets import ReceptiveFieldExplorer", "field = ReceptiveFieldExplorer()\nfield"]


# --- the same numbers in JavaScript and in Python -------------------------------------------------------------------


def test_both_languages_compute_alike(browser):
    assert_python_agrees(browser, ReceptiveFieldExplorer(), count=400)


INSIDE = """async ({ module, moves }) => {
    const { pathsOf, tableOf } = await import(`data:text/javascript;base64,${module}`);
    return moves.map((move) => [pathsOf(move), tableOf(move).map(({ size, jump }) => [size, jump])]);
}"""


def test_the_painted_heat_and_the_table_are_those_of_python(browser):
    explorer, chance = ReceptiveFieldExplorer(), random.Random(3)
    moves = [{c.name: at_random(c, chance) for c in explorer.controls.values()} for _ in range(60)]
    page = browser.new_page()
    answers = page.evaluate(INSIDE, {"module": javascript_module(explorer), "moves": moves})
    page.close()
    for move, (paths, table) in zip(moves, answers, strict=True):
        assert paths == paths_of(move).tolist(), move
        assert table == [[row.size, row.jump] for row in receptive_field(layers_of(move))], move


# --- under the hand -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_receptive_field.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def put(notebook, root, **wanted) -> None:
    """Move sliders by arrow keys."""
    for name, value in wanted.items():
        slider = root.locator(f"[data-control={name}]")
        slider.focus()
        while shown(root)[name] != value:
            now = shown(root)[name]
            slider.press("ArrowRight" if now < value else "ArrowLeft")
            wait_for_fact(notebook, root, name, now + (1 if now < value else -1))


def test_the_goal_is_reached_by_keys(touch):
    root = touch.explorable(TITLE)
    put(touch, root, depth=6, halvings=3)
    assert (shown(root)["size"], shown(root)["jump"], root.get_attribute("data-reached")) == (63, 8, "false")
    put(touch, root, halvings=2, dilation=2)
    assert (shown(root)["size"], shown(root)["holes"], root.get_attribute("data-reached")) == (77, 38, "false")
    assert "but no path reaches 38 of its columns" in root.locator(".sl-counts").inner_text()
    put(touch, root, dilation=1, kernel_size=5)
    touch.wait_for_attribute(root, "data-reached", "true")
    assert "Goal reached. 6 layers of 5 × 5, the first 2 halve" in root.locator(".sl-caption").inner_text()
    rows = [row.split() for row in root.locator("table tbody tr").all_inner_texts()]
    assert rows[2] == ["layer", "2,", "stride", "2", "+", "8", "13", "4"]
    assert rows[-1] == ["layer", "6", "+", "16", "77", "4"]
    assert_kernel_agrees(touch, "field", shown(root))


GLOW = """(root) => {  // the color of the middle of each picture pixel in the row of the unit, at zoom 1
    const canvas = root.querySelector("canvas");
    const pen = canvas.getContext("2d");
    const cell = canvas.width / 164;
    const row = Math.floor((63 + 10 + 0.15) * cell);
    return Array.from({ length: 144 }, (_, column) =>
        [...pen.getImageData(Math.floor((column + 10 + 0.5) * cell), row, 1, 1).data]);
}"""


def test_the_heat_lies_where_paths_lead(touch):
    root = touch.explorable(TITLE)
    put(touch, root, depth=12, halvings=0, dilation=1, kernel_size=3)
    pixels = np.array(root.evaluate(GLOW), dtype=float)
    warmth = pixels[:, 0] - pixels[:, 2]  # red less blue: the picture itself is gray
    inside = np.flatnonzero(warmth > 20)
    assert abs(inside.mean() - 53) < 1 and 17 <= np.ptp(inside) + 1 <= 27, "around column 53, about 25 px wide"
    put(touch, root, depth=3, dilation=2)
    pixels = np.array(root.evaluate(GLOW), dtype=float)
    warmth = pixels[:, 0] - pixels[:, 2]
    assert warmth[50] < 5 < 20 < warmth[49], "column 50 is a hole"


def place_of(notebook) -> list[int]:
    return json.loads(notebook.ask("import json; print(json.dumps([field.row, field.column]))"))


def wait_for_place(notebook, row: int, column: int) -> None:
    for _ in range(5):
        if place_of(notebook) == [row, column]:
            break
    assert place_of(notebook) == [row, column]


def test_the_unit_follows_keys_and_the_mouse(touch):
    root = touch.explorable(TITLE)
    touch.type_and_run("field.row, field.column = 63, 53")
    canvas = root.locator("canvas[role=application]")
    canvas.focus()
    for key in ("Shift+ArrowLeft", "ArrowUp", "ArrowRight"):
        canvas.press(key)
    wait_for_place(touch, 62, 44)
    assert "in row 62, column 44: arrow keys move it" in canvas.get_attribute("aria-label")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    cell = box["width"] / 164
    canvas.click(position={"x": (10 + 100.5) * cell, "y": (10 + 20.5) * cell})
    wait_for_place(touch, 20, 100)
    canvas.click(position={"x": 2, "y": 2})  # in the padding: the nearest pixel
    wait_for_place(touch, 0, 0)


# --- how it feels and fits ------------------------------------------------------------------------------------------


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable(TITLE)
    touch.type_and_run("field.row, field.column = 63, 53")
    put(touch, root, depth=6, halvings=2, dilation=3)
    report_latency(root, TITLE, "dilation", record_property)


def test_every_input_has_a_name_and_keeps_its_keys(touch):
    root = touch.explorable(TITLE)
    nodes = root.locator("input, button:visible, canvas[role=application]").all()
    assert len(nodes) == 5
    for node in nodes:
        name = node.evaluate("(node) => node.getAttribute('aria-label') || node.closest('label')?.innerText")
        assert name.strip(), node.evaluate("(node) => node.outerHTML")
        assert node.get_attribute("data-lm-suppress-shortcuts") == "true", name


def test_nothing_sticks_out_of_a_narrow_column(touch):
    root = touch.explorable(TITLE)
    wide = root.evaluate(
        """async (root) => {
            root.style.width = "340px";
            for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
            const edge = root.getBoundingClientRect().right;
            const out = [...root.querySelectorAll("*")].filter((n) => n.getBoundingClientRect().right > edge + 0.5);
            root.style.width = "";
            return out.map((node) => node.className || node.tagName);
        }"""
    )
    assert wide == []
