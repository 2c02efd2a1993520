"""A law for losses: the value may be right and the slope wrong, and only the slope teaches."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from seglearn.exercises.compare import unequal
from seglearn.exercises.laws import Function, Law, fresh


def same_gradient(oracle: Callable[..., Tensor], said: str, tolerance: float = 1e-4) -> Law:
    """Return the law that the gradient at the first argument is the oracle's; `said` is told where it is not."""

    def broken(function: Function, given: Any) -> str | None:
        slopes = []
        for f in (function, oracle):
            (first, *rest), kwargs = fresh(given)
            leaf = first.detach().requires_grad_()
            value = f(leaf, *rest, **kwargs)
            if not value.requires_grad:
                return None  # another law says so
            slopes.append(torch.autograd.grad(value, leaf, allow_unused=True)[0])
        mine, right = slopes
        return None if mine is None or not unequal(mine, right, tolerance).any() else said

    return Law("has the right gradient", broken)
