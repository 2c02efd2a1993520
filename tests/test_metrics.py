"""Counting pixels: by hand, against loops and scikit-learn, at the extremes, and what must not matter."""

import math
import re

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import jaccard_score

from seglearn.metrics import confusion_matrix, iou, label_map, mean_iou
from seglearn.metrics.confusion import _counted_at_once, _counted_plainly

TRUTH = torch.tensor([[[0, 0, 1, 1]]])
GUESS = torch.tensor([[[0, 1, 1, 1]]])


def maps(n=2, k=5, h=3, w=7, *, seed=0, ignored=0.2):
    """A random prediction and truth with some ignored pixels; all sizes differ."""
    chance = torch.Generator().manual_seed(seed)
    pred, mask = torch.randint(k, (2, n, h, w), generator=chance)
    return pred, mask.masked_fill(torch.rand(mask.shape, generator=chance) < ignored, 255)


def test_by_hand():
    confusion = confusion_matrix(GUESS, TRUTH, classes=3)
    assert confusion.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    assert iou(confusion).tolist()[:2] == [1 / 2, 2 / 3]
    assert mean_iou(confusion).item() == (1 / 2 + 2 / 3) / 2


def test_equals_the_loop():
    pred, mask = maps()
    counts = torch.zeros(5, 5, dtype=torch.int64)
    for guess, truth in zip(pred.flatten().tolist(), mask.flatten().tolist(), strict=True):
        if truth != 255:
            counts[truth, guess] += 1
    assert torch.equal(confusion_matrix(pred, mask, classes=5), counts)


def test_agrees_with_scikit_learn():
    pred, mask = maps()
    seen = mask != 255
    confusion = confusion_matrix(pred, mask, classes=5)
    assert np.array_equal(confusion, sklearn_confusion(mask[seen], pred[seen], labels=range(5)))
    theirs = jaccard_score(mask[seen], pred[seen], labels=range(5), average=None)
    assert np.allclose(iou(confusion), theirs, rtol=0, atol=1e-15)


def test_an_absent_class_does_not_vote():
    confusion = torch.tensor([[3, 0, 0], [0, 0, 0], [0, 0, 1]])
    assert math.isnan(iou(confusion)[1]) and mean_iou(confusion) == 1


def test_a_class_that_is_only_predicted_counts_zero():
    assert iou(torch.tensor([[3, 1], [0, 0]])).tolist() == [3 / 4, 0]


def test_nothing_counted_is_nan():
    confusion = confusion_matrix(GUESS, torch.full_like(TRUTH, 255), classes=2)
    assert confusion.sum() == 0 and math.isnan(mean_iou(confusion))


def test_counts_stay_exact_where_float32_stops_counting():
    confusion = torch.tensor([[2**24 + 1, 0], [0, 1]]) + torch.tensor([[0, 0], [1, 0]])
    assert iou(confusion)[0].item() == (2**24 + 1) / (2**24 + 2) and iou(confusion).dtype == torch.float64


def test_batches_add():
    pred, mask = maps(n=3)
    parts = sum(confusion_matrix(p[None], m[None], classes=5) for p, m in zip(pred, mask, strict=True))
    assert torch.equal(confusion_matrix(pred, mask, classes=5), parts)


def test_swapping_truth_and_guess_transposes():
    pred, mask = maps(ignored=0)
    forward = confusion_matrix(pred, mask, classes=5)
    assert torch.equal(forward.T, confusion_matrix(mask, pred, classes=5))
    assert torch.equal(iou(forward), iou(forward.T))


def test_what_is_predicted_at_ignored_pixels_does_not_matter():
    pred, mask = maps()
    other = pred.where(mask != 255, (pred + 1) % 5)
    assert not torch.equal(pred, other)
    assert torch.equal(confusion_matrix(pred, mask, classes=5), confusion_matrix(other, mask, classes=5))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_narrow_integers_do_not_overflow(dtype):
    pred, mask = maps(k=21)
    ours = confusion_matrix(pred.to(dtype), mask.to(dtype), classes=21)
    assert torch.equal(ours, confusion_matrix(pred, mask, classes=21)) and ours.sum() == (mask != 255).sum()


