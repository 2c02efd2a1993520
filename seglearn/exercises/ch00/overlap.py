"""Chapter 00: the IoU of one class, with the ways in which it is miscounted."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.labels import IGNORE
from seglearn.metrics import confusion_matrix, iou


def pairs(seed: int):
    """Smallest first: one pixel, a row with void, then rectangles where hits, misses and false alarms all differ."""
    if seed == 0:
        return given(torch.tensor([[1, 1, 1, 0, 0]]), torch.tensor([[1, 0, 0, 0, 0]]), 1, note="one hit in five pixels")
    if seed == 1:
        return given(torch.tensor([[1, 0, 0, 0]]), torch.tensor([[1, 1, 1, 0]]), 1, note="more misses than hits")
    if seed == 2:
        return given(torch.tensor([[2, 2, 0]]), torch.tensor([[2, 255, 0]]), 2, note="a void pixel under the guess")
    if seed == 3:
        return given(torch.tensor([[0, 1, 0]]), torch.tensor([[0, 1, 255]]), 2, note="the class is in neither map")
    if seed == 4:
        return given(torch.tensor([[0, 0]]), torch.tensor([[0, 2]]), 2, note="the class is never predicted")
    chance = torch.Generator().manual_seed(seed)
    height, width = [(3, 4), (5, 2), (4, 7)][seed - 5]
    pred, mask = torch.randint(3, (2, height, width), generator=chance)
    return given(pred, mask.masked_fill(torch.rand(mask.shape, generator=chance) < 0.2, IGNORE), 1)


def one_iou(pred: Tensor, mask: Tensor, label: int) -> float:
    classes = 3
    return iou(confusion_matrix(pred[None], mask[None], classes))[label].item()


def _counts(pred: Tensor, mask: Tensor, label: int) -> tuple[int, int, int]:
    """Return hits, misses and false alarms among the pixels that are not void."""
    seen = mask != IGNORE
    guessed, true = (pred == label) & seen, (mask == label) & seen
    return (guessed & true).sum().item(), (true & ~guessed).sum().item(), (guessed & ~true).sum().item()


def _or_nan(above: float, below: float) -> float:
    return above / below if below else math.nan


def _recall(pred, mask, label):
    hits, misses, _ = _counts(pred, mask, label)
    return _or_nan(hits, hits + misses)


def _precision(pred, mask, label):
    hits, _, alarms = _counts(pred, mask, label)
    return _or_nan(hits, hits + alarms)


def _dice(pred, mask, label):
    hits, misses, alarms = _counts(pred, mask, label)
    return _or_nan(2 * hits, 2 * hits + misses + alarms)


def _hits_twice_in_the_union(pred, mask, label):
    hits, misses, alarms = _counts(pred, mask, label)
    return _or_nan(hits, 2 * hits + misses + alarms)


def _share_of_the_picture(pred, mask, label):
    hits, misses, alarms = _counts(pred, mask, label)
    return hits / pred.numel() if hits + misses + alarms else math.nan


def _accuracy_of_one_class(pred, mask, label):
    _, misses, alarms = _counts(pred, mask, label)
    return 1 - (misses + alarms) / pred.numel()


def _void_is_a_false_alarm(pred, mask, label):
    both = ((pred == label) & (mask == label)).sum().item()
    return _or_nan(both, ((pred == label) | (mask == label)).sum().item())


def _absent_is(value: float):
    def answer(pred, mask, label):
        found = one_iou(pred, mask, label)
        return value if math.isnan(found) else found

    return answer


def _percent(pred, mask, label):
    return 100 * one_iou(pred, mask, label)


def _by_counting(pred, mask, label):
    hits = union = 0
    for guess, truth in zip(pred.flatten().tolist(), mask.flatten().tolist(), strict=True):
        if truth != IGNORE:
            hits += guess == label and truth == label
            union += guess == label or truth == label
    return _or_nan(hits, union)


def _by_sizes(pred, mask, label):
    hits, misses, alarms = _counts(pred, mask, label)
    return _or_nan(hits, hits + misses + alarms)


ONE_IOU = FunctionExercise(
    name="00.one_iou",
    title="The IoU of one class",
    minutes=6,
    difficulty=2,
    objective="compute the IoU of one class, with void pixels and an absent class",
    cases=pairs,
    seeds=8,
    oracle=one_iou,
    tolerance=1e-6,
    hints=(
        "Which pixels are in the intersection, which in the union, and which in neither because nobody knows them?",
        "1. drop the pixels whose mask is 255 2. two boolean maps: guessed, true 3. count `&` and `|` 4. nothing to divide by: nan",
        "(guessed & true & seen).sum().item() / ((guessed | true) & seen).sum().item(), or math.nan if the latter is 0",
    ),
    wrongs=(
        Wrong("recall", _recall, "You divide by the true pixels only. That is recall: it forgives every false alarm."),
        Wrong(
            "precision", _precision, "You divide by the guessed pixels only. That is precision: it forgives every miss."
        ),
        Wrong(
            "dice",
            _dice,
            "Twice the hits over the sum of both sizes is the Dice score: a cousin, always at least as large.",
        ),
        Wrong(
            "hits counted twice",
            _hits_twice_in_the_union,
            "You divide by the sum of both sizes, which counts the shared pixels twice: a perfect guess would get 0.5.",
        ),
        Wrong(
            "share of the picture",
            _share_of_the_picture,
            "You divide by all pixels of the picture. Divide by those that the guess or the truth has.",
        ),
        Wrong(
            "accuracy",
            _accuracy_of_one_class,
            "You count the pixels where both say 'not this class' as right. That is accuracy, and it flatters.",
        ),
        Wrong(
            "void blamed",
            _void_is_a_false_alarm,
            "A guess on a void pixel (255) counts as a false alarm with you. Leave void pixels out of the union as well.",
        ),
        Wrong(
            "absent is zero",
            _absent_is(0.0),
            "The class is in neither map, and you give it 0. That punishes the model for a class that was not there: return math.nan.",
        ),
        Wrong(
            "absent is one",
            _absent_is(1.0),
            "The class is in neither map, and you give it 1. That rewards the model for nothing: return math.nan.",
        ),
        Wrong("percent", _percent, "Your result is in percent. A ratio stays between 0 and 1."),
    ),
    rights=(_by_counting, _by_sizes),
    remark="hits / (hits + misses + false alarms), and nobody is asked about void",
)
