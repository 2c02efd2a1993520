"""Augmentation: image and mask move together, no label is ever invented, and chance can be lived again."""

import pickle
import random
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.utils.data import ConcatDataset, DataLoader, Subset
from torchvision import tv_tensors
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as TF

from seglearn.data import (
    Augmented,
    Cutout,
    DrawnNuclei,
    LabelMask,
    RandomScaleCrop,
    augment,
    in_memory,
    nuclei_augmentation,
    open_dataset,
    set_epoch,
    street_augmentation,
)
from seglearn.data.augmentation import new_labels
from seglearn.labels import CAMVID, IGNORE
from seglearn.training import seed_everything

GEOMETRY = {  # every transform that moves pixels, as a learner writes it: with torchvision's own fill of 0
    "mirror": v2.RandomHorizontalFlip(p=1),
    "affine": v2.RandomAffine(30, translate=(0.2, 0.3), scale=(0.6, 1.4), shear=10),
    "rotation": v2.RandomRotation(45, expand=True),
    "perspective": v2.RandomPerspective(0.6, p=1),
    "elastic": v2.ElasticTransform(80.0, sigma=3.0),
    "crop": v2.RandomCrop((9, 14)),
    "padded crop": v2.RandomCrop((20, 23), pad_if_needed=True),
    "center crop": v2.CenterCrop((21, 8)),
    "resized crop": v2.RandomResizedCrop((8, 11)),
    "resize": v2.Resize((7, 25)),
    "shortest side": v2.RandomShortestSize(6, max_size=7),
    "longest side": v2.Resize(6, max_size=7),
    "scale jitter": v2.ScaleJitter((20, 20)),
    "pad": v2.Pad((1, 2, 3, 4)),
    "reflected": v2.Pad(3, padding_mode="reflect"),
    "zoom out": v2.RandomZoomOut(p=1),
    "erasing": v2.RandomErasing(p=1),
    "cutout": Cutout(p=1),
    "scale crop": RandomScaleCrop((10, 15), scale=(0.4, 2.5)),
    "streets": street_augmentation((12, 16)),
    "nuclei": nuclei_augmentation((12, 16)),
}


