"""Exercises of chapter 03, convolution, in the order in which the learner meets them."""

from seglearn.exercises.ch03.columns import IM2COL
from seglearn.exercises.ch03.explored import ALIGNED, MOVE_LEFT
from seglearn.exercises.ch03.layers import CONV2D, DENSE
from seglearn.exercises.ch03.own import KERNEL, OWN_IMAGE
from seglearn.exercises.ch03.recall import RECALL_ACCURACY, RECALL_LAYOUT, RECALL_VOID
from seglearn.exercises.ch03.shifts import BREAK
from seglearn.exercises.ch03.sizes import OUTPUT_SIZE, PARAMETERS
from seglearn.exercises.ch03.steps import ADD_SHIFTS, FLIP

EXERCISES = [
    RECALL_LAYOUT,
    RECALL_VOID,
    RECALL_ACCURACY,
    MOVE_LEFT,
    ADD_SHIFTS,
    FLIP,
    KERNEL,
    OUTPUT_SIZE,
    ALIGNED,
    PARAMETERS,
    DENSE,
    CONV2D,
    IM2COL,
    BREAK,
    OWN_IMAGE,
]
