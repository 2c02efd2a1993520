"""Pictures that change while the model learns. Each is handed its drawing and knows nothing of colors or legends."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import DisplayHandle, display
from torch import Tensor

from seglearn.training.evaluation import predict
from seglearn.training.history import History
from seglearn.training.loop import Moment


class LivePicture:
    """A callback for `fit` that predicts the same images before and after every epoch and redraws them in place.

        axes = panels(3, live=True)
        LivePicture(axes, images, lambda ax, image, pred: show_overlay(image, pred, STREETS, ax))

    Args:
        axes: one matplotlib Axes per image, all of one figure.
        images: (N, C, H, W), N = number of axes.
        draw: `draw(ax, image, pred)` with an image (C, H, W) and its prediction (H, W).
        every: redraw after every so many epochs; the last one is always drawn.
    """

    def __init__(
        self, axes: Sequence[Any], images: Tensor, draw: Callable[[Any, Tensor, Tensor], Any], *, every: int = 1
    ):
        if len(axes) != len(images):
            raise ValueError(f"LivePicture: one image per axes is needed, got {len(axes)} axes, {len(images)} images.")
        self.axes, self.images, self.draw, self.every = axes, images, draw, every
        self.figure = axes[0].figure
        self.screen: DisplayHandle | None = None

    def __call__(self, moment: Moment) -> None:
        if not _due(moment, self.every):
            return
        for ax, image, pred in zip(self.axes, self.images, predict(moment.model, self.images), strict=True):
            ax.clear()
            self.draw(ax, image, pred)
        self.figure.suptitle(self._title(moment))
        self.screen = _shown(self.figure, self.screen, moment)

    @staticmethod
    def _title(moment: Moment) -> str:
        if not moment.history.epoch:
            return "Before learning"
        score = moment.history.score[-1]
        shown = "" if math.isnan(score) else f": score {score:.2f}"
        return f"After epoch {len(moment.history)} of {moment.epochs}{shown}"


class LiveCurves:
    """A callback for `fit` that redraws the diary in place after every epoch.

        LiveCurves(panels(1, live=True)[0], lambda ax, history: show_history(history, ax))

    Args:
        ax: a matplotlib Axes. What `draw` adds to its figure (a second scale) is taken away before the next drawing.
        draw: `draw(ax, history)`.
        every: redraw after every so many epochs; the last one is always drawn.
    """

    def __init__(self, ax: Any, draw: Callable[[Any, History], Any], *, every: int = 1):
        self.ax, self.draw, self.every = ax, draw, every
        self.figure = ax.figure
        self.others = list(self.figure.axes)  # not ours to remove
        self.screen: DisplayHandle | None = None

    def __call__(self, moment: Moment) -> None:
        if not _due(moment, self.every):
            return
        for added in [ax for ax in self.figure.axes if ax not in self.others]:
            added.remove()
        self.ax.clear()
        self.draw(self.ax, moment.history)
        self.screen = _shown(self.figure, self.screen, moment)


def _due(moment: Moment, every: int) -> bool:
    epoch = len(moment.history)
    return epoch % every == 0 or epoch == moment.epochs or moment.history.stopped_early


def _shown(figure: Any, screen: DisplayHandle | None, moment: Moment) -> DisplayHandle:
    """Return where the figure is displayed: in place, or on a new screen for a new training."""
    if screen is None or len(moment.history) == 0:
        return display(figure, display_id=True)
    screen.update(figure)
    return screen
