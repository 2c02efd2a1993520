"""Losses that fail in silence: probabilities rounded to zero, and softmax applied twice."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import ChoiceExercise, ValueExercise, Wrong
from seglearn.losses import cross_entropy_loss

TRUTH = torch.tensor([[[1]]])


def naive(logits: Tensor, mask: Tensor) -> Tensor:
    """Return cross-entropy as one would write it down: the log of softmax."""
    p = logits.softmax(dim=1).gather(1, mask[:, None])[:, 0]
    return -p.log().mean()


def _is_pair(value) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.float32 and value.shape == (1, 2, 1, 1)


def _tame(value: Tensor) -> bool:
    return bool(value.isfinite().all()) and float(value.abs().max()) <= 100


def _ours(value) -> bool:
    return _is_pair(value) and value.flatten().tolist() == [60.0, -60.0]


def _breaks(value) -> bool:
    if not (_is_pair(value) and _tame(value)) or _ours(value):
        return False
    return bool(naive(value, TRUTH).isinf()) and bool(cross_entropy_loss(value, TRUTH).isfinite())


def _pair(background: float, car: float, dtype=torch.float32) -> Tensor:
    return torch.tensor([background, car], dtype=dtype).reshape(1, 2, 1, 1)


BREAK = ValueExercise(
    name="07.break_naive",
    title="Break the log of softmax",
    minutes=4,
    difficulty=2,
    objective="build an input that exposes a numerical mistake",
    accept=_breaks,
    hints=(
        "Below which size does float32 round a probability to 0?",
        "1. the true class is 1  2. make it improbable  3. float32 ends near exp(-104), and both signs may help",
        "torch.tensor([70.0, -50.0]).reshape(1, 2, 1, 1)",
    ),
    wrongs=(
        Wrong(
            "ours", _pair(60, -60), "These are our logits. Find others: how far apart must two logits be?", when=_ours
        ),
        Wrong(
            "the other class",
            _pair(-60, 60),
            "Here the true class, 1, is almost certain: both losses are 0. Make the *true* class improbable.",
            when=lambda v: _is_pair(v) and _tame(v) and v[0, 1, 0, 0] >= v[0, 0, 0, 0],
        ),
        Wrong(
            "not far enough",
            _pair(40, -40),
            "The difference is not large enough: float32 still has a number for this probability. Go on.",
            when=lambda v: (
                _is_pair(v) and _tame(v) and not _breaks(v) and not _ours(v) and v[0, 1, 0, 0] < v[0, 0, 0, 0]
            ),
        ),
        Wrong(
            "too wild",
            _pair(1e4, 0),
            "It breaks, but with a logit beyond 100. Networks say 60 and -60 on ordinary days: stay within 100.",
            when=lambda v: _is_pair(v) and bool(v.isfinite().all()) and not _tame(v),
        ),
        Wrong(
            "infinite logits",
            _pair(math.inf, 0),
            "Infinite logits break every loss, ours too. Use ordinary numbers.",
            when=lambda v: _is_pair(v) and not v.isfinite().all(),
        ),
        Wrong(
            "double",
            _pair(60, -60, torch.float64),
            "float64 has room for such a probability. Networks compute in float32: use that.",
            when=lambda v: isinstance(v, Tensor) and v.dtype == torch.float64,
        ),
        Wrong(
            "whole numbers",
            _pair(70, -50, torch.int64),
            "These are whole numbers, and softmax needs float32: write 70.0 in place of 70.",
            when=lambda v: isinstance(v, Tensor) and not v.is_floating_point(),
        ),
        Wrong(
            "a list",
            [70.0, -50.0],
            "This is a list. Make it a tensor: torch.tensor([...]).reshape(1, 2, 1, 1).",
            when=lambda v: isinstance(v, list | tuple),
        ),
        Wrong(
            "a line",
            torch.tensor([60.0, -60.0]),
            "The logits need the shape (1, 2, 1, 1): one image, two classes, one pixel. Use .reshape(1, 2, 1, 1).",
            when=lambda v: isinstance(v, Tensor) and v.dtype == torch.float32 and v.shape != (1, 2, 1, 1),
        ),
    ),
    rights=(_pair(70, -50), _pair(100, -100), _pair(55, -55)),
    remark="exp(-104) is the last stop of float32. log_softmax never goes there: it subtracts instead of dividing.",
)

FLOOR = ValueExercise(
    name="07.floor",
    title="The floor of a loss",
    minutes=5,
    difficulty=2,
    objective="derive the smallest loss that softmax twice can reach",
    expected=math.log(1 + 7 / math.e),
    tolerance=5e-3,
    hints=(
        "After the first softmax, what is the best that K numbers can look like to the second one?",
        "1. the best probabilities are 1, 0, 0, ...  2. as logits: e^1 against seven times e^0  3. -ln of the share",
        "math.log(1 + 7 / math.e)",
    ),
    wrongs=(
        Wrong("zero", 0.0, "0 is the floor of one softmax. The second one never sees more than a 1 beside seven 0s."),
        Wrong("ln 8", math.log(8), "That is blind guessing, where it starts. How low can it get?"),
        Wrong("the probability", math.e / (math.e + 7), "That is the probability. The loss is minus its logarithm."),
        Wrong("two classes", math.log(1 + 1 / math.e), "That is the floor for two classes. Here seven others share."),
        Wrong("eight others", math.log(1 + 8 / math.e), "Eight classes: one is true, so seven are the others."),
        Wrong("base ten", math.log10(1 + 7 / math.e), "Base 10. Losses are measured with the natural logarithm."),
        Wrong(
            "negative", -math.log(1 + 7 / math.e), "The sign: a probability's log is negative, the loss is minus that."
        ),
        Wrong("one", 1.0, "1 is the largest number that the second softmax sees. Send it through, beside seven 0s."),
    ),
    rights=(1.274, 1.27, -math.log(math.e / (math.e + 7))),
    remark="ln(1 + (K - 1) / e): a training whose loss levels off near this number has a softmax too many.",
)

DIAGNOSIS = ChoiceExercise(
    name="07.diagnosis",
    title="Which mistake is this?",
    minutes=2,
    difficulty=1,
    objective="diagnose a fault from a loss curve",
    hints=(
        "Which number does the loss come to rest at?",
        "1. ln K at the start  2. the score is fine  3. the floor you derived",
        "Read 'c'.",
    ),
    question=(
        "Two classes, pole and rest. The loss starts near 0.69, sinks, and comes to rest at 0.35. The score on new "
        "pictures is hardly lower than that of others who train the same network. What do you look for first?"
    ),
    options={
        "a": ("A learning rate that is too small.", "Then the score would be low as well: little would be learned."),
        "b": (
            "Too few training pictures.",
            "Then the training loss would be very low, and the score on new pictures too.",
        ),
        "c": (
            "A softmax before the loss.",
            "Right: the order of the classes survives, so the score may. The loss cannot: ln(1 + 1/e) = 0.313.",
        ),
        "d": ("A wrong number of classes.", "Then the loss would not start near ln 2 = 0.69, or it would stop."),
        "e": ("Void pixels in the mean.", "They would make the loss smaller, not larger: zeros would be averaged in."),
    },
    right="c",
)
