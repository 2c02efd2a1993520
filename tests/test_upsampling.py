"""Upsampling: painted by hand, equal to torch in values and gradients, adjoint to convolution, clear when misused."""

import random
import re

import pytest
import torch
import torch.nn.functional as F

from seglearn.convolution import conv2d
from seglearn.upsampling import conv_transpose2d, convolution_matrix, pixel_shuffle, upsample_bilinear, upsample_nearest
from seglearn.windows import output_size

SIZES = [((1, 1), (1, 1)), ((1, 1), (5, 3)), ((5, 7), (5, 7)), ((3, 4), (9, 8)), ((9, 8), (4, 3)), ((6, 5), (1, 11))]


def randn(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)


def paints(count: int = 150) -> list[dict]:
    """Return random settings of a transposed convolution, of which torch accepts nearly all."""
    chance = random.Random(0)
    two = lambda low, high: (chance.randint(low, high), chance.randint(low, high))  # noqa: E731
    found = []
    for _ in range(count):
        groups, stride, dilation = chance.choice([1, 1, 2, 3]), two(1, 3), two(1, 3)
        extra = tuple(chance.randint(0, max(s, d) - 1) for s, d in zip(stride, dilation, strict=True))
        settings = {"stride": stride, "padding": two(0, 2), "output_padding": extra, "dilation": dilation}
        shapes = {"x": (chance.randint(0, 2), groups * chance.randint(1, 3), *two(1, 5)), "o": chance.randint(1, 3)}
        found.append({**shapes, "kernel": two(1, 4), "groups": groups, **settings})
    return found


# --- by hand --------------------------------------------------------------------------------------------------------


def test_two_values_paint_two_kernels_that_add_up_where_they_meet():
    x, kernel = torch.tensor([[[[1.0, 10.0]]]]), torch.tensor([[[[1.0, 2.0, 3.0]]]])
    assert conv_transpose2d(x, kernel, stride=2).flatten().tolist() == [1, 2, 3 + 10, 20, 30]
    assert conv_transpose2d(x, kernel, stride=2, padding=(0, 1)).flatten().tolist() == [2, 13, 20]
    assert conv_transpose2d(x, kernel, stride=2, output_padding=(0, 1)).flatten().tolist() == [1, 2, 13, 20, 30, 0]
    assert conv_transpose2d(x, kernel, dilation=(1, 2)).flatten().tolist() == [1, 10, 2, 20, 3, 30]


@pytest.mark.parametrize(["kernel", "counts"], [(3, {1, 2, 4}), (4, {4}), (2, {1})])
def test_how_often_a_pixel_is_painted(kernel, counts):
    painted = conv_transpose2d(torch.ones(1, 1, 6, 7), torch.ones(1, 1, kernel, kernel), stride=2)
    inner = painted[..., kernel:-kernel, kernel:-kernel]
    assert set(inner.flatten().tolist()) == counts


def test_a_divisible_kernel_paints_evenly_and_still_makes_a_checkerboard():
    """Even counts are not even weights: a random 4x4 kernel with stride 2 shows a grid on a flat image."""
    flat = torch.ones(1, 1, 8, 8, dtype=torch.float64)
    grid = conv_transpose2d(flat, randn(1, 1, 4, 4), stride=2)[0, 0, 4:-4, 4:-4]
    blended = conv2d(upsample_nearest(flat, (16, 16)), randn(1, 1, 3, 3))[0, 0]
    assert grid.std() > 0.1 > 1e-9 > blended.std()


def test_nearest_copies_the_pixel_under_the_center():
    x = torch.tensor([[[[1, 2, 3]]]])
    assert upsample_nearest(x, (1, 5)).flatten().tolist() == [1, 1, 2, 3, 3]
    assert upsample_nearest(x, (1, 2)).flatten().tolist() == [1, 3]
    assert upsample_nearest(x, (2, 3))[0, 0].tolist() == [[1, 2, 3], [1, 2, 3]]


def test_the_two_corner_conventions_of_a_step():
    step = torch.tensor([[[[0.0, 6.0]]]])
    assert upsample_bilinear(step, (1, 3)).flatten().tolist() == [0, 3, 6]
    assert upsample_bilinear(step, (1, 6)).flatten().tolist() == pytest.approx([0, 0, 2, 4, 6, 6])
    assert upsample_bilinear(step, (1, 4), align_corners=True).flatten().tolist() == pytest.approx([0, 2, 4, 6])


# --- equals the loop, the matrix and torch --------------------------------------------------------------------------


