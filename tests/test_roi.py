"""Regions of interest: by hand, equal to loops and torchvision (values, gradients), extremes, laws, errors."""

import re
from itertools import product
from math import ceil, floor

import pytest
import torch
import torchvision.ops as theirs
from agreement import agree, noise

from seglearn.roi import box_iou, nms, roi_align, roi_pool

RAMP = torch.arange(8.0).expand(1, 1, 5, 8)  # every pixel holds its column, and its center lies at column + 1/2


def boxes_everywhere(count, *, images=2, size=20.0, seed=0, dtype=torch.float64):
    """Boxes inside, over each border, far outside, thin, empty, on whole and half pixels, and with swapped corners."""
    corners = size * (1.6 * torch.rand(count, 4, generator=torch.Generator().manual_seed(seed), dtype=dtype) - 0.3)
    ordered = torch.cat(
        [torch.minimum(corners[:, :2], corners[:, 2:]), torch.maximum(corners[:, :2], corners[:, 2:])], 1
    )
    ordered[::3] = (2 * ordered[::3]).round() / 2
    special = torch.tensor(
        [
            *([0, 0, size, size], [3, 4, 3, 9], [3, 4, 9, 4], [5, 5, 5, 5], [-9, -9, -5, -4], [4.5, 2.5, 5.5, 3.5]),
            *([size, size, size + 3, size + 5], [size + 9, 0, size + 12, 5], [9, 8, 2, 3], [9, 2, 4, 8], [0, 0, 1, 1]),
        ],
        dtype=dtype,
    )
    all_boxes = torch.cat([ordered, special])
    image = torch.arange(len(all_boxes), dtype=dtype) % images
    return torch.cat([image[:, None], all_boxes], dim=1)


def in_order(boxes, wanted):
    """The boxes without those of swapped corners, where torchvision would ask for a negative number of samples."""
    return boxes[(boxes[:, 3:] >= boxes[:, 1:3]).all(dim=1)] if wanted else boxes


def read(plane, y, x):
    """Bilinear reading of one point of one plane, as a learner would write it."""
    height, width = plane.shape
    if y < -1 or y > height or x < -1 or x > width:
        return 0.0
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = min(floor(y), max(height - 2, 0)), min(floor(x), max(width - 2, 0))
    total = 0.0
    for v, u in product((top, min(top + 1, height - 1)), (left, min(left + 1, width - 1))):
        total += max(0, 1 - abs(y - v)) * max(0, 1 - abs(x - u)) * plane[v, u].item()
    return total


def roi_align_with_loops(features, boxes, size, scale):
    result = torch.zeros(len(boxes), features.shape[1], *size, dtype=features.dtype)
    for r, (n, *corners) in enumerate(boxes.tolist()):
        x1, y1, x2, y2 = (corner * scale - 0.5 for corner in corners)
        high, wide = (y2 - y1) / size[0], (x2 - x1) / size[1]
        rows, columns = max(ceil(high), 0), max(ceil(wide), 0)
        for c, i, j in product(range(features.shape[1]), *map(range, size)):
            points = [
                (y1 + (i + (s + 0.5) / rows) * high, x1 + (j + (t + 0.5) / columns) * wide)
                for s, t in product(range(rows), range(columns))
            ]
            if points:
                result[r, c, i, j] = sum(read(features[int(n), c], y, x) for y, x in points) / len(points)
    return result


# By hand


def test_aligned_reads_the_middle_of_each_bin_and_not_half_a_pixel_off():
    box = torch.tensor([[0.0, 1, 1, 5, 3]])
    assert roi_align(RAMP, box, (1, 2)).flatten().tolist() == [1.5, 3.5]  # 1 to 3 and 3 to 5; minus 1/2: the ramp
    assert roi_align(RAMP, box, (1, 2), aligned=False).flatten().tolist() == [2, 4]


