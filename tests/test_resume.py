"""A training killed at any moment ends with the weights and the numbers of one that was left alone."""

import random
import time

import pytest
import torch
from killable import finish, kill, start

from seglearn.training import History, Recipe, fit, load_checkpoint


def results(folder):
    """Return the weights, the weights of the last step, and the diary without its clock."""
    checkpoint = load_checkpoint(folder / "run.pt")
    columns = History.from_csv(folder / "run.csv").columns()
    assert columns == checkpoint.history.columns() and columns.pop("elapsed_s")[-1] > 0
    return torch.load(folder / "model.pt", weights_only=True), checkpoint.model, checkpoint.parts, columns


def same(ours, theirs):
    """Say whether two nests of tensors and numbers are equal to the last bit."""
    if isinstance(ours, torch.Tensor):
        return torch.equal(ours, theirs)
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(same(value, theirs[key]) for key, value in ours.items())
    if isinstance(ours, list | tuple):
        return len(ours) == len(theirs) and all(same(a, b) for a, b in zip(ours, theirs, strict=True))
    return ours == theirs


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def undisturbed(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    process = start(folder, precision=request.param)
    began = time.perf_counter()
    finish(process)
    return results(folder), request.param, time.perf_counter() - began


def test_killed_at_random_moments_it_ends_with_the_same_numbers(undisturbed, tmp_path):
    expected, precision, elapsed_s = undisturbed
    dice, kills, epochs = random.Random(), 0, set()
    for _ in range(10):
        process = start(tmp_path, pause_s=0.01, precision=precision)
        time.sleep(dice.uniform(0, 0.5 * elapsed_s))
        if not kill(process):
            break
        kills += 1
        if (tmp_path / "run.pt").exists():
            epochs.add(len(load_checkpoint(tmp_path / "run.pt").history))
    if not (tmp_path / "model.pt").exists():
        finish(start(tmp_path, precision=precision))
    assert kills and epochs, "the killer never hit"
    assert same(results(tmp_path), expected)


def test_killed_while_it_writes_the_older_file_counts(undisturbed, tmp_path):
    expected, precision, _ = undisturbed
    for finished in range(1, 4):
        process = start(tmp_path, pause_s=0.1, precision=precision)
        part = tmp_path / "run.pt.part"
        while len_of(tmp_path / "run.pt") < finished or not part.exists():  # one epoch more, and the next being written
            assert process.is_alive(), "it ended before it could be killed"
            time.sleep(0.001)
        assert kill(process) and part.exists()
        assert len_of(tmp_path / "run.pt") == finished
    finish(start(tmp_path, precision=precision))
    assert same(results(tmp_path), expected)


def len_of(path):
    return len(load_checkpoint(path).history) if path.exists() else 0


# In one process: interrupts and errors


def line(weight=0.0):
    model = torch.nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(weight)
    return model


def walk(path, *, epochs=6, stop=None, recipe=None, **options):
    """Train a line whose loss is w·x with momentum, so that a lost optimizer state would show."""

    def stopping(moment):
        if len(moment.history) == stop:
            raise KeyboardInterrupt

    model = line()
    if recipe is None:
        options["optimizer"] = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    batches = [(torch.tensor([[x]]), None) for x in (1.0, 2.0)]
    history = fit(
        model, batches, batches, loss=lambda y, _: y.mean(), epochs=epochs, device="cpu", progress=False,
        recipe=recipe, checkpoint=path, callbacks=[stopping], **options,
    )  # fmt: skip
    return model.weight.item(), history


@pytest.mark.parametrize("stop", [2, 3, 5])
def test_an_interrupted_training_goes_on(stop, tmp_path):
    expected, whole = walk(None)
    _, broken = walk(tmp_path / "run.pt", stop=stop)
    weight, history = walk(tmp_path / "run.pt")
    assert broken.interrupted and len(broken) == stop and not history.interrupted
    assert weight == expected and history.loss == whole.loss and history.epoch == [1, 2, 3, 4, 5, 6]
    assert history.elapsed_s == sorted(history.elapsed_s)


def test_what_a_callback_draws_when_the_training_goes_on_does_not_matter(tmp_path):
    def train(path, stop=None):
        def draw_and_stop(moment):
            torch.rand(3)
            if len(moment.history) == stop:
                raise KeyboardInterrupt

        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(0.5))
        options = {"callbacks": [draw_and_stop], "checkpoint": path, "device": "cpu", "progress": False}
        return fit(model, [(torch.ones(5, 4), None)], loss=lambda y, _: y.square().mean(), epochs=5, **options).loss

    expected = train(None)
    train(tmp_path / "run.pt", stop=3)
    assert train(tmp_path / "run.pt") == expected


def test_a_finished_training_is_not_learned_again(tmp_path):
    weight, history = walk(tmp_path / "run.pt")
    before = (tmp_path / "run.pt").read_bytes()
    again, told = walk(tmp_path / "run.pt")
    assert again == weight and (told.loss, told.elapsed_s) == (history.loss, history.elapsed_s) and len(told) == 6
    assert (tmp_path / "run.pt").read_bytes() == before


def test_lost_patience_is_remembered(tmp_path):
    batches, scores = [(torch.ones(1, 1), None)], iter([0.5, 0.4, 0.9, 0.9])

    def train():
        options = {"recipe": Recipe(patience=1), "score": lambda *_: next(scores), "device": "cpu", "progress": False}
        return fit(
            line(), batches, batches, loss=lambda y, _: y.mean(), epochs=9, checkpoint=tmp_path / "run.pt", **options
        )

    assert len(train()) == 2 and len(train()) == 2


def test_with_a_constant_rate_it_may_go_on_for_longer(tmp_path):
    expected, whole = walk(None, epochs=6)
    walk(tmp_path / "run.pt", epochs=4)
    weight, history = walk(tmp_path / "run.pt", epochs=6)
    assert weight == expected and history.loss == whole.loss


def test_the_precision_that_a_trial_chose_stays(tmp_path, monkeypatch):
    answers = iter(["bfloat16", "float32"])
    monkeypatch.setattr("seglearn.training.loop.faster_precision", lambda *_: next(answers))
    recipe = Recipe(precision="auto", warmup=None)
    walk(tmp_path / "run.pt", epochs=2, recipe=recipe)
    walk(tmp_path / "run.pt", epochs=4, recipe=recipe)
    assert load_checkpoint(tmp_path / "run.pt").recipe.precision == "bfloat16" and next(answers) == "float32"


def test_resuming_is_announced_to_callbacks_as_it_stands(tmp_path):
    walk(tmp_path / "run.pt", stop=3)
    seen = []
    model = line()
    batches = [(torch.tensor([[x]]), None) for x in (1.0, 2.0)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    options = {"optimizer": optimizer, "device": "cpu", "progress": False, "checkpoint": tmp_path / "run.pt"}
    options["callbacks"] = [lambda moment: seen.append((len(moment.history), model.weight.item()))]
    fit(model, batches, batches, loss=lambda y, _: y.mean(), epochs=4, **options)
    assert [epoch for epoch, _ in seen] == [2, 3, 4] and seen[0][1] < 0
