"""Convolution: by hand, equal to the loops and to torch (values and gradients), extremes, laws, errors."""

import random
import re
import warnings

import pytest
import torch
import torch.nn.functional as F
from agreement import EXACT, agree, noise

from seglearn import convolution, windows
from seglearn.convolution import KERNELS, conv2d, conv2d_with_loops, im2col


def torch_conv2d(*tensors, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using padding='same' with even kernel")  # torch copies there; so what
        return F.conv2d(*tensors, **options)


def random_cases(count):
    chance = random.Random(0)
    for number in range(count):
        groups = chance.choice([1, 1, 2, 3])
        padding = chance.choice([0, 1, 2, (0, 2), (3, 1), "same", "valid"])
        stride = 1 if padding == "same" else chance.choice([1, 2, 3, (1, 2), (3, 2)])
        kernel = chance.choice([(1, 1), (2, 2), (3, 3), (1, 3), (3, 2), (2, 4)])
        options = {"stride": stride, "padding": padding, "dilation": chance.choice([1, 2, (1, 2), (2, 1)])}
        sizes = chance.choice([0, 1, 2]), groups * chance.choice([1, 2]), chance.randint(7, 11), chance.randint(7, 11)
        outputs = groups * chance.choice([1, 3])
        case = (sizes, (outputs, sizes[1] // groups, *kernel), chance.random() < 0.5, options | {"groups": groups})
        yield pytest.param(*case, id=f"{number}-{sizes}-{kernel}-{options}-g{groups}".replace(" ", ""))


# By hand


def test_a_step_is_found_where_right_is_brighter_than_left():
    step = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 1]]).reshape(1, 1, 2, 4)
    edge = torch.tensor([-1.0, 1.0]).reshape(1, 1, 1, 2)
    for conv in (conv2d, conv2d_with_loops):
        assert conv(step, edge)[0, 0].tolist() == [[0, 1, 0], [0, 1, 0]]


def test_channels_add_up_and_the_bias_comes_on_top():
    image = torch.tensor([1.0, 10.0]).reshape(1, 2, 1, 1)
    weight = torch.tensor([[2.0, 3.0], [0.0, -1.0], [1.0, 0.0]]).reshape(3, 2, 1, 1)
    assert conv2d(image, weight, torch.tensor([0.5, 0.0, -1.0])).flatten().tolist() == [32.5, -10, 0]


def test_the_kernel_is_not_flipped():
    image = torch.tensor([0.0, 1.0, 0.0]).reshape(1, 1, 1, 3)
    kernel = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 1, 1, 3)
    assert conv2d(image, kernel, padding="same").flatten().tolist() == [3, 2, 1]  # mathematics would say 1 2 3


def test_columns_list_the_windows():
    columns = im2col(torch.arange(12.0).reshape(1, 2, 2, 3), 2)
    assert columns[0].T.tolist() == [[0, 1, 3, 4, 6, 7, 9, 10], [1, 2, 4, 5, 7, 8, 10, 11]]


# Equals the loop and torch


@pytest.mark.parametrize("sizes, kernels, biased, options", list(random_cases(80)))
def test_values_and_gradients_equal_torch(sizes, kernels, biased, options):
    tensors = [noise(*sizes), noise(*kernels, seed=1)] + ([noise(kernels[0], seed=2)] if biased else [])
    agree(lambda *t: conv2d(*t, **options), lambda *t: torch_conv2d(*t, **options), tensors)


@pytest.mark.parametrize("sizes, kernels, biased, options", list(random_cases(12)))
def test_the_loops_equal_torch(sizes, kernels, biased, options):
    tensors = [noise(*sizes), noise(*kernels, seed=1)] + ([noise(kernels[0], seed=2)] if biased else [])
    torch.testing.assert_close(conv2d_with_loops(*tensors, **options), torch_conv2d(*tensors, **options), **EXACT)


def test_gradients_of_the_loops_equal_torch():
    tensors = [noise(2, 4, 5, 7), noise(6, 2, 3, 2, seed=1), noise(6, seed=2)]
    options = {"stride": (2, 1), "padding": 1, "groups": 2}
    agree(lambda *t: conv2d_with_loops(*t, **options), lambda *t: F.conv2d(*t, **options), tensors)


