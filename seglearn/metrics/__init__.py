"""Numbers to report. The scores of classes flow from one confusion matrix; the others say what a matrix cannot see.

Counts are int64 and ratios float64: float32 stops counting at 2^24 = 16.8 million pixels. Matrices and records add,
so that a data set is scored once, at its end. What is in neither truth nor prediction is NaN and does not vote.
"""

from seglearn.metrics.boundaries import boundary, boundary_iou
from seglearn.metrics.calibration import Reliability, calibration_error, reliability
from seglearn.metrics.confusion import confusion_matrix, label_map
from seglearn.metrics.curves import precision_recall_curve
from seglearn.metrics.detection import average_precision, matches
from seglearn.metrics.panoptic import PanopticQuality, panoptic_quality
from seglearn.metrics.scores import dice, f1, iou, mean_iou, pixel_accuracy, precision, recall

__all__ = [
    "PanopticQuality",
    "Reliability",
    "average_precision",
    "boundary",
    "boundary_iou",
    "calibration_error",
    "confusion_matrix",
    "dice",
    "f1",
    "iou",
    "label_map",
    "matches",
    "mean_iou",
    "panoptic_quality",
    "pixel_accuracy",
    "precision",
    "precision_recall_curve",
    "recall",
    "reliability",
]
