"""The cards of the bug explorer: real runs of a small net, trained right and with a bug, and what gives each bug away.

The runs were measured by `python benchmarks/bugs.py`, which also says how; nothing here is drawn by hand.
"""

import base64
import json
import math
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent / "bug_runs.json"


@dataclass(frozen=True)
class Bug:
    """What a learner can call a card, and what is said afterward."""

    key: str  # its name in bug_runs.json
    name: str
    sign: str  # what gives it away in what the card shows
    law: str  # what to check, so that it never gets so far


FLOOR = math.log(1 + 7 / math.e)  # of cross-entropy after two softmaxes over eight classes
BUGS = (
    Bug(
        "healthy",
        "nothing: a healthy run",
        "The first loss is ln K. Both losses fall together, fast at first; every block gets a gradient; the score "
        "climbs from epoch to epoch, and the gap between the losses opens late.",
        "Know what right looks like: keep the curves of one run that you trust.",
    ),
    Bug(
        "rate_high",
        "learning rate too high",
        "The first epochs throw the loss far above ln K; then it lies still near 1.9, and so does the gradient: most "
        "blocks get none, because their ReLUs are dead. The picture has one class.",
        "A learning-rate range test: raise the rate step by step, and stay below where the loss turns.",
    ),
    Bug(
        "rate_low",
        "learning rate too low",
        "The loss is a straight line that barely sinks, and the gradients stay as they were: nothing is wrong, and "
        "nothing happens.",
        "A learning-rate range test; and overfit one batch: a loop that is right gets its loss near 0 in a minute.",
    ),
    Bug(
        "no_zero_grad",
        "zero_grad forgotten",
        "Gradients are added up from step to step, so their norms climb to ten times a healthy run's and more, while "
        "the loss goes up and down near ln K: each step walks where all old batches pulled.",
        "Take the same step twice from the same weights: the gradient must be the same, not twice as long.",
    ),
    Bug(
        "double_softmax",
        "softmax before the loss",
        f"The loss sinks slowly and never below {FLOOR:.2f} = ln(1 + 7/e), however good the picture is: a second "
        "softmax sees scores between 0 and 1 only. The score still climbs, if more slowly: alone it would not tell.",
        "Overfit one batch: the loss must go near 0. Here it cannot.",
    ),
    Bug(
        "image_flip",
        "image flipped, mask not",
        "Both losses stop early, well above a healthy run's, and without a gap; the score stops with them, and the "
        "picture is one that fits both ways round: what is at the left grows at the right, too.",
        "Draw ten augmented pairs, mask over image. And a law: flip the pair twice, get the pair back.",
    ),
    Bug(
        "shuffled_labels",
        "masks of other pictures",
        "The training loss comes down to what position alone tells (sky is up, road is down) and stays; the predicted "
        "mask is the same average street whatever the image.",
        "Draw ten pairs from the loader, mask over image. Overfit four pictures: it takes much longer than it should.",
    ),
    Bug(
        "void_as_class",
        "void counted as sky",
        "No curve shows it: the score does not ask void pixels. The picture does: there is sky on the bonnet, where "
        "the truth is void.",
        "Count the labels that the loss gets: 255 must be among them, and must be ignored. Change void labels: the "
        "loss must not move.",
    ),
    Bug(
        "bytes",
        "inputs from 0 to 255",
        "The very first loss is well above ln K, before anything is learned: large inputs make large scores. What "
        "follows differs from seed to seed: nearly healthy with a wider gap, or a net that hardly gets going.",
        "Compare the first loss with ln K; look at image.min() and image.max().",
    ),
    Bug(
        "frozen",
        "encoder frozen",
        "The gradient of the blocks going down and of the bottom is 0 in every epoch. The rest learns what it can "
        "from random features, so the loss still falls, only less.",
        "After one step, every weight must have moved; list those that have not.",
    ),
    Bug(
        "leak",
        "validation pictures in training",
        "The two losses lie on each other to the very end, where a healthy run's validation loss stays above. A "
        "validation that never lags is too good: that is the symptom.",
        "Compare the files of the two sets, by content: none may be in both.",
    ),
)
SILENT = (  # in the file, but on no card: what the card shows would not tell them from a healthy run
    Bug(
        "no_shuffle",
        "never shuffled",
        "Pictures come in one order, night first, in every epoch. Here the curves and the score stay within what "
        "another seed does.",
        "Print the first indices of two epochs: they must differ.",
    ),
    Bug(
        "train_mode",
        "judged in training mode",
        "This net has neither dropout nor batch norm, and both modes compute the same: every number equals the "
        "healthy run's. The bug sleeps until someone adds a layer that has two modes.",
        "Predict one picture twice: the answers must be equal. And ask model.training before you judge.",
    ),
)
NAMES = tuple(bug.name for bug in BUGS)


@dataclass(frozen=True)
class Run:
    """One measured training; a number, or a row of numbers, per epoch."""

    bug: str
    seed: int
    first_loss: float
    loss: list[float]
    val_loss: list[float]
    score: list[float]
    norms: list[list[float]]
    preds: np.ndarray  # (epochs, H, W) uint8, of one validation picture


@cache
def measured() -> dict:
    """Return the whole file: runs as `Run`, the picture (H, W, 3) uint8, its mask (H, W) uint8, and how it was made."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    size, epochs = tuple(found["size"]), found["epochs"]
    runs = [Run(**{**run, "preds": unpacked(run["preds"], (epochs, *size))}) for run in found["runs"]]
    return {**found, "runs": runs, "image": unpacked(found["image"], (*size, 3)), "mask": unpacked(found["mask"], size)}


def unpacked(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of bytes that benchmarks/bugs.py packed into text."""
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8).reshape(shape)


def dealt(seed: int) -> list[list[int]]:
    """Return the deals, one per seed of the runs: places in the file, every bug once, in an order by chance."""
    runs = measured()["runs"]
    keys, chance = [bug.key for bug in BUGS], np.random.default_rng(seed)
    deals = []
    for run_seed in sorted({run.seed for run in runs}):
        own = [place for place, run in enumerate(runs) if run.seed == run_seed and run.bug in keys]
        deals.append(chance.permutation(own).tolist())
    return deals
