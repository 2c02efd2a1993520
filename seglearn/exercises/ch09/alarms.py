"""Two alarms that ring before the first epoch is over: a loss that starts wrong, and layers that never learn."""

import math

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given

STARTS = [  # first loss, classes, why
    (math.log(8) * 1.02, 8, "2 % above ln 8"),
    (2.9, 8, "40 % above ln 8"),
    (math.log(2) * 0.95, 2, "two classes"),
    (math.log(2) + 0.09, 2, "0.09 above ln 2 is more than a tenth of it"),
    (math.log(11) + 0.2, 11, "0.2 above ln 11 is less than a tenth of it"),
    (math.log(8) * 0.6, 8, "far below: too good to be true"),
    (math.log(8) * 0.905, 8, "9.5 % of ln 8 below, which is more than a tenth of the loss"),
    (0.0, 1, "a single class: ln 1 is 0, and so is the loss"),
    (math.nan, 4, "no number at all"),
]


def _starts(seed: int):
    loss, classes, note = STARTS[seed]
    return given(loss, classes, note=note)


def starts_well(loss: float, classes: int) -> bool:
    return abs(loss - math.log(classes)) <= 0.1 * math.log(classes)


def _around(chance: float, loss: float, room: float = 0.1) -> bool:
    return abs(loss - chance) <= room * chance


STARTS_WELL = FunctionExercise(
    name="09.starts_well",
    title="The first alarm: the first loss",
    minutes=4,
    difficulty=1,
    objective="derive the loss of a model that knows nothing, and test a first loss against it",
    hints=(
        "A model that knows nothing gives each of K classes the same probability. What is -log of it?",
        "1. the loss of knowing nothing  2. how far away is the first loss?  3. at most a tenth of 1., on either side",
        "abs(loss - math.log(classes)) <= 0.1 * math.log(classes)",
    ),
    cases=_starts,
    seeds=len(STARTS),
    oracle=starts_well,
    rights=(
        lambda loss, classes: 0.9 * math.log(classes) <= loss <= 1.1 * math.log(classes),
        lambda loss, classes: bool(abs(loss + math.log(1 / classes)) <= -math.log(1 / classes) / 10),
    ),
    wrongs=(
        Wrong(
            "base 2",
            lambda loss, classes: _around(math.log2(classes), loss),
            "You take the logarithm to base 2. Cross-entropy in PyTorch counts in natural logarithms: math.log.",
        ),
        Wrong(
            "base 10",
            lambda loss, classes: _around(math.log10(classes), loss),
            "You take the logarithm to base 10. Cross-entropy in PyTorch counts in natural logarithms: math.log.",
        ),
        Wrong(
            "only too high",
            lambda loss, classes: loss <= 1.1 * math.log(classes),
            "A first loss far below ln K passes with you. Nobody knows that much before learning: it is a leak.",
        ),
        Wrong(
            "only too low",
            lambda loss, classes: loss >= 0.9 * math.log(classes),
            "A first loss far above ln K passes with you: a model that is sure of wrong answers before it has learned.",
        ),
        Wrong(
            "a tenth",
            lambda loss, classes: abs(loss - math.log(classes)) <= 0.1,
            "You allow 0.1, whatever K is. Asked is a tenth of ln K: less for 2 classes, more for 11.",
        ),
        Wrong(
            "a tenth of the loss",
            lambda loss, classes: abs(loss - math.log(classes)) <= 0.1 * loss,
            "You allow a tenth of the loss itself. Then the room grows with the error: take a tenth of ln K.",
        ),
        Wrong(
            "turned around",
            lambda loss, classes: not starts_well(loss, classes),
            "True and False have changed places: True means that all is well.",
        ),
        Wrong(
            "NaN is well",
            lambda loss, classes: not abs(loss - math.log(classes)) > 0.1 * math.log(classes),
            "NaN passes with you: NaN is never greater than anything. Ask whether it is near, not whether it is far.",
        ),
        Wrong(
            "one less",
            lambda loss, classes: _around(math.log(max(classes - 1, 1)), loss),
            "You take the logarithm of K - 1. The right class is one of the K as well.",
        ),
        Wrong(
            "probability",
            lambda loss, classes: _around(1 / classes, loss),
            "1 / K is the probability of the right class. The loss is its surprise: -log(1 / K) = ln K.",
        ),
    ),
    remark="Far above: outputs too large, or labels too many. Far below: the answer leaks into the question.",
)  # fmt: skip


