"""Measure what chapter 05 does not train before your eyes: what stride costs, over seeds, and CIFAR-10 in small.

    python benchmarks/classes_to_pixels.py                  # maps of digit scenes with strides 8, 4 and 2, three seeds
    python benchmarks/classes_to_pixels.py --part cifar10 --root ../cifar10     # CIFAR-10 or a subset, three seeds

The code that learns is the notebook's own: its cells tagged train. A row goes to
benchmarks/results/classes_to_pixels.json as soon as it is measured, and replaces the row of the same part, targets,
stride and seed; all other rows stay.
"""

import argparse
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from keeping import RESULTS, keep
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset
from torchvision.datasets import CIFAR10

from seglearn.build.source import read_source, tags
from seglearn.data import DigitScenes, stack
from seglearn.data.torchvision_sets import load_cifar10
from seglearn.labels import DIGIT_SCENES
from seglearn.metrics import confusion_matrix, label_map, mean_iou, pixel_accuracy
from seglearn.models import TinyCNN
from seglearn.training import fit, seed_everything, warmup_cosine

COURSE = Path(__file__).parents[1]
SOURCE = COURSE / "notebooks" / "source" / "05_from_classes_to_pixels.py"
OUT = RESULTS / "classes_to_pixels.json"
SAME = ("part", "targets", "stride", "seed")
HEAD = {"command": "python benchmarks/classes_to_pixels.py"}
PICTURES, BLANKS, SCENES, SCENE_SIZE = 2000, 200, 100, (48, 64)
NARROW = (16, 32, 64)  # half the chapter's widths: stride 1 costs many times what stride 8 does
CIFAR_EPOCHS = 8
POOLINGS = {8: 3, 4: 2, 2: 1, 1: 0}  # stride -> how many of the three poolings take steps of 2


def recipe() -> dict:
    """Return what the notebook's train cells define: pictures, train, Finer and the constants."""
    names = {
        "torch": torch, "F": F, "DataLoader": DataLoader, "TensorDataset": TensorDataset, "fit": fit, "stack": stack,
        "DigitScenes": DigitScenes, "TinyCNN": TinyCNN, "seed_everything": seed_everything,
        "warmup_cosine": warmup_cosine,
    }  # fmt: skip
    cells = [cell.source for cell in read_source(SOURCE).cells if "train" in tags(cell)]
    if not cells:
        raise SystemExit(f"{SOURCE.name}: at least one cell must be tagged train, found none.")
    for cell in cells:
        exec(compile(cell, SOURCE.name, "exec"), names)
    return names


def finer(names: dict, trained: TinyCNN, stride: int) -> TinyCNN:
    """Return a network with the same weights that answers at every `stride`-th pixel."""
    model = names["Finer"](3, len(DIGIT_SCENES), widths=NARROW)
    model.load_state_dict(trained.state_dict())
    model.poolings = POOLINGS[stride]
    return model.eval()


def judge(model: TinyCNN, images: Tensor, masks: Tensor) -> Tensor:
    """Return the confusion matrix of a model's pixels."""
    with torch.inference_mode():
        logits = torch.cat([model(chunk) for chunk in images.split(20)])  # (N, K, H, W)
    return confusion_matrix(label_map(logits), masks, logits.shape[1])


def measure_strides(
    names: dict, seed: int, strides: list[int], *, pictures: int = PICTURES, epochs=None
) -> Iterator[dict]:
    """Train on classes alone and ask the same weights at each stride; then let masks teach them, at each stride anew.

    Yields a row for each stride and each kind of targets as soon as it is measured.
    """
    images, masks, classes = names["pictures"]("train", pictures, pictures * BLANKS // PICTURES)
    scenes, truth, _ = names["pictures"]("test", SCENES, size=SCENE_SIZE, digits=(2, 4))
    small = {"epochs": epochs} if epochs else {}
    base = names["train"](lambda: TinyCNN(3, len(DIGIT_SCENES), widths=NARROW), images, classes, seed, **small)
    for stride in strides:
        yield _row("classes", stride, seed, judge(finer(names, base, stride), scenes, truth))
    for stride in strides:
        start = time.process_time()
        model = names["train"](
            partial(finer, names, base, stride), images, masks, seed, epochs=epochs or names["MASK_EPOCHS"]
        )
        elapsed_s = time.process_time() - start
        yield {**_row("masks", stride, seed, judge(model, scenes, truth)), "cpu_s": round(elapsed_s, 1)}


def _row(targets: str, stride: int, seed: int, confusion: Tensor) -> dict:
    same = {"part": "stride", "targets": targets, "stride": stride, "seed": seed}
    return {**same, "mean_iou": round(mean_iou(confusion).item(), 4), "confusion": confusion.tolist()}


def measure_cifar10(names: dict, seed: int, root: Path) -> dict:
    """Train the chapter's network on what lies in `root` and return one row."""
    train_set, test_set = (load_cifar10(root, split=split, reader=_reader(root)) for split in ("train", "test"))
    (images, classes), (test_images, truth) = stack(train_set), stack(test_set)
    start = time.process_time()
    model = names["train"](lambda: TinyCNN(3, 10), images, classes, seed, epochs=CIFAR_EPOCHS)
    elapsed_s = time.process_time() - start
    with torch.inference_mode():
        pred = torch.cat([model(chunk).argmax(dim=1) for chunk in test_images.split(100)])
    confusion = confusion_matrix(pred[:, None, None], truth[:, None, None], 10)  # a picture counts as one pixel
    same = {"part": "cifar10", "targets": "classes", "stride": 8, "seed": seed, "learned_from": len(train_set)}
    return {**same, "accuracy": round(pixel_accuracy(confusion).item(), 4), "epochs": CIFAR_EPOCHS,
            "cpu_s": round(elapsed_s, 1), "confusion": confusion.tolist()}  # fmt: skip


def _reader(root: Path) -> type[CIFAR10] | None:
    """Return torchvision's reader; for a subset with checksums of its own (md5.json), one that expects those."""
    if not (root / "md5.json").exists():
        return None
    sums = json.loads((root / "md5.json").read_text(encoding="utf-8"))

    parts = {
        "train_list": [[name, sums[name]] for name, _ in CIFAR10.train_list],
        "test_list": [[name, sums[name]] for name, _ in CIFAR10.test_list],
        "meta": CIFAR10.meta | {"md5": sums["batches.meta"]},
    }
    return type("Subset", (CIFAR10,), parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", default="stride", choices=("stride", "cifar10"))
    parser.add_argument("--strides", type=int, nargs="*", default=[8, 4, 2], choices=list(POOLINGS))
    parser.add_argument("--root", type=Path, help="the folder that holds cifar-10-batches-py")
    parser.add_argument("--seeds", type=int, default=3, help="how many: 0, 1, 2, ...")
    parser.add_argument("--first", type=int, default=0, help="the first of them, to go on with a table")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    names = recipe()
    if arguments.part == "cifar10":
        for seed in range(arguments.first, arguments.seeds):
            row = measure_cifar10(names, seed, arguments.root)
            keep(row, arguments.out, part="runs", same=SAME, head=HEAD)
            print(f"CIFAR-10, {row['learned_from']} pictures, seed {seed}: accuracy {row['accuracy']:.3f}", flush=True)
        return
    for seed in range(arguments.first, arguments.seeds):
        for row in measure_strides(names, seed, arguments.strides):
            keep(row, arguments.out, part="runs", same=SAME, head=HEAD)
            print(f"{row['targets']}, stride {row['stride']}, seed {seed}: {row['mean_iou']:.3f}", flush=True)


if __name__ == "__main__":
    main()
