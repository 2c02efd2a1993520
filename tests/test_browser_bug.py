"""The bug explorer in a real browser: the same facts in both languages, epochs by key, a name, a new deal."""

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

from seglearn.widgets import BugExplorer, Goal
from seglearn.widgets.bug_cards import BUGS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TOUCH = [
    "from seglearn.widgets import BugExplorer, Goal",
    "goal = Goal('Name one bug rightly.', (('right', '>=', 1),))\nbugs = BugExplorer(goal=goal)\nbugs",
]


def test_both_languages_read_the_cards_alike(browser):
    assert_python_agrees(browser, BugExplorer(), count=200)


@pytest.fixture(scope="module")
def touch(browser, lab):
    notebook = Notebook(browser, lab, write_notebook(lab, "touch_bugs.ipynb", TOUCH))
    notebook.run_all(120)
    yield notebook
    notebook.close()


def test_arrows_play_the_curves_and_a_name_stays(touch):
    root = touch.explorable("Which bug is this?")
    twin = BugExplorer(goal=Goal("", ()))
    truth = next(bug.name for bug in BUGS if bug.key == twin.run.bug)
    root.get_by_role("application").focus()
    for _ in range(5):
        touch.page.keyboard.press("ArrowRight")
    touch.page.keyboard.press("ArrowLeft")
    wait_for_facts(touch, root, "facts.epoch === 5 && facts.watched === 6 && facts.truth === null")
    root.get_by_role("radio", name=truth, exact=True).press("Space")
    root.get_by_role("button", name=f"Name it: {truth}").press("Enter")
    touch.wait_for_attribute(root, "data-reached", "true")
    assert shown(root)["truth"] == truth
    assert "What would have caught it." in root.locator(".sl-verdict").inner_text()
    touch.page.keyboard.press("Tab")
    root.locator("[data-control=epoch]").press("End")
    wait_for_facts(touch, root, "facts.epoch === 30 && facts.watched === 6")
    assert_kernel_agrees(touch, "bugs", shown(root))


def test_play_goes_on_by_itself_and_a_new_deal_begins_anew(touch):
    root = touch.explorable("Which bug is this?")
    root.get_by_role("button", name="Next card").click()
    wait_for_facts(touch, root, "facts.card === 1 && facts.epoch === 1")
    root.get_by_role("button", name="Play").click()
    wait_for_facts(touch, root, "facts.epoch >= 4")
    root.get_by_role("button", name="Pause").click()
    root.get_by_role("button", name="Deal again").click()
    wait_for_facts(touch, root, "facts.deal === 1 && facts.card === 0 && facts.epoch === 1 && facts.named === 0")


def test_from_key_to_picture(touch, record_property):
    root = touch.explorable("Which bug is this?")
    root.locator("[data-control=epoch]").press("ArrowRight")  # the clock begins with a step back
    wait_for_facts(touch, root, "facts.epoch === 2")
    report_latency(root, "Bug explorer", "epoch", record_property)
