"""Time the losses, forward and backward, against torch's cross-entropy and segmentation-models-pytorch's Lovász loss.

    python benchmarks/losses.py                     # one thread and two, the two sizes of the table
    python benchmarks/losses.py --rounds 3 --threads 1 --sizes 4x21x256x256

All losses run in turn in every round, so that a busy moment of the machine meets all of them. Times are CPU time of the
process over all its threads, median and minimum; memory is the growth of the peak over that of a process that only
made the logits, each loss in a process of its own (read from /proc: Linux only). A ratio is taken between minima. Two
threads want two idle cores: a thread that waits for the other spins, and that counts as its time. The table goes to
benchmarks/results/losses.json.
"""

import argparse
import datetime
import json
import platform
import subprocess
import sys
import time
import warnings
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F

from seglearn import losses

RESULTS = Path(__file__).parent / "results" / "losses.json"
BARS = {  # name -> (measured against, how many times its CPU time is allowed)
    "cross_entropy": ("torch cross_entropy", 1.1),
    "focal": ("torch cross_entropy", 1.5),
    "dice": ("torch cross_entropy", 1.5),
    "jaccard": ("torch cross_entropy", 1.5),
    "tversky": ("torch cross_entropy", 1.5),
    "lovasz": ("smp lovasz", 0.25),
}


def contestants(size: list[int]) -> dict:
    """Return name -> loss; Lovász and the boundary loss run at the smaller sizes only, where a round takes a second."""
    found = {name: getattr(losses, f"{name}_loss") for name in BARS}
    found["torch cross_entropy"] = lambda z, m: F.cross_entropy(z, m, ignore_index=255)
    if size[0] * size[2] * size[3] > 300_000:
        del found["lovasz"]
        return found
    return found | {"boundary": losses.boundary_loss, "smp lovasz": smp_lovasz}


def smp_lovasz(logits: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from segmentation_models_pytorch.losses import LovaszLoss
    return LovaszLoss("multiclass", ignore_index=255)(logits, mask)


def problem(n: int, k: int, h: int, w: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Random logits, and a mask of squares of all classes in which 5 % of the pixels are ignored."""
    chance = torch.Generator().manual_seed(0)
    logits = torch.randn(n, k, h, w, generator=chance).mul_(2)  # in place: a second copy would hide in the peak
    mask = torch.randint(k, (n, h // 32, w // 32), generator=chance).repeat_interleave(32, 1).repeat_interleave(32, 2)
    return logits.requires_grad_(), mask.masked_fill(torch.rand(n, h, w, generator=chance) < 0.05, 255)


def cpu_ms(loss, logits, mask) -> float:
    logits.grad = None
    start = time.process_time()
    loss(logits, mask).backward()
    return 1000 * (time.process_time() - start)


def peak_mb(name: str, size: list[int]) -> float:
    """Return by how much the memory of a fresh process grows over the logits."""
    shape = "x".join(map(str, size))
    answer = subprocess.run(
        [sys.executable, __file__, "--peak", name, "--sizes", shape], capture_output=True, check=True
    )
    return float(answer.stdout)


def print_peak(name: str, size: list[int]) -> None:
    loss, tiny = contestants(size)[name], problem(1, size[1], 32, 32)
    loss(*tiny).backward()
    logits, mask = problem(*size)
    before = high_water_mb()
    loss(logits, mask).backward()
    print(high_water_mb() - before)


def high_water_mb() -> float:
    """Return the largest memory of this process so far. (`resource.ru_maxrss` would start at that of the parent.)"""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(size: list[int], threads: int, rounds: int) -> list[dict]:
    torch.set_num_threads(threads)
    found, (logits, mask) = contestants(size), problem(*size)
    times = {name: [] for name in found}
    for turn in range(rounds + 1):
        for name, loss in found.items():
            spent = cpu_ms(loss, logits, mask)
            if turn:  # the first round warms up
                times[name].append(spent)
    rows = []
    for name, spent in times.items():
        row = {"size": "x".join(map(str, size)), "threads": threads, "loss": name}
        row |= {"median_ms": round(median(spent), 1), "min_ms": round(min(spent), 1)}
        if name in BARS:
            rival, bar = BARS[name]
            ratio = min(spent) / min(times[rival])
            row |= {"against": rival, "ratio": round(ratio, 2), "bar": bar, "met": ratio <= bar}
        rows.append(row)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--sizes", nargs="+", default=["4x21x256x256", "8x21x512x512"])
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--peak", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sizes = [[int(length) for length in size.split("x")] for size in arguments.sizes]
    if arguments.peak:
        return print_peak(arguments.peak, sizes[0])
    rows = []
    for size in sizes:
        memory = {name: round(peak_mb(name, size)) for name in contestants(size)}
        for threads in arguments.threads:
            for row in measure(size, threads, arguments.rounds):
                rows.append(row | {"peak_mb": memory[row["loss"]]})
                text = f"{row['ratio']:5.2f} x {row['against']} (bar {row['bar']})" if "ratio" in row else ""
                print(
                    f"{row['size']} {row['threads']} thread(s) {row['loss']:20}"
                    f"{row['median_ms']:8.1f} {row['min_ms']:8.1f} ms {memory[row['loss']]:6} MB {text}",
                    flush=True,
                )
    table = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} threads at most",
        "torch": torch.__version__.split("+")[0],
        "command": "python benchmarks/losses.py",
        "rounds": arguments.rounds,
        "rows": rows,
    }
    arguments.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
