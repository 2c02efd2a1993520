"""Scores from one confusion matrix: by hand, against scikit-learn, torchmetrics, SMP, MONAI, and where those differ."""

import math
import re

import monai.metrics
import numpy as np
import pytest
import segmentation_models_pytorch.metrics as smp
import sklearn.metrics
import torch
import torch.nn.functional as F
import torchmetrics.functional.classification as torchmetrics

from seglearn.metrics import confusion_matrix, dice, f1, iou, mean_iou, pixel_accuracy, precision, recall

NAN = math.nan
TRUTH = torch.tensor([[[0, 0, 0, 1, 1, 1, 3]]])
GUESS = torch.tensor([[[0, 0, 1, 1, 1, 2, 0]]])  # 2 is only predicted, 3 only true, 4 in neither
BY_HAND = {
    precision: [2 / 3, 2 / 3, 0, 0, NAN],
    recall: [2 / 3, 2 / 3, 0, 0, NAN],
    dice: [2 / 3, 2 / 3, 0, 0, NAN],
    f1: [2 / 3, 2 / 3, 0, 0, NAN],
    iou: [1 / 2, 1 / 2, 0, 0, NAN],
}
RATIOS = sorted(BY_HAND, key=lambda ratio: ratio.__name__)


def same(ours, theirs, tolerance=1e-15):
    """Numbers agree to the last bits, and NaN stands in the same places."""
    return np.allclose(np.asarray(ours), np.asarray(theirs), rtol=0, atol=tolerance, equal_nan=True)


def maps(n=2, k=5, h=11, w=13, *, seed=0):
    """A random prediction and truth in which every class occurs, with some ignored pixels."""
    chance = torch.Generator().manual_seed(seed)
    pred, mask = torch.randint(k, (2, n, h, w), generator=chance)
    return pred, mask.masked_fill(torch.rand(mask.shape, generator=chance) < 0.2, 255)


def one_hot(labels, classes=5):
    return F.one_hot(labels, classes).movedim(-1, 1)


@pytest.mark.parametrize("ratio", RATIOS, ids=lambda ratio: ratio.__name__)
def test_by_hand(ratio):
    ours = ratio(confusion_matrix(GUESS, TRUTH, classes=5))
    assert same(ours, BY_HAND[ratio]) and ours.dtype == torch.float64


def test_precision_and_recall_by_hand():
    confusion = torch.tensor([[4, 1], [2, 3]])  # of 5 + 5 true pixels 6 + 4 are called 0 and 1
    assert same(precision(confusion), [4 / 6, 3 / 4]) and same(recall(confusion), [4 / 5, 3 / 5])
    assert pixel_accuracy(confusion).item() == 7 / 10


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_scikit_learn(seed):
    pred, mask = maps(seed=seed)
    seen = mask != 255
    confusion, labels = confusion_matrix(pred, mask, classes=7), range(7)  # 5 and 6 in neither
    options = {"labels": labels, "average": None, "zero_division": np.nan}
    for ours, theirs in {
        precision: sklearn.metrics.precision_score,
        recall: sklearn.metrics.recall_score,
        f1: sklearn.metrics.f1_score,
    }.items():
        assert same(ours(confusion), theirs(mask[seen], pred[seen], **options))
    assert pixel_accuracy(confusion).item() == pytest.approx(sklearn.metrics.accuracy_score(mask[seen], pred[seen]))


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_torchmetrics_where_every_class_occurs(seed):
    pred, mask = maps(seed=seed)
    confusion = confusion_matrix(pred, mask, classes=5)
    options = {"num_classes": 5, "average": "none", "ignore_index": 255}
    assert torch.equal(confusion, torchmetrics.multiclass_confusion_matrix(pred, mask, 5, ignore_index=255))
    for ours, theirs in {
        precision: torchmetrics.multiclass_precision,
        recall: torchmetrics.multiclass_recall,
        f1: torchmetrics.multiclass_f1_score,
        iou: torchmetrics.multiclass_jaccard_index,
    }.items():
        assert same(ours(confusion), theirs(pred, mask, **options), 1e-6)  # theirs is float32


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_segmentation_models_pytorch_where_every_class_occurs(seed):
    pred, mask = maps(seed=seed)
    confusion = confusion_matrix(pred, mask, classes=5)
    counts = smp.get_stats(pred, mask, mode="multiclass", num_classes=5, ignore_index=255)
    counts = [count.sum(dim=0, keepdim=True) for count in counts]  # the data set's, not each picture's
    for ours, theirs in {precision: smp.precision, recall: smp.recall, f1: smp.f1_score, iou: smp.iou_score}.items():
        assert same(ours(confusion), theirs(*counts, reduction="none")[0], 1e-6)


