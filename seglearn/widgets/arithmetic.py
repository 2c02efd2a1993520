"""How many windows fit? Kernel, stride, padding and dilation over one row of pixels, and puzzles to solve with them."""

from collections.abc import Sequence

import numpy as np
import traitlets

from seglearn.widgets.controls import Control, Goal
from seglearn.widgets.explorable import Explorable, module_source, style_source

LARGEST = 64  # pixels in the row
PUZZLES = (
    Goal(
        "17 → 9 with the centers aligned: the first window's center on pixel 0, the last one's on pixel 16.",
        (("output", "==", 9), ("first_center", "==", 0), ("last_center", "==", 16)),
        at=(("size", 17),),
    ),
    Goal(
        "Keep the size, 17 → 17, with dilation 2 and at least 3 taps.",
        (("output", "==", 17), ("dilation", "==", 2), ("kernel", ">=", 3)),
        at=(("size", 17),),
    ),
    Goal(
        "Halve 64 exactly: 64 → 32, and no pixel of the padded row left over at its end.",
        (("output", "==", 32), ("left_over", "==", 0)),
        at=(("size", 64),),
    ),
    Goal(
        "32 → 8, and every pixel is read exactly once.",
        (("output", "==", 8), ("fewest_reads", "==", 1), ("most_reads", "==", 1)),
        at=(("size", 32),),
    ),
    Goal(
        "With 3 taps, let each window reach over 9 pixels, and keep the size: 21 → 21.",
        (("output", "==", 21), ("kernel", "==", 3), ("span", "==", 9)),
        at=(("size", 21),),
    ),
)


def facts(params: dict) -> dict:
    """Return how many windows fit, where their centers stand and how often they read a pixel.

        span   = dilation·(kernel − 1) + 1
        output = floor((size + 2·padding − span) / stride) + 1,  or 0 where the first window does not fit

    Positions count input pixels from 0; a center between two pixels ends in .5, and is None where no window fits.
    `left_over` pixels of the padded row lie behind the last window. Padding is not a pixel that can be read.

    Example:
        >>> found = facts({"size": 17, "kernel": 3, "stride": 2, "padding": 1, "dilation": 1})
        >>> found["output"], found["first_center"], found["last_center"], found["left_over"]
        (9, 0.0, 16.0, 0)
    """
    size, kernel, stride, padding, dilation = (
        params[name] for name in ("size", "kernel", "stride", "padding", "dilation")
    )
    span = dilation * (kernel - 1) + 1
    room = size + 2 * padding - span
    output = room // stride + 1 if room >= 0 else 0
    first = (span - 1) / 2 - padding
    reads = reads_of({**params, "output": output})
    return {
        "size": size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "span": span,
        "output": output,
        "left_over": room % stride if output else size + 2 * padding,
        "first_center": first if output else None,
        "last_center": first + (output - 1) * stride if output else None,
        "fewest_reads": int(reads.min()),
        "most_reads": int(reads.max()),
    }


def reads_of(params: dict) -> np.ndarray:
    """Return how often each pixel of the row is read, (size,) int64, by `output` windows."""
    size, padding = params["size"], params["padding"]
    windows = np.arange(params["output"])[:, None] * params["stride"]
    taps = (windows + np.arange(params["kernel"]) * params["dilation"] - padding).ravel()
    return np.bincount(taps[(taps >= 0) & (taps < size)], minlength=size)


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    if not facts["output"]:
        room = facts["size"] + 2 * facts["padding"]
        return "a window of span {span} does not fit into {room} pixels.".format(**facts, room=room)
    ends = f"centers from {_place(facts['first_center'])} to {_place(facts['last_center'])}"
    few, many = facts["fewest_reads"], facts["most_reads"]
    reads = ("once" if many == 1 else f"{many} times") if few == many else f"{few} to {many} times"
    count = "{size} → {output}; {ends}; {left_over} left over".format(**facts, ends=ends)
    return f"{count}; each pixel is read {reads}."


def _place(center: float) -> str:
    return str(int(center)) if center == int(center) else str(center)


class ArithmeticExplorer(Explorable):
    """Choose kernel, stride, padding and dilation, see the windows over a row of pixels, and solve puzzles.

    Arguments:
        size   pixels in the row, 1..64, for a goal that does not bring its own
        goal   one Goal or several, solved one after another; `at=(("size", 64),)` asks one at another size

    Raises:
        ValueError: size is not in 1..64.
    """

    title = "Arithmetic explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("arithmetic.js")
    _css = style_source("arithmetic.css")

    size = traitlets.Int().tag(sync=True)
    kernel = traitlets.Int().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    padding = traitlets.Int().tag(sync=True)
    dilation = traitlets.Int().tag(sync=True)

    def __init__(self, size: int = 17, *, goal: Goal | Sequence[Goal] = PUZZLES):
        super().__init__(
            given={},
            controls=(
                Control("size", "Pixels", 1, LARGEST, by="stage"),
                Control("kernel", "Kernel", 1, 7),
                Control("stride", "Stride", 1, 4),
                Control("padding", "Padding", 0, 8),
                Control("dilation", "Dilation", 1, 4),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"size": size, "kernel": 3, "stride": 1, "padding": 0, "dilation": 1},
        )

    @traitlets.validate("size", "kernel", "stride", "padding", "dilation")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw the row with its padding, every window with its taps and center, and the output beneath."""
        found, ax, blue = self.facts, figure.subplots(), "#0072B2"
        size, padding, stride, span = (found[name] for name in ("size", "padding", "stride", "span"))
        lanes = min(found["output"], -(-span // stride)) or 1
        for x in range(-padding, size + padding):
            look = {"facecolor": "#dfe3e8"} if 0 <= x < size else {"facecolor": "white", "linestyle": ":"}
            ax.add_patch(_box(x, 0.92, **look))
            if size + 2 * padding <= 40:
                ax.text(x, 0.48, str(x) if 0 <= x < size else "0", ha="center", va="center", fontsize=6)
        taps = np.arange(found["kernel"]) * found["dilation"]
        for window in range(found["output"]):
            start, y = window * stride - padding, 1.7 + window % lanes
            center = found["first_center"] + window * stride
            ax.plot(start + taps, np.full(len(taps), y), "s-", color=blue, linewidth=1, markersize=3)
            ax.plot(center, y, "D", color="black", markersize=4, markerfacecolor="white")
            ax.add_patch(_box(center, 0.92 * stride, top=lanes + 1.9, facecolor="#cfe5f3"))
        ends = (-padding - stride / 2 - 0.5, size + padding + stride / 2 - 0.5)
        ax.set(xlim=ends, ylim=(lanes + 3.1, -0.3), xticks=[], yticks=[])
        ax.set(title=f"{size} → {found['output']}", xlabel=self.describe(found))
        ax.spines[:].set_visible(False)


def _box(middle: float, width: float, *, top: float = 0.0, **look):
    from matplotlib.patches import Rectangle

    return Rectangle((middle - width / 2, top), width, 0.92, edgecolor="#5f6b7a", linewidth=0.6, **look)
