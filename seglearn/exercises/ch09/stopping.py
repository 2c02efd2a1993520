"""When to stop, and what curves and scores say about a training."""

import math

from seglearn.exercises.kinds import ChoiceExercise, FunctionExercise, Wrong, given

DIARIES = [  # validation scores, patience, why
    ([0.5, 0.4], 1, "worse at once"),
    ([0.2, 0.3, 0.4], 2, "still rising"),
    ([0.3, 0.5, 0.4, 0.45, 0.6], 2, "patience ends before the better score comes"),
    ([0.3, 0.5, 0.4, 0.45, 0.6], 3, "a little more patience, and it comes"),
    ([0.5, 0.5, 0.5, 0.5, 0.5, 0.6], 3, "as good is not better"),
    ([0.1, 0.4, 0.3, 0.35, 0.38, 0.39], 4, "better than the epoch before, never better than the best"),
    ([0.7], 1, "one epoch"),
    ([0.2, 0.6, 0.5, 0.7, 0.6, 0.6, 0.65, 0.9], 3, "a new best starts the count anew"),
]


def _diaries(seed: int):
    scores, patience, note = DIARIES[seed]
    return given(list(scores), patience, note=note)


def stops_after(scores: list[float], patience: int) -> int:
    best, best_epoch = -math.inf, 0
    for epoch, score in enumerate(scores, start=1):
        if score > best:
            best, best_epoch = score, epoch
        if epoch - best_epoch >= patience:
            return epoch
    return len(scores)


def _counting(better, wait: int = 0):
    """Return a rule that counts epochs in a row in which `better(scores, epoch)` is false."""

    def rule(scores: list[float], patience: int) -> int:
        waited = 0
        for epoch in range(1, len(scores) + 1):
            waited = 0 if epoch == 1 or better(scores[:epoch]) else waited + 1
            if waited >= patience + wait:
                return epoch
        return len(scores)

    return rule


def _best_epoch(scores: list[float], patience: int) -> int:
    return scores.index(max(scores[: stops_after(scores, patience)])) + 1


def _by_slices(scores: list[float], patience: int) -> int:
    for epoch in range(patience + 1, len(scores) + 1):
        if max(scores[: epoch - patience]) >= max(scores[epoch - patience : epoch]):
            return epoch
    return len(scores)


def _total(scores: list[float], patience: int) -> int:
    failures, best = 0, -math.inf
    for epoch, score in enumerate(scores, start=1):
        failures, best = failures + (score <= best), max(best, score)
        if failures >= patience:
            return epoch
    return len(scores)


def _is_best(scores: list[float]) -> bool:
    return scores[-1] > max(scores[:-1])


PATIENCE = FunctionExercise(
    name="09.patience",
    title="When patience ends",
    minutes=6,
    difficulty=2,
    objective="implement early stopping on a validation score",
    hints=(
        "How many epochs ago was the best one, at the end of each epoch?",
        "1. remember the best score and its epoch; only higher is better  2. stop when it is `patience` epochs ago",
        "if score > best: best, best_epoch = score, epoch; if epoch - best_epoch >= patience: return epoch",
    ),
    cases=_diaries,
    seeds=len(DIARIES),
    oracle=stops_after,
    rights=(_by_slices, _counting(_is_best)),
    wrongs=(
        Wrong(
            "better than the last",
            _counting(lambda scores: scores[-1] > scores[-2]),
            "You compare with the epoch before. A score that creeps up from a fall is no new best.",
        ),
        Wrong(
            "as good is better",
            _counting(lambda scores: scores[-1] >= max(scores[:-1])),
            "You take an equal score for a better one, so a curve that stands still never ends.",
        ),
        Wrong(
            "one more",
            _counting(_is_best, wait=1),
            "You wait one epoch longer than `patience` says.",
        ),
        Wrong(
            "one less",
            _counting(_is_best, wait=-1),
            "You stop one epoch too early; with a patience of 1 even at once.",
        ),
        Wrong(
            "the best epoch",
            _best_epoch,
            "You return the best epoch. Its weights are kept, but the training ends `patience` epochs later.",
        ),
        Wrong(
            "a low score is good",
            lambda scores, patience: stops_after([-score for score in scores], patience),
            "You look for the lowest number. A score is good when it is high; it is losses that should fall.",
        ),
        Wrong(
            "bad epochs in all",
            _total,
            "You count all bad epochs since the start. A new best starts the count anew.",
        ),
        Wrong(
            "never",
            lambda scores, patience: len(scores),
            "You never stop before the end.",
        ),
        Wrong(
            "counted from zero",
            lambda scores, patience: stops_after(scores, patience) - 1,
            "You count epochs from 0. The first one is epoch 1, as in the diary of fit.",
        ),
    ),
    remark="The test set must not decide when to stop: then it would have been learned from.",
)  # fmt: skip

BELIEVE = ChoiceExercise(
    name="09.believe",
    title="Do you believe it?",
    minutes=3,
    difficulty=2,
    objective="judge a claimed gain by its spread over seeds",
    question=(
        "Mean IoU without augmentation: 0.512, 0.548, 0.530 (three seeds). With it: 0.541, 0.535, 0.559. "
        "What may the report say?"
    ),
    options={
        "a": ("Augmentation gains 0.015.", "The means differ by 0.015, but each varies by as much from seed to seed."),
        "b": ("No difference was found.", "Right: 0.530 and 0.545, spreads 0.018 and 0.012. More seeds may tell."),
        "c": ("Augmentation gains 0.047.", "That is the best with against the worst without: whoever picks, finds."),
        "d": ("Augmentation does no good.", "Not shown either: a gain smaller than the spread may well be there."),
    },
    right="b",
)  # fmt: skip
