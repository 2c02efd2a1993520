"""The receptive field explorer without a browser: fields by hand and by the library, paths by counting and by torch."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from scipy.ndimage import label as connected_pixels
from torch import nn

from seglearn.convolution import measured_receptive_field, receptive_field
from seglearn.data import draw_street
from seglearn.labels import STREETS
from seglearn.widgets import Goal, ReceptiveFieldExplorer, receptive_field_explorer
from seglearn.widgets.receptive_field_explorer import central_side, facts, layers_of, paths_of

NAMES = ("depth", "kernel_size", "halvings", "dilation")
SETTINGS = list(itertools.product((1, 2, 5, 12), (1, 2, 3, 7), (0, 1, 4), (1, 2, 4)))
REACHING = [(6, 7, 1, 1), (5, 5, 2, 1), (6, 4, 2, 1)]
NEARLY = [(6, 3, 3, 1), (9, 3, 2, 1), (6, 3, 2, 2), (6, 3, 2, 1), (6, 7, 0, 1)]  # coarse, deep, holes, twice small


def stack(values: tuple) -> dict:
    return dict(zip(NAMES, values, strict=True))


def taps_by_loops(params: dict) -> list[int]:
    """Return where each path of one row ends, walked from the unit down to the image, path by path."""
    places = [0]
    for layer in reversed(layers_of(params)):
        places = [layer.stride * at + layer.dilation * tap for at in places for tap in range(layer.kernel_size)]
    return places


def gradients(params: dict, weights: list[torch.Tensor], channels: int) -> torch.Tensor:
    """Return the gradient of many random stacks at once, (stacks, size, size): output channel 0 by input channel 0."""
    stacks = len(weights[0]) // channels
    gradient = torch.eye(channels)[0].double().repeat(stacks).reshape(1, -1, 1, 1)
    for layer, weight in zip(reversed(layers_of(params)), weights, strict=True):
        gradient = F.conv_transpose2d(gradient, weight, stride=layer.stride, dilation=layer.dilation, groups=stacks)
    return gradient[0, ::channels]


def modules(params: dict, width: int) -> nn.Sequential:
    """Return the stack as a learner would build it: rectified convolutions of random weights."""
    layers, channels = [], 3
    for layer in layers_of(params):
        layers += [nn.Conv2d(channels, width, layer.kernel_size, layer.stride, 0, layer.dilation), nn.ReLU()]
        nn.init.kaiming_normal_(layers[-2].weight)
        channels = width
    return nn.Sequential(*layers)


# --- by hand --------------------------------------------------------------------------------------------------------


def test_an_untouched_explorer_stacks_three_layers():
    assert ReceptiveFieldExplorer().facts == {
        **stack((3, 3, 0, 1)),
        "size": 7,
        "jump": 1,
        "central": 7,
        "holes": 0,
        "weights": 27,
    }


def test_paths_of_two_layers_are_the_row_of_a_triangle():
    assert paths_of(stack((2, 3, 0, 1))).tolist() == [1, 2, 3, 2, 1]
    assert paths_of(stack((2, 3, 0, 2))).tolist() == [1, 0, 2, 0, 3, 0, 2, 0, 1]
    assert paths_of(stack((2, 3, 1, 1))).tolist() == [1, 1, 2, 1, 2, 1, 1]


def test_95_percent_of_a_known_heat():
    assert central_side(np.array([1, 16, 1])) == 3  # the middle holds (4/6)², less than half
    assert central_side(np.array([1, 1_600, 1])) == 3  # (40/42)² = 0.91
    assert central_side(np.array([1, 40_000, 1])) == 1  # (200/202)² = 0.98
    assert central_side(np.array([1, 40_000, 40_000, 1])) == 2
    assert central_side(np.array([0, 0, 5, 0, 0])) == 1


# --- the library, the loop and torch agree --------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 5, 12])
def test_size_and_jump_are_those_of_the_library(depth):
    for values in (s for s in SETTINGS if s[0] == depth):
        found, last = facts(stack(values)), receptive_field(layers_of(stack(values)))[-1]
        assert (found["size"], found["jump"]) == (last.size, last.jump), values
        assert len(paths_of(stack(values))) == last.size, values
        assert last.jump == 2 ** min(values[2], depth), values


@pytest.mark.parametrize("values", [s for s in SETTINGS if s[0] <= 5 and s[1] ** s[0] < 20_000], ids=str)
def test_paths_and_holes_are_those_of_the_loop(values):
    ends = np.bincount(taps_by_loops(stack(values)))
    assert paths_of(stack(values)).tolist() == ends.tolist()
    assert facts(stack(values))["holes"] == (ends == 0).sum()


@pytest.mark.parametrize("values", [(1, 3, 1, 2), (2, 2, 0, 1), (2, 2, 1, 1), (2, 2, 1, 3)], ids=str)
def test_the_expected_squared_gradient_is_exactly_the_number_of_paths(values):
    depth, kernel_size = values[:2]
    count = depth * kernel_size**2
    signs = torch.tensor(list(itertools.product((-1.0, 1.0), repeat=count))).double()  # every stack of weights +-1
    weights = signs.reshape(-1, depth, 1, kernel_size, kernel_size).unbind(1)
    squared = gradients(stack(values), list(weights), 1).square().mean(0)
    paths = torch.from_numpy(paths_of(stack(values))).double()
    torch.testing.assert_close(squared, torch.outer(paths, paths), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("values", [(3, 3, 1, 1), (2, 3, 2, 2)], ids=str)
def test_any_random_weights_and_any_number_of_channels_give_the_same_heat(values, channels):
    params, stacks, chance = stack(values), 4000, torch.Generator().manual_seed(1)
    shape = (stacks * channels, channels, 3, 3)
    weights = [torch.empty(shape).uniform_(-1, 1, generator=chance).double() for _ in range(params["depth"])]
    squared = gradients(params, weights, channels).square().mean(0)
    paths = torch.from_numpy(paths_of(params)).double()
    expected = torch.outer(paths, paths) * channels ** (params["depth"] - 1) / 3 ** params["depth"]  # variance 1/3
    assert squared.sum().item() == pytest.approx(expected.sum().item(), rel=0.05)
    torch.testing.assert_close(squared, expected, rtol=0.2, atol=1e-12)


@pytest.mark.parametrize("values", [(3, 3, 0, 1), (10, 3, 0, 1), (5, 4, 1, 1), (4, 3, 2, 2)], ids=str)
def test_wide_rectified_stacks_measure_nearly_the_same(values):
    params = stack(values)
    found, sides, heat = facts(params), [], 0
    for seed in range(3):
        torch.manual_seed(seed)
        field = measured_receptive_field(modules(params, 32), found["size"] + 2 * found["jump"], draws=2, seed=seed)
        assert field.size == (found["size"], found["size"])
        x1, y1, x2, y2 = field.box
        sides.append(field.side_holding(receptive_field_explorer.SHARE))
        heat = heat + field.heat[y1:y2, x1:x2] / 3
    assert sum(sides) / 3 == pytest.approx(found["central"], abs=2)
    line = torch.from_numpy(paths_of(params)).double().sqrt()
    line /= line.sum()
    assert (heat - torch.outer(line, line)).abs().sum() / 2 < 0.1  # so much of the heat lies elsewhere


# --- extremes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["low", "high"])
def test_controls_at_their_ends(end):
    explorer = ReceptiveFieldExplorer()
    for control in explorer.controls.values():
        setattr(explorer, control.name, getattr(control, end))
    assert explorer.facts["size"] == {"low": 1, "high": 3433}[end]
    assert explorer.still()[:4] == b"\x89PNG"
    assert explorer.describe(explorer.facts) in repr(explorer)


def test_more_halvings_than_layers_halve_every_layer():
    found = facts(stack((2, 3, 4, 1)))
    assert (found["halvings"], found["jump"]) == (2, 4)


def test_a_kernel_of_one_that_steps_sees_one_pixel():
    found = facts(stack((4, 1, 4, 4)))
    assert (found["size"], found["central"], found["jump"], found["holes"]) == (1, 1, 16, 0)


def test_one_is_not_called_many():
    assert "1 layer of 3 × 3, the first one halves, dilation 1: one" in receptive_field_explorer.describe(
        facts(stack((1, 3, 1, 1)))
    )
    said = receptive_field_explorer.describe(facts(stack((6, 3, 2, 2))))
    assert "the first 2 halve" in said and "; no path reaches 38 of its 77 columns;" in said
    assert "none halves" in repr(ReceptiveFieldExplorer()) and "no path" not in repr(ReceptiveFieldExplorer())


# --- the goal -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", REACHING, ids=str)
def test_the_goal_takes_every_stack_that_sees_the_car(values):
    explorer = ReceptiveFieldExplorer()
    assert not explorer.reached
    for name, value in stack(values).items():
        setattr(explorer, name, value)
    assert explorer.reached


@pytest.mark.parametrize("values", NEARLY, ids=str)
def test_the_goal_refuses_near_misses(values):
    explorer = ReceptiveFieldExplorer()
    for name, value in stack(values).items():
        setattr(explorer, name, value)
    found = explorer.facts
    laws = [found["size"] >= 57, found["depth"] <= 6, found["jump"] <= 4, found["holes"] == 0]
    assert laws.count(False) == 1, "this is no near miss"
    assert not explorer.reached and explorer.solved == 0


def test_a_goal_and_a_picture_of_your_own():
    explorer = ReceptiveFieldExplorer(
        image=torch.rand(3, 20, 30), goal=Goal("See 9.", (("size", "==", 9),)), unit=(19, 0)
    )
    assert (explorer.row, explorer.column) == (19, 0)
    explorer.depth = 4
    assert explorer.reached
    middle = ReceptiveFieldExplorer(image=np.zeros((3, 20, 30)))
    assert (middle.row, middle.column) == (10, 15)


def test_the_street_has_a_car_of_29_px_where_the_unit_starts():
    _, mask = draw_street(**receptive_field_explorer.STREET)
    patches, _ = connected_pixels((mask == STREETS.index("car")).numpy())
    explorer = ReceptiveFieldExplorer()
    row, column = explorer.row, explorer.column
    assert mask[row, column] == STREETS.index("car")
    across = np.flatnonzero((patches == patches[row, column]).any(axis=0))
    assert (len(across), across.min(), across.max()) == (29, column - 14, column + 14)


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = ReceptiveFieldExplorer()
    data, metadata = explorer._repr_mimebundle_()
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(picture.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer)


@pytest.mark.parametrize("moved", [*NAMES, "row", "column"])
def test_a_still_shows_the_state_and_nothing_else(moved):
    explorer, twin = ReceptiveFieldExplorer(), ReceptiveFieldExplorer()
    assert explorer.still() == twin.still()
    setattr(twin, moved, getattr(twin, moved) + 1)
    assert explorer.still() != twin.still()


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["name", "value", "allowed"], [("depth", 13, "1 to 12"), ("kernel_size", 0, "1 to 7"), ("column", 144, "0 to 143")]
)
def test_a_control_out_of_range_is_refused(name, value, allowed):
    with pytest.raises(ValueError, match=f"ReceptiveFieldExplorer: {name} must be from {allowed}, got {value}"):
        setattr(ReceptiveFieldExplorer(), name, value)


def test_an_image_that_is_none_and_a_unit_outside_are_refused():
    with pytest.raises(ValueError, match=r"image must be \(3, H, W\), got \(5, 7\). read_image gives one"):
        ReceptiveFieldExplorer(image=np.zeros((5, 7)))
    with pytest.raises(ValueError, match=r"image must be \(3, H, W\), got \(4, 5, 7\)"):
        ReceptiveFieldExplorer(image=np.zeros((4, 5, 7)))
    with pytest.raises(ValueError, match="ReceptiveFieldExplorer: row must be from 0 to 4, got 5"):
        ReceptiveFieldExplorer(image=np.zeros((3, 5, 7)), unit=(5, 0))
