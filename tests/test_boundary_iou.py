"""Boundary IoU: by hand, against erosion step by step, at the edges of the picture, and what must not matter."""

import math
import re

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_erosion
from skimage.morphology import erosion

from seglearn.metrics import boundary, boundary_iou


def boundary_step_by_step(mask, steps):
    """The reference code's recipe: pad by one pixel of background, erode by 3x3 `steps` times, cut the padding off."""
    inner = np.pad(np.asarray(mask, dtype=np.uint8), 1)
    for _ in range(steps):
        inner = erosion(inner, np.ones((3, 3), dtype=np.uint8))
    return mask & ~torch.from_numpy(inner[1:-1, 1:-1].astype(bool))


def boundary_iou_step_by_step(pred, mask, ratio=0.02):
    steps = max(1, round(ratio * np.sqrt(mask.shape[0] ** 2 + mask.shape[1] ** 2)))
    guess, truth = boundary_step_by_step(pred, steps), boundary_step_by_step(mask, steps)
    return (guess & truth).sum().item() / (guess | truth).sum().item()


def blobs(height, width, *, seed, share=0.6):
    """Two noisy blobs that overlap: random pixels, grown where they are dense."""
    chance = torch.Generator().manual_seed(seed)
    noise = torch.rand(2, 1, max(2, height // 6), max(2, width // 6), generator=chance)
    smooth = torch.nn.functional.interpolate(noise, size=(height, width), mode="bilinear")[:, 0]
    return (smooth > 1 - share).unbind()


def test_by_hand():
    mask = torch.zeros(6, 7).bool()
    mask[1:6, 1:6] = True  # 5x5, diagonal 9.2 px, d = 1: a ring of 16 pixels
    pred = mask.roll(1, dims=1)  # columns 2..6
    shared = 4 + 4  # top and bottom row in columns 2..5; the sides of one ring meet no side of the other
    assert boundary(mask, width=1).sum() == 16
    assert boundary_iou(pred, mask).item() == shared / (16 + 16 - shared)


@pytest.mark.parametrize("size", [(31, 47), (64, 96), (128, 72), (1, 9), (5, 1), (250, 180)], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_equals_erosion_step_by_step(size, seed):
    pred, mask = blobs(*size, seed=seed, share=0.7)
    pred[0, 0] = mask[-1, -1] = True  # never empty
    assert boundary_iou(pred, mask).item() == boundary_iou_step_by_step(pred, mask)


@pytest.mark.parametrize("ratio", [0.001, 0.02, 0.05, 0.3, 2.0])
def test_equals_erosion_for_every_width_of_the_outline(ratio):
    pred, mask = blobs(41, 53, seed=5, share=0.8)
    assert boundary_iou(pred, mask, dilation_ratio=ratio).item() == boundary_iou_step_by_step(pred, mask, ratio)


@pytest.mark.parametrize("width", range(1, 20))
def test_the_outline_is_what_erosion_takes_away(width):
    mask = torch.ones(23, 30).bool()
    mask[11, 17] = False  # one hole
    inner = binary_erosion(mask.numpy(), np.ones((3, 3)), iterations=width, border_value=0)
    assert np.array_equal(boundary(mask, width=width), mask.numpy() & ~inner)


def test_half_a_pixel_is_rounded_to_even_as_in_the_reference():
    disk = torch.ones(75, 100).bool()  # diagonal 125, 0.02 of it is 2.5: the outline is 2 pixels wide
    frame = boundary(disk, width=2)
    assert boundary_iou(frame, disk).item() == 1 and boundary_iou(boundary(disk, width=3), disk).item() < 1


def test_a_mask_cut_by_the_picture_has_its_outline_there():
    assert boundary(torch.ones(5, 6).bool(), width=1).sum() == 5 * 6 - 3 * 4


def test_a_wide_outline_is_the_whole_mask():
    pred, mask = blobs(20, 30, seed=1)
    whole = (pred & mask).sum() / (pred | mask).sum()
    assert boundary_iou(pred, mask, dilation_ratio=1).item() == pytest.approx(whole.item())


def test_empty_masks():
    empty, disk = torch.zeros(8, 9).bool(), torch.zeros(8, 9).bool()
    disk[2:5, 3:6] = True
    assert math.isnan(boundary_iou(empty, empty)) and boundary_iou(empty, disk) == 0 == boundary_iou(disk, empty)
    assert math.isnan(boundary_iou(torch.zeros(0, 4).bool(), torch.zeros(0, 4).bool()))


def test_one_pixel():
    assert boundary_iou(torch.ones(1, 1).bool(), torch.ones(1, 1).bool()) == 1


@pytest.mark.slow
def test_a_large_picture():
    mask = torch.zeros(4096, 4096).bool()
    mask[500:3500, 700:3700] = True
    d = round(0.02 * 4096 * math.sqrt(2))  # 116
    ring, moved = 3000**2 - (3000 - 2 * d) ** 2, mask.roll(d, dims=1)
    shared = 2 * d * (3000 - d)  # all but the vertical sides; those lie side by side
    assert boundary(mask, width=d).sum() == ring
    assert boundary_iou(moved, mask).item() == pytest.approx(shared / (2 * ring - shared), abs=1e-12)


def test_what_must_not_matter():
    pred, mask = blobs(37, 53, seed=2)
    score = boundary_iou(pred, mask)
    assert (
        score == boundary_iou(mask, pred) == boundary_iou(pred.mT, mask.mT) == boundary_iou(pred.flip(1), mask.flip(1))
    )
    assert score == boundary_iou(pred.long(), mask.to(torch.uint8))
    assert score.dtype == torch.float64 and score.shape == ()


@pytest.mark.parametrize(
    ["pred", "mask", "options", "error", "words"],
    [
        (
            torch.zeros(3, 4).bool(),
            torch.zeros(4, 3).bool(),
            {},
            ValueError,
            "mask must have shape (H=3, W=4), got (4, 3)",
        ),
        (torch.zeros(1, 3, 4).bool(), torch.zeros(3, 4).bool(), {}, ValueError, "Use pred.squeeze(0)."),
        (
            torch.zeros(3, 4),
            torch.zeros(3, 4).bool(),
            {},
            TypeError,
            "pred must hold integer labels, got torch.float32.",
        ),
        (torch.zeros(3, 4).bool(), torch.full((3, 4), 7), {}, ValueError, "mask must hold labels 0..1, got [7]."),
        (torch.zeros(3, 4).bool(), torch.full((3, 4), 255), {}, ValueError, "mask must hold labels 0..1, got [255]."),
        (torch.ones(3, 4).bool(), torch.ones(3, 4).bool(), {"dilation_ratio": 0}, ValueError, "dilation_ratio must be"),
    ],
    ids=["sizes", "a batch", "floats", "classes", "void", "ratio"],
)
def test_errors_name_the_rule_and_the_value(pred, mask, options, error, words):
    with pytest.raises(error, match=re.escape(words)):
        boundary_iou(pred, mask, **options)
