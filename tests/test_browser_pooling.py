"""The pooling explorer in a real browser: the same numbers in both languages, sliders, cells to type into, windows."""

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

from seglearn.widgets import PoolingExplorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUCH = ["from seglearn.widgets import PoolingExplorer", "pooling = PoolingExplorer()\npooling"]


@pytest.mark.parametrize("size", [(6, 8), (3, 5), (1, 10), (10, 9)], ids=str)
def test_both_languages_pool_alike(browser, size):
    explorer = PoolingExplorer(None if size == (6, 8) else np.zeros(size))
    assert_python_agrees(browser, explorer, count=300)


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_pooling.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def test_sliders_reach_the_goal_by_keys(touch):
    root = touch.explorable("Pooling explorer")
    assert (root.get_attribute("data-reached"), shown(root)["winners"]) == ("false", 12)
    root.locator("[data-control=kernel_size]").press("ArrowRight")
    wait_for_facts(touch, root, "facts.out_height === 2")
    root.locator("[data-control=padding]").press("ArrowRight")
    touch.wait_for_attribute(root, "data-reached", "true")
    assert root.locator(".sl-wins").all_inner_texts() == ["2×"] * 3
    assert root.locator(".sl-padded").count() == 8 * 10 - 6 * 8
    assert_kernel_agrees(touch, "pooling", shown(root))


def test_refused_padding_is_said_in_words(touch):
    root = touch.explorable("Pooling explorer")
    root.locator("[data-control=padding]").press("ArrowRight")
    wait_for_facts(touch, root, "facts.padding === 2")
    assert "padding 2 is more than half of kernel 3" in root.locator(".sl-contest").inner_text()
    assert root.locator(".sl-ring").count() == root.locator(".sl-chosen").count() == 0
    root.locator("[data-control=padding]").press("ArrowLeft")
    wait_for_facts(touch, root, "facts.padding === 1")


def test_keys_and_mouse_choose_a_window(touch):
    root = touch.explorable("Pooling explorer")
    pooled = root.get_by_role("application")
    pooled.focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):  # one more than there are columns
        pooled.press(key)
    wait_for_facts(touch, root, "facts.row === 1 && facts.column === 3")
    assert root.locator(".sl-contest").inner_text() == "max(1, 2, −2, −1, 1, 4, 2, −2, 1) = 4"
    assert "Window in row 1, column 3: 4 wins, from row 2, column 7." in root.locator(".sl-caption").inner_text()
    box = pooled.bounding_box()
    touch.page.mouse.click(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])
    wait_for_facts(touch, root, "facts.row === 2 && facts.column === 0")


def test_numbers_are_typed_into_the_map(touch):
    root = touch.explorable("Pooling explorer")
    cells = root.locator("input[data-control=values]")
    assert [cells.nth(i).get_attribute("tabindex") for i in (0, 1, 47)] == ["0", "-1", "-1"]
    cells.nth(40).click()  # row 5, column 0
    touch.page.keyboard.type("11.5")
    wait_for_facts(touch, root, "facts.answer === 11.5 && facts.winner_column === 0")
    assert cells.nth(40).evaluate("cell => cell === cell.getRootNode().activeElement"), "typing took the focus away"
    touch.page.keyboard.press("Enter")
    touch.page.keyboard.press("Shift+ArrowUp")  # row 5, column 1: 2 and 10
    wait_for_facts(touch, root, "facts.answer === 12 && facts.winner_row === 5 && facts.winner_column === 1")
    assert [cells.nth(i).get_attribute("tabindex") for i in (0, 40, 41)] == ["-1", "-1", "0"]
    assert_kernel_agrees(touch, "pooling", shown(root))
    assert touch.ask("print(pooling.values[40:42])").strip() == "[11.5, 12.0]"


def test_a_mean_has_no_winner_and_no_ring(touch):
    root = touch.explorable("Pooling explorer")
    root.get_by_role("radio", name="average").press("Space")
    wait_for_facts(touch, root, "facts.mode === 'average'")
    assert root.locator(".sl-marks .sl-ring").count() == 0
    assert "nobody wins" in root.locator(".sl-caption").inner_text()
    assert root.locator(".sl-padded").first.inner_text() == "0"
    root.get_by_role("radio", name="max").press("Space")
    wait_for_facts(touch, root, "facts.mode === 'max'")
    assert root.locator(".sl-padded").first.inner_text() == "−∞"


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable("Pooling explorer")
    report_latency(root, "Pooling explorer", "stride", record_property)
