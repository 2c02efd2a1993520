"""Figures with a voice: a grid of Axes whose picture carries a sentence for readers who cannot see it."""

import textwrap
from collections.abc import Sequence
from functools import partial
from io import BytesIO

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

DARK = "#222222"  # text and rims
QUIET = "#8a8a8a"  # axis lines, ticks and notes
STYLE = {  # applied while a figure is made, never to the reader's own figures
    "font.size": 9,
    "text.color": DARK,
    "axes.labelcolor": DARK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlepad": 5,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": DARK,
    "ytick.labelcolor": DARK,
    "figure.facecolor": "white",
    "figure.dpi": 100,
}


class SpokenFigure(Figure):
    """A figure that Jupyter stores together with its text alternative."""

    @property
    def alt(self) -> str:
        """What the figure shows, in words: for each Axes its title and the sentence left by `describe`."""
        spoken = [self.get_suptitle()]
        for ax in self.axes:
            title = " ".join((ax.get_title(loc="left") or ax.get_title()).split())
            said = getattr(ax, "spoken", "")
            spoken.append(f"{title}: {said}" if title and said else title or said)
        return " | ".join(part for part in spoken if part) or "A figure without words."

    def _repr_mimebundle_(self, include=None, exclude=None):
        # IPython adds the PNG itself and keeps the text and the metadata given here.
        return {"text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def panels(
    columns: int,
    rows: int = 1,
    *,
    titles: Sequence[str] | None = None,
    width: float = 3.2,
    height: float | None = None,
    live: bool = False,
) -> list[Axes]:
    """Return the Axes of a fresh grid, left to right, top to bottom. `width` and `height` of one panel are in inches.

    A `live` figure is unknown to pyplot: it shows only where it is displayed, and may be displayed again and again.

    Raises:
        ValueError: the number of titles is not the number of panels.
    """
    if titles is not None and len(titles) != columns * rows:
        raise ValueError(f"panels: titles must have one entry per panel ({columns * rows}), got {len(titles)}.")
    size = (width * columns, (height or 0.95 * width) * rows)
    with plt.rc_context(STYLE):
        make = SpokenFigure if live else partial(plt.figure, FigureClass=SpokenFigure)
        axes = list(make(figsize=size, layout="compressed").subplots(rows, columns, squeeze=False).flat)
    for ax, title in zip(axes, titles or (), strict=bool(titles)):
        write_title(ax, title)
    return axes


def take_or_make(ax: Axes | None, *, width: float = 4.2, height: float | None = None) -> Axes:
    """Return the Axes that was handed in, or the only one of a new figure."""
    return panels(1, width=width, height=height)[0] if ax is None else ax


def write_title(ax: Axes, title: str) -> None:
    """Write a title at the left, broken into lines that fit the panel. No title leaves the old one."""
    if title:
        grid = ax.get_subplotspec()
        share = 1.0 if grid is None else 1 / grid.get_gridspec().ncols
        letters = max(12, int(12.5 * share * ax.figure.get_figwidth()))  # about 12 letters to an inch at 10 points
        ax.set_title(textwrap.fill(title, letters), loc="left", fontsize=10, color=DARK)


def describe(ax: Axes, sentence: str) -> None:
    """Leave a sentence on an Axes for the text alternative of its figure."""
    ax.spoken = sentence


def picture(figure: Figure) -> bytes:
    """Return a figure as PNG bytes, trimmed to what is drawn, and close it."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", bbox_inches="tight", pad_inches=0.08)
    plt.close(figure)
    return buffer.getvalue()
