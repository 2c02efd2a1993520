"""What went wrong in a step, in one sentence: where, why, and the way out."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from seglearn.checks import check_labels
from seglearn.labels import IGNORE
from seglearn.training.recipe import Recipe

NO_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")  # in the words of GPUs, Linux and Windows


def check_call(train: Any, val: Any, epochs: int, score: Any, recipe: Recipe | None) -> None:
    """Raise if a training cannot even begin.

    Raises:
        ValueError: no epochs; a generator, which can be gone through only once; or something that wants validation
            batches, and there are none.
    """
    if epochs < 1:
        raise ValueError(f"fit: epochs must be at least 1, got {epochs}.")
    for name, batches in (("train", train), ("val", val)):
        if isinstance(batches, Iterator) and (epochs > 1 or (name == "val" and score is not None)):
            raise ValueError(
                f"fit: {name} can be gone through only once (it is a {type(batches).__name__}), and is needed again "
                f"and again. Use list({name}), or a DataLoader."
            )
    if val is None and (score is not None or (recipe and recipe.patience is not None)):
        wish = "score" if score is not None else "patience"
        raise ValueError(f"fit: {wish} needs validation batches, and there are none. Use fit(model, train, val, ...).")


def none_left(name: str, epoch: int) -> ValueError:
    """Return the error for a loader without a batch."""
    when = "" if epoch == 1 else f" in epoch {epoch}"
    why = "Is the data set empty, or used up?"
    if epoch > 1:
        why = f"It is used up after the first time. Use list({name}), or a DataLoader."
    return ValueError(f"fit: {name} must yield at least one batch, got none{when}. {why}")


def check_loss(value: Any) -> None:
    """Raise unless the loss is one number with a gradient.

    Raises:
        TypeError: not a tensor.
        ValueError: more than one number, or a number that does not depend on the weights.
    """
    if not isinstance(value, Tensor):
        raise TypeError(
            f"loss must return a tensor with one number, got {type(value).__name__}. A number taken out with .item() "
            "has no gradient."
        )
    if value.numel() != 1:
        raise ValueError(
            f"loss must return one number, got shape {tuple(value.shape)}. Use its mean: loss(...).mean()."
        )
    if not value.requires_grad:
        raise ValueError(
            "loss must depend on the weights, and no gradient flows back from it. Is there a .detach(), an argmax or a "
            "no_grad() in the model or in the loss?"
        )


def check_finite(number: float, place: str, inputs: Any, outputs: Any, model: nn.Module, optimizer: Optimizer) -> None:
    """Raise for a loss that is NaN or infinite, and blame the first that is not in order: inputs, weights, outputs.

    Raises:
        FloatingPointError: it is.
    """
    if math.isfinite(number):
        return
    rate = max(group["lr"] for group in optimizer.param_groups)
    largest = max((float(t.abs().max()) for t in _floats(outputs) if t.numel()), default=0.0)
    calmer = f"Try a smaller learning rate (it is {rate:.3g}), or Recipe(clip_norm=1.0)."
    if not _finite(inputs):
        why = "The inputs of this batch hold NaN or infinity: look at the data."
    elif not _finite(list(model.parameters())):
        why = f"The step before has thrown the weights off. {calmer}"
    elif not largest <= 1e4:
        why = f"The largest output of the model is {largest:.3g}. {calmer}"
    else:
        why = (
            f"The outputs are in order (the largest is {largest:.3g}), so look at the loss: a logarithm of 0, a mean "
            f"over nothing? {calmer}"
        )
    raise FloatingPointError(f"fit: the loss must be finite, got {number} at {place}. {why}")


def check_gradients(length: Tensor, place: str) -> None:
    """Raise before a step with gradients that are NaN or infinite.

    Raises:
        FloatingPointError: they are.
    """
    if not length.isfinite():
        raise FloatingPointError(
            f"fit: the gradients must be finite, their length is {length.item()} at {place}. The loss itself is "
            "finite: does it take a root or a logarithm of 0 on the way?"
        )


def check_weights(model: nn.Module, epoch: int) -> None:
    """Raise at the end of an epoch whose last step has ruined the weights.

    Raises:
        FloatingPointError: a weight is NaN or infinite.
    """
    if not _finite(list(model.parameters())):
        raise FloatingPointError(
            f"fit: the weights must be finite, and are not after epoch {epoch}. Try a smaller learning rate, or "
            "Recipe(clip_norm=1.0)."
        )


@contextmanager
def explained(place: str, batch: dict[str, Any]) -> Iterator[None]:
    """Let an error inside say where it happened, and why. `batch` has inputs, targets and, once they exist, outputs."""
    try:
        yield
    except Exception as error:
        told = explain(error, place, batch["inputs"], batch.get("outputs"), batch["targets"])
        if told is error:
            raise
        raise told from told.__cause__


def explain(error: Exception, place: str, inputs: Any, outputs: Any, targets: Any) -> Exception:
    """Return the error in the learner's words, or the same error with the batch named."""
    if str(error).startswith("fit: "):
        return error
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(words in text for words in NO_MEMORY):
        error.__traceback__ = None  # it holds the frames, and the frames hold the memory
        return torch.OutOfMemoryError(
            f"fit: out of memory at {place}, with inputs of shape {_shape(inputs)}. Halve the batch and set "
            "Recipe(accumulate=2), which makes the same step from two halves, or make the images smaller."
        )
    if "deterministic" in text and isinstance(error, RuntimeError):
        return RuntimeError(
            f"fit: {str(error).split(' ')[0]} has no deterministic version on this device (at {place}). Use "
            "Recipe(deterministic=False), or another layer."
        )
    found = _wrong_shape(outputs, targets, inputs) or _strange_labels(error, outputs, targets)
    if found:
        told = ValueError(f"fit: {place}: {found}")
        told.__cause__ = error
        return told
    if type(error) in (ValueError, TypeError):
        error.args = (f"fit: {place}: {error}",)
    else:
        error.add_note(f"fit: this happened at {place}.")
    return error


