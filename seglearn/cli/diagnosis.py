"""From what was found on a machine to what is wrong with it, and what to type: no looking around in here."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seglearn.cli.machine import quoted
from seglearn.cli.probe import PACKAGES
from seglearn.cli.report import Report

PYTHONS = ((3, 11), (3, 13))  # the oldest and the newest that the course runs on
DISK_GB, MEMORY_GB, FREE_MEMORY_GB = 2, 3, 1  # less than this is too little


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and what to type or do about it."""

    what: str
    cure: str


def diagnose(report: Report) -> list[Problem]:
    """Return what is wrong, causes before consequences."""
    problems = [*_python(report), *_shadows(report)]
    if not report.shadows:  # a shadow explains every package that does not load
        problems += [*_pair(report), *_packages(report), *_kernel(report)]
    return [*problems, *_space(report)]


def partner(torch: str) -> str:
    """Return the torchvision release that is made for a torch release: 0.(N + 15) for 2.N.

    Example:
        >>> partner("2.14.1+cpu")
        '0.29'
    """
    return f"0.{int(torch.split('.')[1]) + 15}"


def dotted(version: tuple[int, ...]) -> str:
    """Return a version as people write it."""
    return ".".join(map(str, version))


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _python(report: Report) -> Iterator[Problem]:
    oldest, newest = map(dotted, PYTHONS)
    if not PYTHONS[0] <= report.python[:2] <= PYTHONS[1]:
        yield Problem(
            f"This is Python {dotted(report.python)}; the course runs on {oldest} to {newest}.",
            f"Type: python -m pip install uv, then: python -m uv run --python {newest} seglearn lab (uv gets that Python).",
        )


def _shadows(report: Report) -> Iterator[Problem]:
    for path in report.shadows:
        yield Problem(f"{path} hides the package of that name from Python.", "Rename the file, and restart the kernel.")


def _pair(report: Report) -> Iterator[Problem]:
    """torch and torchvision are built for each other: one of them from elsewhere fails, often at import."""
    torch, vision = report.packages.get("torch"), report.packages.get("torchvision")
    error = report.errors.get("torchvision", "")
    if "torch" in report.errors:
        what, pins = f"torch is here but does not load: {report.errors['torch']}", "torch torchvision"
    elif torch is None or not re.match(r"\d+\.\d", torch):
        return
    else:
        pins = f'"torch=={_minor(torch)}.*" "torchvision=={partner(torch)}.*"'
        if error:
            what = f"torchvision does not load beside torch {torch}: {error}."
            if "operator torchvision::" in error:
                what += " The two come from different places, one for the CPU only and one not."
        elif vision is not None and _minor(vision) != partner(torch):
            what = (
                f"torchvision {vision} is made for another torch: torch {torch} goes with torchvision {partner(torch)}."
            )
        else:
            return
    backend = "cpu" if "+cpu" in (torch or "") else "auto"
    uv = f"python -m uv pip install --python {quoted(report.executable)} --torch-backend={backend} --reinstall {pins}"
    yield Problem(what, f"Install both together. Type: python -m pip install uv, then: {uv}")


def _packages(report: Report) -> Iterator[Problem]:
    missing = [name for name, version in report.packages.items() if version is None and name not in report.errors]
    if missing:
        names = [PACKAGES.get(name, name) for name in missing]
        whole = f"-e {quoted(report.checkout)}" if report.checkout else " ".join(names)
        yield Problem(f"Not installed in this Python: {', '.join(names)}.", f"Type: {report.installer} {whole}")
    for name, error in report.errors.items():
        if name in ("torch", "torchvision"):
            continue  # a matter of the pair
        again = f"Type: {report.installer} --force-reinstall --no-deps {PACKAGES.get(name)}"
        cure = again if name in PACKAGES else "Get the course's folder anew, and type `seglearn doctor` there."
        yield Problem(f"{name} is here but does not load: {error}", cure)


def _kernel(report: Report) -> Iterator[Problem]:
    if report.packages.get("ipykernel") is None or report.packages.get("jupyter_client") is None:
        return  # named among the packages
    cure = f"Type: {quoted(report.executable)} -m ipykernel install --sys-prefix --name python3"
    if report.kernel is None:
        yield Problem("Jupyter finds no kernel named python3, so no cell can run.", cure)
    elif Path(report.kernel).is_absolute() and Path(report.kernel).parent != Path(report.executable).parent:
        yield Problem(f"Notebooks would run in another Python than this one: {report.kernel}", cure)


def _space(report: Report) -> Iterator[Problem]:
    """Disk, memory, and a place for data."""
    if report.disk_gb is not None and report.disk_gb < DISK_GB:
        yield Problem(
            f"Only {report.disk_gb:.1f} GB of disk are free where the data lies; the course wants {DISK_GB}.",
            "Empty some space, or let the environment variable SEGLEARN_DATA name a folder on another disk.",
        )
    if report.memory_gb is not None and report.memory_gb < MEMORY_GB:
        yield Problem(
            f"This machine has {report.memory_gb:.1f} GB of memory; the course wants {MEMORY_GB}.",
            "Give the container or virtual machine more memory, or use another machine.",
        )
    elif report.free_memory_gb is not None and report.free_memory_gb < FREE_MEMORY_GB:
        yield Problem(
            f"Only {report.free_memory_gb:.1f} GB of memory are free; a notebook wants {FREE_MEMORY_GB}.",
            "Shut down kernels that you do not use, and close other programs.",
        )
    if not report.is_writable:
        yield Problem(
            f"Nothing can be saved in the data folder {report.data_root}",
            "Let the environment variable SEGLEARN_DATA name a folder that you may write to.",
        )
