"""A chapter on disk: its source, its notebook, and whether the two agree."""

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from seglearn.build.outputs import settle
from seglearn.build.run import execute
from seglearn.build.source import learner_notebook


def sources(folder: Path, chapters: list[str] = ()) -> list[Path]:
    """Return the sources of the named chapters, or of all, in order.

    Raises:
        ValueError: a chapter has no source; the message lists those that have one.
    """
    found = {path.name[:2]: path for path in sorted((folder / "source").glob("[0-9][0-9]_*.py"))}
    for chapter in chapters:
        if chapter not in found:
            known = ", ".join(found) or "none"
            raise ValueError(f"build: a chapter must have a source in notebooks/source, got {chapter}. Known: {known}.")
    return [found[chapter] for chapter in sorted(set(chapters))] if chapters else list(found.values())


def built_path(source: Path) -> Path:
    """Return where the notebook of a source lies: one folder up, under the same name."""
    return source.parents[1] / f"{source.stem}.ipynb"


def build(source: Path, *, execute_cells: bool = True) -> NotebookNode:
    """Write the notebook of a chapter and return it; when a cell fails, nothing is written."""
    notebook = learner_notebook(source)
    if execute_cells:
        settle(execute(notebook, cwd=source.parents[1]))
    else:
        _keep_outputs(notebook, built_path(source))
    nbformat.validate(notebook)
    fresh = built_path(source).with_suffix(".ipynb.new")
    fresh.write_bytes((nbformat.writes(notebook) + "\n").encode("utf-8"))  # bytes: the same line ends on every system
    fresh.replace(built_path(source))
    return notebook


def difference(source: Path) -> str:
    """Return a sentence that names the first cell in which a notebook is not what its source says; "" where it is."""
    path = built_path(source)
    cure = f"Run `python -m seglearn.build {source.name[:2]}`."
    if not path.exists():
        return f"{path.name} is missing. {cure}"
    wanted, stored = learner_notebook(source), nbformat.read(path, as_version=4)
    for position, (ours, theirs) in enumerate(zip(wanted.cells, stored.cells, strict=False)):
        for part in ("cell_type", "source", "metadata", "id"):
            if ours.get(part) != theirs.get(part):
                return f"{path.name} differs from its source in the {part} of cell {position}, {_opening(ours)}. {cure}"
    if len(wanted.cells) != len(stored.cells):
        return f"{path.name} has {len(stored.cells)} cells and its source {len(wanted.cells)}. {cure}"
    if wanted.metadata != stored.metadata:
        return f"{path.name} has other metadata than its source: {json.dumps(stored.metadata)[:200]}. {cure}"
    return ""


def _opening(cell: NotebookNode) -> str:
    line = next(iter(cell.source.splitlines()), "")
    return f"which should begin with {line[:60]!r}"


def _keep_outputs(notebook: NotebookNode, path: Path) -> None:
    """Carry the stored outputs over when no code has changed: then a run would show the same."""
    stored = nbformat.read(path, as_version=4).cells if path.exists() else []
    before = [cell for cell in stored if cell.cell_type == "code"]
    after = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.source for cell in before] == [cell.source for cell in after]:
        for old, new in zip(before, after, strict=True):
            new.outputs, new.execution_count = old.outputs, old.execution_count
