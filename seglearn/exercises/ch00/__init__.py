"""Exercises of chapter 00: start here."""

from seglearn.exercises.ch00.flattery import FLATTERY, LAZY
from seglearn.exercises.ch00.overlap import ONE_IOU
from seglearn.exercises.ch00.scores import FIRST_LOSS, OWN_PICTURE, SCORES

EXERCISES = [SCORES, FLATTERY, ONE_IOU, LAZY, FIRST_LOSS, OWN_PICTURE]
