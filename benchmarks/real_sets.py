"""Train on real photographs for a few minutes of two processor cores, and judge on frames that were never seen.

    python benchmarks/real_sets.py --world camvid --minutes 2 10 --seeds 3
    python benchmarks/real_sets.py --world nuclei --minutes 1 --seeds 3
    python benchmarks/real_sets.py --world camvid --minutes 2 10 --seeds 3 --cores 1         # half of the time
    python benchmarks/real_sets.py --world camvid --minutes 2 --seeds 3 --change rate=0.01 --validate

What is trained is what the course has: `UNet`, `fit` with a `Recipe`, `Augmented`, `class_weights`. CamVid's official
split: learned from 367 frames, chosen by 101, judged on 233 that played no part in any choice. Frames are 180x240; the
network sees them at the size in `WORLDS`, and its scores are resized to the mask's own pixels before the one data-set
confusion matrix is counted.

What is a minute? `--minutes 10 --cores 2` trains for 1,200 seconds (10 · 60 · 2) of the process's CPU time, over all
its threads, with augmentation, loss and some looks at validation frames (reading the files is left out); then it stops,
wherever it is. The learning rate follows this clock: each budget has a cosine of its own. Other programs cannot make
such a number better. One thread does the work of two cores where others work too, since a second thread would spend
its time waiting for the first; that supposes that two threads are twice as fast as one (`--speed` says how fast they
are here). `--threads 2` supposes nothing on a machine with nobody else on it, and `--cores 1` nothing anywhere: a lower
bound.

A row goes to benchmarks/results/real_sets.json as soon as it is measured, in place of an older one of the same world,
minutes, cores, threads and seed. `--validate` tries a change: it prints the scores on the validation frames, shows no
test frame to anybody and keeps nothing. `--unseen` leaves one recorded drive out of CamVid's training frames and
validates on it, since the test frames come from other drives as well.
"""

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

import torch
from keeping import RESULTS, keep
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import DataLoader, Dataset, Subset
from torchvision.transforms import v2

from seglearn.data import Augmented, RandomScaleCrop, in_memory, open_dataset, set_epoch, stack
from seglearn.labels import IGNORE
from seglearn.losses import cross_entropy_loss, dice_loss
from seglearn.metrics import confusion_matrix, iou, mean_iou
from seglearn.models import UNet
from seglearn.models.blocks import resize_logits
from seglearn.training import Recipe, class_weights, evaluate, fit, predict_augmented, seed_everything

OUT = RESULTS / "real_sets.json"
LOOKS = 4  # at every fourth validation frame, evenly spread over the budget
UNSEEN = "0006R0"  # the drive that --unseen leaves out


@dataclass(frozen=True)
class World:
    """Everything that is chosen for one set."""

    size: tuple[int, int]  # of what the network sees while it learns
    shrink: float  # and that many times smaller than the frames
    zoom: tuple[float, float]
    light: float  # strength of the change of brightness, contrast and saturation
    mirrored: bool  # upside down and on its side as well
    standard: str
    weights: str | None
    dice: float
    widths: tuple[int, ...] = (16, 32, 64, 128)
    convs: int = 1
    batch: int = 4
    rate: float = 3e-3
    decay: float = 0.01
    warmup: float = 0.05


WORLDS = {
    "camvid": World((90, 120), 2.0, (0.9, 1.2), 0.2, False, "set", "square root", 0.0),
    "nuclei": World((128, 128), 1.0, (0.75, 1.5), 0.3, True, "image", None, 1.0, batch=8, rate=6e-3),
}
LONG = {"camvid": {"zoom": (0.75, 1.5), "light": 0.4}}  # from five minutes on: who sees a frame often needs it changed


class Standardize(nn.Module):
    """Bring images into the range in which networks learn well.

    how: "set" uses two numbers for all images; "image" the mean and spread of each, for sets of all exposures.
    """

    def __init__(self, how: str):
        super().__init__()
        self.how = how

    def forward(self, images: Tensor) -> Tensor:
        if self.how == "set":
            return (images - 0.42) / 0.30
        all_of_it = {"dim": (1, 2, 3), "keepdim": True}
        return (images - images.mean(**all_of_it)) / (images.std(**all_of_it) + 0.02)  # (N, C, H, W)


class Shrunk(nn.Module):
    """A model that looks at smaller images and answers at their own size."""

    def __init__(self, model: nn.Module, shrink: float):
        super().__init__()
        self.model, self.shrink = model, shrink

    def forward(self, images: Tensor) -> Tensor:
        size = tuple(images.shape[-2:])
        small = tuple(round(side / self.shrink) for side in size)
        if small != size:
            images = v2.functional.resize(images, list(small), antialias=True)
        return resize_logits(self.model(images), size)


