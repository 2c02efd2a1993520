"""Explorables: pictures that answer a hand, each with a goal and with facts that an exercise can judge."""

from seglearn.widgets.arithmetic import ArithmeticExplorer
from seglearn.widgets.bug_explorer import BugExplorer
from seglearn.widgets.controls import Control, Goal, Grid
from seglearn.widgets.convolution_explorer import ConvolutionExplorer
from seglearn.widgets.explorable import Explorable
from seglearn.widgets.ladder_explorer import LadderExplorer
from seglearn.widgets.loss_explorer import LossExplorer
from seglearn.widgets.overlap import OverlapExplorer
from seglearn.widgets.paint import PaintExplorer
from seglearn.widgets.pixel_probe import PixelProbe
from seglearn.widgets.pooling_explorer import PoolingExplorer
from seglearn.widgets.receptive_field_explorer import ReceptiveFieldExplorer
from seglearn.widgets.skip_explorer import SkipExplorer
from seglearn.widgets.transpose_explorer import TransposeExplorer

__all__ = [
    "ArithmeticExplorer",
    "BugExplorer",
    "Control",
    "ConvolutionExplorer",
    "Explorable",
    "Goal",
    "Grid",
    "LadderExplorer",
    "LossExplorer",
    "OverlapExplorer",
    "PaintExplorer",
    "PixelProbe",
    "PoolingExplorer",
    "ReceptiveFieldExplorer",
    "SkipExplorer",
    "TransposeExplorer",
]
