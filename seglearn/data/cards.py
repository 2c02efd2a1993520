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
    folder, `load(folder, split=..., size=..., labels=...)` reads one split. A set that is at hand needs no folder.
    """

    name: str
    title: str
    labels: LabelSet
    splits: tuple[str, ...]
    credit: str  # one line: whose work it is, and the license
    license: str
    source: str  # where the files come from
    size_mb: int = 0  # to download; 0 is at hand
    twin: str | None = None  # the data set that stands in for it offline
    find: Callable[[Path], Path | None] | None = field(default=None, repr=False)
    fetch: Callable[..., Path] | None = field(default=None, repr=False)
    load: Callable[..., Dataset] | None = field(default=None, repr=False)

    @property
    def is_at_hand(self) -> bool:
        """Tell whether this set needs no download: the course draws it, or it came with what is installed."""
        return self.find is None


def first_with(marker: str, *folders: Path) -> Path | None:
    """Return the first folder that contains `marker`, or None."""
    return next((folder for folder in folders if (folder / marker).exists()), None)
