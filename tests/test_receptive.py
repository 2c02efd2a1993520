"""Cones, heat maps and squares: what they show, what they say, and how they refuse."""

import re

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Rectangle

from seglearn.convolution import Layer
from seglearn.plots import frame_squares, panels, picture, show_cone, show_heat, show_image
from seglearn.plots.receptive import PALE, SEEN

STACK = [Layer(3, name="conv"), Layer(2, stride=2, name="pool"), Layer(3, dilation=2, name="dilated")]
HEAT = torch.zeros(5, 7).index_put((torch.tensor([1]), torch.tensor([4])), torch.tensor(0.5))


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def units(ax, color):
    """Return the (x, level) of all units that wear a color."""
    worn = [c for c in ax.collections if hasattr(c, "get_sizes") and len(c.get_sizes())]
    mine = [c for c in worn if tuple(c.get_facecolor()[0][:3]) == plt.matplotlib.colors.to_rgb(color)]
    return {tuple(point) for c in mine for point in c.get_offsets().tolist()}


def sides(ax):
    """Return (left, top, side) of the squares, each once although it has a white rim."""
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return [(p.get_x(), p.get_y(), p.get_width()) for p in found[1::2]]


# --- by hand


def test_a_cone_shows_the_pixels_that_one_unit_depends_on_at_their_places():
    seen = units(show_cone(STACK), SEEN)
    levels = {level: sorted(x for x, height in seen if height == level) for level in range(4)}
    assert levels[3] == [5.5]  # the middle of the field, pixels 0 to 11
    assert levels[2] == [1.5, 5.5, 9.5]  # dilation 2 on a jump of 2: four pixels apart
    assert levels[1] == [1, 2, 5, 6, 9, 10]  # each pooling looks at two
    assert levels[0] == list(range(12))


def test_holes_in_a_field_stay_pale():
    ax = show_cone([Layer(2, dilation=2)])
    assert (1.0, 0.0) in units(ax, PALE) and (1.0, 0.0) not in units(ax, SEEN)


def test_a_line_leads_from_every_unit_to_each_of_its_taps():
    ax = show_cone([Layer(3, padding=1), Layer(2, stride=2)])
    (lines,) = (c for c in ax.collections if hasattr(c, "get_segments"))
    ends = {tuple(map(tuple, segment.tolist())) for segment in lines.get_segments()}
    assert ends == {
        *(((float(pixel), 0.0), (float(unit), 1.0)) for unit in (0, 1) for pixel in (unit - 1, unit, unit + 1)),
        ((0.0, 1.0), (0.5, 2.0)),
        ((1.0, 1.0), (0.5, 2.0)),
    }


def test_each_layer_is_named_with_its_size_and_jump():
    ax = show_cone(STACK)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["image", "conv", "pool", "dilated"]
    notes = ["size 1, jump 1", "size 3, jump 1", "size 4, jump 2", "size 12, jump 2"]
    assert [text.get_text() for text in ax.texts] == notes
    assert all(note in ax.figure.alt for note in notes)


def test_squares_stand_around_their_point_and_carry_their_names():
    ax = frame_squares(show_image(torch.zeros(1, 9, 11)), (4, 5), {"a car": 3, "more": 8})
    assert sides(ax) == [(2.5, 3.5, 3), (0, 1, 8)]
    assert [text.get_text() for text in ax.texts] == ["a car", "more"]
    assert "a car (3 px), more (8 px)" in ax.figure.alt
    dashes = {str(patch.get_linestyle()) + str(patch._dash_pattern) for patch in ax.patches[1::2]}
    assert len(dashes) == 2  # told apart without their colors


def test_heat_is_drawn_by_its_square_root_and_framed_at_its_center():
    ax = show_heat(HEAT, squares={"95 %": 3})
    drawn = ax.images[0].get_array()
    assert drawn[1, 4] == pytest.approx(0.5**0.5) and drawn.sum() == drawn[1, 4]
    assert sides(ax) == [(1.5, 0.5, 3)]  # (W - 1) / 2 = 3 and (H - 1) / 2 = 2
    assert "5 x 7 pixels, strongest at row 1, column 4" in ax.figure.alt


# --- what must not matter


@pytest.mark.parametrize(
    "draw", [lambda ax, title: show_cone(STACK, ax, title=title), lambda ax, title: show_heat(HEAT, ax, title=title)]
)
def test_a_drawing_goes_where_it_is_told_and_speaks(draw):
    left, right = panels(2)
    assert draw(right, "Look here") is right and not left.has_data()
    assert plt.get_fignums() == [right.figure.number]
    assert re.fullmatch(r"Look here: \w.+\.", right.figure.alt)


def test_heat_is_left_as_it_was():
    kept = HEAT.clone()
    show_heat(HEAT)
    assert torch.equal(kept, HEAT)


# --- extremes


@pytest.mark.parametrize("layers", [[], [Layer(1)], [Layer(1, stride=3)], [Layer(3, padding=1)] * 9])
def test_empty_small_and_deep_stacks_can_be_drawn(layers):
    assert picture(show_cone(layers).figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("heat", [torch.zeros(3, 2), torch.ones(1, 1, dtype=torch.float16), HEAT.requires_grad_(False)])
def test_empty_and_tiny_heat_can_be_drawn(heat):
    assert picture(show_heat(heat).figure).startswith(b"\x89PNG")


# --- errors


@pytest.mark.parametrize(
    ["call", "message"],
    [
        (lambda: show_heat(HEAT[None]), r"show_heat: heat must have shape \(H, W\), got \(1, 5, 7\)"),
        (lambda: show_heat(HEAT - 1), r"show_heat: heat must be 0 or more, got -1\. Use heat\.abs\(\)"),
        (lambda: show_heat(HEAT, squares=dict.fromkeys("abcd", 3)), r"squares must be at most 3, got 4"),
        (lambda: show_cone([Layer((3, 1))]), r"show_cone: layers must have whole numbers .*got \(3, 1\)"),
    ],
)
def test_wrong_use_is_told(call, message):
    with pytest.raises(ValueError, match=message):
        call()
