"""What does each skip carry? A trained U-Net with a switch on every skip, and what its picture loses without them."""

import math
from collections.abc import Sequence

import numpy as np
import traitlets
from torch import Tensor

from seglearn.checks import check_labels, check_shapes
from seglearn.labels import IGNORE, INK, STREETS, LabelSet, colorize
from seglearn.models import UNet
from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.explorable import Explorable, module_source, style_source
from seglearn.widgets.paint import band_px
from seglearn.widgets.skip_runs import place_of, predictions_without, scores
from seglearn.widgets.verdicts import COLORS

SHOWN = ("prediction", "truth", "picture")
KEEP = 0.8  # the second goal asks to keep about this share of the focus class's IoU


def facts(params: dict) -> dict:
    """Return what the net says with these skips, in counts of the focus class, in scores, and in what it lost by it.

    Params:
        preds (N, 2**L, H, W), masks (N, H, W); classes; focus, its label, and focus_name; skips (L numbers); picture

    Example:
        >>> import torch
        >>> preds = torch.tensor([[[[0, 0, 0, 1]], [[0, 1, 1, 1]]]])  # one picture of 1 x 4 pixels, one skip
        >>> given = {"preds": preds, "masks": torch.tensor([[[0, 0, 1, 1]]]), "classes": 2, "focus": 1}
        >>> found = facts({**given, "focus_name": "pole", "skips": [0], "picture": 0})
        >>> found["hits"], found["misses"], found["focus_iou"], round(found["lost_focus_iou"], 3)
        (1, 1, 0.5, 0.167)
    """
    place, focus = place_of(params["skips"]), params["focus"]
    mask = params["masks"][params["picture"]]
    truth, guess = mask == focus, (params["preds"][params["picture"], place] == focus) & (mask != IGNORE)
    now, full = scores(params, place), scores(params, -1)
    switches = [int(switch >= 0.5) for switch in params["skips"]]
    return {
        "picture": params["picture"],
        "pictures": len(params["masks"]),
        "skips": switches,
        "off": switches.count(0),
        "focus": params["focus_name"],
        "hits": int((truth & guess).sum()),
        "misses": int((truth & ~guess).sum()),
        "false_alarms": int((guess & ~truth).sum()),
        **now,
        **{f"lost_{name}": full[name] - now[name] for name in now if name != "ious"},
    }


def describe(facts: dict) -> str:
    """Return the facts as one sentence."""
    off = [str(level) for level, switch in enumerate(facts["skips"], start=1) if not switch]
    which = f"without skip {', '.join(off)}" if off else "with all skips"
    names = {"mean_iou": "mean IoU", "focus_iou": f"{facts['focus']} IoU", "boundary_iou": "boundary IoU"}
    if facts["pictures"] > 1:
        many = f"over all {facts['pictures']} pictures"
        names |= {"all_mean_iou": f"{many} mean IoU", "all_focus_iou": f"{facts['focus']} IoU"}
    lost = {key: f" ({_signed(0 - facts[f'lost_{key}'])})" if off else "" for key in names}
    told = (f"{name} {facts[key]:.3f}{lost[key]}" for key, name in names.items())
    counts = "{hits} hits, {misses} misses, {false_alarms} false alarms".format(**facts)
    return f"Picture {facts['picture'] + 1} {which}: {facts['focus']} {counts}; {', '.join(told)}."


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")


