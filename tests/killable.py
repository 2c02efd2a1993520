"""A training that is a process of its own, so that a test can kill it. Everything in it draws from chance."""

import multiprocessing
import os
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from seglearn.losses import cross_entropy_loss
from seglearn.metrics import mean_iou
from seglearn.training import CSVLog, Recipe, evaluate, fit, seed_everything


def train(folder: Path, pause_s: float, precision: str) -> None:
    """Train for eight epochs in the folder; every push to the disk takes so much longer."""
    torch.set_num_threads(1)
    push = os.fsync
    os.fsync = lambda number: (push(number), time.sleep(pause_s))
    images = torch.rand(12, 3, 8, 10, generator=torch.Generator().manual_seed(0))
    pairs = TensorDataset(images, images.argmax(dim=1))
    generator = seed_everything(5)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.3), nn.Conv2d(6, 3, 1)
    model = nn.Sequential(*layers)
    batches = DataLoader(pairs, batch_size=2, shuffle=True, generator=generator)
    val = DataLoader(pairs, batch_size=5, shuffle=True)  # draws from the common chance
    recipe = Recipe(
        learning_rate=1e-2, clip_norm=1.0, accumulate=4, ema=0.8, seed=3, deterministic=True, precision=precision
    )

    def score(model, batches):
        return {"miou": mean_iou(evaluate(model, batches, 3)), "chance": torch.rand(()).item()}

    def ready(_):
        (folder / "learning").touch()

    options = {"score": score, "callbacks": [CSVLog(folder / "run.csv"), ready], "checkpoint": folder / "run.pt"}
    fit(model, batches, val, loss=cross_entropy_loss, epochs=8, recipe=recipe, device="cpu", progress=False, **options)
    torch.save(model.state_dict(), folder / "model.pt")


def start(folder: Path, *, pause_s: float = 0.0, precision: str = "float32") -> multiprocessing.Process:
    """Return the running process once it learns. Where there is a fork, only the first has to import everything."""
    (folder / "learning").unlink(missing_ok=True)
    kind = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context = multiprocessing.get_context(kind)
    if kind == "forkserver":
        context.set_forkserver_preload(["seglearn.losses", "seglearn.metrics", "seglearn.training"])
    process = context.Process(target=train, args=(folder, pause_s, precision))
    process.start()
    while not (folder / "learning").exists():
        assert process.is_alive(), f"it ended by itself with exit code {process.exitcode}"
        time.sleep(0.001)
    return process


def finish(process: multiprocessing.Process) -> None:
    """Wait for the end."""
    process.join(timeout=120)
    assert process.exitcode == 0


def kill(process: multiprocessing.Process) -> bool:
    """End the process at once, without a word of farewell; return whether it was still running."""
    process.kill()
    process.join()
    return process.exitcode != 0
