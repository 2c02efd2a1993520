"""How does a transposed convolution paint? Every value of a row lays its kernel down, and overlapping paint adds up."""

from collections.abc import Sequence

import traitlets

from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source

LARGEST = 5  # weights of a kernel
MOST = 8  # values in the row
FLAT = 1e-9  # sums of weights that differ by less are equal: 1/3 + 1/3 + 1/3 is not always 1
GOALS = (
    Goal(
        "Stride 2, and a kernel of at least 3: paint every inner pixel equally often.",
        (("stride", "==", 2), ("kernel_size", ">=", 3), ("equally_often", "==", True)),
    ),
    Goal(
        "Keep those counts and equal values, yet make the output striped: edit the weights.",
        (
            *(("stride", "==", 2), ("kernel_size", ">=", 3), ("equally_often", "==", True)),
            *(("constant", "==", True), ("is_flat", "==", False)),
        ),
    ),
    Goal(
        "Now the reverse. Kernel 3, stride 2 paints unevenly: find weights, none of them 0, that come out flat.",
        (
            *(("stride", "==", 2), ("kernel_size", "==", 3), ("zeros", "==", 0)),
            *(("constant", "==", True), ("is_flat", "==", True)),
        ),
    ),
)


def length_of(params: dict) -> int:
    """Return how many pixels come out: (n − 1)·stride + kernel − 2·padding, or 0 where the padding leaves none."""
    painted = (len(params["values"]) - 1) * params["stride"] + params["kernel_size"]
    return max(0, painted - 2 * params["padding"])


def painting(params: dict) -> tuple[list[float], list[int]]:
    """Return what the first `painted` values have painted, and how often each pixel was painted.

    output[i·stride + u − padding] += values[i] · weights[u]
    """
    length = length_of(params)
    output, counts = [0.0] * length, [0] * length
    for i, value in enumerate(params["values"][: params["painted"]]):
        for u, weight in enumerate(params["weights"][: params["kernel_size"]]):
            place = i * params["stride"] + u - params["padding"]
            if 0 <= place < length:
                output[place] += value * weight
                counts[place] += 1
    return output, counts


def inner(params: dict) -> range:
    """Return the pixels that would be painted no more often if the row of values went on to both sides."""
    first = max(0, params["kernel_size"] - params["stride"]) - params["padding"]
    end = len(params["values"]) * params["stride"] - params["padding"]
    return range(max(0, first), max(0, first, min(end, length_of(params))))


def phase_sums(weights: Sequence[float], stride: int) -> list[float]:
    """Return, for each of the `stride` places that a pixel can have, the sum of the weights that paint it.

    It is what a row of ones gives at that place.

    Example:
        >>> phase_sums([1, 3, 2], 2)
        [3.0, 3.0]
    """
    sums = [0.0] * stride
    for u, weight in enumerate(weights):
        sums[u % stride] += weight
    return sums


def facts(params: dict) -> dict:
    """Return the painting so far, how often inner pixels are painted in the end, and what equal values give.

    On a plane, with the same kernel down and across, counts multiply: `plane_counts` lists those of inner pixels.
    `is_flat` says whether equal values come out equal: all of `phase_sums` agree, and are not 0.

    Params:
        values (flat list), weights (flat list, the first kernel_size of them count), kernel_size, stride, padding,
        painted (how many values have painted)

    Example:
        >>> found = facts({"values": [1, 10], "weights": [1, 2, 3], "kernel_size": 3, "stride": 2, "padding": 0,
        ...                "painted": 2})
        >>> found["output"], found["counts"], found["phase_sums"]
        ([1.0, 2.0, 13.0, 20.0, 30.0], [1, 1, 2, 1, 1], [4.0, 2.0])
    """
    values, stride = params["values"], params["stride"]
    output, counts = painting(params)
    in_the_end = painting({**params, "painted": len(values)})[1]
    often = sorted({in_the_end[pixel] for pixel in inner(params)})
    weights = params["weights"][: params["kernel_size"]]
    sums = phase_sums(weights, stride)
    return {
        "kernel_size": params["kernel_size"],
        "stride": stride,
        "padding": params["padding"],
        "painted": params["painted"],
        "length": len(output),
        "output": output,
        "counts": counts,
        "inner_counts": often,
        "plane_counts": sorted({a * b for a in often for b in often}),
        "equally_often": len(often) == 1,
        "zeros": sum(weight == 0 for weight in weights),
        "constant": values[0] != 0 and all(value == values[0] for value in values),
        "phase_sums": sums,
        "is_flat": max(sums) - min(sums) < FLAT and max(sums) != 0,
    }


def describe(facts: dict) -> str:
    """Return the facts as a few short sentences."""
    if not facts["length"]:
        return "kernel {kernel_size}, stride {stride}: padding {padding} cuts everything off.".format(**facts)
    often, plane = (_times(facts[name]) for name in ("inner_counts", "plane_counts"))
    size = "kernel {kernel_size}, stride {stride}, padding {padding}: {length} pixels.".format(**facts)
    times = f"Inner pixels are painted {often}, on a plane {plane}." if often else "No pixel is inner."
    sums = ", ".join(number(total) for total in facts["phase_sums"])
    return f"{size} {times} A row of ones comes out as {sums}: {verdict(facts)}."


