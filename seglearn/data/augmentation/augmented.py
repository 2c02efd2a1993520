"""A data set whose pairs look different in every epoch, and the same whenever that epoch is lived again."""

from collections.abc import Callable, Iterable
from typing import Any

from torch import Tensor
from torch.utils.data import Dataset

from seglearn.data.augmentation.pairs import augment
from seglearn.data.drawn import place_in


class Augmented(Dataset):
    """Another data set's pairs, augmented: pair i of epoch e depends on (seed, e, i) and on nothing else.

    So a training that was stopped goes on with the pairs it would have seen, in whatever order they are asked for.
    `fit` tells the epoch; in a loop of your own, call `set_epoch(epoch)` before each, or all epochs are alike.

        train = Augmented(in_memory(open_dataset("camvid", split="train")), street_augmentation((90, 120)), seed=0)

    `labels`, `name`, `credit` and the rest are the inner data set's.

    Args:
        transform: as for `augment`.

    Example:
        >>> import torch
        >>> from torchvision.transforms import v2
        >>> from seglearn.data import DrawnNuclei
        >>> nuclei = Augmented(DrawnNuclei(2, size=(32, 40)), v2.RandomCrop((16, 16)), seed=1)
        >>> first, again = nuclei[0][1], nuclei[0][1]
        >>> nuclei.set_epoch(1)
        >>> torch.equal(first, again), torch.equal(first, nuclei[0][1]), first.shape
        (True, False, torch.Size([16, 16]))
    """

    def __init__(self, dataset: Dataset, transform: Callable, *, seed: int = 0):
        self.dataset, self.transform, self.seed, self.epoch = dataset, transform, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch it is, 0 or more; what lies inside is told as well."""
        if epoch < 0:
            raise ValueError(f"Augmented: epoch must be 0 or more, got {epoch}.")
        self.epoch = epoch
        set_epoch(self.dataset, epoch)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        place = place_in(self, index)
        image, mask = self.dataset[place]
        return augment(image, mask, self.transform, seed=(self.seed, self.epoch, place))

    def __getattr__(self, name: str) -> Any:
        if name == "dataset" or name.startswith("__"):  # while being unpickled there is no inner data set yet
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __repr__(self) -> str:
        return f"Augmented({self.dataset!r}, seed={self.seed}, epoch={self.epoch})"


def set_epoch(batches: Iterable | Dataset, epoch: int) -> None:
    """Tell everything that wants to know it which epoch it is, however deep: in a loader, a Subset, a ConcatDataset.

    Whatever has a method `set_epoch` is asked; a list of batches has none, and nothing happens.

    Example:
        >>> from torch.utils.data import DataLoader, Subset
        >>> from seglearn.data import DrawnNuclei
        >>> nuclei = Augmented(DrawnNuclei(4), lambda image, mask: (image, mask))
        >>> set_epoch(DataLoader(Subset(nuclei, [0, 2])), 7)
        >>> nuclei.epoch
        7
    """
    if callable(tell := getattr(type(batches), "set_epoch", None)):
        tell(batches, epoch)
        return
    inner = [getattr(batches, name, None) for name in ("dataset", "sampler", "batch_sampler")]
    for part in [*inner, *(getattr(batches, "datasets", None) or ())]:
        if part is not None and not isinstance(part, str):
            set_epoch(part, epoch)
