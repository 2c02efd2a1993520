"""The base of every explorable: constants go to the browser once, a few numbers travel back and forth.

The browser computes and paints (its answer to a key takes milliseconds and needs no kernel); Python computes the
same `facts` from the same numbers, judges the goal, and draws the still picture that shows where no kernel runs.
"""

import base64
import io
import operator
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent
_RELATIONS = {"==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Goal:
    """A sentence to act on, and the conditions on the facts that say when it is reached.

    Example:
        >>> goal = Goal("Find an IoU below one half.", (("iou", "<", 0.5),))
        >>> goal.met_by({"iou": 0.4}), goal.met_by({"iou": 0.5})
        (True, False)
    """

    sentence: str
    conditions: tuple[tuple[str, str, object], ...]  # (name of a fact, relation, value): all must hold

    def __post_init__(self):
        strange = {relation for _, relation, _ in self.conditions} - set(_RELATIONS)
        if strange:
            raise ValueError(f"Goal: relations must be among {' '.join(_RELATIONS)}, got {' '.join(sorted(strange))}.")

    def met_by(self, facts: dict) -> bool:
        """Return whether every condition holds."""
        return all(_RELATIONS[relation](facts[name], value) for name, relation, value in self.conditions)


@dataclass(frozen=True)
class Control:
    """One number that the hand moves: a slider from `low` to `high`, or one button per word in `choices`."""

    name: str
    label: str
    low: int
    high: int
    choices: tuple[str, ...] = ()
    unit: str = ""

    def check(self, where: str, value: int) -> int:
        """Return the value, or say which values there are.

        Raises:
            ValueError: the value is outside low..high.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{where}: {self.name} must be from {self.low} to {self.high}, got {value}.")
        return value


def module_source(name: str) -> str:
    """Return the JavaScript module of one widget: the shared frame first, then the widget's own file."""
    return "\n".join((_HERE / part).read_text(encoding="utf-8") for part in ("frame.js", name))


class Explorable(anywidget.AnyWidget):
    """A picture to touch. A subclass brings its numbers (traits), `compute`, `describe`, `draw` and a .js file.

    `facts` holds what the picture shows right now, `goal` the sentence of the goal that is open, `solved` how many
    goals have been met so far, and `reached` says whether the last goal is met now, after all the others.
    """

    title: str = ""
    compute: Callable[[dict], dict]  # params -> facts, pure
    describe: Callable[[dict], str]  # facts -> one sentence
    _css = (_HERE / "explorable.css").read_text(encoding="utf-8")

    fixed = traitlets.Dict().tag(sync=True)  # what the browser is told once
    solved = traitlets.Int(0).tag(sync=True)

    def __init__(self, *, given: dict, controls: Sequence[Control], goals: Sequence[Goal], start: dict, **sent):
        self.given = given  # the part of the params that no control moves, for Python
        self.controls = {control.name: control for control in controls}
        self.goals = tuple(goals)
        told = {"controls": [asdict(control) for control in controls], "goals": [asdict(goal) for goal in self.goals]}
        super().__init__(fixed={"title": self.title, **told, **sent}, **start)
        self.observe(self._count_goals, names=list(self.controls))
        self._count_goals()

    @property
    def params(self) -> dict:
        """What `compute` is called with: the given things and the value of every control."""
        return {**self.given, **{name: getattr(self, name) for name in self.controls}}

    @property
    def facts(self) -> dict:
        """What the picture shows right now, as plain numbers and words."""
        return self.compute(self.params)

    @property
    def goal(self) -> str:
        """The sentence of the goal that is open, or of the last one."""
        return self.goals[min(self.solved, len(self.goals) - 1)].sentence

    @property
    def reached(self) -> bool:
        """Whether the last goal is met by the facts of this moment, after all earlier goals were met."""
        return self.solved >= len(self.goals) - 1 and self.goals[-1].met_by(self.facts)

    def _count_goals(self, _change=None) -> None:
        facts = self.facts
        while self.solved < len(self.goals) and self.goals[self.solved].met_by(facts):
            self.solved += 1

    def draw(self, figure) -> None:
        """Draw the facts of this moment on a Matplotlib figure."""
        raise NotImplementedError

    def still(self) -> bytes:
        """Return the picture of this moment as PNG, the same bytes every time."""
        from matplotlib.figure import Figure  # late: a learner who never looks at a still does not wait for it

        figure, png = Figure(figsize=(7.2, 3.2), dpi=100, layout="constrained"), io.BytesIO()
        self.draw(figure)
        figure.savefig(png, format="png", facecolor="white", metadata={"Software": None})
        return png.getvalue()

    def __repr__(self) -> str:
        return f"{self.title} (run this cell to move it). Goal: {self.goal} Now: {self.describe(self.facts)}"

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        """Return the live view, and beside it a still and a sentence for places where no kernel runs."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        picture = base64.b64encode(self.still()).decode()
        data = {**data, "image/png": picture, "text/plain": repr(self)}
        return data, {**metadata, "image/png": {"alt": repr(self)}}
