"""Exercises of chapter 09, training well, in the order in which the learner meets them."""

from seglearn.exercises.ch09.alarms import SILENT, STARTS_WELL
from seglearn.exercises.ch09.blind import BLIND
from seglearn.exercises.ch09.own import OWN
from seglearn.exercises.ch09.pairs import CROP, FLIP
from seglearn.exercises.ch09.rates import RATES, SCHEDULE
from seglearn.exercises.ch09.recall import RECALL_SIZE, RECALL_SKIPS, RECALL_VOTES
from seglearn.exercises.ch09.steps import ACCUMULATE, EMA
from seglearn.exercises.ch09.stopping import BELIEVE, PATIENCE

EXERCISES = [
    RECALL_VOTES,
    RECALL_SKIPS,
    RECALL_SIZE,
    STARTS_WELL,
    SILENT,
    RATES,
    SCHEDULE,
    FLIP,
    CROP,
    BLIND,
    ACCUMULATE,
    EMA,
    PATIENCE,
    BELIEVE,
    OWN,
]
