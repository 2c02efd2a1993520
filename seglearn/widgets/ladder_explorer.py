"""Does the image survive the ladder? Tensor sizes through an encoder and a decoder, and where a skip does not fit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import traitlets

from seglearn.widgets.controls import Control, Goal
from seglearn.widgets.explorable import Explorable, module_source, style_source

LARGEST = 640  # rows or columns of an image
ROUNDING = ("floor", "ceil", "pad first")
CONVOLUTIONS = ("padded", "unpadded")
JOINING = ("stop", "crop", "pad", "resize")
DONE = {"crop": "cropped", "pad": "padded", "resize": "resized"}
_SMALL = (("height", 70), ("width", 50), ("channels", 16))
GOALS = (
    Goal(
        "Keep a 70 × 50 image alive: 4 levels down, and out again at exactly 70 × 50.",
        (("levels", ">=", 4), ("out_height", "==", 70), ("out_width", "==", 50)),
        at=_SMALL,
    ),
    Goal(
        "Again, but every skip must fit as it comes: nothing cropped, padded or resized where two tensors meet.",
        (("levels", ">=", 4), ("out_height", "==", 70), ("out_width", "==", 50), ("mended", "==", 0)),
        at=_SMALL,
    ),
    Goal(
        "Rebuild the U-Net of the paper: 572 × 572 goes in, 388 × 388 comes out.",
        (("out_height", "==", 388), ("out_width", "==", 388)),
        at=(("height", 572), ("width", 572), ("channels", 64)),
    ),
)


@dataclass
class Climb:
    """The way down and up again. A size is [height, width]; lists stop where the climb stopped."""

    skips: list[list[int]] = field(default_factory=list)  # of levels 0, 1, ...: what the encoder sends across
    bottom: list[int] | None = None
    meetings: list[list[int]] = field(default_factory=list)  # deepest first: grown height, width, skip height, width
    ups: list[list[int]] = field(default_factory=list)  # deepest first: what leaves each level of the decoder
    broke: str = ""  # "pooling", "convolution" or "join"
    broke_at: int | None = None  # level
    broke_size: list[int] | None = None  # of the tensor that could not go on

    def stop(self, why: str, level: int, size: list[int]) -> "Climb":
        self.broke, self.broke_at, self.broke_size = why, level, size
        return self


def first_size(params: dict) -> list[int]:
    """Return the size that the first convolution meets: the image's, or the next multiple of 2 ** levels."""
    multiple = 2 ** params["levels"] if ROUNDING[params["rounding"]] == "pad first" else 1
    return [-(-params[name] // multiple) * multiple for name in ("height", "width")]


def climb(params: dict) -> Climb:
    """Return the sizes on the way down and up. Each level has two 3 x 3 convolutions; pooling is 2 x 2, stride 2."""
    shrink = 4 if CONVOLUTIONS[params["convolutions"]] == "unpadded" else 0
    up_by = 1 if ROUNDING[params["rounding"]] == "ceil" else 0
    way, size = Climb(), first_size(params)
    for level in range(params["levels"] + 1):
        if level:
            before, size = size, [(n + up_by) // 2 for n in size]
            if min(size) < 1:
                return way.stop("pooling", level, before)
        if min(size) <= shrink:
            return way.stop("convolution", level, size)
        size = [n - shrink for n in size]
        way.skips.append(size)
    way.bottom = way.skips.pop()
    for level in reversed(range(params["levels"])):
        grown, skip = [2 * n for n in size], way.skips[level]
        way.meetings.append([*grown, *skip])
        size = joined(grown, skip, JOINING[params["joining"]])
        if size is None:
            return way.stop("join", level, grown)
        if min(size) <= shrink:
            return way.stop("convolution", level, size)
        size = [n - shrink for n in size]
        way.ups.append(size)
    return way


def joined(grown: list[int], skip: list[int], joining: str) -> list[int] | None:
    """Return the size at which the grown tensor and the skip are laid on each other; None where they cannot be.

    crop: both are cut to the smaller size · pad: both are padded to the larger · resize: the grown takes the skip's
    """
    if grown == skip or joining == "resize":
        return skip
    if joining == "stop":
        return None
    return [{"crop": min, "pad": max}[joining](pair) for pair in zip(grown, skip, strict=True)]


def receptive_field_px(levels: int) -> int:
    """Return how many pixels across one number at the bottom sees."""
    seen, jump = 1, 1
    for level in range(levels + 1):
        seen += 4 * jump  # two 3 x 3 convolutions
        if level < levels:
            seen, jump = seen + jump, 2 * jump  # 2 x 2 pooling, stride 2
    return seen


def facts(params: dict) -> dict:
    """Return the size of every tensor, where the climb breaks if it does, and what bottom and skips hold.

    Level l has channels · 2 ** l channels. `mended` skips had another size than the tensor that they met, and were
    cropped, padded or resized. After "pad first", what comes out is cut to the image. No output: height and width None.

    Params:
        height, width, channels, levels, rounding (floor, ceil, pad first), convolutions (padded, unpadded),
        joining (stop, crop, pad, resize): the last three as 0, 1, ...

    Example:
        >>> found = facts({"height": 70, "width": 50, "channels": 16, "levels": 4, "rounding": 0, "convolutions": 0,
        ...                "joining": 0})
        >>> found["skips"], found["bottom"]
        ([[70, 50], [35, 25], [17, 12], [8, 6]], [4, 3])
        >>> found["broke"], found["broke_at"], found["meetings"][-1]
        ('join', 2, [16, 12, 17, 12])
    """
    way, levels, channels = climb(params), params["levels"], params["channels"]
    fitting = sum(meeting[:2] == meeting[2:] for meeting in way.meetings)
    image = [params["height"], params["width"]]
    out = way.ups[-1] if len(way.ups) == levels else [None, None]
    if ROUNDING[params["rounding"]] == "pad first" and out != [None, None]:
        out = [min(pair) for pair in zip(out, image, strict=True)]
    held = [channels * 2**level * height * width for level, (height, width) in enumerate(way.skips)]
    return {
        **{name: params[name] for name in ("height", "width", "channels", "levels")},
        "rounding": ROUNDING[params["rounding"]],
        "convolutions": CONVOLUTIONS[params["convolutions"]],
        "joining": JOINING[params["joining"]],
        "first": first_size(params),
        "skips": way.skips,
        "bottom": way.bottom,
        "meetings": way.meetings,
        "ups": way.ups,
        "mended": len(way.meetings) - fitting - (way.broke == "join"),
        "broke": way.broke,
        "broke_at": way.broke_at,
        "broke_size": way.broke_size,
        "out_height": out[0],
        "out_width": out[1],
        "receptive_field": receptive_field_px(levels),
        "skip_numbers": sum(held),
        "bottom_numbers": channels * 2**levels * way.bottom[0] * way.bottom[1] if way.bottom else None,
    }


def describe(facts: dict) -> str:
    """Return the facts as two or three sentences."""
    first = "" if facts["first"] == [facts["height"], facts["width"]] else f" padded to {by(facts['first'])},"
    down = [*facts["skips"], *([facts["bottom"]] if facts["bottom"] else [])]
    sizes = " → ".join(by(size) for size in down) or "nothing"
    told = f"{by([facts['height'], facts['width']])} goes in,{first} and becomes {sizes}."
    if facts["broke"]:
        return f"{told} {trouble(facts)}"
    mended = "Every skip fits as it comes."
    if facts["mended"]:
        mended = f"{facts['mended']} of {facts['levels']} skips did not fit and were {DONE[facts['joining']]}."
    return f"{told} {by([facts['out_height'], facts['out_width']])} comes out. {mended}"


def trouble(facts: dict) -> str:
    """Return where the climb breaks, in words."""
    size, level = by(facts["broke_size"]), facts["broke_at"]
    if facts["broke"] == "pooling":
        return f"It dies before level {level}: {size} cannot be halved."
    if facts["broke"] == "convolution":
        return f"It dies in level {level}: two unpadded 3 × 3 convolutions need 5 × 5, and get {size}."
    return f"It breaks on level {level}: {size} meets {by(facts['meetings'][-1][2:])}, and the skip does not fit."


def by(size: Sequence[int]) -> str:
    """Return a size as it is read: 70 × 50."""
    return " × ".join(map(str, size))


class LadderExplorer(Explorable):
    """Send an image down the ladder of an encoder and up that of a decoder; see every size, and where one breaks.

    Arguments:
        size (H, W)   of the image, 1..640 each, for a goal that does not bring its own
        goal          one Goal or several, solved one after another; `at` may name height, width and channels

    Raises:
        ValueError: a side of the image is not in 1..640.
    """

    title = "Ladder explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("ladder_explorer.js")
    _css = style_source("ladder_explorer.css")

    height = traitlets.Int().tag(sync=True)
    width = traitlets.Int().tag(sync=True)
    channels = traitlets.Int().tag(sync=True)
    levels = traitlets.Int().tag(sync=True)
    rounding = traitlets.Int().tag(sync=True)
    convolutions = traitlets.Int().tag(sync=True)
    joining = traitlets.Int().tag(sync=True)

    def __init__(self, size: tuple[int, int] = (70, 50), *, goal: Goal | Sequence[Goal] = GOALS):
        height, width = size
        super().__init__(
            given={},
            controls=(
                Control("height", "Height", 1, LARGEST, by="stage"),
                Control("width", "Width", 1, LARGEST, by="stage"),
                Control("channels", "Channels", 1, 64, by="stage"),
                Control("levels", "Levels", 1, 5),
                Control("rounding", "Odd sizes", 0, 2, choices=ROUNDING),
                Control("convolutions", "Convolutions", 0, 1, choices=CONVOLUTIONS),
                Control("joining", "Skip does not fit", 0, 3, choices=JOINING),
            ),
            goals=(goal,) if isinstance(goal, Goal) else goal,
            start={"height": height, "width": width, "channels": 16}
            | {"levels": 4, "rounding": 0, "convolutions": 0, "joining": 0},
        )

    @traitlets.validate("height", "width", "channels", "levels", "rounding", "convolutions", "joining")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw the ladder as a U: every tensor to scale with its shape, what meets between them, and what comes out."""
        found, ax = self.facts, figure.subplots()
        levels, channels, ups = found["levels"], found["channels"], found["ups"]
        across, down = 6.6 / (2 * levels), 2.0 / levels
        scale = 0.95 / max(number for size in [found["first"], *found["skips"], *ups] for number in size)
        for level, size in enumerate([*found["skips"], *([found["bottom"]] if found["bottom"] else [])]):
            _draw_tensor(ax, (level * across, level * down), size, channels * 2**level, scale, depth=2**level)
        for level, size in zip(reversed(range(levels)), ups, strict=False):
            at = ((2 * levels - level) * across, level * down)
            _draw_tensor(ax, at, size, channels * 2**level, scale, depth=2**level)
        for level, meeting in zip(reversed(range(levels)), found["meetings"], strict=False):
            grown, skip = meeting[:2], meeting[2:]
            fate = DONE.get(found["joining"], "does not fit")
            words = f"{by(grown)} fits" if grown == skip else f"{by(grown)} meets {by(skip)}: {fate}"
            ends = (level * across, (2 * levels - level if level >= levels - len(ups) else levels) * across)
            ax.plot(ends, [level * down] * 2, color="#c4cad1", linewidth=1, zorder=0)
            look = {"ha": "center", "va": "bottom", "fontsize": 7.5, "weight": 400 if grown == skip else 700}
            ax.text(levels * across, level * down - 0.1, words, **look)
        out = "nothing" if found["out_height"] is None else by([found["out_height"], found["out_width"]])
        title = f"{by([found['height'], found['width']])} goes in, {out} comes out"
        ax.set(xlim=(-0.6, 7.2), ylim=(2.55, -0.7), title=title, xticks=[], yticks=[], aspect="equal")
        ax.set(xlabel=trouble(found) if found["broke"] else None)
        ax.spines[:].set_visible(False)


def _draw_tensor(ax, middle: tuple[float, float], size: list[int], channels: int, scale: float, *, depth: float):
    from matplotlib.patches import Polygon  # late, as in Explorable.still

    high, wide, dx, dy = *(max(0.02, n * scale) for n in size), 0.016 * depth, 0.008 * depth
    left, top = middle[0] - (wide + dx) / 2, middle[1] - (high - dy) / 2
    face = [(0, 0), (wide, 0), (wide, high), (0, high)]
    lid = [(0, 0), (dx, -dy), (wide + dx, -dy), (wide, 0)]
    side = [(wide, 0), (wide + dx, -dy), (wide + dx, high - dy), (wide, high)]
    for corners, color in ((face, "#7fb8d8"), (lid, "#b5d6e8"), (side, "#2b6f9e")):
        places = [(left + x, top + y) for x, y in corners]
        ax.add_patch(Polygon(places, facecolor=color, edgecolor="white", linewidth=0.5))
    ax.text(middle[0], top + high + 0.05, by([channels, *size]), ha="center", va="top", fontsize=7)
