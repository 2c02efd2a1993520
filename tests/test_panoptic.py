"""Panoptic quality: by hand, against panopticapi's rules written as loops, torchmetrics, and what must not matter."""

import math
import re
from collections import Counter

import pytest
import torch
import torchmetrics.functional.detection as torchmetrics

from seglearn.metrics import PanopticQuality, panoptic_quality

CAR, ROAD, SKY = 0, 1, 2


def panoptic_with_loops(pred, true, pred_classes, true_classes, classes, *, crowds=(), void=0):
    """panopticapi's rules, pair by pair: dictionaries of areas and of intersections, nothing shared with our code."""
    pairs = Counter(zip(true.flatten().tolist(), pred.flatten().tolist(), strict=True))
    true_area, pred_area = Counter(true.flatten().tolist()), Counter(pred.flatten().tolist())
    iou_sum, hits, wrong, missed = [0.0] * classes, [0] * classes, [0] * classes, [0] * classes
    matched = set()
    for (t, p), shared in sorted(pairs.items()):
        if t == void or p == void or t in crowds or true_classes[t] != pred_classes[p]:
            continue
        overlap = shared / (true_area[t] + pred_area[p] - shared - pairs[void, p])
        if overlap > 0.5:
            iou_sum[true_classes[t]] += overlap
            hits[true_classes[t]] += 1
            matched |= {("true", t), ("pred", p)}
    for t, label in true_classes.items():
        missed[label] += ("true", t) not in matched and t not in crowds
    for p, label in pred_classes.items():
        excused = pairs[void, p] + sum(pairs[t, p] for t in crowds if true_classes[t] == label)
        wrong[label] += ("pred", p) not in matched and not excused / pred_area[p] > 0.5
    return iou_sum, hits, wrong, missed


def as_lists(quality):
    return tuple(getattr(quality, name).tolist() for name in ("iou_sum", "hits", "false_positives", "false_negatives"))