@pytest.mark.parametrize(
    "turn",
    [
        lambda x: x.mT,
        lambda x: x.flip(3)[:, :, ::2],
        lambda x: x.to(memory_format=torch.channels_last),
        lambda x: x[::2],
    ],
    ids=["transposed", "every-other-row", "channels-last", "every-other-image"],
)
def test_a_view_that_is_not_contiguous_is_the_same_image(turn):
    tensors = [turn(noise(3, 4, 9, 9)), noise(5, 4, 2, 3, seed=1).flip(0).mT]
    agree(lambda *t: conv2d(*t, padding=1), lambda *t: F.conv2d(*t, padding=1), tensors)


def test_columns_equal_torch():
    for options in [{}, {"stride": (2, 3)}, {"padding": (2, 1), "dilation": (1, 3)}, {"stride": 2, "padding": 1}]:
        agree(
            lambda x, o=options: im2col(x, (3, 2), **o),
            lambda x, o=options: F.unfold(x, (3, 2), **o),
            [noise(2, 3, 8, 7)],
        )


def test_a_gradient_of_a_gradient():
    x, weight = noise(1, 2, 4, 5).requires_grad_(), noise(3, 2, 2, 3, seed=1).requires_grad_()
    assert torch.autograd.gradgradcheck(lambda a, b: conv2d(a, b, padding=1, stride=2).square(), (x, weight))


# Extremes


def test_one_pixel_one_channel():
    assert conv2d(torch.full((1, 1, 1, 1), 3.0), torch.full((1, 1, 1, 1), 2.0)).item() == 6


def test_no_image_gives_no_result_and_a_zero_gradient():
    weight = noise(4, 3, 2, 2).requires_grad_()
    result = conv2d(noise(0, 3, 5, 7), weight, padding=1)
    result.sum().backward()
    assert result.shape == (0, 4, 6, 8) and torch.equal(weight.grad, torch.zeros_like(weight))
    assert conv2d_with_loops(noise(0, 3, 5, 7), weight, padding=1).shape == (0, 4, 6, 8)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_the_type_is_kept(dtype):
    x, weight = noise(2, 3, 5, 7).to(dtype), noise(4, 3, 3, 3, seed=1).to(dtype)
    assert conv2d(x, weight).dtype == dtype
    torch.testing.assert_close(conv2d(x, weight), F.conv2d(x, weight), rtol=2e-2, atol=5e-2)


def test_depthwise_on_a_kernel_as_large_as_the_image():
    tensors = [noise(2, 6, 5, 7), noise(6, 1, 5, 7, seed=1)]
    agree(lambda *t: conv2d(*t, groups=6), lambda *t: F.conv2d(*t, groups=6), tensors)


# What must not matter


def test_a_batch_is_its_images_one_by_one():
    x, weight = noise(3, 2, 6, 5), noise(4, 2, 3, 3, seed=1)
    torch.testing.assert_close(conv2d(x, weight), torch.cat([conv2d(image, weight) for image in x.split(1)]))


def test_moving_the_image_moves_the_answer():
    x, weight = F.pad(noise(1, 2, 5, 6), (4, 4, 4, 4)), noise(3, 2, 3, 3, seed=1)
    moved = conv2d(x.roll((1, 2), dims=(2, 3)), weight)
    torch.testing.assert_close(moved, conv2d(x, weight).roll((1, 2), dims=(2, 3)))


def test_the_arguments_stay_as_they_are():
    x, weight = noise(1, 2, 5, 6), noise(3, 2, 3, 3, seed=1)
    before = x.clone(), weight.clone()
    conv2d(x, weight, padding=1)
    im2col(x, 2, padding=1)
    assert torch.equal(x, before[0]) and torch.equal(weight, before[1])


# Kernels


def seen_through(name, image):
    kernel = KERNELS[name]
    return conv2d(image.reshape(1, 1, *image.shape), kernel.reshape(1, 1, *kernel.shape))[0, 0]


def test_kernels_are_odd_float32_and_sum_to_one_or_zero():
    for name, kernel in KERNELS.items():
        assert kernel.dtype == torch.float32 and kernel.shape[0] % 2 == kernel.shape[1] % 2 == 1, name
        assert kernel.sum().item() == pytest.approx(0, abs=1e-6) or kernel.sum().item() == pytest.approx(1), name


