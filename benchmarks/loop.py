"""Time `fit` against a bare PyTorch loop that does the same work: what does the comfort cost?

    python benchmarks/loop.py
    python benchmarks/loop.py --rounds 3

Both train the same network on the same batches, take the same steps and validate after every epoch; at the end their
weights are compared, and they must agree. They take turns in every round. Times are CPU time of the process, on one
thread; the ratio is the median of the rounds' ratios. The work "plain" is AdamW with validation and the progress bar;
"everything" adds warm-up and cosine, clipping, two batches per step, bfloat16, channels-last, the moving average of the
weights, a score and a checkpoint per epoch, for which the bare loop calls torch's own functions. The table goes to
benchmarks/results/loop.json.
"""

import argparse
import contextlib
import datetime
import io
import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from seglearn.losses import cross_entropy_loss
from seglearn.models import UNet
from seglearn.training import Recipe, fit, warmup_cosine

RESULTS = Path(__file__).parent / "results" / "loop.json"
BAR, EPOCHS, STEPS, RATE, EMA = 1.05, 2, 20, 5e-3, 0.9
SIZES = {  # name -> (batch, height, width, widths of the U-Net)
    "chapter 07: 8 x 48 x 72": (8, 48, 72, (8, 16, 32, 48)),
    "16 x 64 x 96": (16, 64, 96, (16, 32, 64)),
}
EVERYTHING = Recipe(learning_rate=RATE, clip_norm=1.0, accumulate=2, precision="bfloat16", channels_last=True, ema=EMA)


def problem(size: str) -> tuple[nn.Module, list]:
    """Return a fresh network, the same every time, and its batches."""
    n, h, w, widths = SIZES[size]
    chance = torch.Generator().manual_seed(0)
    images = [torch.rand(n, 3, h, w, generator=chance) for _ in range(STEPS)]
    torch.manual_seed(0)
    model = UNet(3, 5, widths=widths, convs=1)
    return model, [(image, (image.mean(dim=1) * 5).long().clamp(max=4)) for image in images]


def score(model: nn.Module, batches: list) -> float:
    """Return minus the first weight: a score that costs nothing, so that the loops are compared and not the score."""
    return -next(model.parameters()).flatten()[0].item()


def ours_plain(model: nn.Module, batches: list, folder: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        fit(model, batches, batches[:4], loss=cross_entropy_loss, epochs=EPOCHS, device="cpu")


def bare_plain(model: nn.Module, batches: list, folder: Path) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    best, kept = float("inf"), {}
    for _ in range(EPOCHS):
        model.train()
        for images, masks in batches:
            loss = cross_entropy_loss(model(images), masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        value = validate(model, batches[:4])
        if value < best:
            best, kept = value, {name: weight.clone() for name, weight in model.state_dict().items()}
    model.load_state_dict(kept)


def ours_everything(model: nn.Module, batches: list, folder: Path) -> None:
    options = {"recipe": EVERYTHING, "score": score, "checkpoint": folder / "ours.pt", "device": "cpu"}
    with contextlib.redirect_stdout(io.StringIO()):
        fit(model, batches, batches[:4], loss=cross_entropy_loss, epochs=EPOCHS, **options)


def bare_everything(model: nn.Module, batches: list, folder: Path) -> None:
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE)
    scheduler = warmup_cosine(optimizer, steps=EPOCHS * STEPS // 2)
    average = AveragedModel(model, multi_avg_fn=without_bias)
    best, kept = -float("inf"), {}
    for _ in range(EPOCHS):
        model.train()
        for place, (images, masks) in enumerate(batches):
            if place % 2 == 0:
                optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(images.to(memory_format=torch.channels_last))
            (cross_entropy_loss(logits.float(), masks) * 0.5).backward()
            if place % 2:
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                average.update_parameters(model)
        validate(average.module, [(x.to(memory_format=torch.channels_last), y) for x, y in batches[:4]])
        if (found := score(average.module, batches)) > best:
            best, kept = found, {name: weight.clone() for name, weight in average.module.state_dict().items()}
        parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "average": average}
        torch.save({"best": kept, **{name: part.state_dict() for name, part in parts.items()}}, folder / "bare.pt")
    model.load_state_dict(kept)


def without_bias(average: list, weights: list, taken: torch.Tensor) -> None:
    """Update torch's moving average as ours does; torch's own keeps the first weights for too long."""
    torch._foreach_lerp_(average, weights, (1 - EMA) / (1 - EMA ** (int(taken) + 1)))


def validate(model: nn.Module, batches: list) -> float:
    model.eval()
    with torch.inference_mode():
        return sum(cross_entropy_loss(model(images), masks).item() for images, masks in batches) / len(batches)


def cpu_s(train: Callable, size: str) -> tuple[float, torch.Tensor]:
    """Return the CPU time of one training and the weights it ends with."""
    model, batches = problem(size)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        train(model, batches, Path(folder))
        spent = time.process_time() - start
    return spent, torch.cat([weight.detach().flatten() for weight in model.parameters()])


def race(work: str, size: str, rounds: int) -> dict:
    """Let the two loops take turns, and return a row of the table."""
    roads = {"fit": globals()[f"ours_{work}"], "bare": globals()[f"bare_{work}"]}
    spent: dict[str, list[float]] = {name: [] for name in roads}
    for turn in range(rounds + 1):
        weights = {}
        for name in list(roads)[:: 1 if turn % 2 else -1]:  # who begins changes
            seconds, weights[name] = cpu_s(roads[name], size)
            if turn:  # the first round warms up
                spent[name].append(seconds)
    gap = float((weights["fit"] - weights["bare"]).abs().max())
    if gap > 0:
        raise SystemExit(f"The loops do not do the same work: their weights differ by {gap:.2g}.")
    ratio = median(ours / bare for ours, bare in zip(spent["fit"], spent["bare"], strict=True))
    per_step = {name: round(1000 * median(times) / (EPOCHS * STEPS), 2) for name, times in spent.items()}
    row = {"size": size, "work": work, "fit_ms": per_step["fit"], "bare_ms": per_step["bare"]}
    return row | {"ratio": round(ratio, 3), "bar": BAR, "met": ratio <= BAR}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for size in SIZES:
        for work in ("plain", "everything"):
            rows.append(row := race(work, size, arguments.rounds))
            print(
                f"{size:24} {work:11} fit {row['fit_ms']:7.2f} ms per batch, bare {row['bare_ms']:7.2f} ms: "
                f"ratio {row['ratio']:.3f} (bar {BAR})",
                flush=True,
            )
    table = {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, 1 thread",
        "torch": torch.__version__.split("+")[0],
        "command": "python benchmarks/loop.py",
        "rounds": arguments.rounds,
        "rows": rows,
    }
    arguments.out.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
