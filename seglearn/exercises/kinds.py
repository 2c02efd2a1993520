"""The kinds of exercises: a function to write, a value to find, an option to choose, a goal to reach by hand.

An exercise is data: it says what is asked, what is right, and which wrong answers it knows by name. How an answer
is run and compared stands in `probing`; the guide for authors is at the top of `engine`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from seglearn.exercises.laws import Law

MISSING = object()


@dataclass(frozen=True)
class Given:
    """What an answer is called with, and a few words on why this input is worth trying."""

    args: tuple
    kwargs: dict[str, Any]
    note: str = ""


def given(*args: Any, note: str = "", **kwargs: Any) -> Given:
    """Return the input of one case.

    Example:
        >>> given([3, 1], note="out of order", reverse=True)
        Given(args=([3, 1],), kwargs={'reverse': True}, note='out of order')
    """
    return Given(args, kwargs, note)


@dataclass(frozen=True, eq=False)
class Wrong:
    """A plausible wrong answer with the sentence that its author needs to hear.

    `answer` is a function, a value or the facts of a widget, as the exercise asks. `when(value)` recognizes a whole
    family of wrong values or facts, of which `answer` is then one example.
    """

    name: str
    answer: Any
    sentence: str
    when: Callable[[Any], bool] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Exercise:
    """What all exercises share. `name` is "01.one_hot": the chapter, a dot, a word."""

    name: str
    title: str
    minutes: int
    difficulty: int  # 1 warm-up, 2 core, 3 stretch
    objective: str  # "implement ...", "compute ...", "diagnose ..."
    hints: tuple[str, str, str] = ()  # a question, the subgoals, one line
    wrongs: tuple[Wrong, ...] = ()
    rights: tuple[Any, ...] = ()  # further right answers in other styles; the notebook's solution is the first
    remark: str = ""  # shown with PASS: what is worth remembering
    open: bool = False  # a transfer task without a list of wrong answers

    fewest_wrongs = 5
    takes = "an answer"

    def __post_init__(self):
        if self.difficulty not in (1, 2, 3):
            raise ValueError(f"{self.name}: difficulty must be 1 (warm-up), 2 (core) or 3 (stretch).")


@dataclass(frozen=True, kw_only=True, eq=False)
class FunctionExercise(Exercise):
    """Write a function; it is judged against `oracle` on the inputs `cases(seed)`, seed = 0 .. seeds - 1, and by laws.

    Put the smallest input first: the first one that fails is the one the learner sees.
    """

    cases: Callable[[int], Given]
    seeds: int
    oracle: Callable[..., Any]
    tolerance: float | None = None  # relative to the largest expected number; None: exact integers, 1e-5 for float32
    symmetric: bool = False  # the right result is its own mirror image, and a flip cannot be told from it
    laws: tuple[Law, ...] = ()  # besides "leaves its input alone" and "gives the same twice", which always hold

    takes = "a function"


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueExercise(Exercise):
    """Find a value: equal to `expected` (a value, or a function of nothing that computes it), or one that `accept`s."""

    expected: Any = MISSING
    accept: Callable[[Any], bool] | None = None
    tolerance: float | None = None

    takes = "a value"

    def __post_init__(self):
        super().__post_init__()
        if (self.expected is MISSING) == (self.accept is None):
            raise ValueError(f"{self.name}: give either expected= or accept=.")

    def target(self) -> Any:
        """Return the expected value, computed if need be."""
        return self.expected() if callable(self.expected) else self.expected


@dataclass(frozen=True, kw_only=True, eq=False)
class ChoiceExercise(Exercise):
    """Choose an option. `options[letter] = (text, what to say when it is chosen)`; the sentence of `right` explains.

    `check(name)` without an answer shows the question, so the notebook need not repeat it.
    """

    question: str
    options: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    right: str

    fewest_wrongs = 2
    takes = "the letter of an option"

    def __post_init__(self):
        super().__post_init__()
        if self.right not in self.options:
            raise ValueError(f"{self.name}: right must be one of {', '.join(self.options)}, got {self.right!r}.")
        wrongs = [Wrong(letter, letter, said) for letter, (_, said) in self.options.items() if letter != self.right]
        object.__setattr__(self, "wrongs", tuple(wrongs))
        object.__setattr__(self, "remark", self.remark or self.options[self.right][1])


@dataclass(frozen=True, kw_only=True, eq=False)
class WidgetExercise(Exercise):
    """Reach a goal with an explorable: `reached(facts)` judges its `.facts`; `start` are facts of the untouched widget."""

    goal: str
    reached: Callable[[Mapping[str, Any]], bool]
    start: Mapping[str, Any] = field(default_factory=dict)

    takes = "an explorable (anything with .facts)"
