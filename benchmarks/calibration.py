"""Train the network of chapter 08 exactly as the notebook does, for several seeds, and keep its calibration.

    python benchmarks/calibration.py              # three seeds
    python benchmarks/calibration.py --seeds 5

The code that runs is the notebook's own: its cells tagged setup and train, with only SEED replaced. The table goes to
benchmarks/results/calibration.json, from where the notebook shows it.
"""

import argparse
import datetime
import json
import os
import platform
import re
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import torch

from seglearn.build.source import read_source, tags

COURSE = Path(__file__).parents[1]
SOURCE = COURSE / "notebooks" / "source" / "08_iou_and_friends.py"
RESULTS = Path(__file__).parent / "results" / "calibration.json"


def recipe(seed: int) -> str:
    """Return the notebook's code for one training and its calibration, with another seed."""
    code = "\n\n".join(cell.source for cell in read_source(SOURCE).cells if {"setup", "train"} & set(tags(cell)))
    code, found = re.subn(r"^SEED, (.*) = \d+, ", rf"SEED, \1 = {seed}, ", code, flags=re.MULTILINE)
    if found != 1:
        raise SystemExit(f"{SOURCE.name}: a line `SEED, ... = 0, ...` must stand exactly once, found {found}.")
    return code


def measure(seed: int) -> dict:
    """Train once and return one row of the table."""
    names: dict = {}
    exec(compile(recipe(seed), SOURCE.name, "exec"), names)
    cooled = names["mean_iou"](
        names["confusion_matrix"](names["label_map"](names["logits"] / names["T"]), names["test_masks"], names["K"])
    )
    return {
        "seed": seed,
        "mean_iou": round(names["score"], 4),
        "mean_iou_after": round(cooled.item(), 4),
        "ece_before": round(names["before"], 4),
        "temperature": round(names["T"], 3),
        "ece_after": round(names["after"], 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    out = arguments.out.resolve()
    os.chdir(SOURCE.parents[1])  # where the notebook runs
    rows = []
    for seed in range(arguments.seeds):
        rows.append(measure(seed))
        print(rows[-1], flush=True)
    table = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, torch threads: {torch.get_num_threads()}",
        "torch": torch.__version__.split("+")[0],
        "command": f"python benchmarks/calibration.py --seeds {arguments.seeds}",
        "runs": rows,
    }
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.name}")


if __name__ == "__main__":
    main()
