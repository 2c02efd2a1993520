"""Which numbers does pooling keep? Windows over a small map, their winners, and what unpooling restores."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import traitlets

from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source

LARGEST = 10  # rows or columns of a map
MODES = ("max", "average")
POLE = (  # 6 x 8: a bright pole in column 3, a lamp in the last column
    (-2, -1, 2, 7, 1, 2, -1, 1),
    (-3, -2, 1, 5, 3, 1, 2, -2),
    (1, 2, -1, 9, 2, -1, 1, 4),
    (2, -1, 3, 6, 1, 2, -2, 1),
    (1, 3, 1, 8, -1, 3, 2, -1),
    (-1, 2, -2, 4, 2, 1, 3, 1),
)
GOAL = Goal(
    "Halve the map, from 6 × 8 to 3 × 4, with windows that overlap: some pixel must win more than once.",
    (("out_height", "==", 3), ("out_width", "==", 4), ("most_wins", ">=", 2)),
)


@dataclass(frozen=True)
class Look:
    """What one window sees: its pixels (numbered row by row), its answer, and the pixel that it is copied from."""

    pixels: list[int]
    answer: float
    winner: int | None  # None: a mean is nobody's number


def output_of(params: dict) -> tuple[int, int]:
    """Return how many windows fit, down and across; (0, 0) where pooling refuses the settings."""
    height, width, kernel, padding = (params[name] for name in ("height", "width", "kernel_size", "padding"))
    if 2 * padding > kernel or kernel > min(height, width) + 2 * padding:
        return 0, 0
    return tuple((size + 2 * padding - kernel) // params["stride"] + 1 for size in (height, width))


def look(params: dict, row: int, column: int) -> Look:
    """Return what the window in this row and column of the pooled map sees.

    max: −∞ around the map, and the first of equal numbers wins. average: zeros around the map, and they count.
    """
    height, width, kernel = params["height"], params["width"], params["kernel_size"]
    top, left = (place * params["stride"] - params["padding"] for place in (row, column))
    rows, columns = range(max(0, top), min(height, top + kernel)), range(max(0, left), min(width, left + kernel))
    pixels = [r * width + c for r in rows for c in columns]
    values = params["values"]
    if MODES[params["mode"]] == "max":
        winner = max(pixels, key=values.__getitem__)  # the first of the largest
        return Look(pixels, values[winner], winner)
    total = 0.0
    for pixel in pixels:
        total += values[pixel]
    return Look(pixels, total / kernel**2, None)


def unpooled(size: int, looks: Sequence[Look]) -> list[float | None]:
    """Return the numbers that stand in each pixel after unpooling; None is a hole.

    A maximum goes back to where it stood. A mean has no such place: it is copied into its whole window, and a pixel of
    several windows takes the mean of its copies.
    """
    sums, counts = [0.0] * size, [0] * size
    for seen in looks:
        for pixel in seen.pixels if seen.winner is None else ():
            sums[pixel] += seen.answer
            counts[pixel] += 1
    back = [total / count if count else None for total, count in zip(sums, counts, strict=True)]
    for seen in looks:
        if seen.winner is not None:
            back[seen.winner] = seen.answer
    return back


def facts(params: dict) -> dict:
    """Return the size of the pooled map, who wins how often, what unpooling restores, and what one window says.

    `restored` pixels hold their exact number after unpooling; a hole is none of them, even where the number was 0.
    Settings that pooling refuses give no windows: a padded ring wider than half a window, a window that does not fit.

    Params:
        height, width, values (flat list), kernel_size, stride, padding, mode (0 max, 1 average),
        row, column (which window is looked at)

    Example:
        >>> found = facts({"height": 2, "width": 4, "values": [1, 7, 2, 2, 3, 4, 2, 2], "kernel_size": 2, "stride": 2,
        ...                "padding": 0, "mode": 0, "row": 0, "column": 1})
        >>> found["winners"], found["restored"], found["lost"], (found["winner_row"], found["winner_column"])
        (2, 2, 6, (0, 2))
    """
    size, width = params["height"] * params["width"], params["width"]
    rows, columns = output_of(params)
    looks = [look(params, row, column) for row in range(rows) for column in range(columns)]
    wins = Counter(seen.winner for seen in looks if seen.winner is not None)
    back = unpooled(size, looks)
    restored = sum(now == before for now, before in zip(back, params["values"], strict=True))
    row, column = (max(0, min(params[name], count - 1)) for name, count in (("row", rows), ("column", columns)))
    chosen = look(params, row, column) if looks else Look([], None, None)
    place = (None, None) if chosen.winner is None else divmod(chosen.winner, width)
    return {
        "height": params["height"],
        "width": width,
        "kernel_size": params["kernel_size"],
        "stride": params["stride"],
        "padding": params["padding"],
        "mode": MODES[params["mode"]],
        "out_height": rows,
        "out_width": columns,
        "winners": len(wins),
        "most_wins": max(wins.values(), default=0),
        "unseen": size - len({pixel for seen in looks for pixel in seen.pixels}),
        "restored": restored,
        "lost": size - restored,
        "row": row,
        "column": column,
        "answer": chosen.answer,
        "winner_row": place[0],
        "winner_column": place[1],
    }


def describe(facts: dict) -> str:
    """Return the facts as two or three short sentences."""
    if not facts["out_height"]:
        return refusal(facts)
    size = "{height} × {width} → {out_height} × {out_width}".format(**facts)
    unseen = " No window sees {unseen} of {pixels} pixels.".format(**facts, pixels=facts["height"] * facts["width"])
    back = "{way}, {restored} numbers are exact and {lost} are lost.{unseen}".format(
        **{**facts, "unseen": unseen if facts["unseen"] else ""},
        way="Copied back" if facts["mode"] == "average" else "Unpooled",
    )
    place, answer = "Window in row {row}, column {column}:".format(**facts), number(facts["answer"])
    if facts["mode"] == "average":
        return f"{size} by means: nobody wins. {back} {place} the mean is {answer}."
    many = "up to {most_wins} times".format(**facts) if facts["most_wins"] > 1 else "once"
    often = "{winners} pixels win, {many} each".format(**facts, many=many)
    won = "{answer} wins, from row {winner_row}, column {winner_column}".format(**{**facts, "answer": answer})
    return f"{size}: {often}. {back} {place} {won}."


def refusal(facts: dict) -> str:
    """Return why pooling takes no such settings."""
    if 2 * facts["padding"] > facts["kernel_size"]:
        return "padding {padding} is more than half of kernel {kernel_size}: pooling refuses it.".format(**facts)
    return "a window of {kernel_size} × {kernel_size} does not fit into this map: pooling refuses it.".format(**facts)


def number(value: float) -> str:
    """Return a number as it is read: whole, or with two decimals, and a real minus."""
    return (str(int(value)) if value == int(value) else f"{value:.2f}").replace("-", "−")


class PoolingExplorer(Explorable):
    """Choose kernel, stride, padding and mode; see the windows, who wins in them, and what unpooling restores.

    Arguments:
        values (H, W)   a map of at most 10 x 10 numbers from -99 to 99; default: a bright pole, 6 x 8
        goal            one Goal or several, solved one after another

    The numbers of the map can be edited by hand; `explorer.values = [...]` takes them as one flat list, row by row.

    Raises:
        ValueError: values is not two-dimensional, too large, or holds a number out of range.
    """

    title = "Pooling explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("pooling_explorer.js")
    _css = style_source("pooling_explorer.css")

    kernel_size = traitlets.Int().tag(sync=True)
    stride = traitlets.Int().tag(sync=True)
    padding = traitlets.Int().tag(sync=True)
    mode = traitlets.Int().tag(sync=True)
    values = traitlets.List(traitlets.Float()).tag(sync=True)
    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)

    def __init__(self, values=None, *, goal: Goal | Sequence[Goal] = GOAL):
        plane = np.asarray(POLE if values is None else values).astype(float)
        if plane.ndim != 2 or not plane.size or max(plane.shape) > LARGEST:
            raise ValueError(
                f"PoolingExplorer: values must be (H, W), at most {LARGEST} x {LARGEST}, got {plane.shape}. "
                "Show a piece of a large map: values[:6, :8]."
            )
        height, width = plane.shape
        super().__init__(
            given={"height": height, "width": width},
            controls=(
                Control("kernel_size", "Kernel", 1, 4),
                Control("stride", "Stride", 1, 4),
                Control("padding", "Padding", 0, 2),
                Control("mode", "Mode", 0, 1, choices=MODES),
                Grid("values", "Map", height, width, low=-99, high=99),
                Control("row", "Row", 0, height, by="stage"),
                Control("column", "Column", 0, width, by="stage"),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={
                **{"kernel_size": 2, "stride": 2, "padding": 0, "mode": 0, "row": 0, "column": min(1, width)},
                "values": plane.ravel().tolist(),
            },
            height=height,
            width=width,
        )

    @traitlets.validate("kernel_size", "stride", "padding", "mode", "values", "row", "column")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw the map with its windows and winners, the pooled map, and what unpooling restores."""
        found, params = self.facts, self.params
        height, width, kernel, stride, padding = (
            found[name] for name in ("height", "width", "kernel_size", "stride", "padding")
        )
        rows, columns = found["out_height"], found["out_width"]
        looks = [look(params, row, column) for row in range(rows) for column in range(columns)]
        wins = Counter(seen.winner for seen in looks)
        unseen = set(range(height * width)) - {pixel for seen in looks for pixel in seen.pixels}
        back = unpooled(height * width, looks)
        exact = [pixel for pixel, value in enumerate(back) if value == params["values"][pixel]]
        most = max(map(abs, params["values"])) or 1
        left, middle, right = figure.subplots(1, 3, width_ratios=(width + 2 * padding, max(columns, 3), width))
        _draw_board(left, params["values"], (height, width), most, margin=padding, rings=wins)
        for row, column in np.ndindex(height + 2 * padding, width + 2 * padding):
            r, c = row - padding, column - padding
            if not (0 <= r < height and 0 <= c < width):
                around = "−∞" if found["mode"] == "max" else "0"
                left.text(c, r, around, ha="center", va="center", fontsize=6, color="#5f6b7a")
        for row, column in np.ndindex(rows, columns):
            at = (row * stride - padding, column * stride - padding)
            _draw_frame(left, *at, kernel, strong=(row, column) == (found["row"], found["column"]))
        for pixel in unseen:
            row, column = divmod(pixel, width)
            left.plot([column - 0.4, column + 0.4], [row + 0.4, row - 0.4], color="#5f6b7a", linewidth=1)
        often = f"up to {found['most_wins']} times" if found["most_wins"] > 1 else "once"
        won = "nobody wins" if found["mode"] == "average" else f"o wins, {often} each"
        left.set(title=f"map {height} x {width}", xlabel=won if looks else "pooling refuses this")
        _draw_board(middle, [seen.answer for seen in looks], (rows, columns), most)
        middle.set(title=f"{found['mode']} {rows} x {columns}" if looks else "no window")
        _draw_board(right, back, (height, width), most, rings=exact)
        right.set(title="back again", xlabel=f"o exact: {found['restored']} of {height * width}")


