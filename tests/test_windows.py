"""Windows: how many fit, what they see, and that folding is the adjoint of looking."""

import random
import re

import pytest
import torch
import torch.nn.functional as F

from seglearn.windows import Window, fold, output_size, pair, span, windows


def test_sizes_by_hand():
    assert output_size(5, 3) == 3
    assert output_size(17, 3, stride=2, padding=1) == 9
    assert output_size(224, 7, stride=2, padding=3) == 112
    assert output_size(9, 3, dilation=4) == 1


def test_a_pair_anywhere_makes_the_answer_a_pair():
    assert output_size((5, 7), 3) == (3, 5)
    assert output_size(7, (3, 2)) == (5, 6)
    assert output_size(7, 1, stride=(2, 3)) == (4, 3)
    assert output_size(7, 3, padding=[1, 0]) == (7, 5)


def test_same_keeps_the_size_and_puts_the_odd_pixel_after():
    assert output_size(6, 4, padding="same") == 6
    window = Window.of("demo", (4, 5), padding="same", dilation=(1, 2))
    assert (window.before, window.after) == ((1, 4), (2, 4))


def test_the_count_equals_placing_the_window_step_by_step():
    chance = random.Random(0)
    for _ in range(300):
        size, kernel, stride = chance.randint(1, 12), chance.randint(1, 4), chance.randint(1, 5)
        padding, dilation = chance.randint(0, 3), chance.randint(1, 3)
        starts = [
            start
            for start in range(-padding, size + padding, stride)
            if start + dilation * (kernel - 1) < size + padding
        ]
        if starts:
            count = output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
            assert count == len(starts), (size, kernel, stride, padding, dilation)
        else:
            with pytest.raises(ValueError, match="must fit"):
                output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)


def test_ceil_mode_allows_one_window_over_the_end_if_it_starts_on_the_image():
    assert output_size(6, 3, stride=2, ceil_mode=True) == 3
    assert output_size(2, 3, stride=2, ceil_mode=True) == 1
    assert output_size(3, 2, stride=2, padding=1, ceil_mode=True) == 2  # a third would start in the padding after it


def test_windows_see_what_the_indices_say():
    x = torch.arange(2 * 3 * 7 * 8.0).reshape(2, 3, 7, 8)
    seen = windows(x, (2, 3), stride=(2, 1), dilation=(3, 2))
    assert seen.shape == (2, 3, 2, 4, 2, 3)
    for i, j, u, v in [(0, 0, 0, 0), (1, 0, 0, 1), (0, 3, 1, 2), (1, 2, 1, 0)]:
        assert torch.equal(seen[:, :, i, j, u, v], x[:, :, 2 * i + 3 * u, j + 2 * v])


def test_windows_copy_nothing():
    x = torch.zeros(1, 1, 5, 5)
    assert windows(x, (3, 3)).untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


def test_the_frame_is_filled_and_the_image_left_alone():
    x = torch.ones(1, 1, 1, 2)
    seen = Window.of("demo", (1, 2), padding=(0, 1)).look(x, fill=-5.0)
    assert seen.flatten().tolist() == [-5, 1, 1, 1, 1, -5] and torch.equal(x, torch.ones(1, 1, 1, 2))


@pytest.mark.parametrize("stride, dilation", [((1, 1), (1, 1)), ((2, 3), (1, 2)), ((3, 1), (2, 1))])
def test_folding_is_the_adjoint_of_looking(stride, dilation):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, 7, 8, generator=generator, dtype=torch.float64)
    seen = windows(x, (2, 3), stride=stride, dilation=dilation)
    values = torch.randn(seen.shape, generator=generator, dtype=torch.float64)
    back = fold(values, (7, 8), stride=stride, dilation=dilation)
    torch.testing.assert_close((seen * values).sum(), (x * back).sum())


def test_folding_equals_torch_and_is_differentiable():
    values = torch.randn(2, 3, 3, 5, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    values.requires_grad_()
    columns = values.permute(0, 1, 4, 5, 2, 3).reshape(2, 12, 15)
    torch.testing.assert_close(fold(values, (4, 6)), F.fold(columns, (4, 6), 2))
    (gradient,) = torch.autograd.grad(fold(values, (4, 6)).sum(), values)
    assert torch.equal(gradient, torch.ones_like(values))


def test_span_and_pair():
    assert [span(1, 5), span(2, 5), span(3, 5)] == [1, 6, 11]
    assert pair("demo", "stride", [2, 3]) == (2, 3)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: output_size(5, 0), ValueError, "output_size: kernel_size must be at least 1, got 0."),
        (lambda: output_size(5, 3, stride=0), ValueError, "output_size: stride must be at least 1, got 0."),
        (lambda: output_size(5, 3, stride=(1, -2)), ValueError, "stride must be at least 1, got (1, -2)."),
        (lambda: output_size(5, 3, padding=-1), ValueError, "output_size: padding must be at least 0, got -1."),
        (lambda: output_size(5, 3, dilation=0), ValueError, "output_size: dilation must be at least 1, got 0."),
        (lambda: output_size(0, 3), ValueError, "output_size: size must be at least 1, got 0."),
        (
            lambda: output_size(5, 3.0),
            TypeError,
            "kernel_size must be an int or a pair of ints (rows, columns), got 3.0.",
        ),
        (
            lambda: output_size(5, True),
            TypeError,
            "kernel_size must be an int or a pair of ints (rows, columns), got True.",
        ),
        (
            lambda: output_size(5, (3, 3, 3)),
            TypeError,
            "must be an int or a pair of ints (rows, columns), got (3, 3, 3).",
        ),
        (
            lambda: output_size(5, 3, padding="full"),
            ValueError,
            "output_size: padding must be a number, a pair, 'same' or 'valid', got 'full'.",
        ),
        (
            lambda: output_size(5, 3, padding="same", stride=2),
            ValueError,
            "padding 'same' keeps the size, so the stride must be 1, got 2. Give the padding as a number.",
        ),
        (
            lambda: output_size((9, 3), 4, padding=(0, 1), dilation=2),
            ValueError,
            "the window must fit into the padded image: it spans 7 columns (kernel 4, dilation 2), got 1 + 3 + 1 = 5 "
            "columns. Use a smaller kernel or more padding.",
        ),
    ],
)
def test_errors_name_the_rule_and_the_numbers(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
