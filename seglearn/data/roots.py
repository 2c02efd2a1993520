"""Where real data lies on this machine, and why there."""

import os
import sys
import tomllib
from pathlib import Path

import seglearn


def data_root(root: str | Path | None = None) -> Path:
    """Return the folder that holds the real data sets: `root` itself where it is given, else `explain_data_root()`'s.

    The answer never depends on the folder a notebook runs in. The folder need not exist yet.

    Example:
        >>> data_root("pictures").name
        'pictures'
    """
    return explain_data_root()[0] if root is None else Path(root).expanduser()


def explain_data_root() -> tuple[Path, str]:
    """Return the folder that is searched when no `root` is given, and the reason in words.

    First of: the environment variable SEGLEARN_DATA, `data/cache` of the checkout, the user's cache folder.
    """
    chosen = os.environ.get("SEGLEARN_DATA")
    if chosen:
        return Path(chosen).expanduser(), "the environment variable SEGLEARN_DATA says so"
    checkout = Path(seglearn.__file__).resolve().parents[1]
    if _is_our_checkout(checkout):
        return checkout / "data" / "cache", "this is the course's own folder; SEGLEARN_DATA would change it"
    return _user_cache() / "seglearn", "this is your user's cache folder; SEGLEARN_DATA would change it"


def _is_our_checkout(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return False
    return project.get("project", {}).get("name") == "seglearn-course"


def _user_cache() -> Path:
    """Return the folder where programs of this platform keep what they can get again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
