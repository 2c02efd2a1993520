"""The bug explorer without a browser: real runs whose signs are there, a secret that is kept, goals, the still."""

import base64
import io
import math
from statistics import mean

import numpy as np
import pytest
from PIL import Image

from seglearn.labels import IGNORE, STREETS
from seglearn.widgets import BugExplorer, Goal
from seglearn.widgets.bug_cards import BUGS, FLOOR, NAMES, dealt, measured

SEEDS = (0, 1, 2)
RUNS = {(run.bug, run.seed): run for run in measured()["runs"]}


def truths(explorer: BugExplorer) -> list[str]:
    names = {bug.key: bug.name for bug in BUGS}
    return [names[explorer.given["runs"][place].bug] for place in explorer.given["deals"][explorer.deal]]


def gap(run) -> float:
    """Return by how much the validation loss lies above the training loss, over the last ten epochs."""
    return mean(run.val_loss[-10:]) - mean(run.loss[-10:])


# --- what the cards say of each bug is in its runs, of every seed ---------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_a_healthy_run_starts_at_ln_k_and_learns(seed):
    run = RUNS["healthy", seed]
    assert abs(run.first_loss / math.log(8) - 1) < 0.1
    assert run.loss[-1] < 0.5 * run.loss[0] and run.score[-1] > 5 * run.score[0]
    assert min(map(min, run.norms)) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_the_signs_that_the_cards_name_are_there(seed):
    run = {bug.key: RUNS[bug.key, seed] for bug in BUGS}
    healthy = run["healthy"]
    for bug in ("rate_high", "rate_low", "no_zero_grad"):
        assert run[bug].score[-1] < 0.4 * healthy.score[-1], bug
    assert run["rate_high"].loss[0] > 1.4 * math.log(8)
    assert len(np.unique(run["rate_high"].preds[-1])) == 1
    assert sum(norm < 1e-3 for norm in run["rate_high"].norms[-1]) >= 3
    assert run["rate_low"].loss[0] - run["rate_low"].loss[-1] < 0.1
    assert max(run["no_zero_grad"].norms[-1]) > 5 * max(run["no_zero_grad"].norms[0])
    assert mean(map(max, run["no_zero_grad"].norms)) > 3 * mean(map(max, healthy.norms))
    assert min(run["double_softmax"].loss) > FLOOR > min(healthy.loss)
    assert run["image_flip"].loss[-1] > 1.15 * healthy.loss[-1]
    assert gap(run["image_flip"]) < gap(healthy) > gap(run["leak"])
    assert run["shuffled_labels"].score[-1] < 0.75 * healthy.score[-1]
    assert run["bytes"].first_loss > 1.15 * math.log(8)
    assert {norm for row in run["frozen"].norms for norm in row[:3]} == {0.0}
    assert run["frozen"].loss[-1] > 1.25 * healthy.loss[-1]
    assert run["leak"].val_loss[-1] < healthy.val_loss[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_only_the_picture_tells_that_void_is_a_class(seed):
    run, void = RUNS["void_as_class", seed], measured()["mask"] == IGNORE
    sky = STREETS.index("sky")
    assert (run.preds[-1][void] == sky).mean() > 0.5 > (RUNS["healthy", seed].preds[-1][void] == sky).mean()
    assert abs(run.first_loss / math.log(8) - 1) < 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_net_without_dropout_and_batch_norm_hides_that_it_was_judged_in_training_mode(seed):
    healthy, silent = RUNS["healthy", seed], RUNS["train_mode", seed]
    assert (silent.loss, silent.val_loss, silent.score) == (healthy.loss, healthy.val_loss, healthy.score)
    assert np.array_equal(silent.preds, healthy.preds)
    assert "train_mode" not in {bug.key for bug in BUGS}, "no card can ask for what no curve shows"


# --- cards and deals ------------------------------------------------------------------------------------------------


def test_a_deal_holds_every_bug_once():
    for deal in dealt(5):
        assert sorted(measured()["runs"][place].bug for place in deal) == sorted(bug.key for bug in BUGS)
    assert len({tuple(deal) for deal in dealt(5)}) == len(SEEDS)
    assert dealt(5) == dealt(5) != dealt(6)


def test_a_card_keeps_its_secret_until_it_is_named():
    explorer = BugExplorer()
    wrong = next(name for name in NAMES if name != truths(explorer)[0])
    assert (explorer.facts["said"], explorer.facts["truth"]) == (None, None)
    explorer.epoch = 4
    explorer.name(wrong)
    explorer.name(truths(explorer)[0])  # too late
    found = explorer.facts
    assert (found["said"], found["truth"], found["named"], found["right"]) == (wrong, truths(explorer)[0], 1, 0)
    assert f"You said {wrong}, but it is {truths(explorer)[0]}" in repr(explorer)


def test_what_was_watched_counts_until_a_card_is_named():
    explorer = BugExplorer()
    explorer.epoch = 7
    explorer.epoch = 3
    explorer.name(truths(explorer)[0])
    explorer.epoch = 30
    assert (explorer.facts["watched"], explorer.facts["watched_per_card"]) == (7, 7.0)
    explorer.card, explorer.epoch = 1, 2
    explorer.name(NAMES[0])
    assert explorer.facts["watched_per_card"] == 4.5


@pytest.mark.parametrize("deal", SEEDS)
def test_whoever_names_all_at_once_reaches_the_goals(deal):
    explorer = BugExplorer()
    explorer.deal = deal
    for card, name in enumerate(truths(explorer)):
        assert not explorer.reached or card >= 8
        explorer.card, explorer.epoch = card, 1 if card % 2 else 10
        explorer.name(name)
    assert explorer.reached and explorer.facts["right"] == len(BUGS)


def test_whoever_watches_everything_does_not():
    explorer = BugExplorer()
    for card, name in enumerate(truths(explorer)):
        explorer.card, explorer.epoch = card, 29 + card % 2
        explorer.name(name)
    assert explorer.solved == 1 and not explorer.reached


# --- where no kernel runs, and errors -------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = BugExplorer(goal=Goal("Look at the end.", (("epoch", "==", 30),)))
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    explorer.epoch = 30
    assert explorer.reached and explorer.still() != base64.b64decode(data["image/png"])


@pytest.mark.parametrize(
    ["act", "words"],
    [
        (lambda explorer: explorer.name("gremlins"), "bug must be one of nothing: a healthy run; .* got 'gremlins'"),
        (lambda explorer: setattr(explorer, "epoch", 31), "epoch must be from 1 to 30, got 31"),
        (lambda explorer: setattr(explorer, "card", len(BUGS)), "card must be from 0 to 10, got 11"),
        (lambda explorer: setattr(explorer, "named", [0]), "named must hold 11 numbers"),
    ],
    ids=["name", "epoch", "card", "named"],
)
def test_what_is_not_on_a_card_is_refused(act, words):
    with pytest.raises(ValueError, match=f"BugExplorer: {words}"):
        act(BugExplorer())
