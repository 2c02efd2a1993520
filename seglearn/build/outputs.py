"""Keep of a run what is the same tomorrow and on another machine: pictures for widgets, no clocks, no addresses."""

import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from seglearn.build.source import METADATA

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)(?=[^\n])")  # what a terminal would have painted over
BAR_CLOCK = re.compile(r"\s*\[\d+:\d+(?::\d+)?<[^\]\n]*\]")  # tqdm's times and rate: [00:12<00:03, 4.1it/s]
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")


def settle(notebook: NotebookNode) -> NotebookNode:
    """Return the same notebook with outputs that any machine can show and that two runs have in common."""
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            flat = [still for output in cell.outputs for still in _stills(output, models)]
            cell.outputs = _joined([_quiet(output) for output in flat])
    notebook.metadata = nbformat.from_dict(METADATA)  # drops the widgets' state and the version of Python
    return notebook


def _stills(output: NotebookNode, models: dict) -> Iterator[NotebookNode]:
    """Yield the output without its live widget, or where that leaves only a name, what the widget was showing."""
    view = output.get("data", {}).pop(VIEW, None)
    if view is None or "image/png" in output.data or "text/html" in output.data:
        yield output
        return
    shown = list(_showing(view["model_id"], models))
    words = " ".join(part for part in shown if isinstance(part, str))
    if words:
        output.data["text/plain"] = words
        output.metadata = nbformat.from_dict({})
    if words or not shown:
        yield output
    for part in shown:
        if not isinstance(part, str):
            yield nbformat.from_dict(part)


def _showing(model_id: str, models: dict) -> Iterator[str | dict]:
    """Yield the words (of labels and text) and the outputs (of output areas) that a tree of widgets shows."""
    model = models.get(model_id, {}).get("state", {})
    if model.get("_model_name") == "OutputModel":
        yield from model.get("outputs", [])
    if model.get("_model_name") in ("HTMLModel", "LabelModel"):
        words = re.sub(r"<[^>]+>|&nbsp;", " ", model.get("value", "")).strip()
        if words:
            yield words
    for child in model.get("children", []):
        yield from _showing(child.removeprefix("IPY_MODEL_"), models)


def _quiet(output: NotebookNode) -> NotebookNode:
    """Return the same output without painted-over lines, clocks and memory addresses."""
    if output.output_type == "stream":
        output.text = _still_text(output.text)
    for kind in ("text/plain", "text/html"):
        if kind in output.get("data", {}):
            output.data[kind] = _still_text(output.data[kind])
    return output


def _still_text(text: str) -> str:
    return ADDRESS.sub("", BAR_CLOCK.sub("", OVERWRITTEN.sub("", text)))


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with neighboring pieces of one stream joined: where a stream was cut is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text = _still_text(last.text + output.text)
        else:
            joined.append(output)
    return [output for output in joined if output.output_type != "stream" or output.text.strip()]
