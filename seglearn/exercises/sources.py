"""The one place of every solution: the chapter's source, notebooks/source/NN_name.py, in the percent format."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
CELL = re.compile(r"^# %%(?P<head>.*)$", re.MULTILINE)
TAGS = re.compile(r"tags=(\[.*?\])")
MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION[ \t]*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell of a source: its tags, whether it is prose, and its text."""

    tags: tuple[str, ...]
    prose: bool
    text: str

    @property
    def solved(self) -> str:
        """Return the text without the markers around the solution."""
        return MARKER.sub("", self.text).strip("\n")


def checkout(package: Path = PACKAGE) -> Path | None:
    """Return the folder that holds pyproject.toml and the package, None for an installed copy without a checkout."""
    folder = package.parent
    return folder if (folder / "pyproject.toml").is_file() else None


def source_of(chapter: str, root: Path | None = None) -> Path | None:
    """Return the source of a chapter such as "01", None where there is none."""
    root = root or checkout()
    return next(iter(sorted((root / "notebooks" / "source").glob(f"{chapter}_*.py"))), None) if root else None


def cells(source: Path) -> list[Cell]:
    """Return the cells of a source in order."""
    text = source.read_text(encoding="utf-8")
    heads = list(CELL.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    found = []
    for head, end in zip(heads, ends, strict=True):
        tags = TAGS.search(head["head"])
        prose = "[markdown]" in head["head"] or "[raw]" in head["head"]
        found.append(Cell(tuple(json.loads(tags[1])) if tags else (), prose, text[head.end() + 1 : end].strip("\n")))
    return found


def solution_of(name: str, root: Path | None = None) -> str:
    """Return the solution of an exercise: its cell without the markers; "" where no source is at hand.

    Example:
        >>> solution_of("99.unheard_of")
        ''
    """
    source = source_of(name.partition(".")[0], root)
    tagged = [cell for cell in cells(source) if {"exercise", name} <= set(cell.tags)] if source else []
    return "\n\n".join(cell.solved for cell in tagged)
