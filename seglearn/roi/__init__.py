"""Regions of interest: a box of any size becomes a small grid of features; boxes are compared and thinned out.

A region of interest is a box that something else proposed. It has nothing to do with a region that grew from a seed
(`seglearn.regions`): nobody asked yet which of its pixels belong to the object.
"""

from seglearn.roi.align import roi_align
from seglearn.roi.boxes import box_iou, nms
from seglearn.roi.pool import roi_pool

__all__ = ["box_iou", "nms", "roi_align", "roi_pool"]
