"""From pixels to one confusion matrix, and from it to precision, recall and F1."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import without
from seglearn.exercises.readymade import CONFUSIONS, SCORES
from seglearn.metrics import confusion_matrix, f1, precision, recall


def _pairs(seed: int):
    """Return a prediction and a mask without void; the last class is absent, the one before only predicted."""
    if seed == 0:
        return given(torch.tensor([[1, 0, 0]]), torch.tensor([[0, 0, 1]]), 3, note="three pixels; class 2 is absent")
    chance = torch.Generator().manual_seed(seed)
    shape = [(2, 3), (5, 4), (3, 7)][seed - 1]
    pred, mask = torch.randint(0, 4, shape, generator=chance), torch.randint(0, 3, shape, generator=chance)
    pred[0, 0], mask[0, 0] = 3, 0
    return given(pred, mask, 5, note="class 3 is only predicted, class 4 is absent")


def count(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    return confusion_matrix(pred[None], mask[None], classes)


def _counted_by_comparison(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    rows = [torch.stack([((mask == t) & (pred == p)).sum() for p in range(classes)]) for t in range(classes)]
    return torch.stack(rows)


def _added_one_by_one(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    table = torch.zeros(classes, classes, dtype=torch.int64, device=pred.device)
    return table.index_put((mask.flatten(), pred.flatten()), torch.ones_like(pred.flatten()), accumulate=True)


def _not_accumulated(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    table = torch.zeros(classes, classes, dtype=torch.int64)
    table[mask.flatten(), pred.flatten()] += 1
    return table


def _short(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    return torch.bincount((mask * classes + pred).flatten()).reshape(classes, classes)


def _sum_as_cell(pred: Tensor, mask: Tensor, classes: int) -> Tensor:
    return torch.bincount((mask + pred).flatten(), minlength=classes**2)[: classes**2].reshape(classes, classes)


COUNT = FunctionExercise(
    name="08.count",
    title="One number per pixel",
    minutes=4,
    difficulty=1,
    objective="implement a confusion matrix without a loop",
    hints=(
        "A table of K x K cells, read row by row, is a line of K * K cells. Which cell is (truth t, prediction p)?",
        "1. flatten the cells  2. count each of the K * K numbers, absent ones too  3. fold the line into K rows",
        "torch.bincount(cell.flatten(), minlength=classes**2).reshape(classes, classes)",
    ),
    cases=_pairs,
    seeds=4,
    oracle=count,
    laws=(without(*CONFUSIONS),),
    rights=(_counted_by_comparison, _added_one_by_one),
    wrongs=(
        Wrong(
            "rows and columns swapped",
            lambda pred, mask, classes: count(pred, mask, classes).T,
            "Your rows are the prediction. Here a row is the truth: cell = mask * classes + pred.",
        ),
        Wrong(
            "line cut off",
            _short,
            "bincount stops at the largest number it sees, so the line is too short to fold: minlength=classes**2.",
        ),
        Wrong(
            "each pair once",
            _not_accumulated,
            "`table[rows, columns] += 1` adds 1 only once for each pair, however often it comes: count with bincount.",
        ),
        Wrong(
            "hits only",
            lambda pred, mask, classes: torch.diag(count(pred, mask, classes).diagonal()),
            "Only the diagonal is filled: the mistakes, all other cells, tell who was taken for whom.",
        ),
        Wrong(
            "added labels",
            _sum_as_cell,
            "mask + pred gives 1 for (0, 1) and for (1, 0) alike. Each pair needs a number of its own.",
        ),
        Wrong(
            "shares",
            lambda pred, mask, classes: count(pred, mask, classes).double() / mask.numel(),
            "These are shares. Counts of batches can be added, shares cannot: keep whole pixels.",
        ),
        Wrong(
            "a line",
            lambda pred, mask, classes: count(pred, mask, classes).flatten(),
            "The counts are right; fold the line into a table of K rows: .reshape(classes, classes).",
        ),
    ),
    remark="Everything below is computed from such a table, and tables of two batches add.",
)


def _confusions(seed: int):
    rows = [
        [[1, 2], [0, 3]],
        [[4, 0, 1], [2, 0, 3], [0, 0, 0]],
        [[5, 1, 0, 2], [3, 2, 0, 0], [0, 0, 0, 0], [1, 4, 0, 7]],
        [[0, 0], [0, 0]],
    ][seed]
    notes = [
        "two classes",
        "class 1 is never predicted, class 2 is only predicted",
        "class 2 is in neither map",
        "nothing was counted",
    ]
    return given(torch.tensor(rows), note=notes[seed])


def three_scores(confusion: Tensor) -> Tensor:
    return torch.stack([precision(confusion), recall(confusion), f1(confusion)])


def _three(confusion: Tensor, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor]:
    return confusion.diagonal().to(dtype), confusion.sum(dim=1).to(dtype), confusion.sum(dim=0).to(dtype)


def _by_the_book(confusion: Tensor) -> Tensor:
    """Return the plain ratios, in which a class on one side only makes 0/0."""
    hit, truth, guess = _three(confusion)
    p, r = hit / guess, hit / truth
    return torch.stack([p, r, 2 * p * r / (p + r)])


def _careful(confusion: Tensor) -> Tensor:
    plain, (_, truth, guess) = _by_the_book(confusion), _three(confusion)
    return plain.nan_to_num(0).where(truth + guess > 0, torch.nan)


def _by_counts(confusion: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
    hit, truth, guess = _three(confusion, dtype)
    result = torch.stack([hit / guess.clamp(min=1), hit / truth.clamp(min=1), 2 * hit / (truth + guess)])
    result[:, truth + guess == 0] = torch.nan
    return result


def _plain_mean(confusion: Tensor) -> Tensor:
    p, r, _ = three_scores(confusion)
    return torch.stack([p, r, (p + r) / 2])


def _geometric(confusion: Tensor) -> Tensor:
    p, r, _ = three_scores(confusion)
    return torch.stack([p, r, (p * r).sqrt()])


def _nan_where_empty(confusion: Tensor) -> Tensor:
    hit, truth, guess = _three(confusion)
    return torch.stack([hit / guess, hit / truth, 2 * hit / (truth + guess)])


def _harmonic_of_zeros(confusion: Tensor) -> Tensor:
    p, r, _ = three_scores(confusion)
    return torch.stack([p, r, 2 * p * r / (p + r)])


def _epsilon(confusion: Tensor, small: float = 1e-6) -> Tensor:
    hit, truth, guess = _three(confusion)
    result = torch.stack([hit / (guess + small), hit / (truth + small), 2 * hit / (truth + guess + small)])
    return result.where(truth + guess > 0, torch.nan)


def _half_f1(confusion: Tensor) -> Tensor:
    hit, truth, guess = _three(confusion)
    p, r, _ = three_scores(confusion)
    return torch.stack([p, r, hit / (truth + guess)])


def _iou_as_f1(confusion: Tensor) -> Tensor:
    hit, truth, guess = _three(confusion)
    p, r, _ = three_scores(confusion)
    return torch.stack([p, r, hit / (truth + guess - hit)])


SCORES = FunctionExercise(
    name="08.scores",
    title="Three scores from one table",
    minutes=6,
    difficulty=2,
    objective="compute precision, recall and F1 of every class, with the empty cases decided",
    hints=(
        "Which sum is 'everything that was called k', which is 'everything that is k'?",
        "1. diagonal, row sums, column sums as float64  2. three ratios  3. 0 where a class is on one side only  "
        "4. NaN where it is on neither",
        "hit / guess.clamp(min=1), hit / truth.clamp(min=1), 2 * hit / (truth + guess); NaN where truth + guess == 0",
    ),
    cases=_confusions,
    seeds=4,
    oracle=three_scores,
    laws=(without(*SCORES),),
    rights=(_careful, _by_counts),
    wrongs=(
        Wrong(
            "precision and recall swapped",
            lambda confusion: three_scores(confusion)[[1, 0, 2]],
            "Your first two rows have changed places: precision divides by what was predicted, the column sums.",
        ),
        Wrong(
            "0 / 0 left alone",
            _by_the_book,
            "A class that is there and never predicted has precision 0 / 0. It is a plain failure, so it gets 0; "
            "NaN only where a class is in neither map.",
        ),
        Wrong(
            "0 / 0 left in two rows",
            _nan_where_empty,
            "Your F1 is right. A class on one side only still has 0 / 0 in one of the other two rows: it gets 0 there.",
        ),
        Wrong(
            "harmonic mean of 0 and 0",
            _harmonic_of_zeros,
            "Precision and recall are right. Where both are 0, their harmonic mean is 0 / 0: use the counts, "
            "2 * hit / (truth + guess).",
        ),
        Wrong(
            "divided in float32",
            lambda confusion: _by_counts(confusion, torch.float32).double(),
            "You divide in float32 and convert the result: that is too late. Convert the counts first, with .double().",
        ),
        Wrong(
            "a small number below",
            _epsilon,
            "A small number added below moves every score a little. Decide the empty cases instead: clamp(min=1), NaN.",
        ),
        Wrong(
            "absent is 0",
            lambda confusion: three_scores(confusion).nan_to_num(0),
            "A class in neither map gets 0 from you, and would lower every mean. Nothing was asked: NaN.",
        ),
        Wrong(
            "absent is 1",
            lambda confusion: three_scores(confusion).nan_to_num(1),
            "A class in neither map gets 1 from you: praise for nothing. Nothing was asked: NaN.",
        ),
        Wrong(
            "arithmetic mean",
            _plain_mean,
            "Your F1 is the plain mean of precision and recall: 1 and 0 would give 0.5. The harmonic mean gives 0.",
        ),
        Wrong("geometric mean", _geometric, "Your F1 is the root of precision times recall. F1 is the harmonic mean."),
        Wrong("half", _half_f1, "Your F1 is half of what it should be: hits count twice, 2 * hit / (truth + guess)."),
        Wrong(
            "IoU",
            _iou_as_f1,
            "Your third row is the IoU: it divides by the union. F1 divides twice the hits by the sum of both.",
        ),
        Wrong(
            "one column per score",
            lambda confusion: three_scores(confusion).T,
            "Your result is (K, 3). Return a row per score: (3, K).",
        ),
        Wrong(
            "single precision",
            lambda confusion: three_scores(confusion).float(),
            "The values are right, but in float32. Ratios here are float64.",
        ),
    ),
    remark="F1 is the Dice score: two names, one number.",
)
