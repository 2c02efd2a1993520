"""Train the network of chapter 07 with each loss, under one recipe and several seeds, and keep the table.

    python benchmarks/losses_compared.py                                # every loss on drawn streets, three seeds
    python benchmarks/losses_compared.py --loss dice lovasz --seeds 3   # some of them
    python benchmarks/losses_compared.py --world drawn-poles --loss cross-entropy weights dice softmax-twice --seeds 3
    python benchmarks/losses_compared.py --world camvid --loss cross-entropy weights --seeds 3 --epochs 28

The code that learns and judges is the notebook's own: its cell tagged train. A row goes to
benchmarks/results/losses_compared.json as soon as it is measured, and replaces the row of the same world, loss,
epochs and seed; all other rows stay.
"""

import argparse
import datetime
import json
import math
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from seglearn.build.source import read_source, tags
from seglearn.data import DrawnStreets, in_memory, open_dataset, stack
from seglearn.labels import IGNORE, STREETS, LabelSet
from seglearn.losses import (
    boundary_loss,
    cross_entropy_loss,
    dice_loss,
    focal_loss,
    jaccard_loss,
    lovasz_loss,
    tversky_loss,
)
from seglearn.metrics import calibration_error, confusion_matrix, iou, label_map, mean_iou
from seglearn.models import UNet
from seglearn.training import fit, seed_everything, warmup_cosine

COURSE = Path(__file__).parents[1]
SOURCE = COURSE / "notebooks" / "source" / "07_losses.py"
RESULTS = Path(__file__).parent / "results" / "losses_compared.json"
SIZES = {"drawn-streets": (48, 72), "drawn-poles": (48, 72), "camvid": (48, 64)}
BOUNDARY = 0.05  # how much the boundary loss counts beside cross-entropy
Loss = Callable[[Tensor, Tensor], Tensor]


def recipe() -> dict:
    """Return what the notebook's train cell defines: EPOCHS, train_with, judge."""
    names = {
        "torch": torch, "UNet": UNet, "DataLoader": DataLoader, "fit": fit, "stack": stack,
        "seed_everything": seed_everything, "warmup_cosine": warmup_cosine,
        "confusion_matrix": confusion_matrix, "label_map": label_map, "calibration_error": calibration_error,
    }  # fmt: skip
    cells = [cell.source for cell in read_source(SOURCE).cells if "train" in tags(cell)]
    if len(cells) != 1:
        raise SystemExit(f"{SOURCE.name}: one cell must be tagged train, found {len(cells)}.")
    exec(compile(cells[0], SOURCE.name, "exec"), names)
    return names


class Poles(Dataset):
    """The same streets with two labels: pole, and everything else."""

    labels = LabelSet(("rest", "pole"), (STREETS.colors[STREETS.index("road")], STREETS.colors[STREETS.index("pole")]))

    def __init__(self, streets: Dataset):
        self.streets = streets

    def __len__(self) -> int:
        return len(self.streets)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, mask = self.streets[index]
        return image, (mask == STREETS.index("pole")).long()


def datasets(world: str) -> tuple:
    """Return what is learned from and what is judged with; the drawn streets are those of the notebook."""
    if world == "camvid":
        pair = [open_dataset(world, split=split, size=SIZES[world]) for split in ("train", "test")]
    else:
        pair = [DrawnStreets(240, seed=0, size=SIZES[world]), DrawnStreets(100, seed=2, size=SIZES[world])]
    if world == "drawn-poles":
        pair = [Poles(streets) for streets in pair]
    return tuple(in_memory(dataset, fill=True, progress=False) for dataset in pair)


