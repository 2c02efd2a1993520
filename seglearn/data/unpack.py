"""Open an archive into a folder that appears whole, or not at all."""

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tqdm import tqdm

from seglearn.data.download import DownloadError, download_file, naming_a_full_disk


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Lend a temporary sibling of `folder` that takes its name when the block ends well, and goes when it does not.

    A folder that was there before is replaced only then.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh = room / "new"
        fresh.mkdir()
        yield fresh
        if folder.exists():
            os.replace(folder, room / "old")
        os.replace(fresh, folder)
    except BaseException:
        if (room / "old").exists():
            os.replace(room / "old", folder)
        raise
    finally:
        shutil.rmtree(room, ignore_errors=True)


def unpack(archive: Path, folder: Path, *, below: str = "", progress: bool = True) -> int:
    """Write the files of a zip or tar archive into `folder`, and return how many there were.

    Args:
        below: only what lies in a folder of this name, wherever in the archive it is; that folder becomes `folder`.

    Raises:
        DownloadError: the archive is damaged, or one of its names leads out of the folder.
    """
    count = 0
    try:
        with _opened(archive) as members:
            bar = tqdm(members, desc=f"unpacking {archive.name}", unit=" files", disable=not progress)
            for name, open_member in bar:
                inside = _place_below(PurePosixPath(name.replace("\\", "/")), below)
                if inside is None:
                    continue
                if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
                    raise DownloadError(f"unpack: {archive} would write outside its folder ({name!r}). Do not use it.")
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                with open_member() as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                count += 1
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error) as error:
        reason = str(error).splitlines()[0].rstrip(":")
        raise DownloadError(f"unpack: {archive} is damaged or no archive ({reason}). Fetch it again.") from None
    return count


def _place_below(name: PurePosixPath, below: str) -> PurePosixPath | None:
    """Return the part of a name after the folder `below`, or None where it does not lie there."""
    if not below:
        return name
    if below not in name.parts[:-1]:
        return None
    return PurePosixPath(*name.parts[name.parts.index(below) + 1 :])


@contextmanager
def _opened(archive: Path) -> Iterator[Iterator[tuple[str, Callable[[], BinaryIO]]]]:
    """Lend the plain files of an archive as pairs of name and a function that opens it; links are left out."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            yield ((info.filename, lambda i=info: file.open(i)) for info in file.infolist() if not info.is_dir())
    else:
        with tarfile.open(archive) as file:
            yield ((info.name, lambda i=info: file.extractfile(i)) for info in file if info.isfile())


def fetch_folder(
    folder: Path,
    archives: Sequence[tuple[str, str | None]],
    *,
    below: str = "",
    check: Callable[[Path], None],
) -> Path:
    """Return `folder` after downloading `archives`, pairs of address and checksum or None, and unpacking them into it.

    `check` looks at the unpacked folder and raises DownloadError if it is not whole; then the archives go too, so that
    the next call starts clean. After an interrupt or a full disk they stay; once used, they go.
    """
    downloads = folder.parent / "downloads"
    paths = [
        download_file(url, downloads / f"{folder.name}-{url.rsplit('/', 1)[-1]}", checksum=checksum)
        for url, checksum in archives
    ]
    with naming_a_full_disk(folder.parent):
        try:
            with whole_folder(folder) as fresh:
                for path in paths:
                    unpack(path, fresh, below=below)
                check(fresh)
        except DownloadError:
            _remove(paths)
            raise
    _remove(paths)
    return folder


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
