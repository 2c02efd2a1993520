"""Explorables without a browser: facts by hand and against peers, goals, ranges, and the still picture."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from seglearn.labels import IGNORE, NUCLEI, STREETS
from seglearn.widgets import Goal, OverlapExplorer, PixelProbe, overlap, pixel_probe

STEPS = [
    {"dx": dx, "dy": dy, "grow": grow} for dx, dy, grow in itertools.product((-5, 0, 2), (-3, 0, 4), (-2, -1, 0, 1, 3))
]


def random_truth(height: int = 7, width: int = 11) -> np.ndarray:
    return np.random.default_rng(3).random((height, width)) < 0.6


def random_scene(height: int = 5, width: int = 7) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(3, height, width, generator=generator)
    mask = torch.randint(0, 8, (height, width), generator=generator)
    mask[0, 0], mask[0, 1], mask[1, 2] = IGNORE, STREETS.index("pole"), STREETS.index("sky")
    return image, mask


def small_explorables() -> list:
    return [OverlapExplorer(random_truth()), PixelProbe(*random_scene(), STREETS)]


# --- by hand --------------------------------------------------------------------------------------------------------


def test_overlap_of_a_bar_moved_by_one():
    truth = np.zeros((3, 5), dtype=bool)
    truth[1, 1:3] = True
    found = overlap.facts({"truth": truth, "dx": 1, "dy": 0, "grow": 0})
    assert (found["hits"], found["misses"], found["false_alarms"], found["correct_background"]) == (1, 1, 1, 12)
    assert found["iou"] == 1 / 3
    assert found["pixel_accuracy"] == 13 / 15


def test_one_step_of_growth_is_a_plus():
    truth = np.zeros((5, 7), dtype=bool)
    truth[2, 3] = True
    assert overlap.guess_from(truth, dx=0, dy=0, grow=1).astype(int).tolist() == [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 0, 0],
    ]


def test_a_pixel_read_by_hand():
    image = torch.zeros(3, 2, 5)
    image[1, 1, 3] = 0.5
    mask = torch.tensor([[0, 0, 1, 1, 1], [0, 0, 1, 1, IGNORE]])
    probe = PixelProbe(image, mask, NUCLEI, goal="nucleus")
    probe.row, probe.column, probe.channel = 1, 3, 1
    assert probe.facts == {
        "row": 1,
        "column": 3,
        "channel": 1,
        "bytes": [0, 128, 0],
        "floats": [0.0, 0.5, 0.0],
        "label": 1,
        "name": "nucleus",
        "one_hot": [0, 1],
        "flat_chw": 1 * 10 + 1 * 5 + 3,
        "flat_hwc": (1 * 5 + 3) * 3 + 1,
    }
    probe.column = 4
    assert (probe.facts["name"], probe.facts["one_hot"]) == ("void", [0, 0])
    assert "void: nobody is asked" in repr(probe)


# --- against peers and laws -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", STEPS, ids=lambda steps: "dx{dx} dy{dy} grow{grow}".format(**steps))
def test_the_guess_equals_scipy(steps):
    truth, far = random_truth(), 20
    wide = np.pad(truth, far)
    morph = {1: ndimage.binary_dilation, -1: ndimage.binary_erosion}.get(np.sign(steps["grow"]))
    wide = morph(wide, iterations=abs(steps["grow"])) if morph else wide
    wide = ndimage.shift(wide.astype(np.uint8), (steps["dy"], steps["dx"]), order=0)
    peer = wide[far:-far, far:-far].astype(bool)
    assert np.array_equal(overlap.guess_from(truth, **steps), peer)


@pytest.mark.parametrize("steps", STEPS, ids=lambda steps: "dx{dx} dy{dy} grow{grow}".format(**steps))
def test_counts_add_up(steps):
    truth = random_truth()
    found = overlap.facts({"truth": truth, **steps})
    assert found["hits"] + found["misses"] == truth.sum()
    assert sum(found[name] for name in ("hits", "misses", "false_alarms", "correct_background")) == truth.size
    assert 0 <= found["iou"] <= found["pixel_accuracy"] <= 1


def test_flat_positions_find_the_value_in_memory():
    image, mask = random_scene()
    chw, hwc = image.flatten(), image.permute(1, 2, 0).flatten()
    probe = PixelProbe(image, mask, STREETS)
    for probe.row, probe.column, probe.channel in itertools.product(range(5), range(7), range(3)):
        found, value = probe.facts, image[probe.channel, probe.row, probe.column]
        assert chw[found["flat_chw"]] == value
        assert hwc[found["flat_hwc"]] == value
        assert found["bytes"][probe.channel] == round(value.item() * 255)


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["low", "middle", "high"])
@pytest.mark.parametrize("which", [0, 1], ids=["overlap", "probe"])
def test_controls_at_their_ends(which, place):
    explorer = small_explorables()[which]
    for control in explorer.controls.values():
        value = {"low": control.low, "middle": (control.low + control.high) // 2, "high": control.high}[place]
        setattr(explorer, control.name, value)
        assert explorer.facts.get(control.name, value) == value
    assert explorer.describe(explorer.facts) in repr(explorer)


def test_a_truth_and_a_scene_of_one_pixel():
    assert OverlapExplorer(np.ones((1, 1))).facts["iou"] == 1.0
    assert PixelProbe(torch.ones(3, 1, 1), torch.zeros(1, 1).long(), NUCLEI).facts["bytes"] == [255, 255, 255]


def test_a_guess_shrunk_to_nothing_scores_zero():
    explorer = OverlapExplorer()
    explorer.grow = -4
    assert explorer.facts["hits"] == explorer.facts["false_alarms"] == 0
    assert explorer.facts["iou"] == 0.0


def test_tensors_are_welcome_as_truth():
    assert OverlapExplorer(torch.eye(3, dtype=torch.bool)).facts == OverlapExplorer(np.eye(3)).facts


# --- goals ----------------------------------------------------------------------------------------------------------


def test_the_default_goal_is_open_at_first_and_can_be_reached():
    explorer = OverlapExplorer()
    assert not explorer.reached
    explorer.dx, explorer.dy, explorer.grow = 3, 0, 0
    assert explorer.facts["pixel_accuracy"] >= 0.95
    assert explorer.facts["iou"] < 0.5
    assert explorer.reached


def test_reached_speaks_of_this_moment():
    explorer = OverlapExplorer()
    explorer.dx, explorer.dy, explorer.grow = 3, 0, 0
    explorer.dx = 0
    assert (explorer.solved, explorer.reached) == (1, False)


def test_goals_are_solved_one_after_another():
    image, mask = random_scene()
    probe = PixelProbe(image, mask, STREETS, goal=["void", "pole", 35 + 9])
    probe.row, probe.column = 0, 1  # a pole, but void comes first
    assert (probe.solved, probe.goal) == (0, "Find a void pixel (label 255).")
    probe.column = 0
    assert (probe.solved, probe.goal) == (1, "Find a pixel of class pole.")
    probe.column = 1
    assert probe.goal == "Find the pixel whose green value stands at flat position 44 in the (C, H, W) layout."
    probe.row, probe.column = 1, 2
    assert not probe.reached  # the place is right, the channel is not
    probe.channel = 1
    assert probe.reached


def test_the_last_goal_alone_is_not_enough():
    probe = PixelProbe(*random_scene(), STREETS, goal=["void", "pole"])
    probe.row, probe.column = 0, 1
    assert probe.facts["name"] == "pole"
    assert not probe.reached


def test_without_a_goal_the_rarest_label_is_sought():
    mask = torch.tensor([[0, 0, 1], [0, IGNORE, 1]])
    assert PixelProbe(torch.zeros(3, 2, 3), mask, NUCLEI).goal == "Find a void pixel (label 255)."


def test_a_goal_of_your_own():
    goal = Goal("Make a perfect guess.", (("iou", "==", 1.0),))
    explorer = OverlapExplorer(goal=goal)
    explorer.dx = explorer.dy = explorer.grow = 0
    assert explorer.reached


# --- where no kernel runs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 1], ids=["overlap", "probe"])
def test_a_still_and_a_sentence_stand_beside_the_live_view(which):
    explorer = small_explorables()[which]
    data, metadata = explorer._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.format == "PNG"
    assert np.ptp(np.asarray(picture.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert "run this cell" in repr(explorer)
    assert explorer.goal in repr(explorer)
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize("which", [0, 1], ids=["overlap", "probe"])
def test_a_still_shows_the_state_and_nothing_else(which):
    explorer, twin = small_explorables()[which], small_explorables()[which]
    assert explorer.still() == twin.still()
    moved = list(explorer.controls)[0]
    setattr(twin, moved, getattr(twin, moved) - 1)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


def test_a_truth_without_an_object_is_refused():
    with pytest.raises(
        ValueError, match=r"OverlapExplorer: truth must be \(H, W\) with at least one object pixel, got"
    ):
        OverlapExplorer(np.zeros((3, 5)))


def test_a_control_out_of_range_is_refused():
    with pytest.raises(ValueError, match="OverlapExplorer: dx must be from -5 to 5, got 6"):
        OverlapExplorer(random_truth()).dx = 6
    with pytest.raises(ValueError, match="PixelProbe: row must be from 0 to 4, got 5"):
        PixelProbe(*random_scene(), STREETS).row = 5


def test_an_image_of_bytes_is_refused():
    image, mask = random_scene()
    with pytest.raises(
        ValueError, match=r"PixelProbe: image must hold floats from 0 to 1, .* Use image.float\(\) / 255."
    ):
        PixelProbe((image * 255).byte(), mask, STREETS)


def test_a_mask_of_another_size_is_refused():
    image, mask = random_scene()
    with pytest.raises(ValueError, match=r"PixelProbe: mask must have shape \(H=5, W=7\), got \(4, 7\)"):
        PixelProbe(image, mask[1:], STREETS)


@pytest.mark.parametrize(
    ["goal", "message"],
    [
        ("nucleus", "the goal is to find nucleus, but no pixel of the mask has label 1"),
        ("tram", "name must be one of background, nucleus, got 'tram'"),
        (105, r"a flat position must be in 0\.\.104, got 105"),
    ],
    ids=["absent", "unknown", "outside"],
)
def test_a_goal_that_nobody_can_reach_is_refused(goal, message):
    image, _ = random_scene()
    with pytest.raises(ValueError, match=message):
        PixelProbe(image, torch.zeros(5, 7).long(), NUCLEI, goal=goal)


def test_a_goal_with_an_unknown_relation_is_refused():
    with pytest.raises(ValueError, match="Goal: relations must be among == < <= > >=, got ~"):
        Goal("Come close.", (("iou", "~", 0.5),))


def test_both_describe_functions_name_what_they_show():
    assert "IoU 1.000" in overlap.describe(overlap.facts({"truth": np.eye(2, dtype=bool), "dx": 0, "dy": 0, "grow": 0}))
    image, mask = random_scene()
    at = {"image": image.numpy(), "mask": mask.numpy(), "names": STREETS.names, "row": 0, "column": 1, "channel": 2}
    assert "label 7 (pole); blue stands at 71 in (C, H, W), 5 in (H, W, C)" in pixel_probe.describe(
        pixel_probe.facts(at)
    )
