"""Train one small net right, and with each of a dozen bugs, and keep the curves that chapter 09's cards play.

    python benchmarks/bugs.py                                # every run, three seeds, a few seconds each
    python benchmarks/bugs.py --bug healthy leak --seeds 0   # some of them; all other runs stay in the file

One loop, written out below, and a bug is one small change to it. What a learner would look at is kept of every epoch:
training loss, validation loss, mean IoU, the gradient's norm of every block, and the predicted mask of one validation
picture. Beside them stand a few laws, measured once: what they say of a right training, and what of this one. The
runs go to seglearn/widgets/bug_runs.json, which travels with the package.
"""

import argparse
import base64
import datetime
import json
import math
import platform
import time
import zlib
from functools import cache
from pathlib import Path

import torch
from torch import Tensor, nn

from seglearn.data import draw_street
from seglearn.labels import IGNORE, STREETS
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import confusion_matrix, label_map, mean_iou
from seglearn.models import UNet
from seglearn.training import seed_everything

RUNS = Path(__file__).parents[1] / "seglearn" / "widgets" / "bug_runs.json"
SIZE, TRAIN, VAL, BATCH, EPOCHS, RATE = (32, 48), 24, 12, 4, 30, 4e-3
WIDTHS, SHOWN = (10, 20, 32), 3  # of the net; which validation picture is shown
CLASSES = len(STREETS)
BUGS = (
    *("healthy", "rate_high", "rate_low", "no_zero_grad", "double_softmax", "image_flip", "shuffled_labels"),
    *("void_as_class", "bytes", "frozen", "leak", "no_shuffle", "train_mode"),
)


@cache
def streets(seed: int, count: int) -> tuple[Tensor, Tensor]:
    """Return pictures and masks: drawn streets behind the bonnet of our own car, which is void (255)."""
    pairs = [draw_street(index, seed=seed, size=SIZE) for index in range(count)]
    images, masks = (torch.stack(things) for things in zip(*pairs, strict=True))
    row, column = torch.meshgrid(*(torch.linspace(-1, 1, side) for side in SIZE), indexing="ij")
    bonnet = (row - 1.25) ** 2 / 0.3 + column**2 < 0.72
    images[:, :, bonnet] = torch.tensor([0.32, 0.05, 0.07])[:, None]
    masks[:, bonnet] = IGNORE
    return images, masks


def loss_of(logits: Tensor, masks: Tensor, bug: str) -> Tensor:
    if bug == "double_softmax":
        logits = logits.softmax(dim=1)  # the loss takes the softmax itself
    if bug == "void_as_class":
        masks = masks.where(masks != IGNORE, 0)  # sky
    return cross_entropy_loss(logits, masks)


def blocks(model: UNet) -> dict[str, nn.Module]:
    """Return the net's blocks by name, in the order in which a picture walks through them."""
    down = {f"down {level}": block for level, block in enumerate(model.down, start=1)}
    up = {f"up {level}": block for level, block in zip(range(len(model.up), 0, -1), model.up, strict=True)}
    return {**down, "bottom": model.bottom, **up, "head": model.head}


def norms(model: UNet) -> list[float]:
    """Return the length of the gradient of every block; 0 where none arrived."""
    found = []
    for block in blocks(model).values():
        parts = [weight.grad.square().sum() for weight in block.parameters() if weight.grad is not None]
        found.append(math.sqrt(sum(part.item() for part in parts)))
    return found


