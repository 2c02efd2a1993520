"""What the numbers in a mask mean, and the colors we lend them.

One label wears one color in the whole course. The eight street colors are Okabe and Ito's, chosen to stay apart
for color-blind readers; figures add outlines and legends, so that no label speaks by color alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

IGNORE = 255  # PASCAL VOC's "void": a pixel nobody is asked about
INK = (224, 224, 224)  # RGB shown for ignored pixels

Color = tuple[int, int, int]  # RGB, 0..255


@dataclass(frozen=True)
class LabelSet:
    """Names and colors of the classes 0, 1, 2, ... in order.

    Example:
        >>> NUCLEI.names, len(NUCLEI), NUCLEI.index("nucleus")
        (('background', 'nucleus'), 2, 1)
    """

    names: tuple[str, ...]
    colors: tuple[Color, ...]

    def __post_init__(self):
        if len(self.names) != len(self.colors):
            raise ValueError(
                f"LabelSet: one color per name is needed, got {len(self.names)} names and {len(self.colors)} colors."
            )

    def __len__(self) -> int:
        return len(self.names)

    def index(self, name: str) -> int:
        """Return the label of a class by its name."""
        if name not in self.names:
            raise ValueError(f"LabelSet: name must be one of {', '.join(self.names)}, got {name!r}.")
        return self.names.index(name)


_STREET_COLORS: dict[str, Color] = {
    "sky": (86, 180, 233),
    "building": (204, 121, 167),
    "road": (72, 72, 80),
    "pavement": (230, 159, 0),
    "tree": (0, 158, 115),
    "car": (0, 90, 178),
    "person": (213, 70, 0),
    "pole": (240, 228, 66),
}
STREETS = LabelSet(tuple(_STREET_COLORS), tuple(_STREET_COLORS.values()))

_CAMVID_COLORS: dict[str, Color] = {
    "sky": _STREET_COLORS["sky"],
    "building": _STREET_COLORS["building"],
    "pole": _STREET_COLORS["pole"],
    "road": _STREET_COLORS["road"],
    "pavement": _STREET_COLORS["pavement"],
    "tree": _STREET_COLORS["tree"],
    "signsymbol": (250, 245, 170),  # a shade of what it becomes in STREETS
    "fence": (140, 70, 115),
    "car": _STREET_COLORS["car"],
    "pedestrian": _STREET_COLORS["person"],
    "bicyclist": (140, 40, 0),
}
CAMVID = LabelSet(tuple(_CAMVID_COLORS), tuple(_CAMVID_COLORS.values()))
_CAMVID_MERGED = {"fence": "building", "signsymbol": "pole", "pedestrian": "person", "bicyclist": "person"}
CAMVID_TO_STREETS = tuple(STREETS.index(_CAMVID_MERGED.get(name, name)) for name in CAMVID.names)
CAMVID_VOID = 11  # the label that CamVid's files use for "void"
CAMVID_PALETTE: dict[Color, int] = {  # the colors of CamVid's own pictures -> labels of CAMVID
    (128, 128, 128): 0,
    (128, 0, 0): 1,
    (192, 192, 128): 2,
    (128, 64, 128): 3,
    (60, 40, 222): 4,
    (128, 128, 0): 5,
    (192, 128, 128): 6,
    (64, 64, 128): 7,
    (64, 0, 128): 8,
    (64, 64, 0): 9,
    (0, 128, 192): 10,
    (0, 0, 0): IGNORE,
}

NUCLEI = LabelSet(("background", "nucleus"), ((0, 0, 0), (230, 159, 0)))
NUCLEI_BOUNDARY = LabelSet(("background", "nucleus", "boundary"), ((0, 0, 0), (230, 159, 0), (86, 180, 233)))

PET = LabelSet(("background", "pet"), ((0, 0, 0), (230, 159, 0)))
PET_TRIMAP = (IGNORE, 1, 0, IGNORE)  # Oxford-IIIT Pet's files: 1 = pet, 2 = background, 3 = the undecided border


def _voc_color(label: int) -> Color:
    """Return PASCAL VOC's own color of a label: its bits dealt out to red, green and blue, highest first."""
    red = green = blue = 0
    for place in range(8):
        bits = label >> (3 * place)
        red |= (bits & 1) << (7 - place)
        green |= (bits >> 1 & 1) << (7 - place)
        blue |= (bits >> 2 & 1) << (7 - place)
    return red, green, blue


_VOC_NAMES = (
    "background aeroplane bicycle bird boat bottle bus car cat chair cow diningtable dog horse motorbike person "
    "pottedplant sheep sofa train tvmonitor"
)
VOC = LabelSet(tuple(_VOC_NAMES.split()), tuple(_voc_color(label) for label in range(21)))  # 21 colors: use the legend
VOC_PALETTE: dict[Color, int] = {color: label for label, color in enumerate(VOC.colors)} | {_voc_color(255): IGNORE}

