"""Three sets that torchvision reads: CIFAR-10, Oxford-IIIT Pet and PASCAL VOC, in the course's words.

torchvision's own download writes straight into its final folder; ours arrives whole or not at all, from the same
addresses with the same checksums, and torchvision's classes read the result.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset
from torchvision.datasets import CIFAR10 as TorchvisionCIFAR10
from torchvision.datasets import OxfordIIITPet, VOCSegmentation
from torchvision.transforms.functional import pil_to_tensor

from seglearn.data.cards import DatasetCard, first_with
from seglearn.data.download import DownloadError
from seglearn.data.reading import resize_pair
from seglearn.data.unpack import fetch_folder
from seglearn.labels import CIFAR10, PET, PET_TRIMAP, VOC, LabelSet, relabel

Archive = tuple[str, str]  # address, checksum

CIFAR10_ARCHIVE = ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "md5:c58f30108f718f92721af3b95e74349a")
PET_ARCHIVES = (
    ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/images.tar.gz", "md5:5c4f3ee8e5d25df40f4fd59a7f44e54c"),
    ("https://www.robots.ox.ac.uk/~vgg/data/pets/data/annotations.tar.gz", "md5:95a8c909bbe2e81eed6a22bccdf3f68f"),
)
VOC_ARCHIVE = (
    "https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar",
    "md5:6cd6e144f989b92b3379bac3b3de84fd",
)
PET_FOLDER = "oxford-iiit-pet"  # torchvision insists on this name


class Classified(Dataset):
    """Images with one class each: `dataset[i] -> (image, label)`."""

    def __init__(self, pictures: Dataset, *, card: DatasetCard, size: tuple[int, int] | None = None):
        self.pictures, self.size = pictures, size
        self.labels, self.name, self.credit = card.labels, card.name, card.credit

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        picture, label = self.pictures[index]
        image = pil_to_tensor(picture).float() / 255
        if self.size is not None:
            image, _ = resize_pair(image, torch.zeros(image.shape[1:], dtype=torch.int64), self.size)
        return image, label


class Segmented(Dataset):
    """Images with a mask each; `table` takes the file's numbers to the labels of the card, 255 stays ignored."""

    def __init__(
        self, pictures: Dataset, *, card: DatasetCard, table: Sequence[int], size: tuple[int, int] | None = None
    ):
        self.pictures, self.table, self.size = pictures, table, size
        self.labels, self.name, self.credit = card.labels, card.name, card.credit

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        picture, drawing = self.pictures[index]
        image = pil_to_tensor(picture).float() / 255
        mask = relabel(pil_to_tensor(drawing)[0].long(), self.table)  # a palette PNG gives its indices
        return (image, mask) if self.size is None else resize_pair(image, mask, self.size)


def _only(name: str, labels: LabelSet | None, own: LabelSet) -> None:
    if labels not in (None, own):
        raise ValueError(f"{name}: labels must be its own {len(own)} classes. Leave labels out; see labels.relabel.")


def load_cifar10(
    folder: Path, *, split: str, size: tuple[int, int] | None = None, labels: LabelSet | None = None, reader=None
) -> Classified:
    """Return CIFAR-10's images and classes; `reader` may be a subclass of torchvision's with other checksums."""
    _only("cifar10", labels, CIFAR10)
    try:
        pictures = (reader or TorchvisionCIFAR10)(folder, train=split == "train")
    except RuntimeError:  # torchvision compares checksums
        raise RuntimeError(f"cifar10: {folder} does not hold the official files. Delete and fetch it.") from None
    return Classified(pictures, card=CIFAR10_CARD, size=size)


def load_pet(
    folder: Path, *, split: str, size: tuple[int, int] | None = None, labels: LabelSet | None = None
) -> Segmented:
    """Return the pets; the undecided border of their trimaps is ignored."""
    _only("oxford-iiit-pet", labels, PET)
    pictures = OxfordIIITPet(folder.parent, split=split, target_types="segmentation")
    return Segmented(pictures, card=PET_CARD, table=PET_TRIMAP, size=size)


