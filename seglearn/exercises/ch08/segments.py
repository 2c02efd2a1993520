"""Panoptic quality of one class in one image: matching, void, and two factors."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.labels import IGNORE
from seglearn.metrics import panoptic_quality

TRUTH = torch.tensor([  # the drawn example of the chapter: three cars, and a corner where nobody knows
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255],
    [0, 1, 1, 1, 1, 0, 0, 2, 2, 0, 0, 255, 255],
    [0, 1, 1, 1, 1, 0, 0, 2, 2, 0, 0, 255, 255],
    [0, 1, 1, 1, 1, 0, 0, 3, 3, 3, 3, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
])  # fmt: skip
GUESS = torch.tensor([
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 4, 4],
    [0, 0, 1, 1, 1, 1, 0, 2, 2, 2, 0, 4, 4],
    [0, 0, 1, 1, 1, 1, 0, 3, 3, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
])  # fmt: skip


def _pairs(seed: int):
    """Smallest first; then other numbers, one half, void under a match, void alone, nothing, parts on void."""
    rows = [
        ([[1, 1, 0]], [[1, 1, 1]], "two of three pixels"),
        ([[5, 5, 0, 9]], [[2, 2, 0, 3]], "the numbers of truth and guess have nothing to do with each other"),
        ([[1, 1, 0, 2]], [[1, 1, 1, 1]], "an IoU of exactly one half matches nothing"),
        ([[1, 1, 1, 1, 0]], [[1, 1, 255, 255, 0]], "half of the guess lies on void (255)"),
        ([[1, 1, 2, 2, 2]], [[1, 1, 255, 255, 0]], "most of segment 2 lies on void"),
        ([[0, 0, 3]], [[255, 255, 0]], "a false alarm, and nothing to find"),
        ([[1, 1, 0, 2]], [[3, 3, 0, 0]], "one found, one invented"),
        ([[0, 0, 0]], [[0, 255, 0]], "no segment at all: NaN"),
        ([[1, 1, 2, 2, 2]], [[1, 1, 255, 0, 0]], "a third of segment 2 lies on void: no excuse"),
        ([[1, 1, 2, 2]], [[1, 1, 255, 0]], "exactly half of segment 2 lies on void: no excuse"),
    ]
    if seed < len(rows):
        pred, truth, note = rows[seed]
        return given(torch.tensor(pred), torch.tensor(truth), note=note)
    if seed == len(rows):
        return given(GUESS, TRUTH, note="the drawn example of the chapter")
    return given(GUESS.flip(1) * 7, TRUTH.roll(1, 1), note="another arrangement")


def quality(pred: Tensor, truth: Tensor) -> float:
    known = truth.where(truth != IGNORE, -1) + 1  # 0 = void, 1 = ground, from 2 on cars
    guess = pred + 1
    classes = [{n: int(n > 1) for n in m.unique().tolist() if n} for m in (guess, known)]
    return panoptic_quality(guess, known, *classes, classes=2).pq[1].item()


def _numbers(segments: Tensor) -> list[int]:
    return [n for n in segments.unique().tolist() if n not in (0, IGNORE)]


def _table(pred: Tensor, truth: Tensor, *, void_counts: bool = False) -> dict:
    """Return the IoU of every pair of segments that overlap."""
    seen = truth != IGNORE
    result = {}
    for p in _numbers(pred):
        mine = (pred == p) if void_counts else (pred == p) & seen
        for t in _numbers(truth):
            both = int((mine & (truth == t)).sum())
            if both:
                result[p, t] = both / (int((mine | (truth == t)).sum()))
    return result


def _counted(
    pred: Tensor,
    truth: Tensor,
    *,
    least: float = 0.5,
    equal: bool = False,
    void_counts: bool = False,
    void_share: float = 0.5,
    final=lambda total, hits, extra, missed: total / (hits + extra / 2 + missed / 2),
) -> float:
    pairs = _table(pred, truth, void_counts=void_counts)
    hits = {pair: value for pair, value in pairs.items() if value > least or (equal and value == least)}
    found, seen = {p for p, _ in hits}, {t for _, t in hits}
    alone = [p for p in _numbers(pred) if p not in found]
    on_void = {p: (truth[pred == p] == IGNORE).double().mean().item() for p in alone}
    alone = [p for p in alone if on_void[p] <= void_share]  # the others are excused
    missed = len(_numbers(truth)) - len(seen)
    if not (hits or alone or missed):
        return math.nan
    return final(sum(hits.values()), len(hits), len(alone), missed)


def _variant(**options):
    return lambda pred, truth: _counted(pred, truth, **options)


def _same_number(pred: Tensor, truth: Tensor) -> float:
    pairs = {pair: v for pair, v in _table(pred, truth).items() if pair[0] == pair[1] and v > 0.5}
    extra, missed = len(_numbers(pred)) - len(pairs), len(_numbers(truth)) - len(pairs)
    size = len(pairs) + extra / 2 + missed / 2
    return sum(pairs.values()) / size if size else math.nan


def _same_number_on_known(pred: Tensor, truth: Tensor) -> float:
    return _same_number(pred.where(truth != IGNORE, 0), truth)


def _best_iou(pred: Tensor, truth: Tensor) -> float:
    pairs = _table(pred, truth)
    best = [max([v for (_, t), v in pairs.items() if t == n], default=0.0) for n in _numbers(truth)]
    return sum(best) / len(best) if best else math.nan


def _pixels(pred: Tensor, truth: Tensor) -> float:
    seen = truth != IGNORE
    guessed, true = (pred > 0) & seen, (truth > 0) & seen
    union = (guessed | true).sum().item()
    return (guessed & true).sum().item() / union if union else math.nan


def _in_two_factors(pred: Tensor, truth: Tensor) -> float:
    def product(total, hits, extra, missed):
        return (total / hits if hits else 0.0) * hits / (hits + (extra + missed) / 2)

    return _counted(pred, truth, final=product)


PQ = FunctionExercise(
    name="08.pq",
    title="Panoptic quality",
    minutes=15,
    difficulty=3,
    objective="derive panoptic quality from two maps of numbered segments, with void",
    cases=_pairs,
    seeds=12,
    oracle=quality,
    tolerance=1e-6,
    hints=(
        "When two segments share more than half of their union, can either of them have a second partner?",
        "1. drop void pixels  2. IoU of each pair  3. above 0.5: a hit  4. count the lonely on both sides, but excuse "
        "a guess that lies mostly on void  5. sum / (hits + half of the lonely); nothing at all: nan",
        "iou_sum / (hits + (false_alarms + misses) / 2)",
    ),
    rights=(_variant(), _in_two_factors),
    wrongs=(
        Wrong(
            "one half matches",
            _variant(equal=True),
            "You match at an IoU of exactly 0.5. Only above one half is the partner unique: use >.",
        ),
        Wrong(
            "any overlap matches",
            _variant(least=0.0),
            "Any overlap is a match with you, so one segment may have several partners. Ask for an IoU above 0.5.",
        ),
        Wrong(
            "same number",
            _same_number,
            "You compare segments of equal number. Numbers are names given in any order: compare every pair.",
        ),
        Wrong(
            "same number, void dropped",
            _same_number_on_known,
            "You pair segments that bear the same number. A number is only a name: compare every pair.",
        ),
        Wrong(
            "full penalty",
            _variant(final=lambda total, hits, extra, missed: total / (hits + extra + missed)),
            "You divide by hits + false alarms + misses. The lonely count half each, as in F1.",
        ),
        Wrong(
            "only the matched",
            _variant(final=lambda total, hits, extra, missed: total / hits if hits else 0.0),
            "This is SQ, the mean IoU of the matches: it does not see what was missed. Divide by more than the hits.",
        ),
        Wrong(
            "only found or not",
            _variant(final=lambda total, hits, extra, missed: hits / (hits + extra / 2 + missed / 2)),
            "This is RQ, the F1 of finding segments: it does not see how well they fit. Add IoUs in place of ones.",
        ),
        Wrong(
            "void in the union",
            _variant(void_counts=True),
            "Pixels of a guess on void enlarge your union. Nobody knows what is there: drop them first.",
        ),
        Wrong(
            "no excuse",
            _variant(void_share=1.0),
            "A guess that lies mostly on void is a false alarm with you. Nobody can say that it is: leave it out.",
        ),
        Wrong(
            "any void excuses",
            _variant(void_share=0.0),
            "A guess that only touches void is excused with you. More than half of it must lie there.",
        ),
        Wrong(
            "half excuses",
            _variant(void_share=0.5 - 1e-9),
            "A guess that lies half on void is excused with you. More than half of it must lie there.",
        ),
        Wrong(
            "void erased first",
            lambda pred, truth: _counted(pred.where(truth != IGNORE, 0), truth),
            "You erase void from the guess and then forget it. Whether a guess is excused depends on its whole area.",
        ),
        Wrong(
            "void is ground",
            lambda pred, truth: _counted(pred, truth.where(truth != IGNORE, 0)),
            "Void counts as ground with you, so what lies on it is wrong. Nobody knows what is there.",
        ),
        Wrong(
            "nothing is 0",
            lambda pred, truth: 0.0 if math.isnan(quality(pred, truth)) else quality(pred, truth),
            "Without any segment you say 0, a failure. There was nothing to find: return nan.",
        ),
        Wrong(
            "misses forgiven",
            _variant(final=lambda total, hits, extra, missed: total / (hits + extra / 2) if hits + extra else 0.0),
            "True segments that nobody found cost nothing with you: half of each belongs into the denominator.",
        ),
        Wrong(
            "false alarms forgiven",
            _variant(final=lambda total, hits, extra, missed: total / (hits + missed / 2) if hits + missed else 0.0),
            "Segments that are not there cost nothing with you: half of each belongs into the denominator.",
        ),
        Wrong(
            "best partner",
            _best_iou,
            "You give each true segment its best partner. A guess below 0.5 is no match, and false alarms must count.",
        ),
        Wrong(
            "pixels",
            _pixels,
            "You count pixels of all segments together: that is the IoU of the class. Match segment by segment.",
        ),
    ),
    remark="PQ = SQ x RQ: how well the found ones fit, times how many were found.",
)
