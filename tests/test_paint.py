"""The paint explorer without a browser: six scores by hand and by the library, the goal, and the still picture."""

import base64
import io

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from seglearn.metrics import boundary_iou, confusion_matrix, dice, iou, pixel_accuracy, precision, recall
from seglearn.widgets import PaintExplorer, paint
from seglearn.widgets.verdicts import draw_verdicts

SIZES = [(5, 7), (24, 32), (1, 6), (70, 90)]


def random_pair(size: tuple[int, int], seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(seed)
    truth, pred = chance.random(size) < 0.6, chance.random(size) < 0.5
    truth[0, 0] = True
    return truth, pred


def one_too_large() -> np.ndarray:
    """Return a reaching state: the truth, grown by one pixel to the four sides."""
    ring = np.pad(paint.sign_on_a_pole(), 1)
    return ring[1:-1, 1:-1] | ring[:-2, 1:-1] | ring[2:, 1:-1] | ring[1:-1, :-2] | ring[1:-1, 2:]


# --- by hand --------------------------------------------------------------------------------------------------------


def test_six_scores_of_seven_pixels():
    truth = np.array([[True, True, True, False, False, False, False]])
    found = paint.facts({"truth": truth, "pred": [0, 1, 1, 1, 0, 0, 0]})
    assert found == {
        "hits": 2,
        "misses": 1,
        "false_alarms": 1,
        "correct_background": 3,
        "pixel_accuracy": 5 / 7,
        "precision": 2 / 3,
        "recall": 2 / 3,
        "dice": 4 / 6,
        "iou": 2 / 4,
        "boundary_iou": 2 / 4,  # one row: every pixel is outline
    }


def test_the_hollow_start_has_a_perfect_outline():
    found = PaintExplorer().facts
    assert (found["boundary_iou"], found["precision"]) == (1, 1)
    assert found["dice"] < 0.6


# --- the library ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_score_is_that_of_the_library(size, seed):
    truth, pred = random_pair(size, seed)
    found = paint.facts({"truth": truth, "pred": pred.astype(int).ravel().tolist()})
    guess, mask = torch.from_numpy(pred).long(), torch.from_numpy(truth).long()
    confusion = confusion_matrix(guess[None], mask[None], classes=2)
    for name, score in {"precision": precision, "recall": recall, "dice": dice, "iou": iou}.items():
        assert found[name] == pytest.approx(score(confusion)[1].item(), abs=1e-15)
    assert found["pixel_accuracy"] == pytest.approx(pixel_accuracy(confusion).item(), abs=1e-15)
    assert found["boundary_iou"] == boundary_iou(guess, mask).item()


@pytest.mark.parametrize(["size", "band"], [((24, 32), 1), ((5, 7), 1), ((70, 90), 2)], ids=str)
def test_the_band_is_that_of_boundary_iou(size, band):
    assert paint.band_px(size) == band


# --- extremes -------------------------------------------------------------------------------------------------------


def test_nothing_painted_has_precision_0_as_the_library_has_it():
    explorer = PaintExplorer()
    explorer.pred = [0] * 768
    mask = torch.from_numpy(paint.sign_on_a_pole()).long()
    confusion = confusion_matrix(torch.zeros_like(mask)[None], mask[None], classes=2)
    assert explorer.facts["precision"] == 0 == precision(confusion)[1]
    assert (explorer.facts["dice"], explorer.facts["boundary_iou"]) == (0, 0)
    assert "precision 0.000, recall 0.000" in repr(explorer)
    assert explorer.still() != PaintExplorer().still()


def test_all_right_is_one_everywhere():
    truth, _ = random_pair((9, 11))
    found = PaintExplorer(truth, truth).facts
    assert {found[name] for name in paint.SCORES} == {1.0}


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy, lambda pred: pred.astype(int).ravel().tolist()])
def test_python_paints_with_arrays_tensors_and_lists(kind):
    truth, pred = random_pair((6, 5))
    explorer = PaintExplorer(truth)
    explorer.pred = kind(pred)
    assert explorer.pred == pred.astype(int).ravel().tolist()


# --- the goal -------------------------------------------------------------------------------------------------------


def test_the_goal_wants_both():
    explorer, truth = PaintExplorer(), paint.sign_on_a_pole()
    assert not explorer.reached
    explorer.pred = truth
    assert explorer.facts["dice"] == 1 and not explorer.reached
    explorer.pred = np.zeros_like(truth)
    assert explorer.facts["boundary_iou"] == 0 and not explorer.reached
    explorer.pred = one_too_large()
    assert explorer.facts["dice"] >= 0.8 and explorer.facts["boundary_iou"] <= 0.5
    assert explorer.reached


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = PaintExplorer()
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer) and "boundary IoU 1.000" in repr(explorer)


def test_a_still_shows_the_painting_and_nothing_else():
    explorer, twin = PaintExplorer(), PaintExplorer()
    assert explorer.still() == twin.still()
    twin.pred = one_too_large()
    assert explorer.still() != twin.still()


def test_a_still_marks_every_pixel_by_its_verdict():
    truth = np.array([[True, True, True, False, False]])
    ax = Figure().subplots()
    draw_verdicts(ax, truth, np.array([[True, False, False, True, False]]))
    marked = {dots.get_label(): dots.get_offsets()[:, 0].tolist() for dots in ax.collections}
    drawn = {label: columns for label, columns in marked.items() if not label.startswith("_")}
    assert drawn == {"1 hits": [0], "2 misses": [1, 2], "1 false alarms": [3]}


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (
            lambda: PaintExplorer(np.zeros((4, 5))),
            r"truth must be \(H, W\) with at least one object pixel, got \(4, 5\)",
        ),
        (lambda: PaintExplorer(np.ones((2, 4, 5))), r"truth must be \(H, W\) .* got \(2, 4, 5\) with 40"),
        (
            lambda: PaintExplorer(np.ones((4, 5)), np.ones((5, 4))),
            r"pred must be as large as truth, \(4, 5\), got \(5, 4",
        ),
        (lambda: setattr(PaintExplorer(), "pred", [1] * 5), r"pred must hold 768 numbers \(24 rows of 32\), got 5"),
        (lambda: setattr(PaintExplorer(), "pred", [2] * 768), "pred must hold numbers from 0 to 1, got 2 in row 0"),
        (lambda: setattr(PaintExplorer(), "brush", 6), "brush must be from 1 to 5, got 6"),
    ],
    ids=["no object", "three axes", "size", "count", "value", "brush"],
)
def test_what_cannot_be_painted_is_refused(make, words):
    with pytest.raises(ValueError, match=f"PaintExplorer: {words}"):
        make()