def load_voc(
    folder: Path, *, split: str, size: tuple[int, int] | None = None, labels: LabelSet | None = None
) -> Segmented:
    """Return PASCAL VOC 2012's images and class masks; void is ignored."""
    _only("voc", labels, VOC)
    pictures = VOCSegmentation(folder, year="2012", image_set=split)
    return Segmented(pictures, card=VOC_CARD, table=range(len(VOC)), size=size)


def find_cifar10(root: Path) -> Path | None:
    """Return the folder that holds `cifar-10-batches-py`."""
    return first_with("cifar-10-batches-py/batches.meta", root / "cifar10", root)


def find_pet(root: Path) -> Path | None:
    """Return the folder `oxford-iiit-pet`, below the root or the root itself."""
    return first_with("annotations/trimaps", root / PET_FOLDER, *([root] if root.name == PET_FOLDER else []))


def find_voc(root: Path) -> Path | None:
    """Return the folder that holds `VOCdevkit/VOC2012`."""
    return first_with("VOCdevkit/VOC2012/SegmentationClass", root / "voc", root)


def fetch_cifar10(root: Path, *, mirror: str | None = None) -> Path:
    """Download CIFAR-10; `mirror` is another address of the same archive, held to the same checksum."""
    url, checksum = CIFAR10_ARCHIVE
    return fetch_folder(root / "cifar10", [(mirror or url, checksum)], check=_needs(find_cifar10))


def fetch_pet(root: Path, *, mirror: str | None = None) -> Path:
    """Download Oxford-IIIT Pet; `mirror` is another address of the folder with its two archives."""
    official = PET_ARCHIVES[0][0].rsplit("/", 1)[0]
    archives = [(url.replace(official, (mirror or official).rstrip("/")), checksum) for url, checksum in PET_ARCHIVES]
    whole = _needs(lambda folder: first_with("annotations/trimaps", folder))
    return fetch_folder(root / PET_FOLDER, archives, check=whole)


def fetch_voc(root: Path, *, mirror: str | None = None) -> Path:
    """Download PASCAL VOC 2012; `mirror` is another address of the same archive."""
    url, checksum = VOC_ARCHIVE
    return fetch_folder(root / "voc", [(mirror or url, checksum)], check=_needs(find_voc))


def _needs(find: Callable[[Path], Path | None]) -> Callable[[Path], None]:
    def check(folder: Path) -> None:
        if find(folder) is None:
            raise DownloadError("fetch: the archive does not hold the files it should. Try again, or another mirror.")

    return check


CIFAR10_CARD = DatasetCard(
    name="cifar10",
    title="CIFAR-10: 60,000 small pictures of ten things (classes, no masks)",
    labels=CIFAR10,
    splits=("train", "test"),
    license="none stated by its authors; in general use for research and teaching",
    credit="CIFAR-10, Krizhevsky 2009; no license stated, used for research and teaching",
    source=CIFAR10_ARCHIVE[0],
    size_mb=170,
    twin="digits",
    find=find_cifar10,
    fetch=fetch_cifar10,
    load=load_cifar10,
)
PET_CARD = DatasetCard(
    name="oxford-iiit-pet",
    title="Oxford-IIIT Pet: 7,349 cats and dogs with trimaps",
    labels=PET,
    splits=("trainval", "test"),
    license="CC BY-SA 4.0 (photographs stay with their owners)",
    credit="Oxford-IIIT Pet, Parkhi et al. 2012; CC BY-SA 4.0",
    source=PET_ARCHIVES[0][0],
    size_mb=810,
    find=find_pet,
    fetch=fetch_pet,
    load=load_pet,
)
VOC_CARD = DatasetCard(
    name="voc",
    title="PASCAL VOC 2012: 2,913 photographs, 20 classes and background",
    labels=VOC,
    splits=("train", "val", "trainval"),
    license="Flickr's terms of use, for research",
    credit="PASCAL VOC 2012, Everingham et al.; photographs from Flickr under its terms",
    source=VOC_ARCHIVE[0],
    size_mb=2000,
    find=find_voc,
    fetch=fetch_voc,
    load=load_voc,
)
