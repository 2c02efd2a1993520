"""Time `roi_align` and `roi_pool` against torchvision's C++ operators, forward and backward.

    python benchmarks/roi.py               # one thread
    python benchmarks/roi.py --rounds 5

One problem: a hundred boxes, from a tenth of the features' side to the whole, read as 7 x 7. Ours and torchvision's run
in turn in every round, so that a busy moment of the machine meets both. Times are CPU time of the process; a ratio is
taken within each round, and its median is reported. The table goes to benchmarks/results/roi.json.
"""

import argparse
import datetime
import json
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import torch
import torchvision.ops as theirs
from torch import Tensor

from seglearn.roi import roi_align, roi_pool

RESULTS = Path(__file__).parent / "results" / "roi.json"
FEATURES, BOXES, GRID, BAR = (1, 64, 50, 50), 100, (7, 7), 1.5
ROADS = {  # ours, torchvision's
    "roi_align": (roi_align, partial(theirs.roi_align, aligned=True)),
    "roi_align, 2 samples": (
        partial(roi_align, sampling_ratio=2),
        partial(theirs.roi_align, aligned=True, sampling_ratio=2),
    ),
    "roi_pool": (roi_pool, theirs.roi_pool),
}


def problem() -> tuple[Tensor, Tensor]:
    """Return features and boxes, the same every time."""
    chance = torch.Generator().manual_seed(0)
    side = FEATURES[-1]
    size = side * (0.1 + 0.9 * torch.rand(BOXES, 2, generator=chance) ** 2)  # more small ones than large ones
    corner = torch.rand(BOXES, 2, generator=chance) * (side - size)
    boxes = torch.cat([torch.zeros(BOXES, 1), corner, corner + size], dim=1)
    return torch.randn(FEATURES, generator=chance).requires_grad_(), boxes


def timed(road: Callable[..., Tensor], features: Tensor, boxes: Tensor) -> tuple[float, float]:
    """Return the CPU seconds of one forward and one backward pass."""
    features.grad = None
    start = time.process_time()
    result = road(features, boxes, GRID)
    middle = time.process_time()
    result.backward(torch.ones_like(result))
    return middle - start, time.process_time() - middle


def race(name: str, rounds: int) -> list[dict]:
    """Return a row for each direction; one round before the clock starts warms up."""
    features, boxes = problem()
    times = [[timed(road, features, boxes) for road in ROADS[name]] for _ in range(rounds + 1)][1:]
    rows = []
    for direction, passes in {"forward": slice(0, 1), "backward": slice(1, 2), "both": slice(0, 2)}.items():
        ours, peer = ([sum(turn[road][passes]) for turn in times] for road in (0, 1))
        ratio = round(median(a / b for a, b in zip(ours, peer, strict=True)), 2)
        milliseconds = {"ours_ms": round(1e3 * median(ours), 2), "torchvision_ms": round(1e3 * median(peer), 2)}
        rows.append({"operation": name, "direction": direction, **milliseconds, "ratio": ratio, "kept": ratio <= BAR})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    rows = [row for name in ROADS for row in race(name, rounds)]
    print(f"features {FEATURES}, {BOXES} boxes, {GRID} bins, float32\n")
    for row in rows:
        verdict = f"at most {BAR}: {'kept' if row['kept'] else 'BROKEN'}"
        told = f"{row['ours_ms']:9.2f} ms{row['torchvision_ms']:9.2f} ms{row['ratio']:7.2f}x   {verdict}"
        print(f"{row['operation']:22}{row['direction']:10}{told}")
    sizes = {"features": FEATURES, "boxes": BOXES, "grid": GRID, "bar": BAR}
    facts = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}, 1 thread",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "rounds": rounds,
        **sizes,
        "rows": rows,
    }
    RESULTS.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
