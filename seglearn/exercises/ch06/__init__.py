"""Exercises of chapter 06, encoder and decoder, in the order in which the learner meets them."""

from seglearn.exercises.ch06.even import BREAK_EVEN, COUNTS, EVEN_OUT
from seglearn.exercises.ch06.explored import ALIVE, CAN_GO, FLAT
from seglearn.exercises.ch06.levels import JOIN, THERE_AND_BACK
from seglearn.exercises.ch06.network import UNET
from seglearn.exercises.ch06.own import OWN_STRIDE
from seglearn.exercises.ch06.painting import PAINT, PAINT_ROW
from seglearn.exercises.ch06.places import PLACES
from seglearn.exercises.ch06.recall import RECALL_GRID, RECALL_IOU, RECALL_STEP

EXERCISES = [
    RECALL_GRID,
    RECALL_STEP,
    RECALL_IOU,
    PLACES,
    PAINT_ROW,
    PAINT,
    COUNTS,
    BREAK_EVEN,
    FLAT,
    EVEN_OUT,
    THERE_AND_BACK,
    JOIN,
    ALIVE,
    UNET,
    CAN_GO,
    OWN_STRIDE,
]
