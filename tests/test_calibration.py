"""Calibration: by hand, against loops, torchmetrics and scikit-learn, on the edges of bins, what must not matter."""

import re

import numpy as np
import pytest
import torch
import torchmetrics.functional.classification as torchmetrics
from sklearn.calibration import calibration_curve

from seglearn.metrics import calibration_error, reliability


def maps(n=2, k=5, h=11, w=13, *, seed=0, sharpness=3.0, dtype=torch.float32):
    """Probabilities and a truth that mostly follows them, with some ignored pixels."""
    chance = torch.Generator().manual_seed(seed)
    logits = sharpness * torch.randn(n, k, h, w, generator=chance)
    mask = logits.argmax(dim=1).where(torch.rand(n, h, w, generator=chance) < 0.7, 0)
    mask = mask.masked_fill(torch.rand(n, h, w, generator=chance) < 0.2, 255)
    return logits.softmax(dim=1).to(dtype), mask


def calibration_error_with_loops(probs, mask, bins):
    """The definition, pixel by pixel."""
    held = [[] for _ in range(bins)]
    for scores, truth in zip(probs.movedim(1, -1).flatten(0, 2).tolist(), mask.flatten().tolist(), strict=True):
        if truth != 255:
            confidence = max(scores)
            place = next(b for b in range(bins) if confidence <= (b + 1) / bins or b == bins - 1)
            held[place].append((confidence, scores.index(confidence) == truth))
    count = sum(len(some) for some in held)
    gaps = [abs(sum(c for c, _ in some) - sum(right for _, right in some)) for some in held]
    return sum(gaps) / count


def two_classes(*confidences):
    """Class 0 with these confidences, in one row of pixels."""
    first = torch.tensor(confidences)
    return torch.stack([first, 1 - first])[None, :, None]


def test_by_hand():
    probs = two_classes(0.9, 0.9, 0.9, 0.6, 0.6)
    mask = torch.tensor([[[0, 0, 1, 0, 255]]])
    table = reliability(probs, mask, bins=5)
    assert table.count.tolist() == [0, 0, 1, 0, 3] and table.edges.tolist() == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert table.accuracy[[2, 4]].tolist() == [1, 2 / 3] and table.accuracy[[0, 1, 3]].isnan().all()
    assert table.confidence[[2, 4]].tolist() == pytest.approx([0.6, 0.9])
    assert calibration_error(probs, mask, bins=5).item() == pytest.approx((1 * 0.4 + 3 * (0.9 - 2 / 3)) / 4)


@pytest.mark.parametrize("bins", [1, 2, 10, 15, 100])
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_loop(bins, seed):
    probs, mask = maps(seed=seed, dtype=torch.float64)
    ours = calibration_error(probs, mask, bins=bins)
    assert ours.item() == pytest.approx(calibration_error_with_loops(probs, mask, bins), abs=1e-14)
    assert ours.dtype == torch.float64 and ours.shape == ()


@pytest.mark.parametrize("bins", [2, 15])
@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_torchmetrics_between_the_edges(bins, seed):
    probs, mask = maps(seed=seed)
    theirs = torchmetrics.multiclass_calibration_error(probs, mask, 5, n_bins=bins, norm="l1", ignore_index=255)
    assert calibration_error(probs, mask, bins=bins).item() == pytest.approx(theirs.item(), abs=1e-6)


def test_torchmetrics_puts_a_confidence_on_an_edge_into_the_upper_bin():
    probs, mask = two_classes(0.75, 0.875), torch.tensor([[[1, 0]]])  # both sure of class 0, once wrongly
    theirs = torchmetrics.multiclass_calibration_error(probs, mask, 2, n_bins=4, norm="l1")
    assert calibration_error(probs, mask, bins=4).item() == (0.75 + 0.125) / 2  # two bins
    assert theirs.item() == pytest.approx((0.75 + 0.875 - 1) / 2)  # one bin, where the errors cancel


