"""Average pooling, written by the learner: padding may not count."""

import math

from torch import Tensor
from torch.nn import functional as F

from seglearn.exercises.ch04.windows import POOLS, avg_pool, by_columns, max_pool, pools, windows
from seglearn.exercises.kinds import FunctionExercise, Wrong
from seglearn.exercises.laws import gradient_reaches, without
from seglearn.exercises.readymade import AVERAGE_POOLS


def _of_nonzero(x: Tensor, kernel_size: int, stride: int, padding: int) -> Tensor:
    seen = windows(x, kernel_size, stride, padding, 0.0)
    return seen.sum(dim=(-2, -1)) / (seen != 0).sum(dim=(-2, -1)).clamp(min=1)


AVG_POOL = FunctionExercise(
    name="04.avg_pool",
    title="An average that ignores its padding",
    minutes=7,
    difficulty=2,
    objective="implement average pooling in which padded places do not count",
    hints=(
        "By how many numbers must the corner window be divided?",
        "1. sum of each window, padded with 0  2. number of real pixels in each window  3. divide",
        "The same sums over a map of ones count the real pixels.",
    ),
    cases=pools,
    seeds=len(POOLS),
    oracle=avg_pool,
    laws=(gradient_reaches(), without(*AVERAGE_POOLS)),
    rights=(
        lambda x, k, s, p: windows(x, k, s, p, math.nan).nanmean(dim=(-2, -1)),
        by_columns(lambda columns: columns.nanmean(dim=2), math.nan),
    ),
    wrongs=(
        Wrong(
            "padding counts",
            lambda x, k, s, p: F.avg_pool2d(x, k, s, p),
            "You divide by k * k everywhere, so padding counts as black pixels, and borders get dark. "
            "(It is the library's default, too.)",
        ),
        Wrong(
            "zeros do not count",
            _of_nonzero,
            "You divide by the number of values that are not 0. A real pixel may be 0, and counts.",
        ),
        Wrong(
            "always float32",
            lambda x, k, s, p: avg_pool(x.float(), k, s, p),
            "Right, but in float32, as torch.zeros and torch.empty make it. Keep the dtype of x: dtype=x.dtype.",
        ),
        Wrong(
            "sum",
            lambda x, k, s, p: windows(x, k, s, p, 0.0).sum(dim=(-2, -1)),
            "These are sums: nothing was divided.",
        ),
        Wrong(
            "divided by k",
            lambda x, k, s, p: windows(x, k, s, p, 0.0).sum(dim=(-2, -1)) / k,
            "A window of side k has k * k places, and you divide by k.",
        ),
        Wrong(
            "maximum",
            max_pool,
            "This is max pooling.",
        ),
        Wrong(
            "middle value",
            lambda x, k, s, p: windows(x, k, s, p, math.nan).flatten(-2).nanmedian(dim=-1).values,
            "This is the median of each window, not the mean.",
        ),
        Wrong(
            "no padding",
            lambda x, k, s, p: avg_pool(x, min(k, *x.shape[2:]), s, 0),
            "The border windows are missing: your map is too small. Pad, then leave the padding out of the count.",
        ),
        Wrong(
            "stride is the kernel size",
            lambda x, k, s, p: avg_pool(x, k, k, p),
            "You move by a whole window each time; the stride says how far to move.",
        ),
        Wrong(
            "edges repeated",
            lambda x, k, s, p: F.avg_pool2d(F.pad(x, (p, p, p, p), mode="replicate"), k, s),
            "You fill the border with copies of the edge: those pixels count twice. Count only what is there.",
        ),
        Wrong(
            "without a gradient",
            lambda x, k, s, p: avg_pool(x, k, s, p).detach(),
            "The values are right, but the graph is cut (.item(), .detach(), .data?): no gradient comes back.",
        ),
    ),
    remark="A map of ones, pooled the same way, counts the real pixels of every window.",
)