class Clock:
    """The batches of a loader, over and over, until the process has worked for `budget_s` seconds of CPU time."""

    def __init__(self, batches: DataLoader, budget_s: float, look: Callable[[], float]):
        self.batches, self.budget_s, self.look = batches, budget_s, look
        self.start_s, self.curve, self.images = time.process_time(), [], 0

    def used(self) -> float:
        """Return the share of the budget that is spent."""
        return (time.process_time() - self.start_s) / self.budget_s

    def __len__(self) -> int:
        return 10**9  # nobody knows

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.start_s = time.process_time()
        for epoch in itertools.count():
            set_epoch(self.batches, epoch)
            for images, masks in self.batches:
                if self.used() >= (len(self.curve) + 1) / LOOKS and len(self.curve) < LOOKS - 1:
                    self.curve.append([round(self.used() * self.budget_s, 1), round(self.look(), 4)])
                if self.used() >= 1:
                    return
                self.images += len(images)
                yield images, masks

    def rate(self, warmup: float) -> float:
        """Return the share of the learning rate at this moment: up in a line, down on a cosine."""
        used = min(1.0, self.used())
        return used / warmup if used < warmup else (1 + math.cos(math.pi * (used - warmup) / (1 - warmup))) / 2


def augmentation(world: World) -> v2.Compose:
    """Return what every pair goes through anew in every epoch."""
    up = [v2.RandomVerticalFlip(), v2.RandomChoice([v2.RandomRotation((a, a), expand=True) for a in (0, 90)])]
    zoom = tuple(factor / world.shrink for factor in world.zoom)
    colors = v2.ColorJitter(brightness=world.light, contrast=world.light, saturation=world.light)
    return v2.Compose(
        [v2.RandomHorizontalFlip(), *(up if world.mirrored else ()), RandomScaleCrop(world.size, scale=zoom), colors]
    )


def datasets(name: str, *, unseen: bool) -> dict[str, Dataset]:
    """Return the splits, in memory; with `unseen` the validation frames are those of a drive that is left out."""
    splits = {split: open_dataset(name, split=split) for split in ("train", "val", "test")}
    if unseen:
        drives = [image.name.startswith(UNSEEN) for image, _ in splits["train"].pairs]
        frames = splits["train"]
        splits["val"] = Subset(frames, [i for i, left_out in enumerate(drives) if left_out])
        splits["train"] = Subset(frames, [i for i, left_out in enumerate(drives) if not left_out])
    return {split: in_memory(frames, fill=True, progress=False) for split, frames in splits.items()}


def learn(world: World, sets: dict[str, Dataset], classes: int, *, budget_s: float, seed: int) -> tuple:
    """Train one model for a budget of CPU time; return it as it is used, with its clock."""
    generator = seed_everything(seed)
    net = nn.Sequential(
        Standardize(world.standard),
        UNet(3, classes, widths=world.widths, convs=world.convs, upsampling="transposed"),
    )
    model = Shrunk(net, world.shrink)
    _, masks = stack(sets["train"])
    counts = torch.bincount(masks[masks != IGNORE], minlength=classes)  # (K,)
    weight = class_weights(counts, rule=world.weights) if world.weights else None

    def loss(logits: Tensor, mask: Tensor) -> Tensor:
        overlap = world.dice * dice_loss(logits, mask) if world.dice else 0.0
        return cross_entropy_loss(logits, mask, weight=weight) + overlap

    augmented = Augmented(sets["train"], augmentation(world), seed=seed)
    batches = DataLoader(augmented, batch_size=world.batch, shuffle=True, drop_last=True, generator=generator)
    some = DataLoader(Subset(sets["val"], range(0, len(sets["val"]), 4)), batch_size=16)
    clock = Clock(batches, budget_s, lambda: score(evaluate(model, some, classes)))
    optimizer = torch.optim.AdamW(net.parameters(), lr=world.rate, weight_decay=world.decay)
    schedule = LambdaLR(optimizer, lambda _: clock.rate(world.warmup))
    recipe = Recipe(precision="bfloat16", warmup=None)
    fit(net, clock, loss=loss, epochs=1, recipe=recipe, optimizer=optimizer, scheduler=schedule, device="cpu",
        progress=False)  # fmt: skip
    clock.spent_s = time.process_time() - clock.start_s
    clock.curve.append([round(clock.spent_s, 1), round(clock.look(), 4)])
    return model, clock


def score(confusion: Tensor) -> float:
    """Return the mean IoU over the classes, or of two classes that of the second: the foreground."""
    return (iou(confusion)[1] if len(confusion) == 2 else mean_iou(confusion)).item()


