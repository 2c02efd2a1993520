"""The drawing of a coarse map: a square and a name for each cell, cut at the edge, told in words."""

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Rectangle

from seglearn.labels import DIGIT_SCENES
from seglearn.plots import panels
from seglearn.plots.class_maps import show_class_map

IMAGE = torch.linspace(0, 1, 3 * 10 * 21).reshape(3, 10, 21)
CELLS = torch.tensor([[0, 0, 4], [4, 8, 0]])  # 10 x 21 pixels in cells of 8


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def squares_of(ax):
    return [patch for patch in ax.patches if isinstance(patch, Rectangle)]


def test_every_cell_has_a_square_and_its_name():
    ax = show_class_map(IMAGE, CELLS, DIGIT_SCENES)
    assert [text.get_text() for text in ax.texts] == ["·", "·", "3", "3", "7", "·"]
    assert len(squares_of(ax)) == 6


def test_squares_stand_on_their_pixels_and_end_at_the_edge():
    boxes = [square.get_bbox().bounds for square in squares_of(show_class_map(IMAGE, CELLS, DIGIT_SCENES))]
    assert boxes[0] == (-0.5, -0.5, 8, 8) and boxes[4] == (7.5, 7.5, 8, 2) and boxes[5] == (15.5, 7.5, 5, 2)


def test_background_stays_clear_and_a_digit_wears_its_color():
    first, _, third, *_ = squares_of(show_class_map(IMAGE, CELLS, DIGIT_SCENES))
    assert first.get_facecolor()[3] == 0 and 0 < third.get_facecolor()[3] < 1
    assert third.get_facecolor()[:3] == pytest.approx([channel / 255 for channel in DIGIT_SCENES.colors[4]])


def test_the_axes_that_is_handed_in_comes_back_and_tells_what_it_shows():
    _, ax = panels(2)
    assert show_class_map(IMAGE, CELLS, DIGIT_SCENES, ax, title="A map") is ax
    assert ax.figure.alt == "A map: a map of 2 x 3 cells over the picture: background in 3, 3 in 2, 7 in 1."


def test_a_map_that_does_not_fit_is_refused():
    with pytest.raises(
        ValueError, match=r"cells must have shape \(2, 3\) for 10 x 21 pixels in cells of 8, got \(3, 2\)"
    ):
        show_class_map(IMAGE, CELLS.T, DIGIT_SCENES)
    with pytest.raises(ValueError, match=r"cells must have shape \(3, 6\).*Say cell="):
        show_class_map(IMAGE, CELLS, DIGIT_SCENES, cell=4)
    with pytest.raises(ValueError, match="show_class_map: cells must hold labels 0..10"):
        show_class_map(IMAGE, CELLS + 5, DIGIT_SCENES)
