"""Pictures of tensors. Every `show_*` draws on one Axes and returns it; none of them saves or shows."""

from seglearn.plots.curves import show_confusion, show_history
from seglearn.plots.grids import show_values
from seglearn.plots.images import contact_sheet, show_errors, show_image, show_instances, show_mask, show_overlay
from seglearn.plots.panels import describe, panels, picture

__all__ = [
    "contact_sheet",
    "describe",
    "panels",
    "picture",
    "show_confusion",
    "show_errors",
    "show_history",
    "show_image",
    "show_instances",
    "show_mask",
    "show_overlay",
    "show_values",
]