@pytest.mark.parametrize("bins", [3, 10])
def test_agrees_with_scikit_learn_bin_by_bin(bins):
    probs, mask = maps(dtype=torch.float64)
    seen = mask != 255
    table = reliability(probs, mask, bins=bins)
    right = (probs.argmax(dim=1) == mask)[seen].numpy()
    accuracy, confidence = calibration_curve(right, probs.amax(dim=1)[seen].numpy(), n_bins=bins)
    held = table.count > 0
    assert np.allclose(table.accuracy[held], accuracy, rtol=0, atol=1e-14)
    assert np.allclose(table.confidence[held], confidence, rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("bins", [10, 15])
def test_a_confidence_on_an_edge_belongs_to_the_bin_below(bins, dtype):
    edges = torch.arange(bins // 2 + 1, bins + 1, dtype=torch.float64) / bins
    probs = torch.stack([edges, 1 - edges])[None, :, None].to(dtype)
    count = reliability(probs, torch.zeros(1, 1, len(edges), dtype=torch.int64), bins=bins).count
    assert count.tolist() == [0] * (bins // 2) + [1] * len(edges)


def test_a_model_that_is_as_often_right_as_it_says_has_no_error():
    probs = two_classes(*[0.75] * 4)
    assert calibration_error(probs, torch.tensor([[[0, 0, 1, 0]]])).item() == 0
    assert calibration_error(probs, torch.tensor([[[1, 1, 1, 1]]])).item() == 0.75


def test_nothing_valid_is_nan():
    probs, mask = maps()
    table = reliability(probs, torch.full_like(mask, 255))
    assert calibration_error(probs, torch.full_like(mask, 255)).isnan() and table.count.sum() == 0
    assert calibration_error(probs[:0], mask[:0]).isnan()


def test_one_class_is_always_sure_and_right():
    assert calibration_error(torch.ones(1, 1, 2, 3), torch.zeros(1, 2, 3, dtype=torch.int64)) == 0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_averaged_in_double(dtype):
    probs, mask = maps(n=3, h=64, w=64, dtype=dtype)
    exact = calibration_error(probs.double(), mask, bins=1)
    assert calibration_error(probs, mask, bins=1).item() == pytest.approx(exact.item(), abs=1e-12)


def test_batches_add_and_what_stands_at_ignored_pixels_does_not_matter():
    probs, mask = maps()
    other = torch.where((mask != 255)[:, None], probs, probs.roll(1, dims=1))
    assert not torch.equal(probs, other) and calibration_error(probs, mask) == calibration_error(other, mask)
    parts = [reliability(p[None], m[None]).count for p, m in zip(probs, mask, strict=True)]
    assert torch.equal(sum(parts), reliability(probs, mask).count)
    assert calibration_error(probs.mT, mask.mT).item() == pytest.approx(
        calibration_error(probs, mask).item(), abs=1e-12
    )


@pytest.mark.slow
def test_counts_go_on_where_float32_stops():
    table = reliability(
        torch.ones(1, 1, 4096, 4099, dtype=torch.float16), torch.zeros(1, 4096, 4099, dtype=torch.uint8)
    )
    assert table.count[-1] == 4096 * 4099 > 2**24 and table.accuracy[-1] == 1 == table.confidence[-1]


PROBS, MASK = torch.full((1, 2, 1, 3), 0.5), torch.tensor([[[0, 1, 255]]])


@pytest.mark.parametrize("metric", [calibration_error, reliability], ids=lambda metric: metric.__name__)
@pytest.mark.parametrize(
    ["probs", "mask", "options", "error", "words"],
    [
        (PROBS * 2, MASK, {}, ValueError, "and sums from 2 to 2. Use logits.softmax(dim=1)."),
        (
            torch.tensor([[[[3.0]], [[-2.0]]]]),
            MASK[..., :1],
            {},
            ValueError,
            "got a smallest value of -2 and sums from 1 to 1",
        ),
        (PROBS * torch.nan, MASK, {}, ValueError, "got a smallest value of nan"),
        (
            PROBS.long(),
            MASK,
            {},
            TypeError,
            "probs must be floating point, got torch.int64. Use logits.softmax(dim=1).",
        ),
        (PROBS, MASK * 2, {}, ValueError, "mask must hold labels 0..1 or 255 (ignored), got [2, 510]."),
        (PROBS, MASK.float(), {}, TypeError, "mask must hold integer labels"),
        (PROBS, MASK[..., :2], {}, ValueError, "mask must have shape (N=1, H=1, W=3), got (1, 1, 2)."),
        (PROBS, MASK, {"bins": 0}, ValueError, "bins must be at least 1, got 0."),
    ],
    ids=["sum", "negative", "nan", "integers", "stranger", "float mask", "sizes", "bins"],
)
def test_errors_name_the_rule_and_the_value(metric, probs, mask, options, error, words):
    with pytest.raises(error, match=re.escape(words)) as raised:
        metric(probs, mask, **options)
    assert str(raised.value).startswith(metric.__name__)
