"""From a file to tensors, and back: pixels become numbers in [0, 1], labels are copied and never rescaled."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE, INK, VOC, LabelSet, from_colors


def read_image(path: str | Path) -> Tensor:
    """Return a picture as RGB numbers: 0 is black, 1 is white.

    Gray becomes three equal channels, a palette is looked up, transparency is dropped, 16-bit gray keeps its depth,
    and a photograph taken with a turned camera is turned upright (EXIF).

    Shapes:
        result (3, H, W) float32   in [0, 1]

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is no picture, is damaged, or holds numbers outside [0, 1].
    """
    picture = ImageOps.exif_transpose(_open("read_image", path))
    if picture.mode.startswith("I"):
        return _from_gray(path, np.asarray(picture, dtype=np.float64) / 65535)
    if picture.mode == "F":
        return _from_gray(path, np.asarray(picture))
    if picture.mode in ("P", "PA", "LA"):
        picture = picture.convert("RGBA")  # first, or Pillow warns about palettes with transparency
    pixels = np.array(picture.convert("RGB"))  # (H, W, 3) uint8
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float() / 255


def _from_gray(path: str | Path, pixels: np.ndarray) -> Tensor:
    if not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError(
            f"read_image: {path} must hold numbers in 0..1 (or 0..65535 in 16 bit), it goes from {pixels.min():g} to "
            f"{pixels.max():g}. Rescale it and save it again as 8 or 16 bit PNG."
        )
    return torch.from_numpy(pixels.astype(np.float32)).expand(3, -1, -1).contiguous()


def read_mask(
    path: str | Path,
    *,
    classes: int | None = None,
    ignore: int = IGNORE,
    void: int | None = None,
    palette: dict | None = None,
) -> Tensor:
    """Return the labels of a mask file exactly as they stand in it.

    A palette PNG is read by index: its colors are only for the eye.

    Args:
        classes: if given, every label must be below it, or be `ignore`.
        void: the number that the file uses for "no label"; it becomes `ignore`.
        palette: what the file's colors, or its numbers, mean: `{(128, 0, 0): 1, ...}` or `{0: 0, 255: 1}`.

    Shapes:
        result (H, W) int64

    Raises:
        FileNotFoundError: there is no such file.
        TypeError: the file holds fractions.
        ValueError: the file is no mask, is damaged, or holds a label that nobody named.
    """
    picture = _open("read_mask", path)
    where = f"read_mask: {path}"
    _check_is_mask(where, picture, palette)
    if picture.mode in ("RGB", "RGBA"):
        mask = _named(where, from_colors, torch.from_numpy(np.array(picture.convert("RGB"))), palette)
    else:
        mask = torch.from_numpy(np.array(picture).astype(np.int64))
        if palette is not None:
            mask = _by_value(where, mask, palette)
        elif picture.mode == "L" and mask.unique().tolist() == [0, 255] and void is None:
            raise ValueError(
                f"{where} holds only 0 and 255, and 255 means 'ignored' here. If 255 is the object, pass "
                "palette={0: 0, 255: 1}; if it is really ignored, palette={0: 0, 255: 255}."
            )
    if void is not None:
        mask[mask == void] = ignore
    if classes is not None:
        check_labels(where, classes, ignore=ignore, mask=mask)
    return mask


def _check_is_mask(where: str, picture: Image.Image, palette: dict | None) -> None:
    """Raise unless each pixel of the picture can be one label."""
    if picture.format == "JPEG":
        raise ValueError(f"{where} is a JPEG, which blends neighboring labels. Export the mask again as PNG.")
    if picture.mode == "F":
        raise TypeError(f"{where} must hold integer labels, got fractions. Round them and save the mask as 8-bit PNG.")
    if picture.mode in ("RGB", "RGBA") and palette is None:
        raise ValueError(
            f"{where} must hold one label per pixel, got {len(picture.getbands())} channels of color. "
            "Pass palette={(red, green, blue): label, ...}; labels.from_colors does the rest."
        )
    if picture.mode not in ("1", "L", "P", "I", "RGB", "RGBA") and not picture.mode.startswith("I;16"):
        raise ValueError(f"{where} must hold one label per pixel, got mode {picture.mode}. Export it as gray PNG.")


def _named(where: str, function, *arguments) -> Tensor:
    """Return function(*arguments), with the file's name put before its complaint."""
    try:
        return function(*arguments)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _by_value(where: str, mask: Tensor, palette: dict[int, int]) -> Tensor:
    found = mask.unique().tolist()
    strange = [value for value in found if value not in palette]
    if strange:
        raise ValueError(f"{where} must hold the palette's values {sorted(palette)}, got {strange[:5]}. Name them too.")
    result = torch.empty_like(mask)
    for value in found:
        result[mask == value] = palette[value]
    return result


def save_mask(path: str | Path, mask: Tensor, labels: LabelSet | None = None) -> Path:
    """Write a mask as a palette PNG, which shows colors and holds labels; more than 256 labels become 16-bit gray.

    Shapes:
        mask (H, W) integer   0..65535

    Raises:
        ValueError: the shape is another, or a label does not fit into the file, or has no color in `labels`.
    """
    check_shapes("save_mask", mask=(mask, "H W"))
    check_labels("save_mask", 65536 if labels is None else len(labels), ignore=IGNORE, mask=mask)
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"save_mask: a mask is kept as PNG, got {path.name}. Other formats may blend or lose labels.")
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = mask.cpu().numpy()
    if mask.numel() and mask.max() > 255:
        Image.fromarray(pixels.astype(np.uint16)).save(path)
        return path
    colors = list(VOC.colors if labels is None else labels.colors)
    colors += [INK] * (256 - len(colors))
    picture = Image.fromarray(pixels.astype(np.uint8))
    picture.putpalette([level for color in colors for level in color])
    picture.save(path)
    return path


def resize_pair(image: Tensor, mask: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Return image and mask in another size: the image blended, the mask picked, so that no label is invented.

    Bilinear, antialiased and without aligned corners for the image; nearest-exact for the mask, which takes the pixel
    under the center of the new one.

    Shapes:
        image (C, H, W) float, mask (H, W) integer -> (C, *size) and (*size)
    """
    check_shapes("resize_pair", image=(image, "C H W"), mask=(mask, "H W"))
    if tuple(mask.shape) == tuple(size):
        return image, mask
    bigger = F.interpolate(image[None], size, mode="bilinear", antialias=True, align_corners=False)[0]
    rows, columns = (centers(new, old) for new, old in zip(size, mask.shape, strict=True))
    return bigger.clamp(0, 1), mask[rows][:, columns]


def centers(new: int, old: int) -> Tensor:
    """Return the old pixel under the center of each new one: floor((i + 1/2) · old / new)."""
    return (2 * torch.arange(new) + 1) * old // (2 * new)


def _open(where: str, path: str | Path) -> Image.Image:
    """Return the decoded picture in a file; whatever goes wrong names the file and the cure."""
    path = Path(path)
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"{where}: {path} {what}. Give the path of one picture file.")
    try:
        with Image.open(path) as picture:
            picture.load()
            return picture
    except PermissionError:
        raise
    except UnidentifiedImageError:
        what = "is empty" if not path.stat().st_size else "is not a picture that Pillow can read"
        raise ValueError(f"{where}: {path} {what}. Open it in a viewer; export or download it again as PNG.") from None
    except Exception as error:  # Pillow raises a dozen kinds, depending on the format and on where the damage is
        raise ValueError(f"{where}: {path} is cut short or damaged ({error}). Copy or download it again.") from None
