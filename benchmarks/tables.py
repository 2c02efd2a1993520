"""Write benchmarks/README.md: what is measured here, by which command, and the tables of speed as they were kept.

    python benchmarks/tables.py

Run it after a benchmark: a test fails when the page and the results disagree.
"""

from pathlib import Path

from keeping import chosen, told
from keeping import read as results

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
| `python benchmarks/classes_to_pixels.py` | what stride costs a map, over seeds; a subset of CIFAR-10 | chapter 05 |
| `python benchmarks/designs.py` | seven designs over seeds: cost and scores | chapter 06, below |
| `python benchmarks/losses_compared.py` | losses over seeds, class weights, softmax twice | chapter 07 |
| `python benchmarks/losses.py` | the speed of the losses | below |
| `python benchmarks/calibration.py` | temperature over seeds | chapter 08 |
| `python benchmarks/metrics.py` | the speed of counting | below |
| `python benchmarks/roi.py` | RoI Align and RoI Pool against torchvision's | below |
| `python benchmarks/loop.py` | what the training loop itself costs, against a bare one | below |
| `python benchmarks/training_well.py` | few pictures augmented, drawn against real streets, over seeds | chapter 09 |
| `python benchmarks/real_sets.py` | real streets and nuclei after minutes of training, over seeds | chapter 09 |
| `python benchmarks/bugs.py` | a dozen bugs in one loop, over seeds: their curves, gradients, masks | chapter 09's cards |
| `python benchmarks/tables.py` | writes this page | here |
"""


def table(heading: list[str], rows: list[list]) -> str:
    """Return a Markdown table; numbers stand to the right."""
    ruler = ["---" if isinstance(cell, str) else "---:" for cell in rows[0]]
    lines = [heading, ruler, *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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


def roi() -> str:
    """Return the table of the poolers of regions, ours and torchvision's."""
    found = results("roi")
    names = ("operation", "direction", "ours_ms", "torchvision_ms", "ratio")
    rows = [[*(row[name] for name in names), "yes" if row["kept"] else "no"] for row in found["rows"]]
    heading = ["Operation", "Pass", "Ours ms", "torchvision ms", "Ratio", f"At most {found['bar']}"]
    return f"## Regions of interest\n\n{source(found)}\n\n{table(heading, rows)}\n"


def loop() -> str:
    """Return the table of what `fit` costs, against a bare loop with the same work."""
    found = results("loop")
    names = ("size", "work", "fit_ms", "bare_ms", "ratio", "bar")
    rows = [[*(row[name] for name in names), "yes" if row["met"] else "no"] for row in found["rows"]]
    heading = ["Batch", "Work", "fit ms", "Bare loop ms", "Ratio", "At most", "Met"]
    return f"## The training loop\n\n{source(found)}\n\n{table(heading, rows)}\n"


WORLDS, SAME = {"drawn-streets": "drawn streets", "camvid": "CamVid"}, ("world", "design")


def designs(world: str) -> str:
    """Return what the designs cost and reach in one world."""
    found, rows = results("designs"), []
    for cost in chosen(found["costs"], world=world):
        runs = chosen(found["runs"], world=world, design=cost["design"])
        weights = [f"{n / 1e6:.2f} M" for n in (cost["parameters"], cost["equal"]["parameters"])]
        products = f"{cost['multiplications'] / 1e6:.0f} M"
        costs = [*weights, products, cost["forward_ms_least"], cost["times_unet"], cost["step_mb"]]
        scores = [told(runs, key) for key in ("mean_iou", "boundary_iou", "pole_iou")]
        rows.append([cost["design"], *costs, *scores, len(runs)])
    heading = ["Design", "Weights", "At equal widths", "Multiply-adds", "Least ms", "Times U-Net", "Step MB"]
    heading += ["Mean IoU", "Boundary IoU", "Pole IoU", "Seeds"]
    size = " x ".join(map(str, cost["size"]))
    return f"## Designs, on {WORLDS[world]} of {size}\n\n{source(found | cost)}\n\n{table(heading, rows)}\n"


def skips() -> str:
    """Return what the skips of a U-Net are worth, to thin structures above all."""
    found, rows = results("designs")["runs"], []
    for world in measured():
        for design in ("UNet", "UNet without skips"):
            runs = chosen(found, world=world, design=design)
            scores = ("mean_iou", "boundary_iou", "pole_iou", "pole_recall", "pole_boundary_iou")
            rows.append([WORLDS[world], design, *(told(runs, key) for key in scores), len(runs)])
    heading = ["World", "Design", "Mean IoU", "Boundary IoU", "Pole IoU", "Pole recall", "Pole boundary IoU", "Seeds"]
    return f"## Skips on and off\n\n{table(heading, rows)}\n"


def measured() -> list[str]:
    """Return the worlds in which every design has been trained with three seeds at least."""
    found = results("designs")
    costs = [row for row in found["costs"] if len(chosen(found["runs"], **{k: row[k] for k in SAME})) >= 3]
    return [world for world in WORLDS if chosen(costs, world=world) == chosen(found["costs"], world=world)]


def page() -> str:
    """Return the whole page."""
    streets = [designs(world) for world in measured()]
    return "\n".join([INTRODUCTION, *streets, skips(), convolution(), losses(), metrics(), loop(), roi()])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"written: {PAGE.relative_to(HERE.parent)}")
