"""Thresholds, growing and light: by hand, equal to brute force and scikit-image, extremes, laws, errors."""

import re
import time
from fractions import Fraction

import numpy as np
import pytest
import torch
from agreement import noise
from skimage.filters import threshold_otsu
from skimage.segmentation import flood

from seglearn.data import draw_nuclei, instances_to_mask
from seglearn.metrics import precision_recall_curve
from seglearn.regions import best_threshold, correct_illumination, otsu_threshold, region_growing

INF, NAN = float("inf"), float("nan")


def integers(*shape, high, seed=0, dtype=torch.int64):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed)).to(dtype)


def separation(image, threshold):
    """Otsu's number as an exact fraction."""
    values = [Fraction(v) for v in image.flatten().tolist()]
    dark, bright = [v for v in values if v <= threshold], [v for v in values if v > threshold]
    if not dark or not bright:
        return Fraction(0)
    return len(dark) * len(bright) * (sum(dark) / len(dark) - sum(bright) / len(bright)) ** 2


def iou(found, mask):
    return ((found & mask).sum() / (found | mask).sum()).item()


# By hand


def test_two_heaps_are_parted_below_the_gap():
    assert otsu_threshold(torch.tensor([[1, 2, 1], [8, 2, 9]])) == 2


def test_the_lowest_of_a_plateau():
    assert otsu_threshold(torch.tensor([0, 1, 2])) == 0  # {0} {1, 2} and {0, 1} {2} are equally far apart
    assert otsu_threshold(torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64)) == 0.1  # rounding must not decide


def test_a_region_grows_around_a_corner_and_not_across_a_gap():
    image = torch.tensor([[5, 6, 9, 5], [9, 7, 9, 5], [9, 9, 7, 9]])
    four, eight = (region_growing(image, [(0, 0)], tolerance=2, connectivity=c) for c in (1, 2))
    assert four.nonzero().tolist() == [[0, 0], [0, 1], [1, 1]]
    assert eight.nonzero().tolist() == [[0, 0], [0, 1], [0, 3], [1, 1], [1, 3], [2, 2]]


def test_growing_compares_with_the_seed_and_not_with_the_last_pixel():
    assert region_growing(torch.tensor([[0, 1, 2, 3, 4]]), [(0, 1)], tolerance=1).tolist() == [[True] * 3 + [False] * 2]


def test_a_ramp_with_one_object_becomes_level():
    ramp = 0.1 * torch.arange(4.0).repeat(3, 1)
    ramp[1, 2] += 0.5
    level = torch.full((3, 4), 0.15)
    level[1, 2] += 0.5
    torch.testing.assert_close(correct_illumination(ramp), level, rtol=0, atol=1e-4)


def test_the_threshold_of_the_best_f1_and_of_a_wanted_precision():
    precision, recall = torch.tensor([0.5, 0.6, 1.0, 1.0, 1.0]), torch.tensor([1.0, 0.9, 0.4, 0.3, 0.0])
    thresholds = torch.tensor([2.0, 3.0, 5.0, 7.0])
    assert best_threshold(precision, recall, thresholds) == 3  # F1 2/3, 0.72, 0.57, 0.46
    assert best_threshold(precision, recall, thresholds, least_precision=1.0) == 5
    assert best_threshold(precision, recall, thresholds, least_precision=0.55) == 3


# Equals brute force and scikit-image


@pytest.mark.parametrize("seed", range(30))
def test_otsu_is_the_lowest_of_the_best_by_exact_fractions(seed):
    image = integers(3, 4, high=[3, 5, 9, 250][seed % 4], seed=seed)
    best = max(separation(image, t) for t in image.flatten().tolist())
    tied = [t for t in image.flatten().tolist() if separation(image, t) == best]
    assert otsu_threshold(image) == min(tied)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.uint16, torch.int32])
