"""The skip explorer in a real browser: the same numbers in both languages, switches by key, goals, pictures."""

import pytest
import torch
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
from seglearn.models import UNet
from seglearn.widgets import SkipExplorer

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUCH = [
    "import torch\nfrom seglearn.data import draw_street\nfrom seglearn.models import UNet\n"
    "from seglearn.widgets import SkipExplorer",
    "scenes = [draw_street(index, seed=2, size=(48, 70)) for index in (3, 5)]\n"
    "images, masks = (torch.stack(things) for things in zip(*scenes))\n"
    "torch.manual_seed(3)\n"
    "skipping = SkipExplorer(UNet(3, 8, widths=(6, 8, 10, 12), convs=1), images, masks)\nskipping",
]


@pytest.mark.parametrize(["levels", "size"], [(1, (1, 6)), (2, (13, 7)), (3, (48, 70)), (4, (31, 47))], ids=str)
def test_both_languages_switch_alike(browser, levels, size):
    torch.manual_seed(levels)
    masks = torch.randint(0, 8, (2, *size))
    masks[:, 0, :2], masks[0, -1, -2:] = 7, IGNORE
    model = UNet(3, 8, widths=(4, 6, 8, 10, 12)[: levels + 1], convs=1)
    assert_python_agrees(browser, SkipExplorer(model, torch.rand(2, 3, *size), masks), count=12)


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_skip.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def test_switches_reach_both_goals_by_keys(touch):
    root = touch.explorable("Skip explorer")
    answers = touch.ask(
        "from itertools import product\n"
        "states = [skipping.compute({**skipping.given, 'skips': s, 'picture': 0}) for s in product((0, 1), repeat=3)]\n"
        "print([next(f['skips'] for f in states if goal.met_by(f)) for goal in skipping.goals])"
    )
    switches = root.get_by_role("switch")
    for number, wanted in enumerate(eval(answers), start=1):
        for level, is_on in enumerate(wanted):
            if shown(root)["skips"][level] != is_on:
                switches.nth(level).press("Space")
            wait_for_facts(touch, root, f"facts.skips[{level}] === {is_on}")
        touch.wait_for_attribute(root, "data-solved", str(number))
        states = [switches.nth(level).get_attribute("aria-checked") for level in range(3)]
        assert states == ["true" if is_on else "false" for is_on in wanted]
    touch.wait_for_attribute(root, "data-reached", "true")
    assert_kernel_agrees(touch, "skipping", shown(root))


def test_arrows_walk_the_switches_and_a_button_puts_all_on(touch):
    root = touch.explorable("Skip explorer")
    root.get_by_role("switch").nth(0).focus()
    touch.page.keyboard.press("ArrowDown")
    touch.page.keyboard.press("ArrowDown")
    before = shown(root)["skips"]
    touch.page.keyboard.press("Enter")
    wait_for_facts(touch, root, f"facts.skips[2] === {1 - before[2]}")
    root.get_by_role("button", name="All skips on").click()
    wait_for_facts(touch, root, "facts.off === 0 && facts.lost_mean_iou === 0")


def test_another_picture_and_the_truth_are_shown(touch):
    root = touch.explorable("Skip explorer")
    first = shown(root)
    root.get_by_role("radio", name="2", exact=True).press("Space")
    wait_for_facts(touch, root, "facts.picture === 1")
    assert shown(root)["all_mean_iou"] == first["all_mean_iou"] and shown(root)["mean_iou"] != first["mean_iou"]
    root.get_by_role("radio", name="truth").press("Space")
    root.get_by_role("img", name="truth of picture 2").wait_for()
    assert "Picture 2 with all skips" in root.locator(".sl-caption").inner_text()


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable("Skip explorer")
    root.evaluate(
        """(root) => {  // the shared clock moves a number: let it press the first switch
            const button = root.querySelector("[data-control=skips]");
            button.addEventListener("input", () => button.click());
        }"""
    )
    report_latency(root, "Skip explorer", "skips", record_property)
