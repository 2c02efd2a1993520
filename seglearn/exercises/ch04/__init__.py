"""Exercises of chapter 04, pooling and receptive fields, in the order in which the learner meets them."""

from seglearn.exercises.ch04.average import AVG_POOL
from seglearn.exercises.ch04.by_hand import OVERLAP, SEE_CAR
from seglearn.exercises.ch04.design import DESIGN
from seglearn.exercises.ch04.fields import BY_HEAD, FIELD
from seglearn.exercises.ch04.largest import MAX_FOLD, MAX_POOL
from seglearn.exercises.ch04.own import OWN_FIELD
from seglearn.exercises.ch04.recall import RECALL_LABELS, RECALL_RARE, RECALL_REACH
from seglearn.exercises.ch04.unpooling import BREAK_POLE, UNPOOL

EXERCISES = [
    RECALL_REACH,
    RECALL_LABELS,
    RECALL_RARE,
    MAX_FOLD,
    MAX_POOL,
    AVG_POOL,
    UNPOOL,
    OVERLAP,
    BREAK_POLE,
    BY_HEAD,
    FIELD,
    SEE_CAR,
    DESIGN,
    OWN_FIELD,
]