def test_pooling_rounds_the_box_and_takes_the_largest():
    assert roi_pool(RAMP, torch.tensor([[0.0, 1, 1, 4.4, 3]]), (1, 2)).flatten().tolist() == [2, 4]  # 1 2 | 3 4
    assert roi_pool(RAMP, torch.tensor([[0.0, 0.5, 1, 4.5, 3]]), (1, 2)).flatten().tolist() == [3, 5]  # 1 2 3 | 3 4 5


def test_the_iou_of_boxes():
    a = torch.tensor([[0, 0, 4, 2]])
    assert box_iou(a, torch.tensor([[2, 0, 6, 2], [0, 0, 4, 2], [4, 0, 9, 2]])).tolist() == [[1 / 3, 1, 0]]


def test_suppression_is_greedy_strict_and_keeps_the_order_of_ties():
    boxes = torch.tensor([[0.0, 0, 4, 2], [1, 0, 5, 2], [3, 0, 7, 2], [0, 0, 4, 2]])
    assert nms(boxes, torch.tensor([0.7, 0.9, 0.8, 0.1]), iou_threshold=0.5).tolist() == [1, 2]
    assert nms(boxes[:2], torch.tensor([1.0, 2]), iou_threshold=0.6).tolist() == [1, 0]  # 3/5 is not more than 0.6
    assert nms(boxes, torch.ones(4), iou_threshold=0.5).tolist() == [0, 2]


# Equals the loop and torchvision


def test_aligning_equals_the_loop():
    features, boxes = noise(2, 2, 6, 5), boxes_everywhere(8, size=10.0)
    ours = roi_align(features, boxes, (3, 2), spatial_scale=0.5)
    torch.testing.assert_close(ours, roi_align_with_loops(features, boxes, (3, 2), 0.5))


OPTIONS = list(product([1.0, 0.5, 1 / 16, 1.7], [-1, 0, 1, 2, 5], [True, False]))


@pytest.mark.parametrize("scale, samples, aligned", OPTIONS)
def test_aligning_equals_torchvision(scale, samples, aligned):
    boxes = in_order(boxes_everywhere(30, size=13 / scale, seed=samples + 1), aligned and samples < 1)
    options = {"spatial_scale": scale, "sampling_ratio": samples, "aligned": aligned}
    for size in ((3, 5), 4, (1, 1)):
        agree(
            lambda f, size=size: roi_align(f, boxes, size, **options),
            lambda f, size=size: theirs.roi_align(f, boxes, size, **options),
            [noise(2, 3, 13, 11)],
        )


@pytest.mark.parametrize("scale", [1.0, 0.5, 1 / 16, 1.7])
@pytest.mark.parametrize("size", [(3, 5), 4, (1, 1), (7, 7)])
def test_pooling_equals_torchvision(scale, size):
    boxes = boxes_everywhere(30, size=13 / scale)
    agree(
        lambda f: roi_pool(f, boxes, size, spatial_scale=scale),
        lambda f: theirs.roi_pool(f, boxes, size, spatial_scale=scale),
        [noise(2, 3, 13, 11).round()],  # rounding makes ties
    )


