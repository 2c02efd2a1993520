"""The transpose explorer in a real browser: the same paint in both languages, sliders, and weights to type."""

import pytest
from browsing import (
    Notebook,
    assert_kernel_agrees,
    assert_python_agrees,
    report_latency,
    shown,
    wait_for_fact,
    wait_for_facts,
    write_notebook,
)

from seglearn.widgets import TransposeExplorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Transpose explorer"
TOUCH = ["from seglearn.widgets import TransposeExplorer", "paint = TransposeExplorer()\npaint"]


@pytest.mark.parametrize("values", [[1] * 6, [3, -2], [0] * 8], ids=str)
def test_both_languages_paint_alike(browser, values):
    assert_python_agrees(browser, TransposeExplorer(values), count=300)


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_transpose.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def weights_of(root):
    return root.locator(".sl-transpose input[data-control=weights]:visible")


def test_goals_are_reached_by_keys(touch):
    root = touch.explorable(TITLE)
    assert weights_of(root).count() == 3
    root.locator("[data-control=kernel_size]").press("ArrowRight")
    touch.wait_for_attribute(root, "data-solved", "1")
    assert root.locator(".sl-law-end").inner_text() == "✓ flat"
    assert weights_of(root).count() == 4
    weights_of(root).nth(1).click()
    touch.page.keyboard.type("3")
    touch.wait_for_attribute(root, "data-solved", "2")
    assert root.locator(".sl-law").inner_text().splitlines()[1:] == ["a 1 + 1 = 2", "b 3 + 1 = 4", "✗ striped"]
    weights_of(root).nth(1).press("ArrowDown")  # by one half
    wait_for_fact(touch, root, "phase_sums", [2, 3.5])
    touch.page.keyboard.type("2")
    root.locator("[data-control=kernel_size]").press("ArrowLeft")
    touch.wait_for_attribute(root, "data-reached", "true")
    assert_kernel_agrees(touch, "paint", shown(root))


def test_values_paint_one_at_a_time(touch):
    root = touch.explorable(TITLE)
    slider = root.locator("[data-control=painted]")
    for _ in range(4):
        slider.press("ArrowLeft")
    wait_for_facts(touch, root, "facts.painted === 2")
    assert shown(root)["counts"] == [1, 1, 2, 1, 1] + [0] * 8
    assert root.locator(".sl-paint.is-waiting").count() == 4 * 3
    root.locator(".sl-lanes input").nth(1).click()
    touch.page.keyboard.type("-1")
    wait_for_fact(touch, root, "output", [1, 2, 0, -2, -1] + [0] * 8)
    assert root.locator(".sl-lanes svg text").all_text_contents()[:6] == ["1", "2", "1", "−1", "−2", "−1"]


def test_padding_draws_where_it_cuts(touch):
    root = touch.explorable(TITLE)
    assert root.locator(".sl-cut-line").count() == 0
    root.locator("[data-control=padding]").press("ArrowRight")
    wait_for_facts(touch, root, "facts.length === 11")
    assert root.locator(".sl-cut-line").count() == root.locator(".sl-paint.is-cut").count() == 2


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable(TITLE)
    report_latency(root, TITLE, "padding", record_property)
