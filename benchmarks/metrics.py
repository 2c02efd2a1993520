"""Time the counting of pixels against torchmetrics, segmentation-models-pytorch and torchvision's reference scripts.

    python benchmarks/metrics.py                  # the whole table, a few minutes
    python benchmarks/metrics.py --rounds 3       # a quick look

All contenders of a task run in turn, round by round, in one process, so that a busy moment of the machine hits them
alike. Times are CPU time of the process (all threads), in milliseconds; `wall` is what a clock on the wall shows.
Memory is the most that torch holds at once beyond the inputs. Every result is compared with ours before it is timed.
The table goes to benchmarks/results/metrics.json.
"""

import argparse
import datetime
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from statistics import median

import segmentation_models_pytorch.metrics as smp
import torch
import torch.nn.functional as F
import torchmetrics.functional.classification as torchmetrics
from torch import Tensor

from seglearn.metrics import confusion_matrix, label_map

RESULTS = Path(__file__).parent / "results" / "metrics.json"
K, SHAPE = 21, (8, 512, 512)
OURS = "seglearn"


class ReferenceConfusion:
    """torchvision's references/segmentation/utils.py is a script, not a module: its counting, written down again."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.counts: Tensor | None = None

    def update(self, truth: Tensor, guess: Tensor) -> None:
        if self.counts is None:
            self.counts = torch.zeros((self.classes, self.classes), dtype=torch.int64, device=truth.device)
        with torch.inference_mode():
            seen = (truth >= 0) & (truth < self.classes)
            cell = self.classes * truth[seen].to(torch.int64) + guess[seen]
            self.counts += torch.bincount(cell, minlength=self.classes**2).reshape(self.classes, self.classes)


def reference(pred: Tensor, mask: Tensor) -> Tensor:
    counter = ReferenceConfusion(K)
    counter.update(mask.flatten(), pred.flatten())
    return counter.counts


COUNTERS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    OURS: lambda pred, mask: confusion_matrix(pred, mask, K),
    "torchmetrics": lambda pred, mask: torchmetrics.multiclass_confusion_matrix(pred, mask, K, ignore_index=255),
    "torchmetrics, unchecked": lambda pred, mask: torchmetrics.multiclass_confusion_matrix(
        pred, mask, K, ignore_index=255, validate_args=False
    ),
    "SMP": lambda pred, mask: smp.get_stats(pred, mask, mode="multiclass", num_classes=K, ignore_index=255)[0].sum(
        dim=0
    ),
    "torchvision's reference, unchecked": reference,
}


def from_logits(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what makes the class map and counts it: ours with ours, the others with argmax, as their manuals do."""
    count = COUNTERS[name]
    return lambda logits, mask: count(label_map(logits) if name == OURS else logits.argmax(dim=1), mask)


def random_maps() -> tuple[Tensor, Tensor]:
    """Labels without any order: no two neighbors are alike."""
    chance = torch.Generator().manual_seed(0)
    pred, mask = torch.randint(K, (2, *SHAPE), generator=chance)
    return pred, mask.masked_fill(torch.rand(SHAPE, generator=chance) < 0.05, 255)


def smooth_maps() -> tuple[Tensor, Tensor]:
    """Labels as in pictures: large regions, one pixel in ten wrong, one in twenty void."""
    chance = torch.Generator().manual_seed(0)
    hills = F.interpolate(torch.rand(SHAPE[0], 1, 12, 12, generator=chance), size=SHAPE[1:], mode="bilinear")[:, 0]
    mask = (hills * K).long().clamp(0, K - 1)
    pred = torch.where(torch.rand(SHAPE, generator=chance) < 0.1, (mask + 1) % K, mask)
    return pred, mask.masked_fill(torch.rand(SHAPE, generator=chance) < 0.05, 255)


def logits_and_mask(classes: int = K, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    logits = torch.randn(SHAPE[0], classes, *SHAPE[1:], generator=torch.Generator().manual_seed(1))
    return logits.to(dtype), smooth_maps()[1]


MAPS = {"seglearn": lambda logits, _: label_map(logits), "argmax": lambda logits, _: logits.argmax(dim=1)}
TASKS: dict[str, tuple[Callable[[], tuple[Tensor, Tensor]], dict[str, Callable]]] = {
    "logits 8x21x512x512 to class map and counts": (logits_and_mask, {name: from_logits(name) for name in COUNTERS}),
    "label maps 8x512x512 to counts, smooth": (smooth_maps, COUNTERS),
    "label maps 8x512x512 to counts, random": (random_maps, COUNTERS),
    "class map of 21 classes": (logits_and_mask, MAPS),
    "class map of 2 classes": (lambda: logits_and_mask(2), MAPS),
    "class map of 21 classes, bfloat16": (lambda: logits_and_mask(K, torch.bfloat16), MAPS),
}


def measure(task: str, threads: int, rounds: int) -> list[dict]:
    """Return one row for each contender of a task."""
    make, contenders = TASKS[task]
    torch.set_num_threads(threads)
    inputs = make()
    expected = contenders[OURS](*inputs)
    for name, call in contenders.items():
        result = call(*inputs)
        same = torch.equal(result, expected if result.shape == expected.shape else expected.diagonal())
        if not same:
            raise SystemExit(f"{task}: {name} and {OURS} disagree")
    cpu, wall = {name: [] for name in contenders}, {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            started, clock = time.process_time(), time.perf_counter()
            call(*inputs)
            cpu[name].append(1000 * (time.process_time() - started))
            wall[name].append(1000 * (time.perf_counter() - clock))
    return [
        {
            "task": task,
            "threads": threads,
            "contender": name,
            "cpu_median_ms": round(median(cpu[name]), 2),
            "cpu_min_ms": round(min(cpu[name]), 2),
            "wall_median_ms": round(median(wall[name]), 2),
            "times_ours_median": round(median(cpu[name]) / median(cpu[OURS]), 2),
            "times_ours_min": round(min(cpu[name]) / min(cpu[OURS]), 2),
            "memory_mb": memory_mb(contenders[name], inputs),
        }
        for name in contenders
    ]


def memory_mb(call: Callable[[Tensor, Tensor], Tensor], inputs: tuple[Tensor, Tensor]) -> float:
    """Return the most that torch held at once during a call, beyond its inputs."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as seen:
        call(*inputs)
    events = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = accumulate(event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))
    return round(max(held) / 2**20, 1)


def show(rows: list[dict]) -> None:
    heading = ("CPU median", "CPU min", "wall", "x ours", "x ours, min", "memory")
    keys = ("cpu_median_ms", "cpu_min_ms", "wall_median_ms", "times_ours_median", "times_ours_min", "memory_mb")
    for threads, task in sorted({(row["threads"], row["task"]) for row in rows}):
        print(f"\n{task}, {threads} thread{'s' * (threads > 1)} (ms, MB)")
        print(" " * 36 + "".join(f"{word:>12}" for word in heading))
        for row in rows:
            if (row["threads"], row["task"]) == (threads, task):
                values = (f"{row[key]:.1f}" for key in keys)
                print(f"{row['contender']:36}" + "".join(f"{value:>12}" for value in values))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    rows = [row for threads in (1, 2) for task in TASKS for row in measure(task, threads, arguments.rounds)]
    show(rows)
    table = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": {
            name: sys.modules[name].__version__ for name in ("torch", "torchmetrics", "segmentation_models_pytorch")
        },
        "command": "python benchmarks/metrics.py",
        "rounds": arguments.rounds,
        "rows": rows,
    }
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten to {arguments.out.name}")


if __name__ == "__main__":
    main()
