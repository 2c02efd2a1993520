"""What stops a training says where, why, and the way out; the diary and the best weights are kept."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seglearn.losses import cross_entropy_loss
from seglearn.training import Recipe, fit

QUIET = {"device": "cpu", "progress": False}


def batch(n=2, classes=3, size=(5, 7)):
    return torch.rand(n, 3, *size), torch.randint(classes, (n, *size))


def fit_small(train=None, val=None, *, model=None, loss=cross_entropy_loss, epochs=2, **options):
    model = model or nn.Conv2d(3, 3, 1)
    return fit(model, [batch()] if train is None else train, val, loss=loss, epochs=epochs, **{**QUIET, **options})


def stopped(error, told, *args, **options):
    """Train, expect the error with exactly one sentence of ours, and return it."""
    with pytest.raises(error, match=re.escape(told)) as caught:
        fit_small(*args, **options)
    assert str(caught.value).startswith("fit: ") and "\n" not in str(caught.value)
    return caught.value


class Walk(nn.Module):
    """y = w·x with w = 0, whose weight walks down by 1 per epoch, so that every epoch is known."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.0))

    def forward(self, x):
        return self.w * x


def walk(loss, *, epochs=9, batches=1, **options):
    """Train a Walk with the loss and return model and error; the best score is that of epoch 2."""
    model = Walk()
    data = [(torch.ones(1), None)] * batches
    options = {"optimizer": torch.optim.SGD(model.parameters(), lr=1.0)} | options
    with pytest.raises(Exception) as caught:
        fit(model, data, data, loss=loss, epochs=epochs, score=lambda m, _: -abs(m.w.item() + 2), **options, **QUIET)
    return model, caught.value


def in_the_fourth_epoch(happening):
    """Return a loss that is the mean until the fourth training step."""
    steps = []

    def loss(outputs, _):
        steps.extend([1] * outputs.requires_grad)
        return happening(outputs) if len(steps) == 4 else outputs.mean()

    return loss


def raising(error):
    def happening(_):
        raise error

    return happening


# Whatever stops it: the diary is on the error, the best weights are in the model


@pytest.mark.parametrize(
    "happening",
    [
        lambda outputs: outputs.mean() * math.nan,
        raising(torch.OutOfMemoryError("CUDA out of memory.")),
        raising(ValueError("something else")),
        raising(ZeroDivisionError("something else")),
    ],
    ids=["nan", "memory", "value", "other"],
)
def test_an_error_carries_the_diary_and_leaves_the_best_weights(happening):
    model, error = walk(in_the_fourth_epoch(happening))
    assert error.history.epoch == [1, 2, 3] and error.history.best_epoch == 2 and model.w.item() == -2
    assert "batch 1 of epoch 4" in str(error) + "".join(getattr(error, "__notes__", []))


# Memory


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4000000000000000 bytes."),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)"),
        MemoryError(),
    ],
    ids=["cuda", "linux", "windows", "apple", "python"],
)
def test_out_of_memory_says_how_to_make_the_same_step_from_halves(error):
    told = "fit: out of memory at batch 1 of epoch 1, with inputs of shape (2, 3, 5, 7). Halve the batch and set "
    found = stopped(torch.OutOfMemoryError, told + "Recipe(accumulate=2)", loss=lambda *_: raising(error)(None))
    assert found.__suppress_context__ and found.__context__.__traceback__ is None  # no frame holds the memory


def test_a_real_allocation_that_fails_is_recognized():
    def loss(outputs, _):
        return outputs.mean() + torch.empty(10**15).mean()

    stopped(torch.OutOfMemoryError, "fit: out of memory at batch 1 of epoch 1", loss=loss)


def test_out_of_memory_in_the_step_is_told_too():
    model = nn.Conv2d(3, 3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(lambda *_: raising(MemoryError())(None))  # as Adam, for its moments
    told = "fit: out of memory at batch 1 of epoch 1, with inputs of shape (2, 3, 5, 7)."
    stopped(torch.OutOfMemoryError, told, model=model, optimizer=optimizer)


def test_out_of_memory_in_validation_names_it():
    big = (torch.rand(9, 3, 5, 7), torch.zeros(9, 5, 7).long())

    def loss(outputs, masks):
        return raising(MemoryError())(None) if len(outputs) == 9 else cross_entropy_loss(outputs, masks)

    told = "fit: out of memory at validation batch 2 of epoch 1, with inputs of shape (9, 3, 5, 7)."
    stopped(torch.OutOfMemoryError, told, val=[batch(), big], loss=loss)


# Numbers that are none


def test_a_rate_that_is_too_high_is_named_with_the_first_bad_batch():
    model = Walk()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e20)
    data = [(torch.ones(1), None)] * 9

    def loss(outputs, _):
        return (outputs - 1).square().mean()

    told = (
        "fit: the loss must be finite, got inf at batch 2 of epoch 1. The largest output of the model is 2e+20. Try a"
    )
    told += " smaller learning rate (it is 1e+20), or Recipe(clip_norm=1.0)."
    stopped(FloatingPointError, told, data, model=model, optimizer=optimizer, loss=loss)


