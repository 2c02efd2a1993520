"""What does a convolution do? A window to slide, a kernel to edit: products, their sum, and the map that they fill."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import traitlets

from seglearn.convolution import KERNELS
from seglearn.data import draw_street
from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source

_HOUSE = (  # gray values from 0 to 9: roof 4, wall 9, door 2
    "000000000",
    "000040000",
    "000444000",
    "004444400",
    "044444440",
    "009999900",
    "009929900",
    "009929900",
    "000000000",
)
STREET_SIZE = (40, 56)
OWN_SIZE = (48, 48)
BUTTONS = ("sobel_x", "sobel_y", "outline", "sharpen", "box_blur")  # not identity, not shift: those are the goals
GOALS = (
    Goal("Put the window where this kernel answers most strongly.", (("largest", "==", True), ("answer", ">", 0))),
    Goal(
        "Edit the kernel until the output is a copy of the input.",
        (("moved_right", "==", 0), ("moved_down", "==", 0)),
    ),
    Goal(
        "Now let the kernel move the picture one pixel to the left.",
        (("moved_right", "==", -1), ("moved_down", "==", 0)),
    ),
)


def output_map(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Return the answer of every window, tap by tap in reading order, as JavaScript adds them.

        output[r, c] = Σ over i, j of kernel[i, j] * image[r + i, c + j]

    Shapes:
        image  (H, W) float64
        kernel (kh, kw) float64   at most (H, W)
        result (H - kh + 1, W - kw + 1) float64
    """
    height, width = (n - k + 1 for n, k in zip(image.shape, kernel.shape, strict=True))
    output = np.zeros((height, width))
    for i, j in np.ndindex(*kernel.shape):
        output += kernel[i, j] * image[i : i + height, j : j + width]
    return output


def picture_of(params: dict) -> np.ndarray:
    """Return the chosen picture, (H, W) float64: one of the given ones, or the learner's own."""
    images = params["images"]
    if params["picture"] < len(images):
        return images[params["picture"]]
    return np.array(params["own"], dtype=float).reshape(params["own_size"])


def facts(params: dict) -> dict:
    """Return what the window holds, the products, their sum, and what the kernel does to any picture.

        answer = Σ products,  products[t] = kernel[t] * window[t]

    `row` and `column` are the window's place in the output; on a small picture they stop at its last one. `largest`
    says whether no other window answers more. `moved_down` and `moved_right` say by how many pixels the kernel moves
    a picture that it leaves unchanged otherwise, and are None for every other kernel.

    Params:
        images (list of (H, W) float64), own (flat list), own_size, picture, row, column,
        kernel (flat list), kernel_size

    Example:
        >>> image = np.arange(20.0).reshape(4, 5)
        >>> at = {"picture": 0, "row": 1, "column": 0, "kernel": [0, 1], "kernel_size": (1, 2)}
        >>> found = facts({"images": [image], **at})
        >>> found["window"], found["products"], found["answer"], found["moved_right"]
        ([5.0, 6.0], [0.0, 6.0], 6.0, -1)
    """
    image, size = picture_of(params), params["kernel_size"]
    kernel = np.array(params["kernel"], dtype=float).reshape(size)
    output = output_map(image, kernel)
    row, column = min(params["row"], output.shape[0] - 1), min(params["column"], output.shape[1] - 1)
    window = image[row : row + size[0], column : column + size[1]]
    moved = _moved(kernel)
    return {
        "row": row,
        "column": column,
        "rows": output.shape[0],
        "columns": output.shape[1],
        "window": window.ravel().tolist(),
        "products": (kernel * window).ravel().tolist(),
        "answer": float(output[row, column]),
        "largest": bool(output[row, column] == output.max()),
        "lowest_answer": float(output.min()),
        "highest_answer": float(output.max()),
        "kernel_sum": float(np.cumsum(kernel)[-1]),  # one after another, as JavaScript adds
        "moved_down": moved[0],
        "moved_right": moved[1],
    }


