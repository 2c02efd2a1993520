"""The table of chapter 07: what is stored fits together, and its command measures and keeps one row at a time."""

import importlib.util
import json
import math
from collections import Counter
from pathlib import Path

import pytest
import torch

from seglearn.data import DrawnStreets, in_memory
from seglearn.labels import CAMVID, IGNORE, STREETS
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import iou, mean_iou

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
CLASSES = {"drawn-streets": len(STREETS), "drawn-poles": 2, "camvid": len(CAMVID)}


@pytest.fixture(scope="module")
def command():
    spec = importlib.util.spec_from_file_location("losses_compared", BENCHMARKS / "losses_compared.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table():
    return json.loads((BENCHMARKS / "results" / "losses_compared.json").read_text(encoding="utf-8"))


# --- what is stored


def test_every_score_of_the_table_follows_from_its_confusion_matrix(table):
    for row in table["runs"]:
        confusion = torch.tensor(row["confusion"])
        assert confusion.shape == (CLASSES[row["world"]],) * 2
        assert row["mean_iou"] == pytest.approx(mean_iou(confusion).item(), abs=1e-4)
        assert row["iou"] == pytest.approx(iou(confusion).tolist(), abs=1e-4)


def test_every_row_was_judged_on_the_same_pixels(table):
    for world in CLASSES:
        truths = {tuple(torch.tensor(r["confusion"]).sum(dim=1).tolist()) for r in table["runs"] if r["world"] == world}
        assert len(truths) == 1


def test_every_comparison_has_three_seeds_and_no_row_stands_twice(table, command):
    seeds = Counter((row["world"], row["epochs"], row["loss"]) for row in table["runs"])
    assert set(seeds.values()) == {3}
    assert len(
        {(*key, row["seed"]) for row in table["runs"] for key in [(row["world"], row["epochs"], row["loss"])]}
    ) == len(table["runs"])
    measured = {row["loss"] for row in table["runs"] if row["world"] == "drawn-streets"}
    assert measured == set(command.losses(torch.arange(8).reshape(1, 2, 4), 8))


def test_the_table_says_when_where_and_how(table):
    assert set(table) == {"date", "machine", "torch", "command", "runs"}


# --- how it is measured


def test_weights_are_one_for_a_class_of_average_size_and_void_is_not_counted(command):
    masks = torch.tensor([[[0, 0, 0, 1, IGNORE]]])
    logits = torch.randn(1, 2, 1, 5, generator=torch.Generator().manual_seed(0))
    found = command.losses(masks, 2)
    for name, weight in {
        "weights": torch.tensor([2 / 3, 2.0]),
        "weights-sqrt": torch.tensor([2 / 3, 2.0]).sqrt(),
    }.items():
        assert torch.allclose(found[name](logits, masks), cross_entropy_loss(logits, masks, weight=weight))


def test_softmax_twice_has_the_floor_of_the_chapter(command):
    perfect = torch.tensor([1e4] + [0.0] * 7).reshape(1, 8, 1, 1)
    floor = command.losses(torch.arange(8).reshape(1, 1, 8), 8)["softmax-twice"](perfect, torch.tensor([[[0]]]))
    assert floor.item() == pytest.approx(math.log(1 + 7 / math.e))


def test_poles_are_the_same_streets_with_two_labels(command):
    streets = DrawnStreets(2, seed=2, size=(32, 48))
    poles = in_memory(command.Poles(streets))
    assert len(poles) == 2 and poles.labels.names == ("rest", "pole")
    for (image, mask), (same, pole) in zip(streets, poles, strict=True):
        assert torch.equal(image, same) and torch.equal(pole == 1, mask == STREETS.index("pole"))


def test_one_training_gives_one_row(command):
    names = command.recipe()
    sets = tuple(DrawnStreets(count, seed=seed, size=(16, 24)) for count, seed in ((9, 0), (2, 2)))
    row = command.measure(names, "drawn-streets", sets, ("cross-entropy", cross_entropy_loss), 1, 5)
    assert (row["world"], row["loss"], row["epochs"], row["seed"]) == ("drawn-streets", "cross-entropy", 1, 5)
    assert sum(map(sum, row["confusion"])) == 2 * 16 * 24 and 0 <= row["calibration_error"] <= 1
    assert row == command.measure(names, "drawn-streets", sets, ("cross-entropy", cross_entropy_loss), 1, 5) | {
        "cpu_s": row["cpu_s"]
    }


def test_a_row_replaces_only_its_own_forerunner(command, tmp_path):
    out = tmp_path / "results" / "table.json"
    row = {"world": "camvid", "epochs": 1, "loss": "dice", "seed": 0, "mean_iou": 0.1}
    others = [row | {"seed": 1}, row | {"loss": "ce"}, row | {"epochs": 2}, row | {"world": "drawn-streets"}]
    for one in (row, *others, row | {"mean_iou": 0.9}):
        command.keep(one, out)
    kept = json.loads(out.read_text(encoding="utf-8"))["runs"]
    assert len(kept) == 5 and row | {"mean_iou": 0.9} in kept and all(one in kept for one in others)
    assert kept[0]["world"] == "drawn-streets"
