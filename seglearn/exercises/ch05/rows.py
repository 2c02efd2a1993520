"""The mean over all positions, and positions as rows of a table: two steps on which channels are easily scrambled."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches

SHAPES = [  # shape of the features, why
    ((1, 2, 1, 2), "two channels, two positions"),
    ((1, 2, 2, 3), "not square"),
    ((2, 3, 2, 2), "two pictures"),
    ((1, 4, 1, 1), "a single position"),
    ((3, 2, 5, 4), "an odd side"),
    ((2, 5, 3, 7), "more channels than rows"),
]


def features_of(seed: int):
    shape, note = SHAPES[seed]
    count = torch.Size(shape).numel()
    return given(torch.arange(count, dtype=torch.float32).reshape(shape).add(1).sqrt(), note=note)


def average(features: Tensor) -> Tensor:
    return features.mean(dim=(2, 3))


def _average_by_loops(features: Tensor) -> Tensor:
    return torch.stack([torch.stack([plane.sum() / plane.numel() for plane in image]) for image in features])


AVERAGE = FunctionExercise(
    name="05.average",
    title="Global average pooling",
    minutes=3,
    difficulty=1,
    objective="implement the step that forgets where",
    hints=(
        "(N, C, H, W) goes in, (N, C) comes out. Which axes vanish?",
        "1. the axes of rows and columns are 2 and 3  2. the mean over both at once",
        "features.mean(dim=(2, 3))",
    ),
    cases=features_of,
    seeds=len(SHAPES),
    oracle=average,
    laws=(gradient_reaches(0),),
    rights=(_average_by_loops, lambda features: features.flatten(2).sum(2) / features[0, 0].numel()),
    wrongs=(
        Wrong(
            "over the channels",
            lambda features: features.mean(dim=1),
            "You averaged the channels away: what is left says where, and no longer what.",
        ),
        Wrong("sum", lambda features: features.sum(dim=(2, 3)), "This is the sum. Divide by the number of positions."),
        Wrong("maximum", lambda features: features.amax(dim=(2, 3)), "This is the largest value of each channel."),
        Wrong(
            "over everything",
            lambda features: features.mean(),
            "You averaged everything into one number. Keep a number for each picture and channel.",
        ),
        Wrong(
            "pictures mixed",
            lambda features: features.mean(dim=(0, 2, 3)),
            "You averaged over the batch, too: each picture needs its own answer.",
        ),
        Wrong(
            "axes kept",
            lambda features: features.mean(dim=(2, 3), keepdim=True),
            "The values are right, but two axes of length 1 are left: keepdim=False.",
        ),
        Wrong(
            "middle only",
            lambda features: features[:, :, features.shape[2] // 2, features.shape[3] // 2],
            "You took the position in the middle. All positions count.",
        ),
    ),
    remark="Any H and W go in, C numbers come out: that is why such a network takes pictures of any size.",
)


def rows(features: Tensor) -> Tensor:
    return features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])


def _rows_by_loops(features: Tensor) -> Tensor:
    n, _, height, width = features.shape
    return torch.stack([features[i, :, y, x] for i in range(n) for y in range(height) for x in range(width)])


ROWS = FunctionExercise(
    name="05.rows",
    title="A row for every position",
    minutes=5,
    difficulty=2,
    objective="implement a flattening that does not scramble",
    hints=(
        "Which axis must come last, so that the numbers of one position lie side by side?",
        "1. permute to (N, H, W, C)  2. then fold all but the last axis",
        "features.permute(0, 2, 3, 1).reshape(-1, features.shape[1])",
    ),
    cases=features_of,
    seeds=len(SHAPES),
    oracle=rows,
    laws=(gradient_reaches(0),),
    rights=(_rows_by_loops, lambda features: features.movedim(1, -1).flatten(0, 2)),
    wrongs=(
        Wrong(
            "the article's view",
            lambda features: features.reshape(-1, features.shape[1]),
            "Shape right, numbers scrambled: a row of yours holds neighbors of one channel, not the channels of "
            "one position. Move the channels to the end first.",
        ),
        Wrong(
            "columns before rows",
            lambda features: features.permute(0, 3, 2, 1).reshape(-1, features.shape[1]),
            "Your positions run down the columns. They go row by row, as in reading: H before W.",
        ),
        Wrong(
            "pictures inside",
            lambda features: features.permute(2, 3, 0, 1).reshape(-1, features.shape[1]),
            "Your pictures take turns. First all positions of the first picture, then those of the second.",
        ),
        Wrong(
            "channels as rows",
            lambda features: features.transpose(0, 1).flatten(1),
            "You have a row for every channel. Turn the table: a row for every position.",
        ),
        Wrong(
            "a row for every picture",
            lambda features: features.flatten(1),
            "You have a row for every picture: a flattening for a fully connected layer. A row per position is asked.",
        ),
        Wrong(
            "first picture only",
            lambda features: features[0].flatten(1).T,
            "Only the first picture is left. Its rows are right: now for the whole batch.",
        ),
        Wrong(
            "last axis folded first",
            lambda features: features.permute(0, 1, 3, 2).reshape(-1, features.shape[1]),
            "You swapped rows and columns, and the channels are still not last: permute(0, 2, 3, 1).",
        ),
    ),
    remark="To a linear layer, such a table is a batch of N * H * W pictures of one position each.",
)
