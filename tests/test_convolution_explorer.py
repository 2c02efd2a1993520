"""The convolution explorer without a browser: sums by hand, against the library and torch, goals, stills, errors."""

import base64
import io

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from seglearn.convolution import KERNELS, conv2d
from seglearn.widgets import ConvolutionExplorer, Goal, convolution_explorer

SIZES = [((5, 7), (3, 3)), ((7, 5), (2, 3)), ((3, 11), (3, 1)), ((4, 4), (4, 4)), ((6, 3), (1, 1))]


def random_planes(image_size: tuple, kernel_size: tuple) -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(5)
    return chance.random(image_size), chance.normal(size=kernel_size)


def params(image, kernel, *, row: int = 0, column: int = 0) -> dict:
    image, kernel = np.array(image, dtype=float), np.array(kernel, dtype=float)
    chosen = {"picture": 0, "images": [image], "row": row, "column": column}
    return {**chosen, "kernel": kernel.ravel().tolist(), "kernel_size": kernel.shape}


def unit(size: tuple, at: tuple) -> np.ndarray:
    kernel = np.zeros(size)
    kernel[at] = 1
    return kernel


# --- by hand --------------------------------------------------------------------------------------------------------


def test_one_window_by_hand():
    image = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
    found = convolution_explorer.facts(params(image, [[1, 0, -1], [2, -1, 0]], row=1, column=1))
    assert found == {
        "row": 1,
        "column": 1,
        "rows": 2,
        "columns": 2,
        "window": [6, 7, 8, 10, 11, 12],
        "products": [6, 0, -8, 20, -11, 0],
        "answer": 7,
        "largest": True,
        "lowest_answer": 1 - 3 + 10 - 6,
        "highest_answer": 7,
        "kernel_sum": 1,
        "moved_down": None,
        "moved_right": None,
    }


def test_the_house_answers_the_sobel_kernel_by_hand():
    explorer = ConvolutionExplorer()
    explorer.row, explorer.column = 4, 1  # the corner under the roof: 4 4 4 / 0 9 9 / 0 9 9
    assert explorer.facts["window"] == [4, 4, 4, 0, 9, 9, 0, 9, 9]
    assert explorer.facts["answer"] == -4 + 4 + 2 * 9 + 9
    assert "window in row 4, column 1: its 9 products add up to 27." in repr(explorer)


# --- the library, torch and what the kernel does --------------------------------------------------------------------


