"""Time the three roads of a convolution, forward and backward: torch's own, `conv2d` through im2col, and the loops.

    python benchmarks/convolution.py               # one thread
    python benchmarks/convolution.py --rounds 5

Two problems, because the loops would take minutes on the large one. All roads run in turn in every round, so that a
busy moment of the machine meets all of them. Times are CPU time of the process; a ratio is taken within each round,
and its median is reported. The table goes to benchmarks/results/convolution.json.
"""

import argparse
import datetime
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.convolution import conv2d, conv2d_with_loops

RESULTS = Path(__file__).parent / "results" / "convolution.json"
LARGE = {"images": (8, 64, 56, 56), "kernels": (64, 64, 3, 3)}
SMALL = {"images": (1, 16, 14, 14), "kernels": (16, 16, 3, 3)}
TORCH, OURS, LOOPS = "torch", "conv2d", "loops"
ROADS = {TORCH: F.conv2d, OURS: conv2d, LOOPS: conv2d_with_loops}
RACES = [  # problem, slower road, faster road, bar: at most or at least so many times the faster road's time
    ("large", LARGE, OURS, TORCH, ("at most", 6.0)),
    ("small", SMALL, LOOPS, OURS, ("at least", 10.0)),
]


def timed(road: Callable[..., Tensor], images: Tensor, kernels: Tensor) -> tuple[float, float]:
    """Return the CPU seconds of one forward and one backward pass."""
    images.grad = kernels.grad = None
    start = time.process_time()
    result = road(images, kernels, padding=1)
    middle = time.process_time()
    result.backward(torch.ones_like(result))
    return middle - start, time.process_time() - middle


def race(sizes: dict, roads: list[str], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Return (forward, backward) seconds of every round and road; one round before the clock starts warms up."""
    chance = torch.Generator().manual_seed(0)
    tensors = [torch.randn(size, generator=chance).requires_grad_() for size in sizes.values()]
    times = {road: [] for road in roads}
    for _ in range(rounds + 1):
        for road in roads:
            times[road].append(timed(ROADS[road], *tensors))
    return {road: passes[1:] for road, passes in times.items()}


def table(rounds: int) -> list[dict]:
    """Run all races and return a row per race and direction."""
    rows = []
    for name, sizes, slower, faster, (word, bar) in RACES:
        times = race(sizes, [faster, slower], rounds)
        for direction, passes in {"forward": slice(0, 1), "backward": slice(1, 2), "both": slice(0, 2)}.items():
            spent = {road: [sum(p[passes]) for p in times[road]] for road in (slower, faster)}
            ratio = median(a / b for a, b in zip(spent[slower], spent[faster], strict=True))
            rows.append(
                {
                    "problem": name,
                    "direction": direction,
                    "slower": slower,
                    "faster": faster,
                    "slower_ms": round(1e3 * median(spent[slower]), 2),
                    "faster_ms": round(1e3 * median(spent[faster]), 2),
                    "ratio": round(ratio, 2),
                    "bar": f"{word} {bar:g}",
                    "kept": ratio <= bar if word == "at most" else ratio >= bar,
                }
            )
    return rows


def show(rows: list[dict]) -> None:
    """Print the table."""
    for name, sizes in {"large": LARGE, "small": SMALL}.items():
        print(f"{name}: images {sizes['images']}, kernels {sizes['kernels']}, padding 1, float32")
    print(f"\n{'problem':8}{'pass':10}{'slower':>20}{'faster':>20}{'ratio':>10}   bar")
    for row in rows:
        slower, faster = (f"{row[road]} {row[road + '_ms']:.2f} ms" for road in ("slower", "faster"))
        verdict = f"{row['bar']}: {'kept' if row['kept'] else 'BROKEN'}"
        print(f"{row['problem']:8}{row['direction']:10}{slower:>20}{faster:>20}{row['ratio']:>9.1f}x   {verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rows = table(rounds)
    show(rows)
    facts = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, 1 thread",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "rounds": rounds,
        "large": LARGE,
        "small": SMALL,
        "rows": rows,
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
