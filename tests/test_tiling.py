"""Tiles: the same labels as for the whole image wherever a tile sees enough, and memory that does not grow with it."""

import re

import numpy as np
import pytest
import torch
from torch import nn

from seglearn.models import UNet
from seglearn.training import logits_in_bands, predict, predict_tiled
from seglearn.training.tiling import blending, spans


def small_net(radius=3, *, channels=3, classes=4):
    """Convolutions without normalization: no score depends on a pixel farther than `radius` away."""
    torch.manual_seed(1)
    layers = [nn.Conv2d(channels, 6, 3, padding=1), nn.ReLU()]
    for _ in range(radius - 2):
        layers += [nn.Conv2d(6, 6, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(6, classes, 3, padding=1)).eval()


def whole(model, image):
    with torch.inference_mode():
        return model(image[None])[0]


def tiled(model, image, **options):
    return torch.cat(list(logits_in_bands(model, image, **options)), dim=1)


# By hand -------------------------------------------------------------------------------------------------------------


def test_where_tiles_begin_and_end_by_hand():
    assert spans(10, 4, 1) == [(0, 4), (3, 7), (6, 10)]
    assert spans(11, 4, 1) == [(0, 4), (3, 7), (6, 10), (9, 11)]
    assert spans(4, 4, 3) == spans(4, 9, 5) == [(0, 4)] and spans(5, 4, 3) == [(0, 4), (1, 5)]


def test_one_tile_fades_out_while_the_next_fades_in():
    first, second = blending([(0, 8), (4, 12)], overlap=4, margin=1)  # the ramp has two pixels: sin² of 22.5° and 67.5°
    torch.testing.assert_close(first, torch.tensor([1, 1, 1, 1, 1, 0.853553, 0.146447, 0]))
    torch.testing.assert_close(second, first.flip(0))


class Corner(nn.Module):
    """Says which pixels are at the upper left corner of what it is shown."""

    def forward(self, images):
        logits = torch.zeros(len(images), 2, *images.shape[2:])
        logits[:, 1, 0, 0] = 1
        return logits


def test_margins_are_looked_at_but_not_believed():
    logits = tiled(Corner(), torch.zeros(1, 9, 9), tile=5, overlap=2, margin=1)
    assert logits[1].nonzero().tolist() == [[0, 0]]  # the corners of inner tiles count nothing
    logits = tiled(Corner(), torch.zeros(1, 9, 9), tile=5, overlap=2, margin=0)
    assert logits[1].nonzero().tolist() == [[y, x] for y in (0, 3, 6) for x in (0, 3, 6)]


# Equals the whole image ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(29, 41), (24, 24), (57, 30), (11, 70), (8, 7)])
@pytest.mark.parametrize(["tile", "overlap"], [(24, 7), (17, 8), (16, 12), (13, 11), (64, 8)])
def test_tiles_equal_the_whole_where_the_overlap_covers_the_receptive_field(size, tile, overlap):
    model, image = small_net(3), torch.rand(3, *size)
    options = {"tile": tile, "overlap": overlap, "margin": 3}
    torch.testing.assert_close(tiled(model, image, **options), whole(model, image), rtol=0, atol=1e-5)
    assert torch.equal(predict_tiled(model, image, **options), predict(model, image[None])[0])


@pytest.mark.parametrize(["radius", "overlap"], [(2, 4), (3, 7), (3, 8), (6, 16), (9, 24)])
def test_without_a_margin_given_three_eighths_of_the_overlap_are_one(radius, overlap):
    model, image = small_net(radius), torch.rand(3, 61, 83)
    torch.testing.assert_close(tiled(model, image, tile=40, overlap=overlap), whole(model, image), rtol=0, atol=1e-5)


def test_too_small_a_margin_is_seen_at_the_seams_and_only_there():
    model, image = small_net(6), torch.rand(3, 40, 60)
    gap = (tiled(model, image, tile=24, overlap=8, margin=4) - whole(model, image)).abs().amax(dim=0)
    assert gap.max() > 1e-4
    seams = torch.zeros(40, 60, dtype=torch.bool)
    for start in (16, 32, 48):  # tiles begin here and end 8 later
        seams[start + 4 - 2 : start + 4 + 2] = True  # 6 - 4 = 2 pixels on both sides of the cut are wrong
        seams[:, start + 4 - 2 : start + 4 + 2] = True
    assert gap[~seams].max() < 1e-5


def test_a_net_with_pooling_agrees_where_tiles_begin_at_multiples_of_its_stride():
    model = nn.Sequential(
        nn.Conv2d(3, 5, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(5, 5, 3, padding=1), nn.MaxPool2d(2),
        nn.Conv2d(5, 3, 1), nn.Upsample(scale_factor=4),
    ).eval()  # fmt: skip
    image = torch.rand(3, 72, 88)
    options = {"tile": 32, "margin": 8}
    torch.testing.assert_close(tiled(model, image, overlap=16, **options), whole(model, image), rtol=0, atol=1e-5)
    image = torch.rand(3, 60, 60)  # tiles begin at 14: between two windows of the pooling
    assert (tiled(model, image, tile=32, overlap=18, margin=8)[:, :32] - whole(model, image)[:, :32]).abs().max() > 1e-3


def test_an_image_that_fits_into_one_tile_is_one_tile():
    model, image = UNet(3, 4, widths=(8, 16)).eval(), torch.rand(3, 19, 23)  # GroupNorm couples all pixels
    torch.testing.assert_close(tiled(model, image, tile=23, overlap=5), whole(model, image))
    assert torch.equal(predict_tiled(model, image, tile=99, overlap=0), predict(model, image[None])[0])


# Extremes ------------------------------------------------------------------------------------------------------------


class LooksAround(nn.Module):
    """Remembers the largest tensor it saw or made; the label of a pixel is its brightness above one half."""

    largest = 0

    def forward(self, images):
        logits = torch.cat([0.5 - images, images - 0.5, images * 0 - 1], dim=1)
        self.largest = max(self.largest, logits.numel())
        return logits


def test_memory_stays_one_row_of_tiles_for_an_image_of_4096_pixels_squared_on_disk(tmp_path):
    path = tmp_path / "large.npy"
    on_disk = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(1, 4096, 4096))
    on_disk[0, ::7, ::5] = 200
    on_disk.flush()
    del on_disk
    image, model = np.load(path, mmap_mode="r"), LooksAround()
    pred = predict_tiled(model, image, tile=512, overlap=32, batch_size=2)
    assert torch.equal(pred, torch.from_numpy(image[0] > 127).long()) and model.largest == 2 * 3 * 512 * 512
    heights = [band.shape for band in logits_in_bands(model, image, tile=512, overlap=32)]
    assert {tuple(shape) for shape in heights[:-1]} == {(3, 480, 4096)} and sum(s[1] for s in heights) == 4096
    del image  # Windows removes no file that is open


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3)])
@pytest.mark.parametrize("overlap", [0, 1, 2, 3, 6])
def test_thin_images_and_every_small_overlap(size, overlap):
    image = torch.randn(3, *size)
    assert torch.equal(predict_tiled(nn.Identity(), image, tile=7, overlap=overlap), image.argmax(dim=0))


def test_weights_sum_to_one_for_every_cut():
    for side, tile, overlap in [(50, 9, 0), (50, 9, 4), (50, 9, 8), (31, 30, 29), (12, 4, 3)]:
        cuts = spans(side, tile, overlap)
        for margin in range(overlap // 2 + 1):
            total = torch.zeros(side)
            for (start, end), weights in zip(cuts, blending(cuts, overlap, margin), strict=True):
                total[start:end] += weights
                assert weights.min() >= 0
            torch.testing.assert_close(total, torch.ones(side))
        assert cuts[0][0] == 0 and cuts[-1][1] == side


# What must not matter ------------------------------------------------------------------------------------------------


def test_bytes_floats_arrays_and_batches_give_one_answer():
    model, image = small_net(2), torch.randint(0, 256, (3, 33, 47), dtype=torch.uint8)
    options = {"tile": 16, "overlap": 6}
    expected = tiled(model, image.float() / 255, **options)
    for other in (image, image.numpy(), (image.float() / 255).numpy(), (image.double() / 255).numpy()):
        for batch_size in (1, 3, 100):
            torch.testing.assert_close(tiled(model, other, batch_size=batch_size, **options), expected)


def test_looking_at_tiles_changes_nothing():
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).train()
    before, image = model[1].running_mean.clone(), torch.rand(3, 20, 20)
    kept = image.clone()
    predict_tiled(model, image, tile=8, overlap=2)
    assert model.training and model[1].training and torch.equal(model[1].running_mean, before)
    assert torch.equal(image, kept)


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["kind", "message", "change"],
    [
        (ValueError, "overlap must be in 0..tile-1 = 0..7, got 8. Use larger tiles.", {"overlap": 8}),
        (ValueError, "overlap must be in 0..tile-1 = 0..7, got -1", {"overlap": -1}),
        (ValueError, "margin must be in 0..overlap/2 = 0..2, got 3. Let tiles overlap more.", {"margin": 3}),
        (ValueError, "batch_size must be 1 or more, got 0", {"batch_size": 0}),
        (ValueError, "with at least one pixel, got (1, 3, 9, 9). Use images[0]", {"image": torch.zeros(1, 3, 9, 9)}),
        (ValueError, "with at least one pixel, got (3, 0, 9)", {"image": torch.zeros(3, 0, 9)}),
        (TypeError, "floats in 0..1 or uint8 in 0..255, got torch.int64", {"image": torch.zeros(3, 9, 9).long()}),
        (TypeError, "must be floats in 0..1 or uint8 in 0..255, got int32", {"image": np.zeros((3, 9, 9), np.int32)}),
        (TypeError, "image must be a tensor or a NumPy array, got list", {"image": [[[0.0]]]}),
        (ValueError, "return logits (1, K, 8, 8) for tiles (1, 3, 8, 8), got (1, 3, 4, 4)", {"model": nn.AvgPool2d(2)}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(kind, message, change):
    options = {"model": nn.Identity(), "image": torch.zeros(3, 9, 9), "tile": 8, "overlap": 4} | change
    with pytest.raises(kind, match="predict_tiled: .*" + re.escape(message)):
        predict_tiled(options.pop("model"), options.pop("image"), **options)
