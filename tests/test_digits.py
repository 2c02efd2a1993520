"""Handwritten digits, one by one and in scenes: every stroke where the mask says, every split its own."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from seglearn.data import Digits, DigitScenes, open_dataset, stack
from seglearn.data.digits import INK_FROM, SPLITS
from seglearn.labels import DIGIT_SCENES, DIGITS


def test_digits_are_scikit_learns_scaled_to_one():
    theirs = {picture.tobytes(): target for picture, target in zip(*load_digits(return_X_y=True), strict=True)}
    images, classes = stack(open_dataset("digits", split="test"))
    assert images.shape == (360, 3, 8, 8)
    for image, label in zip(images, classes, strict=True):
        assert theirs[(image[1].double() * 16).flatten().numpy().tobytes()] == label


def test_splits_share_no_digit_and_leave_none_out():
    pictures = torch.cat([stack(Digits(split, size=(8, 8)))[0][:, 0].flatten(1) for split in SPLITS])
    assert pictures.unique(dim=0).shape == pictures.shape == (1797, 64)


@pytest.mark.parametrize("split", SPLITS)
def test_every_class_has_its_share(split):
    _, classes = stack(Digits(split))
    assert classes.bincount(minlength=len(DIGITS)).min() > 0.07 * len(classes)


def test_enlarging_keeps_brightness_in_range_and_shape_as_asked():
    image, _ = Digits("val", size=(19, 33))[7]
    assert image.shape == (3, 19, 33) and image.dtype == torch.float32
    assert image.min() >= 0 and 0.5 < image.max() <= 1 and torch.equal(image[0], image[2])


def test_what_is_given_out_may_be_changed():
    digits = Digits("train", size=(8, 8))
    digits[0][0].zero_()
    assert digits[0][0].sum() > 0


def test_a_scene_holds_the_strokes_of_its_digits_and_nothing_else():
    for image, mask in (DigitScenes("val", 12)[i] for i in range(12)):
        assert torch.equal(mask > 0, image[0] >= INK_FROM)
        assert 2 <= len(mask.unique()) <= 5 and mask.max() < len(DIGIT_SCENES)


def test_a_scene_with_one_digit_names_it():
    scene, digits = DigitScenes("test", 30, size=(16, 16), tile=16, digits=(1, 1)), Digits("test", size=(16, 16))
    singles, classes = stack(digits)
    for image, mask in (scene[i] for i in range(30)):
        (which,) = (singles == image).flatten(1).all(dim=1).nonzero()[:, 0].tolist()
        assert mask.unique().tolist() == [0, 1 + classes[which]]


def test_the_same_index_gives_the_same_scene():
    scenes = DigitScenes("train", 20)
    for (image, mask), (again, same) in zip(scenes, scenes, strict=True):
        assert torch.equal(image, again) and torch.equal(mask, same)


def test_places_are_apart_and_inside():
    scenes = DigitScenes("train", 1, size=(40, 60), tile=20, digits=(6, 6))
    for seed in range(50):
        covered = torch.zeros(40, 60, dtype=torch.int64)
        places = scenes._places(np.random.default_rng(seed))
        for top, left in places:
            covered[top : top + 20, left : left + 20] += 1
        assert covered.max() == 1 and covered.sum() == 400 * len(places) and len(places) >= 2


def test_each_split_has_its_own_digits_in_places_of_its_own():
    first, places = [], []
    for split in SPLITS:
        scenes = DigitScenes(split, 4)
        first.append(scenes[0][0])
        scenes._singles = [(torch.ones(3, 32, 32), 1)]  # a white tile wherever a digit would be
        places.append(stack(scenes)[0])
    for one, other in ((0, 1), (1, 2), (0, 2)):
        assert not torch.equal(first[one], first[other])
        assert not torch.equal(places[one], places[other])


@pytest.mark.parametrize(
    ["ask", "words"],
    [
        (lambda: Digits("validation"), r"Digits: split must be one of train, val, test, got 'validation'"),
        (lambda: DigitScenes("train", 0), "DigitScenes: count must be 1 or more, .* got count=0"),
        (lambda: DigitScenes("train", 1, tile=80), r"tile from 8 to the picture's smaller .* tile=80, size=\(64, 96\)"),
        (lambda: DigitScenes("train", 1, digits=(3, 2)), r"digits \(fewest, most\) from 1 on, .* digits=\(3, 2\)"),
        (lambda: open_dataset("digits", split="val", labels=DIGIT_SCENES), "digits have the labels 0, 1, ..., 9"),
    ],
    ids=["split", "count", "tile", "digits", "labels"],
)
def test_errors_say_what_must_hold(ask, words):
    with pytest.raises(ValueError, match=words):
        ask()


def test_past_the_end_is_an_index_error():
    with pytest.raises(IndexError, match=r"Digits: index must be in -360..359, got 360"):
        Digits("val")[360]
