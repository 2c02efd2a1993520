"""check, hint, solution: what learners call. They never raise, and they say what to do next.

How to write an exercise
------------------------
A chapter's exercises are a list named EXERCISES in `seglearn/exercises/chNN.py`. An exercise says what is asked and
what is right, on which inputs to try it (smallest first), and which wrong answers you foresee. A small, complete one:

    def lengths(seed: int):
        return given([[], [3], [3, 4], [1, 2, 2]][seed], note="" if seed else "no component at all")

    EXERCISES = [
        FunctionExercise(
            name="99.length", title="The length of a vector", minutes=3, difficulty=1,
            objective="compute the Euclidean length of a vector",
            hints=("What does Pythagoras say?", "1. square 2. add 3. root", "sum(x * x for x in v) ** 0.5"),
            cases=lengths, seeds=4, oracle=lambda v: sum(x * x for x in v) ** 0.5, tolerance=1e-9,
            rights=(lambda v: float(math.hypot(*v)),),
            wrongs=(
                Wrong("no root", lambda v: sum(x * x for x in v), "This is the squared length: the root is missing."),
                Wrong("absolute sum", lambda v: sum(map(abs, v)), "This adds the components: that is the city-block length."),
                ...  # at least five, each with its own sentence; tests prove that each is refused with it
            ),
        ),
    ]

A wrong answer is recognized by its outputs over all cases, so choose cases that tell them apart: rectangular, odd, a
class absent, a pixel void. Further laws (`gradient_reaches`, `keeps_device`) stand in `laws`; values, choices and
widgets in `kinds`. The solution stands once, in notebooks/source/NN_*.py, in the cell tagged "exercise" and "99.length".
`tests/test_exercises.py` then tries the solution, your right and wrong answers, and spoiled copies of the oracle.
"""

import difflib
import functools
import importlib
import pkgutil
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from seglearn.exercises.judging import judge
from seglearn.exercises.kinds import Exercise, FunctionExercise, WidgetExercise
from seglearn.exercises.laws import fresh
from seglearn.exercises.records import Standing, overview, record, standings
from seglearn.exercises.sources import PACKAGE, solution_of
from seglearn.exercises.verdicts import HINT, SOLUTION, Card, Code, Outcome, Table, Text, verdict


def chapters() -> list[str]:
    """Return the chapters that have exercises: "00", "01", ..."""
    found = pkgutil.iter_modules([str(PACKAGE / "exercises")])
    return sorted(module.name[2:] for module in found if module.name[:2] == "ch" and module.name[2:].isdigit())


def exercises_of(chapter: str) -> list[Exercise]:
    """Return the exercises of one chapter."""
    return importlib.import_module(f"seglearn.exercises.ch{chapter}").EXERCISES


def all_exercises() -> list[Exercise]:
    """Return the exercises of all chapters in order."""
    return [exercise for chapter in chapters() for exercise in exercises_of(chapter)]


def find(name: str) -> Exercise:
    """Return an exercise by its name.

    Raises:
        LookupError: there is none; the message names the nearest one.
    """
    try:
        known = {exercise.name: exercise for exercise in exercises_of(str(name).partition(".")[0])}
    except ModuleNotFoundError:
        known = {exercise.name: exercise for exercise in all_exercises()}
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1, cutoff=0)
        raise LookupError(f"There is no exercise {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
    return known[name]


def _never_raises(action: Callable[..., Card]) -> Callable[..., Card]:
    """Turn whatever goes wrong in the course's own code into a card that says so."""

    @functools.wraps(action)
    def careful(name: str, *args: Any, **kwargs: Any) -> Card:
        try:
            return action(name, *args, **kwargs)
        except LookupError as unknown:
            words = str(unknown.args[0]) if unknown.args else repr(unknown)
            return verdict(Outcome.NOT_ATTEMPTED, str(name), "", Text(words))
        except Exception:
            said = Text("Something broke in the course, not in your code. Please report this:", strong=True)
            return verdict(Outcome.NOT_ATTEMPTED, str(name), "", said, Code("", traceback.format_exc(limit=-4)))

    return careful


@_never_raises
def check(name: str, answer: Any = ...) -> Card:
    """Judge an answer and return the verdict: PASS, NOT YET, NOT ATTEMPTED or ERROR IN YOUR CODE."""
    found = judge(find(name), answer)
    if found.outcome is Outcome.NOT_ATTEMPTED:
        return found
    warning = record("check", name, outcome=found.outcome.value.word, recognized=found.recognized)
    return replace(found, blocks=(*found.blocks, Text(warning))) if warning else found


@_never_raises
def hint(name: str) -> Card:
    """Show the next of an exercise's hints: a question, then the subgoals, then one line of code."""
    exercise = find(name)
    used = standings().get(name, Standing()).hints
    if used >= len(exercise.hints):
        rows = [(str(i), words) for i, words in enumerate(exercise.hints, 1)]
        table = (Table(rows),) if rows else ()
        return Card(HINT, name, "These were all of them.", (*table, Text(f'Then there is `solution("{name}")`.')))
    warning = record("hint", name, step=used + 1)
    left = len(exercise.hints) - used - 1
    more = (
        f'{left} more: `hint("{name}")` again.'
        if left
        else f'That was the last one. Then there is `solution("{name}")`.'
    )
    texts = [Text(words) for words in (exercise.hints[used], more, warning) if words]
    return Card(HINT, name, f"{used + 1} of {len(exercise.hints)}", tuple(texts))


@_never_raises
def solution(name: str) -> Card:
    """Show the solution as it stands in the chapter's source, and note that it was seen."""
    exercise = find(name)
    code = solution_of(name)
    if not code and isinstance(exercise, WidgetExercise) and exercise.rights:
        code = "\n".join(f"{fact}: {value!r}" for fact, value in exercise.rights[0].items())
    if not code:
        return Card(SOLUTION, name, "", (Text("The solutions lie in the course's checkout, which was not found."),))
    warning = record("solution", name)
    ask = Text("Close it, and write it again in your own words.")
    return Card(SOLUTION, name, exercise.title, (Code("", code), ask, *([Text(warning)] if warning else [])))


def case(name: str, *, seed: int) -> tuple:
    """Return the arguments of one case of a function exercise, to try it by hand: a tuple.

    Where the function is called with keywords, they come last, as a dictionary.

    Raises:
        LookupError: there is no such exercise, or no such case.
    """
    exercise = find(name)
    if not isinstance(exercise, FunctionExercise) or not 0 <= seed < exercise.seeds:
        raise LookupError(f"case: {name} has no case {seed}.")
    args, kwargs = fresh(exercise.cases(seed))
    return (*args, kwargs) if kwargs else args


def progress() -> Card:
    """Show every exercise of the course with its outcome, attempts, hints used and the last time."""
    return overview(all_exercises())
