"""Train the network of chapter 09 on few pictures, on drawn and on real streets, over seeds, and keep the table.

    python benchmarks/training_well.py                                # both experiments, on drawn and on real streets
    python benchmarks/training_well.py --experiment few --world drawn-streets --seeds 5
    python benchmarks/training_well.py --experiment gap

`few`: twenty-four pictures, augmented in four ways, one of them a mistake. `gap`: what drawn streets are worth on real
ones (CamVid, mapped to the eight classes of the drawn streets). Real streets need the data set; without it they are
left out. The code that learns and judges is the notebook's own: its cells tagged train. A row goes to
benchmarks/results/training_well.json as soon as it is measured, in place of the same experiment's, world's, way's and
seed's.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from keeping import RESULTS, Row, keep
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset, Subset
from torchvision.transforms import v2

from seglearn.build.source import read_source, tags
from seglearn.data import Augmented, DrawnStreets, in_memory, is_present, open_dataset, street_augmentation
from seglearn.labels import CAMVID_TO_STREETS, STREETS, relabel
from seglearn.metrics import iou, mean_iou

SOURCE = Path(__file__).parents[1] / "notebooks" / "source" / "09_training_well.py"
OUT = RESULTS / "training_well.json"
WORLDS = ("drawn-streets", "camvid")
SIZE = (48, 64)
FEW = 24


class AsStreets(Dataset):
    """CamVid with the labels of the drawn streets: fences are buildings, signs are poles, cyclists are persons."""

    labels = STREETS

    def __init__(self, split: str):
        self.camvid = open_dataset("camvid", split=split, size=SIZE)

    def __len__(self) -> int:
        return len(self.camvid)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, mask = self.camvid[index]
        return image, relabel(mask, CAMVID_TO_STREETS)


class Joined(ConcatDataset):
    """Several sets of streets as one."""

    labels = STREETS


def notebook() -> dict:
    """Return what the notebook's cells tagged train define: train_on, judge and their constants."""
    names: dict = {}
    wanted = {"setup", "train"}
    for cell in read_source(SOURCE).cells:
        if wanted & set(tags(cell)):
            exec(compile(cell.source, SOURCE.name, "exec"), names)
    return names


def streets(world: str, split: str) -> Dataset:
    """Return 240 drawn streets (100 for the test), or all of CamVid's split."""
    if world == "camvid":
        return in_memory(AsStreets(split), fill=True, progress=False)
    count, seed = {"train": (240, 0), "test": (100, 2)}[split]
    return in_memory(DrawnStreets(count, seed=seed, size=SIZE), fill=True, progress=False)


def few_of(pictures: Dataset) -> Subset:
    """Return a few pictures, spread evenly: frames of a video that follow each other are one picture."""
    chosen = Subset(pictures, torch.linspace(0, len(pictures) - 1, FEW).round().int().tolist())
    chosen.labels = pictures.labels
    return chosen


def alone(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror the image, half of the time, and forget its mask."""
    return (image.flip(-1) if torch.rand(()) < 0.5 else image), mask


WAYS: dict[str, Callable | None] = {
    "nothing": None,
    "mirrored": v2.RandomHorizontalFlip(0.5),
    "street_augmentation": street_augmentation(SIZE),
    "image alone": alone,
}


def few(names: dict, world: str, seed: int) -> Iterator[Row]:
    """Yield a row for each way to augment a few pictures."""
    pictures, test = few_of(streets(world, "train")), streets(world, "test")
    for way, transform in WAYS.items():
        train = pictures if transform is None else Augmented(pictures, transform, seed=seed)
        yield measured(names, train, test, seed) | {"way": way}


def gap(names: dict, world: str, seed: int) -> Iterator[Row]:
    """Yield a row for each way to use drawn and real streets; all but the first are tested on real ones."""
    drawn, real, test = streets("drawn-streets", "train"), streets("camvid", "train"), streets("camvid", "test")
    some, steps = few_of(real), names["STEPS"]
    mirrored = {name: Augmented(part, WAYS["mirrored"], seed=seed) for name, part in
                {"drawn": drawn, "some": some, "real": real}.items()}  # fmt: skip
    yield measured(names, mirrored["drawn"], streets("drawn-streets", "test"), seed) | {"way": "drawn, tested on drawn"}
    yield measured(names, mirrored["drawn"], test, seed) | {"way": "drawn"}
    yield measured(names, mirrored["some"], test, seed) | {"way": f"{FEW} real"}
    both = Joined([mirrored["drawn"], *[mirrored["some"]] * (len(drawn) // FEW)])
    yield measured(names, both, test, seed) | {"way": f"drawn and {FEW} real, half and half"}
    learned = names["train_on"](mirrored["drawn"], seed, steps=steps // 2, progress=False)[0]
    yield measured(names, mirrored["some"], test, seed, model=learned, steps=steps // 2) | {
        "way": f"drawn first, then {FEW} real"
    }
    yield measured(names, mirrored["real"], test, seed) | {"way": f"all {len(real)} real"}


def measured(names: dict, train: Dataset, test: Dataset, seed: int, **options) -> Row:
    """Train once, and return what the test pictures say."""
    start = time.process_time()
    model, history = names["train_on"](train, seed, progress=False, **options)
    elapsed_s = time.process_time() - start
    confusion = names["judge"](model, test)
    return {
        "mean_iou": round(mean_iou(confusion).item(), 4),
        "iou": [round(value, 4) for value in iou(confusion).tolist()],
        "last_train_loss": round(history.loss[-1], 4),
        "cpu_s": round(elapsed_s, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiment", nargs="+", default=["few", "gap"], choices=["few", "gap"])
    parser.add_argument("--world", nargs="+", default=list(WORLDS), choices=WORLDS)
    parser.add_argument("--seeds", type=int, default=3, help="how many: 0, 1, 2, ...")
    parser.add_argument("--first", type=int, default=0, help="the first of them, to go on with a table")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names = notebook()
    head = {"command": f"python benchmarks/{OUT.stem}.py", "pictures": "x".join(map(str, SIZE)), "steps": names["STEPS"]}
    for seed in range(arguments.first, arguments.seeds):
        for experiment in arguments.experiment:
            for world in arguments.world if experiment == "few" else ["camvid"]:
                if world == "camvid" and not is_present("camvid"):
                    print("camvid is not here: `seglearn data fetch camvid`, or set SEGLEARN_DATA to where it is")
                    continue
                for found in {"few": few, "gap": gap}[experiment](names, world, seed):
                    row = {"world": world, "way": found.pop("way"), "seed": seed, **found}
                    keep(row, arguments.out, part=experiment, same=("world", "way", "seed"), head=head)
                    print(f"{experiment} {world} {row['way']:36s} seed {seed}: {row['mean_iou']:.3f}", flush=True)


if __name__ == "__main__":
    main()
