"""The few drawn pairs that lie in `data/samples/` as files, so that reading files is learned offline.

`python -m seglearn.data.samples` writes them anew; a test holds the files to what this module draws.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from seglearn.data.drawn_nuclei import draw_nuclei
from seglearn.data.reading import save_mask
from seglearn.data.streets import draw_street
from seglearn.data.textures import hsv
from seglearn.labels import IGNORE, STREETS, LabelSet

SEED = 2026  # not a seed of the splits
STREET_SCENES = (2, 4, 8, 10)  # a clear day, a night, snow, an autumn evening
STREET_SIZE = (96, 144)
OWN_CAR = 3  # in the last of them, a bonnet hides the road, as in pictures from a car's window; it is void
NUCLEI_SCENES = ((4, "fluorescence"), (10, "fluorescence"), (3, "stained"))
GOLDEN = 0.618034  # of the color circle: neighboring ids get colors far apart
_ID_COLORS = [tuple((255 * hsv(GOLDEN * number % 1, 0.6, 0.95)).astype(int).tolist()) for number in range(1, 255)]
NUCLEI_IDS = LabelSet(tuple(map(str, range(255))), ((0, 0, 0), *_ID_COLORS))  # the colors are only for the eye


def street_samples() -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (image, mask) of the street samples; the last mask holds IGNORE where our own car is."""
    for place, index in enumerate(STREET_SCENES):
        image, mask = draw_street(index, seed=SEED, size=STREET_SIZE)
        yield add_bonnet(image, mask) if place == OWN_CAR else (image, mask)


def nuclei_samples() -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (image, instances) of the nuclei samples."""
    for index, style in NUCLEI_SCENES:
        yield draw_nuclei(index, seed=SEED, style=style)


def add_bonnet(image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Return the pair as seen over the bonnet of one's own car, whose pixels nobody asks about.

    Shapes:
        image (3, H, W) float32, mask (H, W) int64 -> the same
    """
    height, width = mask.shape
    y = torch.arange(height)[:, None] / height
    x = torch.linspace(-1, 1, width)[None]
    below = y - (0.88 + 0.12 * x**2)  # how far below the bonnet's edge
    paint = torch.tensor([0.16, 0.2, 0.27])[:, None, None] + 0.5 * torch.exp(-below.clamp(min=0) / 0.02)  # sky on it
    return torch.where(below > 0, paint, image), mask.masked_fill(below > 0, IGNORE)


def write_samples(folder: Path) -> None:
    """Write `folder/streets` and `folder/nuclei`, each with `images/NNN.png` and `labels/NNN.png`."""
    for world, pairs, labels in (("streets", street_samples(), STREETS), ("nuclei", nuclei_samples(), NUCLEI_IDS)):
        (folder / world / "images").mkdir(parents=True, exist_ok=True)
        for number, (image, mask) in enumerate(pairs):
            pixels = (image * 255).round().byte().permute(1, 2, 0).numpy()  # (H, W, 3)
            Image.fromarray(pixels).save(folder / world / "images" / f"{number:03}.png", optimize=True)
            save_mask(folder / world / "labels" / f"{number:03}.png", mask, labels)


if __name__ == "__main__":
    write_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "data" / "samples")
