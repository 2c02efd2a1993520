"""The ladder explorer without a browser: sizes by hand, torch's own layers for every setting, and its three goals."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from seglearn.convolution import Layer, receptive_field
from seglearn.widgets import Goal, LadderExplorer, ladder_explorer
from seglearn.widgets.ladder_explorer import CONVOLUTIONS, JOINING, ROUNDING

CHOICES = list(itertools.product(range(3), range(2), range(4)))  # rounding, convolutions, joining
SIZES = [(70, 50), (17, 31), (1, 2), (3, 48), (93, 61)]
NAMES = ("levels", "rounding", "convolutions", "joining")


def params_of(size, levels: int, rounding: int = 0, convolutions: int = 0, joining: int = 0, channels: int = 2) -> dict:
    settings = dict(zip(NAMES, (levels, rounding, convolutions, joining), strict=True))
    return {"height": size[0], "width": size[1], "channels": channels, **settings}


def explorer_at(levels: int, rounding: str, convolutions: str = "padded", joining: str = "stop") -> LadderExplorer:
    explorer = LadderExplorer()
    chosen = (levels, ROUNDING.index(rounding), CONVOLUTIONS.index(convolutions), JOINING.index(joining))
    for name, value in zip(NAMES, chosen, strict=True):
        setattr(explorer, name, value)
    return explorer


def run_by_torch(params: dict) -> tuple[int, int] | None:
    """Return the size that comes out of real layers, or None where torch refuses."""
    levels, joining = params["levels"], JOINING[params["joining"]]
    pads = CONVOLUTIONS[params["convolutions"]] == "padded"
    rounding = ROUNDING[params["rounding"]]
    twice = torch.nn.Sequential(*[torch.nn.Conv2d(1, 1, 3, padding=int(pads)) for _ in range(2)])
    grow = torch.nn.ConvTranspose2d(1, 1, 2, stride=2)
    x, skips = torch.zeros(1, 1, params["height"], params["width"]), []
    if rounding == "pad first":
        x = F.pad(x, [number for n in (params["width"], params["height"]) for number in (0, -n % 2**levels)])
    try:
        x = twice(x)
        for _ in range(levels):
            skips.append(x)
            x = twice(F.max_pool2d(x, 2, ceil_mode=rounding == "ceil"))
        for skip in reversed(skips):
            x = grow(x)
            pairs = list(zip(x.shape[2:], skip.shape[2:], strict=True))
            if joining == "crop":
                (h, w) = map(min, pairs)
                x, skip = x[:, :, :h, :w], skip[:, :, :h, :w]
            if joining == "pad":
                x, skip = (F.pad(t, (0, max(pairs[1]) - t.shape[3], 0, max(pairs[0]) - t.shape[2])) for t in (x, skip))
            if joining == "resize":
                x = F.interpolate(x, skip.shape[2:])
            x = twice(torch.cat([skip, x], dim=1).mean(dim=1, keepdim=True))
    except RuntimeError:
        return None
    if rounding == "pad first":
        x = x[:, :, : params["height"], : params["width"]]
    return tuple(x.shape[2:])


# --- by hand --------------------------------------------------------------------------------------------------------


def test_70_by_50_breaks_where_16_meets_17():
    assert ladder_explorer.facts(params_of((70, 50), 4, channels=16)) == {
        "height": 70,
        "width": 50,
        "channels": 16,
        "levels": 4,
        "rounding": "floor",
        "convolutions": "padded",
        "joining": "stop",
        "first": [70, 50],
        "skips": [[70, 50], [35, 25], [17, 12], [8, 6]],
        "bottom": [4, 3],
        "meetings": [[8, 6, 8, 6], [16, 12, 17, 12]],
        "ups": [[8, 6]],
        "mended": 0,
        "broke": "join",
        "broke_at": 2,
        "broke_size": [16, 12],
        "out_height": None,
        "out_width": None,
        "receptive_field": 140,
        "skip_numbers": 16 * 3500 + 32 * 875 + 64 * 204 + 128 * 48,
        "bottom_numbers": 256 * 12,
    }


def test_the_sizes_of_the_papers_figure():
    found = ladder_explorer.facts(params_of((572, 572), 4, 0, 1, 1, channels=64))
    assert [size[0] for size in found["skips"]] == [568, 280, 136, 64]
    assert [meeting[0] for meeting in found["meetings"]] == [56, 104, 200, 392]
    assert [size[0] for size in found["ups"]] == [52, 100, 196, 388]
    assert found["bottom_numbers"] == 1024 * 28 * 28


def test_padding_first_is_cut_off_at_the_end():
    found = ladder_explorer.facts(params_of((70, 50), 4, 2))
    assert (found["first"], found["ups"][-1], found["mended"]) == ([80, 64], [80, 64], 0)
    assert (found["out_height"], found["out_width"]) == (70, 50)


def test_a_tensor_that_is_too_small_is_named():
    words = ladder_explorer.describe(ladder_explorer.facts(params_of((1, 2), 3)))
    assert words == "1 × 2 goes in, and becomes 1 × 2. It dies before level 1: 1 × 2 cannot be halved."
    found = ladder_explorer.facts(params_of((70, 50), 4, 0, 1))
    assert (found["broke"], found["broke_at"], found["broke_size"]) == ("convolution", 3, [5, 2])
    assert "It dies in level 3: two unpadded 3 × 3 convolutions need 5 × 5, and get 5 × 2." in repr(
        explorer_at(4, "floor", "unpadded")
    )


@pytest.mark.parametrize(["side", "broke"], [(4, "convolution"), (5, ""), (6, "")])
def test_two_unpadded_convolutions_need_five_pixels(side, broke):
    found = ladder_explorer.facts(params_of((14, 2 * side + 4), 1, 0, 1, 3))
    assert (found["broke"], found["bottom"]) == (broke, None if broke else [1, side - 4])


def test_the_way_up_can_be_too_small_as_well():
    found = ladder_explorer.facts(params_of((14, 14), 1, 0, 1, 1))
    assert (found["bottom"], found["meetings"], found["ups"]) == ([1, 1], [[2, 2, 10, 10]], [])
    assert ladder_explorer.trouble(found).startswith("It dies in level 0: two unpadded 3 × 3 convolutions need 5 × 5")


# --- the layers of torch --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_comes_out_is_what_comes_out_of_real_layers(size):
    for levels, choices in itertools.product((1, 2, 4), CHOICES):
        params = params_of(size, levels, *choices)
        found = ladder_explorer.facts(params)
        out = None if found["broke"] else (found["out_height"], found["out_width"])
        assert out == run_by_torch(params), params
        assert (found["out_height"] is None) == bool(found["broke"])


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 5])
def test_the_receptive_field_is_that_of_the_layers(levels):
    twice = [Layer(3), Layer(3)]
    layers = [*([*twice, Layer(2, stride=2)] * levels), *twice]
    assert ladder_explorer.receptive_field_px(levels) == receptive_field(layers)[-1].size


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(["size", "levels"], [((1, 1), 5), ((640, 640), 1), ((640, 1), 5), ((4, 640), 3)])
def test_every_setting_is_told_in_words(size, levels):
    for choices in CHOICES:
        found = ladder_explorer.facts(params_of(size, levels, *choices))
        told = ladder_explorer.describe(found)
        assert ("comes out" in told) == (not found["broke"])
        assert found["mended"] <= len(found["meetings"]) <= levels


def test_sizes_that_levels_divide_need_no_help():
    for joining in range(4):
        found = ladder_explorer.facts(params_of((64, 48), 4, joining=joining))
        assert (found["out_height"], found["out_width"], found["mended"]) == (64, 48, 0)


# --- the goals ------------------------------------------------------------------------------------------------------


def reaching(goal: Goal) -> set[tuple]:
    """Return the words of every setting that meets a goal at the numbers that it is asked at."""
    settings = [(levels, *choices) for levels in range(1, 6) for choices in CHOICES]
    found = [ladder_explorer.facts(dict(goal.at) | dict(zip(NAMES, setting, strict=True))) for setting in settings]
    return {tuple(facts[name] for name in NAMES) for facts in found if goal.met_by(facts)}


def test_rounding_down_wants_padding_and_rounding_up_wants_cropping():
    pairs = {("floor", "pad"), ("floor", "resize"), ("ceil", "crop"), ("ceil", "resize")}
    pairs |= {("pad first", joining) for joining in JOINING}
    assert reaching(ladder_explorer.GOALS[0]) == {(n, r, "padded", j) for n in (4, 5) for r, j in pairs}


def test_only_padding_first_leaves_every_skip_alone():
    assert reaching(ladder_explorer.GOALS[1]) == {(n, "pad first", "padded", j) for n in (4, 5) for j in JOINING}


def test_only_the_papers_way_gives_388():
    assert reaching(ladder_explorer.GOALS[2]) == {(4, rounding, "unpadded", "crop") for rounding in ROUNDING}


def test_the_goals_are_reached_one_after_another():
    explorer = LadderExplorer()
    assert (explorer.solved, explorer.reached) == (0, False)
    explorer.joining = JOINING.index("resize")
    assert explorer.solved == 1
    explorer.rounding = ROUNDING.index("pad first")
    assert (explorer.solved, explorer.reached) == (2, False)
    explorer.height = explorer.width = 572
    explorer.channels, explorer.convolutions, explorer.joining = 64, 1, JOINING.index("crop")
    assert explorer.reached


def test_a_goal_and_an_image_of_your_own():
    explorer = LadderExplorer((96, 64), goal=Goal("Go in, come out.", (("out_height", "==", 96),)))
    assert explorer.reached


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = LadderExplorer()
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert "It breaks on level 2: 16 × 12 meets 17 × 12, and the skip does not fit." in repr(explorer)


@pytest.mark.parametrize("moved", ["height", "width", "channels", "levels", "rounding", "convolutions", "joining"])
def test_a_still_shows_the_state_and_nothing_else(moved):
    explorer, twin = LadderExplorer(), LadderExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, moved, getattr(twin, moved) + 1)
    assert explorer.still() != twin.still()


def test_an_image_that_dies_at_once_has_a_still():
    assert LadderExplorer((1, 1)).still()[:4] == b"\x89PNG"
    explorer = LadderExplorer((3, 3))
    explorer.convolutions = 1
    assert explorer.still()[:4] == b"\x89PNG"


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (lambda: LadderExplorer((0, 5)), "height must be from 1 to 640, got 0"),
        (lambda: LadderExplorer((5, 641)), "width must be from 1 to 640, got 641"),
        (lambda: setattr(LadderExplorer(), "levels", 6), "levels must be from 1 to 5, got 6"),
    ],
    ids=["height", "width", "levels"],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(ValueError, match=f"LadderExplorer: {words}"):
        make()
