"""What happened, epoch by epoch."""

import math
from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class History:
    """The diary of one training: one entry per finished epoch in every list.

    Lists:
        epoch      1, 2, 3, ...
        loss       mean training loss per batch element
        val_loss   mean validation loss, NaN without a validation set
        score      whatever `fit` was asked to score with (large is good), NaN without one
        elapsed_s  seconds since the start
    """

    epoch: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    elapsed_s: list[float] = field(default_factory=list)
    interrupted: bool = False
    best_weights: dict[str, Tensor] | None = field(default=None, repr=False)
    best_epoch: int = 0  # 0: nothing was finished

    def __len__(self) -> int:
        return len(self.epoch)

    def add(self, *, loss: float, val_loss: float, score: float, elapsed_s: float) -> None:
        """Append one finished epoch."""
        self.epoch.append(len(self) + 1)
        self.loss.append(loss)
        self.val_loss.append(val_loss)
        self.score.append(score)
        self.elapsed_s.append(elapsed_s)

    def quality(self, index: int) -> float:
        """Return what "best" means for an entry: its score, else minus its validation loss, else its lateness."""
        if not math.isnan(self.score[index]):
            return self.score[index]
        if not math.isnan(self.val_loss[index]):
            return -self.val_loss[index]
        return float(index)

    def __str__(self) -> str:
        lines = ["epoch     loss  val loss    score  seconds"]
        for epoch, *numbers, elapsed_s in zip(
            self.epoch, self.loss, self.val_loss, self.score, self.elapsed_s, strict=True
        ):
            shown = ["       -" if math.isnan(n) else f"{n:8.3f}" for n in numbers]
            best = "  <- best" if epoch == self.best_epoch else ""
            lines.append(f"{epoch:5d} {shown[0]}  {shown[1]} {shown[2]} {elapsed_s:8.1f}{best}")
        return "\n".join([*lines, "interrupted: the best weights so far are kept"] if self.interrupted else lines)
