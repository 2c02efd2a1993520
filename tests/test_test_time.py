"""Test-time augmentation: views are mapped back to where they came from, and their probabilities averaged."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seglearn.models import UNet
from seglearn.training import predict, predict_augmented
from seglearn.training.test_time import mean_probs

BOTH = ("horizontal", "vertical")


class Watched(nn.Module):
    """The same at every pixel, so that it knows no direction; remembers what it was shown."""

    def __init__(self, weight):
        super().__init__()
        self.weight, self.seen = weight, []

    def forward(self, images):
        self.seen.append(images.clone())
        return torch.einsum("kc,nchw->nkhw", self.weight, images)


def watched(classes=4):
    return Watched(torch.randn(classes, 3, generator=torch.Generator().manual_seed(0)))


class LeftIsOne(nn.Module):
    """A model with a bias: the left column is class 1 with certainty 0.9, whatever is there."""

    def forward(self, images):
        probs = torch.full((len(images), 2, *images.shape[2:]), 0.5)
        probs[:, 0, :, 0], probs[:, 1, :, 0] = 0.1, 0.9
        return probs.log()


def test_the_average_of_two_views_by_hand():
    probs = mean_probs(LeftIsOne(), torch.zeros(1, 3, 2, 4), flips=("horizontal",), scales=(1.0,))
    torch.testing.assert_close(probs[0, 1], torch.tensor([[0.7, 0.5, 0.5, 0.7]]).expand(2, 4))


def test_every_combination_of_flips_at_every_scale_is_shown_once():
    model, images = watched(), torch.rand(1, 3, 4, 6)
    predict_augmented(model, images, flips=BOTH, scales=(1.0, 0.5))
    views = [images, images.flip(-2), images.flip(-1), images.flip(-1, -2)]
    assert len(model.seen) == 8
    for view in views:
        assert sum(seen.shape == view.shape and torch.equal(seen, view) for seen in model.seen) == 1
    assert sum(seen.shape == (1, 3, 2, 3) for seen in model.seen) == 4


@pytest.mark.parametrize("flips", [(), ("horizontal",), ("vertical",), BOTH])
def test_a_model_that_knows_no_direction_predicts_as_without_flips(flips):
    images = torch.rand(3, 3, 7, 10)
    assert torch.equal(predict_augmented(watched(), images, flips=flips), predict(watched(), images))


def test_without_views_it_is_predict():
    model, images = UNet(3, 4, widths=(8, 16)), torch.rand(2, 3, 13, 18)
    assert torch.equal(predict_augmented(model, images, flips=()), predict(model, images))


def test_mirrored_input_gives_the_mirrored_answer():
    """The law that the average buys: what comes out turns with what goes in, whatever the model."""
    model, images = UNet(3, 4, widths=(8, 16)).eval(), torch.rand(2, 3, 16, 24)
    with torch.inference_mode():
        probs = mean_probs(model, images, flips=BOTH, scales=(1.0,))
        for turn in ((-1,), (-2,), (-1, -2)):
            turned = mean_probs(model, images.flip(turn), flips=BOTH, scales=(1.0,))
            torch.testing.assert_close(turned.flip(turn), probs, rtol=0, atol=1e-5)
    torch.testing.assert_close(probs.sum(dim=1), torch.ones(2, 16, 24))


@pytest.mark.parametrize("scale", [0.31, 0.5, 0.77, 1.0, 1.37, 2.0])
def test_large_areas_stay_in_place_at_odd_scales(scale):
    images = torch.zeros(1, 3, 43, 61)
    images[:, 0, :20, :33] = images[:, 1, :20, 33:] = images[:, 2, 20:] = 1
    model = Watched(9 * torch.eye(3))
    pred = predict_augmented(model, images, flips=("horizontal",), scales=(scale,))[0]
    truth = images[0].argmax(dim=0)
    border = F.max_pool2d(truth[None].float(), 5, 1, 2) != -F.max_pool2d(-truth[None].float(), 5, 1, 2)
    assert torch.equal(pred[~border[0]], truth[~border[0]])


@pytest.mark.parametrize("size", [(1, 1), (1, 5), (3, 1)])
def test_tiny_images_are_never_resized_to_nothing(size):
    images = torch.rand(2, 3, *size)
    assert predict_augmented(watched(), images, scales=(0.1, 1, 3)).shape == (2, *size)


def test_no_images_and_any_batch_size():
    images = torch.rand(5, 3, 6, 8)
    assert predict_augmented(watched(), images[:0]).shape == (0, 6, 8)
    one, many = (predict_augmented(watched(), images, scales=(0.5, 1), batch_size=size) for size in (1, 5))
    assert torch.equal(one, many) and one.dtype == torch.int64


def test_asking_changes_nothing():
    model, images = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).train(), torch.rand(2, 3, 4, 5)
    before, kept = model[1].running_mean.clone(), images.clone()
    predict_augmented(model, images, flips=BOTH, scales=(0.5, 1))
    assert model.training and torch.equal(model[1].running_mean, before) and torch.equal(images, kept)


@pytest.mark.parametrize(
    ["message", "change"],
    [
        ("images must have shape (N, C, H, W), got (3, 4, 5). Use images.uns", {"images": torch.zeros(3, 4, 5)}),
        ("flips must be one of horizontal, vertical, got 'sideways'", {"flips": ("sideways",)}),
        ("scales must be one or more numbers above 0, got ()", {"scales": ()}),
        ("scales must be one or more numbers above 0, got (1, 0)", {"scales": (1, 0)}),
        ("the model must return logits (1, K, 4, 6) for images (1, 3, 4, 6), got (1, 3, 2", {"model": nn.AvgPool2d(2)}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(message, change):
    options = {"model": nn.Identity(), "images": torch.zeros(1, 3, 4, 6)} | change
    with pytest.raises(ValueError, match="predict_augmented: " + re.escape(message)):
        predict_augmented(options.pop("model"), options.pop("images"), **options)
