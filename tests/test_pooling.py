"""Pooling: by hand, equal to torch (values, indices, gradients), extremes, laws, errors."""

import random
import re
from itertools import product

import pytest
import torch
import torch.nn.functional as F
from agreement import agree, noise

from seglearn.pooling import avg_pool2d, max_pool2d, max_unpool2d

INF, NAN = float("inf"), float("nan")


def plane(rows):
    return torch.tensor(rows).reshape(1, 1, len(rows), -1)


def random_options(count, *, dilated):
    chance = random.Random(1)
    for number in range(count):
        kernel = chance.choice([1, 2, 3, (2, 3), (3, 1), (4, 5)])
        largest = (kernel if isinstance(kernel, int) else min(kernel)) // 2
        options = {
            "stride": chance.choice([None, 1, 2, 3, (2, 1), (1, 5)]),
            "padding": chance.choice([0, largest, (largest, 0), (0, largest)]),
            "ceil_mode": chance.random() < 0.5,
        }
        if dilated:
            options["dilation"] = chance.choice([1, 2, (1, 2)])
        else:
            options["count_include_pad"] = chance.random() < 0.5
        sizes = chance.choice([0, 1, 2]), chance.randint(1, 3), chance.randint(9, 13), chance.randint(9, 13)
        yield pytest.param(sizes, kernel, options, id=f"{number}-{sizes}-{kernel}-{options}".replace(" ", ""))


# By hand


def test_the_largest_and_the_mean_of_four():
    image = plane([[1.0, 7, 2, 2], [3, 5, 2, 2]])
    values, indices = max_pool2d(image, 2, return_indices=True)
    assert values.flatten().tolist() == [7, 2] and indices.flatten().tolist() == [1, 2]
    assert avg_pool2d(image, 2).flatten().tolist() == [4, 2]


def test_padding_never_wins():
    assert max_pool2d(plane([[-3.0, -1.0]]), (1, 2), stride=1, padding=(0, 1)).flatten().tolist() == [-3, -1, -1]


def test_what_the_mean_divides_by():
    image = plane([[6.0, 6.0, 6.0]])
    options = {"kernel_size": (1, 2), "stride": 2, "padding": (0, 1), "ceil_mode": True}
    assert avg_pool2d(image, **options).flatten().tolist() == [3, 6]  # (0 + 6)/2, (6 + 6)/2
    assert avg_pool2d(image, **options, count_include_pad=False).flatten().tolist() == [6, 6]
    assert avg_pool2d(image, (1, 2), ceil_mode=True).flatten().tolist() == [6, 6]  # what is over the end never counts


def test_unpooling_puts_back_the_winners_and_zeros():
    image = plane([[1.0, 7, 2, 4], [3, 5, 8, 6]])
    values, indices = max_pool2d(image, 2, return_indices=True)
    assert max_unpool2d(values, indices, 2)[0, 0].tolist() == [[0, 7, 0, 0], [0, 0, 8, 0]]


# Equals the loop and torch


def test_max_pooling_equals_the_loop():
    x = noise(2, 3, 7, 9).round()  # rounding makes ties
    values, indices = max_pool2d(x, (3, 2), stride=(2, 3), return_indices=True)
    for n, c, i, j in product(range(2), range(3), range(3), range(3)):
        places = [(2 * i + u, 3 * j + v) for u, v in product(range(3), range(2))]
        row, column = max(places, key=lambda place: x[n, c, *place].item())  # the first of the largest
        assert values[n, c, i, j] == x[n, c, row, column] and indices[n, c, i, j] == row * 9 + column


@pytest.mark.parametrize("sizes, kernel, options", list(random_options(60, dilated=True)))
def test_max_pooling_equals_torch(sizes, kernel, options):
    x = noise(*sizes).mul(2).round()  # ties
    ours = max_pool2d(x, kernel, return_indices=True, **options)
    theirs = F.max_pool2d(x, kernel, return_indices=True, **options)
    assert torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1])
    agree(lambda t: max_pool2d(t, kernel, **options), lambda t: F.max_pool2d(t, kernel, **options), [x])


@pytest.mark.parametrize("sizes, kernel, options", list(random_options(60, dilated=False)))
def test_average_pooling_equals_torch(sizes, kernel, options):
    agree(lambda t: avg_pool2d(t, kernel, **options), lambda t: F.avg_pool2d(t, kernel, **options), [noise(*sizes)])


@pytest.mark.parametrize("size", [None, (8, 11), (9, 10)])
def test_unpooling_equals_torch(size):
    x = noise(2, 3, *(size or (8, 9)))
    values, indices = F.max_pool2d(x, (2, 3), stride=(2, 2), return_indices=True)  # columns overlap: places repeat
    agree(
        lambda v: max_unpool2d(v, indices, (2, 3), stride=2, output_size=size),
        lambda v: F.max_unpool2d(v, indices, (2, 3), stride=2, output_size=size),
        [values],
    )


def test_unpooling_with_padding_equals_torch():
    values, indices = F.max_pool2d(noise(2, 3, 9, 7), 3, stride=2, padding=1, return_indices=True)
    ours = max_unpool2d(values, indices, 3, stride=2, padding=1)
    assert ours.shape == (2, 3, 9, 7)
    assert torch.equal(ours, F.max_unpool2d(values, indices, 3, stride=2, padding=1))


# Extremes


