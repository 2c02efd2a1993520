"""A training on disk: everything it needs to go on as if nothing had happened, in a file that is whole or refused."""

import hashlib
import io
import pickle
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seglearn.training.chance import chance_state, set_chance
from seglearn.training.files import write_whole
from seglearn.training.history import History
from seglearn.training.recipe import Recipe

SEAL = b"seglearn checkpoint 1, sha256 "
SEAL_LENGTH = len(SEAL) + 64  # in bytes; the checksum is written in 64 hexadecimal digits


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Fields:
        model    the weights as the last step left them: name -> tensor
        parts    the state of the optimizer, the scheduler, the average: name -> state
        history  the diary so far, with the best weights in it
        recipe   how it was learned, or None
        epochs   how many were planned; 0 if nobody said
        chance   where the random numbers stood
    """

    model: dict[str, Tensor]
    parts: dict[str, Any]
    history: History
    recipe: Recipe | None
    epochs: int
    chance: dict[str, Any]

    @property
    def best(self) -> dict[str, Tensor]:
        """The weights of the best epoch so far, or the latest where nobody kept the best."""
        return self.history.best_weights or self.model

    def resume(self, model: nn.Module, *, loaders: Iterable[Any] = (), **parts: Any) -> None:
        """Put everything back to where it stood, to go on learning: latest weights, optimizer, ..., and chance.

        Raises:
            ValueError: the model or a part is of another kind than the saved one.
        """
        _check_fits(model, self.model)
        if set(parts) != set(self.parts):
            raise ValueError(
                f"the checkpoint carries {sorted(self.parts)}, and this training has {sorted(parts)}. Set it up as "
                "then."
            )
        for name, part in parts.items():
            try:
                part.load_state_dict(self.parts[name])
            except (ValueError, KeyError, RuntimeError) as error:
                raise ValueError(f"the saved {name} is of another kind ({error}). Make it as then.") from None
        set_chance(self.chance, loaders)
        model.load_state_dict(self.model)


def save_checkpoint(
    path: str | Path,
    model: nn.Module,
    *,
    history: History | None = None,
    recipe: Recipe | None = None,
    epochs: int = 0,
    loaders: Iterable[Any] = (),
    **parts: Any,
) -> None:
    """Write a training into one file, in one step: a process killed while it writes leaves the older file whole.

        save_checkpoint("run.pt", model, optimizer=optimizer, scheduler=scheduler, history=history, loaders=[train])

    The file is a zip as `torch.save` writes it, `torch.load(path, weights_only=True)` reads it; the zip's comment holds
    a checksum of all that stands before it.

    Args:
        path: such as "run.pt"; folders are made.
        model: its weights and buffers.
        history, recipe, epochs: what happened, how, and how much was planned.
        loaders: whose generators are remembered, so that shuffling goes on with the same order.
        parts: whatever else has a `state_dict()` of tensors, numbers, words, lists and dictionaries.

    Raises:
        TypeError: a part's state holds something that cannot be loaded safely.
        OSError: the disk is full or the folder is closed; an older file is still there.
    """
    whole = {
        "model": model.state_dict(),
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "history": (history or History()).state_dict(),
        "recipe": asdict(recipe) if recipe else None,
        "epochs": epochs,
        "chance": chance_state(loaders),
    }
    data = io.BytesIO()
    torch.save(_plain(whole, "checkpoint"), data)
    write_whole(Path(path), _sealed(data.getvalue()))


def load_checkpoint(path: str | Path, model: nn.Module | None = None) -> Checkpoint:
    """Return what a checkpoint holds, and put its best weights into the model, if one is handed over.

    Nothing in the file is executed (`weights_only=True`), and nothing in the model changes unless all of it fits.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is cut off, damaged or from another program, or its weights belong to another model.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load_checkpoint: there is no file {path}. It is written by fit(..., checkpoint=...).")
    data = _unsealed(path)
    try:
        whole = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        recipe = Recipe(**whole["recipe"]) if whole["recipe"] else None
        history = History()
        history.load_state_dict(whole["history"])
        found = Checkpoint(whole["model"], whole["parts"], history, recipe, whole["epochs"], whole["chance"])
    except (pickle.UnpicklingError, KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"load_checkpoint: {path.name} is whole, but this version of seglearn cannot read it "
            f"({str(error).splitlines()[0]}). Use the version that wrote it, or start anew without it."
        ) from None
    if model is not None:
        try:
            _check_fits(model, found.best)
        except ValueError as error:
            raise ValueError(f"load_checkpoint: {path.name}: {error}") from None
        model.load_state_dict(found.best)
    return found


def _sealed(data: bytes) -> bytes:
    """Return the zip with a comment: a zip ends with the length of its comment in two bytes, which is 0, and it."""
    data = data[:-2] + SEAL_LENGTH.to_bytes(2, "little") + SEAL
    return data + hashlib.sha256(data).hexdigest().encode("ascii")


def _unsealed(path: Path) -> bytes:
    """Return the bytes of the file after making sure that they are those that were written."""
    data = path.read_bytes()
    body, checksum = data[:-64], data[-64:]
    if body.endswith(SEAL) and hashlib.sha256(body).hexdigest().encode("ascii") == checksum:
        return data
    if body.endswith(SEAL):
        what = "is damaged: its checksum is another than when it was written"
    elif data.startswith(b"PK"):
        what = "is cut off, or was written by another program"
    else:
        what = "is no checkpoint of seglearn" if data else "is empty"
    raise ValueError(
        f"load_checkpoint: {path.name} {what}. Take a copy of it if you have one, or delete it to start anew."
    )


def _check_fits(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Raise for the first weight that does not fit, before anything is changed."""
    own = model.state_dict()
    for name in [*weights, *own]:
        there, here = (tuple(getattr(w[name], "shape", ())) if name in w else "missing" for w in (weights, own))
        if there != here:
            raise ValueError(
                f"the weights belong to another model: {name} is {there} in the file and {here} in the model. Build "
                "the model as then, or choose another file."
            )


def _plain(thing: Any, where: str) -> Any:
    """Return the thing as tensors, numbers, words, tuples, lists and dictionaries, or say where it holds another."""
    if isinstance(thing, np.generic):  # before the numbers: np.float64 is a float that cannot be loaded safely
        return thing.item()
    if thing is None or isinstance(thing, Tensor | bool | int | float | str):
        return thing
    if isinstance(thing, dict):
        return {key: _plain(value, f"{where}[{key!r}]") for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return (list if isinstance(thing, list) else tuple)(_plain(value, where) for value in thing)
    raise TypeError(
        f"save_checkpoint: {where} must hold tensors, numbers, words, lists or dictionaries, got "
        f"{type(thing).__name__}. Leave it out of state_dict()."
    )
