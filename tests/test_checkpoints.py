"""Checkpoints: whole or refused. Cut, flipped, foreign and mistaken files each say what to do."""

import errno
import io
import os
import random
import re
import zipfile

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from seglearn.models import UNet
from seglearn.training import (
    History,
    MovingAverage,
    Recipe,
    fit,
    load_checkpoint,
    save_checkpoint,
    seed_everything,
    warmup_cosine,
)
from seglearn.training.chance import chance_state, generators, set_chance
from seglearn.training.files import write_whole

QUIET = {"device": "cpu", "progress": False}


def mean_output(outputs, _):
    return outputs.mean()


def tiny(out=2):
    return nn.Sequential(nn.Linear(3, out), nn.BatchNorm1d(out))


def batches(count=4):
    return [(torch.randn(5, 3, generator=torch.Generator().manual_seed(i)), None) for i in range(count)]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A real checkpoint of a tiny training, as bytes."""
    path = tmp_path_factory.mktemp("saved") / "run.pt"
    seed_everything(0)
    fit(tiny(), batches(), loss=mean_output, epochs=2, recipe=Recipe(ema=0.9), checkpoint=path, **QUIET)
    return path.read_bytes()


def refusal(data, folder):
    """Return what is said about a file with these bytes; it must be one sentence with a way out."""
    path = folder / "run.pt"
    path.write_bytes(data)
    with pytest.raises(ValueError) as caught:
        load_checkpoint(path)
    told = str(caught.value)
    assert told.startswith("load_checkpoint: run.pt ") and "or delete it to start anew." in told and "\n" not in told
    return told


# By hand


def test_what_goes_in_comes_out(tmp_path):
    seed_everything(3)
    model, other = tiny(), tiny()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    scheduler = warmup_cosine(optimizer, steps=9)
    average = MovingAverage(model, 0.9)
    model(torch.randn(5, 3)).mean().backward()
    optimizer.step()
    scheduler.step()
    average.update()
    history = History()
    history.add(loss=1.5, val_loss=float("nan"), score={"iou": 0.5, "recall": 0.25}, elapsed_s=1.0)
    recipe = Recipe(ema=0.9, seed=7)
    parts = {"optimizer": optimizer, "scheduler": scheduler, "average": average}
    save_checkpoint(tmp_path / "deep" / "run.pt", model, history=history, recipe=recipe, epochs=4, **parts)
    expected = torch.rand(3), random.random(), np.random.rand()  # noqa: NPY002

    found = load_checkpoint(tmp_path / "deep" / "run.pt")
    assert found.recipe == recipe and found.epochs == 4 and str(found.history) == str(history)
    optimizer = torch.optim.AdamW(other.parameters(), lr=0.7)
    scheduler, average = warmup_cosine(optimizer, steps=9), MovingAverage(other, 0.9)
    found.resume(other, optimizer=optimizer, scheduler=scheduler, average=average)
    assert all(torch.equal(a, b) for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True))
    for name, part in {"optimizer": optimizer, "scheduler": scheduler, "average": average}.items():
        assert repr(part.state_dict()) == repr(parts[name].state_dict())
    again = torch.rand(3), random.random(), np.random.rand()  # noqa: NPY002
    assert torch.equal(again[0], expected[0]) and again[1:] == expected[1:]


def test_loading_into_a_model_takes_the_best_weights_not_the_latest(tmp_path):
    model, scores = nn.Linear(1, 1, bias=False), iter([0.5, 0.9, 0.1])
    model.weight.data.fill_(0.0)
    one = [(torch.ones(1, 1), None)]
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    options = {"optimizer": optimizer, "score": lambda *_: next(scores), "checkpoint": tmp_path / "run.pt", **QUIET}
    fit(model, one, one, loss=mean_output, epochs=3, **options)  # the weight walks -1, -2, -3
    fresh = nn.Linear(1, 1, bias=False)
    found = load_checkpoint(tmp_path / "run.pt", fresh)
    assert fresh.weight.item() == found.best["weight"].item() == -2 and found.model["weight"].item() == -3


# Equals: the file is an ordinary zip that torch reads by itself


def test_torch_and_zip_read_the_file_without_us(saved, tmp_path):
    (tmp_path / "run.pt").write_bytes(saved)
    whole = torch.load(tmp_path / "run.pt", weights_only=True)
    assert whole["recipe"]["ema"] == 0.9 and set(whole["parts"]) == {"optimizer", "scheduler", "average"}
    with zipfile.ZipFile(tmp_path / "run.pt") as file:
        assert file.testzip() is None and file.comment.startswith(b"seglearn checkpoint 1, sha256 ")


# Extremes: the fuzz


def test_a_checkpoint_cut_anywhere_is_refused(saved, tmp_path):
    lengths = [*range(0, len(saved), 10), *range(len(saved) - 100, len(saved))]
    kinds = {refusal(saved[:length], tmp_path).split("run.pt ")[1] for length in lengths}
    assert len(lengths) > 500 and all(kind.startswith(("is cut off", "is empty", "is no checkpoint")) for kind in kinds)


def test_a_flipped_bit_anywhere_is_refused(saved, tmp_path):
    dice = random.Random(0)
    places = [*range(0, len(saved), 10), *range(len(saved) - 100, len(saved))]
    for place in places:
        damaged = bytearray(saved)
        damaged[place] ^= 1 << dice.randrange(8)
        refusal(bytes(damaged), tmp_path)


def test_bytes_lost_added_or_moved_are_refused(saved, tmp_path):
    dice = random.Random(1)
    for _ in range(50):
        a, b = sorted(dice.sample(range(len(saved)), 2))
        for damaged in (saved[:a] + saved[b:], saved[:b] + saved[a:], saved[:a] + bytes(b - a) + saved[b:]):
            if damaged != saved:
                refusal(damaged, tmp_path)
    refusal(saved + b"\0", tmp_path)


@pytest.mark.parametrize(
    ["data", "told"],
    [
        (b"", "is empty"),
        (b"epoch,loss\n1,0.5\n", "is no checkpoint of seglearn"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is no checkpoint of seglearn"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is no checkpoint of seglearn"),
    ],
    ids=["empty", "table", "picture", "pointer"],
)
def test_other_files_are_refused(data, told, tmp_path):
    assert told in refusal(data, tmp_path)


def test_another_programs_checkpoint_is_refused_and_never_executed(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    for content in ({"state_dict": tiny().state_dict()}, tiny(), Harm()):
        data = io.BytesIO()
        torch.save(content, data)
        assert "was written by another program" in refusal(data.getvalue(), tmp_path)
    from seglearn.training.checkpoints import _sealed

    (tmp_path / "run.pt").write_bytes(_sealed(data.getvalue()))  # somebody forged the seal
    with pytest.raises(ValueError, match="run.pt is whole, but this version of seglearn cannot read it"):
        load_checkpoint(tmp_path / "run.pt")
    assert not (tmp_path / "harm").exists()


def test_a_full_disk_leaves_the_old_file(saved, tmp_path, monkeypatch):
    path = tmp_path / "run.pt"
    path.write_bytes(saved)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, tiny())
    assert path.read_bytes() == saved and load_checkpoint(path).recipe == Recipe(ema=0.9)


def test_a_file_held_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    from pathlib import Path

    tries, real = [], Path.replace

    def held(self, target):
        tries.append(target)
        if len(tries) < 4:
            raise PermissionError("a virus scanner has it open")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", held)
    write_whole(tmp_path / "a.txt", b"new")
    assert (tmp_path / "a.txt").read_bytes() == b"new" and len(tries) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("for ever")))
    with pytest.raises(PermissionError, match="for ever"):
        write_whole(tmp_path / "a.txt", b"newer")
    assert (tmp_path / "a.txt").read_bytes() == b"new"


def test_a_leftover_part_does_not_matter(saved, tmp_path):
    (tmp_path / "run.pt.part").write_bytes(saved[:99])
    save_checkpoint(tmp_path / "run.pt", tiny())
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


# What must not matter


def test_numbers_of_numpy_become_plain(tmp_path):
    class Part:
        def state_dict(self):
            return {"best": np.float64(0.5), "count": np.int64(3), "flags": [np.bool_(True)], "size": torch.Size([2])}

    save_checkpoint(tmp_path / "run.pt", tiny(), counter=Part())
    state = load_checkpoint(tmp_path / "run.pt").parts["counter"]
    assert state == {"best": 0.5, "count": 3, "flags": [True], "size": (2,)}
    assert [type(value) for value in state.values()] == [float, int, list, tuple]


def test_every_generator_of_a_loader_is_found_once():
    dice, other = torch.Generator(), torch.Generator()
    data = TensorDataset(torch.zeros(4))
    shuffled = DataLoader(data, shuffle=True, generator=dice)
    weighted = DataLoader(data, sampler=WeightedRandomSampler([1.0] * 4, 4, generator=other), generator=dice)
    assert generators([shuffled, weighted, None, [1], DataLoader(data)]) == [dice, other]
    state = chance_state([weighted])
    expected = torch.rand(2, generator=other), torch.rand(2, generator=dice)
    set_chance(state, [weighted])
    assert torch.equal(torch.rand(2, generator=other), expected[0])
    assert torch.equal(torch.rand(2, generator=dice), expected[1])


# Errors


@pytest.mark.parametrize(
    ["model", "told"],
    [
        (tiny(4), "0.weight is (2, 3) in the file and (4, 3) in the model."),
        (nn.Linear(3, 2), "0.weight is (2, 3) in the file and missing in the model."),
        (nn.Sequential(*tiny(), nn.Linear(2, 2)), "2.weight is missing in the file and (2, 2) in the model."),
        (UNet(3, 2, widths=(4, 8)), "in the file and missing in the model."),
    ],
    ids=["wider", "unwrapped", "longer", "another"],
)
def test_another_models_weights_are_refused_and_nothing_changes(saved, model, told, tmp_path):
    (tmp_path / "run.pt").write_bytes(saved)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    words = re.escape("load_checkpoint: run.pt: the weights belong to another model: ") + ".*" + re.escape(told)
    with pytest.raises(ValueError, match=words):
        load_checkpoint(tmp_path / "run.pt", model)
    words = re.escape("fit: cannot go on from run.pt: the weights belong to another model: ") + ".*" + re.escape(told)
    with pytest.raises(ValueError, match=words):
        fit(model, batches(), loss=mean_output, epochs=2, recipe=Recipe(ema=0.9), checkpoint=tmp_path / "run.pt")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ["options", "told"],
    [
        ({"recipe": Recipe(ema=0.8)}, "the recipe is another one (ema was 0.9 and is now 0.8)."),
        ({"recipe": Recipe()}, "the recipe is another one (ema was 0.9 and is now None)."),
        ({"epochs": 5}, "it was planned for 2 epochs and is now planned for 5, and the learning rate depends on that."),
        ({"optimizer": "sgd"}, "the saved optimizer is of another kind"),
        ({"train": "shuffled"}, "the data draw from 1 random generators of their own, then from 0."),
    ],
    ids=["recipe", "no-average", "epochs", "optimizer", "generator"],
)
def test_another_training_is_not_gone_on_with(saved, options, told, tmp_path):
    (tmp_path / "run.pt").write_bytes(saved)
    model = tiny()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    options = {"recipe": Recipe(ema=0.9), "epochs": 2, "train": batches()} | options
    if options.pop("optimizer", None):
        groups = [{"params": [weight]} for weight in model.parameters()]
        options["optimizer"] = torch.optim.SGD(groups, lr=0.1)
    train = options.pop("train")
    if train == "shuffled":
        train = DataLoader(batches(), batch_size=None, shuffle=True, generator=torch.Generator())
    with pytest.raises(ValueError, match=re.escape("fit: cannot go on from run.pt: " + told)) as caught:
        fit(model, train, loss=mean_output, checkpoint=tmp_path / "run.pt", **options, **QUIET)
    assert str(caught.value).endswith("To start anew, delete the file.")
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_a_checkpoint_without_a_recipe_is_not_gone_on_with(tmp_path):
    save_checkpoint(tmp_path / "run.pt", tiny())
    with pytest.raises(ValueError, match="run.pt: it was not written by fit, and holds no recipe"):
        fit(tiny(), batches(), loss=mean_output, epochs=1, checkpoint=tmp_path / "run.pt", **QUIET)


def test_what_cannot_be_loaded_safely_is_not_saved(tmp_path):
    class Part:
        def state_dict(self):
            return {"rule": {"of": lambda step: step}}

    told = "save_checkpoint: checkpoint['parts']['schedule']['rule']['of'] must hold tensors, numbers, words"
    with pytest.raises(TypeError, match=re.escape(told)):
        save_checkpoint(tmp_path / "run.pt", tiny(), schedule=Part())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_says_who_writes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="load_checkpoint: there is no file .*run.pt. It is written by fit"):
        load_checkpoint(tmp_path / "run.pt")
