"""The arithmetic explorer without a browser: counts by hand, against the library and torch, and its puzzles."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from seglearn.convolution import output_size
from seglearn.widgets import ArithmeticExplorer, Goal, arithmetic

NAMES = ("size", "kernel", "stride", "padding", "dilation")
SETTINGS = list(itertools.product((1, 5, 17, 64), (1, 2, 3, 7), (1, 2, 4), (0, 1, 8), (1, 2, 4)))
SOLUTIONS = [  # kernel, stride, padding, dilation: two for a puzzle where there are two
    [(3, 2, 1, 1), (5, 2, 2, 1)],
    [(3, 1, 2, 2), (5, 1, 4, 2)],
    [(2, 2, 0, 1), (4, 2, 1, 1)],
    [(4, 4, 0, 1)],
    [(3, 1, 4, 4)],
]
NEARLY = [  # right in size, wrong in what the puzzle is about
    [(2, 2, 1, 1), (4, 2, 2, 1)],
    [(3, 1, 1, 1), (1, 1, 0, 2)],
    [(3, 2, 1, 1), (1, 2, 0, 1)],
    [(3, 4, 0, 1), (7, 4, 2, 1)],
    [(3, 1, 1, 1), (5, 1, 4, 2)],
]


def settings(values: tuple) -> dict:
    return dict(zip(NAMES, values, strict=True))


def windows_by_loops(size: int, kernel: int, stride: int, padding: int, dilation: int) -> list[list[int]]:
    """Return the positions that each window reads, counted from input pixel 0: slid until it no longer fits."""
    windows, start = [], -padding
    while start + dilation * (kernel - 1) < size + padding:
        windows.append([start + tap * dilation for tap in range(kernel)])
        start += stride
    return windows


# --- by hand --------------------------------------------------------------------------------------------------------


def test_seventeen_to_nine():
    assert arithmetic.facts(settings((17, 3, 2, 1, 1))) == {
        **settings((17, 3, 2, 1, 1)),
        "span": 3,
        "output": 9,
        "left_over": 0,
        "first_center": 0.0,
        "last_center": 16.0,
        "fewest_reads": 1,
        "most_reads": 2,
    }


def test_an_even_kernel_has_its_center_between_two_pixels():
    found = arithmetic.facts(settings((6, 2, 2, 0, 1)))
    assert (found["first_center"], found["last_center"], found["output"]) == (0.5, 4.5, 3)


def test_a_stride_longer_than_the_window_leaves_pixels_unread():
    assert arithmetic.reads_of({**settings((7, 2, 3, 0, 1)), "output": 2}).tolist() == [1, 1, 0, 1, 1, 0, 0]
    found = arithmetic.facts(settings((7, 2, 3, 0, 1)))
    assert (found["output"], found["left_over"], found["fewest_reads"]) == (2, 2, 0)


# --- the library, torch and the loop agree --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 5, 17, 64])
def test_the_count_is_that_of_the_library_and_of_torch(size):
    for values in (s for s in SETTINGS if s[0] == size):
        _, kernel, stride, padding, dilation = values
        found = arithmetic.facts(settings(values))
        options = {"stride": stride, "padding": padding, "dilation": dilation}
        if found["span"] > size + 2 * padding:
            assert found["output"] == 0, values
            with pytest.raises(RuntimeError, match="Kernel size can't be greater"):
                F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel), **options)
            continue
        assert found["output"] == output_size(size, kernel, **options), values
        peer = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel), **options)
        assert found["output"] == peer.shape[-1], values


@pytest.mark.parametrize("size", [1, 5, 17, 64])
def test_centers_reads_and_rest_are_those_of_the_loop(size):
    for values in (s for s in SETTINGS if s[0] == size):
        found, windows = arithmetic.facts(settings(values)), windows_by_loops(*values)
        assert found["output"] == len(windows), values
        reads = [sum(window.count(pixel) for window in windows) for pixel in range(size)]
        assert (found["fewest_reads"], found["most_reads"]) == (min(reads), max(reads)), values
        if not windows:
            assert (found["first_center"], found["last_center"]) == (None, None)
            continue
        assert found["first_center"] == (windows[0][0] + windows[0][-1]) / 2, values
        assert found["last_center"] == (windows[-1][0] + windows[-1][-1]) / 2, values
        assert found["left_over"] == size + values[3] - 1 - windows[-1][-1], values


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["low", "middle", "high"])
def test_controls_at_their_ends(place):
    explorer = ArithmeticExplorer()
    for control in explorer.controls.values():
        value = {"low": control.low, "middle": (control.low + control.high) // 2, "high": control.high}[place]
        setattr(explorer, control.name, value)
        assert explorer.facts[control.name] == value
    assert explorer.describe(explorer.facts) in repr(explorer)


def test_a_window_that_does_not_fit_is_said_so():
    explorer = ArithmeticExplorer(size=5)
    explorer.kernel = 7
    assert (explorer.facts["output"], explorer.facts["left_over"]) == (0, 5)
    assert "a window of span 7 does not fit into 5 pixels." in repr(explorer)
    assert explorer.still()[:4] == b"\x89PNG"


def test_one_read_is_not_called_one_to_one():
    assert "each pixel is read once" in arithmetic.describe(arithmetic.facts(settings((8, 2, 2, 0, 1))))
    assert "each pixel is read 1 to 3 times" in arithmetic.describe(arithmetic.facts(settings((8, 3, 1, 0, 1))))


# --- puzzles --------------------------------------------------------------------------------------------------------


def play(explorer: ArithmeticExplorer, numbers: tuple) -> None:
    """Press the goal's start button, then move the four sliders one after another."""
    goal = explorer.goals[min(explorer.solved, len(explorer.goals) - 1)]
    for name, value in goal.at:
        setattr(explorer, name, value)
    for name, value in zip(NAMES[1:], numbers, strict=True):
        setattr(explorer, name, value)


