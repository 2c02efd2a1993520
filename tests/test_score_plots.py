"""Drawings of scores: reliability diagrams, scores side by side, and sweeps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from seglearn.metrics import Reliability, calibration_error, reliability
from seglearn.plots import panels, show_reliability, show_scores, show_sweep
from seglearn.plots.reliability import TOO_MODEST, TOO_SURE

NAN = float("nan")
TABLE = Reliability(
    edges=torch.linspace(0, 1, 5).double(),
    confidence=torch.tensor([NAN, 0.4, 0.6, 0.9]),
    accuracy=torch.tensor([NAN, 0.5, 0.6, 0.7]),
    count=torch.tensor([0, 10, 20, 70]),
)
SCORES = {"lazy": 0.0, "ours": 0.5, "theirs": 1.0}
CURVES = {"road": ([1, 0.9, 0.8], [0, 0.1, 0.1]), "pole": ([1, 0.5, 0.2], [0, 0, 0.05])}


@pytest.fixture(autouse=True)
def no_figure_is_left_open():
    yield
    plt.close("all")


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


# --- by hand


def test_a_reliability_diagram_has_a_dot_for_every_bin_that_holds_pixels():
    ax = show_reliability(TABLE)
    dots = [tuple(np.round(dots.get_offsets()[0], 6)) for dots in ax.collections]
    assert dots == [(0.4, 0.5), (0.6, 0.6), (0.9, 0.7)]
    areas = [dots.get_sizes()[0] for dots in ax.collections]
    assert areas == sorted(areas) and areas[2] > 2 * areas[1]


def test_its_lines_reach_from_what_is_said_to_what_is_true():
    diagonal, *gaps = show_reliability(TABLE).lines
    assert np.array_equal(diagonal.get_xydata(), [[0, 0], [1, 1]])
    assert np.allclose(gaps[2].get_xydata(), [[0.9, 0.9], [0.9, 0.7]])
    assert [line.get_color() for line in (gaps[0], gaps[2])] == [TOO_MODEST, TOO_SURE]
    assert gaps[0].get_linestyle() != gaps[2].get_linestyle()  # not by color alone


def test_it_names_only_the_sides_on_which_dots_lie():
    assert {"too sure", "too modest"} <= set(texts_of(show_reliability(TABLE)))
    sure = Reliability(TABLE.edges, TABLE.confidence, TABLE.confidence - 0.2, TABLE.count)
    assert "too modest" not in texts_of(show_reliability(sure))


def test_its_words_tell_the_calibration_error():
    probs = torch.tensor([[[[0.9, 0.9, 0.6]], [[0.1, 0.1, 0.4]]]])
    mask = torch.tensor([[[0, 1, 0]]])
    ax = show_reliability(reliability(probs, mask))
    assert f"calibration error {calibration_error(probs, mask):.3f}" in ax.spoken
    assert "holds 67 % of the pixels, says 0.90 and is right in 0.50" in ax.spoken


def test_scores_stand_in_order_with_their_numbers():
    ax = show_scores(SCORES, chosen="ours")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(SCORES)
    assert texts_of(ax) == ["0.000", "0.500", "1.000"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top
    assert ax.spoken == "lazy 0.000; ours 0.500; theirs 1.000."


def test_the_chosen_score_is_filled_and_bold():
    ax = show_scores(SCORES, chosen="ours")
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == dot.get_color() for dot in dots] == [False, True, False]
    assert [text.get_weight() for text in ax.texts] == ["normal", "bold", "normal"]


def test_a_sweep_names_each_line_at_its_end_and_shades_its_spread():
    ax = show_sweep([0, 1, 2], CURVES, xlabel="shift in pixels")
    assert texts_of(ax) == ["pole 0.20", "road 0.80"]
    low, high = ax.collections[0].get_datalim(ax.transData).intervaly
    assert (round(low, 6), round(high, 6)) == (0.7, 1.0)
    assert len({(line.get_linestyle(), line.get_marker()) for line in ax.lines}) == 2
    assert ax.spoken == "road from 1.00 to 0.80; pole from 1.00 to 0.20."


def test_names_that_would_overlap_are_pushed_apart():
    near = {"a": ([1, 0.5], [0, 0]), "b": ([1, 0.51], [0, 0])}
    first, second = show_sweep([0, 1], near).texts
    assert second.xy[1] - first.xy[1] > 0.08


# --- what must not matter


def test_an_axes_that_is_handed_in_is_used_and_returned():
    axes = panels(3)
    drawn = [show_reliability(TABLE, axes[0]), show_scores(SCORES, axes[1]), show_sweep([0, 1, 2], CURVES, axes[2])]
    assert all(a is b for a, b in zip(axes, drawn, strict=True))


# --- errors


def test_errors_say_the_way_out():
    with pytest.raises(ValueError, match="at least one bin must hold a pixel"):
        show_reliability(Reliability(TABLE.edges, TABLE.confidence, TABLE.accuracy, TABLE.count * 0))
    for scores in ({}, {"a": 1.5}, {"a": NAN}):
        with pytest.raises(ValueError, match="numbers from 0 to 1"):
            show_scores(scores)
    with pytest.raises(ValueError, match=r"needs 2 numbers.*\['road', 'pole'\]"):
        show_sweep([0, 1], CURVES)
    with pytest.raises(ValueError, match="at most 4 curves"):
        show_sweep([0], {str(i): ([1], [0]) for i in range(5)})
