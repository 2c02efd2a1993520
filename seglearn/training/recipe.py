"""How to learn, as one value: it can be printed, compared, and written into a checkpoint."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from seglearn.checks import check_choice

PRECISIONS = ("float32", "bfloat16", "auto")


@dataclass(frozen=True)
class Recipe:
    """Every choice of a training that is not the model, the data or the loss. For `fit(..., recipe=Recipe(...))`.

    Args:
        learning_rate: of AdamW, at its highest.
        weight_decay: by which AdamW pulls every weight toward zero.
        warmup: the share of the steps in which the rate rises, in [0, 1); then it falls to zero on a cosine. None keeps
            the rate constant.
        clip_norm: the gradients of a step are scaled down to this length where they are longer; None never scales.
        accumulate: batches per step. Their gradients are added up as if they were one batch of all their inputs.
        precision: "float32", "bfloat16" (the model computes in 16 bits, the loss never does), or "auto": bfloat16 where
            the device has it and a short trial on the first batch says that it is faster.
        channels_last: keep the channels of a pixel together in memory, which some convolutions like better.
        ema: the decay, in (0, 1), of a moving average of the weights, which is then what is validated and returned;
            try 0.99 for a thousand steps, 0.999 for ten thousand. None returns the weights themselves.
        patience: stop when the validation has not been better for so many epochs; None never stops early.
        seed: chance (dropout, shuffling without a generator of its own) starts here; None goes on from where it stands.
        deterministic: the same numbers in every run on this machine; operations that cannot promise that are refused.

    Raises:
        ValueError: a number is outside its range, or two choices contradict each other.

    Example:
        >>> Recipe(learning_rate=5e-3, ema=0.99).warmup
        0.1

    Source: Loshchilov and Hutter 2019, arXiv:1711.05101 (AdamW); 2017, arXiv:1608.03983 (cosine).
    """

    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float | None = 0.1
    clip_norm: float | None = None
    accumulate: int = 1
    precision: str = "float32"
    channels_last: bool = False
    ema: float | None = None
    patience: int | None = None
    seed: int | None = None
    deterministic: bool = False

    def __post_init__(self) -> None:
        check_choice("Recipe", "precision", self.precision, PRECISIONS)
        if self.deterministic and self.precision == "auto":
            raise ValueError(
                "Recipe: deterministic must know the precision, and a trial of speed may choose another one tomorrow. "
                'Use precision="float32" or precision="bfloat16".'
            )
        self._check("learning_rate", "a positive number", lambda x: 0 < x < math.inf)
        self._check("weight_decay", "0 or a positive number", lambda x: 0 <= x < math.inf)
        self._check("warmup", "None or a share of the steps in [0, 1)", lambda x: x is None or 0 <= x < 1)
        self._check("clip_norm", "None or a positive number", lambda x: x is None or x > 0)
        self._check("accumulate", "a whole number of batches, 1 or more", lambda x: _whole(x) and x >= 1)
        self._check("ema", "None or a decay between 0 and 1, such as 0.99", lambda x: x is None or 0 < x < 1)
        self._check(
            "patience", "None or a whole number of epochs, 1 or more", lambda x: x is None or (_whole(x) and x >= 1)
        )
        self._check("seed", "None or a whole number", lambda x: x is None or _whole(x))

    def _check(self, name: str, wanted: str, holds: Callable[[Any], bool]) -> None:
        value = getattr(self, name)
        try:
            good = bool(holds(value))
        except TypeError:  # a word cannot be compared with a number
            good = False
        if not good:
            raise ValueError(f"Recipe: {name} must be {wanted}, got {value!r}.")


def _whole(x: Any) -> bool:
    return isinstance(x, int) and not isinstance(x, bool)


PLAIN = Recipe(warmup=None)  # what `fit` does without a recipe: AdamW at a constant 1e-3, and nothing else


def _whole(x: Any) -> bool:
    return isinstance(x, int) and not isinstance(x, bool)
