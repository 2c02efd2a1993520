"""What the course knows about a data set before a byte of it is here."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from torch.utils.data import Dataset

from seglearn.labels import LabelSet


@dataclass(frozen=True)
class DatasetCard:
    """Name, origin and terms of a data set, and the three things that can be done with it.

    `find(root)` returns its folder below `root` or None, `fetch(root, mirror=None)` downloads it and returns the
    folder, `load(folder, split=..., size=..., labels=...)` reads one split. A drawn twin needs no folder.
    """

    name: str
    title: str
    labels: LabelSet
    splits: tuple[str, ...]
    credit: str  # one line: whose work it is, and the license
    license: str
    source: str  # where the files come from
    size_mb: int = 0  # to download; 0 is drawn on the spot
    twin: str | None = None  # the drawn data set that stands in for it offline
    find: Callable[[Path], Path | None] | None = field(default=None, repr=False)
    fetch: Callable[..., Path] | None = field(default=None, repr=False)
    load: Callable[..., Dataset] | None = field(default=None, repr=False)

    @property
    def is_drawn(self) -> bool:
        """Tell whether the package draws this set itself, without any file."""
        return self.find is None


def first_with(marker: str, *folders: Path) -> Path | None:
    """Return the first folder that contains `marker`, or None."""
    return next((folder for folder in folders if (folder / marker).exists()), None)
