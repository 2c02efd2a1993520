"""Keep of a run what is the same tomorrow and on another machine: pictures for widgets, no clocks, no addresses."""

import html
import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from seglearn.build.source import METADATA

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
OVERWRITTEN = re.compile(r"[^\n]*\r(?!\n)(?=[^\n])")  # what a terminal would have painted over
# What tqdm says of time and speed, and what follows it: [00:12<00:03, 4.1it/s, loss=1]
BAR_CLOCK = re.compile(r"\[[\d:]+<[\d:?]+,\s*[^,\]\n]*(?:, )?(?P<rest>[^\]\n]*)\]")
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}")


def settle(notebook: NotebookNode) -> NotebookNode:
    """Return the same notebook with outputs that any machine can show and that two runs have in common."""
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in notebook.cells:
        if cell.cell_type == "code":
            flat = [still for output in cell.outputs for still in _stills(output, models)]
            cell.outputs = [quiet for output in _joined(flat) if (quiet := _quiet(output))]
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
        words = html.unescape(re.sub(r"<[^>]+>", " ", model.get("value", "")))
        yield from [" ".join(words.split())] if words.strip() else []
    for child in model.get("children", []):
        yield from _showing(child.removeprefix("IPY_MODEL_"), models)


def _quiet(output: NotebookNode) -> NotebookNode | None:
    """Return the same output without painted-over lines, clocks and addresses; None where that leaves nothing."""
    if output.output_type == "stream":
        output.text = _still_text(output.text)
        return output if output.text.strip() else None
    if output.output_type == "error":  # an error shown on purpose: its message, not the files it went through
        output.traceback = [f"{output.ename}: {output.evalue}"]
    for kind in {"text/plain", "text/html"} & set(output.get("data", {})):
        output.data[kind] = _still_text(output.data[kind])
    return output


def _still_text(text: str) -> str:
    text = BAR_CLOCK.sub(lambda bar: f"[{bar['rest']}]" if bar["rest"] else "", OVERWRITTEN.sub("", text))
    return ADDRESS.sub("", re.sub(r"[ \r]+$", "", text, flags=re.MULTILINE))


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the outputs with neighboring pieces of one stream joined: where a stream was cut is chance."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if joined and output.output_type == "stream" and output.name == joined[-1].get("name"):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined
