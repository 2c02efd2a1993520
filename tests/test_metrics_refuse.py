"""What the metrics refuse: input that would give a plausible number and a wrong one, or die in foreign words."""

import math
import re

import pytest
import torch

from seglearn.metrics import (
    average_precision,
    boundary,
    boundary_iou,
    calibration_error,
    confusion_matrix,
    dice,
    f1,
    iou,
    label_map,
    matches,
    mean_iou,
    panoptic_quality,
    pixel_accuracy,
    precision,
    recall,
    reliability,
)

SCORES = [iou, mean_iou, dice, precision, recall, f1, pixel_accuracy]
NO_LABELS = torch.zeros(1, 2, 3, dtype=torch.int64)
ONE = torch.tensor([0.9])


def refused(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
@pytest.mark.parametrize("kind", [torch.float64, torch.bool])
def test_shares_are_no_counts(score, kind):
    rows = torch.tensor([[0.25, 0.75], [0.0, 1.0]]).to(kind)  # a matrix in percent of its rows: precision is lost
    refused(lambda: score(rows), TypeError, f"{score.__name__}: confusion must hold integer counts, got {kind}")


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.__name__)
def test_counts_are_never_negative(score):
    refused(lambda: score(torch.tensor([[3, -2], [0, 1]])), ValueError, "must hold counts from 0 on, got -2")


@pytest.mark.parametrize("classes", [0, -1])
def test_without_a_class_nothing_can_be_counted(classes):
    words = f"confusion_matrix: classes must be at least 1, got {classes}"
    refused(lambda: confusion_matrix(NO_LABELS, NO_LABELS, classes), ValueError, words)
    refused(lambda: confusion_matrix(NO_LABELS[:0], NO_LABELS[:0], classes), ValueError, words)


def test_without_a_class_nothing_can_be_chosen():
    nothing, words = torch.zeros(1, 0, 2, 3), "classes must be at least 1, got 0"
    refused(lambda: label_map(nothing), ValueError, f"label_map: {words}")
    refused(lambda: calibration_error(nothing, NO_LABELS + 255), ValueError, f"calibration_error: {words}")


def test_a_band_of_integers_is_a_mask():
    mask = torch.tensor([[0, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 1]])
    band = boundary(mask, width=1)
    assert band.dtype == torch.bool and torch.equal(band, boundary(mask == 1, width=1)) and band.sum() == 8


@pytest.mark.parametrize(
    ["mask", "width", "error", "words"],
    [
        (torch.ones(2, 3), 1, TypeError, "boundary: mask must hold integer labels, got torch.float32"),
        (torch.full((2, 3), 255), 1, ValueError, "boundary: mask must hold labels 0..1, got [255]"),
        (torch.ones(1, 2, 3).bool(), 1, ValueError, "boundary: mask must have shape (H, W), got (1, 2, 3)"),
        (torch.ones(2, 3).bool(), 0, ValueError, "boundary: width must be at least 1 pixel, got 0"),
        (torch.ones(2, 3).bool(), -2, ValueError, "boundary: width must be at least 1 pixel, got -2"),
    ],
    ids=["floats", "void", "a batch", "no width", "negative"],
)
def test_a_band_needs_a_mask_and_a_width(mask, width, error, words):
    refused(lambda: boundary(mask, width=width), error, words)


@pytest.mark.parametrize("ratio", [math.inf, math.nan, -0.1])
def test_a_ratio_is_a_positive_number(ratio):
    mask = torch.ones(2, 3).bool()
    refused(lambda: boundary_iou(mask, mask, dilation_ratio=ratio), ValueError, f"must be positive, got {ratio}")


@pytest.mark.parametrize("judge", [matches, average_precision], ids=lambda judge: judge.__name__)
@pytest.mark.parametrize("overlap", [90.0, -0.1, math.nan])
def test_overlaps_are_shares(judge, overlap):
    words = f"{judge.__name__}: overlaps must be IoUs from 0 to 1, got {overlap:.4g}"
    refused(lambda: judge(torch.tensor([[0.3, overlap]]), ONE), ValueError, words)


@pytest.mark.parametrize("judge", [matches, average_precision], ids=lambda judge: judge.__name__)
@pytest.mark.parametrize("threshold", [50, -0.5])
def test_a_threshold_is_a_share(judge, threshold):
    words = f"{judge.__name__}: threshold must be an IoU from 0 to 1, got {threshold}"
    refused(lambda: judge(torch.tensor([[0.3]]), ONE, threshold=threshold), ValueError, words)


def test_an_overlap_may_round_to_a_little_over_one():
    assert matches(torch.tensor([[1.0000001]]), ONE).tolist() == [True]


def test_records_of_other_classes_do_not_add():
    empty = torch.zeros(2, 3, dtype=torch.int64)
    two, three = (panoptic_quality(empty, empty, {}, {}, classes=k) for k in (2, 3))
    refused(lambda: two + three, ValueError, "records must count the same classes, got 2 and 3")
    refused(lambda: two + 1, TypeError, "unsupported operand")


def test_calibration_of_nothing_is_nan_in_float64():
    probs = torch.full((1, 2, 2, 3), 0.5)
    error, table = calibration_error(probs, NO_LABELS + 255), reliability(probs, NO_LABELS + 255)
    assert error.isnan() and table.accuracy.isnan().all() and table.count.sum() == 0
    assert error.dtype == table.accuracy.dtype == table.confidence.dtype == torch.float64
