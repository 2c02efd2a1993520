"""Exercises that answer back: check, hint, solution, guess, gap, progress. How to write one: see `engine`."""

from seglearn.exercises.engine import case, check, hint, progress, solution
from seglearn.exercises.guesses import gap, guess

__all__ = ["case", "check", "gap", "guess", "hint", "progress", "solution"]
