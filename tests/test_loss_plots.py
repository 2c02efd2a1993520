"""The drawings of chapter 07: pulls at pixels, landscapes of losses, runs over seeds."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import FancyArrow
from matplotlib.quiver import Quiver

from seglearn.labels import IGNORE
from seglearn.plots import panels, picture, show_pulls, show_seeds, show_surface
from seglearn.plots.pulls import DOWN, UP

PROBS = torch.tensor([[0.1, 0.9, 0.5], [0.2, 0.4, 0.3]])
MASK = torch.tensor([[0, 1, IGNORE], [1, 0, 0]])
PULLS = torch.tensor([[-0.1, 0.2, 9.0], [0.4, 0.0, -0.4]])
X, Y = torch.linspace(-2, 2, 33), torch.linspace(0, 3, 21)
BOWL = (X[None] - 1) ** 2 + Y[:, None] ** 2  # (Y, X): lowest at x = 1, y = 0
RUNS = {"first": [0.5, 0.7, 0.6], "second": [0.9, 0.8, 0.85], "third": [0.4]}

DRAW = {show_pulls: (PROBS, MASK, PULLS), show_surface: (X, Y, BOWL), show_seeds: (RUNS,)}
each_drawing = pytest.mark.parametrize("draw", DRAW, ids=lambda draw: draw.__name__)


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def arrows(ax):
    """Return every arrow of a drawing of pulls as (x, y, length upward, color)."""
    found = []
    for patch in ax.patches:
        if isinstance(patch, FancyArrow):
            tip, tail = patch.get_xy()[0], patch.get_xy()[len(patch.get_xy()) // 2]
            found.append((round(float(tip[0])), round(float(tip[1] + tail[1]) / 2), float(tail[1] - tip[1]), patch))
    return found


# --- by hand


def test_an_arrow_points_up_for_more_and_is_as_long_as_its_pull():
    found = {
        (y, x): (length, patch.get_facecolor())
        for x, y, length, patch in arrows(show_pulls(PROBS, MASK, PULLS, limit=0.4))
    }
    assert set(found) == {(0, 0), (0, 1), (1, 0), (1, 2)}  # a zero pull and a void pixel have none
    up, down = (plt.matplotlib.colors.to_rgba(color) for color in (UP, DOWN))
    assert found[1, 0][0] == pytest.approx(-found[1, 2][0]) and found[1, 0][0] == pytest.approx(2 * found[0, 1][0])
    assert found[1, 0][0] > 0 and found[1, 0][1] == up and found[1, 2][1] == down


def test_pulls_are_spelled_with_their_sign_and_void_pixels_are_hatched():
    ax = show_pulls(PROBS, MASK, PULLS)
    assert [text.get_text() for text in ax.texts if not text.get_text().startswith("p")] == [
        "−0.100",
        "+0.200",
        "+0.400",
        "0",
        "−0.400",
    ]
    assert sum(patch.get_hatch() is not None for patch in ax.patches) == 1
    assert "pulls row by row: −0.100 +0.200 void; +0.400 0 −0.400; 2 pixels belong to the class." in ax.figure.alt


def test_cells_are_as_dark_as_the_model_is_sure_and_void_ones_are_white():
    shade = show_pulls(PROBS, MASK, PULLS).images[0]
    assert shade.get_array().tolist() == [[pytest.approx(0.1), pytest.approx(0.9), 0], pytest.approx([0.2, 0.4, 0.3])]
    assert shade.get_clim() == (0, 1)


def test_downhill_leads_to_the_lowest_point():
    ax = show_surface(X, Y, BOWL)
    (quiver,) = (thing for thing in ax.collections if isinstance(thing, Quiver))
    assert np.allclose(quiver.U, -2 * (quiver.X - 1), atol=0.05) and np.allclose(quiver.V, -2 * quiver.Y, atol=0.05)
    assert ax.spoken == "a landscape from 0.00 to 18.00, lowest at (1, 0)."


def test_every_run_is_a_dot_and_every_mean_a_bar_where_it_belongs():
    ax = show_seeds(RUNS, rival="first")
    dots = [line.get_xydata().tolist() for line in ax.lines if line.get_marker() == "o"]
    assert dots == [[[v, row] for v in values] for row, values in enumerate(RUNS.values())]
    bars = [line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 2]
    assert bars == pytest.approx([0.6, 0.85, 0.4])
    (band,) = ax.patches
    assert (band.get_x(), band.get_width()) == (pytest.approx(0.5), pytest.approx(0.2))  # 0.6 minus and plus 0.1
    assert ax.spoken == "result, mean and spread: first 0.600 ± 0.100; second 0.850 ± 0.050; third 0.400 ± 0.000."
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top


# --- what must not matter


@each_drawing
def test_a_drawing_goes_where_it_is_told_and_speaks(draw):
    left, right = panels(2)
    assert draw(*DRAW[draw], right, title="a finding") is right
    assert plt.get_fignums() == [right.figure.number] and not left.has_data()
    assert re.search(r"a finding: \w.+\.", right.figure.alt)


@each_drawing
def test_a_drawing_leaves_its_data_and_the_global_style_alone(draw):
    style = dict(plt.rcParams)
    kept = [thing.clone() if isinstance(thing, torch.Tensor) else dict(thing) for thing in DRAW[draw]]
    assert picture(draw(*DRAW[draw]).figure).startswith(b"\x89PNG")
    for before, after in zip(kept, DRAW[draw], strict=True):
        assert torch.equal(before, after) if isinstance(before, torch.Tensor) else before == after
    assert dict(plt.rcParams) == style


# --- extremes


def test_pulls_without_any_strength_and_single_pixels_can_be_drawn():
    for mask in (torch.tensor([[1]]), torch.tensor([[IGNORE]])):
        ax = show_pulls(torch.ones(1, 1), mask, torch.zeros(1, 1, requires_grad=True))
        assert arrows(ax) == [] and picture(ax.figure).startswith(b"\x89PNG")


def test_a_pull_beyond_the_limit_stays_in_its_cell():
    ((_, _, length, _),) = arrows(
        show_pulls(torch.ones(1, 1), torch.ones(1, 1).long(), torch.full((1, 1), 50.0), limit=1)
    )
    assert 0 < length < 0.8


def test_a_plain_has_no_slope():
    ax = show_surface(torch.tensor([0.0, 1.0]), torch.tensor([0.0, 1.0, 2.0]), torch.tensor([[0.0, 1.0]] * 3))
    (quiver,) = (thing for thing in ax.collections if isinstance(thing, Quiver))
    assert np.allclose(quiver.V, 0) and np.allclose(quiver.U, -1)


# --- errors


@pytest.mark.parametrize(
    ["call", "message"],
    [
        (lambda: show_pulls(PROBS, MASK, PULLS[:1]), r"pulls must have shape \(H=2, W=3\), got \(1, 3\)"),
        (lambda: show_pulls(PROBS, MASK + 1, PULLS), r"mask must hold labels 0\.\.1 or 255 \(ignored\), got \[2"),
        (lambda: show_surface(X, Y, BOWL.T), r"heights must have shape \(Y=21, X=33\), got \(33, 21\)"),
        (lambda: show_surface(X[:1], Y, BOWL[:, :1]), r"at least two numbers each, got 1 and 21"),
        (lambda: show_seeds({}), r"every row needs at least one run"),
        (lambda: show_seeds({"a": [1.0], "b": []}), r"every row needs at least one run, got \{'a': 1, 'b': 0\}"),
        (lambda: show_seeds(RUNS, rival="fourth"), r"rival must be one of first, second, third, got 'fourth'"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
