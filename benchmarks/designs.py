"""Train every design of chapter 06 with one recipe and several seeds, weigh it, and keep the table.

    python benchmarks/designs.py                                          # seven designs on drawn streets, three seeds
    python benchmarks/designs.py --design UNet "UNet without skips" --seeds 5             # the skips, on and off
    python benchmarks/designs.py --world camvid                           # the same on real streets, where present
    python benchmarks/designs.py --costs                                  # no training: size, operations, time, memory

Recipe: Adam with a rate of 5e-3 at its height, a short warm-up and a cosine to zero, batches of eight, plain
cross-entropy, no augmentation; the last epoch is judged on pictures that were never learned from. Widths are chosen so
that all designs keep about 0.2 million weights; `equal` in the results says what each would cost at one and
the same list of widths. A row goes to benchmarks/results/designs.json as soon as it is measured, and replaces the
row of the same world, design and seed.

Time is CPU time of one thread for one picture: all designs take turns in every round, the least time of each counts
(whatever else runs on the machine can only add to it), and a ratio compares two of these; the median of the ratios
within each round stands beside it. Memory is the most that torch holds at once in one step of training (forward, loss,
backward, Adam) beyond the weights, Adam's moments and the batch, as its own allocator counts it: the same on every
machine.
"""

import argparse
import time
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from statistics import median

import torch
from keeping import RESULTS, keep
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from seglearn.data import DrawnStreets, in_memory, open_dataset, stack
from seglearn.labels import IGNORE
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import confusion_matrix, iou, mean_iou, recall
from seglearn.metrics.boundaries import boundary
from seglearn.models import FCN, ASPPNet, SegNet, UNet
from seglearn.models.counting import model_cost
from seglearn.training import fit, predict, seed_everything, warmup_cosine

OUT = RESULTS / "designs.json"
SIZES = {"drawn-streets": (64, 96), "camvid": (72, 96)}
EPOCHS = {"drawn-streets": 14, "camvid": 9}  # about as many steps: 420 and 414
BATCH, RATE, CONVS, ROUNDS = 8, 5e-3, 1, 15
WIDTHS = (16, 32, 64, 128)
DESIGNS = {  # name -> architecture, widths, options
    "FCN-32": (FCN, (16, 32, 64, 96, 128), {"stride": 32}),
    "FCN-16": (FCN, (16, 32, 64, 96, 128), {"stride": 16}),
    "FCN-8": (FCN, (16, 32, 64, 96, 128), {"stride": 8}),
    "SegNet": (SegNet, WIDTHS, {}),
    "UNet without skips": (UNet, WIDTHS, {"skips": False}),
    "UNet": (UNet, WIDTHS, {}),
    "ASPPNet": (ASPPNet, (24, 48), {}),
}
EQUAL = (16, 32, 64, 96, 128)  # five levels, as an FCN with a stride of 32 needs them
HEAD = {
    "command": "python benchmarks/designs.py",
    "recipe": {
        "optimizer": "Adam",
        "rate": RATE,
        "schedule": "warmup_cosine",
        "batch": BATCH,
        "loss": "cross-entropy",
        "convs": CONVS,
    },
}


def build(design: str, classes: int, *, widths: Sequence[int] | None = None) -> nn.Module:
    """Return a fresh model of a design, with its own widths if none are given."""
    architecture, own, options = DESIGNS[design]
    return architecture(3, classes, widths=widths or own, convs=CONVS, **options)


def datasets(world: str) -> tuple[Dataset, Dataset]:
    """Return what is learned from and what is judged with."""
    size = SIZES[world]
    if world == "camvid":
        pair = [open_dataset(world, split=split, size=size) for split in ("train", "test")]
    else:
        pair = [DrawnStreets(240, seed=0, size=size), DrawnStreets(100, seed=2, size=size)]
    return tuple(in_memory(dataset, fill=True, progress=False) for dataset in pair)


def learn(design: str, train_set: Dataset, *, seed: int, epochs: int) -> tuple[nn.Module, list[float]]:
    """Train one model and return it with the loss of each epoch."""
    generator = seed_everything(seed)
    model = build(design, len(train_set.labels))
    batches = DataLoader(train_set, batch_size=BATCH, shuffle=True, generator=generator)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = warmup_cosine(optimizer, steps=epochs * len(batches))
    history = fit(
        model, batches, loss=cross_entropy_loss, epochs=epochs,
        optimizer=optimizer, scheduler=schedule, device="cpu", progress=False,
    )  # fmt: skip
    return model, history.loss


def outlines(pred: Tensor, mask: Tensor, classes: int, *, ratio: float = 0.02) -> tuple[Tensor, Tensor]:
    """Return the pixels of intersection and union of the inner outlines of each class, summed over the images.

    Void pixels belong to no class in either map. The band is as wide as in `metrics.boundary_iou`; one quotient is
    taken at the end, for the pixels of many images add as those of a confusion matrix do.

    Shapes:
        pred, mask (N, H, W) int64
        results    (K,) int64, twice
    """
    pred = pred.masked_fill(mask == IGNORE, IGNORE)
    width = max(1, round(ratio * (mask.shape[-2] ** 2 + mask.shape[-1] ** 2) ** 0.5))
    both, either = torch.zeros(2, classes, dtype=torch.int64)
    for guess, truth in zip(pred, mask, strict=True):
        for k in range(classes):
            a, b = boundary(guess == k, width=width), boundary(truth == k, width=width)
            both[k] += (a & b).sum()
            either[k] += (a | b).sum()
    return both, either


