"""From an answer to a verdict, for each kind of exercise."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any

import numpy as np
import torch

from seglearn.exercises.kinds import ChoiceExercise, Exercise, FunctionExercise, ValueExercise, WidgetExercise, Wrong
from seglearn.exercises.laws import ALWAYS
from seglearn.exercises.misconceptions import describe, recognize
from seglearn.exercises.pictures import picture_of, spell, three_pictures
from seglearn.exercises.probing import Probe, Trial, compared, probe, quarantine
from seglearn.exercises.tracebacks import own_lines, raised_here
from seglearn.exercises.verdicts import Code, Outcome, Pictures, Table, Text, Verdict, verdict


@singledispatch
def judge(exercise: Exercise, answer: Any) -> Verdict:
    """Return the verdict on an answer; `...` anywhere in it means that nobody has tried yet."""
    raise TypeError(f"judge: {exercise.name} is a {type(exercise).__name__}, a kind of exercise that nobody judges.")


def not_attempted(exercise: Exercise, *blocks: Any) -> Verdict:
    """Return the verdict on no answer, with what to do."""
    ask = Text(f"Your turn: {exercise.objective} (about {exercise.minutes} min). Then run the cell again.")
    return verdict(Outcome.NOT_ATTEMPTED, exercise.name, exercise.title, ask, *blocks)


def _not_yet(exercise: Exercise, *blocks: Any, wrong: Wrong | None = None) -> Verdict:
    told = Text(wrong.sentence, strong=True) if wrong else None
    stuck = Text(f'Stuck? `hint("{exercise.name}")`') if exercise.hints else None
    name = wrong.name if wrong else ""
    return verdict(Outcome.NOT_YET, exercise.name, exercise.title, told, *blocks, stuck, recognized=name)


def _passed(exercise: Exercise, tried: str) -> Verdict:
    remark = Text(exercise.remark) if exercise.remark else None
    return verdict(Outcome.PASS, exercise.name, exercise.title, Text(tried), remark)


def holds_blank(answer: Any) -> bool:
    """Say whether `...` stands for the answer or somewhere in it."""
    if isinstance(answer, Mapping):
        answer = tuple(answer.values())
    return answer is ... or (isinstance(answer, tuple | list) and any(holds_blank(part) for part in answer))


# A function -----------------------------------------------------------------------------------------------------------


@judge.register
def _(exercise: FunctionExercise, answer: Any) -> Verdict:
    if holds_blank(answer) or _is_blank_function(answer):
        return not_attempted(exercise)
    if not callable(answer):
        said = f'Hand over the function itself, without calling it: `check("{exercise.name}", function)`.'
        return _not_yet(exercise, Text(f"{said} This is a {type(answer).__name__}."))
    seen = probe(exercise, answer)
    if _left_blank(seen.trials[0], answer):
        return not_attempted(exercise)
    if seen.right:
        *laws, last = (law.name for law in (*ALWAYS, *exercise.laws))
        return _passed(exercise, f"Right on all {exercise.seeds} inputs. Your function {', '.join(laws)} and {last}.")
    trial, wrong = seen.first_wrong, recognize(exercise, seen)
    if trial.error is not None:
        return _error(exercise, answer, trial, wrong)
    return _not_yet(exercise, *_evidence(exercise, answer, seen, trial, wrong), wrong=wrong)


def _is_blank_function(answer: Any) -> bool:
    """Say whether a function's body is nothing but a docstring, `...` or `pass`. Needs its source text."""
    try:
        (function,) = ast.parse(textwrap.dedent(inspect.getsource(answer))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return False
    hollow = (ast.Pass, ast.Constant)
    body = getattr(function, "body", None) if isinstance(function, ast.FunctionDef) else None
    return bool(body) and all(isinstance(line.value if isinstance(line, ast.Expr) else line, hollow) for line in body)


def _left_blank(trial: Trial, answer: Callable[..., Any]) -> bool:
    """Say whether the first case ran into a blank: `...` returned or used, or the learner's own NotImplementedError."""
    if trial.error is None:
        return holds_blank(trial.result)
    if isinstance(trial.error, NotImplementedError):
        return raised_here(trial.error, answer)
    return "ellipsis" in str(trial.error)


def _evidence(
    exercise: FunctionExercise, answer: Callable[..., Any], seen: Probe, trial: Trial, wrong: Wrong | None
) -> list[Any]:
    """Return the blocks of a NOT YET: what differs, the input, yours beside the expected, how to replay it."""
    good = sum(t.right for t in seen.trials)
    if trial.differs is None:
        said = next(said for seed, said in seen.broken.values() if seed == trial.seed)
        return [Text(said, strong=wrong is None), Text("The values are right."), _input(exercise, trial)]
    guessed = describe(seen.trials) if wrong is None and trial.result is not None else ""
    rows = [("yours", spell(trial.result)), ("expected", spell(trial.expected))]
    return [
        Text(guessed, strong=True) if guessed else None,
        *(Text(said) for _, said in seen.broken.values()),
        Text(trial.differs.sentence + (f" {good} of {exercise.seeds} inputs are right." if good else "")),
        three_pictures(trial.differs.yours, trial.differs.expected, exercise.tolerance),
        _shown_input(exercise, trial),
        Table([*_arguments(exercise, trial), *rows]),
        _replay(exercise, answer, trial),
    ]


def _input(exercise: FunctionExercise, trial: Trial) -> Table:
    return Table(_arguments(exercise, trial))


def _arguments(exercise: FunctionExercise, trial: Trial) -> list[tuple[str, str]]:
    """Return the smallest failing input: a row for each argument, and why it is worth trying."""
    why = [("why this input", trial.given.note)] if trial.given.note else []
    return [*((f"input `{name}`", spell(value)) for name, value in _named(exercise, trial).items()), *why]


def _named(exercise: FunctionExercise, trial: Trial) -> dict[str, Any]:
    """Return the arguments of a case under the names of the oracle's parameters."""
    case = trial.given
    try:
        return dict(inspect.signature(exercise.oracle).bind(*case.args, **case.kwargs).arguments)
    except (TypeError, ValueError):
        return {f"argument {i}": arg for i, arg in enumerate(case.args)} | case.kwargs


def _shown_input(exercise: FunctionExercise, trial: Trial) -> Pictures | None:
    """Return pictures of the images and masks among the arguments that are too large to be spelled out."""
    items = [picture_of(f"input {name}", value) for name, value in _named(exercise, trial).items()]
    return Pictures([item for item in items if item]) if any(items) else None


def _replay(exercise: FunctionExercise, answer: Callable[..., Any], trial: Trial) -> Text:
    function = getattr(answer, "__name__", "function")
    function = function if function.isidentifier() else "function"
    left, right = ("*args, kwargs", "*args, **kwargs") if trial.given.kwargs else ("args", "*args")
    again = f'`{left} = case("{exercise.name}", seed={trial.seed})`, then `{function}({right})`'
    return Text(f"To try this input yourself: {again}.")


def _error(exercise: FunctionExercise, answer: Any, trial: Trial, wrong: Wrong | None) -> Verdict:
    return verdict(
        Outcome.ERROR,
        exercise.name,
        exercise.title,
        Text(wrong.sentence, strong=True) if wrong else None,
        Code("Your code stopped here", own_lines(trial.error, answer)),
        _input(exercise, trial),
        _replay(exercise, answer, trial),
        Text(f'Stuck? `hint("{exercise.name}")`') if exercise.hints else None,
        recognized=wrong.name if wrong else "",
    )


# A value, a choice, a widget ------------------------------------------------------------------------------------------


@judge.register
def _(exercise: ValueExercise, answer: Any) -> Verdict:
    if holds_blank(answer):
        return not_attempted(exercise)
    if exercise.accept is not None:
        found = None if _accepts(exercise.accept, answer) else Text("This is not it yet.")
        tried = "Right."
    else:
        target = exercise.target()
        found, tried = compared(answer, target, exercise.tolerance), f"Right: {spell(target)}"
    if found is None:
        return _passed(exercise, tried)
    wrong = _known(exercise, answer)
    picture = None if isinstance(found, Text) else three_pictures(found.yours, found.expected, exercise.tolerance)
    said = found if isinstance(found, Text) else _told_value(found, answer)
    return _not_yet(exercise, said, picture, Table([("yours", spell(answer))]), wrong=wrong)


def _told_value(found: Any, answer: Any) -> Text:
    """Say what is wrong with a value without giving the expected one away, unless its kind is wrong."""
    if answer is None:
        return Text("Your answer is None. Does the line before assign it?")
    same_kind = type(found.yours) is type(found.expected)
    if isinstance(found.expected, torch.Tensor | np.ndarray) or not same_kind:
        return Text(found.sentence.split("; ")[0].split(", expected")[0] + ".") if same_kind else Text(found.sentence)
    return Text("This is not the expected value.")


def _accepts(accept: Callable[[Any], bool], answer: Any) -> bool:
    """Return what a predicate says of an answer; what it cannot judge, it does not accept."""
    try:
        with quarantine():
            return bool(accept(answer))
    except (Exception, SystemExit):
        return False


def _known(exercise: Exercise, answer: Any) -> Wrong | None:
    """Return the first listed wrong answer that equals this one, or whose predicate recognizes it."""
    same = [w for w in exercise.wrongs if compared(answer, w.answer, getattr(exercise, "tolerance", None)) is None]
    return next(iter([*same, *(w for w in exercise.wrongs if w.when and _accepts(w.when, answer))]), None)


@judge.register
def _(exercise: ChoiceExercise, answer: Any) -> Verdict:
    question = (
        Text(exercise.question, strong=True),
        Table([(k, text) for k, (text, _) in exercise.options.items()], prose=True),
    )
    if holds_blank(answer):
        return verdict(Outcome.NOT_ATTEMPTED, exercise.name, exercise.title, *question)
    chosen = answer.strip().strip("().").lower() if isinstance(answer, str) else answer
    if chosen == exercise.right:
        return _passed(exercise, f"{chosen}: {exercise.options[chosen][0]}")
    wrong = _known(exercise, chosen)
    if wrong is None:
        said = Text(f"Choose one of {', '.join(map(repr, exercise.options))}; this is {answer!r:.80}.")
        return _not_yet(exercise, said, *question)
    return _not_yet(exercise, Text(f"You chose {chosen}: {exercise.options[chosen][0]}"), wrong=wrong)


@judge.register
def _(exercise: WidgetExercise, answer: Any) -> Verdict:
    goal = Text(f"Goal: {exercise.goal}")
    if holds_blank(answer):
        return not_attempted(exercise, goal)
    facts = getattr(answer, "facts", answer)
    facts = facts() if callable(facts) else facts
    if not isinstance(facts, Mapping):
        said = f"Hand over the explorable itself: {type(answer).__name__} has no facts to judge."
        return _not_yet(exercise, Text(said), goal)
    if exercise.start and all(facts.get(name) == value for name, value in exercise.start.items()):
        return not_attempted(exercise, goal)
    state = Table([(str(name), spell(value)) for name, value in facts.items()])
    if _accepts(exercise.reached, facts):
        return _passed(exercise, f"Reached: {exercise.goal}")
    return _not_yet(exercise, goal, state, wrong=_known(exercise, facts))