def test_agrees_with_monai_picture_by_picture_where_the_truth_has_every_class():
    pred, mask = maps()
    mask = mask.where(mask != 255, 0)
    theirs_iou = monai.metrics.compute_iou(one_hot(pred), one_hot(mask))
    theirs_dice = monai.metrics.DiceHelper(include_background=True, get_not_nans=False, reduction="none")(
        one_hot(pred), one_hot(mask)
    )
    for i in range(2):
        confusion = confusion_matrix(pred[i : i + 1], mask[i : i + 1], classes=5)
        assert same(iou(confusion), theirs_iou[i], 1e-6) and same(dice(confusion), theirs_dice[i], 1e-6)


def test_torchmetrics_lets_an_absent_class_count_zero():
    theirs = torchmetrics.multiclass_jaccard_index(GUESS, TRUTH, 5, average="none")
    ours = iou(confusion_matrix(GUESS, TRUTH, classes=5))
    assert theirs[4] == 0 and ours[4].isnan() and same(ours[:4], theirs[:4])


def test_smp_lets_an_absent_class_count_one():
    counts = smp.get_stats(GUESS, TRUTH, mode="multiclass", num_classes=5)
    theirs = smp.iou_score(*counts, reduction="none")[0]
    ours = iou(confusion_matrix(GUESS, TRUTH, classes=5))
    assert theirs[4] == 1 and ours[4].isnan() and same(ours[:4], theirs[:4])


def test_smp_praises_the_precision_of_a_class_that_is_never_predicted():
    counts = smp.get_stats(GUESS, TRUTH, mode="multiclass", num_classes=5)
    assert smp.precision(*counts, reduction="none")[0, 3] == 1
    assert precision(confusion_matrix(GUESS, TRUTH, classes=5))[3] == 0


def test_monai_forgives_a_class_that_is_only_predicted():
    theirs = monai.metrics.compute_iou(one_hot(GUESS), one_hot(TRUTH))[0]
    ours = iou(confusion_matrix(GUESS, TRUTH, classes=5))
    assert theirs[2].isnan() and ours[2] == 0


def test_f1_is_the_harmonic_mean_and_dice_by_another_name():
    confusion = torch.randint(1, 99, (6, 6), generator=torch.Generator().manual_seed(0))
    p, r = precision(confusion), recall(confusion)
    assert same(f1(confusion), 2 * p * r / (p + r)) and torch.equal(f1(confusion), dice(confusion))


def test_dice_and_iou_order_the_same_way():
    confusion = torch.randint(99, (6, 6), generator=torch.Generator().manual_seed(0))
    score = iou(confusion)
    assert same(dice(confusion), 2 * score / (1 + score)) and torch.equal(dice(confusion).argsort(), score.argsort())


def test_swapping_truth_and_guess_swaps_precision_and_recall():
    confusion = confusion_matrix(GUESS, TRUTH, classes=5)
    assert same(precision(confusion), recall(confusion.T)) and same(dice(confusion), dice(confusion.T))
    skewed = torch.tensor([[4, 1], [2, 3]])
    assert torch.equal(precision(skewed), recall(skewed.T)) and not torch.equal(precision(skewed), recall(skewed))


def test_recall_is_accuracy_within_the_class():
    pred, mask = maps()
    confusion = confusion_matrix(pred, mask, classes=5)
    assert same((recall(confusion) * confusion.sum(dim=1)).sum() / confusion.sum(), pixel_accuracy(confusion))


@pytest.mark.parametrize("ratio", [*RATIOS, mean_iou, pixel_accuracy], ids=lambda ratio: ratio.__name__)
def test_nothing_counted_is_nan(ratio):
    assert ratio(torch.zeros(3, 3, dtype=torch.int64)).isnan().all()


@pytest.mark.parametrize("ratio", [*RATIOS, mean_iou, pixel_accuracy], ids=lambda ratio: ratio.__name__)
def test_one_class_that_is_all_right_is_perfect(ratio):
    assert ratio(torch.tensor([[7]])).item() == 1


def test_ratios_stay_exact_where_float32_stops_counting():
    many = 2**24 + 1  # in float32 this is 2^24
    confusion = torch.tensor([[many, 1], [0, 1]])
    assert recall(confusion)[0].item() == many / (many + 1) and pixel_accuracy(confusion).item() == 1 - 1 / (many + 2)
    assert precision(confusion)[1].item() == 1 / 2 and dice(confusion)[0].item() == 2 * many / (2 * many + 1)


@pytest.mark.parametrize("ratio", [*RATIOS, mean_iou, pixel_accuracy], ids=lambda ratio: ratio.__name__)
def test_a_confusion_must_be_square(ratio):
    with pytest.raises(ValueError, match=re.escape(f"{ratio.__name__}: confusion must have shape (K, K), got (2, 3)")):
        ratio(torch.zeros(2, 3))
