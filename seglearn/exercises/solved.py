"""The answers of a chapter's source: its solutions run, and what its own `check(...)` lines hand over is collected."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

from seglearn.exercises.sources import Cell, cells

CALLS = ("check", "hint", "solution")
MAGIC = re.compile(r"^[ \t]*[%!].*$", re.MULTILINE)


def called_names(source: Path) -> list[str]:
    """Return the names of all exercises that the code of a source checks, hints at or solves."""
    return [call.args[0].value for call in _calls(source, CALLS) if isinstance(call.args[0], ast.Constant)]


def solved_answer(source: Path, name: str) -> Any:
    """Return the answer that the source's own solution gives to an exercise.

    The cells tagged "setup" and "data" before the exercise run once per source, then the exercise's cells with their solution in place;
    the answer is what `check(name, ANSWER)` hands over.

    Raises:
        LookupError: the source has no cell for the exercise, or never checks it.
    """
    mine = [cell for cell in cells(source) if {"exercise", name} <= set(cell.tags)]
    answers = [call.args[1] for call in _calls(source, ("check",)) if call.args[0].value == name and len(call.args) > 1]
    if not mine or not answers:
        raise LookupError(
            f'{source.name}: {name} needs a cell tagged ["exercise", "{name}"] and a `check("{name}", ...)`.'
        )
    scene = dict(_set_up(source, cells(source).index(mine[0])))
    for cell in mine:
        _run(cell, source, scene)
    return eval(compile(ast.Expression(answers[0]), source.name, "eval"), scene)


@cache
def _set_up(source: Path, stop: int) -> dict[str, Any]:
    """Return what the cells for setup and data before cell `stop` define, building on the one before it."""
    if stop == 0:
        return {"__name__": "__main__"}
    scene, cell = _set_up(source, stop - 1), cells(source)[stop - 1]
    if {"setup", "data"} & set(cell.tags):
        scene = dict(scene)
        _run(cell, source, scene)
    return scene


def _run(cell: Cell, source: Path, scene: dict[str, Any]) -> None:
    exec(compile(MAGIC.sub("", cell.solved), source.name, "exec"), scene)


@cache
def _parsed(source: Path) -> list[ast.Module]:
    return [ast.parse(MAGIC.sub("", cell.solved)) for cell in cells(source) if not cell.prose]


def _calls(source: Path, names: tuple[str, ...]) -> list[ast.Call]:
    nodes = [node for tree in _parsed(source) for node in ast.walk(tree)]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args]
    return [call for call in calls if call.func.id in names]
