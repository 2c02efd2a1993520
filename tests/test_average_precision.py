"""Curves and ranks: by hand, against scikit-learn and loops, ties and empty cases, and what must not matter."""

import re
import warnings

import numpy as np
import pytest
import sklearn.metrics
import torch
import torchmetrics.functional.classification as torchmetrics

from seglearn.metrics import average_precision, matches, precision_recall_curve


def maps(n=2, h=11, w=13, *, seed=0, decimals=9, ignored=0.2):
    """Scores of foreground and a truth that leans on them; few decimals make many ties."""
    chance = torch.Generator().manual_seed(seed)
    scores = torch.rand(n, h, w, generator=chance).round(decimals=decimals)
    mask = (torch.rand(n, h, w, generator=chance) < scores).long()
    return scores, mask.masked_fill(torch.rand(n, h, w, generator=chance) < ignored, 255)


@pytest.mark.parametrize("decimals", [9, 1, 0], ids=["no ties", "ties", "0 or 1"])
@pytest.mark.parametrize("seed", range(4))
def test_the_curve_equals_scikit_learns(seed, decimals):
    scores, mask = maps(seed=seed, decimals=decimals)
    seen = mask != 255
    theirs = sklearn.metrics.precision_recall_curve(mask[seen].numpy(), scores[seen].numpy())
    for ours, expected in zip(precision_recall_curve(scores, mask), theirs, strict=True):
        assert ours.shape == expected.shape and np.allclose(ours, expected, rtol=0, atol=1e-15)


def test_the_curve_agrees_with_torchmetrics():
    scores, mask = maps(decimals=1)
    theirs = torchmetrics.binary_precision_recall_curve(scores, mask, ignore_index=255)
    for ours, expected in zip(precision_recall_curve(scores, mask), theirs, strict=True):
        assert np.allclose(ours, expected, rtol=0, atol=1e-6)


def test_a_rising_function_of_the_scores_keeps_the_curve():
    scores, mask = maps(decimals=2)
    for ours, other in zip(
        precision_recall_curve(scores, mask)[:2], precision_recall_curve(7 * scores - 9, mask)[:2], strict=True
    ):
        assert torch.equal(ours, other)


def test_the_curve_takes_booleans_views_and_leaves_out_ignored_pixels():
    scores, mask = maps(ignored=0)
    plain = precision_recall_curve(scores, mask)
    loud = torch.cat([scores, torch.full_like(scores, 9.0)]), torch.cat([mask, torch.full_like(mask, 255)])
    for other in (
        precision_recall_curve(scores, mask == 1),
        precision_recall_curve(scores.mT, mask.mT),
        precision_recall_curve(*loud),
    ):
        assert all(torch.equal(one, two) for one, two in zip(plain, other, strict=True))


def test_a_curve_without_foreground_has_no_recall_though_scikit_learn_says_one():
    scores, mask = maps()
    precision, recall, thresholds = precision_recall_curve(scores, mask.where(mask == 255, 0))
    assert recall[:-1].isnan().all() and (precision[:-1] == 0).all() and len(thresholds) == len(recall) - 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert sklearn.metrics.precision_recall_curve([0, 0], [0.1, 0.2])[1][0] == 1


def test_a_curve_of_nothing_is_its_last_point():
    scores, mask = maps()
    precision, recall, thresholds = precision_recall_curve(scores, torch.full_like(mask, 255))
    assert precision.tolist() == [1] and recall.tolist() == [0] and len(thresholds) == 0


def matches_with_loops(overlaps, scores, threshold):
    """COCO's greedy matching, pair by pair: of equal overlaps the later truth, of equal scores the earlier guess."""
    hit, taken = [False] * len(scores), set()
    for guess in sorted(range(len(scores)), key=lambda i: -scores[i]):
        best, found = threshold, None
        for truth, overlap in enumerate(overlaps[guess]):
            if truth not in taken and overlap >= best:
                best, found = overlap, truth
        if found is not None:
            hit[guess] = True
            taken.add(found)
    return hit


def instances(seed, *, decimals=1):
    """IoUs and scores of a picture with a few truths and guesses, sometimes none; rounding makes ties."""
    chance = torch.Generator().manual_seed(seed)
    guesses, truths = torch.randint(0, 7, (2,), generator=chance).tolist()
    overlaps = torch.rand(guesses, truths, generator=chance, dtype=torch.float64).round(decimals=decimals)
    return overlaps, torch.rand(guesses, generator=chance, dtype=torch.float64).round(decimals=decimals)