def test_kernels_do_what_their_names_say():
    ramp = torch.arange(5.0).expand(4, 5)  # brighter to the right
    dot = F.pad(torch.ones(1, 1), (2, 2, 2, 2))
    inner = ramp[1:-1, 1:-1]
    for name in ("identity", "box_blur", "gaussian", "sharpen"):
        torch.testing.assert_close(seen_through(name, ramp), inner)
    torch.testing.assert_close(seen_through("shift", ramp), inner - 1)
    for name, slope in {"sobel": 8.0, "prewitt": 6.0}.items():
        assert (seen_through(f"{name}_x", ramp) == slope).all() and (seen_through(f"{name}_y", ramp) == 0).all()
        assert (seen_through(f"{name}_y", ramp.T) == slope).all() and (seen_through(f"{name}_x", ramp.T) == 0).all()
    assert (seen_through("laplacian", ramp) == 0).all() and seen_through("laplacian", dot)[1, 1] == -4
    assert (seen_through("outline", ramp) == 0).all() and seen_through("outline", dot)[1, 1] == 8
    assert (seen_through("emboss", ramp) == inner + 6).all() and (
        seen_through("emboss", ramp.T) == inner.new_tensor([[7], [8], [9]])
    ).all()
    assert seen_through("sharpen", dot)[1, 1] == 5 and seen_through("gaussian", dot)[1, 1] == 0.25


def test_the_room_hands_on_the_output_size():
    assert convolution.output_size is windows.output_size


# Errors


IMAGE, WEIGHT = torch.zeros(2, 6, 5, 7), torch.zeros(4, 6, 3, 3)


@pytest.mark.parametrize("conv", [conv2d, conv2d_with_loops])
@pytest.mark.parametrize(
    "change, error, words",
    [
        ({"x": IMAGE[0]}, ValueError, "x must have shape (N, C, H, W), got (6, 5, 7). Use x.unsqueeze(0)."),
        ({"weight": WEIGHT[0]}, ValueError, "weight must have shape (O, I, kh, kw), got (6, 3, 3)."),
        ({"weight": [[1.0]]}, TypeError, "weight must be a tensor, got list."),
        ({"x": IMAGE.byte()}, TypeError, "x must be floating point, got torch.uint8. Use x.float()."),
        ({"weight": WEIGHT.double()}, TypeError, "weight must be torch.float32 like x, got torch.float64."),
        ({"bias": torch.zeros(4).half()}, TypeError, "bias must be torch.float32 like x, got torch.float16."),
        ({"bias": torch.zeros(6)}, ValueError, "bias must have shape (4), got (6,)."),
        ({"groups": 4}, ValueError, "groups must divide C, got C=6 channels and groups=4."),
        ({"groups": 3}, ValueError, "groups must divide O, got O=4 channels and groups=3."),
        ({"groups": 0}, ValueError, "groups must be a whole number of at least 1, got 0."),
        (
            {"groups": 2},
            ValueError,
            "weight must have C/groups = 6/2 = 3 channels in its second axis, got 6 in (4, 6, 3, 3).",
        ),
        ({"weight": torch.zeros(4, 3, 3, 3)}, ValueError, "weight must have C/groups = 6/1 = 6 channels"),
        (
            {"weight": torch.zeros(4, 6, 3, 9)},
            ValueError,
            "it spans 9 columns (kernel 9, dilation 1), got 0 + 7 + 0 = 7 columns. Use a smaller kernel",
        ),
        ({"weight": torch.zeros(4, 6, 0, 3)}, ValueError, "kernel_size must be at least 1, got (0, 3)."),
        ({"dilation": 3}, ValueError, "it spans 7 rows (kernel 3, dilation 3), got 0 + 5 + 0 = 5 rows."),
        ({"stride": 0}, ValueError, "stride must be at least 1, got 0."),
        ({"stride": (1, -1)}, ValueError, "stride must be at least 1, got (1, -1)."),
        ({"padding": -1}, ValueError, "padding must be at least 0, got -1."),
        ({"padding": 0.5}, TypeError, "padding must be an int or a pair of ints (rows, columns), got 0.5."),
        (
            {"padding": "same", "stride": 2},
            ValueError,
            "padding 'same' keeps the size, so the stride must be 1, got 2.",
        ),
    ],
)
def test_errors_name_the_rule_and_the_numbers(conv, change, error, words):
    with pytest.raises(error, match=f"{conv.__name__}: .*" + re.escape(words)):
        conv(**({"x": IMAGE, "weight": WEIGHT} | change))


def test_columns_speak_under_their_own_name():
    with pytest.raises(ValueError, match=re.escape("im2col: x must have shape (N, C, H, W), got (5, 7).")):
        im2col(IMAGE[0, 0], 3)
    with pytest.raises(ValueError, match=re.escape("im2col: the window must fit into the padded image")):
        im2col(IMAGE, 6)
