"""Exercises of chapter 08, IoU and friends, in the order in which the learner meets them."""

from seglearn.exercises.ch08.averages import BREAK
from seglearn.exercises.ch08.confidence import ECE
from seglearn.exercises.ch08.counting import COUNT, SCORES
from seglearn.exercises.ch08.means import MEAN
from seglearn.exercises.ch08.outlines import BAND, PAINT
from seglearn.exercises.ch08.own import OWN
from seglearn.exercises.ch08.recall import NINES, STEPS, WEIGHTS
from seglearn.exercises.ch08.segments import PQ

EXERCISES = [
    WEIGHTS,
    STEPS,
    NINES,
    COUNT,
    SCORES,
    MEAN,
    BREAK,
    BAND,
    PAINT,
    PQ,
    ECE,
    OWN,
]