def losses(masks: Tensor, classes: int) -> dict[str, Loss]:
    """Return every loss by its name; the weights come from the masks (N, H, W) that are learned from."""
    counts = torch.bincount(masks[masks != IGNORE], minlength=classes)  # (K,)
    rarity = counts.sum() / (classes * counts)  # 1 for a class of average size
    return {
        "cross-entropy": cross_entropy_loss,
        "weights-sqrt": partial(cross_entropy_loss, weight=rarity.sqrt()),
        "weights": partial(cross_entropy_loss, weight=rarity),
        "focal": focal_loss,
        "dice": dice_loss,
        "jaccard": jaccard_loss,
        "tversky-0.3-0.7": partial(tversky_loss, alpha=0.3, beta=0.7),
        "tversky-0.7-0.3": partial(tversky_loss, alpha=0.7, beta=0.3),
        "lovasz": lovasz_loss,
        "ce+dice": lambda logits, mask: cross_entropy_loss(logits, mask) + dice_loss(logits, mask),
        "ce+boundary": lambda logits, mask: cross_entropy_loss(logits, mask) + BOUNDARY * boundary_loss(logits, mask),
        "softmax-twice": lambda logits, mask: cross_entropy_loss(logits.softmax(dim=1), mask),
    }


def measure(names: dict, world: str, sets: tuple, loss: tuple[str, Loss], epochs: int, seed: int) -> dict:
    """Train once and return one row of the table; every score follows from its confusion matrix."""
    start = time.process_time()
    model, history = names["train_with"](loss[1], sets[0], seed, epochs=epochs, progress=False)
    elapsed_s = time.process_time() - start
    confusion, calibration = names["judge"](model, sets[1])
    return {
        "world": world,
        "loss": loss[0],
        "epochs": epochs,
        "seed": seed,
        "cpu_s": round(elapsed_s, 1),
        "first_train_loss": round(history.loss[0], 4),
        "last_train_loss": round(history.loss[-1], 4),
        "mean_iou": round(mean_iou(confusion).item(), 4),
        "iou": [round(v, 4) for v in iou(confusion).tolist()],
        "calibration_error": round(calibration, 4),
        "confusion": confusion.tolist(),
    }


def keep(row: dict, out: Path) -> None:
    """Write one row into the table, in place of an older one of the same training."""
    table = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {"runs": []}
    same = ("world", "epochs", "loss", "seed")
    rows = [old for old in table["runs"] if any(old[key] != row[key] for key in same)] + [row]
    rows.sort(key=lambda row: (list(SIZES).index(row["world"]), *(row[key] for key in same)))
    head = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads",
        "torch": torch.__version__.split("+")[0],
        "command": "python benchmarks/losses_compared.py",
    }
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    text = json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n' + lines + "\n ]\n}\n"
    out.parent.mkdir(exist_ok=True)
    out.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="drawn-streets", choices=list(SIZES))
    parser.add_argument("--loss", nargs="+", help="names of losses; all of them if none is given")
    parser.add_argument("--seeds", type=int, default=3, help="how many: 0, 1, 2, ...")
    parser.add_argument("--first", type=int, default=0, help="the first of them, to go on with a table")
    parser.add_argument("--epochs", type=int, help="the notebook's if none are given")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    names, sets = recipe(), datasets(arguments.world)
    known = losses(stack(sets[0])[1], len(sets[0].labels))
    unknown = set(arguments.loss or ()) - set(known)
    if unknown:
        parser.error(f"--loss must be among {', '.join(known)}, got {', '.join(sorted(unknown))}")
    for seed in range(arguments.first, arguments.seeds):
        for name in arguments.loss or known:
            row = measure(names, arguments.world, sets, (name, known[name]), arguments.epochs or names["EPOCHS"], seed)
            keep(row, arguments.out)
            scores = {k: v for k, v in zip(sets[0].labels.names, row["iou"], strict=True) if not math.isnan(v)}
            worst = min(scores, key=scores.get)
            told = f"mean IoU {row['mean_iou']:.3f}, {worst} {scores[worst]:.2f}, ECE {row['calibration_error']:.3f}"
            print(f"{arguments.world} {name:16s} seed {seed}: {told}, {row['cpu_s']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