def _draw_board(ax, values, shape: tuple[int, int], most: float, *, margin: int = 0, rings=()) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # late, as in Explorable.still

    rows, columns = shape
    plane = np.array([np.nan if value is None else value for value in values]).reshape(shape)
    if plane.size:
        colors = LinearSegmentedColormap.from_list("signs", ["#0072B2", "white", "#D5762A"])
        ax.imshow(plane, cmap=colors, vmin=-2 * most, vmax=2 * most, interpolation="nearest")
    for (row, column), value in np.ndenumerate(plane):
        word, color = (number(value), "black") if value == value else ("0", "#9aa3ad")  # NaN is a hole
        ax.text(column, row, word, ha="center", va="center", fontsize=7, color=color)
        if row * columns + column in rings:
            ax.plot(column, row, "o", markersize=13, markerfacecolor="none", markeredgecolor="black")
    ax.set(xlim=(-margin - 0.6, columns + margin - 0.4), ylim=(rows + margin - 0.4, -margin - 0.6))
    ax.set(xticks=[], yticks=[], aspect="equal")
    ax.spines[:].set_visible(False)


def _draw_frame(ax, row: int, column: int, side: int, *, strong: bool) -> None:
    from matplotlib.patches import Rectangle  # late, as in Explorable.still

    look = {"edgecolor": "black", "linewidth": 2.5, "zorder": 3} if strong else {"edgecolor": "#5f6b7a", "linewidth": 1}
    ax.add_patch(Rectangle((column - 0.5, row - 0.5), side, side, facecolor="none", **look))
