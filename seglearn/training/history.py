"""What happened, epoch by epoch."""

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from torch import Tensor

from seglearn.training.files import write_whole

COLUMNS = ("epoch", "loss", "val_loss", "score", "elapsed_s")


@dataclass
class History:
    """The diary of one training: one entry per finished epoch in every list.

    Lists:
        epoch      1, 2, 3, ...
        loss       mean training loss per batch element
        val_loss   mean validation loss, NaN without a validation set
        score      whatever `fit` was asked to score with (large is good), NaN without one
        elapsed_s  seconds since the start
        metrics    name -> list, where the score is a dictionary of named numbers; the first of them is the score
    """

    epoch: list[int] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    val_loss: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    elapsed_s: list[float] = field(default_factory=list)
    interrupted: bool = False
    best_weights: dict[str, Tensor] | None = field(default=None, repr=False)
    best_epoch: int = 0  # 0: nothing was finished
    metrics: dict[str, list[float]] = field(default_factory=dict)
    stopped_early: bool = False  # patience was lost

    def __len__(self) -> int:
        return len(self.epoch)

    def add(self, *, loss: float, val_loss: float, score: float | Mapping[str, float], elapsed_s: float) -> None:
        """Append one finished epoch. A score may be a dictionary of named numbers: the first one judges.

        Raises:
            ValueError: the names differ from those of the epoch before, or one is the name of another column.
        """
        named = {name: float(value) for name, value in score.items()} if isinstance(score, Mapping) else {}
        if isinstance(score, Mapping) or self.metrics:
            self._check_names(list(named))
            score = next(iter(named.values()))
        self.epoch.append(len(self) + 1)
        self.loss.append(loss)
        self.val_loss.append(val_loss)
        self.score.append(float(score))
        self.elapsed_s.append(elapsed_s)
        for name, value in named.items():
            self.metrics.setdefault(name, []).append(value)

    def _check_names(self, names: list[str]) -> None:
        if len(self) and names != list(self.metrics):
            raise ValueError(f"fit: score must name {list(self.metrics)}, as in the epoch before, got {names}.")
        if not names or set(names) & set(COLUMNS):
            raise ValueError(f"fit: score must name at least one number, and none {', '.join(COLUMNS)}, got {names}.")

    def quality(self, index: int) -> float:
        """Return what "best" means for an entry: its score, else minus its validation loss, else its lateness.

        Where any epoch has a score, one without a score (NaN) is worse than all others.
        """
        for column, sign in ((self.score, 1), (self.val_loss, -1)):
            if not all(math.isnan(value) for value in column):
                return -math.inf if math.isnan(column[index]) else sign * column[index]
        return float(index)

    def columns(self) -> dict[str, list]:
        """Return name -> one number per epoch, in the order of the table: epoch, losses, score, metrics, seconds."""
        own = {name: getattr(self, name) for name in COLUMNS}
        return {**{name: own[name] for name in COLUMNS[:-1]}, **self.metrics, "elapsed_s": self.elapsed_s}

    def to_csv(self, path: str | Path) -> None:
        """Write one line per epoch; what is missing is empty. The file is replaced in one step, never half written."""
        text = io.StringIO(newline="")
        columns = self.columns()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow(["" if math.isnan(value) else repr(value) for value in row])
        write_whole(Path(path), text.getvalue().encode("utf-8"))

    @classmethod
    def from_csv(cls, path: str | Path) -> "History":
        """Return what `to_csv` wrote, to the last digit; the weights were not in it.

        Raises:
            ValueError: the file is no such table.
        """
        with Path(path).open(encoding="utf-8", newline="") as file:
            heading, *rows = list(csv.reader(file)) or [[]]
        try:
            table = {
                name: [float(row[place] or math.nan) for row in rows] for place, name in enumerate(heading)
            }  # column by column
            history = cls(**{name: table.pop(name) for name in COLUMNS}, metrics=table)
        except (KeyError, IndexError, ValueError):
            raise ValueError(
                f"History.from_csv: {Path(path).name} must be a table with the columns {', '.join(COLUMNS)}, as "
                f"to_csv writes it; its first line is {','.join(heading)[:60]!r}."
            ) from None
        history.epoch = [int(epoch) for epoch in history.epoch]
        history.best_epoch = max(history.epoch, key=lambda epoch: (history.quality(epoch - 1), -epoch), default=0)
        return history

    def state_dict(self) -> dict[str, Any]:
        """Return everything, for a checkpoint."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Become the history that a checkpoint has carried."""
        for name, value in state.items():
            setattr(self, name, value)

    def __str__(self) -> str:
        judged = self.metrics or {"score": self.score}
        lines = ["epoch     loss  val loss " + " ".join(f"{name:>8}" for name in judged) + "  seconds"]
        for place, epoch in enumerate(self.epoch):
            values = (self.loss[place], self.val_loss[place], *(column[place] for column in judged.values()))
            widths = (8, 8, *(max(8, len(name)) for name in judged))
            shown = [
                f"{'-':>{w}}" if math.isnan(value) else f"{value:{w}.3f}"
                for value, w in zip(values, widths, strict=True)
            ]
            best = "  <- best" if epoch == self.best_epoch else ""
            lines.append(f"{epoch:5d} {shown[0]}  {shown[1]} {' '.join(shown[2:])} {self.elapsed_s[place]:8.1f}{best}")
        if self.interrupted:
            lines.append("interrupted: the best weights so far are kept")
        if self.stopped_early:
            lines.append(f"stopped early: nothing was better than epoch {self.best_epoch}")
        return "\n".join(lines)
