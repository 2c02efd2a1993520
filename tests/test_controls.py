"""Numbers, grids of numbers and goals, and the small explorable that explorable.py shows as a model."""

import textwrap

import pytest

from seglearn.widgets import Control, Goal, Grid, explorable

WEIGHTS = Grid("weights", "Weights", 2, 3, low=-9, high=9)


# --- grids ----------------------------------------------------------------------------------------------------------


def test_a_grid_takes_its_values_as_a_new_list():
    values = (1, -9, 9, 0.5, 0, 2)
    taken = WEIGHTS.check("demo", values)
    assert taken == [1, -9, 9, 0.5, 0, 2]
    given = list(values)
    assert WEIGHTS.check("demo", given) is not given


@pytest.mark.parametrize("count", [0, 5, 7])
def test_a_grid_of_another_size_is_refused(count):
    with pytest.raises(ValueError, match=rf"demo: weights must hold 6 numbers \(2 rows of 3\), got {count}\."):
        WEIGHTS.check("demo", [0] * count)


@pytest.mark.parametrize("value", [9.5, -10, float("nan")])
def test_a_grid_with_a_number_out_of_range_is_refused(value):
    with pytest.raises(
        ValueError, match=rf"demo: weights must hold numbers from -9 to 9, got {value} in row 1, column 2"
    ):
        WEIGHTS.check("demo", [0, 0, 0, 0, 0, value])


# --- goals ----------------------------------------------------------------------------------------------------------


def test_a_goal_is_met_only_at_the_numbers_it_is_asked_at():
    goal = Goal("Halve 64.", (("output", "==", 32),), at=(("size", 64), ("stride", 2)))
    assert goal.met_by({"size": 64, "stride": 2, "output": 32})
    assert not goal.met_by({"size": 63, "stride": 2, "output": 32})
    assert not goal.met_by({"size": 64, "stride": 1, "output": 32})
    assert not goal.met_by({"size": 64, "stride": 2, "output": 31})


# --- the model in the docstring -------------------------------------------------------------------------------------


@pytest.fixture
def doubled(monkeypatch):
    """The class that the top of explorable.py shows, run as it stands there, with an empty JavaScript file."""
    text = explorable.__doc__
    begin, end = text.index("    def facts(params"), text.index("doubled.js is appended")
    monkeypatch.setattr(explorable, "module_source", lambda name: "")
    names = {"Control": Control, "Goal": Goal, "Grid": Grid, **vars(explorable)}
    exec(textwrap.dedent(text[begin:end]), names)
    return names["Doubled"]


def test_the_model_explorable_works(doubled):
    widget = doubled()
    assert (widget.facts, widget.reached) == ({"steps": 0, "sum": 12}, False)
    widget.weights = [1, 2, 1]
    assert (widget.facts["sum"], widget.reached) == (8, True)
    assert "the sum is 8.0 after 0 steps." in repr(widget)


def test_the_model_explorable_checks_its_traits(doubled):
    widget = doubled()
    with pytest.raises(ValueError, match="Doubled: steps must be from 0 to 9, got 10"):
        widget.steps = 10
    with pytest.raises(ValueError, match=r"Doubled: weights must hold 3 numbers"):
        widget.weights = [1]
    assert widget.weights == [1, 2, 3]


def test_what_the_browser_is_told_of_a_grid(doubled):
    steps, weights = doubled().fixed["controls"]
    assert (steps["by"], "rows" in steps) == ("panel", False)
    assert (weights["rows"], weights["columns"], weights["low"], weights["high"]) == (1, 3, -9, 9)
