"""Drawn streets: the painter's vote, the camera's geometry, and the statistics of two hundred scenes."""

from itertools import product

import numpy as np
import pytest
import torch

from seglearn.data.painting import FINE, Canvas
from seglearn.data.street_light import HOURS, SKIES, choose_weather, shine
from seglearn.data.street_plan import plan_view
from seglearn.data.street_poles import paint_masts
from seglearn.data.street_things import paint_car, paint_person
from seglearn.data.street_view import Camera, View
from seglearn.data.streets import draw_street
from seglearn.data.textures import scene_rng
from seglearn.labels import STREETS

COUNT = 200
NAMES = STREETS.names


@pytest.fixture(scope="module")
def scenes():
    pairs = [draw_street(index, seed=11) for index in range(COUNT)]
    return torch.stack([image for image, _ in pairs]), torch.stack([mask for _, mask in pairs])


def empty_view(index: int = 0, *, size=(64, 96)) -> View:
    """Return a view from eye height onto nothing: horizon and vanishing point in the middle."""
    view = plan_view(scene_rng(0, index), *size)
    view.camera = Camera(height=1.5, focal=1.25 * size[0], horizon=size[0] / 2, center=size[1] / 2)
    return view


# The painter


def test_a_pixel_belongs_to_what_covers_two_of_its_four_fine_pixels():
    for votes in product(range(4), repeat=FINE * FINE):
        canvas = Canvas(1, 1)
        canvas.label[:] = np.reshape(votes, (FINE, FINE))
        winner = int(canvas.develop()[1][0, 0])
        assert winner == sorted(votes)[-2]
        majority = [label for label in votes if votes.count(label) > 2]
        assert winner in majority or not majority


def test_paint_covers_color_label_and_depth_where_the_shape_is_true():
    canvas = Canvas(2, 3)
    patch = canvas.patch(0, 2, 1, 2)
    patch.paint(patch.row < 1, (0.2, 0.4, 0.8), label=5, depth=7.0)
    image, mask = canvas.develop()
    assert mask.tolist() == [[0, 5, 0], [0, 0, 0]]
    np.testing.assert_allclose(image[:, 0, 1], [0.2, 0.4, 0.8])
    assert image[:, 1].sum() == 0
    assert canvas.depth.sum() == 7 * FINE * FINE


def test_opacity_mixes_the_new_color_with_the_old():
    canvas = Canvas(1, 1)
    canvas.patch().paint(True, (1.0, 1.0, 1.0))
    canvas.patch().paint(True, (0.0, 0.5, 1.0), opacity=0.25)
    np.testing.assert_allclose(canvas.develop()[0].ravel(), [0.75, 0.875, 1.0])


@pytest.mark.parametrize("bounds", [(-5, -1, 0, 3), (0, 2, 3, 9), (1, 1, 0, 3)])
def test_there_is_no_patch_outside_the_canvas(bounds):
    assert Canvas(2, 3).patch(*bounds) is None


# The camera


def test_the_three_planes_agree_on_where_a_point_is_seen():
    view = empty_view()
    camera, x, z = view.camera, 2.5, 9.0
    row, column = camera.row(0.0, z), camera.column(x, z)
    ground, wall = view.ground(), view.wall(x, near=4, far=30, top=5)
    board = view.board(x, z, half_width=1, top=2, bottom=-1)
    for plane, along, up in ((ground, x, z), (wall, z, 0.0), (board, 0.0, 0.0)):
        patch = plane.patch
        at = np.abs(patch.row[:, 0] - row).argmin(), np.abs(patch.column[0] - column).argmin()
        assert np.broadcast_to(plane.along, patch.shape)[at] == pytest.approx(along, abs=0.6)
        assert np.broadcast_to(plane.up, patch.shape)[at] == pytest.approx(up, abs=0.6)