def _wrong_shape(outputs: Any, targets: Any, inputs: Any) -> str:
    """Return what does not fit between class scores (N, K, ...) and integer labels (N, ...), or nothing."""
    if isinstance(outputs, dict) and isinstance(targets, Tensor):
        return (
            f"the model returns a dictionary with {list(outputs)}, the loss wants a tensor. Choose inside the loss: "
            f"lambda outputs, masks: loss(outputs[{next(iter(outputs), 'out')!r}], masks)."
        )
    if not isinstance(outputs, Tensor) or not isinstance(targets, Tensor) or targets.is_floating_point():
        return ""
    if (*outputs.shape[:1], *outputs.shape[2:]) == tuple(targets.shape):
        return ""
    said = (
        f"the model turned inputs {_shape(inputs)} into outputs {tuple(outputs.shape)}, and the targets are "
        f"{tuple(targets.shape)}; logits (N, K, H, W) belong to masks (N, H, W). "
    )
    if targets.dim() == outputs.dim() > 1 and targets.shape[1] == 1:
        return said + "Use masks.squeeze(1)."
    if targets.dim() + 1 == outputs.dim():
        return said + "Let the model end with as many rows and columns as the mask has."
    return said + "Give the outputs one channel for each class."


def _strange_labels(error: Exception, outputs: Any, targets: Any) -> str:
    """Return which labels are outside 0..K-1, or nothing."""
    if not isinstance(outputs, Tensor) or not isinstance(targets, Tensor) or targets.is_floating_point():
        return ""
    if not isinstance(error, IndexError) and all(word not in str(error) for word in ("labels", "device-side assert")):
        return ""
    classes = outputs.shape[1] if outputs.dim() > 1 else 0
    try:
        check_labels("", classes, ignore=IGNORE, targets=targets)
    except (ValueError, TypeError) as found:
        return str(found).removeprefix(": ")
    if isinstance(error, IndexError) and (targets == IGNORE).any():
        return (
            f"the targets hold {IGNORE}, which marks pixels without a label, and this loss does not know. Use the "
            f"losses of seglearn.losses, or ignore_index={IGNORE}."
        )
    return ""


def _floats(thing: Any) -> list[Tensor]:
    """Return the floating point tensors inside lists, tuples and dictionaries."""
    if isinstance(thing, Tensor):
        return [thing.detach()] if thing.is_floating_point() else []
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list | tuple) else ()
    return [tensor for part in parts for tensor in _floats(part)]


def _finite(thing: Any) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in _floats(thing))


def _shape(inputs: Any) -> str:
    return str(tuple(inputs.shape)) if isinstance(inputs, Tensor) else f"a {type(inputs).__name__}"
