"""The drawn nuclei: whole cells, honest masks, and about the shares that microscopes see."""

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.measure import label

from seglearn.data.cells import MIN_AREA_PX, keep_whole
from seglearn.data.drawn_nuclei import STYLES, draw_nuclei, instances_to_boundary, instances_to_mask
from seglearn.labels import NUCLEI_BOUNDARY

PICTURES = 60  # per style, for shares


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[tuple[torch.Tensor, torch.Tensor]]]:
    return {style: [draw_nuclei(index, seed=5, style=style) for index in range(PICTURES)] for style in STYLES}


def touching(instances: np.ndarray) -> float:
    """Return the share of nuclei with another nucleus among their pixels' four neighbors."""
    found = set()
    for one, other in ((instances[1:], instances[:-1]), (instances[:, 1:], instances[:, :-1])):
        meet = (one != other) & (one > 0) & (other > 0)
        found |= set(one[meet]) | set(other[meet])
    return len(found) / instances.max()


# By hand -------------------------------------------------------------------------------------------------------------


def test_the_mask_is_one_wherever_there_is_an_id():
    assert instances_to_mask(torch.tensor([[0, 3, 0], [300, 0, 1]])).tolist() == [[0, 1, 0], [1, 0, 1]]


def test_the_boundary_lies_inside_where_another_id_or_background_is_near():
    instances = torch.tensor([[1, 1, 1, 2, 2, 2], [1, 1, 1, 2, 2, 2], [1, 1, 1, 0, 2, 2]])
    assert instances_to_boundary(instances).tolist() == [[1, 1, 2, 2, 1, 1], [1, 1, 2, 2, 2, 1], [1, 1, 2, 0, 2, 1]]


def test_a_corner_counts_as_near():
    instances = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 2]])
    assert instances_to_boundary(instances)[1, 1] == NUCLEI_BOUNDARY.index("boundary")


def test_a_picture_full_of_one_nucleus_has_no_boundary():
    assert instances_to_boundary(torch.full((3, 5), 9)).unique().tolist() == [1]


def test_crumbs_are_swept_away_and_ids_close_ranks():
    instances = np.zeros((8, 20), dtype=np.int64)
    instances[1:6, 1:6] = 1
    instances[2, 8] = 1  # cut off from the rest of 1
    instances[1:3, 10:12] = 2  # too small
    instances[2:7, 14:19] = 3
    depth = np.full(instances.shape, 0.9)
    depth[3, 3] = depth[4, 16] = 0.1
    cells, kept = keep_whole(["one", "two", "three"], instances, depth)
    assert cells == ["one", "three"]
    assert np.bincount(kept.ravel()).tolist() == [8 * 20 - 50, 25, 25]
    assert kept[3, 3] == 1 and kept[4, 16] == 2 and kept[2, 8] == 0


# Laws ----------------------------------------------------------------------------------------------------------------


def test_pairs_have_the_shapes_and_ranges_of_the_vocabulary(drawn):
    for image, instances in drawn["fluorescence"] + drawn["stained"]:
        assert image.shape == (3, 128, 128) and image.dtype == torch.float32
        assert image.min() >= 0 and image.max() <= 1
        assert instances.shape == (128, 128) and instances.dtype == torch.int64


def test_ids_are_consecutive_and_every_nucleus_is_one_patch_of_some_size(drawn):
    for _, instances in drawn["fluorescence"] + drawn["stained"]:
        count = int(instances.max())
        assert instances.unique().tolist() == list(range(count + 1))
        for number, window in enumerate(ndimage.find_objects(instances.numpy()), start=1):
            own = instances.numpy()[window] == number
            assert own.sum() >= MIN_AREA_PX
            assert label(own, connectivity=1).max() == 1


def test_interiors_of_touching_nuclei_never_touch(drawn):
    for _, instances in drawn["fluorescence"] + drawn["stained"]:
        interiors = label(instances_to_boundary(instances).numpy() == 1, connectivity=2)
        owners = [set(instances.numpy()[interiors == patch]) for patch in range(1, interiors.max() + 1)]
        assert all(len(owner) == 1 for owner in owners)


def test_almost_every_nucleus_can_be_counted_by_its_interior(drawn):
    found = sum(label(instances_to_boundary(ids).numpy() == 1, connectivity=2).max() for _, ids in drawn["stained"])
    there = sum(int(instances.max()) for _, instances in drawn["stained"])
    assert 0.95 < found / there < 1.1