@pytest.mark.parametrize("seed", range(3))
def test_single_precision_equals_torchvision(seed):
    features, boxes = noise(2, 3, 17, 19, seed=seed).float(), boxes_everywhere(40, seed=seed, dtype=torch.float32)
    assert torch.equal(roi_pool(features, boxes, (7, 7)), theirs.roi_pool(features, boxes, (7, 7)))
    for samples, aligned in product((-1, 2), (True, False)):
        options = {"sampling_ratio": samples, "aligned": aligned}
        some = in_order(boxes, aligned and samples < 1)
        ours, peers = (road(features, some, (7, 5), **options) for road in (roi_align, theirs.roi_align))
        torch.testing.assert_close(ours, peers, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("seed", range(10))
def test_iou_and_suppression_equal_torchvision(seed):
    boxes = boxes_everywhere(40, seed=seed)[:-11, 1:].round()  # without the empty ones; whole numbers make ties
    boxes[:, 2:] += 1
    scores = noise(len(boxes), seed=seed).round(decimals=seed % 2)
    torch.testing.assert_close(box_iou(boxes, boxes[:7]), theirs.box_iou(boxes, boxes[:7]), rtol=1e-12, atol=0)
    for threshold in (0.0, 0.2, 0.5, 1.0):
        ours = nms(boxes, scores, iou_threshold=threshold)
        alive, order = set(range(len(boxes))), []
        for best in scores.argsort(descending=True, stable=True).tolist():
            if best in alive:
                order.append(best)
                near = theirs.box_iou(boxes[best : best + 1], boxes)[0] > threshold
                alive -= set(near.nonzero().flatten().tolist())
        assert ours.tolist() == order
        if seed % 2:  # one decimal: with ties, in whose order torchvision is free
            untied = scores - 1e-9 * torch.arange(len(boxes))
            assert ours.tolist() == theirs.nms(boxes, untied, threshold).tolist()


# Extremes


def test_no_box_gives_no_result():
    none, features = torch.zeros(0, 5), noise(2, 3, 6, 7).float()
    assert roi_align(features, none, (2, 4)).shape == roi_pool(features, none, (2, 4)).shape == (0, 3, 2, 4)
    assert roi_align(features[:0], none, 2).shape == roi_pool(features[:0], none, 2).shape == (0, 3, 2, 2)
    assert box_iou(none[:, 1:], torch.ones(3, 4)).shape == (0, 3)
    assert nms(none[:, 1:], torch.zeros(0), iou_threshold=0.5).shape == (0,)


def test_one_pixel_of_features():
    box = torch.tensor([[0.0, 0, 0, 1, 1], [0, -3, 0, 0.5, 1]], dtype=torch.float64)
    for road, peer in ((roi_align, lambda *a: theirs.roi_align(*a, aligned=True)), (roi_pool, theirs.roi_pool)):
        agree(lambda f, r=road: r(f, box, (2, 3)), lambda f, p=peer: p(f, box, (2, 3)), [noise(1, 2, 1, 1)])


def test_boxes_without_area_have_nothing_in_common():
    point = torch.tensor([[3.0, 3, 3, 3]])
    assert box_iou(point, torch.tensor([[3.0, 3, 3, 3], [0, 0, 5, 5]])).tolist() == [[0, 0]]
    assert nms(point.repeat(2, 1), torch.ones(2), iou_threshold=0.0).tolist() == [0, 1]


def test_swapped_corners_and_no_area_hold_no_sample():
    boxes = torch.tensor([[0.0, 4, 3, 2, 1], [0, 4, 1, 2, 3], [0, 2, 1, 2, 3]])
    assert roi_align(RAMP, boxes, (2, 3)).abs().sum() == 0
    assert (roi_align(RAMP, boxes, (2, 3), sampling_ratio=1) > 0).all()


def test_minus_infinity_can_win_and_half_precision_is_kept():
    dark = torch.full((1, 1, 3, 3), -torch.inf)
    assert roi_pool(dark, torch.tensor([[0.0, 0, 0, 2, 2]]), 1).item() == -torch.inf
    features, boxes = noise(2, 3, 9, 9).half(), boxes_everywhere(5, size=9.0).half()
    for road in (roi_align, roi_pool):
        assert road(features, boxes, 3).dtype == torch.float16
        torch.testing.assert_close(
            road(features, boxes, 3).float(), road(features.float(), boxes.float(), 3), atol=1e-2, rtol=0
        )


def test_many_boxes_in_pieces_are_the_same(monkeypatch):
    features, boxes = noise(2, 3, 9, 8), boxes_everywhere(20, size=9.0)
    whole = roi_align(features, boxes, (2, 3))
    monkeypatch.setattr("seglearn.roi.align.PIECE", 100)
    torch.testing.assert_close(roi_align(features, boxes, (2, 3)), whole)


# What must not matter


@pytest.mark.parametrize("road", [roi_align, roi_pool])
def test_order_of_boxes_memory_and_batch_do_not_matter(road):
    features, boxes = noise(2, 3, 9, 8), boxes_everywhere(9, size=9.0)
    result = road(features, boxes, (2, 3))
    torch.testing.assert_close(road(features, boxes.flip(0), (2, 3)), result.flip(0))
    torch.testing.assert_close(road(features.mT.contiguous().mT, boxes, (2, 3)), result)
    second = boxes[:, 0] == 1
    alone = boxes[second] - torch.tensor([1.0, 0, 0, 0, 0])
    torch.testing.assert_close(road(features[1:], alone, (2, 3)), result[second])


def test_an_aligned_box_moves_with_the_features_and_a_rounded_one_does_not():
    for shift in (0.0, 0.25, 0.6):
        box = torch.tensor([[0.0, 1 + shift, 1, 5 + shift, 4]])
        assert roi_align(RAMP, box, (1, 2)).flatten().tolist() == pytest.approx([1.5 + shift, 3.5 + shift])
        assert roi_pool(RAMP, box, (1, 2)).flatten().tolist() in ([3, 5], [4, 6])


# Errors

FEATURES, BOX = torch.zeros(2, 3, 6, 7), torch.tensor([[1.0, 0, 0, 4, 5]])


@pytest.mark.parametrize("road", [roi_align, roi_pool])
@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"features": FEATURES[0]}, ValueError, "features must have shape (N, C, H, W), got (3, 6, 7)."),
        ({"features": FEATURES.long()}, TypeError, "features must be floating point, got torch.int64."),
        ({"features": FEATURES[..., :0]}, ValueError, "features must have a pixel, got shape (2, 3, 6, 0)."),
        ({"boxes": BOX[:, 1:]}, ValueError, "boxes must have shape (R, 5): batch index, x1, y1, x2, y2, got (1, 4)."),
        ({"boxes": BOX[0]}, ValueError, "boxes must have shape (R, 5), got (5,). Use boxes.unsqueeze(0)."),
        ({"boxes": BOX.long()}, TypeError, "boxes must be floating point, got torch.int64. Use boxes.float()."),
        ({"boxes": BOX / 0}, ValueError, "boxes must be finite numbers, got inf."),
        ({"boxes": BOX + 1}, ValueError, "the first column of boxes must be the number of an image, 0..1, got 2."),
        ({"boxes": BOX - 0.5}, ValueError, "the number of an image, 0..1, got 0.5."),
        ({"output_size": 0}, ValueError, "output_size must be at least 1, got 0."),
        ({"output_size": 1.5}, TypeError, "output_size must be an int or a pair of ints (rows, columns), got 1.5."),
    ],
)
def test_errors_name_the_rule_and_the_numbers(road, change, error, words):
    with pytest.raises(error, match=f"{road.__name__}: .*" + re.escape(words)):
        road(**({"features": FEATURES, "boxes": BOX, "output_size": 2} | change))


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: roi_align(FEATURES, BOX, 2, sampling_ratio=0.5), TypeError, "sampling_ratio must be a whole number"),
        (lambda: box_iou(BOX, BOX), ValueError, "box_iou: a must have shape (R, 4), got (1, 5)."),
        (
            lambda: box_iou(BOX[:, 1:], torch.tensor([[5, 5, 2, 9]])),
            ValueError,
            "x1 <= x2 and y1 <= y2, got [5, 5, 2, 9] in row 0 of b. Is it x, y, width, height?",
        ),
        (lambda: box_iou(BOX[:, 1:] / 0, BOX[:, 1:]), ValueError, "in row 0 of a."),
        (
            lambda: nms(BOX[:, 1:], torch.ones(2), iou_threshold=0.5),
            ValueError,
            "scores must have shape (R=1), got (2,)",
        ),
        (
            lambda: nms(BOX[:, 1:], torch.ones(1) / 0 * 0, iou_threshold=0.5),
            ValueError,
            "scores must be numbers, got 1",
        ),
        (lambda: nms(BOX[:, 1:], torch.ones(1), iou_threshold=50), ValueError, "an IoU from 0 to 1, got 50."),
    ],
)
def test_errors_of_options_and_of_boxes(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
