"""What a hand can move, one number or a small grid of them, and the goals that give it something to do."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass

_RELATIONS = {"==": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True)
class Goal:
    """A sentence to act on, and the conditions on the facts that say when it is reached.

    `at` holds numbers that the goal is asked at. They belong to its conditions, and a button beside the goal sets them.

    Example:
        >>> goal = Goal("Find an IoU below one half.", (("iou", "<", 0.5),))
        >>> goal.met_by({"iou": 0.4}), goal.met_by({"iou": 0.5})
        (True, False)
        >>> halve = Goal("Halve 64.", (("output", "==", 32),), at=(("size", 64),))
        >>> halve.met_by({"size": 64, "output": 32}), halve.met_by({"size": 63, "output": 32})
        (True, False)
    """

    sentence: str
    conditions: tuple[tuple[str, str, object], ...]  # (name of a fact, relation, value): all must hold
    at: tuple[tuple[str, int], ...] = ()  # (name of a control that is also a fact, value)

    def __post_init__(self):
        strange = {relation for _, relation, _ in self.conditions} - set(_RELATIONS)
        if strange:
            raise ValueError(f"Goal: relations must be among {' '.join(_RELATIONS)}, got {' '.join(sorted(strange))}.")

    def met_by(self, facts: dict) -> bool:
        """Return whether every condition holds."""
        wanted = (*self.conditions, *((name, "==", value) for name, value in self.at))
        return all(_RELATIONS[relation](facts[name], value) for name, relation, value in wanted)


@dataclass(frozen=True)
class Control:
    """One whole number that the hand moves: a slider from `low` to `high`, or one button per word in `choices`.

    by="stage": no slider is shown; the widget's own picture moves it.
    """

    name: str
    label: str
    low: int
    high: int
    choices: tuple[str, ...] = ()
    unit: str = ""
    by: str = "panel"

    def check(self, where: str, value: int) -> int:
        """Return the value, or say which values there are.

        Raises:
            ValueError: the value is outside low..high.
        """
        if not self.low <= value <= self.high:
            raise ValueError(f"{where}: {self.name} must be from {self.low} to {self.high}, got {value}.")
        return value


@dataclass(frozen=True)
class Grid:
    """A small grid of numbers that the hand edits, kept as one flat list, row after row.

    by="panel":   an input per cell (type 2, -0.5 or 1/9; up and down arrows move by `step`) and a button per preset
    by="picture": a button that loads a picture file and reduces it, in the browser, to gray values from low to high
    by="stage":   nothing is shown; the widget's own picture edits it (painting, dragging)

    Example:
        >>> weights = Grid("weights", "Weights", 1, 3, low=-9, high=9, presets=(("mean", (1 / 3,) * 3),))
        >>> weights.check("demo", [1, 0, -1])
        [1, 0, -1]
    """

    name: str
    label: str
    rows: int
    columns: int
    low: float
    high: float
    step: float = 1
    presets: tuple[tuple[str, tuple[float, ...]], ...] = ()
    by: str = "panel"

    def check(self, where: str, values: Sequence[float]) -> list:
        """Return the values as a new list, or say how many and which there must be.

        Raises:
            ValueError: there are more or fewer than rows * columns values, or one lies outside low..high.
        """
        count = self.rows * self.columns
        if len(values) != count:
            raise ValueError(
                f"{where}: {self.name} must hold {count} numbers ({self.rows} rows of {self.columns}), "
                f"got {len(values)}."
            )
        for place, value in enumerate(values):
            if not self.low <= value <= self.high:
                raise ValueError(
                    f"{where}: {self.name} must hold numbers from {self.low} to {self.high}, "
                    f"got {value} in row {place // self.columns}, column {place % self.columns}."
                )
        return list(values)
