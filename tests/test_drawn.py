"""Drawn worlds as data sets: they count, stop, repeat themselves, and keep what they keep clean."""

import pickle

import pytest
import torch
from torch.utils.data import DataLoader, Dataset, Subset

from seglearn.data.drawn import SPLIT_COUNTS, SPLIT_SEEDS, DrawnNuclei, DrawnStreets, drawn_split, in_memory, stack
from seglearn.data.drawn_nuclei import draw_nuclei, instances_to_boundary, instances_to_mask
from seglearn.data.streets import draw_street
from seglearn.labels import NUCLEI, NUCLEI_BOUNDARY, STREETS


def same(one, other) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


class Counted(Dataset):
    """A data set that remembers how often it was asked."""

    labels, name, credit, extra = NUCLEI, "counted", "nobody", "more"

    def __init__(self, sizes):
        self.sizes, self.asked = sizes, []

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, index):
        self.asked.append(index)
        return torch.full((3, *self.sizes[index]), float(index)), torch.full(self.sizes[index], index)


# The two worlds ------------------------------------------------------------------------------------------------------


def test_streets_are_the_scenes_of_their_seed():
    streets = DrawnStreets(3, seed=4, size=(48, 64))
    assert len(streets) == 3
    assert same(streets[2], draw_street(2, seed=4, size=(48, 64)))


@pytest.mark.parametrize(
    ["target", "derive", "labels"],
    [
        ("semantic", instances_to_mask, NUCLEI),
        ("boundary", instances_to_boundary, NUCLEI_BOUNDARY),
        ("instances", torch.clone, NUCLEI),
    ],
)
def test_nuclei_come_with_the_wanted_target(target, derive, labels):
    nuclei = DrawnNuclei(3, seed=4, size=(48, 64), style="stained", target=target)
    image, instances = draw_nuclei(1, seed=4, size=(48, 64), style="stained")
    assert same(nuclei[1], (image, derive(instances)))
    assert nuclei.labels == labels


@pytest.mark.parametrize("world", [DrawnStreets, DrawnNuclei])
def test_a_world_says_what_it_is(world):
    dataset = world(2)
    assert dataset.name in ("drawn-streets", "drawn-nuclei")
    assert "CC0" in dataset.credit and "\n" not in dataset.credit
    assert dataset.labels in (STREETS, NUCLEI)
    assert "2 pairs" in repr(dataset) and "seed=0" in repr(dataset)


def test_a_loop_stops_at_the_end_and_negative_indices_count_from_it():
    nuclei = DrawnNuclei(3, size=(32, 32))
    assert len(list(nuclei)) == 3
    assert same(nuclei[-1], nuclei[2]) and same(nuclei[-3], nuclei[0])
    for index in (3, -4):
        with pytest.raises(IndexError, match=rf"DrawnNuclei: index must be in -3\.\.2, got {index}"):
            nuclei[index]


def test_a_loader_batches_a_world():
    images, masks = next(iter(DataLoader(Subset(DrawnNuclei(5, size=(32, 40)), range(1, 4)), batch_size=3)))
    assert images.shape == (3, 3, 32, 40) and masks.shape == (3, 32, 40)


def test_wrong_counts_and_targets_are_refused():
    with pytest.raises(ValueError, match="DrawnStreets: count must be 1 or more, got 0"):
        DrawnStreets(0)
    with pytest.raises(ValueError, match="DrawnNuclei: target must be one of semantic, instances, boundary"):
        DrawnNuclei(1, target="edges")
    with pytest.raises(ValueError, match="DrawnNuclei: style must be one of fluorescence, stained, got 'x-ray'"):
        DrawnNuclei(1, style="x-ray")


# Splits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["drawn-streets", "drawn-nuclei"])
def test_splits_are_different_seeds(name):
    parts = {split: drawn_split(name, split, size=(32, 48)) for split in ("train", "val", "test")}
    assert {split: len(part) for split, part in parts.items()} == SPLIT_COUNTS
    assert len(set(SPLIT_SEEDS.values())) == 3
    masks = [part[0][1] for part in parts.values()]
    assert masks[0].shape == (32, 48)
    assert not torch.equal(masks[0], masks[1]) and not torch.equal(masks[1], masks[2])


def test_a_split_without_a_size_has_the_size_of_its_world():
    assert drawn_split("drawn-streets", "val")[0][1].shape == (64, 96)
    assert drawn_split("drawn-nuclei", "val")[0][1].shape == (128, 128)


def test_a_split_takes_the_options_of_its_world():
    nuclei = drawn_split("drawn-nuclei", "test", target="boundary", style="stained")
    assert same(nuclei[0], DrawnNuclei(1, seed=2, target="boundary", style="stained")[0])


def test_unknown_worlds_and_splits_are_refused():
    with pytest.raises(ValueError, match="drawn_split: name must be one of drawn-streets, drawn-nuclei, got 'camvid'"):
        drawn_split("camvid", "train")
    with pytest.raises(ValueError, match="drawn_split: split must be one of train, val, test, got 'dev'"):
        drawn_split("drawn-nuclei", "dev")


# In memory -----------------------------------------------------------------------------------------------------------


def test_each_pair_is_made_once():
    inner = Counted([(2, 3)] * 4)
    kept = in_memory(inner)
    assert [same(kept[index], kept[index]) for index in (1, -1, 3)] == [True, True, True]
    assert inner.asked == [1, 3]
    assert len(kept) == 4 and len(list(kept)) == 4


def test_filling_makes_all_pairs_now(capsys):
    inner = Counted([(2, 3)] * 3)
    in_memory(inner, fill=True, progress=False)
    assert inner.asked == [0, 1, 2]
    assert capsys.readouterr().err == ""
    in_memory(inner, fill=True)
    assert "filling counted" in capsys.readouterr().err


def test_changing_a_pair_in_place_leaves_what_is_kept_clean():
    kept = in_memory(DrawnNuclei(1, size=(32, 32)))
    clean = DrawnNuclei(1, size=(32, 32))[0]
    for _ in range(2):  # the first use, and a later one
        image, mask = kept[0]
        image.zero_(), mask.fill_(255)
    assert same(kept[0], clean)


def test_a_kept_world_says_what_the_world_says():
    inner = Counted([(2, 3)])
    kept = in_memory(inner)
    assert (kept.labels, kept.name, kept.credit, kept.extra) == (NUCLEI, "counted", "nobody", "more")
    with pytest.raises(AttributeError, match="nothing"):
        _ = kept.nothing
    with pytest.raises(IndexError, match=r"InMemory: index must be in -1\.\.0, got 1"):
        kept[1]


def test_a_kept_world_travels_to_another_process():
    kept = in_memory(DrawnNuclei(2, size=(32, 32)))
    assert same(pickle.loads(pickle.dumps(kept))[1], kept[1])


# Stacks --------------------------------------------------------------------------------------------------------------


def test_a_stack_holds_every_pair_in_order():
    images, masks = stack(Counted([(2, 3)] * 5))
    assert images.shape == (5, 3, 2, 3) and masks.shape == (5, 2, 3)
    assert masks[:, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_stack_of_classes_is_a_row_of_numbers():
    pictures = [(torch.zeros(3, 2, 5), 7), (torch.ones(3, 2, 5), 4)]
    assert stack(pictures)[1].tolist() == [7, 4]


def test_sizes_that_differ_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match=r"all images must have one shape, got \(3, 2, 3\) and \(3, 4, 5\).*size="):
        stack(Counted([(2, 3), (4, 5)]))


def test_an_empty_data_set_is_refused():
    with pytest.raises(ValueError, match="stack: the data set must hold at least one pair, got none"):
        stack(Counted([]))
