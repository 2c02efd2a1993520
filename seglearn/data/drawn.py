"""Drawn worlds as data sets: pairs (image, mask) by index, made when asked for, or kept in memory."""

import copy
import operator
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from seglearn.checks import check_choice
from seglearn.data.drawn_nuclei import STYLES, draw_nuclei, instances_to_boundary, instances_to_mask
from seglearn.data.streets import draw_street
from seglearn.labels import NUCLEI, NUCLEI_BOUNDARY, STREETS, LabelSet

Size = tuple[int, int]  # height, width
Pair = tuple[Tensor, Tensor]

CREDIT = "Drawn by seglearn; CC0 1.0, no rights reserved."
SPLIT_SEEDS = {"train": 0, "val": 1, "test": 2}  # a split of a drawn world is another seed: no scene is in two of them
SPLIT_COUNTS = {"train": 600, "val": 60, "test": 100}


class _Drawn(Dataset):
    """Scenes 0..count-1 of one seed; what is drawn is the subclass's `_draw`."""

    name: str
    labels: LabelSet
    credit = CREDIT

    def __init__(self, count: int, *, seed: int, size: Size):
        if count < 1:
            raise ValueError(f"{type(self).__name__}: count must be 1 or more, got {count}.")
        self.count, self.seed, self.size = count, seed, size

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Pair:
        return self._draw(place_in(self, index))

    def _draw(self, index: int) -> Pair:
        raise NotImplementedError

    def __repr__(self) -> str:
        height, width = self.size
        return f"{type(self).__name__}({self.count} pairs of {height}x{width} pixels, seed={self.seed})"


def place_in(dataset: Dataset, index: int) -> int:
    """Return the index counted from the front; past the end is an IndexError, which is how a for loop stops."""
    place, count = operator.index(index), len(dataset)
    if not -count <= place < count:
        raise IndexError(f"{type(dataset).__name__}: index must be in {-count}..{count - 1}, got {place}.")
    return place % count


class DrawnStreets(_Drawn):
    """Street scenes and their masks, labels as in STREETS; the same pair for the same seed and index.

    Shapes:
        image (3, H, W) float32   in [0, 1]
        mask  (H, W) int64        0..7

    Raises:
        ValueError: `count` is below 1.
        IndexError: there is no such pair.

    Example:
        >>> streets = DrawnStreets(3, seed=1)
        >>> len(streets), streets[-1][1].shape, streets.labels.names[0]
        (3, torch.Size([64, 96]), 'sky')
    """

    name, labels = "drawn-streets", STREETS

    def __init__(self, count: int, *, seed: int = 0, size: Size = (64, 96)):
        super().__init__(count, seed=seed, size=size)

    def _draw(self, index: int) -> Pair:
        return draw_street(index, seed=self.seed, size=self.size)


def _keep(instances: Tensor) -> Tensor:
    return instances


TARGETS: dict[str, Callable[[Tensor], Tensor]] = {
    "semantic": instances_to_mask,
    "instances": _keep,
    "boundary": instances_to_boundary,
}


class DrawnNuclei(_Drawn):
    """Microscope pictures of nuclei; the same pair for the same seed and index.

    `target` chooses what comes with the image: "semantic" (0 or 1), "instances" (ids 1..n) or "boundary" (0, 1, 2).
    `style` is "fluorescence", "stained", or None for a mix.

    Shapes:
        image (3, H, W) float32   in [0, 1]
        mask  (H, W) int64        labels of `.labels`, or ids

    Raises:
        ValueError: `count` is below 1, `target` or `style` is another word; when drawing: `size` is too small.
        IndexError: there is no such pair.

    Example:
        >>> nuclei = DrawnNuclei(3, target="boundary")
        >>> nuclei[0][1].unique(), nuclei.labels.names
        (tensor([0, 1, 2]), ('background', 'nucleus', 'boundary'))
    """

    name = "drawn-nuclei"

    def __init__(
        self,
        count: int,
        *,
        seed: int = 0,
        size: Size = (128, 128),
        style: str | None = None,
        target: str = "semantic",
    ):
        super().__init__(count, seed=seed, size=size)
        check_choice("DrawnNuclei", "target", target, tuple(TARGETS))
        if style is not None:
            check_choice("DrawnNuclei", "style", style, STYLES)
        self.style, self.target = style, target
        self.labels = NUCLEI_BOUNDARY if target == "boundary" else NUCLEI

    def _draw(self, index: int) -> Pair:
        image, instances = draw_nuclei(index, seed=self.seed, size=self.size, style=self.style)
        return image, TARGETS[self.target](instances)


