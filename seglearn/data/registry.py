"""Every data set of the course by its name: what it is, whether it is here, and how to get and open it."""

from functools import partial
from pathlib import Path

from torch.utils.data import Dataset

from seglearn.checks import check_choice
from seglearn.data import camvid, digits, nuclei
from seglearn.data.cards import DatasetCard
from seglearn.data.drawn import CREDIT, drawn_split
from seglearn.data.roots import data_root
from seglearn.data.torchvision_sets import CIFAR10_CARD, PET_CARD, VOC_CARD
from seglearn.labels import DIGITS, NUCLEI, STREETS, LabelSet

_DRAWN_TERMS = {"splits": ("train", "val", "test"), "license": "CC0 1.0", "credit": CREDIT, "source": "seglearn"}
DATASETS: dict[str, DatasetCard] = {
    card.name: card
    for card in (
        DatasetCard("drawn-streets", "Street scenes, drawn by the course", STREETS, **_DRAWN_TERMS),
        DatasetCard("drawn-nuclei", "Cells under microscopes, drawn by the course", NUCLEI, **_DRAWN_TERMS),
        DatasetCard(
            name="digits",
            title="1,797 handwritten digits (classes, no masks)",
            labels=DIGITS,
            splits=digits.SPLITS,
            license="CC BY 4.0",
            credit=digits.CREDIT,
            source="scikit-learn",
            load=digits.open_digits,
        ),
        camvid.CARD,
        nuclei.CARD,
        CIFAR10_CARD,
        PET_CARD,
        VOC_CARD,
    )
}


def is_present(name: str, root: str | Path | None = None) -> bool:
    """Tell whether a data set can be opened without a download; one that is at hand always can."""
    card = _card("is_present", name)
    return card.is_at_hand or card.find(data_root(root)) is not None


def fetch(name: str, *, root: str | Path | None = None, mirror: str | None = None) -> Path | None:
    """Download a data set below `data_root(root)` unless it is there, and return its folder; None for a set at hand.

    Args:
        mirror: another address to take the same files from; they are held to the same checks. CIFAR-10's official
            host has been very slow since June 2026 (github.com/pytorch/vision/issues/9536).

    Raises:
        DownloadError: it did not work; nothing half-written is left under the set's name, and a second try is safe.
    """
    card = _card("fetch", name)
    if card.is_at_hand:
        return None
    here = data_root(root)
    return card.find(here) or card.fetch(here, mirror=mirror)


def open_dataset(
    name: str,
    *,
    split: str,
    root: str | Path | None = None,
    download: bool = False,
    size: tuple[int, int] | None = None,
    labels: LabelSet | None = None,
    **options,
) -> Dataset:
    """Return one split of a data set by its name, real or drawn: `dataset[i] -> (image, mask)`.

    It has `.labels`, `.name` and `.credit`. CIFAR-10 and the digits give `(image, class)`.

    Args:
        name: one of DATASETS.
        split: one of the set's splits, "train", "val" and "test" for most.
        root: the folder that holds the data sets, or the one set itself; see `data_root`.
        download: fetch the set first if it is not there.
        size: (H, W) of every pair; None leaves each as it is stored.
        labels: for "camvid", STREETS gives the course's eight classes.
        options: what one set has of its own: `target="semantic" | "boundary" | "instances"` for nuclei.

    Raises:
        ValueError: there is no such set, split, or label set.
        FileNotFoundError: the set is not here; the message says how to get it and what to use offline.

    Example:
        >>> open_dataset("cifar10", split="val")
        Traceback (most recent call last):
        ValueError: open_dataset: split of cifar10 must be one of train, test, got 'val'.
    """
    card = _card("open_dataset", name)
    check_choice("open_dataset", f"split of {name}", split, card.splits)
    if card.is_at_hand:
        return (card.load or partial(_drawn, card))(split=split, size=size, labels=labels, **options)
    folder = fetch(name, root=root) if download else card.find(data_root(root))
    if folder is None:
        raise FileNotFoundError(_missing(card, data_root(root)))
    return card.load(folder, split=split, size=size, labels=labels, **options)


def _drawn(card: DatasetCard, *, split: str, labels: LabelSet | None, **options) -> Dataset:
    dataset = drawn_split(card.name, split, **{key: value for key, value in options.items() if value is not None})
    if labels not in (None, dataset.labels):
        names = ", ".join(dataset.labels.names)
        raise ValueError(f"open_dataset: {card.name} has the labels {names}. Leave labels out.")
    return dataset


def _missing(card: DatasetCard, root: Path) -> str:
    offline = f"open_dataset({card.twin!r}, ...)" if card.twin else "the drawn data"
    return (
        f"open_dataset: {card.name} is not in {root}; offline, use {offline} instead, or get it ({card.size_mb} MB) "
        f"with `seglearn data fetch {card.name}` or download=True."
    )


def _card(where: str, name: str) -> DatasetCard:
    check_choice(where, "name", name, tuple(DATASETS))
    return DATASETS[name]
