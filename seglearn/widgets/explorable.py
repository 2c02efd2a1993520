"""The base of every explorable: constants go to the browser once, a few numbers travel back and forth.

The browser computes and paints (its answer to a key takes milliseconds and needs no kernel); Python computes the
same `facts` from the same numbers, judges the goal, and draws the still picture that shows where no kernel runs.

How to write an explorable
--------------------------
One Python file and one JavaScript file of the same name. In Python, a pure `facts(params)` (plain numbers and words, in
a fixed order), `describe(facts)` (one sentence), and a class. A small, complete one, doubled.py:

    def facts(params: dict) -> dict:
        return {"steps": params["steps"], "sum": params["factor"] * sum(params["weights"])}

    def describe(facts: dict) -> str:
        return "the sum is {sum} after {steps} steps.".format(**facts)

    class Doubled(Explorable):
        title = "Doubled"
        compute, describe = staticmethod(facts), staticmethod(describe)
        _esm, _css = module_source("doubled.js"), style_source()
        steps = traitlets.Int().tag(sync=True)  # one synced trait per control: Int for a Control, ...
        weights = traitlets.List(traitlets.Float()).tag(sync=True)  # ... List for a Grid (give it a new list, always)

        def __init__(self, *, goal=Goal("Make the sum 8.", (("sum", "==", 8),))):
            super().__init__(
                given={"factor": 2},  # what Python's facts needs besides the controls
                controls=(Control("steps", "Steps", 0, 9), Grid("weights", "Weights", 1, 3, low=-9, high=9)),
                goals=(goal,),
                start={"weights": [1, 2, 3]},
                factor=2,  # everything else goes to the browser once, as `fixed`
            )

        @traitlets.validate("steps", "weights")
        def _in_range(self, proposal):
            return self.checked(proposal)

        def draw(self, figure): ...  # the still

doubled.js is appended to knobs.js and frame.js (their tops say what is there). It exports `unpack(fixed)`,
`compute(params)` and `describe(facts)`, equal to Python's to the last bit (add in a loop, in the same order: from 3.12
on, Python's `sum` of floats rounds otherwise), and ends with

    function build(stage, aside, { change, nudge, put, knobs, fixed }) {  // fill stage and aside once ...
      aside.append(knobs.weights.node);  // (a knob stands under the picture unless you put it elsewhere)
      return (facts, params) => { ... };  // ... and paint them after every change
    }
    export default explorable({ unpack, compute, describe, build });

`change({steps: 3})` clamps and sends; `nudge("steps", -1)` moves one number; `put("weights", 2, 0.5)` sets one cell.
`steer(canvas, keys, nudge)` and `drag(canvas, follow)` give a canvas keys and a pointer. What only this widget looks
like stands in doubled.css, in the variables of explorable.css: style_source("doubled.css"). Anything of your own that
takes keys needs data-lm-suppress-shortcuts="true" and an aria-label; what speaks by color also speaks by word or shape.
`assert_python_agrees` in tests/browsing.py compares the two languages. Look at the widget in both themes and at 360 px.
"""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import anywidget
import traitlets

from seglearn.widgets.controls import Control, Goal, Grid

_HERE = Path(__file__).parent


def module_source(*names: str) -> str:
    """Return the JavaScript module of one widget: the shared knobs and frame first, then its own files."""
    return _joined("knobs.js", "frame.js", *names)


def style_source(*names: str) -> str:
    """Return the style sheet of one widget: the shared look first, then its own files."""
    return _joined("explorable.css", *names)


def _joined(*parts: str) -> str:
    return "\n".join((_HERE / part).read_text(encoding="utf-8") for part in parts)


class Explorable(anywidget.AnyWidget):
    """A picture to touch. A subclass brings its numbers (traits), `compute`, `describe`, `draw` and a .js file.

    `facts` holds what the picture shows right now, `goal` the sentence of the goal that is open, `solved` how many
    goals have been met so far, and `reached` says whether the last goal is met now, after all the others.
    """

    title: str = ""
    compute: Callable[[dict], dict]  # params -> facts, pure
    describe: Callable[[dict], str]  # facts -> one sentence
    _css = style_source()

    fixed = traitlets.Dict().tag(sync=True)  # what the browser is told once
    solved = traitlets.Int(0).tag(sync=True)

    def __init__(self, *, given: dict, controls: Sequence[Control | Grid], goals: Sequence[Goal], start: dict, **sent):
        self.given = given  # the part of the params that no control moves, for Python
        self.controls = {control.name: control for control in controls}
        self.goals = tuple(goals)
        told = {"controls": [asdict(control) for control in controls], "goals": [asdict(goal) for goal in self.goals]}
        super().__init__(fixed={"title": self.title, **told, **sent}, **start)
        self.observe(self._count_goals, names=list(self.controls))
        self._count_goals()

    def checked(self, proposal):
        """Return the value that a trait is to take, for a subclass's `@traitlets.validate`, or say what is allowed."""
        return self.controls[proposal.trait.name].check(type(self).__name__, proposal.value)

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