def drawn_split(name: str, split: str, *, size: Size | None = None, **options) -> Dataset:
    """Return the train, val or test part of a drawn world: 600, 60 and 100 pairs from the seeds 0, 1 and 2.

    `options` go to the world's own class: `target` and `style` of DrawnNuclei.

    Raises:
        ValueError: there is no such world or split.

    Example:
        >>> drawn_split("drawn-nuclei", "val", size=(64, 64))
        DrawnNuclei(60 pairs of 64x64 pixels, seed=1)
    """
    worlds = {world.name: world for world in (DrawnStreets, DrawnNuclei)}
    check_choice("drawn_split", "name", name, tuple(worlds))
    check_choice("drawn_split", "split", split, tuple(SPLIT_SEEDS))
    if size is not None:
        options["size"] = size
    return worlds[name](SPLIT_COUNTS[split], seed=SPLIT_SEEDS[split], **options)


class InMemory(Dataset):
    """Another data set's pairs, each made once; made by `in_memory`."""

    def __init__(self, dataset: Dataset):
        self.dataset = dataset
        self._kept: dict[int, Pair] = {}

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Pair:
        place = place_in(self, index)
        if place not in self._kept:
            self._kept[place] = self.dataset[place]
        return copy.deepcopy(self._kept[place])  # the learner may change what they get; what is kept stays clean

    def __getattr__(self, name: str):
        """Answer with the inner data set's `labels`, `name`, `credit` and whatever else it has."""
        if name == "dataset" or name.startswith("__"):  # while being unpickled there is no inner data set yet
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __repr__(self) -> str:
        return f"in_memory({self.dataset!r})"


def in_memory(dataset: Dataset, *, fill: bool = False, progress: bool = True) -> InMemory:
    """Return the same data set, keeping each pair after its first use; `fill=True` makes them all now.

    Each use gets its own copy: changing a tensor in place does not change what is kept. 600 pairs of 64 x 96 pixels
    take 74 MB.

    Example:
        >>> nuclei = in_memory(DrawnNuclei(2, size=(32, 32)))
        >>> nuclei[0][0].zero_().sum(), nuclei[0][0].sum() > 0
        (tensor(0.), tensor(True))
    """
    if hasattr(dataset, "set_epoch"):
        raise ValueError(
            "in_memory: an augmented set looks different in every epoch and would be kept as it looked once. "
            "Use Augmented(in_memory(dataset), transform)."
        )
    kept = InMemory(dataset)
    if fill:
        for index in tqdm(range(len(kept)), desc=f"filling {getattr(dataset, 'name', 'memory')}", disable=not progress):
            kept[index]
    return kept


def stack(dataset: Dataset) -> Pair:
    """Return all images and all masks of a data set as two tensors.

    Shapes:
        images (N, C, H, W) float32
        masks  (N, H, W) int64        or (N,), where a data set has classes instead of masks

    Raises:
        ValueError: the data set is empty, or its images or masks differ in size.

    Example:
        >>> images, masks = stack(DrawnNuclei(2, size=(32, 40)))
        >>> images.shape, masks.shape
        (torch.Size([2, 3, 32, 40]), torch.Size([2, 32, 40]))
    """
    pairs = [dataset[index] for index in range(len(dataset))]
    if not pairs:
        raise ValueError("stack: the data set must hold at least one pair, got none.")
    for what, tensors in zip(("images", "masks"), zip(*pairs, strict=True), strict=True):
        shapes = sorted({tuple(torch.as_tensor(tensor).shape) for tensor in tensors})
        if len(shapes) > 1:
            raise ValueError(
                f"stack: all {what} must have one shape, got {shapes[0]} and {shapes[1]}. "
                "Open the data set with size=(height, width)."
            )
    images, masks = zip(*pairs, strict=True)
    return torch.stack(images), torch.stack([torch.as_tensor(mask) for mask in masks])
