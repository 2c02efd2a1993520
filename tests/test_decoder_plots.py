"""Pictures of decoders: what every value paints, and what crosses from the way down to the way up."""

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import FancyArrowPatch, Rectangle

from seglearn.plots import picture, show_crossings, show_painting
from seglearn.plots.crossings import ACROSS
from seglearn.plots.painting import SHARED
from seglearn.upsampling import conv_transpose2d

VALUES, KERNEL = torch.tensor([1.0, 3, 2]), torch.tensor([1.0, 2, 3, 5])


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def boxes(ax, *, edge=None):
    found = [patch for patch in ax.patches if isinstance(patch, Rectangle)]
    return [box for box in found if edge is None or plt.matplotlib.colors.to_hex(box.get_edgecolor()) == edge]


def arrows(ax, color):
    found = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    return [arrow for arrow in found if plt.matplotlib.colors.to_hex(arrow.get_edgecolor()) == color]


def test_the_sum_is_a_transposed_convolution():
    ax = show_painting(VALUES, KERNEL, stride=2)
    wanted = conv_transpose2d(VALUES.reshape(1, 1, 1, -1), KERNEL.reshape(1, 1, 1, -1), stride=(1, 2)).flatten()
    written = {(round(t.get_position()[0]), round(t.get_position()[1], 1)): t.get_text() for t in ax.texts}
    assert [written[place, 3.3] for place in range(8)] == [f"{number:g}" for number in wanted.tolist()]
    assert [written[place, 4.2] for place in range(8)] == ["1", "1", "2", "2", "2", "2", "1", "1"]
    assert len(boxes(ax)) == 3 * 4 + 8 and len(boxes(ax, edge=SHARED)) == 4
    assert ax.spoken.endswith("kernels per place 1 1 2 2 2 2 1 1.") and "sums 1 2 6 11 11 19 6 10" in ax.spoken


def test_gaps_are_sums_of_nothing_and_counts_can_be_left_out():
    ax = show_painting(VALUES, KERNEL[:1], stride=3, counts=False, title="gaps")
    assert ax.get_title(loc="left") == "gaps" and len(ax.texts) == 3 + 7
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1 paints", "3 paints", "2 paints", "sum"]
    assert not boxes(ax, edge=SHARED)


@pytest.mark.parametrize(
    ("values", "kernel", "stride", "message"),
    [
        (VALUES[None], KERNEL, 2, "values must"),
        (VALUES[:0], KERNEL, 2, "at least 1 long, got 0, 4 and 2"),
        (VALUES, KERNEL, 0, "at least 1 long, got 3, 4 and 0"),
        (VALUES, -KERNEL, 2, "must not be below 0"),
    ],
)
def test_what_cannot_be_painted_is_said(values, kernel, stride, message):
    with pytest.raises(ValueError, match=message):
        show_painting(values, kernel, stride=stride)


def test_an_arrow_crosses_where_something_does():
    ax = show_crossings(["", "8 scores", "places"], dashes=":", bottom="features", title="two of three")
    across = arrows(ax, ACROSS)
    assert len(across) == 2 and {arrow.get_linestyle() for arrow in across} == {":"}
    assert [text.get_text() for text in ax.texts] == ["8 scores", "places", "features"]
    assert len(boxes(ax)) == 3 + 4  # the deepest map has no partner
    assert ax.spoken.endswith("level 1: nothing; level 2: 8 scores; level 3: places.")
    assert picture(ax.figure).startswith(b"\x89PNG")


def test_a_network_without_levels_is_refused():
    with pytest.raises(ValueError, match="at least one level"):
        show_crossings([])