def scene(seed, *, classes=4, height=17, width=23, crowd=True, void=0):
    """A truth of blocks and a guess that shifts them, renames some and is silent here and there."""
    chance = torch.Generator().manual_seed(seed)
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    true = 1 + rows // 5 * 10 + columns // 6
    shift_y, shift_x = torch.randint(-1, 2, (2,), generator=chance).tolist()
    pred = (true * 3).roll((shift_y, shift_x), (0, 1))
    for segments in (true, pred):  # whole segments and single pixels become void
        some = segments.unique()
        gone = some[torch.rand(len(some), generator=chance) < 0.2]
        segments[torch.isin(segments, gone) | (torch.rand(segments.shape, generator=chance) < 0.1)] = void
    labels = {}
    for name, segments in (("true", true), ("pred", pred)):
        labels[name] = {i: (i // 3 if name == "pred" else i) % classes for i in segments.unique().tolist() if i != void}
    for i in list(labels["pred"])[:: 2 + seed % 3]:
        labels["pred"][i] = int(torch.randint(classes, (), generator=chance))
    crowds = list(labels["true"])[:: 3 + seed % 2] if crowd else []
    return pred, true, labels["pred"], labels["true"], crowds


def test_by_hand():
    truth = torch.tensor([[1, 1, 1, 1, 2, 2, 3, 0, 0]])  # a car of four pixels, a road of two, a sky of one, void
    guess = torch.tensor([[5, 5, 5, 6, 6, 6, 7, 7, 0]])
    counted = panoptic_quality(guess, truth, {5: CAR, 6: ROAD, 7: SKY}, {1: CAR, 2: ROAD, 3: SKY}, classes=4)
    # car 3/4; road 2/3; sky 1/(1 + 2 − 1 − 1): what lies on void does not count against it
    assert counted.iou_sum.tolist() == [3 / 4, 2 / 3, 1, 0] and counted.hits.tolist() == [1, 1, 1, 0]
    assert counted.pq.tolist()[:3] == [3 / 4, 2 / 3, 1] and counted.pq[3].isnan()
    assert counted.pq.nanmean().item() == pytest.approx((3 / 4 + 2 / 3 + 1) / 3)


def test_misses_and_inventions_by_hand():
    truth = torch.tensor([[1, 1, 2, 2, 2, 3, 3, 3]])
    guess = torch.tensor([[1, 1, 2, 2, 2, 4, 5, 5]])
    counted = panoptic_quality(guess, truth, {1: 0, 2: 0, 4: 0, 5: 1}, {1: 0, 2: 0, 3: 0}, classes=2)
    assert as_lists(counted) == (
        [2, 0],
        [2, 0],
        [1, 1],
        [1, 0],
    )  # segment 3 is missed: its best partner has another class
    assert counted.sq.tolist() == [1, 0] and counted.rq.tolist() == counted.pq.tolist() == [2 / (2 + 1 / 2 + 1 / 2), 0]


def test_half_an_overlap_is_no_match():
    truth, guess = torch.tensor([[1, 1, 0]]), torch.tensor([[1, 0, 0]])
    assert panoptic_quality(guess, truth, {1: 0}, {1: 0}, classes=1).hits.item() == 0  # IoU 1/2
    truth, guess = torch.tensor([[1, 1, 1, 0]]), torch.tensor([[1, 1, 0, 0]])
    assert panoptic_quality(guess, truth, {1: 0}, {1: 0}, classes=1).hits.item() == 1  # IoU 2/3


@pytest.mark.parametrize(["on_void", "wrong"], [(1, 1), (2, 1), (3, 0)])
def test_an_invention_is_excused_if_more_than_half_of_it_lies_on_void(on_void, wrong):
    guess = torch.tensor([[5, 5, 5, 5, 0]])
    truth = torch.tensor([[0] * on_void + [1] * (5 - on_void)])
    counted = panoptic_quality(guess, truth, {5: 0}, {1: 1}, classes=2)
    assert counted.false_positives.tolist() == [wrong, 0] and counted.false_negatives.tolist() == [0, 1]


@pytest.mark.parametrize(["crowd_class", "wrong"], [(0, 0), (1, 1)])
def test_a_crowd_excuses_inventions_of_its_own_class_and_is_no_miss(crowd_class, wrong):
    truth, guess = torch.tensor([[1, 1, 1, 2]]), torch.tensor([[5, 5, 5, 5]])
    counted = panoptic_quality(guess, truth, {5: 0}, {1: crowd_class, 2: 2}, classes=3, crowds=[1])
    assert counted.hits.sum() == 0 and counted.false_positives.tolist() == [wrong, 0, 0]
    assert counted.false_negatives.tolist() == [0, 0, 1]


@pytest.mark.parametrize("crowd", [False, True], ids=["no crowds", "crowds"])
@pytest.mark.parametrize("void", [0, 8, -1, 255])
def test_equals_panopticapis_rules(void, crowd):
    total, occurred = 0, Counter()
    for seed in range(40):
        pred, true, pred_classes, true_classes, crowds = scene(seed, crowd=crowd, void=void)
        ours = panoptic_quality(pred, true, pred_classes, true_classes, 4, crowds=crowds, void=void)
        theirs = panoptic_with_loops(pred, true, pred_classes, true_classes, 4, crowds=crowds, void=void)
        assert as_lists(ours)[1:] == theirs[1:] and as_lists(ours)[0] == pytest.approx(theirs[0], abs=1e-12)
        total += ours
    for name in ("hits", "false_positives", "false_negatives"):
        occurred[name] = getattr(total, name).min().item()
    assert min(occurred.values()) > 10  # the scenes are nasty: every class meets every fate


def test_agrees_with_torchmetrics_without_void_and_crowds():
    for seed in range(10):
        chance = torch.Generator().manual_seed(seed)
        true = torch.randint(1, 7, (4, 5), generator=chance).repeat_interleave(4, 0).repeat_interleave(3, 1)
        pred = true.where(torch.rand(true.shape, generator=chance) < 0.8, true.roll(1, 1))
        classes = {i: i % 3 for i in range(1, 7)}
        ours = panoptic_quality(
            pred,
            true,
            {i: classes[i] for i in pred.unique().tolist()},
            {i: classes[i] for i in true.unique().tolist()},
            3,
        )
        stacked = [torch.stack([segments % 3, segments], dim=-1)[None] for segments in (pred, true)]
        theirs = torchmetrics.panoptic_quality(*stacked, things={0, 1, 2}, stuffs=set(), return_per_class=True)[0]
        assert ours.pq.tolist() == pytest.approx(theirs.tolist(), abs=1e-6)


def test_pictures_add_and_their_order_does_not_matter():
    scenes = [scene(seed) for seed in range(4)]
    records = [panoptic_quality(*parts[:4], 4, crowds=parts[4]) for parts in scenes]
    total = sum(records)
    assert isinstance(total, PanopticQuality)
    assert total.hits.tolist() == sum(record.hits for record in records).tolist()
    assert sum(records[::-1]).pq.tolist() == pytest.approx(total.pq.tolist(), abs=1e-12)
    assert total.pq.tolist() != pytest.approx(torch.stack([r.pq for r in records]).nanmean(dim=0).tolist())


def test_quality_is_segmentation_times_recognition():
    pred, true, pred_classes, true_classes, crowds = scene(3)
    counted = panoptic_quality(pred, true, pred_classes, true_classes, 4, crowds=crowds)
    assert torch.allclose(counted.pq, counted.sq * counted.rq, rtol=0, atol=1e-15)
    assert counted.pq.dtype == counted.sq.dtype == counted.rq.dtype == torch.float64


def test_renaming_segments_changes_nothing():
    pred, true, pred_classes, true_classes, crowds = scene(1)
    renamed = torch.where(pred == 0, 0, 10_000 - pred)
    other = {10_000 - i: label for i, label in pred_classes.items()}
    assert as_lists(panoptic_quality(renamed, true, other, true_classes, 4, crowds=crowds)) == as_lists(
        panoptic_quality(pred, true, pred_classes, true_classes, 4, crowds=crowds)
    )


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
def test_any_integers_will_do(dtype):
    pred, true, pred_classes, true_classes, crowds = scene(2)
    ours = panoptic_quality(
        pred.to(dtype), true.to(dtype).mT.contiguous().mT, pred_classes, true_classes, 4, crowds=crowds
    )
    assert as_lists(ours) == as_lists(panoptic_quality(pred, true, pred_classes, true_classes, 4, crowds=crowds))


def test_nothing_to_count_is_nan():
    empty = torch.zeros(3, 4, dtype=torch.int64)
    for segments in (empty, empty[:0]):
        counted = panoptic_quality(segments, segments, {}, {}, classes=2)
        assert as_lists(counted) == ([0, 0],) * 4 and counted.pq.isnan().all() and counted.sq.isnan().all()
        assert math.isnan(counted.rq.nanmean())


def test_silence_and_pure_invention_are_zero():
    empty, disk = torch.zeros(3, 4, dtype=torch.int64), torch.ones(3, 4, dtype=torch.int64)
    assert panoptic_quality(empty, disk, {}, {1: 0}, classes=1).pq.item() == 0
    counted = panoptic_quality(disk, disk, {1: 1}, {1: 0}, classes=2)
    assert counted.pq.tolist() == [0, 0]


ONES = torch.ones(2, 3, dtype=torch.int64)
FITTING = {"pred_segments": ONES, "true_segments": ONES, "pred_classes": {1: 0}, "true_classes": {1: 0}, "classes": 2}


@pytest.mark.parametrize(
    ["change", "error", "words"],
    [
        ({"true_segments": ONES[:1]}, ValueError, "true_segments must have shape (H=2, W=3), got (1, 3)."),
        (
            {"pred_segments": ONES.float()},
            TypeError,
            "pred_segments must hold integer numbers of segments, got torch.float",
        ),
        ({"pred_segments": ONES > 0}, TypeError, "Use pred_segments.long()."),
        ({"pred_classes": {}}, ValueError, "every segment in pred_segments must have a class in pred_classes, got [1]"),
        ({"pred_classes": {1: 0, 4: 1}}, ValueError, "in pred_classes must have pixels in pred_segments, got [4]"),
        ({"true_classes": {1: 0, 9: 0}}, ValueError, "in true_classes must have pixels in true_segments, got [9]"),
        ({"pred_classes": {1: 2}}, ValueError, "pred_classes must hold labels 0..1, got [2]."),
        ({"true_classes": {1: -1}}, ValueError, "true_classes must hold labels 0..1, got [-1]."),
        ({"crowds": [8]}, ValueError, "crowds must name segments of true_classes, got [8]."),
        ({"void": 1}, ValueError, "void is no segment and must have no class, got 1 in true_classes."),
    ],
    ids=["sizes", "floats", "bools", "nameless", "no pixels", "no truth", "class", "negative", "crowd", "void"],
)
def test_errors_name_the_rule_and_the_value(change, error, words):
    with pytest.raises(error, match=re.escape(words)):
        panoptic_quality(**FITTING | change)
