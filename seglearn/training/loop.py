"""The loop: show a batch, measure the loss, walk downhill, look at the score."""

import copy
import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm import tqdm

from seglearn.training.devices import best_device
from seglearn.training.evaluation import looking
from seglearn.training.history import History

Batches = Iterable[tuple[Any, Any]]  # (inputs, targets), for as many epochs as we ask: a list or a DataLoader


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
    optimizer: Optimizer | None = None,
    scheduler: LRScheduler | None = None,
    device: torch.device | str | None = None,
    callbacks: Sequence[Callback] = (),
    score: Callable[[nn.Module, Batches], float] | None = None,
    progress: bool = True,
) -> History:
    """Train the model and return the diary. The model is left with the weights of its best epoch.

    Best is the highest score on `val`, else the lowest loss on `val`, else the last epoch. Stopping the cell (■)
    is allowed at any time: the diary so far comes back with `interrupted=True`, the model with its best weights so far.

    Args:
        model: anything with `loss(model(inputs), targets)`: a segmenter, a classifier, a detector.
        train: pairs (inputs, targets), gone through once per epoch.
        val: the same, never learned from.
        loss: `loss(outputs, targets)` -> scalar.
        epochs: how many times to go through `train`.
        optimizer: AdamW with a learning rate of 1e-3 if none is given.
        scheduler: stepped after every batch.
        device: where to compute; the best there is if none is given.
        callbacks: called with a `Moment` before the first epoch and after every epoch.
        score: `score(model, val)` -> number, large is good.
        progress: show a bar with the loss, the score and the time left.

    Raises:
        ValueError: `train` is empty, or `epochs` is less than 1.
        FloatingPointError: the loss is NaN or infinite.
    """
    if epochs < 1:
        raise ValueError(f"fit: epochs must be at least 1, got {epochs}.")
    device = torch.device(device) if device is not None else best_device()
    model.to(device)
    optimizer = optimizer or torch.optim.AdamW(model.parameters(), lr=1e-3)
    history = History()
    moment = Moment(model, history, epochs)
    _tell(callbacks, moment)
    start, bar = time.perf_counter(), _progress_bar(train, epochs, shown=progress)
    try:
        for epoch in range(1, epochs + 1):
            bar.set_description(f"epoch {epoch}/{epochs}", refresh=False)
            trained = _train_epoch(model, train, loss, optimizer, scheduler, device, bar)
            history.add(
                loss=trained,
                val_loss=_mean_loss(model, val, loss, device) if val is not None else math.nan,
                score=float(score(model, val)) if score and val is not None else math.nan,
                elapsed_s=time.perf_counter() - start,
            )
            _keep_if_best(history, model)
            bar.set_postfix(_latest(history))
            _tell(callbacks, moment)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        bar.close()
        if history.best_weights is not None:
            model.load_state_dict(history.best_weights)
    return history


def _tell(callbacks: Sequence[Callback], moment: Moment) -> None:
    for callback in callbacks:
        callback(moment)


def _progress_bar(train: Batches, epochs: int, *, shown: bool) -> tqdm:
    batches = epochs * len(train) if hasattr(train, "__len__") else None
    return tqdm(total=batches, disable=not shown, file=sys.stdout, unit="batch", dynamic_ncols=True, mininterval=0.5)


def _latest(history: History) -> dict[str, str]:
    latest = {"loss": history.loss[-1], "val_loss": history.val_loss[-1], "score": history.score[-1]}
    return {name: f"{value:.3f}" for name, value in latest.items() if not math.isnan(value)}


def _train_epoch(model, train, loss, optimizer, scheduler, device, bar) -> float:
    """Take one step per batch; return the mean loss over the batches, each weighed by its number of inputs."""
    model.train()
    total = count = 0.0
    for inputs, targets in train:
        value = loss(model(move(inputs, device)), move(targets, device))
        if not math.isfinite(number := value.item()):
            raise FloatingPointError(f"fit: the loss must be finite, got {number}. Try a smaller learning rate.")
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()
        total, count = total + number * len(inputs), count + len(inputs)
        bar.update()
        bar.set_postfix(loss=f"{total / count:.3f}", refresh=False)
    if not count:
        raise ValueError("fit: train must yield at least one batch, got none. Is the data set empty, or used up?")
    return total / count


def _mean_loss(model, batches, loss, device) -> float:
    total = count = 0.0
    with looking(model):
        for inputs, targets in batches:
            total += loss(model(move(inputs, device)), move(targets, device)).item() * len(inputs)
            count += len(inputs)
    return total / count if count else math.nan


def _keep_if_best(history: History, model: nn.Module) -> None:
    latest = len(history) - 1
    if history.best_epoch == 0 or history.quality(latest) > history.quality(history.best_epoch - 1):
        history.best_epoch = history.epoch[latest]
        history.best_weights = copy.deepcopy(model.state_dict())


def move(thing: Any, device: torch.device) -> Any:
    """Return tensors moved to a device, inside whatever lists, tuples and dictionaries they travel in."""
    if isinstance(thing, Tensor):
        return thing.to(device)
    if isinstance(thing, dict):
        return {key: move(value, device) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing)(move(value, device) for value in thing)
    return thing
