"""The recipe: what each line of it does to a step, against a loop in the open that does the same."""

import copy
import math
import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from seglearn.losses import cross_entropy_loss, dice_loss
from seglearn.models import FCN, ASPPNet, SegNet, UNet
from seglearn.training import MovingAverage, Recipe, class_weights, evaluate, fit, seed_everything, warmup_cosine
from seglearn.training.precision import computed, faster_precision, has_bfloat16

QUIET = {"device": "cpu", "progress": False}


def line(*weights):
    """A model y = w x, and nothing else."""
    model = nn.Linear(len(weights), 1, bias=False)
    model.weight.data = torch.tensor([weights])
    return model


def mean_output(outputs, _):
    return outputs.mean()


def problem(count=10, classes=3, seed=0):
    """Return images (count, 3, 8, 12) and masks that can be read off them."""
    images = torch.rand(count, 3, 8, 12, generator=torch.Generator().manual_seed(seed))
    return images, images.argmax(dim=1).clamp(max=classes - 1)


def unet(seed=1, classes=3):
    seed_everything(seed)
    return UNet(3, classes, widths=(4, 6), convs=1)


def fit_unet(recipe, batches, *, loss=cross_entropy_loss, epochs=2, val=None, **options):
    model = unet()
    history = fit(model, batches, val, loss=loss, epochs=epochs, recipe=recipe, **QUIET, **options)
    return model, history


def in_batches(size, count=10):
    images, masks = problem(count)
    return list(zip(images.split(size), masks.split(size), strict=True))


def weights_of(model):
    return torch.cat([weight.detach().flatten() for weight in model.parameters()])


# By hand


def test_a_step_is_clipped_to_the_length_asked_for():
    model = line(0.0, 0.0)  # the gradient is the input: (3, 4) has length 5 and becomes (0.6, 0.8)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    recipe = Recipe(clip_norm=1.0, warmup=None)
    fit(model, [(torch.tensor([[3.0, 4.0]]), None)], loss=mean_output, epochs=1, optimizer=optimizer, recipe=recipe)
    torch.testing.assert_close(model.weight.data, torch.tensor([[-0.6, -0.8]]))


