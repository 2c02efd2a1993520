"""What a step needs besides the model and a batch: made by the recipe, or handed in, but never both."""

import math
from collections.abc import Callable, Sized
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from seglearn.training.averaging import MovingAverage
from seglearn.training.devices import best_device
from seglearn.training.recipe import PLAIN, Recipe
from seglearn.training.schedules import warmup_cosine


@dataclass
class Tools:
    """The loss, and all that moves the weights."""

    loss: Callable[[Any, Any], Tensor]
    optimizer: Optimizer
    scheduler: LRScheduler | None
    average: MovingAverage | None
    recipe: Recipe
    device: torch.device
    precision: str  # "auto" until the first batch has decided

    def parts(self) -> dict[str, Any]:
        """Return those that remember something from step to step."""
        found = {"optimizer": self.optimizer, "scheduler": self.scheduler, "average": self.average}
        return {name: part for name, part in found.items() if part is not None}


def make_tools(
    model: nn.Module,
    train: Any,
    epochs: int,
    recipe: Recipe | None,
    loss: Callable[[Any, Any], Tensor],
    optimizer: Optimizer | None,
    scheduler: LRScheduler | None,
    device: torch.device | str | None,
) -> Tools:
    """Return the tools, and the model on their device."""
    recipe = recipe or PLAIN
    device = torch.device(device) if device is not None else best_device()
    model.to(device=device, memory_format=torch.channels_last if recipe.channels_last else torch.preserve_format)
    optimizer = _optimizer(recipe, model, optimizer)
    scheduler = _scheduler(recipe, optimizer, scheduler, train, epochs)
    average = MovingAverage(model, recipe.ema) if recipe.ema else None
    return Tools(loss, optimizer, scheduler, average, recipe, device, recipe.precision)


def _optimizer(recipe: Recipe, model: nn.Module, optimizer: Optimizer | None) -> Optimizer:
    """Return the optimizer that was handed in, or AdamW as the recipe has it.

    Raises:
        ValueError: the recipe says what the optimizer says already, or the optimizer moves another model's weights.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError(
            "fit: nothing can learn, every weight of the model is frozen (requires_grad=False) or there is none. "
            "Free some with weight.requires_grad_(True)."
        )
    if optimizer is None:
        return torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    _refuse_twice(recipe, ("learning_rate", "weight_decay"), "optimizer")
    mine = {id(weight) for weight in weights}
    if not any(id(weight) in mine for group in optimizer.param_groups for weight in group["params"]):
        raise ValueError(
            "fit: the optimizer moves none of this model's weights. Make it anew whenever you make a model: "
            "torch.optim.AdamW(model.parameters())."
        )
    return optimizer


def _scheduler(
    recipe: Recipe, optimizer: Optimizer, scheduler: LRScheduler | None, train: Any, epochs: int
) -> LRScheduler | None:
    """Return the scheduler that was handed in, or warm-up and cosine as the recipe has it, or None.

    Raises:
        ValueError: the recipe says what the scheduler says already, the scheduler moves another optimizer, or nobody
            knows how many steps there will be.
    """
    if scheduler is not None:
        _refuse_twice(recipe, ("warmup",), "scheduler")
        if scheduler.optimizer is not optimizer:
            raise ValueError(
                "fit: the scheduler steers another optimizer than the one that learns. Hand over both: "
                "optimizer=optimizer, scheduler=warmup_cosine(optimizer, ...)."
            )
        return scheduler
    if recipe.warmup is None:
        return None
    if not isinstance(train, Sized):
        raise ValueError(
            "fit: a cosine must know how many batches there are, and train has no length. Hand over a list or a "
            "DataLoader, or Recipe(warmup=None)."
        )
    steps = epochs * math.ceil(len(train) / recipe.accumulate)
    return warmup_cosine(optimizer, steps=max(steps, 1), warmup=recipe.warmup)


def _refuse_twice(recipe: Recipe, names: tuple[str, ...], tool: str) -> None:
    """A number of the recipe that nobody would read is a misunderstanding, unless nobody wrote it."""
    for name in names:
        ours = getattr(recipe, name)
        if ours not in (getattr(Recipe, name), getattr(PLAIN, name)):
            raise ValueError(
                f"fit: {name}={ours!r} of the recipe would not be used, because the {tool} that you hand over has its "
                f"own. Leave one of the two out."
            )
