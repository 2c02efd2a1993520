"""Images, masks and the two together. A pixel is a square, and its brightness is never stretched."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.labels import IGNORE, INK, STREETS, LabelSet, colorize
from seglearn.plots.panels import DARK, describe, panels, take_or_make, write_title

TINT = 0.5  # how much of a label's color an overlay lays over the image
FEW = 40  # up to so many instances are numbered
RIGHT, WRONG = (196, 222, 236), (213, 70, 0)


def show_image(image: Tensor, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw an image with fixed black and white: a dim image looks dim.

    Shapes:
        image (3, H, W) or (1, H, W) float in [0, 1]
    """
    check_shapes("show_image", image=(image, "C H W"))
    if image.shape[0] not in (1, 3):
        raise ValueError(
            f"show_image: image must have 1 or 3 channels, got {tuple(image.shape)}. Use .permute(2, 0, 1)."
        )
    if not image.is_floating_point():
        raise TypeError(f"show_image: image must be floats in [0, 1], got {image.dtype}. Use image / 255.")
    ax = _canvas(ax, title)
    pixels = image.detach().float().cpu().clamp(0, 1).movedim(0, -1).squeeze(-1)  # (H, W, 3) or (H, W)
    ax.imshow(pixels.numpy(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    describe(ax, f"an image, {image.shape[1]} x {image.shape[2]} pixels, mean brightness {float(pixels.mean()):.2f}.")
    return ax


def show_mask(mask: Tensor, labels: LabelSet, ax: Axes | None = None, *, title: str = "", legend: bool = True) -> Axes:
    """Draw a mask in the colors of its labels, with names below; ignored pixels are hatched.

    Shapes:
        mask (H, W) int64   0..K-1 or 255
    """
    check_shapes("show_mask", mask=(mask, "H W"))
    mask = mask.detach().cpu()
    ax = _canvas(ax, title)
    ax.imshow(colorize(mask, labels).numpy(), interpolation="nearest")
    ax.add_collection(LineCollection(_edges(mask), colors=DARK, linewidths=0.5, alpha=0.7, capstyle="round"))
    _hatch(mask == IGNORE, ax)
    if legend:
        _legend(ax, [_key(labels, k) for k in mask.unique().tolist()])
    describe(ax, f"a mask, {_shares(mask, labels)}.")
    return ax


def show_overlay(
    image: Tensor, mask: Tensor, labels: LabelSet, ax: Axes | None = None, *, title: str = "", legend: bool = True
) -> Axes:
    """Draw a mask over its image: tinted, outlined, and named below; a class called background stays clear.

    Shapes:
        image (3, H, W) or (1, H, W) float in [0, 1]
        mask  (H, W) int64   0..K-1 or 255
    """
    check_shapes("show_overlay", image=(image, "C H W"), mask=(mask, "H W"))
    mask = mask.detach().cpu()
    ax = show_image(image, ax, title=title)
    clear = mask == IGNORE
    if "background" in labels.names:
        clear = clear | (mask == labels.index("background"))
    ax.imshow(colorize(mask, labels).numpy(), alpha=TINT * (~clear).float().numpy(), interpolation="nearest")
    _hatch(mask == IGNORE, ax)
    seen = [k for k in mask.unique().tolist() if (mask == k).logical_and(~clear).any() or k == IGNORE]
    _outline(mask, {k: _rgb(INK if k == IGNORE else labels.colors[k]) for k in seen}, ax)
    if legend:
        _legend(ax, [_key(labels, k) for k in seen])
    describe(ax, f"an overlay, {_shares(mask, labels)}.")
    return ax


def show_instances(image: Tensor, instances: Tensor, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw the outline of every instance over the image, numbered when there are few.

    Shapes:
        image     (3, H, W) or (1, H, W) float in [0, 1]
        instances (H, W) int64   0 = no object, 255 is an ordinary number here
    """
    check_shapes("show_instances", image=(image, "C H W"), instances=(instances, "H W"))
    instances = instances.detach().cpu()
    ax = show_image(image, ax, title=title)
    wheel = [_rgb(color) for name, color in zip(STREETS.names, STREETS.colors, strict=True) if name != "road"]
    numbers = [n for n in instances.unique().tolist() if n != 0]
    _outline(instances, {n: wheel[n % len(wheel)] for n in numbers}, ax)
    if len(numbers) <= FEW:
        for n in numbers:
            y, x = (instances == n).nonzero().double().mean(dim=0).tolist()
            text = ax.text(x, y, str(n), color="white", fontsize=7, ha="center", va="center_baseline", weight="bold")
            text.set_path_effects([withStroke(linewidth=1.6, foreground=DARK)])
    describe(ax, f"{len(numbers)} instances outlined.")
    return ax


def show_errors(pred: Tensor, mask: Tensor, ax: Axes | None = None, *, title: str = "") -> Axes:
    """Draw where a prediction is right (pale), wrong (orange red) and not asked about (hatched).

    Shapes:
        pred (H, W) int64   mask (H, W) int64, 255 = ignored
    """
    check_shapes("show_errors", pred=(pred, "H W"), mask=(mask, "H W"))
    pred, mask = pred.detach().cpu(), mask.detach().cpu()
    verdict = torch.where(mask == IGNORE, IGNORE, (pred != mask).long())
    return show_mask(verdict, LabelSet(("right", "wrong"), (RIGHT, WRONG)), ax, title=title)


def contact_sheet(dataset, count: int = 12, *, columns: int = 4) -> list[Axes]:
    """Draw the first pairs of a data set as overlays and return their Axes; the last one carries the legend.

    `dataset[i]` gives (image, mask), and `dataset.labels` says what the numbers mean.
    """
    count = min(count, len(dataset))
    pairs = [dataset[i] for i in range(count)]
    height, width = pairs[0][1].shape
    axes = panels(columns, -(-count // columns), width=2.4, height=2.4 * height / width + 0.05)
    _overlays(axes, pairs, dataset.labels)
    return axes[:count]


def pair_sheet(
    rows: Sequence[Sequence[tuple[Tensor, Tensor]]], labels: LabelSet, *, titles: Sequence[str] = ()
) -> list[Axes]:
    """Draw rows of (image, mask) as overlays with one legend, and return their Axes: a pair and what became of it.

        pair_sheet([[pair, *(augment(*pair, transform, seed=s) for s in range(4))] for pair in pairs], STREETS)

    `titles` stand above the columns.

    Raises:
        ValueError: there is no pair, rows differ in length, or there is not one title per column.
    """
    columns = len(rows[0]) if rows else 0
    if not columns or any(len(row) != columns for row in rows) or len(titles) not in (0, columns):
        lengths = [len(row) for row in rows]
        raise ValueError(
            f"pair_sheet: rows must hold as many pairs as each other and as there are titles, got {lengths} pairs and "
            f"{len(titles)} titles."
        )
    height, width = rows[0][0][1].shape
    axes = panels(columns, len(rows), width=2.2, height=2.2 * height / width + 0.7 / len(rows))  # and the legend
    _overlays(axes, [pair for row in rows for pair in row], labels)
    for ax, title in zip(axes, titles, strict=False):
        write_title(ax, title)
    return axes


def _overlays(axes: list[Axes], pairs: Sequence[tuple[Tensor, Tensor]], labels: LabelSet) -> None:
    """Draw one pair on each Axes, take away the Axes left over, and write one legend for all below."""
    seen = set()
    for ax, (image, mask) in zip(axes, pairs, strict=False):
        show_overlay(image, mask, labels, ax, legend=False)
        seen |= set(mask.unique().tolist())
    for ax in axes[len(pairs) :]:
        ax.remove()
    keys = [_key(labels, k) for k in sorted(seen)]
    axes[0].figure.legend(handles=keys, loc="outside lower left", ncols=8, **_LEGEND)


_LEGEND = {
    "frameon": False,
    "fontsize": 8,
    "handlelength": 1,
    "handleheight": 1,
    "handletextpad": 0.5,
    "columnspacing": 1.2,
}


def _canvas(ax: Axes | None, title: str) -> Axes:
    ax = take_or_make(ax)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(
        visible=True, color="#d0d0d0", linewidth=0.5
    )  # a hairline, so that white does not run into the page
    write_title(ax, title)
    return ax


def _rgb(color: tuple[int, int, int]) -> tuple[float, ...]:
    return tuple(channel / 255 for channel in color)


def _key(labels: LabelSet, k: int) -> Patch:
    """Return the swatch of a label for the legend."""
    if k == IGNORE:
        return Patch(facecolor=_rgb(INK), edgecolor="#777777", hatch="//////", linewidth=0.6, label="ignored")
    return Patch(facecolor=_rgb(labels.colors[k]), edgecolor=DARK, linewidth=0.6, label=labels.names[k])


def _legend(ax: Axes, keys: list[Patch]) -> None:
    if keys:
        ax.legend(
            handles=keys, loc="upper left", bbox_to_anchor=(0, -0.01), borderaxespad=0, borderpad=0.3,
            ncols=4 if len(keys) != 5 else 3, **_LEGEND,
        )  # fmt: skip


def _shares(mask: Tensor, labels: LabelSet) -> str:
    """Return the share of every label in words, the largest first: 'sky 31 %, road 28 %, car 4 %'."""
    values, counts = mask.unique(return_counts=True)
    parts = []
    for i in counts.argsort(descending=True, stable=True).tolist():
        name = "ignored" if values[i] == IGNORE else labels.names[int(values[i])]
        percent = 100 * int(counts[i]) / mask.numel()
        parts.append(f"{name} {percent:.0f} %" if percent >= 1 else f"{name} under 1 %")
    return ", ".join(parts)


def _edges(numbers: Tensor) -> np.ndarray:
    """Return the pixel sides between different numbers as line segments (E, 2, 2) of (x, y)."""
    across = (numbers[:, 1:] != numbers[:, :-1]).nonzero().numpy()  # (E, 2) of (y, x): a side on the right of a pixel
    down = (numbers[1:] != numbers[:-1]).nonzero().numpy()  # a side below a pixel
    upright = np.stack([across[:, ::-1] + [0.5, -0.5], across[:, ::-1] + [0.5, 0.5]], axis=1)
    level = np.stack([down[:, ::-1] + [-0.5, 0.5], down[:, ::-1] + [0.5, 0.5]], axis=1)
    return np.concatenate([upright, level])


def _outline(numbers: Tensor, colors: dict[int, tuple[float, ...]], ax: Axes) -> None:
    """Draw the outline of every number in its color on a dark rim; the small lie over the large."""
    order = sorted(colors, key=lambda n: -int((numbers == n).sum()))
    sides = {n: _edges((numbers == n).long()) for n in order}
    if order:
        rims = np.concatenate(list(sides.values()))
        ax.add_collection(LineCollection(rims, colors=DARK, linewidths=2.2, capstyle="round"))
    for n in order:
        ax.add_collection(LineCollection(sides[n], colors=[colors[n]], linewidths=1.2, capstyle="round"))


def _hatch(where: Tensor, ax: Axes) -> None:
    """Draw light gray with diagonal strokes on some pixels, and nothing elsewhere."""
    if not where.any():
        return
    height, width = where.shape
    fine = -(-480 // max(height, width))  # strokes are drawn on a finer grid than the pixels
    y, x = np.mgrid[: height * fine, : width * fine]
    stroke = (x + y) % 12 < 2
    color = np.where(stroke[..., None], 0.45, np.array(INK) / 255)  # (fine H, fine W, 3)
    seen = np.kron(where.numpy(), np.ones((fine, fine)))
    box = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.imshow(np.dstack([color, seen]), extent=box, interpolation="nearest")
