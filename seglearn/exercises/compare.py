"""Are two results the same? If not: where do they differ first, in one sentence."""

import math
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import torch
from torch import Tensor

LOOSE = {torch.float16: 1e-2, torch.bfloat16: 3e-2, torch.float32: 1e-5, torch.complex64: 1e-5}
TIGHT = 1e-9  # for float64 and Python's own numbers; whole numbers are exact


@dataclass(frozen=True)
class Difference:
    """What differs, in a sentence, and the two parts that differ (the third element of a tuple, for example)."""

    sentence: str
    yours: Any
    expected: Any


def difference(yours: Any, expected: Any, *, tolerance: float | None = None, place: str = "Your result"):
    """Return None where the two agree, else the first Difference.

    Tensors and arrays must agree in kind, shape, device, values and dtype; NaN equals NaN. Where a Python number is
    expected, a tensor or array without axes will do, but a float is not accepted for a whole number. A list will do
    for a tuple. `tolerance` is relative to the largest finite expected number of a tensor.

    Example:
        >>> difference((1, 2.5), (1, 2.0)).sentence
        'Element 1 of your result is 2.5, expected 2.'
        >>> difference(torch.zeros(2, 3), torch.zeros(3, 2)).sentence
        'Your result has shape (2, 3), expected (3, 2).'
    """
    if isinstance(expected, tuple | list | dict):
        return _containers_differ(yours, expected, tolerance, place)
    if isinstance(expected, Tensor | np.ndarray):
        said = _arrays_differ(yours, expected, tolerance, place)
    elif isinstance(expected, Number | np.generic):
        tolerance = LOOSE.get(getattr(yours, "dtype", None), TIGHT) if tolerance is None else tolerance
        said = _numbers_differ(_scalar(yours), _scalar(expected), tolerance, place)
    elif not isinstance(yours, type(expected)):
        said = _wrong_kind(yours, expected, place)
    else:
        said = "" if yours == expected else f"{place} is {yours!r:.200}, expected {expected!r:.200}."
    return Difference(said, yours, expected) if said else None


def _wrong_kind(yours: Any, expected: Any, place: str) -> str:
    if yours is None:
        return f"{place} is None. Did you forget `return`?"
    cure = {Tensor: " Use torch.as_tensor(...).", np.ndarray: " Use numpy.asarray(...)."}.get(type(expected), "")
    return f"{place} is {_kind(yours)}, expected {_kind(expected)}.{cure}"


def _kind(value: Any) -> str:
    names = {"Tensor": "a tensor", "ndarray": "a numpy array", "int": "a whole number (int)", "float": "a float"}
    names |= {"str": "a string", "bool": "True or False", "function": "a function (call it first)"}
    name = type(value).__name__
    return names.get(name, f"a {name}")


def _containers_differ(yours: Any, expected: Any, tolerance: float | None, place: str) -> Difference | None:
    """Compare tuples and lists element by element, dicts by key."""
    kind = dict if isinstance(expected, dict) else tuple | list
    inside = "your result" if place == "Your result" else place[0].lower() + place[1:]
    if not isinstance(yours, kind):
        return Difference(_wrong_kind(yours, expected, place), yours, expected)
    if kind is dict and yours.keys() != expected.keys():
        return Difference(f"{place} has the keys {list(yours)}, expected {list(expected)}.", yours, expected)
    if len(yours) != len(expected):
        return Difference(f"{place} has {len(yours)} elements, expected {len(expected)}.", yours, expected)
    for key in expected if kind is dict else range(len(expected)):
        part = f"Entry {key!r} of {inside}" if kind is dict else f"Element {key} of {inside}"
        if found := difference(yours[key], expected[key], tolerance=tolerance, place=part):
            return found
    return None


