"""The loop: show a batch, measure the loss, walk downhill, look at the score."""

import copy
import itertools
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from seglearn.data.augmentation import set_epoch
from seglearn.training.alarms import (
    check_call,
    check_finite,
    check_gradients,
    check_loss,
    check_weights,
    explained,
    none_left,
)
from seglearn.training.averaging import averaged
from seglearn.training.chance import set_chance
from seglearn.training.devices import deterministic, seed_everything
from seglearn.training.evaluation import looking
from seglearn.training.history import History
from seglearn.training.precision import computed, each_tensor, faster_precision
from seglearn.training.recipe import Recipe
from seglearn.training.resuming import keep, resume
from seglearn.training.stopping import out_of_patience
from seglearn.training.tools import Tools, make_tools

Batches = Iterable[tuple[Any, Any]]  # (inputs, targets), for as many epochs as we ask: a list or a DataLoader
Score = Callable[[nn.Module, Batches], float | Mapping[str, float]]


@dataclass(frozen=True)
class Moment:
    """What a callback is handed: once before learning, when the history is empty, and after every epoch."""

    model: nn.Module
    history: History
    epochs: int  # how many are planned


Callback = Callable[[Moment], None]


def fit(
    model: nn.Module,
    train: Batches,
    val: Batches | None = None,
    *,
    loss: Callable[[Any, Any], Tensor],
    epochs: int,
    recipe: Recipe | None = None,
    optimizer: Optimizer | None = None,
    scheduler: LRScheduler | None = None,
    device: torch.device | str | None = None,
    callbacks: Sequence[Callback] = (),
    score: Score | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> History:
    """Train the model and return the diary. The model is left with the weights of its best epoch.

    Best is the highest score on `val`, else the lowest loss on `val`, else the last epoch. Stopping the cell (■)
    is allowed at any time: the diary so far comes back with `interrupted=True`, the model with its best weights so far.
    After an error the model has them too, and the diary is the error's `.history`.

    Args:
        model: anything with `loss(model(inputs), targets)`: a segmenter, a classifier, a detector.
        train: pairs (inputs, targets), gone through once per epoch.
        val: the same, never learned from.
        loss: `loss(outputs, targets)` -> scalar.
        epochs: how many times to go through `train`.
        recipe: how to learn; without one AdamW at a constant rate of 1e-3.
        optimizer: instead of the recipe's AdamW.
        scheduler: instead of the recipe's warm-up and cosine; stepped after every step of the optimizer.
        device: where to compute; the best there is if none is given.
        callbacks: called with a `Moment` before the first epoch and after every epoch.
        score: `score(model, val)` -> number, large is good; or a dictionary of named numbers: the first judges.
        checkpoint: a file, written after every epoch. Where it is there already, the training goes on from it, and ends
            with the numbers that it would have had without the break.
        progress: show a bar with the loss, the score and the time left.

    With a moving average (`Recipe(ema=...)`) the averaged weights are judged, shown to callbacks and returned.
    With `Recipe(accumulate=...)` a step equals that of one large batch if the loss is a mean over the inputs, or over
    pixels and every batch has equally many valid ones per input. Other losses (means over unequal numbers of valid
    pixels, Dice pooled over a batch) are averaged over the batches of a step, weighed by their numbers of inputs.

    Raises:
        ValueError: `train` or `val` is empty or used up, `epochs` is less than 1, nothing can learn, shapes or labels
            do not fit, two arguments contradict each other, or the checkpoint is damaged or another training's.
        FloatingPointError: the loss or the gradients are NaN or infinite.
        torch.OutOfMemoryError: the batch is too large for the device.
    """
    check_call(train, val, epochs, score, recipe)
    tools = make_tools(model, train, epochs, recipe, loss, optimizer, scheduler, device)
    history, loaders = History(), [train, val]
    moment = Moment(model, history, epochs)
    saved = resume(checkpoint, model, tools, history, epochs, loaders) if checkpoint is not None else None
    with averaged(tools.average):
        _tell(callbacks, moment)
    if saved is not None:
        set_chance(saved.chance, loaders)  # after the callbacks, which may have drawn
    elif tools.recipe.seed is not None:
        seed_everything(tools.recipe.seed)
    start = time.perf_counter() - (history.elapsed_s[-1] if history else 0)
    bar = _progress_bar(train, epochs, len(history), shown=progress)
    with deterministic(tools.recipe.deterministic, tools.device), _ending_well(model, history, bar):
        while len(history) < epochs and not history.stopped_early:
            bar.set_description(f"epoch {len(history) + 1}/{epochs}", refresh=False)
            set_epoch(train, len(history))  # other augmentations in every epoch, and the same after a break
            trained = _train_epoch(model, train, tools, len(history) + 1, bar)
            with averaged(tools.average):  # what is judged, kept and shown
                judged = _judge(model, val, tools, score, len(history) + 1)
                history.add(loss=trained, **judged, elapsed_s=time.perf_counter() - start)
                _keep_if_best(history, model)
                history.stopped_early = out_of_patience(history, tools.recipe.patience)
                bar.set_postfix(_latest(history))
                _tell(callbacks, moment)
            if checkpoint is not None:
                keep(checkpoint, model, tools, history, epochs, loaders)
    return history


def _train_epoch(model: nn.Module, train: Batches, tools: Tools, epoch: int, bar: tqdm) -> float:
    """Take a step per group of batches; return the mean loss over the batches, each weighed by its number of inputs."""
    model.train()
    total = count = batch = 0
    for group in _groups(train, tools.recipe.accumulate):
        sizes = [_size(inputs) for inputs, _ in group]
        tools.optimizer.zero_grad()
        for (inputs, targets), size in zip(group, sizes, strict=True):
            batch += 1
            share = size / max(sum(sizes), 1)  # of this batch in the step
            number = _learn_from(inputs, targets, share, model, tools, f"batch {batch} of epoch {epoch}")
            total, count = total + number * size, count + size
            bar.update()
            bar.set_postfix(loss=f"{total / max(count, 1):.3f}", refresh=False)
        with explained(f"batch {batch} of epoch {epoch}", {"inputs": inputs, "targets": None}):
            _step(model, tools, f"batch {batch} of epoch {epoch}")
    if not batch:
        raise none_left("train", epoch)
    check_weights(model, epoch)
    return total / max(count, 1)


def _learn_from(inputs: Any, targets: Any, share: float, model: nn.Module, tools: Tools, place: str) -> float:
    """Add the gradient of one batch, times its share in the step; return its loss."""
    batch = {"inputs": inputs, "targets": targets}
    with explained(place, batch):
        x, y = _moved(inputs, tools), _moved(targets, tools)
        if tools.precision == "auto":
            tools.precision = faster_precision(model, tools.loss, x, y)
        batch["outputs"] = outputs = computed(model, x, tools.precision)
        value = tools.loss(outputs, y)
        check_loss(value)
        number = value.item()
        check_finite(number, place, x, outputs, model, tools.optimizer)
        (value * share).backward()
    return number


def _step(model: nn.Module, tools: Tools, place: str) -> None:
    """Walk downhill, once."""
    if tools.recipe.clip_norm is not None:
        length = nn.utils.clip_grad_norm_(model.parameters(), tools.recipe.clip_norm)
        check_gradients(length, place)
    tools.optimizer.step()
    if tools.scheduler is not None:
        tools.scheduler.step()
    if tools.average is not None:
        tools.average.update()


def _judge(model: nn.Module, val: Batches | None, tools: Tools, score: Score | None, epoch: int) -> dict[str, Any]:
    """Return the mean loss over the validation batches and the score, in 32 bits: as anybody will find them later."""
    if val is None:
        return {"val_loss": math.nan, "score": math.nan}
    total = count = 0.0
    with looking(model):
        for number, (inputs, targets) in enumerate(val, start=1):
            batch = {"inputs": inputs, "targets": targets}
            with explained(f"validation batch {number} of epoch {epoch}", batch):
                batch["outputs"] = outputs = model(_moved(inputs, tools))
                value = tools.loss(outputs, _moved(targets, tools)).item()
            total, count = total + value * _size(inputs), count + _size(inputs)
    if not count:
        raise none_left("val", epoch)
    return {"val_loss": total / count, "score": score(model, val) if score else math.nan}


def _keep_if_best(history: History, model: nn.Module) -> None:
    latest = len(history) - 1
    if history.best_epoch == 0 or history.quality(latest) > history.quality(history.best_epoch - 1):
        history.best_epoch = history.epoch[latest]
        history.best_weights = copy.deepcopy(model.state_dict())


@contextmanager
def _ending_well(model: nn.Module, history: History, bar: tqdm) -> Iterator[None]:
    """An interrupt ends the training, an error carries the diary, and the best weights are in the model anyway."""
    try:
        yield
    except KeyboardInterrupt:
        history.interrupted = True
    except Exception as error:
        error.history = history
        raise
    finally:
        bar.close()
        if history.best_weights is not None:
            model.load_state_dict(history.best_weights)


def _tell(callbacks: Sequence[Callback], moment: Moment) -> None:
    for callback in callbacks:
        callback(moment)


def _progress_bar(train: Batches, epochs: int, done: int, *, shown: bool) -> tqdm:
    batches = len(train) if hasattr(train, "__len__") else None
    total, initial = (batches and epochs * batches), (batches or 0) * done
    options = {"file": sys.stdout, "unit": "batch", "dynamic_ncols": True, "mininterval": 0.5}
    return tqdm(total=total, initial=initial, disable=not shown, **options)


def _latest(history: History) -> dict[str, str]:
    latest = {"loss": history.loss[-1], "val_loss": history.val_loss[-1], "score": history.score[-1]}
    return {name: f"{value:.3f}" for name, value in latest.items() if not math.isnan(value)}


def _groups(batches: Batches, size: int) -> Iterator[list[tuple[Any, Any]]]:
    """Yield the batches in lists of `size`; the last may be shorter."""
    rest = iter(batches)
    while group := list(itertools.islice(rest, size)):
        yield group


def _size(inputs: Any) -> int:
    """Return how many inputs there are: of a dictionary, in its first entry."""
    return len(next(iter(inputs.values()))) if isinstance(inputs, dict) and inputs else len(inputs)


def _moved(thing: Any, tools: Tools) -> Any:
    """Return tensors on the device of the tools, images in the order of the recipe."""
    last = torch.channels_last if tools.recipe.channels_last else torch.preserve_format
    return each_tensor(
        lambda t: t.to(tools.device, memory_format=last if t.dim() == 4 else torch.preserve_format), thing
    )
