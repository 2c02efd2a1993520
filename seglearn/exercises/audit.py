"""Is an exercise fair and strict? Each function returns what is wrong with it, in sentences to its author.

Right answers in several styles must pass. Wrong ones, listed or not, must be refused: the listed ones with their own
sentence, and copies of the oracle spoiled in ways that nobody listed.
"""

from collections import Counter
from typing import Any

from torch import Tensor

from seglearn.exercises.cheats import cheats
from seglearn.exercises.judging import judge
from seglearn.exercises.kinds import ChoiceExercise, Exercise, FunctionExercise, WidgetExercise
from seglearn.exercises.laws import fresh
from seglearn.exercises.probing import compared
from seglearn.exercises.verdicts import Outcome

REFUSED = (Outcome.NOT_YET, Outcome.ERROR)


def form_faults(exercise: Exercise) -> list[str]:
    """Return what an exercise lacks: hints, enough wrong answers, a second style of right answer."""
    found, (names, sentences) = (
        [],
        ([w.name for w in exercise.wrongs], [w.sentence.strip().lower() for w in exercise.wrongs]),
    )
    if len(exercise.hints) != 3 and not isinstance(exercise, ChoiceExercise):
        found.append(f"has {len(exercise.hints)} hints: write a question, the subgoals, one line.")
    if len(exercise.wrongs) < exercise.fewest_wrongs and not exercise.open:
        found.append(f"has {len(exercise.wrongs)} wrong answers, needs {exercise.fewest_wrongs}.")
    if isinstance(exercise, FunctionExercise | WidgetExercise) and not exercise.rights:
        found.append("needs a further right answer in another style.")
    for what, words in (("name", names), ("sentence", sentences)):
        found += [f"two wrong answers have the {what} {word!r}." for word, times in Counter(words).items() if times > 1]
    return found + [
        f"the wrong answer {wrong.name!r} has no sentence." for wrong in exercise.wrongs if not wrong.sentence.strip()
    ]


def unfair_to(exercise: Exercise, rights: dict[str, Any]) -> list[str]:
    """Return which right answers are refused, by the names under which they are given."""
    verdicts = {name: judge(exercise, answer) for name, answer in rights.items()}
    return [f"the right answer {name!r} is refused:\n{v!r}" for name, v in verdicts.items() if not v.passed]


def unrecognized(exercise: Exercise) -> list[str]:
    """Return which listed wrong answers pass, or are refused without their own sentence."""
    found = []
    for wrong in exercise.wrongs:
        seen = judge(exercise, wrong.answer)
        if seen.outcome not in REFUSED:
            found.append(f"the wrong answer {wrong.name!r} gets {seen.outcome.value.word}.")
        elif seen.recognized != wrong.name or wrong.sentence not in repr(seen):
            found.append(f"the wrong answer {wrong.name!r} is taken for {seen.recognized or 'nothing known'!r}.")
    return found


def fooled_by(exercise: Exercise) -> list[str]:
    """Return which cheats and spoiled copies of the right answer pass, and which flips no case could tell."""
    found = [f"{name} passes." for name, answer in cheats(exercise) if judge(exercise, answer).passed]
    return found + (_symmetries(exercise) if isinstance(exercise, FunctionExercise) else [])


def _symmetries(exercise: FunctionExercise) -> list[str]:
    """Return along which axes no case tells a flipped result from the right one."""
    results = [exercise.oracle(*args, **kw) for args, kw in (fresh(exercise.cases(s)) for s in range(exercise.seeds))]
    if exercise.symmetric or not all(isinstance(result, Tensor) for result in results):
        return []
    axes = range(min(result.ndim for result in results))
    flat = [axis for axis in axes if all(compared(r.flip(axis), r, exercise.tolerance) is None for r in results)]
    return [
        f"no case tells a result flipped along axis {axis} from the right one (symmetric=True if that must be)."
        for axis in flat
    ]


def untouched(exercise: Exercise) -> list[str]:
    """Return which ways of not having tried yet get anything but NOT ATTEMPTED."""

    def blank(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("your turn")

    ways = {"`...`": ..., "(..., ...)": (..., ...)}
    if isinstance(exercise, FunctionExercise):
        ways |= {
            "a function that raises NotImplementedError": blank,
            "a function that returns `...`": lambda *a, **k: ...,
        }
    if isinstance(exercise, WidgetExercise) and exercise.start:
        ways |= {"the untouched widget": dict(exercise.start)}
    got = {way: judge(exercise, answer).outcome for way, answer in ways.items()}
    return [f"{way} gets {outcome.value.word}." for way, outcome in got.items() if outcome is not Outcome.NOT_ATTEMPTED]


def faults(exercise: Exercise, rights: dict[str, Any] | None = None) -> list[str]:
    """Return everything that is wrong with an exercise; `rights` are more right answers than it lists itself."""
    rights = {f"rights[{i}]": answer for i, answer in enumerate(exercise.rights)} | (rights or {})
    found = form_faults(exercise) + unfair_to(exercise, rights) + unrecognized(exercise)
    return found + fooled_by(exercise) + untouched(exercise)
