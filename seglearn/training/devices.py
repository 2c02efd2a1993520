"""Where the numbers are computed, and where chance comes from."""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def best_device() -> torch.device:
    """Return the fastest device that is here: an NVIDIA or AMD GPU, else an Apple GPU, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def describe_device(device: torch.device) -> str:
    """Return one line for a learner: which device, and why.

    Example:
        >>> describe_device(torch.device("mps"))
        'mps: the GPU of this Apple computer'
    """
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    if device.type == "mps":
        return "mps: the GPU of this Apple computer"
    return f"cpu: PyTorch finds no GPU here; {torch.get_num_threads()} threads are enough for this course"


def seed_everything(seed: int) -> torch.Generator:
    """Seed Python, NumPy and PyTorch on every device, and return a freshly seeded generator on the CPU.

    Hand the generator to whatever shuffles (`DataLoader(..., generator=...)`): numbers drawn on the CPU and moved are
    the same for every device.

    Example:
        >>> torch.equal(torch.rand(2, generator=seed_everything(0)), torch.rand(2, generator=seed_everything(0)))
        True
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - for libraries that still draw from the global state
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


@contextmanager
def deterministic(wanted: bool, device: torch.device) -> Iterator[None]:
    """Let PyTorch refuse operations that may give another result in another run; afterwards all is as it was found.

    On NVIDIA GPUs matrix products need a fixed workspace, which is asked for by an environment variable.
    """
    if not wanted:
        yield
        return
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    searching = torch.backends.cudnn.benchmark
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.benchmark = searching