@pytest.mark.parametrize(
    ["pred", "mask", "error", "words"],
    [
        (torch.tensor([[[0, 255, 1, 1]]]), TRUTH, ValueError, "pred must hold labels 0..1, got [255]."),
        (torch.tensor([[[0, -1, 1, 1]]]), TRUTH, ValueError, "pred must hold labels 0..1, got [-1]."),
        (GUESS, torch.tensor([[[0, 2, 1, 3]]]), ValueError, "mask must hold labels 0..1 or 255 (ignored), got [2, 3]."),
        (GUESS.float(), TRUTH, TypeError, "pred must hold integer labels, got torch.float32."),
        (GUESS[0], TRUTH, ValueError, "pred must have shape (N, H, W), got (1, 4). Use pred.unsqueeze(0)."),
        (GUESS, TRUTH[..., :3], ValueError, "mask must have shape (N=1, H=1, W=4), got (1, 1, 3)."),
    ],
    ids=["abstains", "negative", "stranger", "float", "one image", "sizes"],
)
def test_errors_name_the_rule_and_the_value(pred, mask, error, words):
    with pytest.raises(error, match=re.escape(words)):
        confusion_matrix(pred, mask, classes=2)


def label_map_with_loops(logits):
    """The definition: at each pixel the first class whose score no other class exceeds."""
    n, k, h, w = logits.shape
    pred = torch.zeros(n, h, w, dtype=torch.int64)
    for i, y, x in torch.cartesian_prod(torch.arange(n), torch.arange(h), torch.arange(w)).tolist():
        for label in range(1, k):
            if logits[i, label, y, x] > logits[i, pred[i, y, x], y, x]:
                pred[i, y, x] = label
    return pred


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(2, 3, 5, 7), (1, 1, 4, 2), (3, 21, 1, 1), (0, 4, 2, 3)], ids=str)
def test_label_map_equals_the_loop(shape, dtype):
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(0)).round(decimals=1).to(dtype)  # with ties
    assert torch.equal(label_map(logits), label_map_with_loops(logits))


def test_label_map_lets_what_is_not_a_number_win():
    nan, inf = torch.nan, torch.inf
    logits = torch.tensor([[1.0, nan, -inf, nan, inf], [nan, 2.0, -inf, nan, inf], [3.0, nan, -inf, 1.0, nan]])
    assert label_map(logits.reshape(1, 3, 1, 5)).flatten().tolist() == [1, 0, 0, 0, 2]


def test_label_map_ignores_memory_layout():
    logits = torch.randn(2, 4, 3, 5)
    assert torch.equal(label_map(logits.to(memory_format=torch.channels_last)), label_map(logits))


LAYOUTS = {
    "plain": lambda x: x,
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "turned": lambda x: x.transpose(2, 3),
    "every other": lambda x: x[:, :, ::2, 1::2],
    "expanded": lambda x: x[:, :, :1].expand_as(x),
    "learning": lambda x: x.clone().requires_grad_(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "shape", [(2, 3, 400, 90), (1, 5, 2, 20000), (2, 1, 7, 3), (1, 255, 5, 7), (1, 300, 5, 7)], ids=str
)
def test_label_map_takes_both_roads_to_the_same_labels(shape, layout):
    # several blocks of rows, a row longer than a block, more classes than a byte can number
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(1)).round(decimals=1)  # many ties
    logits = LAYOUTS[layout](logits)
    ours = label_map(logits)
    assert ours.dtype == torch.int64 and not ours.requires_grad
    assert torch.equal(ours, logits.argmax(dim=1))


def test_label_map_does_not_depend_on_the_number_of_threads():
    logits, threads = torch.randn(2, 5, 300, 90, generator=torch.Generator().manual_seed(1)), torch.get_num_threads()
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            assert torch.equal(label_map(logits), logits.argmax(dim=1))
    finally:
        torch.set_num_threads(threads)


def test_label_map_sees_a_single_nan_among_many_blocks():
    logits = torch.randn(2, 4, 400, 90, generator=torch.Generator().manual_seed(2))
    logits[1, 2, 399, 17] = torch.nan
    assert label_map(logits)[1, 399, 17] == 2 and torch.equal(label_map(logits), logits.argmax(dim=1))


