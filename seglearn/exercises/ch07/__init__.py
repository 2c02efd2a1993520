"""Exercises of chapter 07, losses, in the order in which the learner meets them."""

from seglearn.exercises.ch07.dice import DICE
from seglearn.exercises.ch07.faults import BREAK, DIAGNOSIS, FLOOR
from seglearn.exercises.ch07.focal import FOCAL
from seglearn.exercises.ch07.own import OWN
from seglearn.exercises.ch07.recall import RECALL_FIELD, RECALL_ONE_HOT, RECALL_SIZE
from seglearn.exercises.ch07.soft_counts import SOFT_COUNTS
from seglearn.exercises.ch07.surprise import CROSS_ENTROPY, PULL
from seglearn.exercises.ch07.tug import TUG_OF_WAR
from seglearn.exercises.ch07.tversky import TVERSKY
from seglearn.exercises.ch07.weights import WEIGHTS

EXERCISES = [
    RECALL_FIELD,
    RECALL_SIZE,
    RECALL_ONE_HOT,
    PULL,
    BREAK,
    CROSS_ENTROPY,
    WEIGHTS,
    FOCAL,
    SOFT_COUNTS,
    DICE,
    TVERSKY,
    TUG_OF_WAR,
    FLOOR,
    DIAGNOSIS,
    OWN,
]
