"""Laws: what must hold for an answer whatever its values are.

A law is run on every case. It calls the function itself, on fresh inputs, and returns a sentence when it is broken.
"""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from seglearn.exercises.compare import difference

Function = Callable[..., Any]
_NAMES = "zeros ones empty full arange eye linspace tensor rand randn randint randperm"
FACTORIES = {getattr(torch, name) for name in _NAMES.split()}


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
        torch.default_generator.manual_seed(seed)  # torch.manual_seed asks every backend and is slow
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


class _Births(TorchFunctionMode):
    """Watch for tensors with axes that are made without saying where, and are not moved either."""

    def __init__(self):
        super().__init__()
        self.homeless: dict[int, tuple[Tensor, str]] = {}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        result = function(*args, **kwargs)
        if function in FACTORIES and kwargs.get("device") is None and result.ndim:
            self.homeless[id(result)] = (result, function.__name__)
        elif function is Tensor.to and any(
            isinstance(x, str | torch.device | Tensor) for x in (*args[1:], *kwargs.values())
        ):
            self.homeless.pop(id(args[0]), None)
        return result


def _makes_strangers(function: Function, given: Any) -> str | None:
    args, kwargs = fresh(given)
    with _Births() as births:
        function(*args, **kwargs)
    names = sorted({name for _, name in births.homeless.values()})
    if not names:
        return None
    return f"On a GPU this would fail: torch.{names[0]} makes a tensor on the CPU. Say device=..., the input's device."


def keeps_device() -> Law:
    """Return the law that new tensors are made where the input lies. It needs no second device to be tried."""
    return Law("stays on the input's device", _makes_strangers)


def without(*functions: Callable[..., Any]) -> Law:
    """Return the law that an answer does its own work: it calls none of these functions, nor through another one."""
    names = {id(getattr(f, "__code__", f)): f"{f.__module__}.{f.__name__}" for f in functions}

    def broken(function: Callable[..., Any], given: Any) -> str | None:
        args, kwargs = fresh(given)
        called: list[str] = []

        def watch(frame: Any, event: str, argument: Any) -> None:
            seen = {"call": frame.f_code, "c_call": argument}.get(event)  # Python's functions and those of C
            if id(seen) in names:
                called.append(names[id(seen)])

        before = sys.getprofile()
        sys.setprofile(watch)
        try:
            function(*args, **kwargs)
        finally:
            sys.setprofile(before)
        if not called:
            return None
        return f"You let {called[0]} do the work. Here the exercise is to write it yourself."

    return Law("does the work itself", broken)