def is_fluorescence(image: Tensor) -> bool:
    """Say whether an image has no color and a dark background."""
    return bool((image[0] == image[1]).all() and image.median() < 0.5)


def judged(model: nn.Module, test: Dataset, classes: int) -> dict:
    """Return the scores on the test frames."""
    confusion = evaluate(model, DataLoader(test, batch_size=16), classes)
    images, masks = stack(test)
    flipped = confusion_matrix(predict_augmented(model, images, batch_size=8), masks, classes)
    scores = {"test": confusion, "test_mirrored_too": flipped}
    if classes == 2:
        fluorescence = [pair for pair in test if is_fluorescence(pair[0])]
        scores["test_fluorescence"] = evaluate(model, DataLoader(fluorescence, batch_size=16), classes)
    return {name: round(score(found), 4) for name, found in scores.items()} | {
        "iou": [round(value, 4) for value in iou(confusion).tolist()],
        "confusion": confusion.tolist(),
    }


def chosen_for(name: str, minutes: float) -> World:
    """Return what is chosen for a set when there is so much time."""
    return replace(WORLDS[name], **(LONG.get(name, {}) if minutes >= 5 else {}))


def changed(world: World, changes: list[str]) -> World:
    """Return a world with some of its numbers changed: `rate=0.01`, `zoom=[0.9,1.2]`."""
    return replace(world, **{name: json.loads(value) for name, value in (change.split("=", 1) for change in changes)})


def speed(world: World, classes: int, *, steps: int = 30) -> dict[int, float]:
    """Return how many images a second one thread and two threads learn from, by the clock on the wall."""
    net = UNet(3, classes, widths=world.widths, convs=world.convs, upsampling="transposed")
    batch = torch.rand(world.batch, 3, *world.size), torch.randint(classes, (world.batch, *world.size))
    found = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        options = {"loss": cross_entropy_loss, "recipe": Recipe(precision="bfloat16"), "epochs": 1, "progress": False}
        fit(net, [batch] * 3, device="cpu", **options)
        start_s = time.perf_counter()
        fit(net, [batch] * steps, device="cpu", **options)
        found[threads] = round(steps * world.batch / (time.perf_counter() - start_s), 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="camvid", choices=list(WORLDS))
    parser.add_argument("--minutes", type=float, nargs="+", default=[2])
    parser.add_argument("--cores", type=int, default=2, help="for how many cores a minute counts")
    parser.add_argument("--threads", type=int, default=1, help="how many compute")
    parser.add_argument(
        "--speed", action="store_true", help="images a second with one thread and with two; no training"
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many: 0, 1, 2, ...")
    parser.add_argument("--first", type=int, default=0, help="the first of them, to go on with a table")
    parser.add_argument("--change", nargs="*", default=[], help="name=value in JSON, of the fields of World")
    parser.add_argument("--validate", action="store_true", help="print validation scores; judge and keep nothing")
    parser.add_argument("--unseen", action="store_true", help="validate on a drive that is left out; with --validate")
    arguments = parser.parse_args()
    if arguments.unseen > arguments.validate or (arguments.change and not arguments.validate):
        parser.error("--unseen and --change are for --validate: the table is measured with the recipe as it stands")
    if arguments.speed:
        print("images a second, by threads:", speed(WORLDS[arguments.world], 11))
        return
    torch.set_num_threads(arguments.threads)
    sets = datasets(arguments.world, unseen=arguments.unseen)
    classes = len(sets["train"].labels)
    for minutes, seed in itertools.product(arguments.minutes, range(arguments.first, arguments.seeds)):
        start_s = time.perf_counter()
        world = changed(chosen_for(arguments.world, minutes), arguments.change)
        budget_s = minutes * 60 * arguments.cores
        model, clock = learn(world, sets, classes, budget_s=budget_s, seed=seed)
        row = {"world": arguments.world, "minutes": minutes, "cores": arguments.cores, "threads": arguments.threads}
        row |= {"seed": seed, "cpu_s": round(clock.spent_s, 1), "wall_s": round(time.perf_counter() - start_s, 1)}
        row |= {"epochs": round(clock.images / len(sets["train"]), 1), "curve": clock.curve}
        row["val"] = round(score(evaluate(model, DataLoader(sets["val"], batch_size=16), classes)), 4)
        if not arguments.validate:
            row |= judged(model, sets["test"], classes)
            same = ("world", "minutes", "cores", "threads", "seed")
            row["recipe"] = asdict(world)
            head = {"command": "python benchmarks/real_sets.py"}
            keep(row, OUT, part="runs", same=same, head=head)
        print({name: value for name, value in row.items() if name not in ("confusion", "recipe")}, flush=True)


if __name__ == "__main__":
    main()
