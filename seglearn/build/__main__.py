"""python -m seglearn.build [00 01 ...] [--no-execute] [--check]."""

import argparse
import sys
import time
from pathlib import Path

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import seglearn
from seglearn.build.chapters import build, built_path, difference, sources
from seglearn.build.faults import faults, word_count

NOTEBOOKS = Path(seglearn.__file__).parents[1] / "notebooks"


def main(arguments: list[str] | None = None, *, folder: Path = NOTEBOOKS) -> int:
    """Build or check notebooks, say how it went, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m seglearn.build", description="Build notebooks from their sources.")
    parser.add_argument("chapters", nargs="*", metavar="NN", help="chapters, such as 00 01; all when none is named")
    parser.add_argument("--no-execute", action="store_true", help="run nothing; outputs stay if no code changed")
    parser.add_argument("--check", action="store_true", help="write nothing; say whether notebooks and sources agree")
    options = parser.parse_args(arguments)
    try:
        chosen = sources(folder, options.chapters)
    except ValueError as error:
        parser.error(str(error))
    one = _check if options.check else _write if options.no_execute else _run
    return max([one(source) for source in chosen], default=0)


def _check(source: Path) -> int:
    found = difference(source)
    print(f"{source.stem}: {found or 'the notebook is what its source says'}")
    return int(bool(found))


def _write(source: Path) -> int:
    kept = any(cell.get("outputs") for cell in build(source, execute_cells=False).cells)
    print(f"{source.stem}: written, {'outputs kept' if kept else 'without outputs'}")
    return 0


def _run(source: Path) -> int:
    started = time.perf_counter()
    try:
        notebook = build(source)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        print(f"{source.stem}: a cell failed; nothing was written.\n{error}", file=sys.stderr)
        return 1
    elapsed_s, size = time.perf_counter() - started, built_path(source).stat().st_size
    found = faults(notebook, source.name[:2])
    headline = f"{source.stem}: built in {elapsed_s:.0f} s, {size / 1e6:.2f} MB, {word_count(notebook)} words"
    print(headline, *found, sep="\n  ")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
