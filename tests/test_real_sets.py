"""Real sets: a training ends by the processor's clock, and what is stored was measured with the recipe as it stands."""

import importlib
import itertools
import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.data import TensorDataset

from seglearn.metrics import iou, mean_iou

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
RESULTS = BENCHMARKS / "results" / "real_sets.json"


@pytest.fixture
def command(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("real_sets")


@pytest.fixture
def seconds(command, monkeypatch):
    """A processor that works for one second between any two looks at its clock."""
    monkeypatch.setattr(command.time, "process_time", itertools.count().__next__)


# By hand


def test_each_image_is_standardized_by_itself(command):
    images = torch.rand(2, 3, 5, 7, generator=torch.Generator().manual_seed(0))
    one = command.Standardize("image")(images)
    torch.testing.assert_close(one.mean(dim=(1, 2, 3)), torch.zeros(2))
    assert ((one.std(dim=(1, 2, 3)) - 1).abs() < 0.1).all()
    torch.testing.assert_close(one[1:], command.Standardize("image")(images[1:]))


def test_a_gray_picture_with_a_dark_background_is_fluorescence(command):
    gray = torch.zeros(3, 4, 5)
    gray[:, 1, 1] = 1
    colored = gray.clone()
    colored[0] += 0.1
    assert [command.is_fluorescence(image) for image in (gray, 1 - gray, colored)] == [True, False, False]


def test_the_rate_rises_to_one_and_falls_to_zero_by_the_clock(command, seconds):
    clock = command.Clock([], 100, None)  # starts at second 0; every question takes one
    rates = [clock.rate(warmup=0.1) for _ in range(105)]
    assert rates[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert rates[9:100] == sorted(rates[9:100], reverse=True)
    assert rates[54] == pytest.approx(0.5)
    assert rates[99:] == pytest.approx([0] * 6, abs=1e-9)


# What must hold


def test_a_training_ends_when_its_seconds_are_spent(command, seconds):
    batches = [(torch.zeros(2, 3, 4, 5), torch.zeros(2, 4, 5))] * 3
    looks = []
    clock = command.Clock(batches, 60, lambda: looks.append(len(looks)) or 0.5)
    seen = list(clock)
    assert clock.images == 2 * len(seen)
    assert 20 < len(seen) <= 60  # a question or two per batch, each of a second
    assert [share for _, share in clock.curve] == [0.5] * len(looks)
    assert len(looks) == command.LOOKS - 1, "the last look comes after the training"


def test_a_model_answers_at_the_size_of_its_image_whatever_it_looked_at(command):
    sizes = []
    model = nn.Conv2d(3, 4, kernel_size=1)
    model.register_forward_hook(lambda _model, inputs, _out: sizes.append(tuple(inputs[0].shape[-2:])))
    assert command.Shrunk(model, 2.0)(torch.zeros(1, 3, 18, 24)).shape == (1, 4, 18, 24)
    assert command.Shrunk(model, 1.0)(torch.zeros(1, 3, 18, 24)).shape == (1, 4, 18, 24)
    assert sizes == [(9, 12), (18, 24)]


@pytest.mark.parametrize("world", ["camvid", "nuclei"])
def test_an_augmented_pair_has_the_size_that_is_trained_at(command, world):
    chosen = command.WORLDS[world]
    pairs = TensorDataset(torch.rand(1, 3, 180, 240), torch.zeros(1, 180, 240, dtype=torch.int64))
    image, mask = command.Augmented(pairs, command.augmentation(chosen), seed=0)[0]
    assert image.shape[1:] == mask.shape == chosen.size


def test_a_change_is_tried_on_validation_frames_only(command, monkeypatch, capsys):
    for arguments in (["--change", "rate=0.01"], ["--unseen"]):
        monkeypatch.setattr("sys.argv", ["real_sets.py", *arguments])
        with pytest.raises(SystemExit):
            command.main()
        assert "for --validate" in capsys.readouterr().err
    assert command.changed(command.WORLDS["camvid"], ["rate=0.01", "widths=[8, 16]"]).widths == [8, 16]