def _moved(kernel: np.ndarray) -> tuple[int, int] | tuple[None, None]:
    taps = np.argwhere(kernel)
    if len(taps) != 1 or kernel[tuple(taps[0])] != 1:
        return None, None
    return tuple(int((k - 1) // 2 - tap) for k, tap in zip(kernel.shape, taps[0], strict=True))


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    place = "window in row {row}, column {column}: its {taps} products add up to ".format(
        **facts, taps=len(facts["products"])
    )
    rank = ", the largest answer in the output" if facts["largest"] else ""
    return f"{place}{_number(facts['answer'])}{rank}.{_effect(facts['moved_down'], facts['moved_right'])}"


def _number(value: float) -> str:
    return (str(int(value)) if value == int(value) else f"{value:.2f}").replace("-", "−")


def _effect(down: int | None, right: int | None) -> str:
    if down is None:
        return ""
    ways = [f"{abs(by)} px {way}" for by, way in ((down, "down" if down > 0 else "up"),) if by]
    ways += [f"{abs(by)} px to the {way}" for by, way in ((right, "right" if right > 0 else "left"),) if by]
    return f" This kernel moves the picture {' and '.join(ways)}." if ways else " This kernel copies the picture."


class ConvolutionExplorer(Explorable):
    """Slide a window over a tiny grid, a street or a picture of your own, and edit the kernel that it is multiplied by.

    Arguments:
        image  (H, W) float in [0, 1]   shown instead of the street
        kernel (kh, kw)                 numbers from -99 to 99, or a name in KERNELS
        goal                            one Goal or several, solved one after another

    Raises:
        ValueError: image or kernel is not two-dimensional, the kernel is larger than a picture, or has no such name.
    """

    title = "Convolution explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("convolution_explorer.js")
    _css = style_source("convolution_explorer.css")

    row = traitlets.Int().tag(sync=True)
    column = traitlets.Int().tag(sync=True)
    picture = traitlets.Int().tag(sync=True)
    shown = traitlets.Int().tag(sync=True)  # 0: the map as far as the window came, in reading order; 1: all of it
    kernel = traitlets.List(traitlets.Float()).tag(sync=True)
    own = traitlets.List(traitlets.Float()).tag(sync=True)

    def __init__(self, image=None, *, kernel="sobel_x", goal: Goal | Sequence[Goal] = GOALS):
        house = np.array([[float(gray) for gray in line] for line in _HOUSE])
        images = [house, _street() if image is None else _plane("image", image).round(2)]
        weights = _named(kernel) if isinstance(kernel, str) else _plane("kernel", kernel)
        high = tuple(max(image.shape[axis] for image in (*images, np.empty(OWN_SIZE))) for axis in (0, 1))
        if any(k > n for image in images for k, n in zip(weights.shape, image.shape, strict=True)):
            sizes = " and ".join(str(image.shape) for image in images)
            raise ValueError(f"ConvolutionExplorer: kernel must fit into {sizes}, got {weights.shape}.")
        super().__init__(
            given={"images": images, "own_size": OWN_SIZE, "kernel_size": weights.shape},
            controls=(
                Control("row", "Row", 0, high[0] - weights.shape[0], by="stage"),
                Control("column", "Column", 0, high[1] - weights.shape[1], by="stage"),
                Grid("kernel", "Kernel", *weights.shape, low=-99, high=99, presets=_presets(weights)),
                Control("picture", "Picture", 0, 2, ("tiny grid", "street" if image is None else "image", "your own")),
                Grid("own", "Load a picture …", *OWN_SIZE, low=0, high=1, step=0.01, by="picture"),
                Control("shown", "Output", 0, 1, ("up to here", "everything")),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"kernel": weights.ravel().tolist(), "own": [0.0] * (OWN_SIZE[0] * OWN_SIZE[1])},
            images=[{"rows": i.shape[0], "columns": i.shape[1], "values": i.ravel().tolist()} for i in images],
            own_size=list(OWN_SIZE),
            kernel_size=list(weights.shape),
        )

    @traitlets.validate("row", "column", "picture", "shown", "kernel", "own")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw the picture with its window, the sum in full, and the output map with the answer's place."""
        found, image, size = self.facts, picture_of(self.params), self.given["kernel_size"]
        kernel = np.array(self.kernel).reshape(size)
        left, middle, right = figure.subplots(1, 3, width_ratios=(1.25, 0.8, 1.25))
        left.imshow(image, cmap="gray", vmin=0, vmax=max(1, image.max()), interpolation="nearest")
        _frame(left, found["column"], found["row"], size)
        left.set(xticks=[], yticks=[], title=f"input {image.shape[0]} x {image.shape[1]}")
        window = np.array(found["window"]).reshape(size)
        for name, values, top in (("window", window, 0), ("times kernel", kernel, size[0] + 1.2)):
            middle.text((size[1] - 1) / 2, top - 0.95, name, ha="center", va="center", fontsize=9)
            for (i, j), value in np.ndenumerate(values):
                middle.text(j, top + i, _number(value), ha="center", va="center", fontsize=9)
        answer = f"sum {_number(found['answer'])}"
        middle.text((size[1] - 1) / 2, 2 * size[0] + 1.3, answer, ha="center", va="center", fontsize=11, weight="bold")
        middle.set(xlim=(-0.7, size[1] - 0.3), ylim=(2 * size[0] + 1.9, -1.5))
        middle.axis("off")
        output = output_map(image, kernel)
        place = found["row"] * found["columns"] + found["column"]
        seen = (np.arange(output.size).reshape(output.shape) <= place) | (self.shown == 1)
        _draw_output(right, output, seen)
        _frame(right, found["column"], found["row"], (1, 1))


def _draw_output(ax, output: np.ndarray, seen: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap  # late, as in Explorable.still

    signs = LinearSegmentedColormap.from_list("signs", ["#0072B2", "white", "#D5762A"])
    most = max(abs(output.min()), abs(output.max())) or 1
    ax.imshow(np.where(seen, output, np.nan), cmap=signs, vmin=-most, vmax=most, interpolation="nearest")
    for place in np.argwhere(seen) if output.size < 100 else ():
        ax.text(*place[::-1], _number(output[tuple(place)]), ha="center", va="center", fontsize=8)
    ax.set(xticks=[], yticks=[], title=f"output {output.shape[0]} x {output.shape[1]}")


def _frame(ax, column: int, row: int, size: tuple[int, int]) -> None:
    for color, width in (("black", 3.5), ("white", 1.5)):
        xs = np.array([0, size[1], size[1], 0, 0]) + column - 0.5
        ax.plot(xs, np.array([0, 0, size[0], size[0], 0]) + row - 0.5, color=color, linewidth=width)


def _street() -> np.ndarray:
    """Return the gray values of a drawn street, with two decimals."""
    image, _ = draw_street(2, size=STREET_SIZE)
    return np.tensordot((0.299, 0.587, 0.114), image.double().numpy(), axes=1).round(2)


def _plane(name: str, values) -> np.ndarray:
    plane = np.asarray(values).astype(float)
    if plane.ndim != 2 or not plane.size:
        hint = " Use image.mean(0)." if plane.ndim == 3 and name == "image" else ""
        raise ValueError(f"ConvolutionExplorer: {name} must have two axes, got shape {plane.shape}.{hint}")
    return plane


def _named(name: str) -> np.ndarray:
    """Return a kernel of KERNELS in float64, with exact ninths and sixteenths."""
    if name not in KERNELS:
        raise ValueError(f"ConvolutionExplorer: kernel must be numbers or one of {', '.join(KERNELS)}, got {name!r}.")
    lines = KERNELS[name].tolist()
    return np.array([[float(Fraction(weight).limit_denominator(16)) for weight in line] for line in lines])


def _presets(weights: np.ndarray) -> tuple:
    named = [(name, _named(name)) for name in BUTTONS] + [("zeros", np.zeros_like(weights))]
    return tuple((name, tuple(kernel.ravel().tolist())) for name, kernel in named if kernel.shape == weights.shape)
