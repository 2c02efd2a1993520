"""The expected calibration error, and what is easily averaged in its place."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import without
from seglearn.exercises.readymade import CALIBRATIONS
from seglearn.labels import IGNORE
from seglearn.metrics import calibration_error

BINS = 5


def _predictions(seed: int):
    """Smallest first; then gaps of both signs, a certain pixel, void, confidences on an edge, nothing at all."""
    if seed == 0:
        return given(_two_classes([0.9, 0.9]), torch.tensor([[[0, 1]]]), BINS, note="twice 0.9 sure, once right")
    if seed == 1:
        probs = _two_classes([0.7, 0.7, 0.9, 0.9])
        return given(probs, torch.tensor([[[0, 0, 1, 0]]]), BINS, note="too modest in one bin, too sure in another")
    if seed == 2:
        probs = _two_classes([1.0, 0.9, 0.7, 0.3])
        return given(probs, torch.tensor([[[0, 1, 255, 0]]]), BINS, note="a certain pixel (1.0), and a void one")
    if seed == 3:
        probs = torch.tensor([[0.5, 0.625, 0.75], [0.25, 0.25, 0.125], [0.25, 0.125, 0.125]])[None, :, None]
        return given(probs, torch.tensor([[[0, 1, 0]]]), 4, note="0.5 and 0.75 lie exactly on upper edges of bins")
    if seed == 4:
        return given(_two_classes([0.9, 0.3]), torch.full((1, 1, 2), IGNORE), BINS, note="nothing has a label: NaN")
    chance = torch.Generator().manual_seed(seed)
    shape, bins = [((1, 4, 3, 5), 10), ((2, 3, 4, 7), 3)][seed - 5]
    probs = (2 * torch.randn(shape, generator=chance)).softmax(dim=1)
    mask = torch.randint(0, shape[1], (shape[0], *shape[2:]), generator=chance)
    mask = torch.where(torch.rand(mask.shape, generator=chance) < 0.5, probs.argmax(dim=1), mask)  # often right
    return given(probs, mask.where(torch.rand(mask.shape, generator=chance) < 0.8, IGNORE), bins, note="random, void")


def _two_classes(first: list[float]) -> Tensor:
    return torch.tensor([first, [1 - p for p in first]])[None, :, None]  # (1, 2, 1, W)


def ece(probs: Tensor, mask: Tensor, bins: int) -> float:
    return calibration_error(probs, mask, bins=bins).item()


def _sorted(probs: Tensor, mask: Tensor, bins: int, *, void: bool = False, of_truth: bool = False):
    """Return count, summed confidence and summed rightness of every bin."""
    seen = mask < 256 if void else mask != IGNORE
    confidence, pred = probs.double().max(dim=1)
    if of_truth:
        confidence = probs.double().gather(1, mask.where(mask != IGNORE, 0)[:, None])[:, 0]
    confidence, right = confidence[seen], (pred == mask)[seen].double()
    place = (confidence * bins).ceil().long().clamp(1, bins) - 1
    count = torch.bincount(place, minlength=bins).double()
    return count, torch.bincount(place, confidence, bins), torch.bincount(place, right, bins)


def _ece(count: Tensor, said: Tensor, was: Tensor) -> float:
    return ((said - was).abs().sum() / count.sum()).item()


def _loop(probs: Tensor, mask: Tensor, bins: int) -> float:
    confidence, pred = probs.max(dim=1)
    seen, total = mask != IGNORE, 0.0
    for b in range(bins):
        inside = seen & (confidence > b / bins) & (confidence <= (b + 1) / bins)
        if inside.any():
            gap = (pred == mask)[inside].double().mean() - confidence[inside].double().mean()
            total += inside.sum().item() * abs(gap.item())
    return total / seen.sum().item() if seen.any() else math.nan


def _of(final, **options):
    return lambda probs, mask, bins: float(final(*_sorted(probs, mask, bins, **options)))


def _gaps(count: Tensor, said: Tensor, was: Tensor) -> Tensor:
    return ((said - was) / count)[count > 0]


def _middles(count: Tensor, said: Tensor, was: Tensor) -> float:
    middle = (torch.arange(len(count), dtype=torch.float64) + 0.5) / len(count)
    return (count * (was / count.clamp(min=1) - middle).abs()).sum() / count.sum()


def _lower_edges(probs: Tensor, mask: Tensor, bins: int) -> float:
    confidence, pred = probs.double().max(dim=1)
    seen = mask != IGNORE
    place = (confidence[seen] * bins).long().clamp(max=bins - 1)
    gap = (pred == mask)[seen].double() - confidence[seen]
    return (torch.bincount(place, gap, bins).abs().sum() / seen.sum()).item()


def _nothing_is_zero(probs: Tensor, mask: Tensor, bins: int) -> float:
    return ece(probs, mask, bins) if (mask != IGNORE).any() else 0.0


def _always(fixed: int):
    return lambda probs, mask, bins: ece(probs, mask, fixed)


def _every_class(probs: Tensor, mask: Tensor, bins: int) -> float:
    """Return the error when each class of each pixel is a claim of its own."""
    seen = (mask != IGNORE)[:, None].expand_as(probs)
    said = probs.double()[seen]
    is_true = (torch.arange(probs.shape[1])[:, None, None] == mask[:, None])[seen].double()
    place = (said * bins).ceil().long().clamp(1, bins) - 1
    return (torch.bincount(place, is_true - said, bins).abs().sum() / seen.sum()).item()


def _one_bin_too_many(probs: Tensor, mask: Tensor, bins: int) -> float:
    """Return the error when (confidence * bins).long() sends a confidence of 1.0 into a bin that is then cut off."""
    seen = (mask != IGNORE) & (probs.amax(dim=1) < 1)
    return _ece(*_sorted(probs, mask.where(seen, IGNORE), bins)) if seen.any() else 0.0


ECE = FunctionExercise(
    name="08.ece",
    title="The calibration error",
    minutes=9,
    difficulty=2,
    objective="implement the expected calibration error, with void",
    cases=_predictions,
    seeds=7,
    oracle=ece,
    tolerance=1e-5,
    laws=(without(*CALIBRATIONS),),
    hints=(
        "For the pixels of one bin: what does the model say on average, and how often is it right?",
        "1. confidence and label: probs.max(dim=1)  2. drop void  3. loop over bins (low < c <= high)  "
        "4. |mean right - mean confidence|, weighed by the pixels of the bin",
        "total += inside.sum() * (right[inside].mean() - confidence[inside].mean()).abs(), for bins that hold a pixel",
    ),
    rights=(_of(_ece), _loop),
    wrongs=(
        Wrong(
            "void counted",
            _of(_ece, void=True),
            "Void pixels count as wrong with you: no prediction equals 255. Drop them first.",
        ),
        Wrong(
            "bins weigh alike",
            _of(lambda *t: _gaps(*t).abs().mean()),
            "Every bin weighs alike with you, be it full or nearly empty. Weigh a bin by its pixels.",
        ),
        Wrong(
            "empty bins vote",
            _of(lambda count, said, was: ((said - was) / count).nan_to_num(0).abs().mean()),
            "You divide by the number of bins, empty ones too. Weigh a bin by its pixels.",
        ),
        Wrong(
            "empty bins are NaN",
            _of(lambda count, said, was: (count * ((said - was) / count).abs()).sum() / count.sum()),
            "An empty bin makes 0 / 0, and your sum becomes NaN. Skip bins without pixels.",
        ),
        Wrong(
            "over and under cancel",
            _of(lambda count, said, was: abs((said - was).sum()) / count.sum()),
            "Too sure here and too modest there cancel in your sum. Take the absolute gap in each bin.",
        ),
        Wrong(
            "the worst bin",
            _of(lambda *t: _gaps(*t).abs().max()),
            "This is the largest gap of any bin (the maximum calibration error). The expected error is a mean.",
        ),
        Wrong(
            "squared",
            _of(lambda count, said, was: (count[count > 0] * _gaps(count, said, was) ** 2).sum() / count.sum()),
            "You square the gaps. The expected calibration error takes their absolute values.",
        ),
        Wrong(
            "middle of the bin",
            _of(_middles),
            "You take the middle of a bin for its confidence. Take the mean confidence of the pixels in it.",
        ),
        Wrong(
            "probability of the truth",
            _of(_ece, of_truth=True),
            "You look up the probability of the true class. Confidence belongs to the model's own answer: the maximum.",
        ),
        Wrong(
            "closed below",
            _lower_edges,
            "A confidence on an edge falls into the upper bin with you. Here bins are closed above: low < c <= high.",
        ),
        Wrong(
            "always 15 bins",
            _always(15),
            "You take 15 bins, whatever is asked. The number of bins is an argument.",
        ),
        Wrong(
            "always 10 bins",
            _always(10),
            "You take 10 bins, whatever is asked. The number of bins is an argument.",
        ),
        Wrong(
            "every class",
            _every_class,
            "You count every probability of a pixel. Its confidence is one number, the highest: probs.max(dim=1).",
        ),
        Wrong(
            "nothing is 0",
            _nothing_is_zero,
            "Where no pixel has a label you say 0, perfectly honest. Nothing is known: return nan.",
        ),
        Wrong(
            "certain pixels lost",
            _one_bin_too_many,
            "Pixels with a confidence of exactly 1 fall out of your last bin: it must be closed at 1.",
        ),
    ),
    remark="The error needs the truth of the pixels, so it is measured on pictures that were not learned from.",
)
