"""How far does one answer see? Stack layers over a street: the field on paper, and the part of it that works."""

import math
from collections.abc import Sequence

import numpy as np
import traitlets

from seglearn.convolution import Layer, Row, receptive_field
from seglearn.data import draw_street
from seglearn.widgets.controls import Control, Goal
from seglearn.widgets.explorable import Explorable, module_source, style_source

SHARE = 0.95  # of the gradient, inside the square that is called central
GOAL = Goal(
    "See a whole car of 29 px from any of its pixels: at least 57 px without holes, at most 6 layers, a jump of at "
    "most 4.",
    (("size", ">=", 57), ("holes", "==", 0), ("depth", "<=", 6), ("jump", "<=", 4)),
)
STREET = {"index": 10, "seed": 2026, "size": (96, 144)}  # the last of the course's sample streets, without its bonnet
BORDER = 1 / 10  # of padding around the picture, as a share of its shorter side
CAR = (63, 53)  # row and column in the middle of its car, which is 29 pixels wide
PAPER, EFFECT = "#005ab2", "#d54600"  # as in plots.frame_squares


def layers_of(params: dict) -> list[Layer]:
    """Return the stack: `depth` equal layers, the first `halvings` of them with stride 2.

    Example:
        >>> [layer.stride for layer in layers_of({"depth": 3, "kernel_size": 3, "halvings": 2, "dilation": 1})]
        [2, 2, 1]
    """
    kernel_size, dilation = params["kernel_size"], params["dilation"]
    layers = []
    for number in range(1, params["depth"] + 1):
        stride = 2 if number <= params["halvings"] else 1
        name = f"layer {number}{', stride 2' if stride == 2 else ''}"
        layers.append(Layer(kernel_size, stride=stride, dilation=dilation, name=name))
    return layers


def paths_of(params: dict) -> np.ndarray:
    """Return on how many paths each pixel of one row of the field reaches the unit, (size,) int64.

        paths = box * box * ...,  the box of a layer: kernel_size ones, dilation·jump pixels apart

    A column has the same paths, and pixel (y, x) has paths[y]·paths[x]. Zero: a hole, seen by nobody.

    Example:
        >>> paths_of({"depth": 2, "kernel_size": 3, "halvings": 0, "dilation": 1}).tolist()
        [1, 2, 3, 2, 1]
    """
    layers = layers_of(params)
    paths = np.ones(1, dtype=np.int64)
    for layer, before in zip(layers, receptive_field(layers), strict=False):
        step = layer.dilation * before.jump
        wider = np.zeros(len(paths) + step * (layer.kernel_size - 1), dtype=np.int64)
        for tap in range(layer.kernel_size):
            wider[step * tap : step * tap + len(paths)] += paths
        paths = wider
    return paths


def facts(params: dict) -> dict:
    """Return how far one unit sees, on paper and in effect, and what that costs.

        heat[y, x] = sqrt(paths[y]·paths[x]),   central = side of the smallest centered square with 95 % of its sum

    What is exact: let all weights be random and independent, with mean zero and one variance per layer, and nothing
    between the convolutions. The product of two different paths is zero on average, so the expected squared gradient
    of a pixel is the number of its paths, times a constant. The heat is the root of that: the gradient's root mean
    square, the same for any number of channels.
    What is approximate: `measured_receptive_field` adds up magnitudes, not squares. In wide layers gradients are close
    to normal, and their mean magnitude is the same heat; in narrow and deep stacks the rim gets a little less, and the
    central square is a few pixels smaller. ReLUs between the layers hardly move it. Training may.

    `halvings` counts the layers that do halve, `holes` the pixels in a row of the field that no path reaches,
    `weights` is what the field costs: depth·kernel_size², for each pair of an input and an output channel.

    Example:
        >>> found = facts({"depth": 12, "kernel_size": 3, "halvings": 0, "dilation": 1})
        >>> found["size"], found["central"], found["jump"], found["weights"]
        (25, 17, 1, 108)

    Source: Luo et al. 2016, arXiv:1701.04128, section 2, who count paths as we do.
    """
    depth, kernel_size = params["depth"], params["kernel_size"]
    paths, last = paths_of(params), receptive_field(layers_of(params))[-1]
    return {
        "depth": depth,
        "kernel_size": kernel_size,
        "halvings": min(params["halvings"], depth),
        "dilation": params["dilation"],
        "size": last.size,
        "jump": last.jump,
        "central": central_side(paths),
        "holes": int((paths == 0).sum()),
        "weights": depth * kernel_size**2,
    }


