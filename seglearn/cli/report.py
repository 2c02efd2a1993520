"""What there is on this machine: facts only, judged in `diagnosis`, printed by `doctor`."""

import json
import platform
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from seglearn.cli import machine
from seglearn.cli.probe import PACKAGES


@dataclass(frozen=True)
class Report:
    """What was found. A package that is absent has version None; one that does not load has an entry in `errors`."""

    python: tuple[int, int, int]
    executable: str
    system: str
    installer: str  # the command that installs into this Python
    checkout: str | None  # the course's folder, where there is one
    packages: dict[str, str | None]
    errors: dict[str, str] = field(default_factory=dict)
    kernel: str | None = None  # the program that a notebook's kernel starts
    nbval: str | None = None
    device: str = "unknown"
    threads: int | None = None
    shadows: list[str] = field(default_factory=list)
    data_root: str = ""
    data_why: str = ""
    present: dict[str, bool] = field(default_factory=dict)
    is_writable: bool = True
    disk_gb: float | None = None
    memory_gb: float | None = None
    free_memory_gb: float | None = None


def examine() -> Report:
    """Return what there is on this machine. Everything that is not the standard library is tried in another process."""
    found = ask_the_probe()
    names = set(PACKAGES) | (set(sys.stdlib_module_names) if found["errors"] else set())
    checkout = machine.checkout()
    started_in = {Path.cwd()} | ({checkout / "notebooks"} if checkout else set())  # kernels start beside their notebook
    data = Path(found.setdefault("data_root", str(Path.cwd())))
    total, free = machine.memory_gb()
    return Report(
        python=sys.version_info[:3],
        executable=sys.executable,
        system=f"{platform.system()} {platform.machine()}",
        installer=machine.installer(),
        checkout=str(checkout) if checkout else None,
        shadows=[str(path) for path in machine.shadows(started_in, names)],
        is_writable=machine.is_writable(data),
        disk_gb=machine.free_disk_gb(data),
        memory_gb=total,
        free_memory_gb=free,
        **found,
    )


def ask_the_probe(*, timeout_s: float = 540) -> dict:
    """Return what `probe` said before it ended, with the package that ended it among the errors."""
    command = [sys.executable, "-W", "ignore", "-m", "seglearn.cli.probe"]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=timeout_s)
        said, last_words = ran.stdout, _last_words(ran.stderr, ran.returncode)
    except subprocess.TimeoutExpired as error:
        said, last_words = (
            error.stdout or b"",
            f"not within {timeout_s:.0f} seconds. Is this machine very busy? Then first try again",
        )
    found, begun = {"packages": {}, "errors": {}}, "python"
    for fact in map(json.loads, (line for line in said.splitlines() if line.startswith(b'{"'))):
        begun = fact.pop("begins", begun)
        if "package" in fact:
            found["packages"][fact["package"]] = fact["version"]
            if fact["error"]:
                found["errors"][fact["package"]] = fact["error"]
        else:
            found.update(fact)
    if last_words:
        found["errors"][begun] = last_words
    return found


def _last_words(stderr: bytes, status: int) -> str:
    """Return why a process ended, or nothing when it ended well."""
    lines = stderr.decode(errors="replace").strip().splitlines()
    if status < 0:  # POSIX: minus the number of the signal
        return f"the process died of signal {-status}"
    return (lines or [f"the process ended with status {status}"])[-1] if status else ""