def test_matching_by_hand():
    overlaps = torch.tensor([[0.9, 0.6], [0.8, 0.0], [0.7, 0.55]])
    assert matches(overlaps, torch.tensor([0.9, 0.8, 0.7])).tolist() == [
        True,
        False,
        True,
    ]  # the third takes what is left
    assert matches(overlaps, torch.tensor([0.7, 0.8, 0.9])).tolist() == [True, False, True]
    assert matches(overlaps, torch.tensor([0.8, 0.9, 0.7]), threshold=0.6).tolist() == [True, True, False]


def test_an_overlap_at_the_threshold_is_enough():
    assert matches(torch.tensor([[0.5]]), torch.ones(1)).tolist() == [True]
    assert matches(torch.tensor([[0.4999]]), torch.ones(1)).tolist() == [False]


@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.7])
def test_matching_equals_the_loop(threshold):
    for seed in range(100):
        overlaps, scores = instances(seed)
        ours = matches(overlaps, scores, threshold=threshold).tolist()
        assert ours == matches_with_loops(overlaps.tolist(), scores.tolist(), threshold), seed


def test_average_precision_by_hand():
    overlaps = torch.tensor(
        [[0.9, 0.0, 0], [0.8, 0.0, 0], [0.0, 0.5, 0]]
    )  # hit, miss, hit; one of three truths is never found
    scores = torch.tensor([0.9, 0.7, 0.3])
    assert average_precision(overlaps, scores).item() == pytest.approx(1 / 3 * 1 + 1 / 3 * 2 / 3)
    # recall 0 .. 0.33 at precision 1 (34 points), 0.34 .. 0.66 at 2/3 (33 points), the rest 0
    assert average_precision(overlaps, scores, points=101).item() == pytest.approx((34 + 33 * 2 / 3) / 101)


def test_a_later_better_precision_lifts_what_came_before():
    overlaps = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # miss, hit, hit: precision 0, 1/2, 2/3
    assert average_precision(overlaps, torch.tensor([0.9, 0.8, 0.7])).item() == pytest.approx(2 / 3)


def average_precision_from_scikit_learn(pictures, threshold, points):
    """Match with loops, let scikit-learn draw the curve, then read the envelope off it."""
    hits = [hit for o, s in pictures for hit in matches_with_loops(o.tolist(), s.tolist(), threshold)]
    truths = sum(overlaps.shape[1] for overlaps, _ in pictures)
    if not any(hits):
        return 0.0
    precision, recall, _ = sklearn.metrics.precision_recall_curve(hits, torch.cat([s for _, s in pictures]).numpy())
    recall, envelope = recall * sum(hits) / truths, np.maximum.accumulate(precision)  # from the end of the list upwards
    if points is None:
        return -np.sum(np.diff(recall) * envelope[:-1])
    reached = [envelope[:-1][recall[:-1] >= r - 1e-12] for r in np.linspace(0, 1, points)]
    return np.mean([some.max() if len(some) else 0.0 for some in reached])


@pytest.mark.parametrize("points", [None, 101, 11])
@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_average_precision_of_several_pictures_agrees_with_scikit_learns_curve(points, threshold):
    for seed in range(30):
        pictures = [instances(10 * seed + i, decimals=9) for i in range(5)]  # no ties between scores
        overlaps, scores = zip(*pictures, strict=True)
        ours = average_precision(overlaps, scores, threshold=threshold, points=points).item()
        assert ours == pytest.approx(average_precision_from_scikit_learn(pictures, threshold, points), abs=1e-12)


def test_pooling_pictures_is_not_averaging_them():
    one = torch.tensor([[1.0]]), torch.tensor([0.1])
    two = torch.tensor([[0.0]]), torch.tensor([0.9])  # a confident miss next door spoils the list
    assert average_precision(*one) == 1 and average_precision(*two) == 0
    assert average_precision([one[0], two[0]], [one[1], two[1]]).item() == pytest.approx(1 / 2 * 1 / 2)


