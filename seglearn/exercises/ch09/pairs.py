"""Image and mask through one door: a mirror for both, and a window that may look beyond the edge."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.labels import IGNORE

GRAY = 0.5
SIZES = [(1, 1, 2), (3, 2, 3), (3, 5, 4), (1, 4, 4), (3, 3, 3)]  # C, H, W


def picture(seed: int) -> tuple[Tensor, Tensor]:
    """Return an image in which every number differs, and a mask with labels 0, 1, 2 and 255."""
    channels, height, width = SIZES[seed]
    count = channels * height * width
    image = (torch.arange(count, dtype=torch.float32) + 1).reshape(channels, height, width) / (count + 1)
    mask = torch.randint(0, 3, (height, width), generator=torch.Generator().manual_seed(seed))
    mask[0, 0], mask[0, -1] = 1, 2
    if seed == 2:
        mask[-1, 0] = IGNORE
    return image, mask


def _mirrors(seed: int):
    image, mask = picture(seed // 2)
    notes = ["two pixels", "three channels", "taller than wide, one void pixel", "square", "as many rows as channels"]
    return given(
        image, mask, seed % 2 == 0, note=f"{notes[seed // 2]}; {'mirrored' if seed % 2 == 0 else 'left alone'}"
    )


def mirror(image: Tensor, mask: Tensor, flip: bool) -> tuple[Tensor, Tensor]:
    return (image.flip(-1), mask.flip(-1)) if flip else (image, mask)


def _when(image_too, mask_too):
    """Return an answer that does one thing to images and one to masks where a mirror is asked for."""
    return lambda image, mask, flip: (image_too(image), mask_too(mask)) if flip else (image, mask)


FLIP = FunctionExercise(
    name="09.flip",
    title="A mirror for two",
    minutes=4,
    difficulty=1,
    objective="implement a horizontal flip of image and mask with one decision for both",
    hints=(
        "Which axis of (C, H, W) runs from left to right, and which one of (H, W)?",
        "1. one decision, handed in as `flip`  2. reverse the columns of both  3. hand back both, in order",
        "image.flip(-1), mask.flip(-1)",
    ),
    cases=_mirrors,
    seeds=10,
    oracle=mirror,
    rights=(
        _when(lambda image: image[..., torch.arange(image.shape[2] - 1, -1, -1)], lambda mask: mask.fliplr()),
        lambda image, mask, flip: (image.flip(2), mask.flip(1)) if flip else (image.clone(), mask.clone()),
    ),
    wrongs=(
        Wrong(
            "the image alone",
            _when(lambda image: image.flip(-1), lambda mask: mask),
            "Your mask stays where it was: every car now stands opposite its label. No error will ever say so.",
        ),
        Wrong(
            "the mask alone",
            _when(lambda image: image, lambda mask: mask.flip(-1)),
            "Your image stays where it was, and only its mask is mirrored.",
        ),
        Wrong(
            "upside down",
            _when(lambda image: image.flip(-2), lambda mask: mask.flip(-2)),
            "You turned the picture upside down: the sky is below. Left and right are the last axis.",
        ),
        Wrong(
            "one axis for both",
            _when(lambda image: image.flip(1), lambda mask: mask.flip(1)),
            "Axis 1 is the columns of a mask (H, W), and the rows of an image (C, H, W). Count from the end: -1.",
        ),
        Wrong(
            "channels",
            _when(lambda image: image.flip(0), lambda mask: mask.flip(-1)),
            "Axis 0 of an image is its channels: red and blue have changed places instead of left and right.",
        ),
        Wrong(
            "always",
            lambda image, mask, flip: (image.flip(-1), mask.flip(-1)),
            "You mirror every picture. Where `flip` is False both stay as they are.",
        ),
        Wrong(
            "never",
            lambda image, mask, flip: (image.clone(), mask.clone()),
            "Nothing was mirrored. Where `flip` is True, the columns of both are reversed.",
        ),
        Wrong(
            "both ways",
            _when(lambda image: image.flip(-1, -2), lambda mask: mask.flip(-1, -2)),
            "You mirrored left and right and up and down: that is half a turn.",
        ),
        Wrong(
            "the other way round",
            lambda image, mask, flip: mirror(image, mask, not flip),
            "You mirror where `flip` is False, and leave alone where it is True.",
        ),
    ),
    remark="One decision, two tensors. Two calls of random() would disagree half of the time.",
)

WINDOWS = [  # picture, top, left, height, width, why
    (0, 0, 1, 1, 1, "one pixel, inside"),
    (0, 0, 1, 1, 2, "one column beyond the right edge"),
    (1, -1, 0, 2, 2, "one row above"),
    (1, 1, -2, 3, 3, "left and below"),
    (2, 1, 1, 3, 2, "inside; a void pixel may be seen"),
    (2, -2, -1, 9, 7, "larger than the picture"),
    (3, 1, 2, 2, 2, "inside, at the right edge"),
    (4, 3, 0, 2, 3, "wholly below the picture"),
    (4, -2, -3, 2, 3, "wholly above, to the left"),
]


def _windows(seed: int):
    place, top, left, height, width, note = WINDOWS[seed]
    return given(*picture(place), top, left, height, width, note=note)


def _cut(picture: Tensor, top: int, left: int, height: int, width: int, fill: float) -> Tensor:
    rows, columns = torch.arange(top, top + height), torch.arange(left, left + width)
    inside = ((rows >= 0) & (rows < picture.shape[-2]))[:, None] & (columns >= 0) & (columns < picture.shape[-1])
    seen = picture[..., rows.clamp(0, picture.shape[-2] - 1)[:, None], columns.clamp(0, picture.shape[-1] - 1)]
    return torch.where(inside, seen, torch.tensor(fill, dtype=picture.dtype, device=picture.device))


def window(image: Tensor, mask: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    box = top, left, height, width
    return _cut(image, *box, GRAY), _cut(mask, *box, IGNORE)


def _by_pasting(image: Tensor, mask: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    new_image = image.new_full((image.shape[0], height, width), GRAY)
    new_mask = mask.new_full((height, width), IGNORE)
    for y in range(max(0, top), min(mask.shape[0], top + height)):
        for x in range(max(0, left), min(mask.shape[1], left + width)):
            new_image[:, y - top, x - left], new_mask[y - top, x - left] = image[:, y, x], mask[y, x]
    return new_image, new_mask


def _by_padding(image: Tensor, mask: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    margin = max(abs(top), abs(left)) + max(height, width)
    frame = (margin, margin, margin, margin)
    wide = torch.nn.functional.pad(image, frame, value=GRAY), torch.nn.functional.pad(mask, frame, value=IGNORE)
    y, x = top + margin, left + margin
    return tuple(part[..., y : y + height, x : x + width] for part in wide)


def _filled(image_fill: float, mask_fill: int):
    return lambda image, mask, *box: (_cut(image, *box, image_fill), _cut(mask, *box, mask_fill))


def _pushed_inside(image: Tensor, mask: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    top, left = (
        max(0, min(at, side - n)) for at, side, n in zip((top, left), mask.shape, (height, width), strict=True)
    )
    return window(image, mask, top, left, height, width)


def _repeated(image: Tensor, mask: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    rows = torch.arange(top, top + height).clamp(0, mask.shape[0] - 1)[:, None]
    columns = torch.arange(left, left + width).clamp(0, mask.shape[1] - 1)
    return image[:, rows, columns], mask[rows, columns]


def _wrapped(image: Tensor, mask: Tensor, top: int, left: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    rows = torch.arange(top, top + height).remainder(mask.shape[0])[:, None]
    columns = torch.arange(left, left + width).remainder(mask.shape[1])
    return image[:, rows, columns], mask[rows, columns]


CROP = FunctionExercise(
    name="09.crop",
    title="A window that may look beyond the edge",
    minutes=9,
    difficulty=2,
    objective="implement a crop of image and mask in which nobody is asked about what is not there",
    hints=(
        "What does the mask say about a pixel that does not exist?",
        "1. fill both results: 0.5 and 255  2. which rows and columns of the window lie on the picture?  3. copy those",
        "pad both on all sides (F.pad, value=0.5 and value=255), then slice; or write pixel by pixel in two loops",
    ),
    cases=_windows,
    seeds=len(WINDOWS),
    oracle=window,
    rights=(_by_pasting, _by_padding),
    wrongs=(
        Wrong(
            "background",
            _filled(GRAY, 0),
            "Beyond the edge your mask says class 0. Nobody has seen what is there: 255, so that no loss asks.",
        ),
        Wrong(
            "black",
            _filled(0.0, IGNORE),
            "Beyond the edge your image is black. Asked is a gray of 0.5, as far from dark as from bright.",
        ),
        Wrong(
            "255 for both",
            _filled(255.0, IGNORE),
            "You filled the image with 255, which is a label. An image lies in 0..1: fill it with 0.5.",
        ),
        Wrong(
            "pushed inside",
            _pushed_inside,
            "You moved the window back onto the picture. Then other pixels are seen than were asked for.",
        ),
        Wrong(
            "edge repeated",
            _repeated,
            "Beyond the edge you repeat the last pixels, labels too. That teaches objects that are not there.",
        ),
        Wrong(
            "wrapped",
            _wrapped,
            "Your window comes in again on the other side: negative places count from the end in Python.",
        ),
        Wrong(
            "sides swapped",
            lambda image, mask, top, left, height, width: window(image, mask, left, top, height, width),
            "`top` counts rows and `left` columns: they have changed places.",
        ),
        Wrong(
            "the image's window only",
            lambda image, mask, top, left, height, width: (
                window(image, mask, top, left, height, width)[0], window(image, mask, 0, 0, height, width)[1]
            ),
            "Your mask is cut at the upper left corner, and not where the image is.",
        ),
        Wrong(
            "float labels",
            lambda image, mask, *box: (_cut(image, *box, GRAY), _cut(mask, *box, IGNORE).float()),
            "The labels are right but floats: a loss refuses them. Keep the mask's dtype.",
        ),
    ),
    remark="Every fill is a claim. 255 is the only label that claims nothing.",
)  # fmt: skip