def conv_transpose2d_with_loops(x, weight, *, stride, padding):
    """The definition: every value of x paints its kernel."""
    (n, c, h, w), (_, o, kh, kw) = x.shape, weight.shape
    canvas = x.new_zeros(n, o, (h - 1) * stride + kh, (w - 1) * stride + kw)
    for image in range(n):
        for channel in range(c):
            for i in range(h):
                for j in range(w):
                    top, left = i * stride, j * stride
                    canvas[image, :, top : top + kh, left : left + kw] += x[image, channel, i, j] * weight[channel]
    return canvas[..., padding : canvas.shape[2] - padding, padding : canvas.shape[3] - padding]


@pytest.mark.parametrize(["stride", "padding"], [(1, 0), (2, 1), (3, 1)])
def test_painting_equals_the_loops(stride, padding):
    x, weight = randn(2, 3, 4, 5), randn(3, 2, 3, 4)
    loops = conv_transpose2d_with_loops(x, weight, stride=stride, padding=padding)
    torch.testing.assert_close(conv_transpose2d(x, weight, stride=stride, padding=padding), loops, rtol=0, atol=1e-12)


def test_painting_equals_torch_in_values_and_gradients_for_every_option():
    refused = 0
    for case in paints():
        settings = {name: case[name] for name in ("stride", "padding", "output_padding", "dilation", "groups")}
        inputs = [randn(*case["x"]), randn(case["x"][1], case["o"], *case["kernel"]), randn(case["o"] * case["groups"])]
        ours, theirs = ([t.clone().requires_grad_() for t in inputs] for _ in range(2))
        try:
            expected = F.conv_transpose2d(*theirs, **settings)
        except RuntimeError:
            expected = torch.zeros(0, 0, 0, 0)
        if min(expected.shape[2:]) < 1:
            with pytest.raises(ValueError, match=r"conv_transpose2d: padding must leave a pixel"):
                conv_transpose2d(*inputs, **settings)
            refused += 1
            continue
        found = conv_transpose2d(*ours, **settings)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
        for result in (found, expected):
            result.backward(randn(*expected.shape))
        for mine, its in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine.grad, its.grad, rtol=0, atol=1e-9)
    assert refused < 40


@pytest.mark.parametrize(
    ["stride", "padding", "dilation"], [(1, 0, 1), (2, 1, 1), (1, (2, 1), 2), ((2, 1), "valid", 1)]
)
def test_the_matrix_is_the_convolution_and_its_transpose_the_transposed_one(stride, padding, dilation):
    x, weight = randn(1, 2, 6, 7), randn(3, 2, 3, 2)
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    matrix, there = convolution_matrix(weight, (6, 7), **settings), conv2d(x, weight, **settings)
    torch.testing.assert_close((matrix @ x.flatten()).reshape(there.shape), there, rtol=0, atol=1e-12)
    y = randn(*there.shape)
    reach = output_size((6, 7), (3, 2), **settings)
    numbers = {**settings, "padding": 0 if padding == "valid" else padding}
    back = conv_transpose2d(y, weight, **numbers)
    short = (6 - back.shape[2], 7 - back.shape[3])  # what the stride left over at the end
    back = conv_transpose2d(y, weight, **numbers, output_padding=short)
    assert there.shape[2:] == reach
    torch.testing.assert_close((matrix.T @ y.flatten()).reshape(back.shape), back, rtol=0, atol=1e-12)
    torch.testing.assert_close((there * y).sum(), (x * back).sum(), rtol=0, atol=1e-10)  # <Cx, y> = <x, C'y>


@pytest.mark.parametrize(["old", "new"], SIZES, ids=str)
def test_nearest_equals_torch(old, new):
    x = randn(2, 3, *old).requires_grad_()
    found, expected = upsample_nearest(x, new), F.interpolate(x, size=new, mode="nearest-exact")
    assert torch.equal(found, expected)
    ours, theirs = (torch.autograd.grad((r * randn(*r.shape)).sum(), x)[0] for r in (found, expected))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(["old", "new"], SIZES, ids=str)
def test_bilinear_equals_torch(old, new, align_corners):
    x = randn(2, 3, *old).requires_grad_()
    found = upsample_bilinear(x, new, align_corners=align_corners)
    expected = F.interpolate(x, size=new, mode="bilinear", align_corners=align_corners)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)
    ours, theirs = (torch.autograd.grad((r * randn(*r.shape)).sum(), x)[0] for r in (found, expected))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)