def test_bad_inputs_are_blamed_before_the_rate():
    images, masks = batch()
    images[1, 2, 3, 4] = math.nan
    told = "got nan at batch 2 of epoch 1. The inputs of this batch hold NaN or infinity: look at the data."
    stopped(FloatingPointError, told, [batch(), (images, masks)])


def test_a_loss_that_makes_nan_of_good_outputs_is_blamed_itself():
    told = "got nan at batch 1 of epoch 1. The outputs are in order (the largest is "
    found = stopped(FloatingPointError, told, loss=lambda outputs, _: (outputs.mean() * 0 - 1).log())
    assert "so look at the loss: a logarithm of 0, a mean over nothing?" in str(found)


def test_weights_thrown_off_by_the_step_before_are_blamed():
    # the gradient of a root at 0 is infinite, the loss is not
    told = "got nan at batch 2 of epoch 1. The step before has thrown the weights off."
    optimizer_of = {"loss": lambda outputs, _: (outputs * 0).sum().sqrt(), "train": [batch(), batch()]}
    stopped(FloatingPointError, told, **optimizer_of)


def test_bad_gradients_are_seen_before_the_step_where_they_are_clipped():
    model = nn.Conv2d(3, 3, 1)
    before = model.weight.clone()
    told = "fit: the gradients must be finite, their length is nan at batch 1 of epoch 1. The loss itself is finite:"
    options = {"model": model, "recipe": Recipe(clip_norm=1.0)}
    stopped(FloatingPointError, told, loss=lambda outputs, _: (outputs * 0).sum().sqrt(), **options)
    assert torch.equal(model.weight, before)


def test_the_last_step_of_an_epoch_is_looked_at_too():
    told = "fit: the weights must be finite, and are not after epoch 1. Try a smaller learning rate"
    stopped(FloatingPointError, told, loss=lambda outputs, _: (outputs * 0).sum().sqrt(), epochs=1)


# Batches


def test_an_empty_loader_is_refused_wherever_it_is():
    stopped(ValueError, "fit: train must yield at least one batch, got none. Is the data set empty, or used up?", [])
    stopped(ValueError, "fit: val must yield at least one batch, got none. Is the data set empty, or used up?", val=[])


@pytest.mark.parametrize("name", ["train", "val"])
def test_a_generator_is_refused_before_it_is_used_up(name):
    taken = []

    def generate():
        taken.append(1)
        yield batch()

    told = f"fit: {name} can be gone through only once (it is a generator), and is needed again and again. Use "
    with pytest.raises(ValueError, match=re.escape(told + f"list({name}), or a DataLoader.")):
        fit_small(**{name: generate()})
    assert not taken


def test_for_one_epoch_a_generator_is_enough():
    assert len(fit_small((batch() for _ in range(2)), (batch() for _ in range(2)), epochs=1)) == 1


def test_a_loader_that_is_secretly_used_up_is_seen_in_the_second_epoch():
    class Once:
        def __init__(self):
            self.rest = iter([batch()])

        def __iter__(self):
            return self.rest

    told = "fit: train must yield at least one batch, got none in epoch 2. It is used up after the first time. Use "
    assert len(stopped(ValueError, told + "list(train), or a DataLoader.", Once()).history) == 1


# Labels and shapes


@pytest.mark.parametrize("loss", [cross_entropy_loss, F.cross_entropy], ids=["ours", "torch"])
def test_a_label_out_of_range_is_named_with_its_batch(loss):
    images, masks = batch()
    masks[1, 2, 3], masks[0, 0, 0] = 7, 3
    told = "fit: batch 2 of epoch 1: "
    found = stopped(ValueError, told, [batch(), (images, masks)], loss=loss)
    assert "must hold labels 0..2 or 255 (ignored), got [3, 7]. Is the number of classes right (it is 3)" in str(found)


def test_a_label_out_of_range_in_validation_is_named_too():
    images, masks = batch()
    masks[1, 2, 3] = 7
    stopped(ValueError, "fit: validation batch 2 of epoch 1: ", val=[batch(), (images, masks)])


def test_a_loss_that_does_not_know_255_is_named():
    images, masks = batch()
    masks[0] = 255
    told = "fit: batch 1 of epoch 1: the targets hold 255, which marks pixels without a label, and this loss does not"
    stopped(
        ValueError,
        told + " know. Use the losses of seglearn.losses, or ignore_index=255.",
        [(images, masks)],
        loss=F.cross_entropy,
    )