def test_otsu_separates_as_well_as_that_of_scikit_image(dtype):
    for seed in range(10):
        image = integers(23, 31, high=200, seed=seed, dtype=dtype)
        image[:9] = (image[:9].long() // (seed + 2)).to(dtype)
        ours, theirs = otsu_threshold(image), threshold_otsu(image.numpy())
        assert separation(image, ours.item()) == separation(image, theirs.item())
        assert torch.equal(image.int() > ours.int(), torch.from_numpy(image.numpy() > theirs))


def test_otsu_on_floats_is_at_least_as_good_as_256_bins():
    for seed in range(10):
        image = torch.cat([noise(2, 90, seed=seed), 3 + noise(3, 90, seed=seed + 50)]).float()
        ours, theirs = otsu_threshold(image), threshold_otsu(image.numpy())
        assert separation(image, ours.item()) >= separation(image, float(theirs))


DTYPES = [torch.uint8, torch.int16, torch.int64, torch.float32, torch.float64]


@pytest.mark.parametrize("connectivity", [1, 2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_growing_equals_the_flood_of_scikit_image(dtype, connectivity):
    for seed in range(25):
        image = integers(7 + seed % 5, 13, high=10, seed=seed)
        image = (image / 10).to(dtype) if dtype.is_floating_point else image.to(dtype)
        for tolerance in (0, 0.1, 0.3) if dtype.is_floating_point else (0, 2, 5, 20):
            start = (seed % 7, (3 * seed) % 13)
            theirs = flood(image.numpy(), start, tolerance=tolerance, connectivity=connectivity)
            ours = region_growing(image, [start], tolerance=tolerance, connectivity=connectivity)
            assert torch.equal(ours, torch.from_numpy(np.array(theirs)))


def test_several_seeds_reach_what_each_of_them_reaches():
    image, seeds = integers(9, 11, high=6), [(0, 0), (4, 7), (8, 10)]
    each = [region_growing(image, [seed], tolerance=1) for seed in seeds]
    assert torch.equal(region_growing(image, seeds, tolerance=1), each[0] | each[1] | each[2])
    assert torch.equal(region_growing(image, torch.tensor(seeds), tolerance=1), each[0] | each[1] | each[2])
    assert torch.equal(region_growing(image, seeds[1], tolerance=1), each[1])  # one pair alone


def test_the_best_threshold_equals_trying_all():
    scores, mask = noise(1, 9, 11).round(decimals=1), (noise(1, 9, 11, seed=1) + noise(1, 9, 11)) > 0.5
    curve = precision_recall_curve(scores, mask)
    f1 = {}
    for t in scores.unique().tolist():
        guess = scores >= t
        f1[t] = 2 * (guess & mask).sum().item() / (guess.sum() + mask.sum()).item()
    assert f1[best_threshold(*curve).item()] == max(f1.values())
    precise = best_threshold(*curve, least_precision=0.8)
    right = {t: (mask[scores >= t]).double().mean().item() for t in f1}
    assert precise == min(t for t in f1 if right[t] >= 0.8)  # the lowest threshold recalls most


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_a_surface_of_the_right_degree_is_found_behind_a_third_of_objects(degree):
    y, x = torch.linspace(-1, 1, 23).double()[:, None], torch.linspace(-1, 1, 31).double()
    light = 0.4 + 0.3 * x - 0.1 * y + (degree > 1) * (0.2 * x * y - 0.1 * x**2) + (degree > 2) * 0.1 * y**3
    objects = 0.8 * (noise(23, 31) > 0.43)  # a third of the pixels
    assert 0.28 < (objects > 0).double().mean() < 0.38
    flat = correct_illumination(light + objects, degree=degree)
    torch.testing.assert_close(flat - objects, light.mean().expand(23, 31), rtol=0, atol=1e-3)


# Extremes


@pytest.mark.parametrize("image", [torch.zeros(3, 5), torch.full((2, 3), 7), torch.tensor([[-2.5]]), torch.ones(2) > 0])
def test_a_constant_image_has_no_foreground(image):
    assert otsu_threshold(image) == image.flatten()[0] and not (image > otsu_threshold(image)).any()


@pytest.mark.parametrize(
    "values, dtype",
    [
        ([True, False, True], torch.bool),
        ([-128, -127, 126, 127], torch.int8),
        ([0, 1, 254, 255], torch.uint8),
        ([0, 1, 65534, 65535], torch.uint16),
        ([-(2**63), -(2**63) + 1, 2**63 - 2, 2**63 - 1], torch.int64),
        ([2**62, 2**62 + 1, 2**62 + 100, 2**62 + 101], torch.int64),
        ([0.0, 0.125, 4.0, 5.0], torch.bfloat16),
        ([0.0, 0.125, 60000.0, 65504.0], torch.float16),
        ([-1e-30, 0.0, 1e-28, 1e-28], torch.float32),
        ([-8e307, 0.0, 8e307, 8e307], torch.float64),
    ],
)
def test_every_type_and_its_ends(values, dtype):
    image = torch.tensor(values, dtype=dtype)
    threshold = otsu_threshold(image)
    assert threshold.dtype == dtype and threshold.item() == image[1].item()


def test_growing_meets_the_ends_of_a_type_nan_and_infinity():
    assert region_growing(torch.tensor([[255, 250, 3]], dtype=torch.uint8), [(0, 0)], tolerance=9).sum() == 2
    assert region_growing(torch.tensor([[1.0, NAN, 1.0]]), [(0, 0)], tolerance=INF).sum() == 1
    assert region_growing(torch.tensor([[1.0, INF, 1.0]]), [(0, 0)], tolerance=2).sum() == 1
    assert region_growing(torch.zeros(1, 1), [(0, 0)], tolerance=0).tolist() == [[True]]
    assert not region_growing(torch.zeros(2, 3), [], tolerance=0).any()


def test_a_large_region_grows_while_you_wait():
    snake = torch.ones(256, 256)
    snake[1::4, :-1] = snake[3::4, 1:] = 0  # one long path
    start = time.process_time()
    assert region_growing(snake, [(0, 0)], tolerance=0).sum() == snake.sum()
    assert time.process_time() - start < 2  # about 0.1 s


def test_flat_images_and_single_rows_stay_as_they_are():
    for image in (torch.full((5, 7), 0.3), torch.zeros(1, 1), torch.zeros(0, 3)):
        torch.testing.assert_close(correct_illumination(image, degree=2), image)
    row = torch.linspace(0, 1, 7).unsqueeze(0)
    torch.testing.assert_close(correct_illumination(row), torch.full((1, 7), 0.5))


# What must not matter


def test_otsu_follows_scale_shift_order_and_number_of_copies():
    image = integers(6, 7, high=50)
    chosen = otsu_threshold(image)
    assert otsu_threshold(3 * image - 1000) == 3 * chosen - 1000
    assert otsu_threshold(image.T.flip(0)) == otsu_threshold(image.repeat(2, 3)) == chosen


def test_correcting_twice_is_correcting_once_and_the_mean_of_the_surface_stays():
    image = torch.rand(11, 13, generator=torch.Generator().manual_seed(0)).double() + torch.linspace(0, 2, 13)
    once = correct_illumination(image)
    torch.testing.assert_close(correct_illumination(once), once, rtol=0, atol=1e-4)
    assert abs(once.mean() - image.mean()) < 1e-9
    torch.testing.assert_close(correct_illumination(image, degree=0), image)


def test_otsu_fails_on_a_ramp_and_works_once_it_is_gone():
    gains = []
    for index in range(3):
        image, instances = draw_nuclei(index, size=(96, 128), style="fluorescence")
        gray, mask = image.mean(dim=0), instances_to_mask(instances) == 1
        ramp = gray + torch.linspace(0, 1.5, 128)
        level = correct_illumination(ramp)
        before, after, clean = (iou(g > otsu_threshold(g), mask) for g in (ramp, level, correct_illumination(gray)))
        gains.append(after - before)
        assert abs(after - clean) < 0.02
    assert min(gains) > 0.2


# Errors

IMAGE = torch.zeros(4, 5)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: otsu_threshold([1]), TypeError, "otsu_threshold: image must be a tensor, got list."),
        (lambda: otsu_threshold(IMAGE + 0j), TypeError, "otsu_threshold: image must hold real numbers"),
        (lambda: otsu_threshold(IMAGE[:0]), ValueError, "otsu_threshold: image must have a pixel, got shape (0, 5)."),
        (lambda: otsu_threshold(IMAGE / 0), ValueError, "image must be finite numbers, got nan at 20 pixels."),
        (
            lambda: region_growing(IMAGE[None], [(0, 0)], tolerance=1),
            ValueError,
            "region_growing: image must have shape (H, W), got (1, 4, 5). Use image.squeeze(0).",
        ),
        (
            lambda: region_growing(IMAGE, [(1, 2), (4, 0)], tolerance=1),
            ValueError,
            "a seed (row, column) must lie in the image of 4 rows and 5 columns, got (4, 0). Row, down, comes first.",
        ),
        (lambda: region_growing(IMAGE, [(-1, 0)], tolerance=1), ValueError, "got (-1, 0)"),
        (lambda: region_growing(IMAGE, [(0.5, 0)], tolerance=1), TypeError, "seeds must be whole numbers"),
        (lambda: region_growing(IMAGE, [(1, 2, 3)], tolerance=1), ValueError, "seeds must have shape (S, 2)"),
        (lambda: region_growing(IMAGE / 0, [(1, 2)], tolerance=1), ValueError, "a seed must lie on a finite value"),
        (lambda: region_growing(IMAGE, [(1, 2)], tolerance=-1), ValueError, "tolerance must be 0 or more, got -1."),
        (lambda: region_growing(IMAGE, [(1, 2)], tolerance=NAN), ValueError, "tolerance must be 0 or more, got nan."),
        (
            lambda: region_growing(IMAGE, [(1, 2)], tolerance=1, connectivity=8),
            ValueError,
            "connectivity must be 1 (4 neighbors) or 2 (all 8), got 8.",
        ),
        (lambda: correct_illumination(IMAGE.byte()), TypeError, "image must be floating point, got torch.uint8."),
        (lambda: correct_illumination(IMAGE, degree=-1), ValueError, "degree must be 0 or more, got -1."),
        (lambda: correct_illumination(IMAGE, degree=1.0), TypeError, "degree must be a whole number, got 1.0."),
        (lambda: correct_illumination(IMAGE / 0), ValueError, "correct_illumination: image must be finite numbers"),
        (
            lambda: best_threshold(torch.ones(3), torch.ones(3), torch.ones(3)),
            ValueError,
            "best_threshold: precision must have shape (4), got (3,).",
        ),
        (lambda: best_threshold(torch.ones(1), torch.zeros(1), torch.ones(0)), ValueError, "must have a threshold"),
        (
            lambda: best_threshold(torch.zeros(3), torch.full((3,), NAN), torch.ones(2)),
            ValueError,
            "the curve must have a foreground pixel (recall is NaN), got none.",
        ),
        (
            lambda: best_threshold(torch.tensor([0.5, 1]), torch.tensor([1.0, 0]), torch.ones(1), least_precision=0.9),
            ValueError,
            "least_precision must be reached somewhere, got 0.9, and the curve's highest is 0.5.",
        ),
    ],
)
def test_errors_name_the_rule_and_the_numbers(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
