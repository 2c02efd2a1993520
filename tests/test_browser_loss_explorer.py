"""The loss explorer in a real browser: the same losses in both languages, keys, the mouse, and a walk downhill."""

import numpy as np
import pytest
from browsing import (
    Notebook,
    assert_kernel_agrees,
    assert_python_agrees,
    report_latency,
    shown,
    wait_for_facts,
    write_notebook,
)

from seglearn.labels import IGNORE
from seglearn.widgets import LossExplorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUCH = ["from seglearn.widgets import LossExplorer", "pixels = LossExplorer()\npixels"]


@pytest.mark.parametrize("size", [None, (2, 5), (4, 1)], ids=str)
def test_both_languages_judge_alike(browser, size):
    if size is None:
        assert_python_agrees(browser, LossExplorer())
        return
    chance = np.random.default_rng(1)
    mask = chance.choice([0, 1, IGNORE], size=size, p=[0.5, 0.3, 0.2])
    mask.flat[0], mask.flat[1] = 0, 1
    assert_python_agrees(browser, LossExplorer(chance.uniform(-6, 6, size), mask))


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_losses.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def test_keys_reach_the_goal(touch):
    root = touch.explorable("Loss explorer")
    canvas = root.locator("canvas[role=application]")
    canvas.focus()  # on the first pixel, a background: its margin is -2
    for _ in range(14):
        canvas.press("ArrowUp")
    wait_for_facts(touch, root, "facts.margins[0] === 5")
    canvas.press("Shift+ArrowDown")  # the next row
    for pixel, start in ((4, 0.5), (5, -0.5)):
        canvas.press("ArrowRight")
        for _ in range(int((6 - start) / 0.5)):
            canvas.press("ArrowUp")
        wait_for_facts(touch, root, f"facts.margins[{pixel}] === 6")
    touch.wait_for_attribute(root, "data-reached", "true")
    assert_kernel_agrees(touch, "pixels", shown(root))


def test_a_drag_moves_the_margin_of_one_pixel(touch):
    root = touch.explorable("Loss explorer")
    root.get_by_role("button", name="Start again").click()
    wait_for_facts(touch, root, "facts.margins[0] === -2")
    canvas = root.locator("canvas[role=application]")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    x, y, cell = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 3
    touch.page.mouse.move(x, y)  # the middle pixel
    touch.page.mouse.down()
    touch.page.mouse.move(x, y - cell / 2)  # half a pixel's height is three units
    touch.page.mouse.up()
    wait_for_facts(touch, root, "facts.margins[4] === 3.5")
    assert [z for i, z in enumerate(shown(root)["margins"]) if i != 4] == [-2, -1.5, -2.5, -1, -0.5, -3, -1.5, 1]


@pytest.mark.parametrize("loss", ["cross_entropy", "dice"])
def test_a_step_downhill_lowers_the_chosen_loss(touch, loss):
    root = touch.explorable("Loss explorer")
    root.get_by_role("button", name="Start again").click()
    root.get_by_role("radio", name={"cross_entropy": "cross-entropy", "dice": "Dice"}[loss]).press("Space")
    wait_for_facts(touch, root, f"facts.loss_name === '{loss}' && facts.d_{loss} === 0")
    for _ in range(3):
        before = shown(root)[loss]
        root.get_by_role("button", name="One step downhill").click()
        wait_for_facts(touch, root, f"facts.{loss} < {before}")


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable("Loss explorer")
    root.evaluate(
        """(root) => {  // the shared clock moves an input: let this one move the chosen pixel by its keys
            const [input, canvas] = [document.createElement("input"), root.querySelector("canvas")];
            input.dataset.control = "probe";
            input.value = 0;
            input.addEventListener("input", () => {
                const key = Number(input.value) % 2 ? "ArrowUp" : "ArrowDown";
                canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
            });
            root.append(input);
        }"""
    )
    report_latency(root, "Loss explorer", "probe", record_property)
    assert shown(root)["loss_name"] in ("cross_entropy", "dice")
