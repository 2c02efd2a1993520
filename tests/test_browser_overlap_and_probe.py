"""The first explorables in a real browser: their keys, their mouse, and Python agreeing with the picture."""

import pytest
import torch
from browsing import (
    Notebook,
    assert_kernel_agrees,
    assert_python_agrees,
    assert_told,
    report_latency,
    shown,
    wait_for_facts,
    write_notebook,
)

from seglearn.labels import IGNORE, STREETS
from seglearn.widgets import OverlapExplorer, PixelProbe

pytestmark = [pytest.mark.browser, pytest.mark.slow]
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


# --- the same numbers in JavaScript and in Python -------------------------------------------------------------------


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
    notebook = Notebook(browser, lab, write_notebook(lab, "touch.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


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
    wait_for_facts(touch, root, "facts.channel === 2")
    facts = shown(root)
    assert (facts["row"], facts["column"], facts["name"]) == (5, 9, "pole")
    assert_kernel_agrees(touch, "probe", facts)


def test_python_moves_the_picture_too(touch):
    root = touch.explorable("Pixel probe")
    touch.type_and_run("probe.row, probe.column = 11, 16")
    wait_for_facts(touch, root, "facts.row === 11")
    assert shown(root)["column"] == 16


def test_a_mouse_points_at_a_pixel(touch):
    root = touch.explorable("Pixel probe")
    canvas = root.locator("canvas[role=application]").nth(1)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] * 2.5 / 17, "y": box["height"] * 7.5 / 12})
    wait_for_facts(touch, root, "facts.row === 7")
    assert shown(root)["column"] == 2


@pytest.mark.parametrize(["title", "control"], [("Overlap explorer", "dx"), ("Pixel probe", "column")])
def test_from_key_to_picture(touch, record_property, title, control):
    report_latency(touch.explorable(title), title, control, record_property)


# --- an explorable as an answer -------------------------------------------------------------------------------------

PUSH = """from seglearn.exercises.judging import judge
from seglearn.exercises.kinds import WidgetExercise

push = WidgetExercise(
    name="99.push", title="Push", minutes=1, difficulty=1, objective="push the guess away",
    goal=overlap.goal, reached=lambda facts: facts["iou"] < 0.5 and facts["pixel_accuracy"] >= 0.95,
)"""


def test_an_explorable_handed_in_is_judged(touch):
    touch.type_and_run(PUSH)
    state = "overlap.dx, overlap.dy, overlap.grow = {}, 0, 0; judge(push, overlap)"
    assert_told(touch, state.format(0), state.format(3))
