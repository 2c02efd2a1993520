"""The diary on disk, for other programs to read while the training goes on."""

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

    A training that was resumed goes on in the same folder; epochs beyond the last checkpoint are taken back.

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
        if self._writer is None or epoch == 0:
            self._writer = self._writer_for(str(self.folder), purge_step=epoch + 1)
        for name, column in moment.history.columns().items():
            if name != "epoch" and column and column[-1] == column[-1]:  # NaN: there is none
                self._writer.add_scalar(name, column[-1], epoch)
        self._writer.flush()
