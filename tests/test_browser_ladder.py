"""The ladder explorer in a real browser: the same sizes in both languages, and a broken skip mended by keys."""

from dataclasses import replace

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

from seglearn.widgets import LadderExplorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Ladder explorer"
TOUCH = ["from seglearn.widgets import LadderExplorer", "ladder = LadderExplorer()\nladder"]


@pytest.mark.parametrize("largest", [640, 100, 9], ids=str)
def test_both_languages_climb_alike(browser, largest):
    explorer = LadderExplorer()
    for side in ("height", "width"):
        explorer.controls[side] = replace(explorer.controls[side], high=largest)  # small images break more often
    assert_python_agrees(browser, explorer, count=400)


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_ladder.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def said(root) -> str:
    return root.locator(".sl-verdict").inner_text().replace("\u00a0", " ")


def test_the_place_where_it_breaks_is_said_and_drawn(touch):
    root = touch.explorable(TITLE)
    assert said(root) == "✗ It breaks on level 2: 16 × 12 meets 17 × 12, and the skip does not fit."
    words = root.locator(".sl-ladder text").all_text_contents()
    assert {"16 × 12 meets 17 × 12", "✗ does not fit", "64 × 17 × 12", "out: nothing"} <= set(words)
    assert words.count("nothing arrives") == 2
    assert root.locator(".sl-face.is-ghost").count() == 3


def test_goals_are_reached_by_keys(touch):
    root = touch.explorable(TITLE)
    root.get_by_role("radio", name="resize").press("Space")
    touch.wait_for_attribute(root, "data-solved", "1")
    root.get_by_role("radio", name="pad first").press("Space")
    touch.wait_for_attribute(root, "data-solved", "2")
    assert root.locator(".sl-face.is-ghost").count() == 0
    root.get_by_role("button", name="Start: Rebuild the U-Net").press("Enter")
    wait_for_facts(touch, root, "facts.height === 572 && facts.channels === 64")
    root.get_by_role("radio", name="unpadded").press("Space")
    root.get_by_role("radio", name="crop").press("Space")
    touch.wait_for_attribute(root, "data-reached", "true")
    assert said(root) == "572 × 572 → 388 × 388"
    assert_kernel_agrees(touch, "ladder", shown(root))


def test_arrow_keys_change_the_image(touch):
    root = touch.explorable(TITLE)
    picture = root.get_by_role("application")
    for key in ("ArrowUp", "Shift+ArrowLeft"):
        picture.press(key)
    wait_for_facts(touch, root, "facts.height === 573 && facts.width === 562")


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable(TITLE)
    report_latency(root, TITLE, "levels", record_property)