def central_side(paths: np.ndarray) -> int:
    """Return the side of the smallest centered square that holds 95 % of the heat."""
    size = len(paths)
    rings = 2 * np.sqrt(paths[size // 2 :].astype(float))  # from the middle outward, both sides at once
    if size % 2:
        rings[0] /= 2  # the pixel in the middle has no twin
    within = np.cumsum(rings)  # one after another, as JavaScript adds
    enough = np.flatnonzero(within * within >= SHARE * (within[-1] * within[-1]))[0]
    return int(2 * enough + (1 if size % 2 else 2))


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    many = "1 layer" if facts["depth"] == 1 else "{depth} layers".format(**facts)
    halves = {0: "none halves", 1: "the first one halves"}.get(facts["halvings"], "the first {halvings} halve")
    unseen = "; no path reaches {holes} of its {size} columns" if facts["holes"] else ""
    words = (
        f"{many} of {{kernel_size}} × {{kernel_size}}, {halves}, dilation {{dilation}}: one answer sees {{size}} px on "
        f"paper, 95 % of its gradient lies within {{central}} px{unseen}; answers stand {{jump}} px apart."
    )
    return words.format(**facts)


class ReceptiveFieldExplorer(Explorable):
    """Stack layers, and see over a street how far one answer sees: on paper, and in effect.

    Arguments:
        image (3, H, W) float in [0, 1]   array or tensor; default: a street with a car that is 29 pixels wide
        unit  (row, column)               the pixel that the field is drawn around at first; default: the middle
        goal                              one Goal or several, solved one after another

    Raises:
        ValueError: the image is not (3, H, W), or the unit lies outside it.
    """

    title = "Receptive field explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("receptive_field_explorer.js")
    _css = style_source("receptive_field_explorer.css")

    depth = traitlets.Int().tag(sync=True)
    kernel_size = traitlets.Int().tag(sync=True)
    halvings = traitlets.Int().tag(sync=True)
    dilation = traitlets.Int().tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)

    def __init__(self, *, image=None, unit: tuple[int, int] | None = None, goal: Goal | Sequence[Goal] = GOAL):
        if image is None:
            image, unit = draw_street(**STREET)[0], CAR if unit is None else unit
        gray = _gray(np.asarray(image))
        height, width = gray.shape
        row, column = (height // 2, width // 2) if unit is None else unit
        super().__init__(
            given={},
            controls=(
                Control("depth", "Layers", 1, 12),
                Control("kernel_size", "Kernel", 1, 7, unit="px"),
                Control("halvings", "Halvings", 0, 4),
                Control("dilation", "Dilation", 1, 4),
                Control("row", "Row", 0, height - 1, by="stage"),
                Control("column", "Column", 0, width - 1, by="stage"),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"depth": 3, "kernel_size": 3, "halvings": 0, "dilation": 1, "row": row, "column": column},
            height=height,
            width=width,
            image=gray.tobytes(),
        )
        self._image = gray

    @traitlets.validate("depth", "kernel_size", "halvings", "dilation", "row", "column")
    def _in_range(self, proposal):
        return self.checked(proposal)

    @property
    def table(self) -> list[Row]:
        """The rows of `seglearn.convolution.receptive_field` for the stack of this moment."""
        return receptive_field(layers_of(self.params))

    def draw(self, figure) -> None:
        """Draw the picture with its heat and the two squares, and the table of the layers beside it."""
        from matplotlib.colors import to_rgba  # late, as in Explorable.still

        found = self.facts
        size, (height, width) = found["size"], self._image.shape
        picture, table = figure.subplots(1, 2, width_ratios=(1.7, 1))
        picture.imshow(self._image, cmap="gray", vmin=-200, vmax=255, interpolation="nearest")  # pale
        line = np.sqrt(_shrunk(np.sqrt(paths_of(self.params))))  # the color follows the square root of the heat
        glow = np.empty((len(line), len(line), 4))
        glow[:] = to_rgba(EFFECT)
        glow[..., 3] = 0.85 * np.outer(line, line) / line.max() ** 2
        left, top = (at - (size - 1) // 2 - 0.5 for at in (self.column, self.row))
        picture.imshow(glow, extent=(left, left + size, top + size, top), interpolation="nearest")
        x, y = left + size / 2, top + size / 2
        border = 2 * math.ceil(BORDER * min(height, width))
        reach = max(1.0, 1.25 * size / (min(height, width) + border))  # zoom out until the field fits
        central = found["central"]
        lower = central if size - central > 0.16 * reach * height else size  # is there room between the squares?
        _square(picture, (x, y), central, f"95 %: {central} px", color=EFFECT, edge=y + lower / 2)
        _square(picture, (x, y), size, f"on paper: {size} px", color=PAPER, edge=y - size / 2, dashes="--")
        sides = [_around(side, reach * (side + border)) for side in (width, height)]
        picture.set(xlim=sides[0], ylim=sides[1][::-1], xticks=[], yticks=[], aspect="equal")
        table.axis("off")
        for number, row in enumerate([None, *self.table]):
            words = ("layer", "size", "jump") if row is None else (row.name, row.size, row.jump)
            color = "gray" if row is None else "black"
            for word, place, align in zip(words, (0.05, 0.72, 1), ("left", "right", "right"), strict=True):
                table.text(place, 1 - number / 14, word, ha=align, va="center", color=color)


def _shrunk(line: np.ndarray, most: int = 240) -> np.ndarray:
    """Return a line of values as it is, or, where it is longer than the still can show, the means of `most` parts."""
    if len(line) <= most:
        return line
    edges = np.linspace(0, len(line), most + 1)
    return np.diff(np.interp(edges, np.arange(len(line) + 1), np.append(0, np.cumsum(line))))


def _around(side: int, shown: float) -> tuple[float, float]:
    return (side - shown - 1) / 2, (side + shown - 1) / 2


def _square(ax, center: tuple[float, float], side: int, label: str, *, color: str, edge: float, dashes="-") -> None:
    from matplotlib.patches import Rectangle

    x, y = center
    for width, ink, line in ((3.4, "white", "-"), (1.9, color, dashes)):
        corner = (x - side / 2, y - side / 2)
        ax.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=ink, linewidth=width, linestyle=line))
    plate = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": color, "linewidth": 0.8}
    offset = 9 if edge < y else -9
    written = {"textcoords": "offset points", "ha": "center", "va": "center", "fontsize": 8, "bbox": plate}
    ax.annotate(label, (x, edge), (0, offset), **written)


def _gray(image: np.ndarray) -> np.ndarray:
    """Return gray values, (H, W) uint8."""
    if image.ndim != 3 or image.shape[0] != 3 or not image.size:
        raise ValueError(
            f"ReceptiveFieldExplorer: image must be (3, H, W), got {image.shape}. "
            "read_image gives one; a gray picture is image.expand(3, -1, -1)."
        )
    gray = np.tensordot((0.299, 0.587, 0.114), image.astype(float), axes=1)
    return (gray.clip(0, 1) * 255 + 0.5).astype(np.uint8)
