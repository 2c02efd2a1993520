import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import LineCollection

from seglearn.plots import panels, picture, show_values

NAN, INF = float("nan"), float("inf")
LAMP = torch.tensor([[0, 0, 5, 9], [0, 0, 5, 0], [2, 2, 5, 2]])
STYLE_BEFORE = dict(plt.rcParams)


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def words_of(ax):
    return [text.get_text() for text in ax.texts]


def frame_of(ax):
    """Return the sides of the framed cells, each as a sorted pair of corners."""
    thick = [c for c in ax.collections if isinstance(c, LineCollection) and c.get_linewidth()[0] > 1]
    sides = [{tuple(sorted(map(tuple, side.tolist()))) for side in c.get_segments()} for c in thick]
    assert all(same == sides[0] for same in sides)  # the rim and the bright line
    assert not any(c.get_clip_on() for c in thick)  # whole along the border of the grid, too
    return sides[0] if sides else set()


# --- by hand


def test_every_number_stands_in_its_cell():
    ax = show_values(LAMP)
    assert words_of(ax) == list("005900502252")
    assert [text.get_position() for text in ax.texts][3] == (3, 0)  # column, row


def test_numbers_are_written_as_people_write_them():
    ax = show_values(torch.tensor([[-1.0, -0.0, 2.0], [INF, -INF, NAN]]), signed=True)
    assert words_of(ax) == ["−1", "0", "2", "∞", "−∞", ""]
    assert words_of(show_values(torch.tensor([[0.12345, 2.0]]))) == ["0.123", "2"]
    assert words_of(show_values(torch.tensor([[0.12345, 2.0]]), digits=1)) == ["0.1", "2"]
    assert words_of(show_values(torch.tensor([[True, False]]))) == ["1", "0"]


def test_a_window_is_framed_on_its_outer_sides_only():
    ax = show_values(LAMP, window=np.s_[0:1, 2:4])
    assert frame_of(ax) == {
        ((1.5, -0.5), (1.5, 0.5)),
        ((3.5, -0.5), (3.5, 0.5)),
        ((1.5, -0.5), (2.5, -0.5)),
        ((2.5, -0.5), (3.5, -0.5)),
        ((1.5, 0.5), (2.5, 0.5)),
        ((2.5, 0.5), (3.5, 0.5)),
    }


def test_a_window_with_gaps_frames_every_cell_for_itself():
    assert len(frame_of(show_values(LAMP, window=np.s_[0:3:2, 1:4:2]))) == 4 * 4
    assert len(frame_of(show_values(LAMP, window=np.s_[1, 1]))) == 4
    assert frame_of(show_values(LAMP)) == set()


def test_zero_is_black_in_a_plain_grid_and_white_in_a_signed_one():
    plain, signed = show_values(LAMP), show_values(LAMP - 4, signed=True)
    assert plain.images[0].get_clim() == (0, 9) and signed.images[0].get_clim() == (-5, 5)
    assert plain.images[0].cmap(plain.images[0].norm(0))[:3] == (0, 0, 0)
    assert signed.images[0].cmap(signed.images[0].norm(0))[:3] == pytest.approx((1, 1, 1), abs=0.01)
    assert show_values(LAMP, limit=18).images[0].get_clim() == (0, 18)


def test_ink_can_be_read_on_its_cell():
    dark, light = (text.get_color() for text in show_values(torch.tensor([[0, 9]])).texts)
    assert dark == "white" and light != "white"
    blue, white, orange = (text.get_color() for text in show_values(torch.tensor([[-9, 0, 9]]), signed=True).texts)
    assert blue == orange == "white" and white != "white"
    assert show_values(torch.tensor([[NAN, 0.0]])).texts[1].get_color() == "white"


def test_words_say_the_numbers_of_a_tiny_grid_and_the_range_of_a_larger_one():
    assert show_values(LAMP[:2], title="Lamp").figure.alt == "Lamp: 2 x 4 numbers, row by row: 0 0 5 9; 0 0 5 0."
    large = torch.linspace(-1, 2, 80).reshape(8, 10)
    assert show_values(large, signed=True).figure.alt == "8 x 10 signed numbers from −1 to 2."


# --- what must not matter


def test_a_grid_goes_where_it_is_told_and_leaves_everything_else_alone():
    left, right = panels(2)
    kept = LAMP.clone()
    assert show_values(LAMP, right, title="a finding", window=np.s_[:2, :2]) is right
    assert plt.get_fignums() == [right.figure.number] and not left.has_data()
    assert right.get_title(loc="left") == "a finding"
    assert torch.equal(kept, LAMP) and dict(plt.rcParams) == STYLE_BEFORE


def test_the_frame_leaves_the_limits_of_the_grid_alone():
    without, with_frame = show_values(LAMP), show_values(LAMP, window=np.s_[:, :])
    assert without.get_xlim() == with_frame.get_xlim() == (-0.5, 3.5)
    assert without.get_ylim() == with_frame.get_ylim() == (2.5, -0.5)


@pytest.mark.parametrize("values", [LAMP.byte(), LAMP.double(), LAMP.float().requires_grad_(), LAMP.T.contiguous().T])
def test_the_kind_of_tensor_does_not_matter(values):
    assert words_of(show_values(values)) == words_of(show_values(LAMP))


# --- extremes


@pytest.mark.parametrize("values", [torch.zeros(1, 1), torch.full((2, 3), NAN), torch.tensor([[INF, 0.0]])])
def test_strange_grids_can_be_drawn(values):
    assert picture(show_values(values, signed=True).figure).startswith(b"\x89PNG")


def test_numbers_fit_their_cells_or_are_left_out():
    for shape in ((3, 3), (5, 7), (9, 9)):
        ax = show_values(torch.full(shape, -0.123), signed=True)
        ax.figure.canvas.draw()
        cell = ax.get_window_extent().width / shape[1]
        assert ax.texts and all(text.get_window_extent().width < cell for text in ax.texts)
    assert words_of(show_values(torch.zeros(40, 40))) == []


# --- errors


@pytest.mark.parametrize(
    ["call", "error", "message"],
    [
        (lambda: show_values(LAMP - 1), ValueError, r"values must not be below 0 .* got -1\. Use signed=True"),
        (lambda: show_values(LAMP[None]), ValueError, r"must have shape \(H, W\), got \(1, 3, 4\).*squeeze\(0\)"),
        (lambda: show_values(LAMP[:0]), ValueError, r"at least one row and one column, got \(0, 4\)"),
        (lambda: show_values([[1]]), TypeError, r"values must be a tensor, got list"),
        (lambda: show_values(LAMP, window=np.s_[5, 0]), IndexError, r"window must fit into 3 rows and 4 columns"),
        (lambda: show_values(LAMP, window=np.s_[3:5, 0:2]), IndexError, r"at least one of 3 x 4 cells, got none"),
    ],
)  # fmt: skip
def test_wrong_use_is_told(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_words_of_a_grid_are_one_sentence():
    assert re.fullmatch(r"\w[^.]+\.", show_values(LAMP).figure.alt)