@pytest.mark.parametrize("shape", [(2, 3, 0, 5), (2, 3, 5, 0), (0, 3, 5, 2)], ids=str)
def test_label_map_of_no_pixels(shape):
    assert label_map(torch.zeros(shape)).shape == (shape[0], *shape[2:])


@pytest.mark.parametrize("ignore", [255, -100, -1, 0, 2, 5, 2_000, -(2**40)])
@pytest.mark.parametrize("classes", [1, 2, 5, 21, 150, 300])
def test_counting_takes_both_roads_to_the_same_matrix(classes, ignore):
    pred, mask = maps(k=classes, h=40, w=30)
    mask[mask == 255] = ignore
    if ignore == 255 and classes == 300:
        mask[0, 0, 0] = 299  # label 255 is a class here and ignored there
    plain = _counted_plainly(pred, mask, classes, ignore)
    assert torch.equal(confusion_matrix(pred, mask, classes, ignore=ignore), plain)
    at_once = _counted_at_once(pred, mask, classes, ignore)
    assert at_once is None if abs(ignore) > 2**20 else torch.equal(at_once, plain)


@pytest.mark.parametrize(
    "dtypes", [(torch.uint8, torch.int64), (torch.int8, torch.int16), (torch.uint16, torch.uint8)], ids=str
)
def test_both_maps_may_come_in_integers_of_their_own(dtypes):
    pred, mask = maps(k=5, ignored=0)
    ours = confusion_matrix(pred.to(dtypes[0]), mask.to(dtypes[1]), classes=5)
    assert torch.equal(ours, confusion_matrix(pred, mask, classes=5))


@pytest.mark.parametrize("shape", [(0, 3, 5), (2, 0, 5)], ids=str)
def test_no_pixels_are_no_counts(shape):
    none = torch.zeros(shape, dtype=torch.int64)
    assert confusion_matrix(none, none, classes=3).tolist() == [[0] * 3] * 3


def test_counting_leaves_the_maps_alone_and_takes_any_layout():
    pred, mask = maps(n=4, h=6, w=8)
    for one, other in [(pred.short(), mask.short()), (pred[:, ::2, 1::3], mask[:, ::2, 1::3]), (pred.mT, mask.mT)]:
        before = one.clone(), other.clone()
        plain = _counted_plainly(one.contiguous(), other.contiguous(), 5, 255)
        assert torch.equal(confusion_matrix(one, other, classes=5), plain)
        assert torch.equal(one, before[0]) and torch.equal(other, before[1])


@pytest.mark.parametrize("stranger", [-1, 5, 254, 256, 2**16 + 1, 2**32 + 1, -(2**32) + 1, 2**62])
@pytest.mark.parametrize("where", ["pred", "mask"])
def test_no_stranger_is_ever_booked_elsewhere(where, stranger):
    found = dict(zip(("pred", "mask"), maps(ignored=0.5), strict=True))
    found[where][1, 2, 3] = stranger  # cast to 8, 16 or 32 bits some of these are class 1
    with pytest.raises(ValueError, match=re.escape(f"{where} must hold labels 0..4")) as error:
        confusion_matrix(**found, classes=5)
    assert f"got [{stranger}]" in str(error.value)


def test_a_pixel_that_is_ignored_must_still_be_predicted():
    with pytest.raises(ValueError, match=re.escape("pred must hold labels 0..1, got [7].")):
        confusion_matrix(torch.tensor([[[7, 0]]]), torch.tensor([[[255, 0]]]), classes=2)


@pytest.mark.slow
def test_maps_of_more_than_2_to_the_24_pixels_are_counted_exactly():
    mask = torch.zeros(1, 4096, 4099, dtype=torch.uint8)
    pred = mask.clone()
    pred[0, 0, :3], mask[0, 5, :7] = 1, 255
    confusion = confusion_matrix(pred, mask, classes=2)
    assert confusion.tolist() == [[4096 * 4099 - 10, 3], [0, 0]] and confusion[0, 0] > 2**24
    assert iou(confusion).tolist() == [1 - 3 / (4096 * 4099 - 7), 0]


@pytest.mark.slow
def test_label_map_of_a_large_picture():
    logits = torch.randn(1, 2, 4096, 4096, generator=torch.Generator().manual_seed(3))
    assert torch.equal(label_map(logits)[0], (logits[0, 1] > logits[0, 0]).long())