def _arrays_differ(yours: Any, expected: Tensor | np.ndarray, tolerance: float | None, place: str) -> str:
    """Return what differs between two arrays: kind, shape, device, values, and last the dtype."""
    if not isinstance(yours, Tensor if isinstance(expected, Tensor) else np.ndarray):
        return _wrong_kind(yours, expected, place)
    if tuple(yours.shape) != tuple(expected.shape):
        return f"{place} has shape {tuple(yours.shape)}, expected {tuple(expected.shape)}."
    if isinstance(yours, Tensor) and yours.device != expected.device:
        return f"{place} lies on {yours.device}, expected {expected.device}."
    mine, right = as_tensor(yours), as_tensor(expected)
    if mine.dtype == right.dtype and torch.equal(mine, right):
        return ""
    apart = unequal(mine, right, tolerance)
    if apart.any():
        spot = np.unravel_index(int(torch.where(apart, _gap(mine, right), -1.0).argmax()), tuple(right.shape))
        seen, wanted = _spell_apart(_scalar(mine[spot]), _scalar(right[spot]))
        if not right.ndim:
            return f"{place} is {seen}, expected {wanted}."
        at = ", ".join(str(int(i)) for i in spot)
        return f"{place}: {int(apart.sum())} of {apart.numel()} values differ; [{at}] is {seen}, expected {wanted}."
    if yours.dtype != expected.dtype:
        return f"{place} has the right values, but their dtype is {yours.dtype}, expected {expected.dtype}."
    return ""


def _numbers_differ(mine: Any, right: Any, tolerance: float, place: str) -> str:
    if not isinstance(mine, Number) or isinstance(mine, bool) != isinstance(right, bool):
        return _wrong_kind(mine, right, place)
    if isinstance(right, int) and isinstance(mine, float) and mine == right:
        return f"{place} is {mine!r}, a float; a whole number is expected: {right}. Use // or int(...)."
    both_nan = mine != mine and right != right
    near = both_nan or mine == right if isinstance(right, int) else both_nan or _near(mine, right, tolerance)
    if near:
        return ""
    seen, wanted = _spell_apart(mine, right)
    return f"{place} is {seen}, expected {wanted}."


def _near(mine: Any, right: Any, tolerance: float) -> bool:
    return mine == right or (abs(mine - right) <= tolerance * (abs(right) or 1.0) and not math.isinf(abs(right)))


def as_tensor(array: Tensor | np.ndarray) -> Tensor:
    """Return a tensor or an array as a dense tensor outside every graph."""
    if isinstance(array, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(array))
    return array.detach() if array.layout == torch.strided else array.detach().to_dense()


def unequal(mine: Tensor, right: Tensor, tolerance: float | None = None) -> Tensor:
    """Return where two tensors of one shape differ by more than the tolerance; NaN equals NaN, inf equals inf.

    Example:
        >>> unequal(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
        tensor([False,  True])
    """
    if tolerance is None:
        tolerance = LOOSE.get(right.dtype, TIGHT) if right.is_floating_point() or right.is_complex() else 0.0
    finite = _wide(right)[right.isfinite()]
    scale = finite.abs().max().item() if finite.numel() else 0.0
    same = (_wide(mine) == _wide(right)) | (mine.isnan() & right.isnan())
    return ~(same | (_gap(mine, right) <= tolerance * (scale or 1.0)))


def _wide(x: Tensor) -> Tensor:
    """Return the tensor in a type that holds the differences of its values: int64, float64 or complex128."""
    if x.is_complex():
        return x.to(torch.complex128)
    return x.double() if x.is_floating_point() else x.long()


def _gap(mine: Tensor, right: Tensor) -> Tensor:
    """Return the distance of each pair of values as float64; infinite where only one of them is NaN."""
    gap = (_wide(mine) - _wide(right)).abs().double()
    return torch.where(gap.isnan(), torch.inf, gap)


def _scalar(value: Any) -> Any:
    """Return the Python number in a tensor or array without axes; everything else as it is."""
    lone = isinstance(value, np.generic) or (isinstance(value, Tensor | np.ndarray) and value.ndim == 0)
    return value.item() if lone else value


def spell_number(value: Any) -> str:
    """Return a number with at most six significant digits."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _spell_apart(mine: Any, right: Any) -> tuple[str, str]:
    """Return two different numbers in words that differ: with all their digits where six do not tell them apart.

    Example:
        >>> _spell_apart(0.25, 0.5), _spell_apart(0.4000000059604645, 0.4)
        (('0.25', '0.5'), ('0.4000000059604645', '0.4'))
    """
    seen, wanted = spell_number(mine), spell_number(right)
    return (seen, wanted) if seen != wanted else (repr(mine), repr(right))
