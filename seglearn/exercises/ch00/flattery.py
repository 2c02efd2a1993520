"""Chapter 00: guesses that pixel accuracy praises and IoU does not, by hand and in code."""

import numpy as np
import torch
from torch import Tensor

from seglearn.exercises.ch00.overlap import one_iou
from seglearn.exercises.kinds import ValueExercise, WidgetExercise, Wrong

STREET = torch.zeros(6, 10, dtype=torch.int64)  # the mask of exercise 00.lazy: a car of four pixels
STREET[3:5, 6:8] = 1


def _is_whole(value) -> bool:
    return isinstance(value, Tensor) and not value.is_floating_point() and value.dtype != torch.bool


def _is_a_map(value) -> bool:
    return _is_whole(value) and value.shape == STREET.shape


def _accuracy(value: Tensor) -> float:
    return (value == STREET).double().mean().item()


def _car_iou(value: Tensor) -> float:
    return one_iou(value, STREET, 1)


def _within(value: Tensor) -> bool:
    return value.min() >= 0 and value.max() <= 1


def _lazy_enough(value) -> bool:
    return _is_a_map(value) and _within(value) and _accuracy(value) >= 0.9 and _car_iou(value) == 0


_moved_car = STREET.roll(-3, dims=1)
_one_pixel_of_the_car = torch.zeros_like(STREET)
_one_pixel_of_the_car[3, 6] = 1
_one_false_alarm = torch.zeros_like(STREET)
_one_false_alarm[0, 0] = 1


FLATTERY = WidgetExercise(
    name="00.flattery",
    title="Accuracy flatters",
    minutes=3,
    difficulty=2,
    objective="find a guess that pixel accuracy praises and IoU does not",
    goal="pixel accuracy at least 0.95, IoU below 0.5",
    reached=lambda facts: facts["pixel_accuracy"] >= 0.95 and facts["iou"] < 0.5,
    start={"dx": 6, "dy": 3, "grow": 1},
    hints=(
        "How many of the 768 pixels may be wrong if 0.95 are to be right?",
        "1. undo most of the move 2. take a size close to the car's 3. leave a small shift",
        "Move right 3, move down 0, grow 0.",
    ),
    wrongs=(
        Wrong(
            "perfect",
            {"dx": 0, "dy": 0, "grow": 0, "hits": 34, "pixel_accuracy": 1.0, "iou": 1.0},
            "Both judges are content: the guess is the truth. Spoil it a little.",
            when=lambda facts: facts["iou"] == 1,
        ),
        Wrong(
            "good",
            {"dx": 1, "dy": 0, "grow": 0, "hits": 28, "pixel_accuracy": 0.984, "iou": 0.7},
            "IoU is still 0.5 or more. Move the guess further from the truth.",
            when=lambda facts: 0.5 <= facts["iou"] < 1,
        ),
        Wrong(
            "too large",
            {"dx": 0, "dy": 0, "grow": 3, "hits": 34, "pixel_accuracy": 0.89, "iou": 0.3},
            "The guess covers the whole car and much of the street: false alarms cost accuracy too. Make it smaller.",
            when=lambda facts: facts["iou"] < 0.5 and facts["pixel_accuracy"] < 0.95 and facts["hits"] == 34,
        ),
        Wrong(
            "lost",
            {"dx": 12, "dy": 8, "grow": 0, "hits": 0, "pixel_accuracy": 0.91, "iou": 0.0},
            "The guess misses the car wholly and paints another place: both judges see that. Move it back, or make it smaller.",
            when=lambda facts: facts["pixel_accuracy"] < 0.95 and facts["hits"] == 0,
        ),
        Wrong(
            "almost",
            {"dx": 5, "dy": 2, "grow": 1, "hits": 12, "pixel_accuracy": 0.92, "iou": 0.2},
            "IoU is low, but so is accuracy: more than 38 pixels are wrong. Come a little closer.",
            when=lambda facts: facts["pixel_accuracy"] < 0.95 and 0 < facts["hits"] < 34 and facts["iou"] < 0.5,
        ),
    ),
    rights=(
        {"dx": 3, "dy": 0, "grow": 0, "hits": 17, "pixel_accuracy": 0.956, "iou": 0.33},
        {"dx": 0, "dy": 0, "grow": -4, "hits": 0, "pixel_accuracy": 0.956, "iou": 0.0},
    ),
    remark="The background is 96 % of the picture, and accuracy counts it. IoU asks only about the car.",
)

LAZY = ValueExercise(
    name="00.lazy",
    title="Break pixel accuracy",
    minutes=2,
    difficulty=2,
    objective="construct a prediction that exposes a metric",
    accept=_lazy_enough,
    hints=(
        "What does a model predict that has never noticed a car?",
        "1. a map of the same shape 2. of whole numbers 3. with no car in it",
        "torch.zeros_like(street)",
    ),
    wrongs=(
        Wrong(
            "the truth",
            STREET,
            "That is the truth itself: accuracy 1 and IoU 1. A lazy prediction finds no car.",
            when=lambda value: _is_a_map(value) and torch.equal(value, STREET),
        ),
        Wrong(
            "the car moved",
            _moved_car,
            "The IoU is 0, but accuracy fell below 0.9: a wrong car costs twice, "
            "where it is and where it should be. Be lazier.",
            when=lambda value: _is_a_map(value) and _within(value) and _car_iou(value) == 0 and _accuracy(value) < 0.9,
        ),
        Wrong(
            "a bit of car",
            _one_pixel_of_the_car,
            "Some pixels of the car are right, so its IoU is not 0.",
            when=lambda value: (
                _is_a_map(value) and _within(value) and 0 < _car_iou(value) < 1 and _accuracy(value) >= 0.9
            ),
        ),
        Wrong(
            "all car",
            torch.ones_like(STREET),
            "Almost every pixel is wrong now: the background is most of the picture. Which label does it have?",
            when=lambda value: _is_a_map(value) and _within(value) and _car_iou(value) > 0 and _accuracy(value) < 0.9,
        ),
        Wrong(
            "floats",
            torch.zeros(6, 10),
            "Labels are whole numbers: use dtype=torch.int64, or torch.zeros_like(street).",
            when=lambda value: isinstance(value, Tensor) and value.is_floating_point(),
        ),
        Wrong(
            "no tensor",
            STREET.tolist(),
            "Make it a tensor: torch.tensor(lazy), or torch.zeros_like(street).",
            when=lambda value: isinstance(value, list | tuple | np.ndarray),
        ),
        Wrong(
            "yes and no",
            torch.zeros(6, 10, dtype=torch.bool),
            "True and False are no labels: use .long().",
            when=lambda value: isinstance(value, Tensor) and value.dtype == torch.bool,
        ),
        Wrong(
            "a batch",
            torch.zeros(1, 6, 10, dtype=torch.int64),
            "One map is wanted, of shape (6, 10), without a batch axis.",
            when=lambda value: _is_whole(value) and value.shape != STREET.shape,
        ),
        Wrong(
            "another label",
            torch.full_like(STREET, 2),
            "There are two labels here, 0 and 1.",
            when=lambda value: _is_a_map(value) and not _within(value),
        ),
    ),
    rights=(torch.zeros_like(STREET), _one_false_alarm),
    remark="56 of 60 pixels right, and not one of them is a car",
)
