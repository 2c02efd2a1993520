"""Explorables: pictures that answer a hand, each with a goal and with facts that an exercise can judge."""

from seglearn.widgets.explorable import Control, Explorable, Goal
from seglearn.widgets.overlap import OverlapExplorer
from seglearn.widgets.pixel_probe import PixelProbe

__all__ = ["Control", "Explorable", "Goal", "OverlapExplorer", "PixelProbe"]
