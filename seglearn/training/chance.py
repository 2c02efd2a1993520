"""Where chance stands: everything that a dice player would have to know to throw the same numbers again."""

import random
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch


def chance_state(loaders: Iterable[Any] = ()) -> dict[str, Any]:
    """Return the state of every source of random numbers: Python, NumPy, PyTorch on every device, and the loaders.

    Of a loader these are the generators that it, its sampler and its data set keep under the name `generator`; one that
    is hidden elsewhere is not found.
    """
    kind, keys, place, has_gauss, gauss = np.random.get_state()  # noqa: NPY002 - the global one is meant
    return {
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), place, has_gauss, gauss),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
        "mps": torch.mps.get_rng_state() if torch.backends.mps.is_available() else None,
        "loaders": [generator.get_state() for generator in generators(loaders)],
    }


def set_chance(state: dict[str, Any], loaders: Iterable[Any] = ()) -> None:
    """Put every source of random numbers back to where `chance_state` found it.

    Raises:
        ValueError: the loaders have other generators than then.
    """
    found = generators(loaders)
    if len(found) != len(state["loaders"]):
        raise ValueError(
            f"the data draw from {len(found)} random generators of their own, then from {len(state['loaders'])}. "
            "Make the loaders as in the first run: same shuffle, same generator."
        )
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    for device in range(min(len(state["cuda"]), torch.cuda.device_count())):
        torch.cuda.set_rng_state(state["cuda"][device], device)
    if state["mps"] is not None and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
    for generator, saved in zip(found, state["loaders"], strict=True):
        generator.set_state(saved)


def generators(loaders: Iterable[Any]) -> list[torch.Generator]:
    """Return the generators that loaders, their samplers and their data sets draw from, each once.

    Example:
        >>> from torch.utils.data import DataLoader
        >>> dice = torch.Generator()
        >>> generators([DataLoader([1, 2, 3], shuffle=True, generator=dice), [(1, 2)], None]) == [dice]
        True
    """
    found: list[torch.Generator] = []
    for loader in loaders:
        batch_sampler = getattr(loader, "batch_sampler", None)
        parts = (loader, getattr(loader, "sampler", None), batch_sampler, getattr(batch_sampler, "sampler", None))
        for part in (*parts, getattr(loader, "dataset", None)):
            generator = getattr(part, "generator", None)
            if isinstance(generator, torch.Generator) and all(generator is not other for other in found):
                found.append(generator)
    return found