def _gradients(seed: int):
    def wave(*shape: int) -> Tensor:
        return torch.linspace(-1, 1, math.prod(shape)).reshape(shape)  # sums to zero

    found = [
        {"stem.weight": wave(2, 3), "head.weight": None},
        {"stem.weight": torch.zeros(2, 3), "stem.bias": wave(5), "head.weight": wave(4, 2)},
        {"a": torch.tensor([0.0, 0.0, 1e-30]), "b": torch.tensor([1e-12, -1e-12]), "c": torch.zeros(())},
        {"a": wave(3), "b": torch.tensor([0.0, 2.0]), "c": torch.tensor(-1.0)},
        {"a": torch.tensor([0.0, math.nan]), "b": None, "c": torch.zeros(2, 1, 2)},
        {},
    ]
    notes = [
        "the head is not connected",
        "a gradient of zeros; one that sums to zero",
        "tiny is not zero; a single weight",
        "all is well",
        "NaN is another alarm",
        "no layer at all",
    ]
    return given(found[seed], note=notes[seed])


def silent(gradients: dict[str, Tensor | None]) -> list[str]:
    return [name for name, gradient in gradients.items() if gradient is None or not gradient.any()]


def _by_loop(gradients: dict[str, Tensor | None]) -> list[str]:
    names = []
    for name, gradient in gradients.items():
        if gradient is None or torch.count_nonzero(gradient) == 0:
            names.append(name)
    return names


def _where(silent_one):
    """Return the answer that lists the layers whose gradient, None or not, is called silent by a function."""
    return lambda gradients: [name for name, gradient in gradients.items() if silent_one(gradient)]


SILENT = FunctionExercise(
    name="09.silent",
    title="The second alarm: layers that hear nothing",
    minutes=5,
    difficulty=2,
    objective="diagnose layers that no gradient reaches",
    hints=(
        "What is a weight's .grad after backward() if the loss does not depend on it? And if all behind it is dead?",
        "1. None: not connected  2. all zeros: connected, but nothing arrives  3. the names of both, in order",
        "[name for name, g in gradients.items() if g is None or not g.any()]",
    ),
    cases=_gradients,
    seeds=6,
    oracle=silent,
    rights=(_by_loop, _where(lambda g: g is None or bool((g == 0).all()))),
    wrongs=(
        Wrong(
            "only None",
            _where(lambda g: g is None),
            "You find what is not connected, and miss the gradients that are all zeros, as behind a dead ReLU.",
        ),
        Wrong(
            "only zeros",
            _where(lambda g: g is not None and not g.any()),
            "You find zeros and miss None: a weight that the loss does not depend on has no gradient at all.",
        ),
        Wrong(
            "sum",
            _where(lambda g: g is None or float(g.sum()) == 0),
            "You add up the gradient. Plus and minus cancel: look at every number, or at their sizes.",
        ),
        Wrong(
            "any zero",
            _where(lambda g: g is None or not bool(g.all())),
            "One zero is enough for you. A layer hears as long as one of its weights does: all must be zero.",
        ),
        Wrong(
            "small is silent",
            _where(lambda g: g is None or bool((g.abs() < 1e-8).all())),
            "You call tiny gradients silent. Adam divides by their size, so tiny ones learn as fast as large ones.",
        ),
        Wrong(
            "NaN is silent",
            _where(lambda g: g is None or not bool((g.nan_to_num() != 0).any())),
            "You list a layer with NaN in its gradient. That is loud, not silent, and another alarm.",
        ),
        Wrong(
            "those that hear",
            lambda gradients: [name for name in gradients if name not in silent(gradients)],
            "You list the layers that hear something. Asked are the silent ones.",
        ),
        Wrong(
            "how many",
            lambda gradients: len(silent(gradients)),
            "You count the silent layers. Their names are asked, so that one knows where to look.",
        ),
        Wrong(
            "the first only",
            lambda gradients: silent(gradients)[:1],
            "You stop at the first silent layer. There may be several, and the pattern tells where the wire is cut.",
        ),
    ),
    remark="None: cut off, or never used. Zeros: connected, but everything on the way is dead or frozen.",
)
