"""Segmentation without learning: a threshold for the whole image, a region grown from a point, and light made even.

Connected components, distances, watershed and morphology come from scikit-image: `skimage.measure.label` and others.
"""

from seglearn.regions.growing import region_growing
from seglearn.regions.light import correct_illumination
from seglearn.regions.thresholds import best_threshold, otsu_threshold

__all__ = ["best_threshold", "correct_illumination", "otsu_threshold", "region_growing"]
