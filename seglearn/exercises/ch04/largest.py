"""Max pooling, written by the learner: windows that fold, then windows in general."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.ch04.windows import POOLS, by_columns, folded, folds, looped, max_pool, pools, windows
from seglearn.exercises.kinds import FunctionExercise, Wrong
from seglearn.exercises.laws import gradient_reaches, without
from seglearn.exercises.readymade import MAX_POOLS


def _by_size(x: Tensor, k: int, s: int, p: int) -> Tensor:
    flat = windows(x, k, s, p, 0.0).flatten(-2)
    return flat.gather(-1, flat.abs().argmax(dim=-1, keepdim=True)).squeeze(-1)


def _too_few(x: Tensor, k: int, s: int, p: int) -> Tensor:
    """Return the pooled map without its last row and column, where there is more than one."""
    result = max_pool(x, k, s, p)
    return result[..., : max(1, result.shape[2] - 1), : max(1, result.shape[3] - 1)]


MAX_FOLD = FunctionExercise(
    name="04.max_fold",
    title="Max pooling by folding",
    minutes=4,
    difficulty=1,
    objective="implement max pooling without loops for windows that do not overlap",
    hints=(
        "A line of 6 columns is 3 windows of 2 columns. Which shape says so?",
        "1. fold H into (H // k, k)  2. fold W likewise  3. take the maximum over the two axes of length k",
        "x.reshape(n, c, height // k, k, width // k, k).amax(dim=(3, 5))",
    ),
    cases=folds,
    seeds=6,
    oracle=lambda x, k: folded(x, k).amax(dim=(3, 5)),
    laws=(gradient_reaches(), without(*MAX_POOLS)),
    rights=(
        lambda x, k: x.unflatten(2, (-1, k)).amax(dim=3).unflatten(3, (-1, k)).amax(dim=4),
        lambda x, k: x.unfold(2, k, k).unfold(3, k, k).amax(dim=(-2, -1)),
    ),
    wrongs=(
        Wrong(
            "over the windows",
            lambda x, k: folded(x, k).amax(dim=(2, 4)),
            "You took the maximum over the number of windows, axes 2 and 4. Inside a window lie axes 3 and 5.",
        ),
        Wrong(
            "folded the other way round",
            lambda x, k: x.reshape(*x.shape[:2], k, x.shape[2] // k, k, x.shape[3] // k).amax(dim=(2, 4)),
            "With (k, H // k) a window collects rows that lie far apart. Neighbors vary fastest: (H // k, k).",
        ),
        Wrong(
            "a piece of one line",
            lambda x, k: x.reshape(*x.shape[:2], x.shape[2] // k, x.shape[3] // k, k * k).amax(dim=-1),
            "Memory runs along rows: k * k neighbors in memory are a piece of one row, not a square.",
        ),
        Wrong(
            "rows only",
            lambda x, k: folded(x, k).amax(dim=3).flatten(3),
            "You took the maximum down the rows of each window, and not yet along its columns.",
        ),
        Wrong(
            "mean",
            lambda x, k: folded(x, k).mean(dim=(3, 5)),
            "This is the mean of each window: average pooling. The maximum is asked for.",
        ),
        Wrong(
            "minimum",
            lambda x, k: folded(x, k).amin(dim=(3, 5)),
            "You keep the smallest value of each window.",
        ),
        Wrong(
            "upper left",
            lambda x, k: x[..., ::k, ::k],
            "You keep the upper left value of each window. That is a stride without any pooling.",
        ),
    ),
    remark="One reshape and one maximum. It works as long as windows neither overlap nor leave a rest.",
)

MAX_POOL = FunctionExercise(
    name="04.max_pool",
    title="Max pooling in general",
    minutes=10,
    difficulty=2,
    objective="implement max pooling with any kernel size, stride and padding",
    hints=(
        "Which number can never win a maximum?",
        "1. pad with that number  2. (side + 2 * padding - k) // stride + 1 windows  3. maximum of each",
        "F.pad(x, (p, p, p, p), value=-torch.inf).unfold(2, k, s).unfold(3, k, s).amax(dim=(-2, -1))",
    ),
    cases=pools,
    seeds=len(POOLS),
    oracle=max_pool,
    laws=(gradient_reaches(), without(*MAX_POOLS)),
    rights=(by_columns(lambda columns: columns.amax(dim=2), -math.inf), looped(-math.inf, torch.maximum)),
    wrongs=(
        Wrong(
            "zero padding",
            lambda x, k, s, p: windows(x, k, s, p, 0.0).amax(dim=(-2, -1)),
            "Zeros from the padding win wherever a window holds only negative numbers. Pad with -infinity.",
        ),
        Wrong(
            "started from zero",
            looped(0.0, torch.maximum),
            "Your running maximum starts at 0, so nothing negative ever comes out. Start at -infinity.",
        ),
        Wrong(
            "a very negative number",
            lambda x, k, s, p: windows(x, k, s, p, -1e9).amax(dim=(-2, -1)),
            "Your padding, about -1e9, wins where everything real lies below it. Only -infinity never wins.",
        ),
        Wrong(
            "minus a thousand",
            lambda x, k, s, p: windows(x, k, s, p, -1e3).amax(dim=(-2, -1)),
            "Your padding, about -1000, wins where everything real lies below it. Only -infinity never wins.",
        ),
        Wrong(
            "always float32",
            lambda x, k, s, p: max_pool(x, k, s, p).float(),
            "Right, but in float32, as torch.zeros and torch.empty make it. Keep the dtype of x: dtype=x.dtype.",
        ),
        Wrong(
            "no padding",
            lambda x, k, s, p: max_pool(x, min(k, *x.shape[2:]), s, 0),
            "Your map is too small: the padding is missing.",
        ),
        Wrong(
            "stride is the kernel size",
            lambda x, k, s, p: max_pool(x, k, k, p),
            "Your windows stand side by side, k apart. Here they are `stride` apart, which may be less or more.",
        ),
        Wrong(
            "padded on one side",
            lambda x, k, s, p: max_pool(F.pad(x, (2 * p, 0, 2 * p, 0), value=-math.inf), k, s, 0),
            "All of the padding stands above and to the left. It belongs on all four sides.",
        ),
        Wrong(
            "rounded up",
            lambda x, k, s, p: F.max_pool2d(x, k, s, p, ceil_mode=True),
            "You count windows that hang over the edge (ceil mode). Round down: only windows that fit.",
        ),
        Wrong(
            "average",
            lambda x, k, s, p: F.avg_pool2d(x, k, s, p),
            "This is average pooling: the mean of each window.",
        ),
        Wrong(
            "largest in size",
            _by_size,
            "You keep the number with the largest absolute value. -5 is smaller than 2, however strong it is.",
        ),
        Wrong(
            "channels mixed",
            lambda x, k, s, p: max_pool(x, k, s, p).amax(dim=1, keepdim=True),
            "You took the maximum over the channels, too. Pooling looks at each channel alone.",
        ),
        Wrong(
            "one window too few",
            _too_few,
            "The last window of each line is missing: the number of windows is (...) // stride + 1.",
        ),
        Wrong(
            "without a gradient",
            lambda x, k, s, p: max_pool(x, k, s, p).detach(),
            "The values are right, but cut from the graph (.item(), .detach(), .data?): no network trains through it.",
        ),
    ),
    remark="A padded place must never win. -infinity is the neutral number of a maximum, as 0 is that of a sum.",
)
