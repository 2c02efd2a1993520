"""Label sets: names, colors that color-blind readers can tell apart, and tables that never guess."""

import re
from itertools import combinations

import numpy as np
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from seglearn import labels
from seglearn.labels import CAMVID, CAMVID_TO_STREETS, IGNORE, NUCLEI, STREETS, LabelSet, colorize, from_colors, relabel

SETS = {name: value for name, value in vars(labels).items() if isinstance(value, LabelSet)}

# Machado, Oliveira and Fernandes 2009, doi:10.1109/TVCG.2009.113: what a color becomes for a color-blind eye
SIGHT = {
    "all cones": np.eye(3),
    "no red cones": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green cones": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "no blue cones": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def seen_by(colors, sight):
    """Return CIELAB values (K, 3) of colors as an eye with the given sight has them."""
    rgb = np.array(colors) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = (linear @ np.array(SIGHT[sight]).T).clip(0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("name", ["STREETS", "NUCLEI", "NUCLEI_BOUNDARY", "PET"])
def test_colors_stay_apart_for_every_eye(name, sight):
    chosen = SETS[name]
    lab = seen_by([*chosen.colors, labels.INK], sight)
    names = [*chosen.names, "ignored"]
    distance = {(names[i], names[j]): deltaE_ciede2000(lab[i], lab[j]) for i, j in combinations(range(len(lab)), 2)}
    closest = min(distance, key=distance.get)
    assert distance[closest] > 10, f"{closest} are {distance[closest]:.1f} apart"  # 2.3 is just noticeable side by side


@pytest.mark.parametrize("name", SETS)
def test_every_class_has_a_name_and_a_color_of_its_own(name):
    chosen = SETS[name]
    assert len(set(chosen.names)) == len(set(chosen.colors)) == len(chosen) <= IGNORE


def test_one_label_wears_one_color_in_the_whole_course():
    for name in {"sky", "building", "road", "pavement", "tree", "car", "pole"}:
        assert CAMVID.colors[CAMVID.index(name)] == STREETS.colors[STREETS.index(name)]


def test_a_label_set_needs_a_color_per_name():
    with pytest.raises(ValueError, match="got 2 names and 1 colors"):
        LabelSet(("a", "b"), ((0, 0, 0),))


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="must be one of background, nucleus, got 'cell'"):
        NUCLEI.index("cell")


def test_camvid_becomes_streets():
    becomes = {name: STREETS.names[CAMVID_TO_STREETS[k]] for k, name in enumerate(CAMVID.names)}
    assert {old: new for old, new in becomes.items() if old != new} == {
        "signsymbol": "pole",
        "fence": "building",
        "pedestrian": "person",
        "bicyclist": "person",
    }
    assert set(becomes.values()) == set(STREETS.names)


def test_voc_colors_are_the_published_ones():
    assert labels.VOC.colors[15] == (192, 128, 128) and labels.VOC_PALETTE[(224, 224, 192)] == IGNORE  # person, void


@pytest.mark.parametrize("name", ["CAMVID", "VOC"])
def test_a_picture_in_a_real_palette_is_read_back(name):
    palette = getattr(labels, f"{name}_PALETTE")
    mask = torch.tensor([[*range(len(SETS[name])), IGNORE]] * 2)
    color_of = {label: color for color, label in palette.items()}
    picture = torch.tensor([[color_of[k] for k in row] for row in mask.tolist()], dtype=torch.uint8)
    assert torch.equal(from_colors(picture, palette), mask)


def test_a_color_outside_the_palette_is_an_error_and_not_background():
    picture = torch.tensor([[[128, 0, 0], [127, 0, 1]]], dtype=torch.uint8)
    with pytest.raises(ValueError, match=re.escape("got [(127, 0, 1)] at 1 pixels. Was the mask saved as JPEG")):
        from_colors(picture, labels.CAMVID_PALETTE)


@pytest.mark.parametrize(
    "picture", [torch.zeros(3, 4, 5, dtype=torch.uint8), torch.zeros(4, 5, 3), torch.zeros(4, 5, dtype=torch.uint8)]
)
def test_a_picture_is_bytes_with_color_last(picture):
    with pytest.raises(ValueError, match=re.escape("picture must be (H, W, 3) uint8")):
        from_colors(picture, labels.CAMVID_PALETTE)


def test_colorize_by_hand():
    assert colorize(torch.tensor([[0, 7], [IGNORE, 5]]), STREETS).tolist() == [
        [[86, 180, 233], [240, 228, 66]],
        [[224, 224, 224], [0, 90, 178]],
    ]


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
def test_relabel_keeps_shape_and_void(dtype):
    mask = torch.tensor([[[0, 2], [1, IGNORE], [2, 2]]]).to(dtype)
    assert relabel(mask, (5, 7, 5)).tolist() == [[[5, 5], [7, IGNORE], [5, 5]]]
    assert relabel(mask, (5, 7, 5)).dtype == torch.int64


@pytest.mark.parametrize("stranger", [3, 254, -1, 256, -(2**40)])
def test_a_label_without_an_entry_is_an_error(stranger):
    mask = torch.tensor([[0, 1, stranger]])
    with pytest.raises(ValueError, match=re.escape(f"must hold labels 0..2 or 255 (ignored), got [{stranger}]")):
        relabel(mask, (5, 7, 5))
    with pytest.raises(ValueError, match="colorize: mask must hold labels 0..1"):
        colorize(mask, NUCLEI)


def test_an_empty_mask_stays_empty():
    assert relabel(torch.zeros(0, 4, dtype=torch.int64), (1, 0)).shape == (0, 4)