def pair(height=13, width=17, *, labels=(2, 3, 5, IGNORE), seed=0):
    chance = torch.Generator().manual_seed(seed)
    places = torch.randint(len(labels), (height // 3 + 1, width // 3 + 1), generator=chance)
    mask = torch.tensor(labels)[places].repeat_interleave(3, 0).repeat_interleave(3, 1)[:height, :width]
    return torch.rand(3, height, width, generator=chance), mask.contiguous()


def same(one, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


# By hand -------------------------------------------------------------------------------------------------------------


def test_a_crop_that_reaches_beyond_the_edge_by_hand():
    image, mask = torch.tensor([[[0.1, 0.2]]]), torch.tensor([[7, 8]])
    image, mask = augment(image, mask, v2.Pad([1, 0, 2, 0], fill=0.5), seed=0)
    torch.testing.assert_close(image, torch.tensor([[[0.5, 0.1, 0.2, 0.5, 0.5]]]))
    assert mask.tolist() == [[IGNORE, 7, 8, IGNORE, IGNORE]] and mask.dtype == torch.int64


def test_whatever_fill_says_new_pixels_are_ignored():
    for fill in (1, 0.5, {tv_tensors.Mask: 7, tv_tensors.Image: 0.2}):
        for transform in (v2.RandomAffine((45, 45), fill=fill), v2.Pad(2, fill=fill), v2.RandomZoomOut(fill=fill, p=1)):
            mask = augment(torch.zeros(3, 9, 8), torch.full((9, 8), 2), transform, seed=0)[1]
            assert set(mask.unique().tolist()) == {2, IGNORE}


def test_cutout_covers_image_and_mask_alike():
    image, mask = augment(torch.zeros(3, 12, 15), torch.ones(12, 15).long(), Cutout(p=1, fill=(0.2, 0.4, 0.6)), seed=3)
    covered = mask == IGNORE
    rows, columns = covered.any(dim=1), covered.any(dim=0)
    assert 0 < covered.sum() == rows.sum() * columns.sum() < mask.numel()  # one rectangle
    for channel, color in zip(image, (0.2, 0.4, 0.6), strict=True):
        assert (channel[covered] == color).all() and (channel[~covered] == 0).all()


def test_cutout_gives_ignored_pixels_to_torchvisions_own_masks_too():
    plain = Cutout(p=1)(tv_tensors.Image(torch.zeros(3, 12, 15)), tv_tensors.Mask(torch.ones(12, 15).long()))[1]
    assert type(plain) is tv_tensors.Mask and set(plain.unique().tolist()) == {1, IGNORE}


def test_a_zoom_of_one_at_the_own_size_changes_nothing():
    there = pair()
    assert same(augment(*there, RandomScaleCrop((13, 17), scale=(1, 1)), seed=0), there)


def test_a_zoom_of_two_shows_every_pixel_four_times():
    image, mask = pair(1, 1, labels=(4,))
    bigger, labels = augment(image, mask, RandomScaleCrop((2, 2), scale=(2, 2)), seed=0)
    assert torch.equal(bigger, image.expand(3, 2, 2)) and labels.tolist() == [[4, 4], [4, 4]]


def test_a_picture_smaller_than_the_window_is_seen_whole_and_anywhere():
    transform, corners = RandomScaleCrop((8, 10), scale=(0.5, 0.5)), set()  # 4 x 5 pixels in a frame of 8 x 10
    for seed in range(200):
        mask = augment(torch.rand(3, 8, 10), torch.ones(8, 10).long(), transform, seed=seed)[1]
        rows, columns = (mask == 1).any(dim=1).nonzero(), (mask == 1).any(dim=0).nonzero()
        assert (len(rows), len(columns)) in {(4, 5)} and (mask == 1).sum() == 20
        corners.add((int(rows[0]), int(columns[0])))
    assert {(0, 0), (4, 5), (0, 5), (4, 0)} <= corners and len(corners) == 5 * 6


# Equals the peer -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(5, 7), (26, 34), (29, 11), (1, 1)])
def test_masks_are_resized_nearest_exact_where_torchvision_is_half_a_pixel_off(size):
    image, mask = pair(13, 18)
    ours = augment(image, mask, v2.Resize(size), seed=0)[1]
    assert torch.equal(ours, F.interpolate(mask[None, None].double(), size, mode="nearest-exact")[0, 0].long())


def test_torchvisions_own_masks_are_half_a_pixel_off():
    ramp = torch.arange(12)[None]  # the label is the place: shrinking to a third should keep the middles 1, 4, 7, 10
    theirs = v2.Resize((1, 4))(tv_tensors.Image(torch.zeros(3, 1, 12)), tv_tensors.Mask(ramp))[1]
    assert theirs.tolist() == [[0, 3, 6, 9]]
    assert augment(torch.zeros(3, 1, 12), ramp, v2.Resize((1, 4)), seed=0)[1].tolist() == [[1, 4, 7, 10]]


@pytest.mark.parametrize("name", ["mirror", "crop", "affine", "rotation", "perspective", "elastic"])
def test_where_no_new_pixel_comes_in_the_mask_is_torchvisions(name):
    image, mask = pair()
    theirs = []

    def torchvisions(image, mask):
        theirs.append(GEOMETRY[name](image, tv_tensors.Mask(mask.long() + 1))[1])
        return image, mask

    augment(image, mask, torchvisions, seed=5)
    ours = augment(image, mask, GEOMETRY[name], seed=5)[1]
    inside = ours != IGNORE
    assert inside.any() and torch.equal(ours[inside] + 1, theirs[0][inside])
    assert (theirs[0][~inside] % (IGNORE + 1) == 0).all()  # their fill of 0, or an ignored pixel


# What must hold for every draw ---------------------------------------------------------------------------------------


def as_colors(mask):
    return torch.stack([mask, mask, mask]).float() / IGNORE  # the image is its mask: they must stay equal


BLENDED = (
    "perspective",
    "elastic",
    "resized crop",
    "resize",
    "shortest side",
    "longest side",
    "scale jitter",
    "scale crop",
)


@pytest.mark.parametrize("name", sorted(set(GEOMETRY) - {*BLENDED, "streets", "nuclei"}))
def test_image_and_mask_move_together(name):
    """The image is its mask as a gray picture: wherever there is a label afterwards, the image has its gray."""
    _, mask = pair(labels=(40, 90, 160, 220))
    for seed in range(60):
        image, moved = augment(as_colors(mask), mask, GEOMETRY[name], seed=seed)
        known = moved != IGNORE
        assert torch.equal((image[0] * IGNORE).round().long()[known], moved[known]), seed


@pytest.mark.parametrize("name", BLENDED)
def test_where_the_image_is_blended_it_agrees_with_the_mask_but_at_borders(name):
    mask = torch.full((60, 72), 40)
    mask[21:], mask[:, 44:] = 200, 120
    for seed in range(40):
        image, moved = augment(as_colors(mask), mask, GEOMETRY[name], seed=seed)
        labels = moved[None].float()
        flat = F.max_pool2d(labels, 5, 1, 2) == -F.max_pool2d(-labels, 5, 1, 2)  # all of 5 x 5 pixels have one label
        inside = (moved != IGNORE) & flat[0]
        agrees = ((image[0] * IGNORE)[inside] - moved[inside]).abs() < 1
        assert agrees.all() or (name in ("perspective", "elastic") and agrees.double().mean() > 0.9), seed
        assert inside.any() or min(moved.shape) < 10


@pytest.mark.parametrize("name", GEOMETRY)
def test_no_label_is_ever_new_and_colors_stay_in_range(name):
    for seed in range(150):
        image, mask = pair(2 + seed % 12, 3 + seed % 17, seed=seed) if name in ANY_SIZE else pair(seed=seed)
        new_image, new_mask = augment(image, mask, GEOMETRY[name], seed=seed)
        assert set(new_mask.unique().tolist()) <= set(mask.unique().tolist()) | {IGNORE}
        assert new_image.dtype == torch.float32 and new_image.min() >= 0 and new_image.max() <= 1
        assert new_image.shape[1:] == new_mask.shape and new_mask.dtype == torch.int64


ANY_SIZE = (
    "mirror",
    "affine",
    "rotation",
    "padded crop",
    "center crop",
    "resize",
    "pad",
    "cutout",
    "scale crop",
    "nuclei",
)


@pytest.mark.parametrize(
    "flip", [v2.RandomHorizontalFlip(p=1), v2.RandomVerticalFlip(p=1), v2.RandomRotation((180, 180))]
)
def test_flip_twice_is_the_identity(flip):
    for seed in range(100):
        there = pair(1 + seed % 7, 1 + seed % 11, seed=seed)
        once = augment(*there, flip, seed=seed)
        assert same(augment(*once, flip, seed=seed), there)
        assert there[1].numel() < 30 or not torch.equal(once[0], there[0])


def test_nuclei_are_turned_in_all_eight_ways_and_streets_never_upside_down():
    image = torch.zeros(3, 8, 8)
    image[:, 0, 1] = 1.0
    corner = torch.zeros(8, 8).long().index_put((torch.tensor(0), torch.tensor(1)), torch.tensor(1))
    turns, mirrors = (
        v2.Compose(make((8, 8)).transforms[:n]) for make, n in ((nuclei_augmentation, 2), (street_augmentation, 1))
    )
    seen = [
        {tuple(augment(image, corner, t, seed=s)[1].nonzero()[0].tolist()) for s in range(200)}
        for t in (turns, mirrors)
    ]
    assert seen[0] == {(y, x) for y in (0, 7) for x in (1, 6)} | {(y, x) for y in (1, 6) for x in (0, 7)}
    assert seen[1] == {(0, 1), (0, 6)}


@pytest.mark.parametrize("name", GEOMETRY)
def test_the_same_seed_is_the_same_pair_and_nothing_outside_is_touched(name):
    image, mask = pair()
    kept = image.clone(), mask.clone()
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    first, again = (augment(image, mask, GEOMETRY[name], seed=(3, 1, 4)) for _ in range(2))
    assert same(first, again) and same((image, mask), kept)
    assert torch.equal(states[0], torch.get_rng_state()) and states[2] == random.getstate()
    assert (states[1] == np.random.get_state()[1]).all()  # noqa: NPY002


def test_a_function_that_draws_from_numpy_or_python_is_seeded_and_leaves_no_trace():
    def draw(image, mask):
        return image * random.random() * np.random.random() * torch.rand(()), mask  # noqa: NPY002

    images = []
    for day, seed in enumerate((1, 1, 2)):
        seed_everything(day)  # the world outside is another one each time
        states = np.random.get_bit_generator(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
        images.append(augment(*pair(), draw, seed=seed)[0])
        assert np.random.get_bit_generator() is states[0] and random.getstate() == states[2]
        assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert torch.equal(images[0], images[1]) and not torch.equal(images[0], images[2])


def test_a_transform_that_works_in_place_leaves_the_pair_alone():
    def spoil(image, mask):
        return image.zero_(), mask.fill_(2)

    image, mask = pair()
    kept = image.clone(), mask.clone()
    blank = augment(image, mask, spoil, seed=0)
    assert same((image, mask), kept) and blank[0].sum() == 0
    there = augment(image, mask, v2.Identity(), seed=0)
    there[0].zero_(), there[1].zero_()  # what comes out is the learner's own
    assert same((image, mask), kept)


def test_global_chance_goes_on_after_an_error():
    def fail(image, mask):
        torch.rand(1), random.random(), np.random.random()  # noqa: NPY002
        raise RuntimeError("mine")

    states = torch.get_rng_state(), random.getstate(), np.random.get_bit_generator()
    with pytest.raises(RuntimeError, match="mine"):
        augment(*pair(), fail, seed=0)
    assert torch.equal(states[0], torch.get_rng_state()) and random.getstate() == states[1]
    assert np.random.get_bit_generator() is states[2]


def test_every_part_of_the_seed_counts():
    seeds = [(1, 0), (0, 1), (1, 1), (1, 0, 1), (0, 1, 1), (2, 1, 0)]
    images = [augment(*pair(), GEOMETRY["scale crop"], seed=seed)[0] for seed in seeds]
    assert all(not torch.equal(a, b) for i, a in enumerate(images) for b in images[:i])


# Extremes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 1), (31, 3)])
@pytest.mark.parametrize("recipe", [street_augmentation, nuclei_augmentation])
def test_recipes_take_pictures_of_any_size(size, recipe):
    for seed in range(20):
        image, mask = augment(*pair(*size, seed=seed), recipe((11, 6)), seed=seed)
        assert image.shape == (3, 11, 6) and mask.shape == (11, 6)


@pytest.mark.parametrize("label", [0, 9, IGNORE])
def test_masks_of_one_label_or_of_none_at_all(label):
    mask = augment(torch.rand(3, 9, 8), torch.full((9, 8), label), street_augmentation((9, 8)), seed=1)[1]
    assert set(mask.unique().tolist()) <= {label, IGNORE}


def test_gray_images_many_channels_small_integers_and_double_precision():
    for channels, kind, dtype in ((1, torch.uint8, torch.float32), (5, torch.int16, torch.float64)):
        image, mask = pair()
        image = image[:1].expand(channels, -1, -1).to(dtype)
        new_image, new_mask = augment(image, mask.to(kind), v2.RandomVerticalFlip(p=1), seed=0)
        assert torch.equal(new_image, image.flip(1)) and torch.equal(new_mask, mask.flip(0))
        assert new_image.dtype == dtype and new_mask.dtype == torch.int64


def test_instance_numbers_beyond_255_are_labels_like_others():
    mask = torch.arange(1000).reshape(25, 40)
    moved = augment(torch.rand(3, 25, 40), mask, GEOMETRY["affine"], seed=2)[1]
    assert moved.max() > IGNORE and new_labels(mask, moved) == []


def test_colors_that_shoot_a_little_over_are_clamped():
    image, mask = pair()
    brighter = augment(image, mask, lambda i, m: (i + 0.3, m), seed=0)[0]
    torch.testing.assert_close(brighter, (image + 0.3).clamp(max=1))


# A data set of them --------------------------------------------------------------------------------------------------


class Pairs(torch.utils.data.Dataset):
    labels, name, credit = "labels", "pairs", "nobody"

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return pair(seed=index)


def test_a_pair_depends_on_seed_epoch_and_index_and_on_nothing_else():
    transform = street_augmentation((12, 15))
    data = Augmented(Pairs(), transform, seed=4)
    data.set_epoch(6)
    expected = [augment(*pair(seed=i), transform, seed=(4, 6, i)) for i in range(5)]
    for i in (3, 0, -1, 0, 4):  # in any order, and again
        assert same(data[i], expected[i])
    fresh = pickle.loads(pickle.dumps(data))  # another day, another process
    assert same(fresh[2], expected[2])
    fresh.set_epoch(7)
    assert not torch.equal(fresh[2][0], expected[2][0])
    assert not torch.equal(Augmented(Pairs(), transform, seed=5)[2][0], Augmented(Pairs(), transform, seed=4)[2][0])


def test_different_pairs_are_drawn_differently():
    zooms = set()
    data = Augmented([pair()] * 30, lambda image, mask: (torch.rand(1).expand_as(image).clone(), mask))
    for epoch in range(10):
        data.set_epoch(epoch)
        zooms |= {float(data[i][0][0, 0, 0]) for i in range(30)}
    assert len(zooms) == 300


def test_it_is_the_data_set_that_it_wraps():
    data = Augmented(Pairs(), v2.Identity(), seed=2)
    assert (data.labels, data.name, data.credit, len(data)) == ("labels", "pairs", "nobody", 5)
    assert len(list(data)) == 5 and "seed=2" in repr(data)
    with pytest.raises(IndexError, match=r"Augmented: index must be in -5\.\.4, got 5"):
        data[5]
    with pytest.raises(AttributeError, match="strange"):
        data.strange  # noqa: B018


def test_the_epoch_reaches_every_augmented_set_however_deep():
    inner = [Augmented(Pairs(), v2.Identity()) for _ in range(3)]
    mixed = ConcatDataset([Subset(inner[0], [1]), Augmented(inner[1], v2.Identity()), inner[2]])
    set_epoch(DataLoader(mixed, batch_size=2), 8)
    assert [part.epoch for part in inner] == [8, 8, 8] and mixed.datasets[1].epoch == 8
    set_epoch([(torch.zeros(1), None)], 3)  # a list of batches has no epoch: nothing happens


def test_batches_of_an_epoch_are_the_same_in_any_order():
    data = Augmented(DrawnNuclei(4, size=(32, 40)), nuclei_augmentation((24, 28)), seed=1)
    set_epoch(data, 2)
    images, masks = next(iter(DataLoader(data, batch_size=4)))
    assert images.shape == (4, 3, 24, 28) and masks.shape == (4, 24, 28)
    assert all(same(data[i], (images[i], masks[i])) for i in (2, 0, 3, 1))


def test_real_streets_gain_no_label_and_still_show_sky(real_data):
    camvid = Augmented(open_dataset("camvid", split="val", root=real_data), street_augmentation((90, 120)), seed=1)
    chosen = range(0, len(camvid), 10)
    was = torch.cat([camvid.dataset[i][1].flatten() for i in chosen])
    now = torch.cat([camvid[i][1].flatten() for i in chosen])
    assert set(now.unique().tolist()) <= {*range(len(CAMVID)), IGNORE}
    assert 0.5 < (now == 0).float().mean() / (was == 0).float().mean() < 2


# Errors --------------------------------------------------------------------------------------------------------------


def resized_as_images(image, mask):
    return TF.resize(image, [26, 34]), TF.resize(mask.as_subclass(torch.Tensor)[None], [26, 34])[0]


class ForgetsTheType(v2.Transform):
    def transform(self, inpt, params):
        return inpt.as_subclass(torch.Tensor)


@pytest.mark.parametrize(
    ["kind", "message", "transform"],
    [
        (
            ValueError,
            "may not gain a label, but labels 3, 4 were not there before. Was it blended",
            resized_as_images,
        ),
        (ValueError, "but label 7 was not there before", lambda i, m: (i, m.masked_fill(m == 5, 7))),
        (ValueError, "one size, got (3, 13, 16) and (13, 17). Move, crop or resize both", lambda i, m: (i[..., 1:], m)),
        (
            ValueError,
            "after the transform the image must lie in 0..1, it goes from -",
            v2.Normalize([0.485] * 3, [0.229] * 3),
        ),
        (
            ValueError,
            "after the transform the image must lie in 0..1, it goes from nan",
            lambda i, m: (i * torch.nan, m),
        ),
        (
            TypeError,
            "after the transform the image must hold floats, got torch.uint8",
            v2.ToDtype(torch.uint8, scale=True),
        ),
        (TypeError, "the mask must hold integer labels, got torch.float32. Was it treated", lambda i, m: (i, m * 0.5)),
        (
            ValueError,
            "after the transform the mask must hold labels 0..65535, it goes from -1",
            lambda i, m: (i, m - 1),
        ),
        (TypeError, "must return the mask as a tv_tensors.Mask, got a plain tensor", ForgetsTheType()),
        (TypeError, "must return image and mask, two tensors, got 1 things", lambda i, m: (i,)),
        (TypeError, "must return image and mask, two tensors, got Image", lambda i, m: i),
    ],
)
def test_a_transform_that_breaks_the_pair_is_told_how(kind, message, transform):
    image, _ = pair()
    mask = torch.tensor([0, 2, 5, 5]).repeat_interleave(5)[:17].expand(13, 17)
    with pytest.raises(kind, match="augment: .*" + re.escape(message)):
        augment(image, mask, transform, seed=0)


@pytest.mark.parametrize(
    ["kind", "message", "change"],
    [
        (
            TypeError,
            "image must be floats in 0..1, got torch.uint8. Use image.float() / 255.",
            lambda i, m: (i.byte(), m),
        ),
        (ValueError, "image must lie in 0..1, it goes from 0", lambda i, m: ((i * 255).round(), m)),
        (ValueError, "it goes from nan to nan", lambda i, m: (i * torch.nan, m)),
        (
            ValueError,
            "mask must have shape (H=13, W=17), got (1, 13, 17). Use mask.squeeze(0).",
            lambda i, m: (i, m[None]),
        ),
        (ValueError, "image must have shape (C, H, W), got (2, 3, 13, 17)", lambda i, m: (torch.stack([i, i]), m)),
        (TypeError, "mask must hold integer labels, got torch.float32. Use mask.long().", lambda i, m: (i, m.float())),
        (TypeError, "mask must hold integer labels, got torch.bool", lambda i, m: (i, m > 3)),
        (
            ValueError,
            "mask must hold labels 0..65535, it goes from -100",
            lambda i, m: (i, torch.where(m == 2, -100, m)),
        ),
        (ValueError, "image must have at least one pixel, got (3, 0, 17)", lambda i, m: (i[:, :0], m[:0])),
        (TypeError, "image must be a tensor, got ndarray", lambda i, m: (i.numpy(), m)),
    ],
)
def test_what_goes_in_is_checked(kind, message, change):
    with pytest.raises(kind, match="augment: .*" + re.escape(message)):
        augment(*change(*pair()), v2.Identity(), seed=0)


def test_seeds_epochs_and_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match=re.escape("augment: seed must be 0 or more, got (1, -2).")):
        augment(*pair(), v2.Identity(), seed=(1, -2))
    with pytest.raises(ValueError, match="Augmented: epoch must be 0 or more, got -1"):
        Augmented(Pairs(), v2.Identity()).set_epoch(-1)
    for size, scale in (((0, 4), (1, 2)), ((3, 4), (2, 1)), ((3, 4), (0, 1))):
        with pytest.raises(ValueError, match=r"RandomScaleCrop: size must be \(height, width\) from 1 on"):
            RandomScaleCrop(size, scale=scale)


def test_an_augmented_set_is_not_kept_in_memory_as_it_looked_once():
    with pytest.raises(ValueError, match=r"in_memory: .* Use Augmented\(in_memory\(dataset\), transform\)"):
        in_memory(Augmented(Pairs(), v2.Identity()))


def test_a_label_mask_stays_one_through_torchvision():
    assert type(v2.RandomAffine(10)(LabelMask(torch.ones(4, 5).long()))) is LabelMask