def test_twice_as_far_is_half_as_tall():
    tall = []
    for z in (6.0, 12.0):
        view = empty_view(4, size=(128, 192))
        paint_person(view, 0.0, z)
        rows = np.flatnonzero((view.canvas.develop()[1] == STREETS.index("person")).any(axis=1))
        tall.append(len(rows))
    assert tall[0] == pytest.approx(2 * tall[1], abs=2)
    assert tall[0] > 20


def test_the_nearer_car_hides_the_farther_person():
    view = empty_view()
    paint_person(view, 0.0, 12.0)
    before = (view.canvas.label == STREETS.index("person")).sum()
    paint_car(view, 0.0, 7.0, toward_us=False)
    after = (view.canvas.label == STREETS.index("person")).sum()
    assert after < 0.5 * before
    assert (view.canvas.label == STREETS.index("car")).sum() > before


@pytest.mark.parametrize("z", [5.0, 11.3, 24.0, 60.0])
@pytest.mark.parametrize("x", [0.0, 0.71])
def test_a_bar_is_never_thinner_than_a_pixel_and_thin_ones_fill_whole_pixels(x, z):
    view = empty_view()
    patch = view.bar(x, z, width=0.02, low=0, high=2)
    patch.paint(True, (1, 1, 1), label=7)
    mask = view.canvas.develop()[1]
    assert ((mask == 7).sum(axis=1) <= 1).all()
    assert (mask == 7).any(axis=1).sum() == pytest.approx(2 * view.camera.scale(z), abs=1)


def test_wires_are_seen_but_not_labeled():
    view = empty_view(size=(128, 192))
    view.canvas.color[:] = 1
    paint_masts(view, 4.0, 8.0)
    above = slice(0, int(view.camera.horizon * FINE) - 8)
    dark = view.canvas.color[0, above] < 0.6
    pole = view.canvas.label[above] == STREETS.index("pole")
    assert (dark & ~pole).sum() > 40
    assert pole.any()


# Weather


def test_every_hour_and_every_weather_comes_about_as_often_as_its_chance():
    drawn = [choose_weather(scene_rng(0, index)) for index in range(2000)]
    for hour, row in HOURS.items():
        assert np.mean([weather.hour == hour for weather in drawn]) == pytest.approx(row[3], abs=0.04)
    for name, chance in SKIES.items():
        assert np.mean([weather.name == name for weather in drawn]) == pytest.approx(chance, abs=0.04)


def test_fog_thickens_with_depth():
    view = next(view for view in map(empty_view, range(200)) if view.weather.name == "fog")
    view.canvas.depth[:] = np.linspace(0, 80, view.canvas.depth.shape[1])
    shine(view)
    missing = np.abs(view.canvas.color - view.weather.sky_low[:, None, None]).sum(axis=(0, 1))
    assert (np.diff(missing) < 0).all()
    assert missing[-1] < 0.3 * missing[0]


def test_night_is_darker_than_noon_and_still_readable(scenes):
    images = scenes[0]
    hours = [plan_view(scene_rng(11, index), 64, 96).weather.hour for index in range(COUNT)]
    light = {hour: images[[h == hour for h in hours]].mean().item() for hour in ("noon", "night")}
    assert 0.12 < light["night"] < 0.7 * light["noon"]


# Scenes


def test_the_same_index_and_seed_give_the_same_scene_in_any_order():
    forward = {index: draw_street(index, seed=2) for index in (0, 1, 2)}
    for index in (2, 1, 0):
        image, mask = draw_street(index, seed=2)
        assert torch.equal(mask, forward[index][1])
        torch.testing.assert_close(image, forward[index][0], atol=1e-5, rtol=0)


@pytest.mark.parametrize("other", [{"index": 6, "seed": 0}, {"index": 5, "seed": 1}, {"index": 0, "seed": 5}])
def test_another_index_or_seed_is_another_scene(other):
    assert (draw_street(5)[1] != draw_street(**other)[1]).float().mean() > 0.1


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (97, 33), (64, 96), (16, 128), (120, 161), (360, 480)])
def test_every_size_gives_a_picture_and_a_mask(size):
    for index in range(3):
        image, mask = draw_street(index, seed=1, size=size)
        assert image.shape == (3, *size)
        assert mask.shape == size
        assert (image.dtype, mask.dtype) == (torch.float32, torch.int64)
        assert 0 <= image.min() < image.max() <= 1
        assert 0 <= mask.min() < mask.max() < len(STREETS)
        assert len(mask.unique()) >= 5


