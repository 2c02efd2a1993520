"""The paint explorer in a real browser: the same scores in both languages, strokes by mouse and keys, buttons."""

import json
import random

import numpy as np
import pytest
from browsing import (
    Notebook,
    assert_kernel_agrees,
    javascript_facts,
    report_latency,
    shown,
    wait_for_facts,
    words_of,
    write_notebook,
)

from seglearn.widgets import PaintExplorer, paint

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUCH = ["from seglearn.widgets import PaintExplorer", "painting = PaintExplorer()\npainting"]


@pytest.mark.parametrize("size", [(24, 32), (5, 7), (1, 6), (70, 90)], ids=str)
def test_both_languages_score_alike(browser, size):
    chance = np.random.default_rng(4)
    truth = chance.random(size) < 0.6
    truth[0, 0] = True
    explorer = PaintExplorer(None if size == (24, 32) else truth)
    shares = [0, 1, *(random.Random(0).random() for _ in range(40))]
    moves = [{"pred": (chance.random(size) < share).astype(int).ravel().tolist()} for share in shares]
    page = browser.new_page()
    answers = javascript_facts(page, explorer, moves)
    page.close()
    for move, (facts, sentence) in zip(moves, answers, strict=True):
        expected = explorer.compute({**explorer.given, **move})
        assert facts == expected and list(facts) == list(expected)
        assert words_of(sentence) == words_of(explorer.describe(expected))


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_paint.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def assert_painted(notebook, rows: slice, columns: slice, expected) -> None:
    """Ask the kernel until the browser's last change has reached it: changes are sent when the kernel is free."""
    for _ in range(5):
        pixels = np.array(json.loads(notebook.ask("import json; print(json.dumps(painting.pred))"))).reshape(24, 32)
        if np.array_equal(pixels[rows, columns], expected):
            break
    assert pixels[rows, columns].tolist() == np.asarray(expected).tolist()


def test_keys_move_the_brush_paint_and_erase(touch):
    root = touch.explorable("Paint explorer")
    before = shown(root)
    canvas = root.locator("canvas[role=application]")
    canvas.focus()
    for key in ("Shift+ArrowLeft", "ArrowUp", " "):  # a brush of 2 x 2 in the empty ground
        canvas.press(key)
    wait_for_facts(touch, root, f"facts.false_alarms === {before['false_alarms'] + 4}")
    for key in ("e", "ArrowRight", " "):
        canvas.press(key)
    wait_for_facts(touch, root, f"facts.false_alarms === {before['false_alarms'] + 2}")
    assert_painted(touch, slice(11, 13), slice(6, 8), [[1, 0], [1, 0]])
    root.get_by_role("button", name="Start again").click()
    wait_for_facts(touch, root, f"facts.false_alarms === {before['false_alarms']}")


def test_a_mouse_strokes_without_gaps(touch):
    root = touch.explorable("Paint explorer")
    root.get_by_role("button", name="Erase all").click()
    wait_for_facts(touch, root, "facts.precision === 0 && facts.hits === 0")
    root.get_by_role("radio", name="paint").press("Space")
    canvas = root.locator("canvas[role=application]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    across, down = box["width"] / 32, box["height"] / 24
    touch.page.mouse.move(box["x"] + 2.5 * across, box["y"] + 3.5 * down)
    touch.page.mouse.down()
    touch.page.mouse.move(box["x"] + 28.5 * across, box["y"] + 3.5 * down)  # one jump
    touch.page.mouse.up()
    wait_for_facts(touch, root, "facts.hits + facts.false_alarms === 2 * 28")
    assert_painted(touch, slice(3, 5), slice(2, 30), np.ones((2, 28), dtype=int))


def test_the_goal_is_reached_by_what_python_paints(touch):
    root = touch.explorable("Paint explorer")
    touch.type_and_run(
        "import numpy as np; from seglearn.widgets import paint\n"
        "ring = np.pad(paint.sign_on_a_pole(), 1)  # grown by one pixel: full, and beside the edge everywhere\n"
        "painting.pred = (ring | np.roll(ring, 1, 0) | np.roll(ring, -1, 0) | np.roll(ring, 1, 1)"
        " | np.roll(ring, -1, 1))[1:-1, 1:-1]"
    )
    touch.wait_for_attribute(root, "data-reached", "true")
    assert_kernel_agrees(touch, "painting", shown(root))


def test_from_key_to_picture(touch, record_property):
    touch.type_and_run("painting.tool = 0")
    root = touch.explorable("Paint explorer")
    root.evaluate(
        """(root) => {  // the shared clock moves a slider and waits for new facts: let each move of the brush paint
            const [slider, canvas] = [root.querySelector("[data-control=brush]"), root.querySelector("canvas")];
            slider.addEventListener("input", () => {
                canvas.dispatchEvent(new KeyboardEvent("keydown", { key: slider.value % 2 ? "p" : "e" }));
                canvas.dispatchEvent(new KeyboardEvent("keydown", { key: " " }));
            });
        }"""
    )
    report_latency(root, "Paint explorer", "brush", record_property)
    assert paint.SCORES[-1] in shown(root)
