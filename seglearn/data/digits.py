"""Handwritten digits: one by one with their class, and several in a scene with a mask."""

import functools
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import Tensor
from torch.utils.data import Dataset

from seglearn.checks import check_choice
from seglearn.data.drawn import Size, place_in
from seglearn.labels import DIGIT_SCENES, DIGITS, LabelSet

CREDIT = "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998 (UCI, doi:10.24432/C50P49); CC BY 4.0"
SPLITS = ("train", "val", "test")
INK_FROM = 0.4  # brightness from which a pixel belongs to its digit


@functools.cache
def _handwriting() -> tuple[Tensor, Tensor]:
    """Return all 1,797 digits, (1797, 8, 8) float32 in [0, 1], white on black, and their classes (1797,)."""
    pixels, classes = load_digits(return_X_y=True)
    return torch.from_numpy(pixels.reshape(-1, 8, 8) / 16).float(), torch.from_numpy(classes).long()


def _numbers_of(split: str) -> Tensor:
    """Return which of the 1,797 digits are in a split: a fifth tests, a fifth validates, drawn by lot once for all."""
    lots = torch.from_numpy(np.random.default_rng(0).permutation(1797))
    return {"test": lots[:360], "val": lots[360:720], "train": lots[720:]}[split]


def _enlarged(digit: Tensor, size: Size) -> Tensor:
    """Return a digit (8, 8) as (*size), with one black pixel around it first, so that no stroke ends in a hard edge."""
    if tuple(size) == (8, 8):
        return digit
    framed = F.pad(digit, (1, 1, 1, 1))[None, None]
    return F.interpolate(framed, size, mode="bilinear", align_corners=False)[0, 0].clamp(0, 1)


class Digits(Dataset):
    """Real handwritten digits, white on black, that scikit-learn brings along: `digits[i] -> (image, class)`.

    1,077 train, 360 validate and 360 test, chosen by lot. The splits share writers: a new hand would be harder.

    Shapes:
        image (3, H, W) float32   in [0, 1]; three equal channels, 8x8 pixels with a black frame enlarged to `size`
        class int                 0..9

    Raises:
        ValueError: there is no such split.
        IndexError: there is no such digit.

    Example:
        >>> digits = Digits("train")
        >>> len(digits), digits[0][0].shape, digits[0][1]
        (1077, torch.Size([3, 32, 32]), 6)

    Source: CREDIT; the copy of its test part in scikit-learn.
    """

    name, labels, credit = "digits", DIGITS, CREDIT

    def __init__(self, split: str, *, size: Size = (32, 32)):
        check_choice("Digits", "split", split, SPLITS)
        self.split, self.size = split, size
        digits, classes = _handwriting()
        chosen = _numbers_of(split)
        self._digits, self._classes = digits[chosen], classes[chosen]

    def __len__(self) -> int:
        return len(self._classes)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        place = place_in(self, index)
        image = _enlarged(self._digits[place], self.size)  # (H, W)
        return image.expand(3, -1, -1).clone(), int(self._classes[place])


class DigitScenes(Dataset):
    """Several handwritten digits in one picture, none on top of another: `scenes[i] -> (image, mask)`.

    The scenes of a split are made of the digits of that split; the same index gives the same scene.

    Args:
        split: whose digits, "train", "val" or "test".
        count: how many scenes.
        size: (H, W) of the picture; at least one tile fits.
        tile: height and width of one digit, which stands anywhere.
        digits: fewest and most digits in a picture; fewer stand in it where no room is found.

    Shapes:
        image (3, H, W) float32   in [0, 1]
        mask  (H, W) int64        0 = background, 1 + d where a stroke of digit d is

    Raises:
        ValueError: there is no such split, or `count`, `tile` or `digits` makes no picture.
        IndexError: there is no such scene.

    Example:
        >>> image, mask = DigitScenes("val", 3)[0]
        >>> image.shape, mask.shape, mask.unique().tolist()[0]
        (torch.Size([3, 64, 96]), torch.Size([64, 96]), 0)
    """

    name, labels, credit = "digit-scenes", DIGIT_SCENES, CREDIT

    def __init__(
        self, split: str, count: int, *, size: Size = (64, 96), tile: int = 32, digits: Sequence[int] = (2, 4)
    ):
        check_choice("DigitScenes", "split", split, SPLITS)
        fewest, most = digits
        if count < 1 or not 8 <= tile <= min(size) or not 1 <= fewest <= most:
            raise ValueError(
                "DigitScenes: count must be 1 or more, tile from 8 to the picture's smaller side, and digits (fewest, "
                f"most) from 1 on, got count={count}, tile={tile}, size={tuple(size)}, digits={tuple(digits)}."
            )
        self.split, self.count, self.size, self.tile, self.digits = split, count, size, tile, (fewest, most)
        self._singles = Digits(split, size=(tile, tile))

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        chance = np.random.default_rng((SPLITS.index(self.split), place_in(self, index)))
        image, mask = torch.zeros(3, *self.size), torch.zeros(self.size, dtype=torch.int64)
        for top, left in self._places(chance):
            digit, label = self._singles[chance.integers(len(self._singles))]
            here = (slice(top, top + self.tile), slice(left, left + self.tile))
            image[:, *here] = digit
            mask[here] = (digit[0] >= INK_FROM) * (1 + label)
        return image, mask

    def _places(self, chance: np.random.Generator) -> list[tuple[int, int]]:
        """Return the upper left corners of tiles that do not overlap."""
        fewest, most = self.digits
        wanted, found = chance.integers(fewest, most + 1), []
        for _ in range(100):
            top, left = (int(chance.integers(side - self.tile + 1)) for side in self.size)
            if all(abs(top - t) >= self.tile or abs(left - w) >= self.tile for t, w in found):
                found.append((top, left))
            if len(found) == wanted:
                break
        return found


def open_digits(*, split: str, size: Size | None = None, labels: LabelSet | None = None) -> Digits:
    """Return one split of the digits, 8x8 pixels as they were scanned or enlarged to `size`."""
    if labels not in (None, DIGITS):
        raise ValueError("open_dataset: digits have the labels 0, 1, ..., 9. Leave labels out.")
    return Digits(split, size=size or (8, 8))
