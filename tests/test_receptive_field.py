"""Receptive fields: arithmetic by hand, measured by gradient, and both the same."""

import copy
import random
import re
from math import isclose

import pytest
import torch
from torch import nn
from torchvision.models import resnet50, vgg16

from seglearn.convolution import Layer, MeasuredField, Row, measured_receptive_field, receptive_field
from seglearn.models import UNet

VGG16 = [
    layer
    for block, convs in enumerate((2, 2, 3, 3, 3), start=1)
    for layer in [Layer(3, padding=1)] * convs + [Layer(2, stride=2, name=f"pool{block}")]
]


def modules(layers, channels=3, width=8):
    """Return a model with these windows: convolutions, rectified."""
    stack = []
    for k in layers:
        stack += [nn.Conv2d(channels, width, k.kernel_size, k.stride, k.padding, k.dilation), nn.ReLU()]
        channels = width
    return nn.Sequential(*stack[:-1])


# By hand


def test_two_layers_of_three_see_five():
    assert receptive_field([Layer(3), Layer(3)])[-1] == Row("layer 2", 5, 1, 2.0, None)


def test_a_stride_makes_the_next_layer_see_further():
    rows = receptive_field([Layer(2, stride=2, name="pool"), Layer(3, name="conv")], image_size=10)
    assert rows == [Row("image", 1, 1, 0.0, 10), Row("pool", 2, 2, 0.5, 5), Row("conv", 6, 2, 2.5, 3)]


def test_dilation_spreads_and_padding_moves_the_start():
    assert receptive_field([Layer(3, dilation=4, padding=4)])[-1] == Row("layer 1", 9, 1, 0.0, None)
    assert receptive_field([Layer(3, padding=2)])[-1].start == -1.0


def test_a_pair_anywhere_makes_pairs_everywhere():
    rows = receptive_field([Layer((3, 5), stride=(1, 2)), Layer(3)], image_size=11)
    assert rows[-1] == Row("layer 2", (5, 9), (1, 2), (2.0, 4.0), (7, 2))
    assert receptive_field([Layer(3)], image_size=(4, 5))[-1].output == (2, 3)


def test_same_padding_keeps_the_size():
    assert receptive_field([Layer(4, padding="same")], image_size=6)[-1] == Row("layer 1", 4, 1, 0.5, 6)


def test_no_layer_is_a_pixel():
    assert receptive_field([]) == [Row("image", 1, 1, 0.0, None)]


def test_vgg16_on_paper():
    last = receptive_field(VGG16, image_size=224)[-1]
    assert last == Row("pool5", 212, 32, 15.5, 7)


# Measured


@pytest.mark.slow
def test_vgg16_sees_212_pixels():
    field = measured_receptive_field(vgg16(weights=None).features, 224)
    assert field.size == (212, 212) and not field.clipped and field.unit == (3, 3)
    assert field.box[0] == receptive_field(VGG16)[-1].start + 3 * 32 - 105.5


@pytest.mark.slow
def test_resnet50_sees_427_pixels_not_483():
    trunk = nn.Sequential(*list(resnet50(weights=None).children())[:-2])
    field = measured_receptive_field(trunk, 448)
    assert field.size == (427, 427) and not field.clipped


def random_stacks(count):
    chance = random.Random(2)
    for _ in range(count):
        layers = []
        for _ in range(chance.randint(1, 4)):
            kernel, dilation = chance.choice([1, 2, 3, (3, 1), (2, 5)]), chance.choice([1, 2, (1, 3)])
            layers.append(Layer(kernel, chance.choice([1, 2, (1, 2)]), chance.choice([0, 1, (2, 0)]), dilation))
        yield layers


@pytest.mark.parametrize("layers", list(random_stacks(25)))
def test_measured_equals_arithmetic(layers):
    torch.manual_seed(0)
    last = receptive_field(layers, image_size=(160, 170))[-1]
    field = measured_receptive_field(modules(layers), (160, 170), draws=3)
    assert not field.clipped and field.size == last.size
    middle = [(field.box[1] + field.box[3] - 1) / 2, (field.box[0] + field.box[2] - 1) / 2]
    assert middle == [s + u * j for s, u, j in zip(last.start, field.unit, last.jump, strict=True)]


def test_poolings_count_as_windows():
    model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.MaxPool2d(2), nn.Conv2d(16, 8, 3), nn.AvgPool2d(3, stride=2))
    layers = [Layer(3), Layer(2, stride=2), Layer(3), Layer(3, stride=2)]
    torch.manual_seed(0)
    side = receptive_field(layers)[-1].size
    assert measured_receptive_field(model, 41, draws=4).size == (side, side)


def test_the_heat_of_one_known_kernel():
    conv = nn.Conv2d(1, 1, (1, 3), bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.tensor([1.0, -6.0, 1.0]).reshape(1, 1, 1, 3))
    field = measured_receptive_field(conv, (3, 9), channels=1)
    assert field.heat.dtype == torch.float64
    torch.testing.assert_close(field.heat[1], torch.tensor([0, 0, 0, 1, 6, 1, 0, 0, 0]).double() / 8)
    assert field.box == (3, 1, 6, 2) and field.size == (1, 3) and field.unit == (1, 3)
    assert field.mass_within(1) == 0.75 and isclose(field.mass_within(3), 1)
    assert [field.side_holding(share) for share in (0, 0.75, 0.76, 1)] == [1, 1, 3, 3]


def test_sides_of_an_even_field_are_even():
    torch.manual_seed(0)
    field = measured_receptive_field(nn.Conv2d(3, 4, 6), 20)
    assert field.size == (6, 6) and field.side_holding(1.0) == 6 and field.side_holding(0.01) == 2


def test_most_of_the_mass_is_in_the_middle_and_the_profile_rises_to_one():
    torch.manual_seed(0)
    field = measured_receptive_field(modules([Layer(3)] * 8), 31, draws=2)
    profile = [field.mass_within(side) for side in range(1, 18, 2)]
    assert profile == sorted(profile) and isclose(profile[-1], 1) and isclose(field.heat.sum().item(), 1)
    assert field.size == (17, 17) and field.side_holding(0.9) < 15


@pytest.mark.parametrize("box", [(0, 1, 3, 3), (1, 0, 3, 3), (1, 1, 5, 3), (1, 1, 3, 4)])
def test_a_field_at_any_border_is_clipped(box):
    assert MeasuredField(torch.zeros(4, 5), (0, 0), box).clipped
    assert not MeasuredField(torch.zeros(4, 5), (0, 0), (1, 1, 4, 3)).clipped


def test_an_image_too_small_clips_the_field():
    assert measured_receptive_field(nn.Conv2d(3, 4, 5, padding=2), (4, 9)).clipped
    assert not measured_receptive_field(nn.Conv2d(3, 4, 5, padding=2), 9).clipped


def test_group_norm_sees_everything_but_looks_at_the_middle():
    torch.manual_seed(0)
    field = measured_receptive_field(UNet(3, 4, widths=(8, 16)), (48, 64))
    assert field.size == (48, 64) and field.clipped and field.unit == (24, 32)
    assert field.mass_within(15) > 0.5


def test_a_softmax_at_the_end_hides_nothing():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Softmax(dim=1))
    assert measured_receptive_field(model, 9).size == (3, 3)


# What must not matter


def test_the_model_stays_as_it_is():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(0.5))
    model[1].eval()
    model(torch.randn(2, 3, 6, 7)).sum().backward()
    modes, state = [m.training for m in model.modules()], copy.deepcopy(model.state_dict())
    gradients = [p.grad.clone() for p in model.parameters()]
    chance = torch.get_rng_state()
    measured_receptive_field(model, 9)
    assert modes == [m.training for m in model.modules()]
    assert all(
        torch.equal(a, b) and a.dtype == b.dtype
        for a, b in zip(state.values(), model.state_dict().values(), strict=True)
    )
    assert all(torch.equal(a, p.grad) and p.requires_grad for a, p in zip(gradients, model.parameters(), strict=True))
    assert torch.equal(chance, torch.get_rng_state())


def test_training_mode_and_no_grad_do_not_matter():
    torch.manual_seed(0)
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Dropout(0.5)).train()
    with torch.no_grad():
        assert measured_receptive_field(model, 11, draws=4).size == (3, 3)


def test_the_same_seed_gives_the_same_heat():
    torch.manual_seed(0)
    model = modules([Layer(3), Layer(3)])
    once, again, other = (measured_receptive_field(model, 9, seed=seed).heat for seed in (3, 3, 4))
    assert torch.equal(once, again) and not torch.equal(once, other)


# Errors


class Cut(nn.Module):
    def forward(self, x):
        return x.detach()


class Pieces(nn.Module):
    def forward(self, x):
        return {"out": x}


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: receptive_field([(3, 2)]),
            TypeError,
            "layer 1: it must be a Layer, got (3, 2). Write Layer(3, stride=2).",
        ),
        (lambda: receptive_field(Layer(3)), TypeError, "layers must be a list of Layer, got Layer(kernel_size=3"),
        (lambda: receptive_field([Layer(3), Layer(0)]), ValueError, "layer 2: kernel_size must be at least 1, got 0."),
        (lambda: receptive_field([Layer(3, stride=0)]), ValueError, "layer 1: stride must be at least 1, got 0."),
        (
            lambda: receptive_field([Layer(3, stride=2), Layer(5)], image_size=8),
            ValueError,
            "receptive_field, layer 2: the window must fit into the padded image: it spans 5 rows",
        ),
        (
            lambda: measured_receptive_field(nn.Flatten(), 8),
            ValueError,
            "must give an output (1, K, h, w) with units to ask, got (1, 192). Leave out what pools or flattens",
        ),
        (
            lambda: measured_receptive_field([nn.Identity()], 8),
            TypeError,
            "the model must be an nn.Module, got list. Use nn.Sequential(...).",
        ),
        (
            lambda: measured_receptive_field(nn.Conv2d(3, 4, kernel_size=9), 8),
            ValueError,
            "the model must take an image (1, 3, 8, 8), got an error: Calculated padded input size per channel: (8 x 8)",
        ),
        (
            lambda: measured_receptive_field(nn.Conv2d(1, 4, kernel_size=3), 8),
            ValueError,
            "Use a larger image_size, or channels=C as the first layer has them.",
        ),
        (lambda: measured_receptive_field(Pieces(), 8), TypeError, "the model must return a tensor, got dict."),
        (lambda: measured_receptive_field(Cut(), 8), ValueError, "the output must depend on the image"),
        (
            lambda: measured_receptive_field(nn.Hardtanh(9, 10), 8),
            ValueError,
            "some pixel must have a gradient, got none at 1",
        ),
        (lambda: measured_receptive_field(nn.Identity(), 0), ValueError, "image_size must be at least 1, got 0."),
        (lambda: measured_receptive_field(nn.Identity(), 8, draws=0), ValueError, "draws must be at least 1, got 0."),
        (
            lambda: measured_receptive_field(nn.Identity(), 8).side_holding(95),
            ValueError,
            "share must be in 0..1, got 95. 95 % is 0.95.",
        ),
    ],
)
def test_errors_name_the_rule_and_the_numbers(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
