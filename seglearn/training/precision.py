"""How many bits the model computes with. The loss, the weights and the step always have 32."""

import copy
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from seglearn.training.evaluation import device_of


def each_tensor(change: Callable[[Tensor], Tensor], thing: Any) -> Any:
    """Return tensors changed, inside whatever lists, tuples and dictionaries they travel in.

    Example:
        >>> each_tensor(lambda t: t + 1, {"boxes": [torch.zeros(2)], "name": "cat"})
        {'boxes': [tensor([1., 1.])], 'name': 'cat'}
    """
    if isinstance(thing, Tensor):
        return change(thing)
    if isinstance(thing, dict):
        return {key: each_tensor(change, value) for key, value in thing.items()}
    if isinstance(thing, tuple) and hasattr(thing, "_fields"):  # a named tuple
        return type(thing)(*(each_tensor(change, value) for value in thing))
    if isinstance(thing, list | tuple):
        return type(thing)(each_tensor(change, value) for value in thing)
    return thing


def computed(model: nn.Module, inputs: Any, precision: str) -> Any:
    """Return the model's outputs, computed with "float32" or "bfloat16" and handed on in 32 bits.

    A loss sums over many pixels, for which the eight binary digits of bfloat16 are not enough.
    """
    if precision == "float32":
        return model(inputs)
    with torch.autocast(device_of(model).type, dtype=torch.bfloat16):
        outputs = model(inputs)
    return each_tensor(lambda t: t.float() if t.dtype == torch.bfloat16 else t, outputs)


def has_bfloat16(device: torch.device) -> bool:
    """Say whether the device has instructions for bfloat16; where it has not, it would be imitated slowly."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    if device.type == "cpu":
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return device.type == "mps"


def faster_precision(model: nn.Module, loss: Callable[[Any, Any], Tensor], inputs: Any, targets: Any) -> str:
    """Return "bfloat16" if it takes at most nine tenths of float32's time for this model and batch, else "float32".

    A copy of the model takes three steps in each precision, in turns, and the fastest of each counts (the first warms
    up). The model, its gradients and chance are left alone.
    """
    device = device_of(model)
    if not has_bfloat16(device):
        return "float32"
    times: dict[str, list[float]] = {"float32": [], "bfloat16": []}
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            trial = copy.deepcopy(model)
            for _ in range(3):
                for precision, spent in times.items():
                    trial.zero_grad()
                    start = _now(device)
                    loss(computed(trial, inputs, precision), targets).backward()
                    spent.append(_now(device) - start)
        except Exception:  # no memory for a second model, a layer without bfloat16, a fault: the real step will tell
            return "float32"
    return "bfloat16" if min(times["bfloat16"]) < 0.9 * min(times["float32"]) else "float32"


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
