"""Write benchmarks/README.md: what is measured here, by which command, and the tables of speed as they were kept.

    python benchmarks/tables.py

Run it after a benchmark: a test fails when the page and the results disagree.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE / "README.md"
INTRODUCTION = """# Measured, not asserted

Every number that the course prints and does not compute before your eyes comes from a command in this folder. Each
keeps its result with the machine, the versions and the date in `results/`. Close other programs first: two of them
share the processor, and times mean nothing. Times are CPU time; a ratio compares two roads that took turns in one run.

| Command | What it measures | Where it is read |
|---|---|---|
| `python benchmarks/start_here.py` | the first training, over seeds and worlds | chapter 00 |
| `python benchmarks/convolution.py` | loops, im2col and torch | chapter 03 |
| `python benchmarks/losses_compared.py` | losses over seeds, class weights, softmax twice | chapter 07 |
| `python benchmarks/losses.py` | the speed of the losses | below |
| `python benchmarks/calibration.py` | temperature over seeds | chapter 08 |
| `python benchmarks/metrics.py` | the speed of counting | below |
| `python benchmarks/tables.py` | writes this page | here |
"""


def table(heading: list[str], rows: list[list]) -> str:
    """Return a Markdown table; numbers stand to the right."""
    ruler = ["---" if isinstance(cell, str) else "---:" for cell in rows[0]]
    lines = [heading, ruler, *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def results(name: str) -> dict:
    """Return what a benchmark kept."""
    return json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))


def source(found: dict) -> str:
    """Return one line that says when and where a table was measured."""
    torch = found.get("torch") or found["versions"]["torch"]
    return f"Measured on {found['date']}, {found['machine']}, {found['rounds']} rounds, torch {torch}."


def convolution() -> str:
    """Return the table of the three roads of convolution."""
    found = results("convolution")
    rows = []
    for row in found["rows"]:
        images = " x ".join(map(str, found[row["problem"]]["images"]))
        rows.append([images, *(row[name] for name in ("direction", "slower", "faster", "ratio", "bar"))])
    heading = ["Images", "Pass", "Slower road", "Faster road", "Ratio", "Bar"]
    return f"## Convolution\n\n{source(found)}\n\n{table(heading, rows)}\n"


def losses() -> str:
    """Return the table of the losses' speed, forward and backward."""
    found = results("losses")
    rows = []
    for row in found["rows"]:
        race = [row["against"], row["ratio"], row["bar"], "yes" if row["met"] else "no"] if "bar" in row else ["–"] * 4
        rows.append([row["size"], row["loss"], row["threads"], row["min_ms"], row["peak_mb"], *race])
    heading = ["Logits", "Loss", "Threads", "Least ms", "Peak MB", "Against", "Ratio", "Bar", "Met"]
    return f"## Losses, forward and backward\n\n{source(found)}\n\n{table(heading, rows)}\n"


def metrics() -> str:
    """Return the table of counting, ours and the peers'."""
    found = results("metrics")
    shown = ("task", "contender", "threads", "cpu_median_ms", "cpu_min_ms")
    shown += ("times_ours_median", "times_ours_min", "memory_mb")
    rows = [[row[name] for name in shown] for row in found["rows"]]
    heading = ["Task", "Who", "Threads", "Median ms", "Least ms", "Times ours (median)", "(least)", "Memory MB"]
    return f"## Counting\n\n{source(found)}\n\n{table(heading, rows)}\n"


def page() -> str:
    """Return the whole page."""
    return "\n".join([INTRODUCTION, convolution(), losses(), metrics()])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE.relative_to(HERE.parent)}")
