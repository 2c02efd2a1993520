"""Chapter 05's own code and table: a finer map is the coarse one with its skipped answers, and rows fit together."""

import importlib
import json
from collections import Counter
from pathlib import Path

import pytest
import torch

from seglearn.metrics import mean_iou, pixel_accuracy
from seglearn.models import TinyCNN

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
POOLINGS = {8: 3, 4: 2, 2: 1, 1: 0}


@pytest.fixture(scope="module")
def command():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(BENCHMARKS))
        return importlib.import_module("classes_to_pixels")


@pytest.fixture(scope="module")
def names(command):
    return command.recipe()


@pytest.fixture(scope="module")
def table():
    return json.loads((BENCHMARKS / "results" / "classes_to_pixels.json").read_text(encoding="utf-8"))


def finer(names, stride):
    """Return a network in float64 with weights of both signs and biases that matter."""
    torch.manual_seed(stride)
    model = names["Finer"](3, 5, widths=(4, 6, 7)).double()
    model.poolings = POOLINGS[stride]
    return model.eval()


# --- the finer map


@pytest.mark.parametrize("stride", POOLINGS)
@pytest.mark.parametrize("size", [(8, 8), (16, 40), (24, 8)])
def test_a_finer_map_holds_the_coarse_one(names, stride, size):
    model, images = finer(names, stride), torch.rand(2, 3, *size, dtype=torch.float64)
    coarse, fine, step = TinyCNN.class_map(model, images), model.class_map(images), 8 // stride
    assert fine.shape == (2, 5, size[0] // stride, size[1] // stride)
    torch.testing.assert_close(fine[:, :, ::step, ::step], coarse, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stride", POOLINGS)
def test_logits_have_the_size_of_the_picture(names, stride):
    assert finer(names, stride)(torch.rand(1, 3, 24, 16, dtype=torch.float64)).shape == (1, 5, 24, 16)


def test_an_answer_stands_in_the_middle_of_its_field(names):
    model, images = finer(names, 1), torch.rand(1, 3, 64, 72, dtype=torch.float64)
    coarse, logits = TinyCNN.class_map(model, images), model(images)
    inner = logits[:, :, 3::8, 3::8][:, :, 2:-2, 2:-2]  # cell i is centered between pixels 8i + 3 and 8i + 4
    torch.testing.assert_close(inner, coarse[:, :, 2:-2, 2:-2], rtol=0, atol=1e-12)


# --- the pictures


def test_the_class_of_a_picture_is_its_digit_and_0_without_one(names):
    images, masks, classes = names["pictures"]("val", 5, blanks=2)
    assert images.shape == (7, 3, 32, 32) and masks.shape == (7, 32, 32)
    assert classes.tolist()[5:] == [0, 0] and not images[5:].any() and min(classes[:5]) >= 1
    for mask, label in zip(masks, classes, strict=True):
        assert set(mask.unique().tolist()) <= {0, int(label)}


# --- the table


def test_every_score_follows_from_its_confusion_matrix(table):
    for row in table["runs"]:
        confusion = torch.tensor(row["confusion"])
        key, score = ("accuracy", pixel_accuracy) if row["part"] == "cifar10" else ("mean_iou", mean_iou)
        assert row[key] == pytest.approx(score(confusion).item(), abs=1e-4)


def test_every_row_of_a_part_was_judged_on_the_same_truth(table):
    for part, count in {"stride": 100 * 48 * 64, "cifar10": 500}.items():  # pixels of the scenes; test pictures
        found = {tuple(torch.tensor(r["confusion"]).sum(dim=1).tolist()) for r in table["runs"] if r["part"] == part}
        assert len(found) == 1 and sum(next(iter(found))) == count


def test_every_comparison_has_three_seeds(table):
    runs = Counter((row["part"], row["targets"], row["stride"]) for row in table["runs"])
    wanted = {("stride", targets, stride) for targets in ("classes", "masks") for stride in (8, 4, 2)}
    assert set(runs) == wanted | {("cifar10", "classes", 8)} and set(runs.values()) == {3}
    assert len({(r["part"], r["targets"], r["stride"], r["seed"]) for r in table["runs"]}) == len(table["runs"])


# --- how it is measured


def test_classes_are_asked_at_every_stride_before_masks_teach(command, names):
    rows = list(command.measure_strides(names, 1, [8, 2], pictures=30, epochs=1))
    assert [(row["targets"], row["stride"]) for row in rows] == [
        *(("classes", 8), ("classes", 2)),
        *(("masks", 8), ("masks", 2)),
    ]
    assert {sum(map(sum, row["confusion"])) for row in rows} == {100 * 48 * 64}
    assert rows[0] == next(iter(command.measure_strides(names, 1, [8], pictures=30, epochs=1)))


def test_a_subset_of_cifar10_is_read_with_its_own_checksums(command, real_data):
    folder = real_data / "cifar10_mini"
    assert len(command.load_cifar10(folder, split="test", reader=command._reader(folder))) == 500
    assert command._reader(folder / "cifar-10-batches-py") is None
