"""Read a built notebook as a strict stranger would: every fault is one sentence that says where."""

import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from seglearn.build.source import tags

MAX_BYTES, MAX_CELLS, MAX_LINES = 1_500_000, 90, 30
WORDS = {"00": range(600, 2001)}  # of prose; every other chapter:
WORDS_OF_A_CHAPTER = range(1200, 2001)
# What Python says of things that have no words for themselves: <Axes: >, [<Line2D>], <Figure size 640x480 with 1 Axes>
NAMELESS = re.compile(r"\[?<[^<>]+>(?:,\s*<[^<>]+>)*\]?")
# A path of one machine: /folder/folder, C:\folder, or what Python prints of installed files.
MACHINE_PATH = re.compile(r"(?:(?<=[\s\"'`(=\[])|^)(?:/[\w.~-]+){2,}|\b[A-Z]:\\+\w|site-packages|~/\w")
ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}")


def faults(notebook: NotebookNode, chapter: str) -> list[str]:
    """Return every way in which the notebook of a chapter ("00") breaks the rules of the course, none at best."""
    found = [*_faults_of_size(notebook, WORDS.get(chapter, WORDS_OF_A_CHAPTER)), *_faults_of_headings(notebook)]
    for position, cell in enumerate(notebook.cells):
        complaints = [*_faults_of_source(cell)]
        for output in cell.get("outputs", []):
            complaints += _faults_of_output(cell, output)
        found += [f"cell {position} ({cell.source.splitlines()[:1]}): {complaint}" for complaint in complaints]
    return found


def prose(notebook: NotebookNode) -> str:
    """Return what is there to read between the code, without fenced code and HTML tags."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.sub(r"```.*?```|<[^>]+>", " ", text, flags=re.DOTALL)


def word_count(notebook: NotebookNode) -> int:
    """Return how many words the prose has; links and pictures count by the words that are read."""
    return len(re.findall(r"\w[\w'’-]*", re.sub(r"\]\([^)]*\)", " ", prose(notebook))))


def _faults_of_size(notebook: NotebookNode, words: range) -> Iterator[str]:
    size, count = len(nbformat.writes(notebook).encode()), word_count(notebook)
    if size > MAX_BYTES:
        yield f"{size / 1e6:.2f} MB, at most {MAX_BYTES / 1e6:.1f}. Make the largest figures smaller or fewer."
    if len(notebook.cells) > MAX_CELLS:
        yield f"{len(notebook.cells)} cells, at most {MAX_CELLS}."
    if count not in words:
        yield f"{count} words of prose, wanted {words.start} to {words.stop - 1}."


def _faults_of_headings(notebook: NotebookNode) -> Iterator[str]:
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(notebook), flags=re.MULTILINE)]
    if not levels or levels[0] != 1 or levels.count(1) != 1:
        yield f"headings of level 1: {levels.count(1)}, wanted one, and it comes first."
    jumps = [after for before, after in zip(levels, levels[1:], strict=False) if after > before + 1]
    if jumps:
        yield f"a heading of level {jumps[0]} skips a level."


def _faults_of_source(cell: NotebookNode) -> Iterator[str]:
    lines = cell.source.splitlines()
    if not cell.source.strip():
        yield "an empty cell"
    if cell.cell_type == "code" and len(lines) > MAX_LINES:
        yield f"{len(lines)} lines of code, at most {MAX_LINES}"
    if cell.cell_type == "code" and lines and lines[-1].rstrip().endswith(";"):
        yield "ends with `;`. End a figure with plt.show()."
    if "SOLUTION" in cell.source:
        yield "shows a solution"


def _faults_of_output(cell: NotebookNode, output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error":
        if "raises-exception" not in tags(cell):
            yield f"raised {output.ename}"
        return
    data = output.get("data", {})
    plain = data.get("text/plain", "")
    text = "\n".join([output.get("text", ""), plain, re.sub(r"<[^>]+>", " ", data.get("text/html", ""))])
    if "Traceback (most recent call last)" in text:
        yield "shows a traceback"
    if path := MACHINE_PATH.search(text):
        yield f"shows a path of this machine: {path[0]}"
    if address := ADDRESS.search(text):
        yield f"shows a memory address: {address[0]}"
    named = plain and not NAMELESS.fullmatch(plain)
    if "image/png" in data and not named:
        yield "shows a figure without a text alternative. Make it with plots.panels, or give it a __repr__."
    if "image/png" not in data and "text/html" not in data and plain and not named:
        yield f"ends with an object that has no words: {plain[:40]}. End a figure with plt.show()."
