"""Pairs of files as a data set: your own pictures, and any real set that keeps one mask file per image file."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from seglearn.checks import check_choice
from seglearn.data.reading import read_image, read_mask, resize_pair
from seglearn.labels import LabelSet, relabel

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap height and width

Pair = tuple[Path, Path]


class FilePairs(Dataset):
    """Image files and mask files side by side; `dataset[i]` reads pair i.

    Args:
        table: file label -> label of `labels`, where the files use other numbers.
        size: (H, W) to resize every pair to; None leaves each as it is stored.
        palette, void: as in `read_mask`.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        *,
        labels: LabelSet | None,
        name: str,
        credit: str,
        size: tuple[int, int] | None = None,
        table: Sequence[int] | None = None,
        palette: dict | None = None,
        void: int | None = None,
    ):
        self.pairs = list(pairs)
        self.labels, self.name, self.credit = labels, name, credit
        self.size, self.table, self.palette, self.void = size, table, palette, void

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image_path, mask_path = self.pairs[index]
        image, mask = read_image(image_path), self.read_mask(mask_path)
        if image.shape[1:] != mask.shape:
            raise ValueError(
                f"{self.name}: the mask {mask_path} has {_by(mask.shape)} pixels, its image {image_path} has "
                f"{_by(image.shape[1:])}. Draw or export the mask at the image's size."
            )
        return (image, mask) if self.size is None else resize_pair(image, mask, self.size)

    def read_mask(self, path: Path) -> Tensor:
        """Return the labels of one mask file, in the numbers of `labels`."""
        in_file = None if self.labels is None else len(self.table or self.labels)
        mask = read_mask(path, classes=in_file, palette=self.palette, void=self.void)
        return mask if self.table is None else relabel(mask, self.table)


class ImagesAndMasks(FilePairs):
    """Your own pictures: `root/images/` and `root/labels/`, matched by the files' names without their endings.

    Args:
        labels: the names and colors of the classes; masks are checked against them.
        split: read only what `root/<split>.txt` lists, one name without ending per line.
        size: (H, W) to resize every pair to; required where the pictures differ in size and go into batches.
        mixed_sizes: allow pictures of different sizes without `size` (then use batches of one).
        palette, void: as in `read_mask`; `palette={0: 0, 255: 1}` reads black-and-white masks.

    Raises:
        FileNotFoundError: a folder or the split's list is missing.
        ValueError: there is no pair, an image has no mask, a mask no image, or sizes disagree; the file is named.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        labels: LabelSet | None = None,
        split: str | None = None,
        size: tuple[int, int] | None = None,
        mixed_sizes: bool = False,
        palette: dict | None = None,
        void: int | None = None,
    ):
        root = Path(root).expanduser()
        pairs = pairs_by_name(root / "images", root / "labels")
        if split is not None:
            pairs = _listed(pairs, root / f"{split}.txt")
        check_sizes(pairs, mixed=mixed_sizes or size is not None)
        super().__init__(
            pairs, labels=labels, name=root.name, credit=f"files in {root}", size=size, palette=palette, void=void
        )


def pairs_by_name(images: Path, masks: Path) -> list[Pair]:
    """Return (image, mask) paths that share a name, in the order of their names."""
    image_of, mask_of = _by_stem(images), _by_stem(masks)
    for lonely, folder, other, thing in (
        (image_of.keys() - mask_of.keys(), images, masks, "mask"),
        (mask_of.keys() - image_of.keys(), masks, images, "image"),
    ):
        if lonely:
            names = ", ".join(sorted(lonely)[:3]) + (f" and {len(lonely) - 3} more" if len(lonely) > 3 else "")
            raise ValueError(
                f"ImagesAndMasks: {names} in {folder} has no {thing} of that name in {other}. Add it, or move the "
                "file away."
            )
    if not image_of:
        raise ValueError(f"ImagesAndMasks: {images} holds no pictures ({', '.join(SUFFIXES)}). Put some there.")
    return [(image, mask_of[stem]) for stem, image in image_of.items()]


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise FileNotFoundError(f"ImagesAndMasks: the folder {folder} does not exist. Make it and put the files there.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("."):
            if path.stem in found:
                raise ValueError(f"ImagesAndMasks: {found[path.stem]} and {path.name} share a name. Keep one of them.")
            found[path.stem] = path
    return found


def _listed(pairs: list[Pair], list_file: Path) -> list[Pair]:
    if not list_file.is_file():
        raise FileNotFoundError(f"ImagesAndMasks: {list_file} does not exist. Write it: one name per line, no ending.")
    pair_of = {image.stem: (image, mask) for image, mask in pairs}
    names = list_file.read_text(encoding="utf-8").split()
    for name in names:
        check_choice(f"ImagesAndMasks: {list_file}", "name", name, tuple(pair_of))
    return [pair_of[name] for name in names]


def check_sizes(pairs: Sequence[Pair], *, mixed: bool) -> None:
    """Raise unless every mask has its image's size and, if not `mixed`, all have one size. Only heads are read."""
    first: tuple[Path, tuple[int, int]] | None = None
    for image, mask in pairs:
        size, mask_size = _stored_size(image), _stored_size(mask)
        if size != mask_size:
            raise ValueError(
                f"ImagesAndMasks: the mask {mask} has {_by(mask_size)} pixels, its image {image} has {_by(size)}. "
                "Draw or export the mask at the image's size."
            )
        first = first or (image, size)
        if size != first[1] and not mixed:
            raise ValueError(
                f"ImagesAndMasks: {image} has {_by(size)} pixels and {first[0].name} has {_by(first[1])}; a batch "
                "needs one size. Pass size=(height, width), or mixed_sizes=True for batches of one."
            )


def _stored_size(path: Path) -> tuple[int, int]:
    """Return (H, W) as `read_image` will see it, which also explains what is wrong with a file that is no picture."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            return (width, height) if picture.getexif().get(0x0112) in SIDEWAYS else (height, width)
    except OSError:
        read_image(path)
        raise


def _by(size: Sequence[int]) -> str:
    return "x".join(str(length) for length in size)