def test_minus_infinity_in_the_image_is_found_in_the_image():
    x = torch.full((1, 2, 3, 4), -INF)
    ours = max_pool2d(x, 3, stride=1, padding=1, return_indices=True)
    theirs = F.max_pool2d(x, 3, stride=1, padding=1, return_indices=True)
    assert torch.equal(ours[0], theirs[0]) and torch.equal(ours[1], theirs[1])


@pytest.mark.parametrize("seed", range(5))
def test_nan_wins_and_the_index_is_that_of_torch(seed):
    x = noise(1, 2, 7, 8, seed=seed)
    x[noise(1, 2, 7, 8, seed=seed + 50) > 0.5] = NAN
    ours = max_pool2d(x, 3, stride=2, padding=1, return_indices=True)
    theirs = F.max_pool2d(x, 3, stride=2, padding=1, return_indices=True)
    torch.testing.assert_close(ours, theirs, equal_nan=True, rtol=0, atol=0)


def test_no_image_gives_no_result():
    x = noise(0, 3, 6, 5)
    values, indices = max_pool2d(x, 2, return_indices=True)
    assert values.shape == indices.shape == avg_pool2d(x, 2).shape == (0, 3, 3, 2)
    assert max_unpool2d(values, indices, 2).shape == (0, 3, 6, 4)


def test_one_pixel():
    x = noise(1, 1, 1, 1)
    assert torch.equal(max_pool2d(x, 1), x) and torch.equal(avg_pool2d(x, 1), x)
    assert torch.equal(max_pool2d(x, 3, ceil_mode=True), x) and torch.equal(avg_pool2d(x, 3, ceil_mode=True), x)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_type_is_kept(dtype):
    x = noise(2, 3, 5, 7).to(dtype)
    assert torch.equal(max_pool2d(x, 2), F.max_pool2d(x, 2)) and avg_pool2d(x, 2).dtype == dtype


# What must not matter


def test_strides_in_memory_do_not_matter():
    x = noise(2, 3, 8, 9).mT
    agree(lambda t: max_pool2d(t, 2), lambda t: F.max_pool2d(t, 2), [x])
    agree(lambda t: avg_pool2d(t, 2), lambda t: F.avg_pool2d(t, 2), [x])


def test_the_image_stays_as_it_is():
    x = noise(1, 2, 5, 6)
    before = x.clone()
    max_pool2d(x, 3, padding=1), avg_pool2d(x, 3, padding=1)
    assert torch.equal(x, before)


def test_pooling_what_was_unpooled_gives_the_values_back():
    x = noise(2, 3, 6, 8).abs()
    values, indices = max_pool2d(x, 2, return_indices=True)
    assert torch.equal(max_pool2d(max_unpool2d(values, indices, 2), 2), values)


# Errors

IMAGE = torch.zeros(2, 3, 5, 7)
INDICES = torch.zeros(2, 3, 5, 7).long()


@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"x": IMAGE[0]}, ValueError, "x must have shape (N, C, H, W), got (3, 5, 7). Use x.unsqueeze(0)."),
        ({"x": IMAGE.long()}, TypeError, "x must be floating point, got torch.int64. Use x.float()."),
        ({"kernel_size": 0}, ValueError, "kernel_size must be at least 1, got 0."),
        ({"kernel_size": 6}, ValueError, "it spans 6 rows (kernel 6, dilation 1), got 0 + 5 + 0 = 5 rows."),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0."),
        ({"stride": -2}, ValueError, "stride must be at least 1, got -2."),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1."),
        ({"padding": "same"}, TypeError, "padding must be an int or a pair of ints (rows, columns), got 'same'."),
        (
            {"padding": (0, 2)},
            ValueError,
            "padding must be at most half of the kernel, so that every window sees the image, "
            "got padding (0, 2) for kernel_size 3.",
        ),
    ],
)
def test_errors_name_the_rule_and_the_numbers(pool, change, error, words):
    with pytest.raises(error, match=f"{pool.__name__}: .*" + re.escape(words)):
        pool(**({"x": IMAGE, "kernel_size": 3} | change))


def test_a_window_that_sees_only_padding_is_refused():
    with pytest.raises(
        ValueError, match=re.escape("got one that sees only padding (dilation 3, padding (0, 1), image (1, 2)")
    ):
        max_pool2d(torch.ones(1, 1, 1, 2), (1, 2), stride=1, padding=(0, 1), dilation=3)


@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"indices": INDICES[:, :2]}, ValueError, "indices must have shape (N=2, C=3, h=5, w=7), got (2, 2, 5, 7)."),
        ({"indices": INDICES.int()}, TypeError, "indices must be int64, got torch.int32. Use those of max_pool2d."),
        ({"indices": INDICES + 140}, ValueError, "indices must be 0..139, places in a plane of 10 x 14, got 140."),
        ({"indices": INDICES - 1}, ValueError, "indices must be 0..139, places in a plane of 10 x 14, got -1."),
        (
            {"output_size": (10, 16)},
            ValueError,
            "output_size must be less than one stride (2, 2) away from (10, 14), got (10, 16).",
        ),
        ({"output_size": (8, 14)}, ValueError, "output_size must be less than one stride (2, 2) away from (10, 14)"),
    ],
)
def test_errors_of_unpooling(change, error, words):
    with pytest.raises(error, match="max_unpool2d: " + re.escape(words)):
        max_unpool2d(**({"x": IMAGE, "indices": INDICES, "kernel_size": 2} | change))
