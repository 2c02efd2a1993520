"""Cross-entropy: its pull at one pixel, and the loss itself, for logits of every size."""

import torch
import torch.nn.functional as F
from torch import Tensor

from seglearn.exercises.ch07.inputs import filled, logits_and_mask
from seglearn.exercises.ch07.slopes import same_gradient
from seglearn.exercises.kinds import FunctionExercise, ValueExercise, Wrong, given
from seglearn.exercises.laws import gradient_reaches, keeps_device
from seglearn.labels import IGNORE
from seglearn.losses import cross_entropy_loss

PULL = ValueExercise(
    name="07.pull",
    title="The pull at one pixel",
    minutes=4,
    difficulty=2,
    objective="derive the gradient of cross-entropy with respect to one logit",
    expected=(0.2 - 1) / 8,
    tolerance=1e-3,
    hints=(
        "The gradient at a logit is (probability - truth), shared among how many pixels?",
        "1. the probability  2. minus 1, since this class is the truth  3. divided by the pixels that are asked",
        "(0.2 - 1) / 8",
    ),
    wrongs=(
        Wrong("void counted", (0.2 - 1) / 9, "You shared among nine pixels. The void one is not asked: eight count."),
        Wrong("not shared", 0.2 - 1, "That is the pull of the sum. The loss is a mean: share it among the pixels."),
        Wrong(
            "downhill",
            (1 - 0.2) / 8,
            "That is the direction in which learning moves. The gradient points uphill: the sign is the other one.",
        ),
        Wrong("as if false", 0.2 / 8, "That is the pull where the object is not the truth. Here it is: p - 1, not p."),
        Wrong(
            "at the probability",
            -1 / 0.2 / 8,
            "That is the slope with respect to the probability, -1/p. Going on to the logit multiplies by p (1 - p).",
        ),
        Wrong("softmax alone", 0.2 * 0.8 / 8, "That is the slope of softmax alone. The slope of -log p is missing."),
        Wrong("the loss", 0.2012, "That is this pixel's part of the loss, -ln(0.2) / 8, not its slope.", when=None),
    ),
    rights=(-0.1, -0.8 / 8),
    remark="p - truth, shared among the valid pixels: never more than 1 in size, however large the loss.",
)


def _cases(seed: int):
    notes = [
        "one pixel",
        "two images with unequal numbers of void pixels; class 2 is absent",
        "a logit of 10,000: its exponential is infinite",
        "logits of -1,000: all exponentials are 0",
        "nothing valid: no surprise, 0",
        "half precision: the sum of all surprises is larger than its largest number, 65,504",
    ]
    if seed == 0:
        return given(torch.tensor([[[[2.0]], [[0.5]]]]), torch.tensor([[[0]]]), note=notes[0])
    logits, mask = logits_and_mask(seed, 2, 3, (3, 4) if seed != 5 else (64, 80))
    if seed == 2:
        logits[0, 0, 0, 1], logits[1, 1, 2, 2] = 1e4, -1e4
        mask[0, 0, 1], mask[1, 2, 2] = 1, 1
    elif seed == 3:
        logits = logits - 1e3
    elif seed == 4:
        mask = torch.full_like(mask, IGNORE)
    elif seed == 5:
        logits = (12 * logits).half()
    return given(logits, mask, note=notes[seed])


def cross_entropy(logits: Tensor, mask: Tensor) -> Tensor:
    return cross_entropy_loss(logits, mask)


def _surprises(logits: Tensor, mask: Tensor) -> Tensor:
    """Return -log p of the true class (N, H, W), of class 0 where the mask is void."""
    return -logits.log_softmax(dim=1).gather(1, filled(mask)[:, None])[:, 0]


def _mean(surprise: Tensor, mask: Tensor) -> Tensor:
    valid = mask != IGNORE
    return (surprise * valid).sum() / valid.sum().clamp(min=1)


def _by_logsumexp(logits: Tensor, mask: Tensor) -> Tensor:
    logits = logits.float()
    true = logits.gather(1, filled(mask)[:, None])[:, 0]
    return _mean(logits.logsumexp(dim=1) - true, mask)


def _by_library(logits: Tensor, mask: Tensor) -> Tensor:
    total = F.cross_entropy(logits.float(), mask, ignore_index=IGNORE, reduction="sum")
    return total / (mask != IGNORE).sum().clamp(min=1)


def _by_planes(logits: Tensor, mask: Tensor) -> Tensor:
    planes = (mask[:, None] == torch.arange(logits.shape[1], device=mask.device)[:, None, None]).float()
    return -(logits.float().log_softmax(dim=1) * planes).sum() / planes.sum().clamp(min=1)