def test_boundary_and_interior_together_are_the_mask(drawn):
    for _, instances in drawn["stained"]:
        assert torch.equal((instances_to_boundary(instances) > 0).long(), instances_to_mask(instances))


def test_the_same_arguments_draw_the_same_pair_in_any_order():
    first = draw_nuclei(3, seed=7)
    draw_nuclei(4, seed=7)
    again = draw_nuclei(3, seed=7)
    assert torch.equal(first[0], again[0]) and torch.equal(first[1], again[1])


def test_another_index_or_seed_draws_another_pair():
    masks = [draw_nuclei(index, seed=seed)[1] for index, seed in ((3, 7), (4, 7), (3, 8))]
    assert not torch.equal(masks[0], masks[1]) and not torch.equal(masks[0], masks[2])


@pytest.mark.parametrize("size", [(32, 32), (32, 200), (75, 50), (300, 260)])
@pytest.mark.parametrize("style", STYLES)
def test_any_size_is_drawn_with_at_least_one_nucleus(size, style):
    for index in range(4):
        image, instances = draw_nuclei(index, size=size, style=style)
        assert image.shape == (3, *size) and instances.shape == size
        assert instances.max() >= 1


# Shares --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ["style", "count", "share", "meeting"],
    [
        ("fluorescence", (9, 19), (0.10, 0.18), (0.2, 0.4)),
        ("stained", (18, 36), (0.20, 0.32), (0.35, 0.6)),
    ],
)
def test_counts_areas_and_contacts_stay_in_their_bands(drawn, style, count, share, meeting):
    maps = [instances.numpy() for _, instances in drawn[style]]
    assert count[0] < np.mean([ids.max() for ids in maps]) < count[1]
    assert share[0] < np.mean([(ids > 0).mean() for ids in maps]) < share[1]
    assert meeting[0] < np.mean([touching(ids) for ids in maps]) < meeting[1]


def test_sizes_differ_between_pictures_more_than_within_one(drawn):
    areas = [np.bincount(ids.numpy().ravel())[1:] for _, ids in drawn["fluorescence"]]
    medians = np.array([np.median(area) for area in areas])
    assert np.quantile(medians, 0.1) < 130 and np.quantile(medians, 0.9) > 350  # pixels
    assert np.mean([area.std() / area.mean() for area in areas]) < medians.std() / medians.mean()


def test_nuclei_shine_in_the_dark_and_stain_darkens_the_light(drawn):
    for style, sign in (("fluorescence", 1), ("stained", -1)):
        for image, instances in drawn[style]:
            inside = instances > 0
            contrast = image.mean(dim=0)[inside].mean() - image.mean(dim=0)[~inside].mean()
            assert sign * contrast > 0.03


def test_exposures_are_strongly_mixed(drawn):
    peaks = torch.stack([image.flatten().quantile(0.99) for image, _ in drawn["fluorescence"]])
    assert (peaks < 0.35).float().mean() > 0.15 and (peaks > 0.6).float().mean() > 0.15


def test_light_is_gray_and_stain_has_color(drawn):
    assert all(torch.equal(image[0], image[2]) for image, _ in drawn["fluorescence"])
    spreads = [(image.amax(dim=0) - image.amin(dim=0))[ids > 0].mean() for image, ids in drawn["stained"]]
    assert min(spreads) > 0.1


def test_about_one_picture_in_five_is_stained():
    gray = [bool(torch.equal(image[0], image[2])) for image, _ in (draw_nuclei(i, size=(32, 32)) for i in range(200))]
    assert 0.72 < np.mean(gray) < 0.88


# Errors --------------------------------------------------------------------------------------------------------------


def test_a_size_too_small_is_refused():
    with pytest.raises(ValueError, match=r"draw_nuclei: size must be at least \(32, 32\), got \(31, 64\)"):
        draw_nuclei(0, size=(31, 64))


def test_scenes_are_counted_from_zero():
    with pytest.raises(ValueError, match="draw_nuclei: index and seed must be 0 or more, got -1 and 0"):
        draw_nuclei(-1)


def test_another_style_is_refused():
    with pytest.raises(ValueError, match="draw_nuclei: style must be one of fluorescence, stained, got 'x-ray'"):
        draw_nuclei(0, style="x-ray")


def test_a_batch_of_maps_is_refused():
    with pytest.raises(ValueError, match=r"instances_to_boundary: instances must have shape \(H, W\)"):
        instances_to_boundary(torch.zeros(1, 4, 4, dtype=torch.int64))