def test_short_gradients_are_not_stretched():
    model = line(0.0, 0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    recipe = Recipe(clip_norm=10.0, warmup=None)
    fit(model, [(torch.tensor([[3.0, 4.0]]), None)], loss=mean_output, epochs=1, optimizer=optimizer, recipe=recipe)
    assert model.weight.tolist() == [[-3.0, -4.0]]


def test_the_average_by_hand():
    model = line(9.0)
    average = MovingAverage(model, decay=0.5)
    for w in (1.0, 2.0, 4.0):  # (0.25 * 1 + 0.5 * 2 + 1 * 4) / 1.75: the 9 from before learning never counts
        model.weight.data.fill_(w)
        average.update()
    assert average.weights[0].item() == pytest.approx(5.25 / 1.75)
    with average.in_the_model():
        assert model.weight.item() == pytest.approx(3.0)
    assert model.weight.item() == 4.0 and average.weights[0].item() == pytest.approx(3.0)


def test_the_average_is_what_is_judged_shown_and_returned():
    model = line(0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    judged, shown = [], []

    def score(model, _):
        judged.append(model.weight.item())
        return 0.0 if len(judged) < 2 else 1.0

    batches, recipe = [(torch.ones(1, 1), None)], Recipe(ema=0.5, warmup=None)
    options = {"score": score, "callbacks": [lambda moment: shown.append(moment.model.weight.item())], **QUIET}
    history = fit(
        model, batches, batches, loss=mean_output, epochs=2, optimizer=optimizer, recipe=recipe, **options
    )  # the weight walks 0, -1, -2
    averages = [-1.0, (-0.5 - 2) / 1.5]
    assert judged == pytest.approx(averages) and shown == pytest.approx([0.0, *averages])
    assert model.weight.item() == pytest.approx(averages[1]) == history.val_loss[1]


def test_patience_ends_a_training_that_does_not_improve():
    batches, scores = [(torch.ones(1, 1), None)], iter([0.5, 0.7, 0.6, 0.7, 0.9])
    model = line(0.0)
    recipe = Recipe(patience=2, warmup=None)
    history = fit(
        model, batches, batches, loss=mean_output, epochs=5, recipe=recipe, score=lambda *_: next(scores), **QUIET
    )
    assert history.score == [0.5, 0.7, 0.6, 0.7] and history.best_epoch == 2 and history.stopped_early
    assert str(history).endswith("stopped early: nothing was better than epoch 2")


def test_the_default_recipe_warms_up_and_cools_down_step_by_step():
    model, rates = line(0.0), []
    optimizer = torch.optim.SGD(model.parameters(), lr=2.0)
    optimizer.register_step_pre_hook(lambda *_: rates.append(optimizer.param_groups[0]["lr"]))
    fit(
        model, [(torch.ones(1, 1), None)] * 5, loss=mean_output, epochs=2, optimizer=optimizer, recipe=Recipe(), **QUIET
    )
    assert rates == pytest.approx([2.0] + [1 + math.cos(math.pi * t / 9) for t in range(9)])  # one tenth of ten steps


def test_class_weights_by_hand():
    counts = torch.tensor([75, 20, 5, 0])
    assert class_weights(counts).tolist() == pytest.approx([100 / (4 * 75), 100 / (4 * 20), 100 / (4 * 5), 0])
    roots = [math.sqrt(100 / (4 * n)) for n in (75, 20, 5)]
    assert class_weights(counts, rule="square root").tolist() == pytest.approx([*roots, 0])
    assert class_weights(counts, rule="median frequency").tolist() == pytest.approx([20 / 75, 1, 4, 0])


# Equals the loop


def bare_loop(model, batches, loss, epochs, *, accumulate=1, clip_norm=None, ema=None, precision="float32"):
    """The same training, written down by somebody who has never seen `fit`."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.02)
    steps = epochs * math.ceil(len(batches) / accumulate)
    scheduler = warmup_cosine(optimizer, steps=steps, warmup=0.25)
    average, taken = None, 0
    for _ in range(epochs):
        model.train()
        for first in range(0, len(batches), accumulate):
            group = batches[first : first + accumulate]
            total = sum(len(images) for images, _ in group)
            optimizer.zero_grad()
            for images, masks in group:
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
                    logits = model(images)
                (loss(logits.float(), masks) * (len(images) / total)).backward()
            if clip_norm:
                nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
            optimizer.step()
            scheduler.step()
            taken += 1
            if ema:
                share = (1 - ema) / (1 - ema**taken)
                now = {name: weight.clone() for name, weight in model.state_dict().items()}
                average = {n: torch.lerp(average[n], now[n], share) for n in now} if average else now
    if average:
        model.load_state_dict(average)


@pytest.mark.parametrize(
    "options",
    [{}, {"clip_norm": 0.3}, {"accumulate": 3}, {"ema": 0.7}, {"precision": "bfloat16"},
     {"clip_norm": 0.3, "accumulate": 3, "ema": 0.7, "precision": "bfloat16"}],
    ids=lambda options: "-".join(options) or "plain",
)  # fmt: skip
def test_fit_equals_the_loop_in_the_open_to_the_last_bit(options):
    batches = in_batches(2)  # five batches: the last group of three is incomplete
    expected, start = unet(), weights_of(unet())
    bare_loop(expected, batches, cross_entropy_loss, 3, **options)
    recipe = Recipe(learning_rate=5e-3, weight_decay=0.02, warmup=0.25, **options)
    model, history = fit_unet(recipe, batches, epochs=3)
    assert torch.equal(weights_of(model), weights_of(expected))
    assert (weights_of(model) - start).abs().max() > 1e-3 and len(history) == 3


@pytest.mark.parametrize("sizes", [(2, 3), (2, 2, 1), (4, 1)], ids=str)
def test_accumulated_batches_equal_one_large_batch(sizes):
    images, masks = problem(count=5)
    parts = list(zip(images.split(sizes), masks.split(sizes), strict=True))
    recipe = {"learning_rate": 5e-3, "warmup": None}
    whole, _ = fit_unet(Recipe(**recipe), [(images, masks)], optimizer=None, epochs=3)
    parted, _ = fit_unet(Recipe(**recipe, accumulate=len(sizes)), parts, epochs=3)
    torch.testing.assert_close(weights_of(parted), weights_of(whole), rtol=1e-3, atol=1e-5)


def gradient_of_a_step(recipe, batches, loss):
    """Return the gradient that one epoch of one step has seen."""
    model = unet()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    before = weights_of(model)
    fit(model, batches, loss=loss, epochs=1, optimizer=optimizer, recipe=recipe, **QUIET)
    return before - weights_of(model)


def test_what_accumulation_cannot_equal_is_as_the_docstring_says():
    images, masks = problem(count=4)
    holes = masks.clone()
    holes[0, :, 1:] = 255  # few valid pixels in the first batch
    recipe, one = Recipe(warmup=None, accumulate=2), Recipe(warmup=None)

    def gap(loss, masks):
        parts = list(zip(images.split(2), masks.split(2), strict=True))
        parted, whole = (
            gradient_of_a_step(r, batches, loss) for r, batches in ((recipe, parts), (one, [(images, masks)]))
        )
        return ((parted - whole).norm() / whole.norm()).item()

    assert gap(cross_entropy_loss, masks) < 1e-4 < 0.01 < gap(cross_entropy_loss, holes)
    assert gap(dice_loss, masks) > 1e-3  # it pools over the batch: parts of a batch are another question


def test_inverse_weights_are_scikit_learns():
    from sklearn.utils.class_weight import compute_class_weight

    labels = torch.tensor([0] * 7 + [1] * 2 + [2] * 5)
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=labels.numpy())
    assert class_weights(labels.bincount()).tolist() == pytest.approx(theirs.tolist())


# Extremes


@pytest.mark.parametrize("net", [UNet, FCN, SegNet, ASPPNet])
def test_the_order_in_memory_changes_nothing_but_time(net):
    images, masks = problem(count=4)
    found = []
    for channels_last in (False, True):
        seed_everything(0)
        model = net(3, 3, widths=(4, 8, 12))
        recipe = Recipe(channels_last=channels_last)
        orders = set()
        model.register_forward_pre_hook(
            lambda _, args, orders=orders: orders.add(args[0].is_contiguous(memory_format=torch.channels_last))
        )
        history = fit(model, [(images, masks)], loss=cross_entropy_loss, epochs=2, recipe=recipe, **QUIET)
        assert orders == {channels_last}
        found.append((history.loss[-1], weights_of(model)))
    assert found[1][0] == pytest.approx(found[0][0], rel=1e-3)
    torch.testing.assert_close(found[1][1], found[0][1], rtol=1e-2, atol=3e-3)


def test_bfloat16_leaves_the_loss_and_the_weights_in_32_bits():
    kinds = []

    def loss(logits, masks):
        kinds.append((logits.dtype, torch.equal(logits, logits.bfloat16().float())))
        return cross_entropy_loss(logits, masks)

    batches = in_batches(5)
    model, history = fit_unet(Recipe(precision="bfloat16"), batches, loss=loss, epochs=1, val=batches)
    assert kinds == [(torch.float32, True)] * 2 + [(torch.float32, False)] * 2  # learned in 16 bits, judged in 32
    assert weights_of(model).dtype == torch.float32 and math.isfinite(history.val_loss[0])


@pytest.mark.parametrize("faster", ["float32", "bfloat16"])
def test_auto_takes_what_the_trial_on_the_first_batch_says(faster, monkeypatch):
    trials = []

    def trial(model, loss, inputs, targets):
        trials.append(inputs)
        return faster

    monkeypatch.setattr("seglearn.training.loop.faster_precision", trial)
    batches = in_batches(5)
    model, _ = fit_unet(Recipe(precision="auto"), batches)
    same, _ = fit_unet(Recipe(precision=faster), batches)
    other, _ = fit_unet(Recipe(precision={"float32": "bfloat16", "bfloat16": "float32"}[faster]), batches)
    assert len(trials) == 1 and torch.equal(trials[0], batches[0][0])
    assert torch.equal(weights_of(model), weights_of(same)) and not torch.equal(weights_of(model), weights_of(other))


def test_the_trial_believes_the_clock_and_leaves_everything_as_it_was(monkeypatch):
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3), nn.Dropout(0.5))
    before, chance = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    images, masks = problem(count=2)
    monkeypatch.setattr("seglearn.training.precision.has_bfloat16", lambda device: True)
    for seconds, expected in ((1.0, "float32"), (0.95, "float32"), (0.5, "bfloat16")):
        clock = iter([t for _ in range(3) for t in (0.0, 1.0, 0.0, seconds)])  # float32, bfloat16, three times
        monkeypatch.setattr("seglearn.training.precision._now", lambda device, clock=clock: next(clock))
        assert faster_precision(model, cross_entropy_loss, images, masks) == expected
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert torch.equal(chance, torch.get_rng_state()) and all(w.grad is None for w in model.parameters())
    monkeypatch.setattr("seglearn.training.precision.has_bfloat16", lambda device: False)
    assert faster_precision(model, cross_entropy_loss, images, masks) == "float32"


def test_a_trial_that_fails_chooses_32_bits_and_lets_the_real_step_tell():
    assert faster_precision(nn.Conv2d(3, 2, 1), cross_entropy_loss, torch.zeros(1, 3, 4, 5), None) == "float32"
    assert isinstance(has_bfloat16(torch.device("cpu")), bool)


def test_outputs_of_any_structure_come_back_in_32_bits():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, x):
            return {"a": self.layer(x), "n": [torch.ones(1).long(), "word"]}

    found = computed(Two(), torch.ones(1, 2), "bfloat16")
    assert found["a"].dtype == torch.float32 and found["n"][0].dtype == torch.int64 and found["n"][1] == "word"


def test_moving_statistics_are_averaged_and_counters_are_not():
    model = nn.BatchNorm1d(2)
    average = MovingAverage(model, decay=0.9)
    model.running_mean.fill_(5.0)
    model.num_batches_tracked.fill_(7)
    average.update()
    with average.in_the_model():
        assert model.running_mean.tolist() == [5.0, 5.0] and model.num_batches_tracked.item() == 7


def test_shared_weights_survive_the_exchange():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    average = MovingAverage(model, decay=0.5)
    average.update()
    raw = model[0].weight.detach().clone().add_(1)
    model[0].weight.data.copy_(raw)
    with average.in_the_model():
        torch.testing.assert_close(model[1].weight.data, raw - 1)
    assert torch.equal(model[1].weight.data, raw)


# What must not matter


def test_a_recipe_is_a_value():
    assert Recipe(ema=0.9) == Recipe(ema=0.9) != Recipe(ema=0.99)
    with pytest.raises(AttributeError):
        Recipe().ema = 0.5


def test_the_seed_governs_shuffling_and_dropout():
    images, masks = problem()
    batches = DataLoader(TensorDataset(images, masks), batch_size=3, shuffle=True)

    def train(seed, noise):
        seed_everything(0)
        model = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Dropout(0.5), nn.Conv2d(3, 3, 1))
        torch.rand(noise)  # chance stands elsewhere
        fit(model, batches, loss=cross_entropy_loss, epochs=2, recipe=Recipe(seed=seed), **QUIET)
        return weights_of(model)

    assert torch.equal(train(1, 3), train(1, 7)) and not torch.equal(train(1, 3), train(2, 3))


def test_deterministic_mode_ends_with_the_training():
    seen = []
    batches = in_batches(5)

    def loss(logits, masks):
        seen.append(torch.are_deterministic_algorithms_enabled())
        return cross_entropy_loss(logits, masks)

    fit_unet(Recipe(deterministic=True), batches, loss=loss, epochs=1)
    assert seen == [True, True] and not torch.are_deterministic_algorithms_enabled()
    with pytest.raises(ZeroDivisionError):
        fit_unet(Recipe(deterministic=True), batches, loss=lambda *_: 1 / 0, epochs=1)
    assert not torch.are_deterministic_algorithms_enabled()


def test_every_epoch_is_told_to_the_data():
    told = []

    class Data(TensorDataset):
        def set_epoch(self, epoch):
            told.append(epoch)

    fit_unet(Recipe(), DataLoader(Data(*problem(4)), batch_size=2), epochs=3)
    assert told == [0, 1, 2]


def test_a_unet_learns_by_heart_with_everything_switched_on():
    """Not a claim about quality: options that work alone must work together."""
    images, masks = problem(count=4)
    batches = list(zip(images.split(1), masks.split(1), strict=True))
    recipe = Recipe(
        learning_rate=2e-2, clip_norm=1.0, accumulate=2, precision="bfloat16", channels_last=True, ema=0.9, seed=0
    )
    seed_everything(0)
    model = UNet(3, 3, widths=(8, 16), convs=1)
    fit(model, batches, loss=cross_entropy_loss, epochs=60, recipe=recipe, **QUIET)
    confusion = evaluate(model, batches, 3)
    assert confusion.diagonal().sum() > 0.9 * confusion.sum()


# Errors


@pytest.mark.parametrize(
    ["options", "told"],
    [
        ({"learning_rate": 0}, "Recipe: learning_rate must be a positive number, got 0."),
        ({"learning_rate": "1e-3"}, "Recipe: learning_rate must be a positive number, got '1e-3'."),
        ({"learning_rate": math.nan}, "Recipe: learning_rate must be a positive number, got nan."),
        ({"weight_decay": -1}, "Recipe: weight_decay must be 0 or a positive number, got -1."),
        ({"warmup": 1}, "Recipe: warmup must be None or a share of the steps in [0, 1), got 1."),
        ({"clip_norm": 0}, "Recipe: clip_norm must be None or a positive number, got 0."),
        ({"accumulate": 0}, "Recipe: accumulate must be a whole number of batches, 1 or more, got 0."),
        ({"accumulate": 2.0}, "Recipe: accumulate must be a whole number of batches, 1 or more, got 2.0."),
        ({"precision": "float16"}, "Recipe: precision must be one of float32, bfloat16, auto, got 'float16'."),
        ({"ema": 1.0}, "Recipe: ema must be None or a decay between 0 and 1, such as 0.99, got 1.0."),
        ({"patience": 0}, "Recipe: patience must be None or a whole number of epochs, 1 or more, got 0."),
        ({"seed": 0.5}, "Recipe: seed must be None or a whole number, got 0.5."),
        ({"deterministic": True, "precision": "auto"}, "Recipe: deterministic must know the precision"),
    ],
    ids=lambda value: "-".join(map(str, value)) if isinstance(value, dict) else "",
)
def test_a_recipe_refuses_what_makes_no_sense(options, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        Recipe(**options)


@pytest.mark.parametrize(
    ["recipe", "handed", "told"],
    [
        (Recipe(learning_rate=0.1), ["optimizer"], "fit: learning_rate=0.1 of the recipe would not be used"),
        (Recipe(weight_decay=0.1), ["optimizer"], "fit: weight_decay=0.1 of the recipe would not be used"),
        (Recipe(warmup=0.3), ["optimizer", "scheduler"], "fit: warmup=0.3 of the recipe would not be used"),
        (None, ["scheduler"], "fit: the scheduler steers another optimizer than the one that learns."),
    ],
    ids=["rate", "decay", "warmup", "scheduler-alone"],
)
def test_a_number_that_nobody_would_use_is_refused(recipe, handed, told):
    model = line(0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    tools = {"optimizer": optimizer, "scheduler": warmup_cosine(optimizer, steps=2)}
    handed = {name: tools[name] for name in handed}
    with pytest.raises(ValueError, match=re.escape(told)):
        fit(model, [(torch.ones(1, 1), None)], loss=mean_output, epochs=1, recipe=recipe, **handed, **QUIET)


@pytest.mark.parametrize(
    ["counts", "error", "told"],
    [
        (torch.tensor([0.5, 0.5]), TypeError, "class_weights: counts must be integers, got torch.float32."),
        (torch.tensor([3, -1]), ValueError, "class_weights: counts must be 0 or more"),
        (torch.tensor([0, 0]), ValueError, "with a pixel somewhere, got [0, 0]"),
        (torch.zeros(2, 2).long(), ValueError, "class_weights: counts must have shape (K)"),
    ],
    ids=["shares", "negative", "nothing", "matrix"],
)
def test_class_weights_refuse_what_is_no_count(counts, error, told):
    with pytest.raises(error, match=re.escape(told)):
        class_weights(counts)
    with pytest.raises(ValueError, match="class_weights: rule must be one of inverse, square root, median frequency"):
        class_weights(torch.tensor([1]), rule="log")
