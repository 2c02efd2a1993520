"""Wrong answers that nobody has listed: nothing at all, constants, the input itself, spoiled copies of the oracle."""

import copy
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seglearn.exercises.compare import difference
from seglearn.exercises.kinds import Exercise, FunctionExercise, ValueExercise
from seglearn.exercises.laws import fresh

NOTHINGS = (None, object(), float("nan"), "", [], {}, torch.zeros(0), lambda: None)
Function = Callable[..., Any]


def cheats(exercise: Exercise) -> Iterator[tuple[str, Any]]:
    """Yield answers that no exercise may let through, each with its description."""
    yield from ((f"the answer {nothing!r}", nothing) for nothing in NOTHINGS)
    if isinstance(exercise, FunctionExercise):
        yield from _function_cheats(exercise)
    elif isinstance(exercise, ValueExercise) and exercise.accept is None:
        right = exercise.target()
        spoiled = {f"the value, {name},": spoil(right, exercise.tolerance) for name, spoil in SPOILS.items()}
        yield from ((name, value) for name, value in spoiled.items() if _apart(value, right))


def _function_cheats(exercise: FunctionExercise) -> Iterator[tuple[str, Function]]:
    oracle, first = exercise.oracle, exercise.cases(0)
    args, kwargs = fresh(first)
    constant = oracle(*args, **kwargs)
    yield "an answer of None", lambda *a, **k: None
    yield "an answer of zero", lambda *a, **k: 0
    yield "the first expected result for every input", lambda *a, **k: copy.deepcopy(constant)
    yield "all zeros of the right shape", lambda *a, **k: _zeros(oracle(*a, **k))
    for i in range(len(first.args)):
        yield f"argument {i} handed back", lambda *a, i=i, **k: a[i]
    yield (
        "an answer that knows only the smallest input",
        lambda *a, **k: oracle(*a, **k) if difference(a, first.args, tolerance=0) is None else None,
    )
    yield "an answer that is right every second time", _moody(oracle)
    if any(isinstance(arg, Tensor | np.ndarray | list) and len(_flat(arg)) for arg in first.args):
        yield "an answer that changes its input", _careless(oracle)
    for name, spoil in SPOILS.items():
        spoiled = lambda *a, spoil=spoil, **k: spoil(oracle(*a, **k), exercise.tolerance)  # noqa: E731
        if _differs(exercise, spoiled):
            yield f"the right result, {name},", spoiled


def _differs(exercise: FunctionExercise, function: Function) -> bool:
    """Say whether a function gives something else than the oracle in any case, in kind or in value."""
    for seed in range(exercise.seeds):
        results = [
            f(*args, **kwargs) for f in (exercise.oracle, function) for args, kwargs in [fresh(exercise.cases(seed))]
        ]
        if _apart(*results):
            return True
    return False


def _apart(spoiled: Any, right: Any) -> bool:
    return type(spoiled) is not type(right) or difference(spoiled, right, tolerance=0) is not None


def _flat(arg: Any) -> Any:
    return arg if isinstance(arg, list) else arg.reshape(-1)


def _zeros(result: Any) -> Any:
    if isinstance(result, tuple | list):
        return type(result)(map(_zeros, result))
    if isinstance(result, Tensor | np.ndarray):
        return result * 0 if result.dtype not in (torch.bool, np.bool_) else result ^ result
    return type(result)() if isinstance(result, int | float | str) else None


def _moody(oracle: Function) -> Function:
    calls: list[int] = []

    def answer(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        result = oracle(*args, **kwargs)
        return result if len(calls) % 2 else _a_little_off(result, None)

    return answer


def _careless(oracle: Function) -> Function:
    def answer(*args: Any, **kwargs: Any) -> Any:
        result = copy.deepcopy(oracle(*args, **kwargs))
        for arg in args:
            if isinstance(arg, list):
                arg.append(None)
            elif isinstance(arg, Tensor | np.ndarray):
                arg[...] = arg == 0  # yes and no are swapped, numbers become 0 and 1
        return result

    return answer


def _a_little_off(result: Any, tolerance: float | None) -> Any:
    """Return the result with its last number moved by a little more than is allowed."""
    step = max(1e-3, 10 * (tolerance or 0))
    if isinstance(result, tuple | list) and result:
        return type(result)([*result[:-1], _a_little_off(result[-1], tolerance)])
    if isinstance(result, bool | str):
        return not result if isinstance(result, bool) else result + "?"
    if isinstance(result, int | float):
        return result + (1 if isinstance(result, int) else step * (abs(result) or 1.0))
    if isinstance(result, Tensor | np.ndarray) and math.prod(result.shape):
        x = torch.as_tensor(result).detach().clone(memory_format=torch.contiguous_format)
        last = x.view(-1)[-1:]  # a view: what is written here stands in x
        if x.is_floating_point():
            scale = x.nan_to_num(0, 0, 0).abs().max().item()
            last.copy_(last.nan_to_num(0) + step * (scale or 1.0))
        else:
            last.copy_(~last if x.dtype == torch.bool else last + 1)
        return x if isinstance(result, Tensor) else x.numpy()
    return result


def _other_dtype(result: Any, tolerance: float | None) -> Any:
    if isinstance(result, tuple | list) and result:
        return type(result)([_other_dtype(result[0], tolerance), *result[1:]])
    if isinstance(result, Tensor):
        return result.to(torch.float64 if result.dtype != torch.float64 else torch.float32)
    return float(result) if isinstance(result, int) and not isinstance(result, bool) else result


def _on_arrays(change: Callable[[Any], Any], axes: int) -> Callable[[Any, Any], Any]:
    return lambda result, _: change(result) if isinstance(result, Tensor) and result.ndim >= axes else result


SPOILS: dict[str, Callable[[Any, float | None], Any]] = {
    "a little off in one number": _a_little_off,
    "in another dtype": _other_dtype,
    "flipped along the last axis": _on_arrays(lambda x: x.flip(-1), 1),
    "with its last two axes swapped": _on_arrays(lambda x: x.transpose(-1, -2), 2),
    "with one axis more": _on_arrays(lambda x: x[None], 0),
}
