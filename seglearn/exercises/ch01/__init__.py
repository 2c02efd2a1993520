"""Exercises of chapter 01, images and masks, in the order in which the learner meets them."""

from seglearn.exercises.ch01.files import FROM_PALETTE
from seglearn.exercises.ch01.images import FLAT_PLACE, PROBE, TO_FLOAT
from seglearn.exercises.ch01.masks import ONE_HOT, PLANES, VOID
from seglearn.exercises.ch01.own import OWN_IMAGE
from seglearn.exercises.ch01.resizing import BREAK
from seglearn.exercises.ch01.shares import SHARE
from seglearn.exercises.ch01.tasks import BOXES, WHICH_TASK

EXERCISES = [
    FLAT_PLACE,
    PROBE,
    TO_FLOAT,
    PLANES,
    ONE_HOT,
    VOID,
    SHARE,
    FROM_PALETTE,
    WHICH_TASK,
    BOXES,
    BREAK,
    OWN_IMAGE,
]
