"""The diary on disk, for other programs to read while the training goes on."""

import math
from pathlib import Path
from typing import Any

from seglearn.training.loop import Moment


class CSVLog:
    """A callback for `fit` that writes the diary into a table after every epoch.

    `History.from_csv(path)` reads it back. The whole table is written each time, in one step: a training
    that was resumed has one table without gaps.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)

    def __call__(self, moment: Moment) -> None:
        if moment.history.epoch:
            moment.history.to_csv(self.path)


class TensorBoardLog:
    """A callback for `fit` that writes every column of the diary for TensorBoard: `tensorboard --logdir FOLDER`.

    A training that goes on writes all its epochs anew, in place of what the folder had: one log without gaps.

    Raises:
        ImportError: the package tensorboard is not installed.
    """

    def __init__(self, folder: str | Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ImportError(
                "TensorBoardLog: the package tensorboard is not here. Install it (pip install tensorboard), or use "
                "CSVLog(path), which needs nothing."
            ) from None
        self._writer_for, self.folder = SummaryWriter, Path(folder)
        self._writer: Any = None

    def __call__(self, moment: Moment) -> None:
        epoch = len(moment.history)
        first = epoch
        if self._writer is None or epoch == 0:  # a new training, or one that goes on: write down all of it
            self._writer, first = self._writer_for(str(self.folder), purge_step=1), 1
        for name, column in moment.history.columns().items():
            for number, value in enumerate(column[first - 1 : epoch], start=first):
                if name != "epoch" and not math.isnan(value):
                    self._writer.add_scalar(name, value, number)
        self._writer.flush()
