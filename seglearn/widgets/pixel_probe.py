"""What is a pixel? An image and its mask side by side, and everything that stands behind the pixel under the cursor."""

from collections.abc import Sequence

import numpy as np
import traitlets
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE, INK, LabelSet, colorize
from seglearn.widgets.controls import Control, Goal
from seglearn.widgets.explorable import Explorable, module_source

CHANNELS = ("red", "green", "blue")
VOID = "void: nobody is asked"


def facts(params: dict) -> dict:
    """Return everything that stands behind one pixel.

        flat_chw = (channel * H + row) * W + column
        flat_hwc = (row * W + column) * 3 + channel

    A byte is the float times 255, rounded half up. The one-hot vector of a void pixel is all zeros.

    Params:
        image (3, H, W) float32, mask (H, W) integer, names (K words), row, column, channel

    Example:
        >>> image = np.zeros((3, 2, 5), dtype=np.float32)
        >>> mask = np.array([[0, 0, 1, 1, 1], [0, 0, 1, 1, 255]])
        >>> at = {"row": 1, "column": 3, "channel": 2}
        >>> found = facts({"image": image, "mask": mask, "names": ("sky", "road"), **at})
        >>> found["name"], found["one_hot"], found["flat_chw"], found["flat_hwc"]
        ('road', [0, 1], 28, 26)
    """
    image, mask, names = params["image"], params["mask"], params["names"]
    row, column, channel = params["row"], params["column"], params["channel"]
    channels, height, width = image.shape
    floats = [float(value) for value in image[:, row, column]]
    label = int(mask[row, column])
    return {
        "row": row,
        "column": column,
        "channel": channel,
        "bytes": [int(value * 255 + 0.5) for value in floats],
        "floats": floats,
        "label": label,
        "name": "void" if label == IGNORE else names[label],
        "one_hot": [int(k == label) for k in range(len(names))],
        "flat_chw": (channel * height + row) * width + column,
        "flat_hwc": (row * width + column) * channels + channel,
    }


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    name = VOID if facts["label"] == IGNORE else facts["name"]
    color = ", ".join(str(value) for value in facts["bytes"])
    place = f"{CHANNELS[facts['channel']]} stands at {facts['flat_chw']} in (C, H, W), {facts['flat_hwc']} in (H, W, C)"
    return f"row {facts['row']}, column {facts['column']}: RGB {color}; label {facts['label']} ({name}); {place}."


class PixelProbe(Explorable):
    """Move a cursor over an image and its mask and read the pixel: bytes, floats, label, one-hot, place in memory.

    Arguments:
        image (3, H, W) float in [0, 1]
        mask  (H, W) integer   labels 0..K-1 or 255
        labels                 what the numbers mean
        goal                   what to find, or a list of such things solved one after another: "void", the name of a
                               class, a flat position in the (C, H, W) layout, or a Goal; default: the rarest label

    Raises:
        TypeError, ValueError: image and mask do not belong together, or the mask does not hold what the goal asks for.
    """

    title = "Pixel probe"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("pixel_probe.js")

    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)
    channel = traitlets.Int().tag(sync=True)
    opacity = traitlets.Int().tag(sync=True)  # percent

    def __init__(
        self,
        image: Tensor,
        mask: Tensor,
        labels: LabelSet,
        *,
        goal: str | int | Goal | Sequence[str | int | Goal] | None = None,
    ):
        sizes = check_shapes("PixelProbe", image=(image, "3 H W"), mask=(mask, "H W"))
        check_labels("PixelProbe", len(labels), ignore=IGNORE, mask=mask)
        if not image.is_floating_point() or image.min() < 0 or image.max() > 1:
            raise ValueError(
                f"PixelProbe: image must hold floats from 0 to 1, got {image.dtype} from {image.min()} to "
                f"{image.max()}. Use image.float() / 255."
            )
        pixels = image.detach().float().cpu().numpy()  # (3, H, W)
        self.labels, height, width = labels, sizes["H"], sizes["W"]
        asked = goal if isinstance(goal, (list, tuple)) else [_rarest(mask, labels) if goal is None else goal]
        super().__init__(
            given={"image": pixels, "mask": mask.cpu().numpy(), "names": labels.names},
            controls=(
                Control("row", "Row", 0, height - 1),
                Control("column", "Column", 0, width - 1),
                Control("channel", "Channel", 0, 2, choices=CHANNELS),
                Control("opacity", "Mask over image", 0, 100, unit="%"),
            ),
            goals=[_goal(wish, mask, labels) for wish in asked],
            start={"row": height // 2, "column": width // 2},
            height=height,
            width=width,
            names=list(labels.names),
            colors=[list(color) for color in labels.colors],
            ink=list(INK),
            image=pixels.tobytes(),
            mask=mask.cpu().numpy().astype(np.uint8).tobytes(),
        )

    @traitlets.validate("row", "column", "channel", "opacity")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw image and mask with the cursor on both, and the facts beneath."""
        image = self.given["image"].transpose(1, 2, 0)  # (H, W, 3)
        colors = colorize(Tensor(self.given["mask"]).long(), self.labels).numpy()
        for ax, picture, title in zip(figure.subplots(1, 2), (image, colors), ("image", "mask"), strict=True):
            ax.imshow(picture, interpolation="nearest")
            for color, size in (("black", 15), ("white", 11)):
                ax.plot(self.column, self.row, marker="s", markersize=size, fillstyle="none", color=color)
            ax.set(xticks=[], yticks=[], title=title)
        figure.supxlabel(self.describe(self.facts), fontsize=8)


def _goal(wish: str | int | Goal, mask: Tensor, labels: LabelSet) -> Goal:
    """Return the goal behind a wish: "void", the name of a class, or a flat position in (C, H, W)."""
    if isinstance(wish, Goal):
        return wish
    height, width = mask.shape
    if isinstance(wish, int):
        if not 0 <= wish < 3 * height * width:
            raise ValueError(f"PixelProbe: a flat position must be in 0..{3 * height * width - 1}, got {wish}.")
        color = CHANNELS[wish // (height * width)]
        sentence = f"Find the pixel whose {color} value stands at flat position {wish} in the (C, H, W) layout."
        return Goal(sentence, (("flat_chw", "==", wish),))
    label = IGNORE if wish == "void" else labels.index(wish)
    if not (mask == label).any():
        raise ValueError(f"PixelProbe: the goal is to find {wish}, but no pixel of the mask has label {label}.")
    what = f"a void pixel (label {IGNORE})" if label == IGNORE else f"a pixel of class {wish}"
    return Goal(f"Find {what}.", (("label", "==", label),))


def _rarest(mask: Tensor, labels: LabelSet) -> str:
    found, counts = mask.unique(return_counts=True)
    label = int(found[counts.argmin()])
    return "void" if label == IGNORE else labels.names[label]