def judge(model: nn.Module, test_set: Dataset) -> dict:
    """Return the scores on a data set, with the counts from which they follow."""
    images, masks = stack(test_set)
    names = test_set.labels.names
    pred, pole = predict(model, images), names.index("pole")
    confusion = confusion_matrix(pred, masks, len(names))
    both, either = outlines(pred, masks, len(names))
    edges = both.double() / either  # (K,)
    scores = {
        "mean_iou": mean_iou(confusion),
        "boundary_iou": edges.nanmean(),
        "pole_iou": iou(confusion)[pole],
        "pole_recall": recall(confusion)[pole],
        "pole_boundary_iou": edges[pole],
    }
    counts = {"confusion": confusion, "outlines_both": both, "outlines_either": either}
    return {name: round(float(value), 4) for name, value in scores.items()} | {
        name: value.tolist() for name, value in counts.items()
    }


def measure(world: str, design: str, seed: int, sets: tuple, epochs: int) -> dict:
    """Train once and return one row of the table."""
    start = time.process_time()
    model, losses = learn(design, sets[0], seed=seed, epochs=epochs)
    elapsed_s = time.process_time() - start
    row = {"world": world, "design": design, "seed": seed, "epochs": epochs, "cpu_s": round(elapsed_s, 1)}
    row |= {"first_train_loss": round(losses[0], 4), "last_train_loss": round(losses[-1], 4)}
    return row | judge(model, sets[1])


def forward_ms(models: dict[str, nn.Module], image: Tensor, rounds: int) -> dict[str, list[float]]:
    """Return the CPU milliseconds of one forward pass of each model in each round; a round before them warms up."""
    times = {name: [] for name in models}
    with torch.inference_mode():
        for _ in range(rounds + 1):
            for name, model in models.items():
                start = time.process_time()
                for _ in range(5):
                    model(image)
                times[name].append(1000 * (time.process_time() - start) / 5)
    return {name: spent[1:] for name, spent in times.items()}


def step_mb(model: nn.Module, images: Tensor, masks: Tensor) -> float:
    """Return the most that torch holds at once in one step of training, beyond weights, Adam's moments and batch."""
    optimizer = torch.optim.Adam(model.parameters())

    def step() -> None:
        cross_entropy_loss(model.train()(images), masks).backward()
        optimizer.step()

    step()  # from here on Adam has its moments
    optimizer.zero_grad()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as seen:
        step()
    events = [event for event in seen.profiler.kineto_results.events() if event.name() == "[memory]"]
    held = accumulate(event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))
    return max(held) / 2**20


def weigh(world: str, classes: int, rounds: int) -> list[dict]:
    """Return one row of costs for each design; all of them take turns."""
    image = torch.rand(1, 3, *SIZES[world], generator=torch.Generator().manual_seed(0))
    models = {design: build(design, classes).eval() for design in DESIGNS}
    times, rows = forward_ms(models, image, rounds), []
    images, masks = image.expand(BATCH, -1, -1, -1), torch.zeros(BATCH, *SIZES[world], dtype=torch.int64)
    for design, model in models.items():
        own, same = model_cost(model, image), model_cost(build(design, classes, widths=EQUAL), image)
        ratios = [a / b for a, b in zip(times[design], times["UNet"], strict=True)]
        row = {"world": world, "design": design, "size": SIZES[world], "widths": DESIGNS[design][1]}
        row |= {"parameters": own.parameters, "multiplications": own.multiplications}
        row |= {"forward_ms_least": round(min(times[design]), 2), "forward_ms_median": round(median(times[design]), 2)}
        row |= {"times_unet": round(min(times[design]) / min(times["UNet"]), 2)}
        row |= {"times_unet_median": round(median(ratios), 2), "rounds": rounds}
        row |= {"step_mb": round(step_mb(model, images, masks), 1), "batch": BATCH}
        equal = {"widths": EQUAL, "parameters": same.parameters, "multiplications": same.multiplications}
        rows.append(row | {"equal": equal})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--world", default="drawn-streets", choices=list(SIZES))
    parser.add_argument("--design", nargs="+", choices=list(DESIGNS), default=list(DESIGNS))
    parser.add_argument("--seeds", type=int, default=3, help="how many: 0, 1, 2, ...")
    parser.add_argument("--first", type=int, default=0, help="the first of them, to go on with a table")
    parser.add_argument("--epochs", type=int, help=f"if none are given: {EPOCHS}")
    parser.add_argument("--costs", action="store_true", help="do not train: count, time and weigh")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    world, sets = arguments.world, datasets(arguments.world)
    if arguments.costs:
        for row in weigh(world, len(sets[0].labels), arguments.rounds):
            keep(row, arguments.out, part="costs", same=("world", "design"), head=HEAD)
            print({key: value for key, value in row.items() if key not in ("world", "size")}, flush=True)
        return
    for seed in range(arguments.first, arguments.seeds):
        for design in arguments.design:
            row = measure(world, design, seed, sets, arguments.epochs or EPOCHS[world])
            keep(row, arguments.out, part="runs", same=("world", "design", "seed"), head=HEAD)
            scores = ", ".join(f"{key} {row[key]:.3f}" for key in ("mean_iou", "boundary_iou", "pole_iou"))
            print(f"{world} {design:18s} seed {seed}: {scores}, {row['cpu_s']:.0f} s", flush=True)


if __name__ == "__main__":
    main()