def verdict(facts: dict) -> str:
    """Return whether equal values come out equal, in a word or two."""
    if facts["is_flat"]:
        return "flat"
    return "striped" if max(facts["phase_sums"]) - min(facts["phase_sums"]) >= FLAT else "nothing but 0"


def _times(counts: list[int]) -> str:
    *most, last = [str(count) for count in counts] or [""]
    return (
        "once" if counts == [1] else f"{', '.join(most)} or {last} times" if most else f"{last} times" if last else ""
    )


def number(value: float) -> str:
    """Return a number as it is read: whole, or with two decimals, and a real minus."""
    return (str(int(value)) if value == int(value) else f"{value:.2f}").replace("-", "−")


class TransposeExplorer(Explorable):
    """Choose kernel, stride, padding and weights; see what every value paints, where paint overlaps, what adds up.

    Arguments:
        values   a row of 2 to 8 numbers from -9 to 9; default: six ones
        goal     one Goal or several, solved one after another

    `explorer.weights = [1, 3, 2, 0, 0]` sets the kernel: always five numbers, of which the first kernel_size count.

    Raises:
        ValueError: there are fewer or more values, or one is out of range.
    """

    title = "Transpose explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("transpose_explorer.js")
    _css = style_source("transpose_explorer.css")

    kernel_size = traitlets.Int().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    padding = traitlets.Int().tag(sync=True)
    painted = traitlets.Int().tag(sync=True)
    weights = traitlets.List(traitlets.Float()).tag(sync=True)
    values = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, values: Sequence[float] = (1, 1, 1, 1, 1, 1), *, goal: Goal | Sequence[Goal] = GOALS):
        row = [float(value) for value in values]
        if not 2 <= len(row) <= MOST:
            raise ValueError(f"TransposeExplorer: values must be a row of 2 to {MOST} numbers, got {len(row)}.")
        super().__init__(
            given={},
            controls=(
                Control("kernel_size", "Kernel", 1, LARGEST),
                Control("stride", "Stride", 1, 3),
                Control("padding", "Padding", 0, 2),
                Control("painted", "Painted", 0, len(row), unit=f"of {len(row)}"),
                Grid("weights", "Kernel", 1, LARGEST, low=-9, high=9, step=0.5),
                Grid("values", "Input", len(row), 1, low=-9, high=9),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"kernel_size": 3, "stride": 2, "padding": 0, "painted": len(row)}
            | {"weights": [1.0] * LARGEST, "values": row},
        )

    @traitlets.validate("kernel_size", "stride", "padding", "painted", "weights", "values")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw a layer of paint per value, their sum, how often each pixel is painted, and the same on a plane."""
        found, params = self.facts, self.params
        values, stride, padding = params["values"], found["stride"], found["padding"]
        weights = params["weights"][: found["kernel_size"]]
        lanes, plane = figure.subplots(1, 2, width_ratios=(2.6, 1))
        most = max([abs(v * w) for v in values for w in weights] + [abs(total) for total in found["output"]]) or 1
        end = (len(values) - 1) * stride + len(weights)
        for i, value in enumerate(values):
            lanes.text(-1.6, i, number(value), ha="center", va="center", fontsize=8)
            for u, weight in enumerate(weights):
                _draw_cell(lanes, i * stride + u, i, value * weight, most, fades=i >= found["painted"])
        for pixel, (total, count) in enumerate(zip(found["output"], found["counts"], strict=True)):
            _draw_cell(lanes, pixel + padding, len(values) + 0.6, total, most)
            lanes.text(pixel + padding, len(values) + 1.8, str(count), ha="center", va="center", fontsize=7, weight=700)
        for words, y in (("sum", len(values) + 0.6), ("times", len(values) + 1.8)):
            lanes.text(-1.6, y, words, ha="center", va="center", fontsize=8, color="#5f6b7a")
        lanes.set(xlim=(-2.6, end), ylim=(len(values) + 2.5, -0.8), xticks=[], yticks=[], title="each value paints")
        plane.set(title="on a plane", xlabel=f"equal values: {verdict(found)}", xticks=[], yticks=[])
        _draw_plane(plane, found["output"])
        lanes.spines[:].set_visible(False)


def _draw_cell(ax, x: float, y: float, value: float, most: float, *, fades: bool = False) -> None:
    from matplotlib.patches import Rectangle  # late, as in Explorable.still

    strength = 0 if fades else 0.1 + 0.5 * abs(value) / most if value else 0
    color = ("#0072B2" if value < 0 else "#D5762A", strength)
    look = {"facecolor": color, "edgecolor": "#9aa3ad", "linewidth": 0.6, "linestyle": ":" if fades else "-"}
    ax.add_patch(Rectangle((x - 0.5, y - 0.45), 1, 0.9, **look))
    if not fades:
        ax.text(x, y, number(value), ha="center", va="center", fontsize=6.5)


def _draw_plane(ax, output: list[float]) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # late, as in Explorable.still

    plane = [[a * b for b in output] for a in output]
    most = max((abs(value) for line in plane for value in line), default=0) or 1
    colors = LinearSegmentedColormap.from_list("signs", ["#0072B2", "white", "#D5762A"])
    if plane:
        ax.imshow(plane, cmap=colors, vmin=-1.3 * most, vmax=1.3 * most, interpolation="nearest")
