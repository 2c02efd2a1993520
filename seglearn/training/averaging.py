"""The average of the weights on their way: it lies calmer in the valley than any single step."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import nn


class MovingAverage:
    """An exponential moving average of a model's weights, without the bias of its beginning.

        after t steps   average = Σ decay^(t − i)·w[i] / Σ decay^(t − i),  i = 1..t
        step by step    average ← average + share·(w[t] − average),  share = (1 − decay) / (1 − decay^t)

    The first share is 1: the weights from before learning never count. Moving statistics of batch norms are averaged
    like weights.

    Args:
        model: whose weights are followed; its floating point numbers must stay where they are in memory.
        decay: in (0, 1); the average reaches back about 1 / (1 − decay) steps.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> average = MovingAverage(model, decay=0.5)
        >>> for w in (1.0, 4.0):
        ...     _ = model.weight.data.fill_(w)
        ...     average.update()
        >>> average.weights[0]  # (0.5 * 1 + 4) / 1.5
        tensor([[3.]])

    Source: Polyak and Juditsky 1992, doi:10.1137/0330046 (averaging); Kingma and Ba 2015, arXiv:1412.6980, section 3
    (taking the bias out).
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay, self.steps = decay, 0
        self._live = [t.detach() for t in (*model.parameters(), *model.buffers()) if t.is_floating_point()]
        self.weights = [tensor.clone() for tensor in self._live]

    @torch.no_grad()
    def update(self) -> None:
        """Take one step of the average toward the weights as they are now."""
        self.steps += 1
        share = (1 - self.decay) / (1 - self.decay**self.steps)
        torch._foreach_lerp_(self.weights, self._live, share)

    @contextmanager
    def in_the_model(self) -> Iterator[None]:
        """Put the average into the model; afterwards the model's own weights are back, to the last bit."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for live, average in zip(self._live, self.weights, strict=True):
            held = live.clone()
            live.copy_(average)
            average.copy_(held)

    def state_dict(self) -> dict:
        """Return what a checkpoint must carry."""
        return {"steps": self.steps, "weights": self.weights}

    @torch.no_grad()
    def load_state_dict(self, state: dict) -> None:
        """Go on from what a checkpoint has carried."""
        for average, saved in zip(self.weights, state["weights"], strict=True):
            average.copy_(saved)
        self.steps = state["steps"]


def averaged(average: MovingAverage | None):
    """Return a context in which the model holds the averaged weights, where there is an average."""
    return average.in_the_model() if average is not None else nullcontext()
