"""Exercises of chapter 01, images and masks, in the order in which the learner meets them."""

from seglearn.exercises.ch01.files import FILES
from seglearn.exercises.ch01.images import IMAGES
from seglearn.exercises.ch01.masks import MASKS
from seglearn.exercises.ch01.tasks import TASKS

EXERCISES = [*IMAGES, *MASKS, *FILES, *TASKS]