def train(bug: str, seed: int) -> dict:
    """Train once with a bug, and return the run."""
    seed_everything(seed)
    images, masks = (things.clone() for things in streets(0, TRAIN))
    val_images, val_masks = streets(1, VAL)
    if bug == "leak":
        images[:VAL], masks[:VAL] = val_images, val_masks  # half of what is learned is what is asked later
    if bug == "shuffled_labels":
        masks = masks[torch.randperm(TRAIN)]
    if bug == "no_shuffle":
        order = images.mean(dim=(1, 2, 3)).argsort()  # night first, as files sorted by the hour are
        images, masks = images[order], masks[order]
    if bug == "bytes":
        images, val_images = images * 255, val_images * 255
    model = UNet(3, CLASSES, widths=WIDTHS, convs=1, normalize=False)
    if bug == "frozen":
        for block in (model.down, model.bottom):
            block.requires_grad_(False)
    rate = RATE * {"rate_high": 20, "rate_low": 1 / 300}.get(bug, 1)
    optimizer = torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=rate)
    rows, first, preds = [], None, []
    for _ in range(EPOCHS):
        model.train()
        order = torch.arange(TRAIN) if bug == "no_shuffle" else torch.randperm(TRAIN)
        losses, gradients = [], []
        for batch in order.split(BATCH):
            x, y = images[batch], masks[batch]
            if bug == "image_flip":
                x = torch.where(torch.rand(len(x), 1, 1, 1) < 0.5, x.flip(3), x)  # and the mask?
            loss = loss_of(model(x), y, bug)
            if bug != "no_zero_grad":
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            gradients.append(norms(model))
        first = losses[0] if first is None else first
        model.train(bug == "train_mode")
        with torch.inference_mode():
            logits = model(val_images)
            pred = label_map(logits)
            val_loss = loss_of(logits, val_masks, bug).item()
        score = mean_iou(confusion_matrix(pred, val_masks, CLASSES)).item()
        mean_norms = [sum(column) / len(column) for column in zip(*gradients, strict=True)]
        rows.append([sum(losses) / len(losses), val_loss, score, mean_norms])
        preds.append(pred[SHOWN].byte())
    return {
        "bug": bug,
        "seed": seed,
        "first_loss": rounded(first),
        **columns(rows),
        "preds": packed(torch.stack(preds)),
    }


def columns(rows: list) -> dict:
    """Return the epochs' numbers by name, to four digits."""
    names = ("loss", "val_loss", "score", "norms")
    return {name: [rounded(row[place]) for row in rows] for place, name in enumerate(names)}


def rounded(value):
    """Return numbers to four digits: what a picture can show."""
    return [rounded(v) for v in value] if isinstance(value, list) else float(f"{value:.4g}")


def packed(labels: Tensor) -> str:
    """Return labels as text: bytes, squeezed, in base64."""
    return base64.b64encode(zlib.compress(labels.numpy().tobytes(), 9)).decode()


def keep(runs: list[dict]) -> None:
    """Write the runs into the file, in place of older ones of the same bug and seed."""
    old = json.loads(RUNS.read_text(encoding="utf-8"))["runs"] if RUNS.exists() else []
    new = {(run["bug"], run["seed"]) for run in runs}
    runs = runs + [run for run in old if (run["bug"], run["seed"]) not in new]
    runs.sort(key=lambda run: (BUGS.index(run["bug"]), run["seed"]))
    images, masks = streets(1, VAL)
    head = {
        "command": "python benchmarks/bugs.py",
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {torch.get_num_threads()} thread",
        "torch": torch.__version__.split("+")[0],
        "size": SIZE, "pictures": TRAIN, "epochs": EPOCHS, "rate": RATE, "classes": CLASSES,
        "blocks": list(blocks(UNet(3, CLASSES, widths=WIDTHS, convs=1))),
        "image": packed((images[SHOWN].permute(1, 2, 0) * 255 + 0.5).byte().contiguous()),
        "mask": packed(masks[SHOWN].byte()),
    }  # fmt: skip
    lines = ",\n".join("  " + json.dumps(run) for run in runs)
    RUNS.write_text(json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n' + lines + "\n ]\n}\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bug", nargs="+", default=BUGS, choices=BUGS)
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    arguments = parser.parse_args()
    for seed in arguments.seeds:
        for bug in arguments.bug:
            start = time.process_time()
            run = train(bug, seed)
            keep([run])
            told = f"loss {run['first_loss']} .. {run['loss'][0]} .. {run['loss'][-1]}, val {run['val_loss'][-1]}"
            print(f"{bug:16s} {seed}: {told}, IoU {run['score'][-1]}, {time.process_time() - start:.1f} s", flush=True)


if __name__ == "__main__":
    main()