def test_a_recall_mark_that_is_just_reached_counts():
    overlaps = torch.eye(20)[:7]  # 7 of 20 truths: recall 0.35, which is 36 of COCO's marks (0, 0.01, ..., 0.35)
    assert np.linspace(0, 1, 101)[35] > 7 / 20  # pycocotools' mark lies a rounding error higher: it sees 35
    assert average_precision(overlaps, torch.ones(7), points=101).item() == pytest.approx(36 / 101, abs=1e-12)


def test_a_perfect_list_is_one_and_misses_at_its_end_cost_nothing():
    overlaps, scores = torch.eye(4)[:, :3], torch.tensor([0.9, 0.8, 0.7, 0.1])
    assert average_precision(overlaps, scores) == 1 == average_precision(overlaps, scores, points=101)


def test_what_must_not_matter():
    pictures = [instances(i, decimals=9) for i in range(6)]
    score = average_precision(*zip(*pictures, strict=True))
    assert average_precision(*zip(*pictures[::-1], strict=True)) == score
    assert average_precision([o for o, _ in pictures], [2 * s - 5 for _, s in pictures]) == score
    turned = [(o.flip(0).flip(1), s.flip(0)) for o, s in pictures]
    assert average_precision(*zip(*turned, strict=True)) == score
    assert score.dtype == torch.float64 and score.shape == ()


def test_matching_leaves_its_input_alone():
    overlaps, scores = instances(3)
    before = overlaps.clone()
    matches(overlaps, scores)
    assert torch.equal(overlaps, before)


def test_empty_cases():
    none = torch.zeros(0)
    for points in (None, 101):
        assert average_precision(torch.zeros(0, 3), none, points=points) == 0  # truths, no predictions
        assert average_precision(torch.zeros(2, 0), torch.ones(2), points=points).isnan()  # predictions, no truth
        assert average_precision([], [], points=points).isnan()
    assert average_precision([torch.zeros(1, 0), torch.ones(1, 1)], [torch.ones(1), torch.ones(1) / 2]).item() == 1 / 2
    assert matches(torch.zeros(0, 3), none).shape == (0,) and matches(torch.zeros(2, 0), torch.ones(2)).sum() == 0


SCORES, MASK = torch.tensor([[[0.2, 0.7]]]), torch.tensor([[[0, 1]]])


@pytest.mark.parametrize(
    ["call", "error", "words"],
    [
        (
            lambda: precision_recall_curve(SCORES, MASK[..., :1]),
            ValueError,
            "mask must have shape (N=1, H=1, W=2), got (1, 1, 1)",
        ),
        (
            lambda: precision_recall_curve(SCORES, MASK + 1),
            ValueError,
            "mask must hold labels 0..1 or 255 (ignored), got [2]",
        ),
        (
            lambda: precision_recall_curve(SCORES.long(), MASK),
            TypeError,
            "scores must be floating point, got torch.int64",
        ),
        (
            lambda: precision_recall_curve(SCORES, MASK.float()),
            TypeError,
            "mask must hold integer labels, got torch.float32",
        ),
        (lambda: precision_recall_curve(SCORES * torch.nan, MASK), ValueError, "scores must be numbers, got 2 NaN."),
        (
            lambda: matches(torch.zeros(2, 3), torch.zeros(3)),
            ValueError,
            "matches: scores must have shape (P=2), got (3,)",
        ),
        (
            lambda: average_precision(torch.zeros(2, 3), torch.zeros(3)),
            ValueError,
            "average_precision: scores must have shape",
        ),
        (
            lambda: average_precision([torch.zeros(2, 3)], []),
            ValueError,
            "got 0 for 1 images. Keep images without a prediction",
        ),
        (
            lambda: average_precision(torch.zeros(2, 3), [torch.zeros(2)]),
            TypeError,
            "must both be tensors or both be lists",
        ),
        (
            lambda: average_precision(torch.zeros(2, 3), torch.zeros(2), points=1),
            ValueError,
            "points must be at least 2, got 1",
        ),
        (
            lambda: average_precision(torch.ones(1, 1), torch.tensor([torch.nan])),
            ValueError,
            "scores must be numbers, got 1 NaN",
        ),
    ],
    ids=["sizes", "labels", "integers", "float mask", "nan", "P", "P again", "lengths", "mixed", "points", "nan score"],
)
def test_errors_name_the_rule_and_the_value(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
