"""The law that an answer does its own work: a function that is out of the game must not be called on the way."""

import sys
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from seglearn import convolution
from seglearn.exercises.laws import Law, fresh

SLIDE = (  # whatever slides a whole kernel by itself
    *(torch.conv1d, torch.conv2d, torch.conv3d, torch.convolution),
    *(torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d),
    *(convolution.conv2d, convolution.conv2d_with_loops),
)
CUT = (F.unfold, convolution.im2col)


def without(*functions: Callable[..., Any]) -> Law:
    """Return the law that an answer calls none of these functions, neither itself nor through another one."""
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
