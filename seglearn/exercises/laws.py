"""Laws: what must hold for an answer whatever its values are.

A law is run on every case. It calls the function itself, on fresh inputs, and returns a sentence when it is broken.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seglearn.exercises.compare import difference

Function = Callable[..., Any]


@dataclass(frozen=True)
class Law:
    """`broken(function, given)` returns None while the law holds, else a sentence to the learner."""

    name: str  # "leaves its input alone": completes "your function ..."
    broken: Callable[[Function, Any], str | None]


def fresh(given: Any) -> tuple[tuple, dict]:
    """Return copies of a case's arguments, so that an answer that changes its input harms nobody."""
    return copy.deepcopy((given.args, given.kwargs))


def _changes_input(function: Function, given: Any) -> str | None:
    args, kwargs = fresh(given)
    function(*args, **kwargs)
    if difference((args, kwargs), (given.args, given.kwargs), tolerance=0) is None:
        return None
    return "Your function changes its input: whoever called it still needs it. Work on a copy (x.clone(), x.copy())."


def _varies(function: Function, given: Any) -> str | None:
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        args, kwargs = fresh(given)
        results.append(function(*args, **kwargs))
    if difference(*results) is None:
        return None
    return "Called twice with the same input, your function gives two different results."


ALWAYS = (Law("leaves its input alone", _changes_input), Law("gives the same result twice", _varies))


def gradient_reaches(position: int = 0) -> Law:
    """Return the law that a gradient flows from the result to a floating-point argument."""

    def broken(function: Function, given: Any) -> str | None:
        args, kwargs = fresh(given)
        leaf = args[position].detach().requires_grad_()
        result = function(*args[:position], leaf, *args[position + 1 :], **kwargs)
        if not isinstance(result, Tensor) or not result.requires_grad:
            return "No gradient reaches the input: .item(), .detach(), .numpy() and argmax cut the graph."
        (gradient,) = torch.autograd.grad(result.sum(), leaf, allow_unused=True)
        if gradient is None:
            return "No gradient reaches the input: the result does not depend on it through differentiable steps."
        if not gradient.isfinite().all():
            return "The gradient at the input is not finite: look for log(0), sqrt(0) or a division by zero."
        return None

    return Law(f"lets the gradient reach argument {position + 1}", broken)


def keeps_device(position: int = 0) -> Law:
    """Return the law that the result lies where the input lies, tried on the shapes-only device "meta".

    An answer that cannot run there (it looks at values) is not judged by it.
    """

    def broken(function: Function, given: Any) -> str | None:
        args, kwargs = fresh(given)
        moved = [arg.to("meta") if isinstance(arg, Tensor) else arg for arg in args]
        try:
            result = function(*moved, **kwargs)
        except (RuntimeError, NotImplementedError):
            return None
        if isinstance(result, Tensor) and result.device != moved[position].device:
            return "Your result lies on the CPU even when the input does not: create tensors with device=x.device."
        return None

    return Law("keeps the device", broken)
