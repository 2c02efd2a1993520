"""Exercises of chapter 05, from classes to pixels, in the order in which the learner meets them."""

from seglearn.exercises.ch05.counting import FLATTEN, POOLINGS, WEIGHTS
from seglearn.exercises.ch05.enlarging import TO_PIXELS
from seglearn.exercises.ch05.explored import SEE_DIGIT
from seglearn.exercises.ch05.maps import BREAK_MAX, CLASS_MAP
from seglearn.exercises.ch05.network import NETWORK
from seglearn.exercises.ch05.own import OWN_DIGITS
from seglearn.exercises.ch05.recall import RECALL_ANSWERS, RECALL_ODD, RECALL_ONE_BY_ONE
from seglearn.exercises.ch05.rows import AVERAGE, ROWS
from seglearn.exercises.ch05.shuffled import SHUFFLED

EXERCISES = [
    RECALL_ODD,
    RECALL_ONE_BY_ONE,
    RECALL_ANSWERS,
    WEIGHTS,
    AVERAGE,
    NETWORK,
    SHUFFLED,
    ROWS,
    CLASS_MAP,
    BREAK_MAX,
    FLATTEN,
    TO_PIXELS,
    POOLINGS,
    SEE_DIGIT,
    OWN_DIGITS,
]
