"""Pictures of tensors. Every `show_*` draws on one Axes and returns it; none of them saves or shows."""

from seglearn.plots.class_maps import show_class_map
from seglearn.plots.crossings import show_crossings
from seglearn.plots.curves import show_confusion, show_history
from seglearn.plots.grids import show_values
from seglearn.plots.images import (
    contact_sheet,
    pair_sheet,
    show_errors,
    show_image,
    show_instances,
    show_mask,
    show_overlay,
)
from seglearn.plots.painting import show_painting
from seglearn.plots.panels import describe, panels, picture
from seglearn.plots.pulls import show_pulls
from seglearn.plots.receptive import frame_squares, show_cone, show_heat
from seglearn.plots.reliability import show_reliability
from seglearn.plots.scores import show_scores, show_sweep
from seglearn.plots.seeds import show_seeds
from seglearn.plots.surfaces import show_surface

__all__ = [
    "contact_sheet",
    "describe",
    "frame_squares",
    "pair_sheet",
    "panels",
    "picture",
    "show_class_map",
    "show_cone",
    "show_confusion",
    "show_crossings",
    "show_errors",
    "show_heat",
    "show_history",
    "show_image",
    "show_instances",
    "show_mask",
    "show_overlay",
    "show_painting",
    "show_pulls",
    "show_reliability",
    "show_scores",
    "show_seeds",
    "show_surface",
    "show_sweep",
    "show_values",
]
