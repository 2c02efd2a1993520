"""Run an answer on every case and write down what happened: values, differences, exceptions, broken laws."""

import contextlib
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from seglearn.exercises.compare import Difference, difference
from seglearn.exercises.kinds import FunctionExercise, Given
from seglearn.exercises.laws import ALWAYS, Law, fresh


@dataclass(frozen=True)
class Trial:
    """One case: what went in, what came out or which exception, and how it differs from what was expected."""

    seed: int
    given: Given
    expected: Any
    result: Any = None
    error: BaseException | None = None
    differs: Difference | None = None

    @property
    def right(self) -> bool:
        return self.error is None and self.differs is None


@dataclass(frozen=True)
class Probe:
    """All trials of one answer, and for each broken law the first seed and the sentence."""

    trials: tuple[Trial, ...]
    broken: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        return not self.broken and all(trial.right for trial in self.trials)

    @property
    def first_wrong(self) -> Trial | None:
        """Return the trial to show: the first that went wrong, or the first in which a law was broken."""
        broken_at = {seed for seed, _ in self.broken.values()}
        return next(
            (t for t in self.trials if not t.right), next((t for t in self.trials if t.seed in broken_at), None)
        )


@contextlib.contextmanager
def quarantine():
    """Run someone's code without its prints and warnings, and without touching the notebook's random numbers."""
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)
        yield


def probe(exercise: FunctionExercise, function: Callable[..., Any]) -> Probe:
    """Return what a function does on all cases of an exercise. An exercise's own laws are tried where values are right.

    Only KeyboardInterrupt passes through: whatever else the function raises is written down.
    """
    with quarantine():
        trials = tuple(_trial(exercise, function, seed) for seed in range(exercise.seeds))
        done = [trial for trial in trials if trial.error is None]
        right = [trial for trial in done if trial.right]
        laws = [(law, done) for law in ALWAYS] + [(law, right) for law in exercise.laws]
        broken = {law.name: said for law, tried in laws if (said := _breach(law, function, tried))}
    return Probe(trials, broken)


def _trial(exercise: FunctionExercise, function: Callable[..., Any], seed: int) -> Trial:
    case = exercise.cases(seed)
    args, kwargs = fresh(case)
    expected = exercise.oracle(*args, **kwargs)
    args, kwargs = fresh(case)
    try:
        result = function(*args, **kwargs)
    except (Exception, SystemExit) as error:
        return Trial(seed, case, expected, error=error)
    return Trial(seed, case, expected, result, differs=compared(result, expected, exercise.tolerance))


def compared(yours: Any, expected: Any, tolerance: float | None) -> Difference | None:
    """Return `difference`; a value too strange to compare is a difference, too."""
    try:
        return difference(yours, expected, tolerance=tolerance)
    except Exception as error:
        return Difference(f"Your result, a {type(yours).__name__}, cannot be compared: {error}", yours, expected)


def _breach(law: Law, function: Callable[..., Any], trials: Sequence[Trial]) -> tuple[int, str] | None:
    for trial in trials:
        try:
            said = law.broken(function, trial.given)
        except (Exception, SystemExit) as error:
            said = f"It should be a function that {law.name}, but then it raises {type(error).__name__}: {error}"
        if said:
            return trial.seed, said
    return None
