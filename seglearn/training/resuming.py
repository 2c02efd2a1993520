"""A training that goes on where it stopped, with the numbers it would have had without the break."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from torch import nn

from seglearn.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from seglearn.training.history import History
from seglearn.training.tools import Tools


def keep(
    path: str | Path, model: nn.Module, tools: Tools, history: History, epochs: int, loaders: Iterable[Any]
) -> None:
    """Write everything after an epoch. The recipe is kept with the precision that was chosen."""
    recipe = replace(tools.recipe, precision=tools.precision)
    save_checkpoint(path, model, history=history, recipe=recipe, epochs=epochs, loaders=loaders, **tools.parts())


def resume(
    path: str | Path, model: nn.Module, tools: Tools, history: History, epochs: int, loaders: Iterable[Any]
) -> Checkpoint | None:
    """Put everything back to where the file has it, and return what it holds; None where there is no file yet.

    Raises:
        ValueError: the file is damaged, or of another model, another recipe or another plan.
    """
    path = Path(path)
    if not path.exists():
        return None
    saved = load_checkpoint(path)
    try:
        _check_plan(saved, tools, epochs)
        saved.resume(model, loaders=loaders, **tools.parts())
    except ValueError as error:
        raise ValueError(f"fit: cannot go on from {path.name}: {error} To start anew, delete the file.") from None
    tools.precision = saved.recipe.precision
    history.load_state_dict(saved.history.state_dict())
    return saved


def _check_plan(saved: Checkpoint, tools: Tools, epochs: int) -> None:
    """Raise unless the rest of the training can be the rest of *that* training."""
    if saved.recipe is None:
        raise ValueError("it was not written by fit, and holds no recipe.")
    now, then = asdict(tools.recipe), asdict(saved.recipe)
    if now["precision"] == "auto":
        now["precision"] = then["precision"]
    others = [name for name in now if now[name] != then[name]]
    if others:
        told = ", ".join(f"{name} was {then[name]!r} and is now {now[name]!r}" for name in others)
        raise ValueError(f"the recipe is another one ({told}).")
    if epochs != saved.epochs and tools.scheduler is not None:
        raise ValueError(
            f"it was planned for {saved.epochs} epochs and is now planned for {epochs}, and the learning rate "
            "depends on that. Only a constant rate (Recipe(warmup=None)) can go on for longer."
        )
