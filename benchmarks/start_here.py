"""Train the network of chapter 00 exactly as the notebook does, for several seeds and worlds, and keep the table.

    python benchmarks/start_here.py                        # three seeds of drawn streets
    python benchmarks/start_here.py --world nuclei camvid  # worlds that are present: see `seglearn data list`

The code that runs is the notebook's own: its cells tagged setup, data and train, with only WORLD, SIZE and SEED
replaced. Close other programs first: two trainings at once share the processor, and times mean nothing.
The table goes to benchmarks/results/start_here.json, from where the notebook shows it; worlds that are not measured
again keep their rows.
"""

import argparse
import datetime
import json
import os
import platform
import re
from pathlib import Path
from statistics import mean, stdev

import matplotlib

matplotlib.use("Agg")

import torch

from seglearn.build.source import read_source, tags

COURSE = Path(__file__).parents[1]
SOURCE = COURSE / "notebooks" / "source" / "00_start_here.py"
RESULTS = Path(__file__).parent / "results" / "start_here.json"
SIZES = {"drawn-streets": (64, 96), "drawn-nuclei": (96, 96), "camvid": (72, 96), "nuclei": (96, 96)}


def recipe(world: str, seed: int) -> str:
    """Return the notebook's code for one training, with another world and another seed."""
    cells = [cell.source for cell in read_source(SOURCE).cells if {"setup", "data", "train"} & set(tags(cell))]
    code = "\n\n".join(cells)
    for name, line in {
        "WORLD, SIZE": f"WORLD, SIZE = {world!r}, {SIZES[world]}",
        "SEED": f"SEED = {seed}",
    }.items():
        code, found = re.subn(rf"^{name} = .*$", line, code, flags=re.MULTILINE)
        if found != 1:
            raise SystemExit(f"{SOURCE.name}: a line `{name} = ...` must stand exactly once, found {found}.")
    return code


def measure(world: str, seed: int) -> dict:
    """Train once and return one row of the table."""
    names: dict = {}
    exec(compile(recipe(world, seed), SOURCE.name, "exec"), names)
    history, scores = names["history"], names["iou"](names["confusion"])
    return {
        "world": world,
        "size": SIZES[world],
        "classes": names["K"],
        "seed": seed,
        "train_s": round(history.elapsed_s[-1], 1),
        "val_mean_iou": round(max(history.score), 4),
        "test_mean_iou": round(names["score"], 4),
        "habit_mean_iou": round(names["baseline"], 4),
        "test_iou": {k: round(v, 3) for k, v in zip(names["labels"].names, scores.tolist(), strict=True)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", nargs="+", default=["drawn-streets"], choices=list(SIZES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows, out = [], arguments.out.resolve()
    os.chdir(SOURCE.parents[1])  # where the notebook runs
    for world in arguments.world:
        runs = [measure(world, seed) for seed in range(arguments.seeds)]
        scores = [run["test_mean_iou"] for run in runs]
        spread = f" ± {stdev(scores):.3f}" if len(scores) > 1 else ""
        print(f"{world}: mean IoU {mean(scores):.3f}{spread}, training {mean(run['train_s'] for run in runs):.0f} s")
        rows += runs
    kept = json.loads(out.read_text(encoding="utf-8"))["runs"] if out.exists() else []
    rows = sorted([row for row in kept if row["world"] not in arguments.world] + rows, key=lambda row: row["world"])
    table = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__.split("+")[0],
        "command": "python benchmarks/start_here.py --world drawn-streets drawn-nuclei camvid nuclei",
        "runs": rows,
    }
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.name}")


if __name__ == "__main__":
    main()
