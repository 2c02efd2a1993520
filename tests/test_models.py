"""Every segmenter: any size in, logits of the same size out, a gradient everywhere, one image enough."""

import re

import pytest
import torch
from torch import nn

from seglearn.losses import cross_entropy_loss
from seglearn.models import UNet
from seglearn.models.blocks import conv_block, normalization, pad_to_multiple

SIZES = [(1, 1), (2, 3), (7, 5), (16, 16), (33, 50), (64, 96)]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_any_height_and_width_comes_back(size):
    assert UNet(3, 5, widths=(4, 6, 8))(torch.rand(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize("widths", [(4, 8), (2, 4, 6, 8), (16, 24, 32, 48, 64)], ids=str)
def test_widths_choose_the_levels(widths):
    model = UNet(1, 2, widths=widths)
    assert [block[0].out_channels for block in model.down] + [model.bottom[0].out_channels] == list(widths)
    assert model(torch.rand(1, 1, 20, 30)).shape == (1, 2, 20, 30)


@pytest.mark.parametrize("convs", [1, 2, 3])
def test_convs_are_counted_at_every_level(convs):
    model = UNet(3, 5, widths=(4, 8, 12), convs=convs)
    assert (
        sum(isinstance(layer, nn.Conv2d) for layer in model.modules()) == 5 * convs + 1
    )  # 2 down, 1 bottom, 2 up, head
    assert model(torch.rand(1, 3, 9, 14)).shape == (1, 5, 9, 14)


def test_every_weight_receives_a_gradient_from_a_batch_of_one():
    torch.manual_seed(0)
    model = UNet(3, 4, widths=(4, 6, 8)).train()
    cross_entropy_loss(model(torch.rand(1, 3, 9, 14)), torch.randint(4, (1, 9, 14))).backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.parameters())


def test_training_and_evaluation_compute_the_same():
    model, images = UNet(3, 4, widths=(4, 8)), torch.rand(2, 3, 8, 12)
    torch.testing.assert_close(model.train()(images), model.eval()(images))


def test_images_of_a_batch_do_not_mix():
    model, images = UNet(3, 4, widths=(4, 8)).eval(), torch.rand(3, 3, 10, 6)
    torch.testing.assert_close(model(images)[1:2], model(images[1:2]))


def test_a_skip_carries_detail_past_the_bottom():
    """With the way through the bottom cut, the logits still follow the image; with the skip cut too, they do not."""
    model, images = UNet(3, 2, widths=(4, 8)).eval(), torch.rand(1, 3, 8, 8)
    nn.init.zeros_(model.up[0][0].weight[:, 4:])  # the first block of the way up reads [skip, from below]
    assert model(images).std(dim=(2, 3)).min() > 1e-3
    nn.init.zeros_(model.up[0][0].weight[:, :4])
    assert model(images).std(dim=(2, 3)).max() < 1e-6


def test_padding_repeats_the_border_and_changes_nothing_that_fits():
    images = torch.rand(2, 3, 5, 8)
    padded = pad_to_multiple(images, 4)
    assert padded.shape == (2, 3, 8, 8) and torch.equal(padded[..., :5, :], images)
    assert torch.equal(padded[..., 5:, :], images[..., 4:, :].expand(-1, -1, 3, -1))
    assert torch.equal(pad_to_multiple(padded, 4), padded)


@pytest.mark.parametrize(["channels", "groups"], [(2, 1), (6, 3), (7, 1), (16, 8), (24, 8), (64, 8)])
def test_groups_hold_at_least_two_channels(channels, groups):
    assert normalization(channels).num_groups == groups


def test_a_unet_can_be_exported():
    images = torch.rand(1, 3, 16, 24)
    model = UNet(3, 4, widths=(4, 8)).eval()
    exported = torch.export.export(model, (images,)).module()
    torch.testing.assert_close(exported(images), model(images))


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (lambda: UNet(3, 2, widths=(8,)), "UNet: widths must name at least two levels, got (8,)."),
        (lambda: UNet(3, 2, convs=0), "UNet: convs must be at least 1, got 0."),
        (lambda: conv_block(3, 1), "normalization: channels must be at least 2, got 1."),
        (lambda: UNet(3, 2)(torch.rand(3, 8, 8)), "UNet: images must have shape (N, 3, H, W), got (3, 8, 8)."),
        (lambda: UNet(3, 2)(torch.rand(1, 1, 8, 8)), "UNet: images must have shape (N, 3, H, W), got (1, 1, 8, 8)."),
    ],
    ids=["one level", "no convolution", "one channel", "no batch", "gray"],
)
def test_errors_name_the_rule_and_the_value(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()
