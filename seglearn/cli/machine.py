"""What the standard library can tell about this machine, so that nothing here can be broken by a broken package."""

import ctypes
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

GB = 1e9
PACKAGE = Path(__file__).parents[1]


def checkout(package: Path = PACKAGE) -> Path | None:
    """Return the course's folder, which holds the notebooks, or None when only the package is installed."""
    root = package.parent
    return root if (root / "notebooks").is_dir() and (root / "pyproject.toml").is_file() else None


def standing(path: Path) -> Path:
    """Return `path`, or the nearest folder above it that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


def free_disk_gb(path: Path) -> float:
    """Return how many GB can still be written where `path` is, or would be."""
    return shutil.disk_usage(standing(path)).free / GB


def is_writable(folder: Path) -> bool:
    """Tell whether a file can be made in `folder`, or in the nearest folder above it that exists; by making one."""
    try:
        with tempfile.TemporaryFile(dir=standing(folder)):
            return True
    except OSError:
        return False


def shadows(folders: Iterable[Path], names: Iterable[str]) -> list[Path]:
    """Return the files that Python would import instead of the packages `names`.

    A program started in a folder looks there first: a `torch.py` beside a notebook hides PyTorch.
    """
    found = []
    for folder in folders:
        for name in sorted(names):
            found += [path for path in (folder / f"{name}.py", folder / name / "__init__.py") if path.is_file()]
    return found


def memory_gb() -> tuple[float | None, float | None]:
    """Return the memory of this machine (or of its container) and how much of it is free, in GB; None is unknown."""
    if sys.platform == "win32":
        return _windows_memory()
    if sys.platform == "darwin":
        return _mac_memory(), None
    return _linux_memory()


def _linux_memory(
    proc: Path = Path("/proc/meminfo"), limit: Path = Path("/sys/fs/cgroup/memory.max")
) -> tuple[float | None, float | None]:
    try:
        rows = dict(line.split(":", 1) for line in proc.read_text(encoding="utf-8").splitlines())
        total, free = (int(rows[key].split()[0]) * 1024 / GB for key in ("MemTotal", "MemAvailable"))
    except (OSError, KeyError, ValueError):
        return None, None
    try:
        total = min(total, int(limit.read_text(encoding="utf-8")) / GB)  # the word "max" there means no limit
    except (OSError, ValueError):
        pass
    return total, min(free, total)


def _mac_memory() -> float | None:
    try:
        answer = subprocess.run(["sysctl", "-n", "hw.memsize"], capture_output=True, text=True, timeout=10, check=True)
        return int(answer.stdout) / GB
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _windows_memory() -> tuple[float | None, float | None]:
    fields = ("total", "free", "page_total", "page_free", "virtual_total", "virtual_free", "extended_free")
    layout = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong), *((name, ctypes.c_ulonglong) for name in fields)]
    status = type("MemoryStatus", (ctypes.Structure,), {"_fields_": layout})()
    status.length = ctypes.sizeof(status)
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None, None
    return status.total / GB, status.free / GB


def installer() -> str:
    """Return the command that installs into this Python: an environment made by uv has no pip of its own."""
    return (
        "python -m pip install" if find_spec("pip") else f"python -m uv pip install --python {quoted(sys.executable)}"
    )


def quoted(path: str) -> str:
    """Return `path` as a shell takes it."""
    return f'"{path}"' if " " in path else path
