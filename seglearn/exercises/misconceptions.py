"""Which known mistake is this? An answer is recognized by its outputs over all cases, not by its text."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import permutations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from seglearn.exercises.compare import as_tensor, unequal
from seglearn.exercises.kinds import FunctionExercise, Wrong
from seglearn.exercises.probing import Probe, Trial, compared, probe


def recognize(exercise: FunctionExercise, seen: Probe) -> Wrong | None:
    """Return the known wrong answer that behaves like this one; of several, the one that explains most."""
    scores = [(_likeness(exercise, seen, _known(exercise, wrong)), wrong) for wrong in exercise.wrongs]
    score, best = max(scores, key=lambda pair: pair[0], default=((0, 0), None))
    return best if score[0] > 0 else None


@lru_cache(maxsize=512)
def _known(exercise: FunctionExercise, wrong: Wrong) -> Probe:
    """Return what a listed wrong answer does: the same at every check, so it is found out once."""
    return probe(exercise, wrong.answer)


def _likeness(exercise: FunctionExercise, seen: Probe, known: Probe) -> tuple[int, int]:
    """Return how many deviations two wrong answers share, and how little else tells them apart.

    A case in which only one of them raises does not count; one different output means that they are not alike. Two
    errors of one type speak for a likeness only if they say the same.
    """
    shared = 0
    for yours, theirs in zip(seen.trials, known.trials, strict=True):
        if yours.error is not None and theirs.error is not None:
            alike = type(yours.error) is type(theirs.error)
            tells = str(yours.error) == str(theirs.error)
        elif yours.error is not None or theirs.error is not None:
            continue
        else:
            alike = tells = compared(yours.result, theirs.result, exercise.tolerance) is None
        if not alike:
            return 0, 0
        shared += tells and not theirs.right
    shared += len(seen.broken.keys() & known.broken.keys())
    return shared, -len(seen.broken.keys() ^ known.broken.keys())


def describe(trials: Sequence[Trial]) -> str:
    """Return a sentence on how the results relate to the expected ones or to the input, or "" where nothing is plain.

    This is for the wrong answers that nobody has listed.
    """
    done = [trial for trial in trials if trial.error is None]
    if not any(trial.differs for trial in done):
        return ""
    if len(done) > 1 and all(_same(trial.result, done[0].result) for trial in done[1:]):
        return "Your function gives the same result for every input."
    for told in (_echo(done), *_relations(done)):
        if told:
            return told
    return ""


def _same(a: Any, b: Any) -> bool:
    return compared(a, b, None) is None


def _echo(done: Sequence[Trial]) -> str:
    arguments = range(min(len(trial.given.args) for trial in done))
    if any(all(_same(trial.result, trial.given.args[i]) for trial in done) for i in arguments):
        return "Your result is the input itself: nothing was computed."
    return ""


def _relations(done: Sequence[Trial]) -> Iterator[str]:
    """Yield the sentence of every transform of the expected result that gives yours, on all cases."""
    pairs = [(t.result, t.expected) for t in done]
    if not all(isinstance(x, Tensor | np.ndarray) for pair in pairs for x in pair):
        return
    pairs = [(as_tensor(mine), as_tensor(right)) for mine, right in pairs]
    if all(_equals(mine, lambda x: x, right) for mine, right in pairs):
        return  # only the dtype is wrong, and that has been said
    if all(not mine.any() for mine, _ in pairs):
        yield "Every value of your result is zero."
    for sentence, transform in _transforms(pairs[0][1].ndim):
        if all(_equals(mine, transform, right) for mine, right in pairs):
            yield sentence
    yield _factor(pairs)


def _transforms(axes: int) -> Iterator[tuple[str, Callable[[Tensor], Tensor]]]:
    for order in list(permutations(range(axes)))[1:] if axes <= 4 else []:
        said = f"Your values are right, but the axes stand in another order: yours is expected.permute{order}."
        yield said, lambda x, order=order: x.permute(order)
    for axis in range(axes):
        yield f"Your result is flipped along axis {axis}.", lambda x, axis=axis: x.flip(axis)
    for axis in range(axes):
        for step in (1, -1):
            said = f"Your result is shifted by {step} along axis {axis} (and wraps around)."
            yield said, lambda x, axis=axis, step=step: x.roll(step, axis)
    yield "Your values are right and in order, but the shape is another.", lambda x: x.reshape(-1)
    yield "Yours is one minus the expected result: yes and no are swapped.", lambda x: 1 - x.to(torch.float64)


def _equals(mine: Tensor, transform: Callable[[Tensor], Tensor], right: Tensor) -> bool:
    turned = transform(right)
    if turned.ndim == 1 and right.ndim != 1:  # only the order of the values was asked for
        mine = mine.reshape(-1)
    return mine.shape == turned.shape and not unequal(mine, turned).any()


def _factor(pairs: Sequence[tuple[Tensor, Tensor]]) -> str:
    """Return what one factor or one summand turns all expected values into yours."""
    if any(mine.shape != right.shape or mine.is_complex() or not right.numel() for mine, right in pairs):
        return ""
    pairs = [(mine.double(), right.double()) for mine, right in pairs]
    mine, right = (torch.cat([x.flatten() for x in side]) for side in zip(*pairs, strict=True))
    if len(right.unique()) < 2 or not (mine.isfinite().all() and right.isfinite().all()):
        return ""
    most = right.abs().argmax()
    factor, summand = (mine[most] / right[most]).item(), (mine - right).mean().item()
    if abs(factor) > 1e-9 and not unequal(mine, factor * right, 1e-5).any():
        said = f"{factor:.6g}"
        return "" if said == "1" else f"Each of your values is {said} times the expected one."  # 1: rounding alone
    if not unequal(mine, right + summand, 1e-5).any():
        return f"Each of your values is the expected one {summand:+.6g}."
    return ""