def _log_of_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    p = logits.float().softmax(dim=1).gather(1, filled(mask)[:, None])[:, 0]
    return _mean(torch.where(mask != IGNORE, -p.log(), 0), mask)


def _with_epsilon(logits: Tensor, mask: Tensor) -> Tensor:
    p = logits.float().softmax(dim=1).gather(1, filled(mask)[:, None])[:, 0]
    return _mean(-(p + 1e-8).log(), mask)


def _no_shift(logits: Tensor, mask: Tensor) -> Tensor:
    logits = logits.float()
    true = logits.gather(1, filled(mask)[:, None])[:, 0]
    return _mean(logits.exp().sum(dim=1).log() - true, mask)


def _per_image(logits: Tensor, mask: Tensor) -> Tensor:
    means = [_mean(_surprises(z[None].float(), m[None]), m[None]) for z, m in zip(logits, mask, strict=True)]
    return torch.stack(means).mean()


def _twice(logits: Tensor, mask: Tensor) -> Tensor:
    return cross_entropy_loss(logits.float().softmax(dim=1), mask)


CROSS_ENTROPY = FunctionExercise(
    name="07.cross_entropy",
    title="Cross-entropy that never breaks",
    minutes=8,
    difficulty=2,
    objective="implement cross-entropy from logits so that it stays finite for every size of logit",
    hints=(
        "log p = logit - log of the sum of all exponentials. Which number may you subtract from all logits beforehand?",
        "1. float32  2. subtract the largest logit  3. log of the summed exp  4. minus the true one  5. mean",
        "surprise = z.exp().sum(dim=1).log() - z.gather(1, true[:, None])[:, 0], with z the shifted logits",
    ),
    cases=_cases,
    seeds=6,
    tolerance=1e-4,
    oracle=cross_entropy,
    laws=(gradient_reaches(), keeps_device(), same_gradient(cross_entropy, "The value is right, its gradient is not.")),
    rights=(_by_logsumexp, _by_library, _by_planes),
    wrongs=(
        Wrong(
            "log of softmax",
            _log_of_softmax,
            "You take the log of softmax's result. It rounds small probabilities to 0, and log(0) is infinite.",
        ),
        Wrong(
            "epsilon inside the log",
            _with_epsilon,
            "Your small number inside the log makes all bad mistakes cost the same, 18.4, and cuts their gradient off.",
        ),
        Wrong(
            "exponentials not shifted",
            _no_shift,
            "exp of 10,000 is infinite, exp of -1,000 is 0. Subtract the largest logit of the pixel first.",
        ),
        Wrong(
            "void in the denominator",
            lambda z, m: (_surprises(z.float(), m) * (m != IGNORE)).sum() / m.numel(),
            "You divide by all pixels. The void ones bring no surprise, and must not count in the mean either.",
        ),
        Wrong(
            "void as class 0",
            lambda z, m: _surprises(z.float(), m).mean(),
            "Void pixels are judged as if they were class 0.",
        ),
        Wrong(
            "a sum",
            lambda z, m: (_surprises(z.float(), m) * (m != IGNORE)).sum(),
            "This is the sum. A larger picture would have a larger loss: divide by the number of valid pixels.",
        ),
        Wrong(
            "mean of image means",
            _per_image,
            "You average within each image first. Then a pixel counts more in an image with much void.",
        ),
        Wrong(
            "NaN for nothing",
            lambda z, m: (_surprises(z.float(), m) * (m != IGNORE)).sum() / (m != IGNORE).sum(),
            "Without a valid pixel you divide 0 by 0, and the NaN would go into every weight of the network.",
        ),
        Wrong("plus sign", lambda z, m: -_by_library(z, m), "The sign: log p is negative, and the loss is minus that."),
        Wrong(
            "softmax twice",
            _twice,
            "You hand probabilities to something that expects logits: softmax is applied twice.",
        ),
        Wrong(
            "over the columns",
            lambda z, m: _mean(-z.float().log_softmax(dim=-1).gather(1, filled(m)[:, None])[:, 0], m),
            "Your softmax runs along the columns of the picture. The classes are axis 1: dim=1.",
        ),
        Wrong(
            "summed in half precision",
            lambda z, m: _mean(_surprises(z, m), m),
            "You sum in half precision, which ends at 65,504. Make the logits float32 first.",
        ),
        Wrong(
            "no gradient",
            lambda z, m: _by_library(z, m).detach(),
            "The value is right, but nothing can be learned from it: .item(), .detach() and .data cut the graph.",
        ),
    ),
    remark="This is what torch does inside F.cross_entropy: log_softmax first, never softmax and then log.",
)