@pytest.mark.parametrize("loss", [cross_entropy_loss, F.cross_entropy], ids=["ours", "torch"])
def test_a_model_of_the_wrong_shape_is_shown_with_both_shapes(loss):
    told = (
        "the model turned inputs (2, 3, 5, 7) into outputs (2, 3, 2, 3), and the targets are (2, 5, 7); logits (N, K, "
    )
    told += "H, W) belong to masks (N, H, W). Let the model end with as many rows and columns as the mask has."
    stopped(ValueError, told, model=nn.Conv2d(3, 3, 2, stride=2), loss=loss)


def test_a_mask_with_a_spare_axis_is_told_how_to_lose_it():
    images, masks = batch()
    told = "targets are (2, 1, 5, 7); logits (N, K, H, W) belong to masks (N, H, W). Use masks.squeeze(1)."
    stopped(ValueError, told, [(images, masks[:, None])])


def test_a_model_without_classes_is_told_so():
    model = nn.Sequential(nn.Conv2d(3, 1, 1), nn.Flatten(1, 2))
    stopped(ValueError, "into outputs (2, 5, 7), and the targets are (2, 5, 7)", model=model)


def test_a_model_that_returns_a_dictionary_is_told_how_to_open_it():
    class Out(nn.Conv2d):
        def forward(self, x):
            return {"out": super().forward(x)}

    told = (
        "the model returns a dictionary with ['out'], the loss wants a tensor. Choose inside the loss: lambda outputs, "
    )
    stopped(ValueError, told + "masks: loss(outputs['out'], masks).", model=Out(3, 3, 1))


# Losses, weights, tools


@pytest.mark.parametrize(
    ["loss", "error", "told"],
    [
        (lambda z, m: F.cross_entropy(z, m, reduction="none"), ValueError, "must return one number, got shape (2, 5"),
        (lambda z, m: F.cross_entropy(z, m).item(), TypeError, "must return a tensor with one number, got float."),
        (lambda z, m: None, TypeError, "must return a tensor with one number, got NoneType."),
        (lambda z, m: (z.argmax(1) != m).float().mean(), ValueError, "must depend on the weights, and no gradient"),
    ],
    ids=["map", "item", "none", "argmax"],
)  # fmt: skip
def test_a_loss_must_be_one_number_with_a_gradient(loss, error, told):
    stopped(error, "fit: batch 1 of epoch 1: loss " + told, loss=loss)


def test_frozen_weights_cannot_learn():
    told = "fit: nothing can learn, every weight of the model is frozen (requires_grad=False) or there is none."
    stopped(ValueError, told, model=nn.Conv2d(3, 3, 1).requires_grad_(False))
    stopped(ValueError, told, model=nn.Identity())


def test_an_optimizer_of_another_model_is_noticed():
    optimizer = torch.optim.SGD(nn.Conv2d(3, 3, 1).parameters(), lr=0.1)
    stopped(ValueError, "fit: the optimizer moves none of this model's weights. Make it anew", optimizer=optimizer)


def test_half_frozen_models_learn_with_what_is_free():
    model = nn.Sequential(nn.Conv2d(3, 4, 1).requires_grad_(False), nn.Conv2d(4, 3, 1))
    before = [weight.clone() for weight in model.parameters()]
    fit_small(model=model)
    changed = [not torch.equal(a, b) for a, b in zip(model.parameters(), before, strict=True)]
    assert changed == [False, False, True, True]


@pytest.mark.parametrize(
    ["options", "wish"], [({"score": lambda *_: 1.0}, "score"), ({"recipe": Recipe(patience=3)}, "patience")]
)
def test_what_needs_validation_says_so(options, wish):
    stopped(ValueError, f"fit: {wish} needs validation batches, and there are none.", **options)


def test_a_cosine_needs_a_length():
    class Stream:
        def __iter__(self):
            return iter([batch()])

    stopped(
        ValueError,
        "fit: a cosine must know how many batches there are, and train has no length.",
        Stream(),
        recipe=Recipe(),
    )
    assert len(fit_small(Stream(), recipe=Recipe(warmup=None))) == 2


def test_what_has_no_deterministic_version_is_named():
    def loss(outputs, masks):
        raise RuntimeError(
            "max_unpool_forward does not have a deterministic implementation, but you set 'torch.use_deterministic..."
        )

    told = "fit: max_unpool_forward has no deterministic version on this device (at batch 1 of epoch 1). Use Recipe("
    stopped(RuntimeError, told, loss=loss, recipe=Recipe(deterministic=True))


def test_errors_of_others_keep_their_words_and_their_traceback():
    def loss(outputs, masks):
        return outputs.mean() * (1 / len(()))

    with pytest.raises(ZeroDivisionError) as caught:
        fit_small(loss=loss)
    assert caught.value.__notes__ == ["fit: this happened at batch 1 of epoch 1."]
    assert caught.traceback[-1].name == "loss"
