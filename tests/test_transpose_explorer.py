"""The transpose explorer without a browser: paint by hand, the library's numbers for every setting, and its goals."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from seglearn.upsampling import conv_transpose2d
from seglearn.widgets import Goal, TransposeExplorer, transpose_explorer

SETTINGS = list(itertools.product(range(1, 6), range(1, 4), range(3)))  # kernel, stride, padding
ONES = [1.0] * 6


def params_of(kernel_size: int, stride: int, padding: int = 0, *, values=ONES, weights=None, painted=None) -> dict:
    weights = [1.0] * 5 if weights is None else [*weights, *[9.0] * (5 - len(weights))]
    return {
        "values": list(values),
        "weights": weights,
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "painted": len(values) if painted is None else painted,
    }


def by_library(params: dict, *, ones: bool = False) -> list[float]:
    """Return what seglearn.upsampling paints; ones=True counts instead."""
    row = torch.tensor(params["values"][: params["painted"]] + [0.0] * (len(params["values"]) - params["painted"]))
    kernel = torch.tensor(params["weights"][: params["kernel_size"]])
    if ones:
        row, kernel = (torch.arange(len(row)) < params["painted"]).float(), torch.ones_like(kernel)
    row, kernel = row.double()[None, None, None], kernel.double()[None, None, None]
    return (
        conv_transpose2d(row, kernel, stride=(1, params["stride"]), padding=(0, params["padding"])).flatten().tolist()
    )


def at(kernel_size: int, stride: int, padding: int = 0, *, weights=(1, 1, 1, 1, 1), **more) -> TransposeExplorer:
    explorer = TransposeExplorer()
    numbers = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "weights": list(weights)}
    for name, value in {**numbers, **more}.items():
        setattr(explorer, name, value)
    return explorer


# --- by hand --------------------------------------------------------------------------------------------------------


def test_two_values_paint_and_overlap_once():
    assert transpose_explorer.facts(params_of(3, 2, 1, values=[1, 10], weights=[1, 2, 4])) == {
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
        "painted": 2,
        "length": 3,
        "output": [2.0, 14.0, 20.0],
        "counts": [1, 2, 1],
        "inner_counts": [1, 2],
        "plane_counts": [1, 2, 4],
        "equally_often": False,
        "zeros": 0,
        "constant": False,
        "phase_sums": [5.0, 2.0],
        "is_flat": False,
    }


def test_one_value_at_a_time():
    params = params_of(2, 3, values=[2, 5, 7], weights=[1, 10])
    outputs = [transpose_explorer.facts({**params, "painted": n})["output"] for n in range(4)]
    assert outputs == [[0] * 8, [2, 20] + [0] * 6, [2, 20, 0, 5, 50, 0, 0, 0], [2, 20, 0, 5, 50, 0, 7, 70]]


def test_the_counts_that_the_chapter_names():
    assert transpose_explorer.facts(params_of(3, 2))["plane_counts"] == [1, 2, 4]
    assert transpose_explorer.facts(params_of(4, 2))["plane_counts"] == [4]


def test_words():
    assert "13 pixels. Inner pixels are painted 1 or 2 times, on a plane 1, 2 or 4 times." in repr(at(3, 2))
    assert "A row of ones comes out as 2, 1: striped." in repr(at(3, 2))
    assert "Inner pixels are painted once, on a plane once. A row of ones comes out as 1, 1: flat." in repr(at(2, 2))
    assert "comes out as 0, 0: nothing but 0." in repr(at(4, 2, weights=[1, 2, -1, -2, 0]))


# --- the library ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(["kernel_size", "stride", "padding"], SETTINGS)
def test_paint_and_counts_are_those_of_the_library(kernel_size, stride, padding):
    chance = np.random.default_rng(0)
    values, weights = chance.integers(-9, 10, 7).astype(float), chance.integers(-9, 10, kernel_size) / 2
    for painted in (0, 3, 7):
        params = params_of(kernel_size, stride, padding, values=values.tolist(), weights=weights, painted=painted)
        found = transpose_explorer.facts(params)
        assert found["output"] == by_library(params)
        assert found["counts"] == by_library(params, ones=True)
        assert found["length"] == len(found["output"])


@pytest.mark.parametrize(["kernel_size", "stride", "padding"], SETTINGS)
def test_inner_pixels_of_a_row_of_ones_are_the_sums_of_the_weights(kernel_size, stride, padding):
    weights = [1.0, 4.0, 0.5, -2.0, 8.0][:kernel_size]
    params = params_of(kernel_size, stride, padding, weights=weights)
    output, places = by_library(params), transpose_explorer.inner(params)
    sums = transpose_explorer.phase_sums(weights, stride)
    assert len(places) >= stride, "every place should be seen"
    assert [output[pixel] for pixel in places] == [sums[(pixel + padding) % stride] for pixel in places]


@pytest.mark.parametrize(["kernel_size", "stride", "padding"], SETTINGS)
def test_more_values_to_both_sides_leave_the_inner_counts_alone(kernel_size, stride, padding):
    params = params_of(kernel_size, stride, padding)
    short, long = (transpose_explorer.painting({**params, "values": v, "painted": 99})[1] for v in (ONES, ONES * 3))
    moved = [pixel + 6 * stride for pixel in transpose_explorer.inner(params)]  # six more values to the left
    assert [short[pixel] for pixel in transpose_explorer.inner(params)] == [long[pixel] for pixel in moved]
    outside = set(range(len(short))) - set(transpose_explorer.inner(params))
    assert all(short[pixel] < long[pixel + 6 * stride] for pixel in outside)


def test_the_plane_is_what_the_library_paints_with_the_kernel_down_and_across():
    row, kernel = torch.tensor([1.0, 3.0, -2.0]).double(), torch.tensor([1.0, 2.0, 4.0]).double()
    plane = conv_transpose2d(torch.outer(row, row)[None, None], torch.outer(kernel, kernel)[None, None], stride=2)
    found = transpose_explorer.facts(params_of(3, 2, values=row.tolist(), weights=kernel.tolist()))
    output = torch.tensor(found["output"])
    assert torch.equal(plane[0, 0], torch.outer(output, output).double())


# --- extremes -------------------------------------------------------------------------------------------------------


def test_padding_can_cut_everything_off():
    explorer = TransposeExplorer([3, 5])
    explorer.kernel_size, explorer.stride, explorer.padding = 1, 1, 2
    assert explorer.facts["output"] == explorer.facts["inner_counts"] == []
    assert "kernel 1, stride 1: padding 2 cuts everything off." in repr(explorer)
    assert explorer.still()[:4] == b"\x89PNG"


def test_thirds_add_up_to_one():
    found = transpose_explorer.facts(params_of(4, 1, weights=[1 / 3, 1 / 3, 1 / 3, 0]))
    assert (found["is_flat"], found["zeros"]) == (True, 1)
    assert transpose_explorer.facts(params_of(4, 2, weights=[0.1, 0.3, 0.2, 0]))["is_flat"], "0.1 + 0.2 is nearly 0.3"


def test_nothing_but_zero_is_not_flat():
    assert not transpose_explorer.facts(params_of(3, 2, weights=[0, 0, 0]))["is_flat"]
    assert not transpose_explorer.facts(params_of(3, 2, values=[0.0] * 6))["constant"]


# --- the goals ------------------------------------------------------------------------------------------------------


def test_the_goals_are_reached_one_after_another():
    explorer = TransposeExplorer()
    assert (explorer.solved, explorer.reached) == (0, False)
    explorer.kernel_size = 4
    assert explorer.solved == 1
    explorer.weights = [1, 3, 1, 1, 1]
    assert (explorer.solved, explorer.reached) == (2, False)
    explorer.kernel_size, explorer.weights = 3, [1, 2, 1, 1, 1]
    assert explorer.reached


def test_weights_beyond_the_kernel_do_not_count():
    assert transpose_explorer.GOALS[2].met_by(at(3, 2, weights=[1, 2, 1, 0, 7]).facts)


@pytest.mark.parametrize(["kernel_size", "stride", "padding"], SETTINGS)
def test_only_kernel_4_paints_equally_often_at_stride_2(kernel_size, stride, padding):
    found = transpose_explorer.facts(params_of(kernel_size, stride, padding))
    assert transpose_explorer.GOALS[0].met_by(found) == ((kernel_size, stride) == (4, 2))


@pytest.mark.parametrize(
    ["goal", "explorer"],
    [
        (1, at(4, 2)),
        (1, at(4, 2, weights=[1, 3, 3, 1, 0])),  # 1 + 3 and 3 + 1: bilinear, and flat
        (1, at(4, 2, weights=[1, 3, 1, 1, 1], values=[1, 2, 1, 1, 1, 1])),
        (1, at(3, 2, weights=[1, 3, 1, 1, 1])),
        (2, at(3, 2)),
        (2, at(3, 2, weights=[0, 1, 1, 0, 0])),
        (2, at(4, 2, weights=[1, 2, 1, 0, 0])),
        (2, at(3, 2, weights=[1, 0, -1, 0, 0])),
    ],
    ids=["flat", "bilinear", "values differ", "kernel 3", "all ones", "a zero", "kernel 4", "nothing"],
)
def test_a_near_miss_does_not(goal, explorer):
    assert not transpose_explorer.GOALS[goal].met_by(explorer.facts)


def test_a_goal_and_values_of_your_own():
    explorer = TransposeExplorer([0, 4, 0], goal=Goal("Paint 4 pixels.", (("length", "==", 4),)))
    assert not explorer.reached
    explorer.kernel_size = explorer.stride = 2
    explorer.padding = 1
    assert explorer.reached
    assert explorer.facts["output"] == [0, 4, 4, 0]


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = TransposeExplorer()
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer)


@pytest.mark.parametrize(
    ["name", "value"],
    [("kernel_size", 4), ("stride", 1), ("padding", 2), ("painted", 3), ("weights", [2, 1, 1, 1, 1])],
)
def test_a_still_shows_the_state_and_nothing_else(name, value):
    explorer, twin = TransposeExplorer(), TransposeExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, name, value)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (lambda: TransposeExplorer([1]), "values must be a row of 2 to 8 numbers, got 1."),
        (lambda: TransposeExplorer([1] * 9), "values must be a row of 2 to 8 numbers, got 9."),
        (lambda: TransposeExplorer([1, 10]), "values must hold numbers from -9 to 9, got 10.0 in row 1, column 0"),
        (lambda: at(4, 2, weights=[1, 2, 3, 4]), r"weights must hold 5 numbers \(1 rows of 5\), got 4"),
        (lambda: at(6, 2), "kernel_size must be from 1 to 5, got 6"),
        (lambda: at(3, 2, painted=7), "painted must be from 0 to 6, got 7"),
    ],
    ids=["few", "many", "value", "weights", "kernel", "painted"],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ValueError, match=f"TransposeExplorer: {words}"):
        make()
