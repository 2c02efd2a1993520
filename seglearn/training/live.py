"""A picture that improves while the model learns."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import DisplayHandle, display
from torch import Tensor

from seglearn.training.evaluation import predict
from seglearn.training.loop import Moment


class LivePicture:
    """A callback for `fit` that predicts the same images before and after every epoch and redraws them in place.

    It is handed the drawing, so it knows nothing of colors or legends:

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
        epoch = len(moment.history)
        if epoch % self.every and epoch != moment.epochs:
            return
        for ax, image, pred in zip(self.axes, self.images, predict(moment.model, self.images), strict=True):
            ax.clear()
            self.draw(ax, image, pred)
        self.figure.suptitle(self._title(moment))
        if self.screen is None or epoch == 0:  # a new training gets a new picture
            self.screen = display(self.figure, display_id=True)
        else:
            self.screen.update(self.figure)

    @staticmethod
    def _title(moment: Moment) -> str:
        if not moment.history.epoch:
            return "Before learning"
        score = moment.history.score[-1]
        shown = "" if math.isnan(score) else f": score {score:.2f}"
        return f"After epoch {len(moment.history)} of {moment.epochs}{shown}"
