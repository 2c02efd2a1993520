"""Draw the README's picture again: `python docs/street.py`."""

from pathlib import Path

import torch
from PIL import Image

from seglearn.data import draw_street
from seglearn.labels import STREETS, colorize

SCENES, SEED, SIZE, GAP = (6, 3, 18), 7, (180, 320), 8


def column(index: int) -> torch.Tensor:
    """Return one scene over its mask, (2 H + gap, W, 3) uint8."""
    image, mask = draw_street(index, seed=SEED, size=SIZE)
    picture = (image.permute(1, 2, 0) * 255).round().to(torch.uint8)
    return torch.cat([picture, torch.full((GAP, SIZE[1], 3), 255, dtype=torch.uint8), colorize(mask, STREETS)])


def main() -> None:
    columns = [column(index) for index in SCENES]
    gap = torch.full((columns[0].shape[0], GAP, 3), 255, dtype=torch.uint8)
    rows = torch.cat([part for each in columns for part in (each, gap)][:-1], dim=1)
    Image.fromarray(rows.numpy()).save(Path(__file__).with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    main()