_CIFAR10_NAMES = "airplane automobile bird cat deer dog frog horse ship truck"
CIFAR10 = LabelSet(tuple(_CIFAR10_NAMES.split()), tuple(_voc_color(label + 1) for label in range(10)))

_DIGIT_COLORS: tuple[Color, ...] = (  # Paul Tol's muted scheme and his orange; ten colors: use the legend
    *((51, 34, 136), (136, 204, 238), (68, 170, 153), (17, 119, 51), (153, 153, 51)),
    *((221, 204, 119), (204, 102, 119), (136, 34, 85), (170, 68, 153), (238, 119, 51)),
)
DIGITS = LabelSet(tuple("0123456789"), _DIGIT_COLORS)
DIGIT_SCENES = LabelSet(("background", *DIGITS.names), ((0, 0, 0), *_DIGIT_COLORS))


def colorize(mask: Tensor, labels: LabelSet) -> Tensor:
    """Return the RGB picture of a mask; ignored pixels are light gray.

    Shapes:
        mask   (H, W) integer     labels 0..K-1 or IGNORE
        result (H, W, 3) uint8

    Raises:
        ValueError: a label has no color.

    Example:
        >>> colorize(torch.tensor([[0, 1, IGNORE]]), NUCLEI).tolist()
        [[[0, 0, 0], [230, 159, 0], [224, 224, 224]]]
    """
    table = torch.tensor([*labels.colors, INK], dtype=torch.uint8)
    return table[_look_up("colorize", mask, range(len(labels)), void=len(labels))]


def relabel(mask: Tensor, table: Sequence[int]) -> Tensor:
    """Return the mask with label k replaced by table[k]; IGNORE stays IGNORE.

    Shapes:
        mask   any shape, integer   labels 0..len(table)-1 or IGNORE
        result same shape, int64

    Raises:
        ValueError: a label has no entry in the table.

    Example:
        >>> relabel(torch.tensor([0, 9, 10, IGNORE]), CAMVID_TO_STREETS)
        tensor([  0,   6,   6, 255])
    """
    return _look_up("relabel", mask, table, void=IGNORE)


def _look_up(where: str, mask: Tensor, table: Sequence[int], *, void: int) -> Tensor:
    """Return table[mask], with `void` in place of IGNORE; a label without an entry is an error, never a default."""
    keys = torch.full((256,), -1, dtype=torch.int64)
    keys[: len(table)] = torch.tensor(list(table))
    if len(table) <= IGNORE:
        keys[IGNORE] = void
    strange = (mask < 0) | (mask > 255)
    found = keys.to(mask.device)[mask.long().clamp(0, 255)]
    strange |= found < 0
    if strange.any():
        raise ValueError(
            f"{where}: mask must hold labels 0..{len(table) - 1} or {IGNORE} (ignored), "
            f"got {mask[strange].unique().tolist()[:5]}."
        )
    return found


def from_colors(picture: Tensor, palette: dict[Color, int]) -> Tensor:
    """Return the mask behind a color-coded picture. A color outside the palette is an error, never a default.

    Shapes:
        picture (H, W, 3) uint8
        result  (H, W) int64      the palette's labels

    Raises:
        ValueError: the picture holds a color that the palette does not name (a JPEG of a mask does, for example).

    Example:
        >>> from_colors(torch.tensor([[[128, 0, 0], [0, 0, 0]]], dtype=torch.uint8), CAMVID_PALETTE)
        tensor([[  1, 255]])
    """
    if picture.ndim != 3 or picture.shape[-1] != 3 or picture.dtype != torch.uint8:
        raise ValueError(
            f"from_colors: picture must be (H, W, 3) uint8, got {tuple(picture.shape)} {picture.dtype}. "
            "A picture (3, H, W) needs .permute(1, 2, 0)."
        )
    keys = torch.tensor([_key(color) for color in palette])
    order = keys.argsort()
    red, green, blue = picture.long().unbind(dim=-1)
    seen = _key((red, green, blue))  # (H, W)
    place = torch.searchsorted(keys[order], seen.contiguous()).clamp(max=len(palette) - 1)
    strange = keys[order][place] != seen
    if strange.any():
        colors = [tuple(color) for color in picture[strange].unique(dim=0).tolist()]
        raise ValueError(
            f"from_colors: every pixel must have one of the palette's {len(palette)} colors, got {colors[:3]} "
            f"at {int(strange.sum())} pixels. Was the mask saved as JPEG, or resized with blending?"
        )
    return torch.tensor(list(palette.values()))[order][place]


def _key(color):
    red, green, blue = color
    return (red * 256 + green) * 256 + blue