def test_the_puzzles_are_solved_one_after_another():
    explorer = ArithmeticExplorer()
    for number, solutions in enumerate(SOLUTIONS):
        assert (explorer.solved, explorer.reached) == (number, False)
        play(explorer, solutions[0])
    assert explorer.reached


@pytest.mark.parametrize("number", range(5))
def test_a_puzzle_takes_every_solution_and_no_near_miss(number):
    puzzle = arithmetic.PUZZLES[number]
    size = dict(puzzle.at)["size"]
    for numbers in SOLUTIONS[number]:
        assert puzzle.met_by(arithmetic.facts(settings((size, *numbers)))), numbers
        assert not puzzle.met_by(arithmetic.facts(settings((size - 1, *numbers)))), "at another size"
    for numbers in NEARLY[number]:
        found = arithmetic.facts(settings((size, *numbers)))
        wanted = next(value for name, _, value in puzzle.conditions if name == "output")
        assert found["output"] == wanted, "this is no near miss"
        assert not puzzle.met_by(found), numbers


def test_a_goal_of_your_own():
    goal = Goal("Make it 5.", (("output", "==", 5),), at=(("size", 10),))
    explorer = ArithmeticExplorer(goal=goal)
    explorer.kernel, explorer.stride = 2, 2
    assert not explorer.reached
    explorer.size = 10
    assert explorer.reached


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = ArithmeticExplorer()
    data, metadata = explorer._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(picture.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer)


@pytest.mark.parametrize("moved", NAMES)
def test_a_still_shows_the_state_and_nothing_else(moved):
    explorer, twin = ArithmeticExplorer(), ArithmeticExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, moved, getattr(twin, moved) + 1)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["name", "value", "allowed"], [("size", 65, "1 to 64"), ("kernel", 0, "1 to 7"), ("padding", -1, "0 to 8")]
)
def test_a_control_out_of_range_is_refused(name, value, allowed):
    with pytest.raises(ValueError, match=f"ArithmeticExplorer: {name} must be from {allowed}, got {value}"):
        setattr(ArithmeticExplorer(), name, value)


def test_a_row_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="ArithmeticExplorer: size must be from 1 to 64, got 0"):
        ArithmeticExplorer(size=0)
