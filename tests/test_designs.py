"""The table of chapter 06: what is stored fits together, and its command measures and keeps one row at a time."""

import doctest
import importlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from torch import nn

from seglearn.data import DrawnStreets, draw_street
from seglearn.labels import CAMVID, IGNORE, STREETS
from seglearn.metrics import boundary_iou, iou, mean_iou, recall

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
LABELS = {"drawn-streets": STREETS, "camvid": CAMVID}
SAME = ("world", "design", "seed")


@pytest.fixture
def command(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as the command itself: every further thread has a workspace of its own
    yield importlib.import_module("designs")
    torch.set_num_threads(threads)


@pytest.fixture
def keeping(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("keeping")


@pytest.fixture(scope="module")
def table():
    return json.loads((BENCHMARKS / "results" / "designs.json").read_text(encoding="utf-8"))


# --- what is stored


def test_every_score_of_the_table_follows_from_its_counts(table):
    for row in table["runs"]:
        confusion, pole = torch.tensor(row["confusion"]), LABELS[row["world"]].index("pole")
        edges = torch.tensor(row["outlines_both"]).double() / torch.tensor(row["outlines_either"])
        expected = {
            "mean_iou": mean_iou(confusion),
            "pole_iou": iou(confusion)[pole],
            "pole_recall": recall(confusion)[pole],
            "boundary_iou": edges.nanmean(),
            "pole_boundary_iou": edges[pole],
        }
        assert {key: row[key] for key in expected} == pytest.approx(
            {k: v.item() for k, v in expected.items()}, abs=1e-4
        )


def test_every_design_has_three_seeds_in_each_world_and_the_skips_have_five(table, command):
    seeds = Counter((row["world"], row["design"]) for row in table["runs"])
    assert {key for key in seeds if key[0] == "drawn-streets"} == {("drawn-streets", name) for name in command.DESIGNS}
    assert min(seeds["drawn-streets", name] for name in command.DESIGNS) >= 3
    assert len({tuple(row[key] for key in SAME) for row in table["runs"]}) == len(table["runs"])


def test_every_row_of_a_world_was_trained_alike_and_judged_on_the_same_pixels(table, command):
    for world in {row["world"] for row in table["runs"]}:
        rows = [row for row in table["runs"] if row["world"] == world]
        assert {row["epochs"] for row in rows} == {command.EPOCHS[world]}
        assert len({tuple(torch.tensor(row["confusion"]).sum(dim=1).tolist()) for row in rows}) == 1


def test_the_costs_are_those_of_the_models_as_they_are_today(table, command):
    kept = {(row["world"], row["design"]): row for row in table["costs"]}
    assert set(kept) == {(world, design) for world in LABELS for design in command.DESIGNS}
    for (world, design), row in kept.items():
        cost = command.model_cost(command.build(design, len(LABELS[world])), torch.zeros(1, 3, *row["size"]))
        assert (row["parameters"], row["multiplications"]) == (cost.parameters, cost.multiplications)


def test_designs_are_of_one_order_of_size(table):
    weights = [row["parameters"] for row in table["costs"]]
    assert max(weights) < 1.5 * min(weights)


# --- how it is measured


def test_outlines_of_one_picture_give_the_boundary_iou_of_each_class(command):
    truth = draw_street(3, size=(48, 72))[1]
    guess = truth.roll((1, 2), dims=(0, 1))
    both, either = command.outlines(guess[None], truth[None], 8)
    for k in range(8):
        torch.testing.assert_close(both[k] / either[k].double(), boundary_iou(guess == k, truth == k), equal_nan=True)


def test_outlines_of_several_pictures_add_and_void_pixels_are_nobodys(command):
    truth = torch.stack([draw_street(index, size=(32, 48))[1] for index in range(3)])
    guess = truth.roll(1, dims=2)
    parts = [command.outlines(a[None], b[None], 8) for a, b in zip(guess, truth, strict=True)]
    for whole, part in zip(command.outlines(guess, truth, 8), zip(*parts, strict=True), strict=True):
        assert torch.equal(whole, sum(part))
    void = truth.index_fill(2, torch.arange(20, 48), IGNORE)
    one, other = (command.outlines(guess.index_fill(2, torch.arange(20, 48), k), void, 8) for k in (0, 5))
    assert torch.equal(one[0], other[0]) and torch.equal(one[1], other[1])


def test_a_perfect_guess_scores_one_everywhere(command):
    class Oracle(nn.Module):
        def forward(self, images):
            return nn.functional.one_hot(truths[: len(images)], 8).movedim(3, 1).float()

    streets = DrawnStreets(4, seed=2, size=(32, 48))
    truths = torch.stack([mask for _, mask in streets])
    found = command.judge(Oracle(), streets)
    assert {found[key] for key in ("mean_iou", "boundary_iou", "pole_iou", "pole_recall", "pole_boundary_iou")} == {1.0}


def test_one_training_gives_one_row_and_the_same_again(command):
    sets = tuple(DrawnStreets(count, seed=seed, size=(32, 32)) for count, seed in ((9, 0), (2, 2)))
    row = command.measure("drawn-streets", "FCN-16", 5, sets, 1)
    assert tuple(row[key] for key in SAME) == ("drawn-streets", "FCN-16", 5)
    assert sum(map(sum, row["confusion"])) == 2 * 32 * 32
    assert row == command.measure("drawn-streets", "FCN-16", 5, sets, 1) | {"cpu_s": row["cpu_s"]}


def test_a_step_must_remember_more_for_more_pictures_and_nothing_of_the_weights(command):
    net, pictures = nn.Conv2d(3, 4, 1), torch.rand(8, 3, 64, 64)
    few, many = (command.step_mb(net, pictures[:n], torch.zeros(n, 64, 64, dtype=torch.int64)) for n in (2, 8))
    assert many == pytest.approx(4 * few, rel=0.05)
    assert 0.5 < many < 4, "8 x 4 x 64 x 64 logits are half a megabyte"


def test_a_step_holds_a_gradient_for_every_weight_and_no_second_one(command):
    net = nn.Sequential(*(nn.Conv2d(64, 64, 3, padding=1) for _ in range(4)))
    held = command.step_mb(net, torch.rand(1, 64, 1, 1), torch.zeros(1, 1, 1, dtype=torch.int64))
    gradients = sum(weight.numel() for weight in net.parameters()) * 4 / 2**20
    assert gradients < held < 2 * gradients


# --- how it is kept


def test_a_row_replaces_only_its_own_forerunner_and_leaves_no_draft(keeping, tmp_path):
    out, row = tmp_path / "results" / "table.json", {"world": "camvid", "seed": 0, "mean_iou": 0.1}
    others = [row | {"seed": 1}, row | {"world": "drawn-streets"}]
    for one in (row, *others, row | {"mean_iou": 0.9}):
        keeping.keep(one, out, part="runs", same=("world", "seed"), head={"command": "x"})
    keeping.keep(row, out, part="costs", same=("world",), head={"command": "y"})
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert kept["runs"] == [row | {"mean_iou": 0.9}, *others] and kept["costs"] == [row]
    assert kept["command"] == "y" and set(kept) == {"date", "machine", "torch", "command", "runs", "costs"}
    assert [path.name for path in out.parent.iterdir()] == ["table.json"]


def test_the_examples_of_the_shared_part_are_true(keeping):
    assert doctest.testmod(keeping) == (0, 2)


def test_a_score_is_told_with_its_spread_over_the_seeds(keeping):
    rows = [{"design": "a", "seed": seed, "score": score} for seed, score in enumerate((0.2, 0.4, 0.6))]
    assert keeping.told(rows, "score") == "0.400 ± 0.200"
    assert keeping.told(keeping.chosen(rows, seed=2), "score") == "0.600"
    assert re.fullmatch(r"0\.300 ± 0\.141", keeping.told(rows[:2], "score"))
