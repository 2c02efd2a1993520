"""From the source of a chapter to the cells of its notebook: with solutions, or with blanks."""

import ast
import hashlib
import re
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SOLVING = {"setup", "data", "exercise", "check"}  # the tags of the cells that a solved run needs
NAME = re.compile(r"\d\d\.\w+")  # of an exercise: chapter dot word
CHECK = re.compile(r"""^check\(\s*["'](?P<name>[^"']+)""", re.MULTILINE)
SOLUTION = re.compile(
    r"^(?P<indent>[ ]*)### BEGIN SOLUTION[ ]*\n(?P<body>.*?)^[ ]*### END SOLUTION[ ]*(?:\n|\Z)",
    flags=re.DOTALL | re.MULTILINE,
)


def read_source(path: Path) -> NotebookNode:
    """Return the notebook that a source describes, every solution still in place between its markers.

    Raises:
        ValueError: a cell's tags and its solution markers contradict each other.
    """
    notebook = jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for position, cell in enumerate(notebook.cells):
        cell.metadata.pop("lines_to_next_cell", None)
        _check_marks(f"{path.name}, cell {position}", cell)
    return notebook


def learner_notebook(path: Path) -> NotebookNode:
    """Return the notebook as learners get it: solutions blanked, not yet executed, the same for the same source."""
    notebook = read_source(path)
    seen: Counter[str] = Counter()
    for position, cell in enumerate(notebook.cells):
        if _kind(cell) == "exercise":
            cell.source = blank(cell.source, where=f"{path.name}, cell {position}")
        if _kind(cell):
            cell.metadata["nbgrader"] = _nbgrader(cell)
        text = f"{cell.cell_type}:{cell.source}"
        cell.id = hashlib.sha256(f"{text}:{seen[text]}".encode()).hexdigest()[:8]
        seen[text] += 1
    return notebook


def solved_notebook(path: Path) -> NotebookNode:
    """Return what a solved run executes: the cells for setup, data, exercises and checks, with the solutions."""
    notebook = read_source(path)
    notebook.cells = [cell for cell in notebook.cells if SOLVING & set(tags(cell))]
    for cell in notebook.cells:
        cell.source = SOLUTION.sub(r"\g<body>", cell.source)
    return notebook


def blank(code: str, *, where: str = "blank") -> str:
    """Return the code with a blank in place of each solution.

    In a function the blank raises. At the top level every name that the solution assigns becomes `name = ...`,
    unless the lines above have done so already; what else the solution does (moving a slider) vanishes.

    Example:
        >>> print(blank("### BEGIN SOLUTION\\nclasses = 8\\n### END SOLUTION\\nclasses"))
        classes = ...
        classes
    """
    functions = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)]

    def hole(match: re.Match[str]) -> str:
        line = code.count("\n", 0, match.start()) + 1
        if any(node.lineno < line <= node.end_lineno for node in functions):
            return match["indent"] + 'raise NotImplementedError("your turn")\n'
        if match["indent"]:
            raise ValueError(
                f"{where}: a solution must stand in a function or at the top level, got one indented by an `if`, a "
                "`for` or a class. Put the markers around the whole statement, or in a method."
            )
        above = _assigned(code[: match.start()])
        return "".join(f"{name} = ...\n" for name in _assigned(match["body"]) if name not in above)

    blanked = SOLUTION.sub(hole, code).rstrip("\n")
    if not blanked:
        raise ValueError(f"{where}: something must be left for the learner. Keep a line of code outside the markers.")
    return blanked


def tags(cell: NotebookNode) -> list[str]:
    """Return the tags of a cell, none for most."""
    return cell.metadata.get("tags", [])


def exercise_name(cell: NotebookNode) -> str | None:
    """Return the exercise that a cell belongs to, such as "01.one_hot"."""
    return next((tag for tag in tags(cell) if NAME.fullmatch(tag)), None)


def _kind(cell: NotebookNode) -> str | None:
    return next((kind for kind in ("exercise", "check") if kind in tags(cell)), None)


def _check_marks(where: str, cell: NotebookNode) -> None:
    blanks, marks = len(SOLUTION.findall(cell.source)), len(re.findall(r"### (?:BEGIN|END) SOLUTION", cell.source))
    if marks != 2 * blanks:
        raise ValueError(f"{where}: every `### BEGIN SOLUTION` line needs an `### END SOLUTION` line of its own.")
    if blanks and _kind(cell) != "exercise":
        raise ValueError(f'{where}: a solution must stand in an exercise cell. Tag it ["exercise", "NN.word"].')
    if _kind(cell) == "exercise" and not blanks:
        raise ValueError(f"{where}: an exercise cell must hold a solution. Put it between the two markers.")
    checked = {call["name"] for call in CHECK.finditer(cell.source)} if cell.cell_type == "code" else set()
    if checked and (_kind(cell) != "check" or checked != {exercise_name(cell)}):
        raise ValueError(f'{where}: a call of check() needs a cell of its own. Tag it ["check", "{min(checked)}"].')
    if _kind(cell) and not exercise_name(cell):
        raise ValueError(f'{where}: a cell tagged "{_kind(cell)}" must name its exercise. Add a tag like "01.one_hot".')


def _assigned(code: str) -> list[str]:
    """Return the plain names that the statements of a piece of code assign, in order."""
    names = []
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            nodes = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
            names += [node.id for node in nodes if isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(names))


def _nbgrader(cell: NotebookNode) -> dict:
    """Return what nbgrader must know of an exercise cell (the learner writes it) or a check cell (it gives points)."""
    exercise = _kind(cell) == "exercise"
    grade_id = exercise_name(cell).replace(".", "-")  # nbgrader allows no dot
    facts = {"schema_version": 3, "solution": exercise, "grade": not exercise, "locked": not exercise, "task": False}
    if exercise:
        return {**facts, "grade_id": grade_id}
    points = next((int(tag.removeprefix("points-")) for tag in tags(cell) if tag.startswith("points-")), 1)
    return {**facts, "grade_id": f"{grade_id}-check", "points": points}