@pytest.mark.parametrize(
    ["name", "low", "high", "scenes_with"],
    [  # shares of all pixels, about those of real CamVid; and the least share of scenes that show the class
        ("sky", 0.09, 0.20, 0.97),
        ("building", 0.19, 0.32, 0.97),
        ("road", 0.26, 0.38, 0.99),
        ("pavement", 0.04, 0.10, 0.95),
        ("tree", 0.07, 0.16, 0.70),
        ("car", 0.04, 0.10, 0.95),
        ("person", 0.010, 0.03, 0.92),
        ("pole", 0.035, 0.07, 0.97),  # CamVid: 0.02; true to scale, most poles would be thinner than a pixel here
    ],
)
def test_class_shares_are_those_of_a_street(scenes, name, low, high, scenes_with):
    mine = scenes[1] == STREETS.index(name)
    assert low < mine.float().mean() < high
    assert mine.any(dim=-1).any(dim=-1).float().mean() >= scenes_with


def test_sky_is_above_buildings_and_buildings_above_the_road(scenes):
    rows = torch.arange(64.0)[:, None]
    middle = {}
    for name in ("sky", "building", "road"):
        mine = scenes[1] == STREETS.index(name)
        middle[name] = (mine * rows).sum(dim=(1, 2)) / mine.sum(dim=(1, 2))
    both = middle["sky"].isfinite() & middle["building"].isfinite()
    assert (middle["sky"] < middle["building"])[both].all()
    assert (middle["building"] < middle["road"])[both].all()


def test_the_horizon_parts_sky_from_ground(scenes):
    for index, mask in enumerate(scenes[1]):
        horizon = plan_view(scene_rng(11, index), 64, 96).camera.horizon
        above, below = mask[: int(horizon)], mask[int(horizon) + 2 :]
        assert not torch.isin(above, torch.tensor([STREETS.index("road"), STREETS.index("pavement")])).any()
        assert not (below == STREETS.index("sky")).any()


def test_poles_are_thin(scenes):
    pole = torch.nn.functional.pad(scenes[1] == STREETS.index("pole"), (1, 1)).int()
    starts, stops = ((pole.diff(dim=-1) == sign).nonzero()[:, -1] for sign in (1, -1))
    widths = stops - starts  # of every run of pole pixels in a row
    assert widths.float().median() <= 3
    assert (widths == 1).float().mean() > 0.2


def test_the_picture_agrees_with_the_mask(scenes):
    """Along label borders the picture changes more than inside areas."""
    images, masks = scenes
    step = images.diff(dim=-1).abs().mean(dim=1)  # (N, H, W - 1)
    border = masks.diff(dim=-1) != 0
    assert step[border].mean() > 2 * step[~border].mean()
    shifted = border.roll(7, dims=-1)  # borders in the wrong place tell nothing
    assert step[shifted].mean() < 0.7 * step[border].mean()


# Errors


@pytest.mark.parametrize("size", [(15, 96), (64, 8), (0, 0)])
def test_a_picture_too_small_for_a_street_is_refused(size):
    with pytest.raises(ValueError, match=r"draw_street: size must be \(height, width\) of at least 16 pixels"):
        draw_street(0, size=size)


def test_a_negative_index_or_seed_is_refused():
    with pytest.raises(ValueError, match="draw_street: index must be 0 or more, got -1"):
        draw_street(-1)
    with pytest.raises(ValueError, match="draw_street: seed must be 0 or more, got -2"):
        draw_street(0, seed=-2)


def test_a_fraction_is_no_index():
    with pytest.raises(TypeError, match=r"draw_street: index must be a whole number, got 1\.5"):
        draw_street(1.5)