def test_every_pair_of_lengths_equals_torch():
    for old in range(1, 24):
        x = torch.arange(old, dtype=torch.float64).reshape(1, 1, 1, old)
        for new in range(1, 60):
            expected = F.interpolate(x, size=(1, new), mode="nearest-exact")
            tie = (2 * torch.arange(new) + 1) * old % (2 * new) == 0  # on the line between two pixels torch rounds
            assert torch.equal(upsample_nearest(x, (1, new))[..., ~tie], expected[..., ~tie]), (old, new)
            for corners in (False, True):
                expected = F.interpolate(x, size=(1, new), mode="bilinear", align_corners=corners)
                found = upsample_bilinear(x, (1, new), align_corners=corners)
                torch.testing.assert_close(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(["channels", "factor"], [(4, 2), (12, 2), (9, 3), (5, 1)])
def test_pixel_shuffle_equals_torch(channels, factor):
    x = randn(2, channels, 3, 5)
    assert torch.equal(pixel_shuffle(x, factor), F.pixel_shuffle(x, factor))


# --- extremes -------------------------------------------------------------------------------------------------------


def test_an_empty_batch_stays_empty():
    none = torch.zeros(0, 4, 3, 5)
    assert conv_transpose2d(none, torch.zeros(4, 2, 3, 3), stride=2).shape == (0, 2, 7, 11)
    assert upsample_nearest(none, 6).shape == upsample_bilinear(none, 6).shape == (0, 4, 6, 6)
    assert pixel_shuffle(none, 2).shape == (0, 1, 6, 10)


def test_views_with_gaps_give_the_same():
    x = randn(2, 3, 8, 10)
    gaps, whole = x[:, :, ::2, ::2], x[:, :, ::2, ::2].contiguous()
    weight = randn(3, 2, 3, 3).transpose(2, 3)
    assert torch.equal(conv_transpose2d(gaps, weight), conv_transpose2d(whole, weight.contiguous()))
    assert torch.equal(upsample_nearest(gaps, (7, 9)), upsample_nearest(whole, (7, 9)))
    assert torch.equal(upsample_bilinear(gaps, (7, 9)), upsample_bilinear(whole, (7, 9)))
    shuffled = randn(2, 3, 5, 8).permute(0, 3, 1, 2)
    assert torch.equal(pixel_shuffle(shuffled, 2), F.pixel_shuffle(shuffled.contiguous(), 2))


def test_nearest_invents_no_label_and_keeps_the_type():
    mask = torch.tensor([[[[0, 2, 5], [255, 0, 2]]]], dtype=torch.uint8)
    bigger = upsample_nearest(mask, (7, 11))
    assert bigger.dtype == torch.uint8 and set(bigger.unique().tolist()) == {0, 2, 5, 255}


# --- errors ---------------------------------------------------------------------------------------------------------

X, W = torch.zeros(1, 4, 3, 5), torch.zeros(4, 2, 3, 3)


@pytest.mark.parametrize(
    ["make", "error", "words"],
    [
        (
            lambda: conv_transpose2d(X[0], W),
            ValueError,
            "conv_transpose2d: x must have shape (N, C, h, w), got (4, 3, 5).",
        ),
        (lambda: conv_transpose2d(X, W[:3]), ValueError, "weight must have shape (C=4, O, kh, kw), got (3, 2, 3, 3)."),
        (lambda: conv_transpose2d(X.long(), W), TypeError, "x must be floating point, got torch.int64. Use x.float()."),
        (
            lambda: conv_transpose2d(X, W.double()),
            TypeError,
            "weight must have the type of x, torch.float32, got torch.f",
        ),
        (lambda: conv_transpose2d(X, W, groups=3), ValueError, "groups must divide the 4 channels of x, got 3."),
        (lambda: conv_transpose2d(X, W, torch.zeros(3)), ValueError, "bias must have shape (2), got (3,)."),
        (lambda: conv_transpose2d(X, W, stride=0), ValueError, "conv_transpose2d: stride must be at least 1, got 0."),
        (
            lambda: conv_transpose2d(X, W, stride=2, output_padding=2),
            ValueError,
            "output_padding must be less than stride or dilation (2 and 1 in rows), got 2.",
        ),
        (
            lambda: conv_transpose2d(X, W, padding=3),
            ValueError,
            "padding must leave a pixel of the 5 x 7 that are painted, it cuts 3 and 3 off each side.",
        ),
        (lambda: upsample_nearest(X, 0), ValueError, "upsample_nearest: size must be at least 1, got 0."),
        (lambda: upsample_bilinear(X.long(), 6), TypeError, "got torch.int64. Labels want upsample_nearest."),
        (
            lambda: upsample_bilinear(X[..., :0], 6),
            ValueError,
            "x must have at least one pixel, got shape (1, 4, 3, 0).",
        ),
        (lambda: pixel_shuffle(X, 3), ValueError, "a multiple of factor² with a factor from 1 on, got 4 channels and"),
        (lambda: convolution_matrix(W, (2, 9)), ValueError, "convolution_matrix: the window must fit"),
    ],
)
def test_errors_name_the_rule_and_the_value(make, error, words):
    with pytest.raises(error, match=re.escape(words)):
        make()