@pytest.mark.parametrize(["image_size", "kernel_size"], SIZES, ids=str)
def test_the_map_is_that_of_the_library_and_of_torch(image_size, kernel_size):
    image, kernel = random_planes(image_size, kernel_size)
    output = torch.tensor(convolution_explorer.output_map(image, kernel))
    batch, weight = torch.tensor(image)[None, None], torch.tensor(kernel)[None, None]
    torch.testing.assert_close(output, conv2d(batch, weight)[0, 0], rtol=0, atol=1e-12)
    torch.testing.assert_close(output, F.conv2d(batch, weight)[0, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(["image_size", "kernel_size"], SIZES, ids=str)
def test_every_window_agrees_with_the_map(image_size, kernel_size):
    image, kernel = random_planes(image_size, kernel_size)
    output = convolution_explorer.output_map(image, kernel)
    answers = []
    for (row, column), answer in np.ndenumerate(output):
        found = convolution_explorer.facts(params(image, kernel, row=row, column=column))
        assert found["answer"] == answer
        assert found["answer"] == pytest.approx(sum(found["products"]), abs=1e-12)
        assert found["products"] == [k * w for k, w in zip(kernel.ravel(), found["window"], strict=True)]
        answers += [found["answer"]] * found["largest"]
    assert answers == [output.max()]


@pytest.mark.parametrize("at", [(0, 0), (1, 1), (1, 2), (2, 0)], ids=str)
def test_a_kernel_with_a_single_one_moves_the_picture_as_it_says(at):
    image, _ = random_planes((7, 9), (3, 3))
    found = convolution_explorer.facts(params(image, unit((3, 3), at)))
    output = convolution_explorer.output_map(image, unit((3, 3), at))
    moved = np.roll(image, (found["moved_down"], found["moved_right"]), axis=(0, 1))
    assert np.array_equal(output, moved[1:-1, 1:-1])


def test_a_kernel_that_changes_the_picture_moves_nothing():
    for kernel in (np.zeros((3, 3)), 2 * unit((3, 3), (1, 1)), np.eye(3), -unit((3, 3), (0, 1))):
        found = convolution_explorer.facts(params(np.zeros((3, 3)), kernel))
        assert (found["moved_down"], found["moved_right"]) == (None, None)


@pytest.mark.parametrize("name", convolution_explorer.BUTTONS)
def test_the_buttons_bear_the_kernels_of_the_library(name):
    explorer = ConvolutionExplorer(kernel=name)
    torch.testing.assert_close(torch.tensor(explorer.kernel).view(3, 3).float(), KERNELS[name])
    assert dict(explorer.controls["kernel"].presets)[name] == tuple(explorer.kernel)


def test_ninths_are_exact():
    assert ConvolutionExplorer(kernel="box_blur").kernel == [1 / 9] * 9


def test_no_button_solves_the_goals():
    for _, values in ConvolutionExplorer().controls["kernel"].presets:
        found = convolution_explorer.facts(params(np.ones((3, 3)), np.reshape(values, (3, 3))))
        assert found["moved_down"] is None


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [0, 1, 2], ids=["grid", "street", "own"])
@pytest.mark.parametrize("place", ["low", "high"])
def test_controls_at_their_ends(picture, place):
    explorer = ConvolutionExplorer()
    explorer.picture = picture
    for name in ("row", "column", "shown"):
        setattr(explorer, name, getattr(explorer.controls[name], place))
    found, wanted = explorer.facts, {"low": 0, "high": 1}[place]
    assert (found["row"], found["column"]) == (wanted * (found["rows"] - 1), wanted * (found["columns"] - 1))
    assert explorer.describe(found) in repr(explorer)


def test_a_kernel_as_large_as_the_grid_has_one_answer():
    explorer = ConvolutionExplorer(np.ones((9, 9)), kernel=np.ones((9, 9)))
    assert (explorer.facts["rows"], explorer.facts["columns"], explorer.facts["largest"]) == (1, 1, True)


def test_a_picture_of_your_own_is_read():
    explorer = ConvolutionExplorer(kernel=unit((3, 3), (1, 1)))
    height, width = convolution_explorer.OWN_SIZE
    explorer.own, explorer.picture = [0.25] * (height * width), 2
    explorer.row, explorer.column = height - 3, width - 3
    assert explorer.facts["answer"] == 0.25


def test_an_image_may_take_the_streets_place():
    image = torch.rand(11, 13, generator=torch.Generator().manual_seed(0))
    explorer = ConvolutionExplorer(image, kernel=unit((3, 3), (1, 1)))
    explorer.picture, explorer.row, explorer.column = 1, 4, 7
    assert explorer.facts["answer"] == pytest.approx(image[5, 8].item(), abs=0.005)
    assert explorer.controls["picture"].choices == ("tiny grid", "image", "your own")


# --- goals ----------------------------------------------------------------------------------------------------------


def test_the_goals_are_reached_one_after_another():
    explorer = ConvolutionExplorer()
    assert explorer.solved == 0
    explorer.row, explorer.column = 5, 1
    assert (explorer.facts["answer"], explorer.solved) == (36, 1)
    explorer.kernel = [0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert "This kernel copies the picture." in repr(explorer)
    assert (explorer.solved, explorer.reached) == (2, False)
    explorer.kernel = [0, 0, 0, 1, 0, 0, 0, 0, 0]  # a flipped answer: this moves it to the right
    assert "moves the picture 1 px to the right" in repr(explorer)
    assert not explorer.reached
    explorer.kernel = [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert "moves the picture 1 px to the left" in repr(explorer)
    assert explorer.reached


def test_an_empty_kernel_has_no_strongest_answer():
    explorer = ConvolutionExplorer(kernel=np.zeros((3, 3)))
    assert (explorer.facts["largest"], explorer.solved) == (True, 0)


def test_directions_are_told_together():
    assert convolution_explorer._effect(-1, 2) == " This kernel moves the picture 1 px up and 2 px to the right."


def test_a_goal_of_your_own():
    explorer = ConvolutionExplorer(goal=Goal("Find a zero.", (("answer", "==", 0), ("row", ">", 2))))
    explorer.row, explorer.column = 3, 2
    assert explorer.reached


# --- where no kernel runs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", [0, 1, 2], ids=["grid", "street", "own"])
def test_a_still_and_a_sentence_stand_beside_the_live_view(picture):
    explorer = ConvolutionExplorer()
    explorer.picture = picture
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer)


@pytest.mark.parametrize(["moved", "value"], [("row", 1), ("column", 2), ("picture", 1), ("shown", 1)])
def test_a_still_shows_the_state_and_nothing_else(moved, value):
    explorer, twin = ConvolutionExplorer(), ConvolutionExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, moved, value)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


def test_a_color_image_is_refused():
    with pytest.raises(ValueError, match=r"image must have two axes, got shape \(3, 5, 7\)\. Use image\.mean\(0\)\."):
        ConvolutionExplorer(torch.zeros(3, 5, 7))


def test_a_kernel_with_one_axis_is_refused():
    with pytest.raises(ValueError, match=r"ConvolutionExplorer: kernel must have two axes, got shape \(3,\)\.$"):
        ConvolutionExplorer(kernel=[1, 0, -1])


def test_a_kernel_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"kernel must fit into \(9, 9\) and \(5, 20\), got \(7, 3\)"):
        ConvolutionExplorer(np.zeros((5, 20)), kernel=np.ones((7, 3)))


def test_a_kernel_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="kernel must be numbers or one of identity, .*, got 'sobel'"):
        ConvolutionExplorer(kernel="sobel")


@pytest.mark.parametrize(
    ["name", "value", "message"],
    [
        ("row", 46, "row must be from 0 to 45, got 46"),
        ("kernel", [0] * 8, r"kernel must hold 9 numbers \(3 rows of 3\), got 8"),
        ("kernel", [0] * 8 + [100], "kernel must hold numbers from -99 to 99, got 100.0 in row 2, column 2"),
        ("own", [0.5], r"own must hold 2304 numbers \(48 rows of 48\), got 1"),
    ],
)
def test_a_control_out_of_range_is_refused(name, value, message):
    with pytest.raises(ValueError, match=f"ConvolutionExplorer: {message}"):
        setattr(ConvolutionExplorer(), name, value)
