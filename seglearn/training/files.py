"""Files that are whole or not there, whatever happens while they are written."""

import os
import time
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Put the bytes into a file in one step: whoever opens it finds the old content or the new one, never a part.

    They go into NAME.part beside it, are pushed to the disk, and the part takes the name. A process that is killed
    leaves the old file, and perhaps a part that the next one writes over.

    Raises:
        OSError: the folder cannot be made or written to, or the disk is full; the old file is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    _take_the_name(part, path)
    if os.name == "posix":  # the new name must reach the disk too; Windows has no such call
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _take_the_name(part: Path, path: Path, *, tries: int = 10) -> None:
    """Rename; on Windows a virus scanner may hold the old file for a moment."""
    for left in reversed(range(tries)):
        try:
            part.replace(path)
            return
        except PermissionError:
            if not left:
                raise
            time.sleep(0.05)
