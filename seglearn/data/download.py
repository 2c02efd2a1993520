"""Fetch a file, honestly: whole and checked, or not there at all.

The bytes go into `NAME.part`. Only when their number and checksum are right does the file get its name, in one step.
A connection that breaks leaves the part, and the next call asks the server for the rest.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tqdm import tqdm

from seglearn import __version__

CHUNK = 1 << 16  # bytes


class DownloadError(OSError):
    """A download did not work out; the message says where, what, and the way out."""


def download_file(
    url: str,
    path: str | Path,
    *,
    size: int | None = None,
    checksum: str | None = None,
    timeout_s: float = 30.0,
    progress: bool = True,
) -> Path:
    """Return `path` after fetching it from `url`; a file that is already there, and right, is not fetched again.

    Args:
        size: the number of bytes that must arrive, where it is known.
        checksum: "sha256:..." or "md5:..." of the file, where it is known.
        timeout_s: seconds of silence after which the connection counts as stalled.

    Raises:
        DownloadError: no connection, a refusal, a stall or a cut (what came is kept for the next try), wrong bytes
            (they are removed), or a full disk.
    """
    path = Path(path)
    if path.exists() and _fault(path, size, checksum) is None:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with naming_a_full_disk(part.parent):
        _receive(url, part, timeout_s=timeout_s, progress=progress)
    fault = _fault(part, size, checksum)
    if fault:
        _forget(part)
        raise DownloadError(
            f"download_file: {url} {fault}. The bytes were removed; try again. If it stays so, the file has changed."
        )
    os.replace(part, path)
    _forget(part)
    return path


_FREE_SPACE = "Free some space, or set SEGLEARN_DATA to a folder on another disk; what arrived is kept."


@contextmanager
def naming_a_full_disk(folder: Path) -> Iterator[None]:
    """Turn "no space left on device" into a DownloadError that says which disk and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DownloadError(f"download: the disk is full at {folder}. {_FREE_SPACE}") from None
        raise


def _receive(url: str, part: Path, *, timeout_s: float, progress: bool) -> None:
    """Bring `part` to the length that the server announces, from where an earlier try stopped if that is possible."""
    with _open(url, part, timeout_s) as response:
        done = _resumed_at(response, part)
        left = response.length  # what this answer still brings; None where the server does not say
        total = None if left is None else done + left
        _check_space(part.parent, left or 0)
        bar = tqdm(desc=part.stem, total=total, initial=done, unit="B", unit_scale=True, disable=not progress)
        with part.open("ab" if done else "wb") as file, bar:
            _tag_file(part).write_text(_tag(response), encoding="utf-8")
            for chunk in _chunks(response, url, timeout_s):
                file.write(chunk)
                done += len(chunk)
                bar.update(len(chunk))
    if total is not None and done < total:
        raise _cut(url, f"the connection was cut after {_mb(done)} of {_mb(total)}")


def _open(url: str, part: Path, timeout_s: float) -> HTTPResponse:
    """Return the server's answer to "the rest of this file, if it is still the same file; else all of it"."""
    headers = {"User-Agent": f"seglearn/{__version__}", "Accept-Encoding": "identity"}
    tag = _tag_file(part).read_text(encoding="utf-8") if _tag_file(part).exists() else ""
    if tag and part.exists() and part.stat().st_size:
        headers |= {"Range": f"bytes={part.stat().st_size}-", "If-Range": tag}
    try:
        return urlopen(Request(url, headers=headers), timeout=timeout_s)
    except HTTPError as error:
        if error.code == 416 and "Range" in headers:  # there is no rest: start anew
            error.close()
            _forget(part)
            return _open(url, part, timeout_s)
        raise _refusal(url, error) from None
    except (URLError, HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            raise _cut(url, f"the server was silent for {timeout_s:g} s") from None
        raise DownloadError(
            f"download_file: no connection to {url} ({reason}). Is there a network? Offline, use the drawn data."
        ) from None


def _resumed_at(response: HTTPResponse, part: Path) -> int:
    """Return how many bytes of `part` this answer continues; 0 where it sends the whole file."""
    if response.status != 206:
        return 0
    here = part.stat().st_size
    if not response.headers.get("Content-Range", "").startswith(f"bytes {here}-"):
        _forget(part)
        raise _cut(response.url, "the server sent another piece than the one asked for")
    return here


def _chunks(response: HTTPResponse, url: str, timeout_s: float) -> Iterator[bytes]:
    """Yield what arrives; a cut or a stall becomes a DownloadError."""
    while True:
        try:
            chunk = response.read1(CHUNK)
        except TimeoutError:
            raise _cut(url, f"the server was silent for {timeout_s:g} s") from None
        except (OSError, HTTPException) as error:
            raise _cut(url, f"the connection was cut ({error})") from None
        if not chunk:
            return
        yield chunk


def _tag(response: HTTPResponse) -> str:
    """Return what the server will know this version of the file by, or "" if it offers nothing firm."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _tag_file(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _tag_file(part).unlink(missing_ok=True)


def _fault(path: Path, size: int | None, checksum: str | None) -> str | None:
    """Return what is wrong with the bytes of a file, or None."""
    found = path.stat().st_size
    if size is not None and found != size:
        return f"sent {found} bytes instead of {size}"
    if checksum is not None:
        method, wanted = checksum.split(":")
        with path.open("rb") as file:
            got = hashlib.file_digest(file, lambda: hashlib.new(method, usedforsecurity=False)).hexdigest()
        if got != wanted:
            return f"sent a file with {method} {got[:12]}... instead of {wanted[:12]}..."
    return None


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(f"download_file: {folder} has {_mb(free)} free, {_mb(needed)} are needed. {_FREE_SPACE}")


def _refusal(url: str, error: HTTPError) -> DownloadError:
    with error:
        hint = "Try again later" if error.code >= 500 else "The file may have moved: please tell the course's authors"
        return DownloadError(
            f"download_file: {url} answered {error.code} {error.reason}. {hint}. Until then, use the drawn data."
        )


def _cut(url: str, what: str) -> DownloadError:
    return DownloadError(f"download_file: {url}: {what}. Call again: what arrived is kept where the server can resume.")


def _mb(count: int) -> str:
    return f"{count / 1e6:.1f} MB"
