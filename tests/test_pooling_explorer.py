"""The pooling explorer without a browser: winners by hand, the library's numbers for every setting, and its goal."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from seglearn.pooling import avg_pool2d, max_pool2d, max_unpool2d
from seglearn.widgets import Goal, PoolingExplorer, pooling_explorer

SETTINGS = [
    {"kernel_size": k, "stride": s, "padding": p} for k, s, p in itertools.product(range(1, 5), range(1, 5), range(3))
]
REFUSED = [s for s in SETTINGS if 2 * s["padding"] > s["kernel_size"]]
TAKEN = [s for s in SETTINGS if s not in REFUSED]
FITTING = [  # kinds of maps, see numbers_of, with the settings whose windows fit into them
    *((kind, settings) for kind in ("pole", "ties", "all negative") for settings in TAKEN),
    *(("one row", settings) for settings in TAKEN if settings["kernel_size"] <= 1 + 2 * settings["padding"]),
]
REACHING = [(3, 2, 1), (4, 2, 1)]  # kernel, stride, padding
NEARLY = [(2, 2, 0), (3, 2, 0), (3, 1, 1), (2, 2, 1), (4, 3, 2), (2, 3, 0)]


def numbers_of(kind: str, size: tuple[int, int] = (5, 7)) -> np.ndarray:
    chance = np.random.default_rng(0)
    return {
        "pole": np.array(pooling_explorer.POLE, dtype=float),
        "ties": chance.integers(-2, 2, size).astype(float),
        "all negative": -1 - 90 * chance.random(size),
        "one row": chance.random((1, 10)),
    }[kind]


def params_of(values: np.ndarray, settings: dict, *, mode: int = 0, row: int = 0, column: int = 0) -> dict:
    height, width = values.shape
    numbers = {"height": height, "width": width, "values": values.ravel().tolist()}
    return {**numbers, **settings, "mode": mode, "row": row, "column": column}


def explorer_at(kernel_size: int, stride: int, padding: int, **more) -> PoolingExplorer:
    explorer = PoolingExplorer()
    for name, value in {"kernel_size": kernel_size, "stride": stride, "padding": padding, **more}.items():
        setattr(explorer, name, value)
    return explorer


# --- by hand --------------------------------------------------------------------------------------------------------


def test_two_windows_that_share_their_largest_pixel():
    square = np.array([[1, 2, 9, 0, 3], [0, 0, 0, 0, 4], [0, 0, 1, 0, 0]])
    settings = {"kernel_size": 3, "stride": 2, "padding": 0}
    assert pooling_explorer.facts(params_of(square, settings, column=1)) == {
        "height": 3,
        "width": 5,
        "kernel_size": 3,
        "stride": 2,
        "padding": 0,
        "mode": "max",
        "out_height": 1,
        "out_width": 2,
        "winners": 1,
        "most_wins": 2,
        "unseen": 0,
        "restored": 1,
        "lost": 14,
        "row": 0,
        "column": 1,
        "answer": 9,
        "winner_row": 0,
        "winner_column": 2,
    }


def test_the_first_of_equal_numbers_wins():
    equal = params_of(np.full((2, 3), 5.0), {"kernel_size": 2, "stride": 1, "padding": 0}, column=1)
    found = pooling_explorer.facts(equal)
    assert (found["winner_row"], found["winner_column"]) == (0, 1)


def test_a_hole_is_not_restored_even_where_the_number_was_zero():
    found = pooling_explorer.facts(params_of(np.zeros((2, 2)), {"kernel_size": 2, "stride": 2, "padding": 0}))
    assert (found["restored"], found["lost"]) == (1, 3)


def test_a_mean_is_spread_and_counts_the_padding():
    four = params_of(np.array([[4.0, 8.0]]), {"kernel_size": 2, "stride": 1, "padding": 1}, mode=1)
    looks = [pooling_explorer.look(four, 0, column) for column in range(3)]
    assert [seen.answer for seen in looks] == [1, 3, 2]
    assert pooling_explorer.unpooled(2, looks) == [2, 2.5]


# --- the library ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(["kind", "settings"], FITTING, ids=str)
def test_maxima_winners_and_unpooling_are_those_of_the_library(kind, settings):
    values = numbers_of(kind)
    params, image = params_of(values, settings), torch.from_numpy(values)[None, None]
    answers, places = max_pool2d(image, return_indices=True, **settings)
    rows, columns = answers.shape[2:]
    looks = [pooling_explorer.look(params, r, c) for r in range(rows) for c in range(columns)]
    assert [seen.answer for seen in looks] == answers.flatten().tolist()
    assert [seen.winner for seen in looks] == places.flatten().tolist()
    plain = max_unpool2d(answers, places, output_size=values.shape, **settings)
    back = pooling_explorer.unpooled(values.size, looks)
    assert [number or 0 for number in back] == plain.flatten().tolist()
    found, wins = pooling_explorer.facts(params), places.unique(return_counts=True)[1]
    assert (found["out_height"], found["out_width"]) == (rows, columns)
    assert (found["winners"], found["most_wins"]) == (len(wins), wins.max().item())
    assert found["restored"] == values.size - found["lost"] == len(wins)
    last = pooling_explorer.facts({**params, "row": rows - 1, "column": columns - 1})
    row, column = last["winner_row"], last["winner_column"]
    assert (row * values.shape[1] + column, values[row, column]) == (places[0, 0, -1, -1], last["answer"])


@pytest.mark.parametrize(["kind", "settings"], FITTING, ids=str)
def test_means_are_those_of_the_library(kind, settings):
    values = numbers_of(kind)
    params = params_of(values, settings, mode=1)
    answers = avg_pool2d(torch.from_numpy(values)[None, None], **settings)[0, 0].numpy()
    mine = [[pooling_explorer.look(params, r, c).answer for c in range(answers.shape[1])] for r in range(len(answers))]
    np.testing.assert_allclose(mine, answers, atol=1e-12)
    found = pooling_explorer.facts(params)
    assert (found["out_height"], found["out_width"]) == answers.shape
    assert (found["winners"], found["most_wins"], found["winner_row"]) == (0, 0, None)


@pytest.mark.parametrize("settings", TAKEN, ids=str)
def test_unseen_pixels_are_those_without_a_gradient(settings):
    image = torch.rand(1, 1, 5, 7, dtype=torch.float64).requires_grad_()
    avg_pool2d(image, **settings).sum().backward()
    found = pooling_explorer.facts(params_of(image.detach()[0, 0].numpy(), settings))
    assert found["unseen"] == (image.grad == 0).sum()


@pytest.mark.parametrize("settings", REFUSED, ids=str)
@pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d])
def test_what_the_library_refuses_has_no_window(settings, pool):
    values = numbers_of("pole")
    with pytest.raises(ValueError, match="at most half of the kernel"):
        pool(torch.from_numpy(values)[None, None], **settings)
    found = pooling_explorer.facts(params_of(values, settings, row=2, column=2))
    assert (found["out_height"], found["out_width"], found["winners"], found["answer"]) == (0, 0, 0, None)
    assert (found["unseen"], found["restored"], found["lost"]) == (48, 0, 48)
    assert "more than half of kernel" in pooling_explorer.describe(found)


def test_a_window_that_does_not_fit_is_said_so():
    explorer = PoolingExplorer([[1, 2, 3]])
    explorer.kernel_size = 4
    assert explorer.facts["out_height"] == 0
    assert "a window of 4 × 4 does not fit into this map" in repr(explorer)
    assert explorer.still()[:4] == b"\x89PNG"


# --- extremes -------------------------------------------------------------------------------------------------------


def test_one_number():
    found = PoolingExplorer([[7]]).facts
    assert found["out_height"] == 0, "the start is a window of 2"
    single = pooling_explorer.facts(params_of(np.array([[7.0]]), {"kernel_size": 1, "stride": 4, "padding": 0}))
    assert (single["restored"], single["lost"], single["answer"]) == (1, 0, 7)


def test_the_chosen_window_stays_on_the_pooled_map():
    explorer = explorer_at(4, 4, 0, row=6, column=8)
    assert (explorer.facts["row"], explorer.facts["column"]) == (0, 1)


def test_words_for_once_and_for_often():
    assert "12 pixels win, once each." in repr(explorer_at(2, 2, 0))
    assert "9 pixels win, up to 2 times each." in repr(explorer_at(3, 2, 1))
    assert "by means: nobody wins. Copied back, 0 numbers are exact" in repr(explorer_at(3, 2, 1, mode=1))
    assert "No window sees 24 of 48 pixels." in repr(explorer_at(2, 3, 0))
    assert "No window sees" not in repr(explorer_at(2, 2, 0))


# --- the goal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", REACHING, ids=str)
def test_overlapping_windows_that_halve_reach_the_goal(numbers):
    assert explorer_at(*numbers).reached
    assert not explorer_at(*numbers, mode=1).reached, "a mean has no winner"


@pytest.mark.parametrize("numbers", NEARLY, ids=str)
def test_a_near_miss_does_not(numbers):
    assert not explorer_at(*numbers).reached


def test_a_goal_and_a_map_of_your_own():
    explorer = PoolingExplorer(np.eye(4), goal=Goal("Keep everything.", (("lost", "==", 0),)))
    assert not explorer.reached
    explorer.kernel_size = explorer.stride = 1
    assert explorer.reached
    explorer.values = list(range(16))
    assert explorer.facts["answer"] == 1


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = PoolingExplorer()
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer)


@pytest.mark.parametrize("moved", ["kernel_size", "stride", "padding", "mode", "row", "column"])
def test_a_still_shows_the_state_and_nothing_else(moved):
    explorer, twin = PoolingExplorer(), PoolingExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, moved, getattr(twin, moved) + 1)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (lambda: PoolingExplorer(np.zeros(5)), r"values must be \(H, W\), at most 10 x 10, got \(5,\)"),
        (lambda: PoolingExplorer(np.zeros((0, 3))), r"values must be \(H, W\), at most 10 x 10, got \(0, 3\)"),
        (
            lambda: PoolingExplorer(np.zeros((6, 11))),
            r"values must be .*, got \(6, 11\). Show a piece of a large map: values\[:6, :8\]",
        ),
        (lambda: PoolingExplorer([[1, 200]]), "values must hold numbers from -99 to 99, got 200.0 in row 0, column 1"),
        (lambda: PoolingExplorer([[np.nan]]), "values must hold numbers from -99 to 99, got nan"),
        (lambda: setattr(PoolingExplorer(), "values", [1.0]), r"values must hold 48 numbers \(6 rows of 8\), got 1"),
        (lambda: explorer_at(5, 1, 0), "kernel_size must be from 1 to 4, got 5"),
        (lambda: explorer_at(4, 1, 3), "padding must be from 0 to 2, got 3"),
    ],
    ids=["one axis", "empty", "too large", "value", "nan", "count", "kernel", "padding"],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ValueError, match=f"PoolingExplorer: {words}"):
        make()
