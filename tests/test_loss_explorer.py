"""The loss explorer without a browser: six losses and their pulls as the library has them, the goal, and the still."""

import base64
import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from seglearn import losses
from seglearn.exercises.engine import find
from seglearn.labels import IGNORE
from seglearn.metrics import confusion_matrix, iou, pixel_accuracy
from seglearn.widgets import LossExplorer, loss_explorer

LIBRARY = {
    "cross_entropy": losses.cross_entropy_loss,
    "focal": lambda logits, mask: losses.focal_loss(logits, mask, gamma=loss_explorer.GAMMA),
    "dice": losses.dice_loss,
    "jaccard": losses.jaccard_loss,
    "tversky": lambda logits, mask: losses.tversky_loss(
        logits, mask, alpha=loss_explorer.ALPHA, beta=loss_explorer.BETA
    ),
    "lovasz": losses.lovasz_loss,
}
REACHED = {4: 6, 5: 6, 0: 5}  # the object found for sure, and one pixel of the background confidently wrong


def random_pixels(seed: int, size: tuple[int, int] = (3, 4)) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    margins = torch.rand(size, generator=generator, dtype=torch.float64) * 12 - 6
    mask = torch.randint(0, 2, size, generator=generator)
    mask[0, 0], mask[0, 1], mask[1, 2] = 0, 1, IGNORE
    return margins, mask


def found_by(margins, mask, loss: int = 0) -> dict:
    flat = margins.flatten().tolist()
    return loss_explorer.facts({"margins": flat, "start": flat, "mask": mask.flatten().tolist(), "loss": loss})


def moved(places: dict[int, float]) -> list[float]:
    return [places.get(i, z) for i, z in enumerate(loss_explorer.START)]


# --- by hand --------------------------------------------------------------------------------------------------------


def test_two_undecided_pixels():
    found = loss_explorer.facts({"margins": [0, 0, 9], "start": [0, 0, 0], "mask": [0, 1, IGNORE], "loss": 2})
    assert found["cross_entropy"] == round(math.log(2), 6)
    assert (found["focal"], found["dice"]) == (round(math.log(2) / 4, 6), 0.5)
    assert found["jaccard"] == round(1 - 0.5 / 1.5, 6)
    assert (found["probs"][:2], found["accuracy"], found["iou"]) == ([0.5, 0.5], 0.5, 0)
    assert found["arrows"] == [-0.125, 0.125, 0]
    assert found["d_dice"] == 0, "a void pixel moved a loss"


# --- the library ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(["place", "loss"], list(enumerate(loss_explorer.LOSSES)))
def test_values_and_pulls_are_those_of_the_library(place, loss, seed):
    margins, mask = random_pixels(seed)
    margins.requires_grad_()
    logits = torch.stack([torch.zeros_like(margins), margins])[None]  # (1, 2, H, W): only the difference counts
    value = LIBRARY[loss](logits, mask[None])
    (gradient,) = torch.autograd.grad(value, margins)
    found = found_by(margins.detach(), mask, place)
    assert (found["loss_name"], found[loss]) == (loss, pytest.approx(value.item(), abs=6e-7))
    assert found["arrows"] == pytest.approx((-gradient).flatten().tolist(), abs=6e-7)


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_the_library(seed):
    margins, mask = random_pixels(seed)
    found = found_by(margins, mask)
    confusion = confusion_matrix((margins > 0).long()[None], mask[None], classes=2)
    assert found["iou"] == pytest.approx(iou(confusion)[1].item(), abs=6e-7)
    assert found["accuracy"] == pytest.approx(pixel_accuracy(confusion).item(), abs=6e-7)


# --- the goal -------------------------------------------------------------------------------------------------------


def test_changes_count_from_the_start():
    explorer = LossExplorer()
    assert {explorer.facts[f"d_{loss}"] for loss in loss_explorer.LOSSES} == {0}
    before = explorer.facts["dice"]
    explorer.margins = moved({4: 6})
    assert explorer.facts["d_dice"] == pytest.approx(explorer.facts["dice"] - before, abs=2e-6)
    assert explorer.facts["d_dice"] < 0 > explorer.facts["d_cross_entropy"]


@pytest.mark.parametrize("places", [{}, {4: 6}, {4: 6, 5: 6}, {0: 5}, {2: 6, 8: 6}], ids=str)
def test_one_half_of_the_goal_is_not_enough(places):
    explorer = LossExplorer()
    explorer.margins = moved(places)
    assert not explorer.reached


def test_the_goal_is_reached_by_one_confident_mistake():
    explorer = LossExplorer()
    explorer.margins = moved(REACHED)
    assert explorer.facts["d_dice"] < -0.05 < 0.05 < explorer.facts["d_cross_entropy"]
    assert explorer.reached


def test_the_exercise_foresees_what_the_explorer_says():
    exercise = find("07.tug_of_war")
    foreseen = [exercise.start, *exercise.rights, *(wrong.answer for wrong in exercise.wrongs)]
    for facts in foreseen:
        explorer = LossExplorer()
        explorer.margins = facts["margins"]
        for name in ("d_dice", "d_cross_entropy"):
            assert explorer.facts[name] == pytest.approx(facts[name], abs=6e-4)
        assert explorer.reached == exercise.reached(facts)


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("margin", [-6, 0, 6])
@pytest.mark.parametrize("loss", range(6))
def test_controls_at_their_ends(margin, loss):
    explorer = LossExplorer()
    explorer.margins, explorer.loss, explorer.pixel = [margin] * 9, loss, 8
    assert all(math.isfinite(explorer.facts[name]) for name in loss_explorer.LOSSES)
    assert explorer.describe(explorer.facts) in repr(explorer)


def test_one_row_with_one_pixel_of_each_class():
    explorer = LossExplorer([[1, -2]], [[1, 0]])
    assert explorer.facts["accuracy"] == 1 and explorer.still()


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = LossExplorer()
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer) and "Dice 0.319 (+0.000)" in repr(explorer)


@pytest.mark.parametrize(["name", "value"], [("margins", moved({3: 4})), ("loss", 5)])
def test_a_still_shows_the_state_and_nothing_else(name, value):
    explorer, twin = LossExplorer(), LossExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, name, value)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (lambda: LossExplorer([[0, 0]], [[0, 1, 1]]), r"one size \(H, W\), got \(1, 2\) and \(1, 3\)"),
        (lambda: LossExplorer([[0, 0]], [[1, 1]]), r"mask must hold 0 \(background\) and 1 \(object\), .* got \[1\]"),
        (lambda: LossExplorer([[0, 0]], [[0, 2]]), r"mask must hold 0 .* got \[0, 2\]"),
        (
            lambda: LossExplorer([[0, 9]], [[0, 1]]),
            r"margins must hold numbers from -6 to 6, got 9.0 in row 0, column 1",
        ),
        (lambda: setattr(LossExplorer(), "loss", 6), "loss must be from 0 to 5, got 6"),
    ],
    ids=["size", "one class", "label", "margin", "loss"],
)
def test_what_cannot_be_judged_is_refused(make, words):
    with pytest.raises(ValueError, match=f"LossExplorer: .*{words}"):
        make()