class SkipExplorer(Explorable):
    """Switch the skips of a trained U-Net off and on, and see what its picture loses.

    Python runs the net once for every combination of skips, when the explorer is made; after that no net runs. A skip
    that is off delivers a constant: see `skip_runs.predictions_without` for what that means, and why.

    Arguments:
        model                    a trained UNet with one to six skips
        images (N, C, H, W)      a few pictures: each costs 2**L label maps
        masks  (N, H, W)         labels 0..K-1 or 255
        labels                   what the numbers mean
        focus                    the class that the goals are about; it must occur in every mask
        off                      "mean" or "zero": what a skip delivers that is off
        goal                     one Goal or several; default: two goals whose numbers come from this very net

    Raises:
        TypeError, ValueError: model, images, masks and labels do not belong together, or a mask lacks the focus class.
    """

    title = "Skip explorer"
    compute = staticmethod(facts)
    describe = staticmethod(describe)
    _esm = module_source("verdicts.js", "skip_explorer.js")
    _css = style_source("skip_explorer.css")

    skips = traitlets.List(traitlets.Int()).tag(sync=True)
    picture = traitlets.Int().tag(sync=True)
    show = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        model: UNet,
        images: Tensor,
        masks: Tensor,
        labels: LabelSet = STREETS,
        *,
        focus: str = "pole",
        off: str = "mean",
        goal: Goal | Sequence[Goal] | None = None,
    ):
        given = _given(model, images, masks, labels, focus=focus, off=off)
        preds, masks, levels = given["preds"], given["masks"], len(model.down)
        count, height, width = masks.shape
        asked = _goals(given, levels) if goal is None else goal
        self.labels, self._images = labels, _bytes_of(images)
        super().__init__(
            given=given,
            controls=(
                Grid("skips", "Skips", 1, levels, low=0, high=1, by="stage"),
                Control("picture", "Picture", 0, count - 1, choices=_numbers(count)),
                Control("show", "Show", 0, 2, choices=SHOWN),
            ),
            goals=(asked,) if isinstance(asked, Goal) else asked,
            start={"skips": [1] * levels, "picture": 0, "show": 0},
            height=height,
            width=width,
            band=band_px((height, width)),
            names=list(labels.names),
            colors=[list(color) for color in labels.colors],
            ink=list(INK),
            focus=given["focus"],
            maps=_sizes(model, height, width),
            images=self._images.tobytes(),
            masks=masks.numpy().astype(np.uint8).tobytes(),
            preds=preds.numpy().astype(np.uint8).tobytes(),
        )

    @traitlets.validate("skips", "picture", "show")
    def _in_range(self, proposal):
        return self.checked(proposal)

    def draw(self, figure) -> None:
        """Draw prediction and truth, the verdict on the focus class, and the three scores."""
        found, mask = self.facts, self.given["masks"][self.picture]
        pred = self.given["preds"][self.picture, place_of(self.skips)]
        *panels, bars = figure.subplots(1, 4, width_ratios=(1.4, 1.4, 1.4, 1))
        pictures = {
            "prediction": colorize(pred, self.labels).numpy(),
            "truth": colorize(mask, self.labels).numpy(),
            f"{found['focus']}: {found['hits']} hits (blue),": self._verdict(pred, mask),
        }
        for ax, (title, picture) in zip(panels, pictures.items(), strict=True):
            ax.imshow(picture, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.set_title(title, fontsize=8)
        words = f"{found['misses']} misses (orange, striped),\n{found['false_alarms']} false alarms (pink, dotted)"
        panels[-1].set_xlabel(words, fontsize=8)
        names = ["mean IoU", f"{found['focus']} IoU", "boundary IoU"]
        keys = ("mean_iou", "focus_iou", "boundary_iou")
        drawn = bars.barh(names, [found[key] for key in keys], 0.55, color="#5f6b7a")
        bars.bar_label(drawn, fmt="%.3f", padding=4, fontsize=8)
        before = [found[key] + found[f"lost_{key}"] for key in keys]
        bars.plot(before, range(3), "|", color="black", markersize=15)
        bars.set(xlim=(0, 1.4), xticks=[0, 1])
        bars.set_title("| with all skips", fontsize=8)
        bars.tick_params(labelsize=8)
        bars.invert_yaxis()
        bars.spines[["top", "right"]].set_visible(False)
        switches = ", ".join(f"{level} {'on' if s else 'off'}" for level, s in enumerate(found["skips"], start=1))
        figure.suptitle(f"Skips: {switches}", fontsize=9)

    def _verdict(self, pred: Tensor, mask: Tensor) -> np.ndarray:
        """Return the picture, pale, with hits, misses and false alarms of the focus class on it."""
        truth, guess = mask == self.given["focus"], (pred == self.given["focus"]) & (mask != IGNORE)
        picture = 170 + self._images[self.picture].mean(axis=2, keepdims=True).repeat(3, axis=2) * 85 / 255
        rows, columns = np.indices(mask.shape)
        marks = {
            "hits": (truth & guess, rows >= 0),
            "misses": (truth & ~guess, (rows + columns) % 3 > 0),
            "false_alarms": (guess & ~truth, (rows % 2 == 0) & (columns % 2 == 0)),
        }
        for name, (where, ink) in marks.items():
            color = np.array([int(COLORS[name][i : i + 2], 16) for i in (1, 3, 5)])
            picture[where.numpy()] = 0.35 * color + 0.65 * 255
            picture[where.numpy() & ink] = color
        return picture.astype(np.uint8)


def _given(model: UNet, images: Tensor, masks: Tensor, labels: LabelSet, *, focus: str, off: str) -> dict:
    """Return the label maps of every combination with what they are judged by, once all of it belongs together."""
    check_shapes("SkipExplorer", images=(images, "N C H W"), masks=(masks, "N H W"))
    check_labels("SkipExplorer", len(labels), ignore=IGNORE, masks=masks)
    label, masks = labels.index(focus), masks.cpu().long()
    bare = [i for i, mask in enumerate(masks) if not (mask == label).any()]
    if bare:
        raise ValueError(
            f"SkipExplorer: every mask must show a {focus}, got none in picture {bare[0]}. Leave that picture out, "
            "or set focus= to a class that all of them show."
        )
    preds = predictions_without(model, images, off=off)  # (N, 2**L, H, W)
    if (most := int(preds.max())) >= len(labels):
        raise ValueError(
            f"SkipExplorer: labels must name every class of the model, got {len(labels)} names and a "
            f"prediction of {most}."
        )
    return {"preds": preds, "masks": masks, "classes": len(labels), "focus": label, "focus_name": focus}


def _numbers(count: int) -> tuple[str, ...]:
    """Return the words of a row of buttons for a few pictures; a slider serves many."""
    return tuple(str(number) for number in range(1, count + 1)) if count <= 6 else ()


def _bytes_of(images: Tensor) -> np.ndarray:
    """Return the pictures as (N, H, W, 3) uint8; of other than three channels the first is shown, in gray."""
    shown = images if images.shape[1] == 3 else images[:, :1].expand(-1, 3, -1, -1)
    pixels = shown.detach().float().cpu().clamp(0, 1).permute(0, 2, 3, 1)
    return (pixels * 255 + 0.5).byte().contiguous().numpy()


def _sizes(model: UNet, height: int, width: int) -> list[list[int]]:
    """Return maps, rows and columns of every level, shallow to deep, the bottom last; sizes are padded to fit."""
    levels, channels = len(model.down), [block[0].out_channels for block in (*model.down, model.bottom)]
    deep = [-(-side // 2**levels) for side in (height, width)]
    return [[c, *(side * 2 ** (levels - level) for side in deep)] for level, c in enumerate(channels)]


def _goals(given: dict, levels: int) -> list[Goal]:
    """Return goals that this very net can reach: their lines lie between what it really scores on all the pictures."""
    name, count = given["focus_name"], len(given["masks"])
    table = [scores({**given, "picture": 0}, place)["all_focus_iou"] for place in range(2**levels)]
    by_off = [
        [iou for place, iou in enumerate(table) if levels - place.bit_count() == off] for off in range(levels + 1)
    ]
    over = f" over all {count} pictures" if count > 1 else ""
    worst, *others = sorted(by_off[1])
    line = _line(worst, next((iou for iou in others if iou > worst), 1.0))
    first = (
        f"Find the one skip that class {name} needs most: with only that one off, {name} IoU{over} is at most {line} "
        f"(with all skips {table[-1]:.3f})."
    )
    goals = [Goal(first, (("off", "==", 1), ("all_focus_iou", "<=", line)))]
    if levels > 1:
        most = max(off for off in range(1, levels + 1) if off == 1 or max(by_off[off]) >= KEEP * table[-1])
        best = max(by_off[most])
        line = -_line(-best, -max((iou for iou in by_off[most] if iou < best), default=-1.0))
        skips = "one skip" if most == 1 else f"{most} skips"
        second = f"Find what can go: switch off {skips} and keep {name} IoU{over} at {line} or more."
        goals.append(Goal(second, (("off", "==", most), ("all_focus_iou", ">=", line))))
    return goals


def _line(reached: float, beyond: float) -> float:
    """Return a short number from `reached` on, below `beyond`; `reached` itself where there is none."""
    short = (math.ceil(reached * 10**digits) / 10**digits for digits in (2, 3, 4))
    return next((line for line in short if reached <= line < beyond), reached)
