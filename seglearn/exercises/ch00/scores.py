"""Chapter 00: what comes out of a segmenter, what its first loss is, and what it says about your own picture."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import ValueExercise, Wrong
from seglearn.labels import IGNORE

SCORES = ValueExercise(
    name="00.scores",
    title="How many numbers come out",
    minutes=2,
    difficulty=1,
    objective="state the shape of what a segmenter returns",
    expected=4 * 8 * 64 * 96,
    hints=(
        "Which four sizes does the result have?",
        "1. pictures in the batch 2. classes 3. rows 4. columns; multiply them",
        "4 * 8 * 64 * 96",
    ),
    wrongs=(
        Wrong(
            "labels",
            4 * 64 * 96,
            "That is one number per pixel: the labels, after the best class was chosen. "
            "Before that there is one score per class.",
        ),
        Wrong("one picture", 8 * 64 * 96, "That is one picture. The batch holds four."),
        Wrong(
            "pixels of one picture",
            64 * 96,
            "That is the number of pixels of one picture. "
            "There are four pictures, and one score per class at each pixel.",
        ),
        Wrong("the shape", (4, 8, 64, 96), "The shape is right. How many numbers does it hold? Multiply."),
        Wrong(
            "the input",
            4 * 3 * 64 * 96,
            "That is what goes in: three colors per pixel. What comes out has one number per class.",
        ),
        Wrong(
            "a classifier", 4 * 8, "That is a classifier: one answer per picture. A segmenter answers at every pixel."
        ),
        Wrong(
            "colors and classes",
            4 * 3 * 8 * 64 * 96,
            "The three colors are mixed by the first layer: the result has a class axis in their place, not both.",
        ),
        Wrong("added", 4 + 8 + 64 + 96, "The sizes of a grid multiply; you added them."),
    ),
    rights=(196608, torch.zeros(4, 8, 64, 96).numel()),
    remark="logits: (N, K, H, W), one score per picture, class, row and column",
)

FIRST_LOSS = ValueExercise(
    name="00.first_loss",
    title="The loss of knowing nothing",
    minutes=3,
    difficulty=3,
    objective="derive the first loss of an untrained network",
    expected=math.log(8),
    tolerance=2e-3,
    hints=(
        "Which probability does the true class get?",
        "1. p = 1/8 at every pixel 2. the loss there is -ln p 3. the mean of equal numbers is that number",
        "math.log(8)",
    ),
    wrongs=(
        Wrong(
            "base two",
            3.0,
            "That is the logarithm to base 2: bits. Cross-entropy uses the natural logarithm, math.log.",
        ),
        Wrong(
            "base ten", math.log10(8), "That is the logarithm to base 10. Cross-entropy uses the natural one, math.log."
        ),
        Wrong("the probability", 1 / 8, "That is the probability itself. The loss is minus its logarithm."),
        Wrong("negative", -math.log(8), "The sign: the logarithm of 1/8 is negative, and the loss is minus that."),
        Wrong("zero", 0.0, "Zero is the loss of a network that is certain and right. This one knows nothing."),
        Wrong("the sum", 8 * math.log(8), "You summed over the classes. Only the true class of a pixel counts."),
        Wrong("eight", 8.0, "That is the number of classes. What is minus the logarithm of one part in eight?"),
    ),
    rights=(2.079, 2.08, -math.log(1 / 8)),
    remark="ln K: the first number to look at when a training starts",
)


def _is_whole(value) -> bool:
    return isinstance(value, Tensor) and not value.is_floating_point() and value.dtype != torch.bool


def _is_a_map(value) -> bool:
    return _is_whole(value) and value.ndim == 2 and value.numel() > 1


def _has_labels(value) -> bool:
    return int(value.min()) >= 0 and int(value.max()) < IGNORE


OWN_PICTURE = ValueExercise(
    name="00.own_picture",
    title="Your own picture",
    minutes=5,
    difficulty=2,
    objective="apply a model to a picture of your own",
    open=True,
    accept=lambda value: _is_a_map(value) and _has_labels(value),
    hints=(
        "Which function turns images into labels?",
        "1. predict(model, own) 2. take the first picture of the batch",
        "predict(model, own)[0]",
    ),
    wrongs=(
        Wrong(
            "a batch",
            torch.zeros(1, 4, 5, dtype=torch.int64),
            "That is a batch of one, (1, H, W). Take its first picture: [0].",
            when=lambda value: _is_whole(value) and value.ndim == 3,
        ),
        Wrong(
            "scores",
            torch.zeros(1, 8, 4, 5),
            "Those are floating-point numbers, scores or colors. Labels are whole numbers: use predict.",
            when=lambda value: isinstance(value, Tensor) and value.is_floating_point(),
        ),
        Wrong(
            "no labels",
            torch.tensor([[-1, 255]]),
            "predict gives every pixel a label from 0 up, never 255: void is not something to predict.",
            when=lambda value: _is_a_map(value) and not _has_labels(value),
        ),
    ),
    rights=(torch.tensor([[0, 1, 7]]),),
    remark="A map of labels, of the right kind: nobody can grade your own picture but you. "
    "A photograph is not a drawn street; chapter 09 measures that gap.",
)
