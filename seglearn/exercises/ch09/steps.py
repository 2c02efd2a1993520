"""What a step is made of: small batches that count as one large batch, and an average of the weights."""

import torch
from torch import Tensor

from seglearn.exercises.kinds import FunctionExercise, Wrong, given

GROUPS = [  # mean losses of the batches of one step, how many inputs each has, batches a step should have
    ([2.0, 1.0], [4, 4], 2, "two full batches"),
    ([1.0, 5.0], [4, 1], 2, "the second batch is the short end of the data"),
    ([3.0], [2], 4, "only one batch is left for the last step"),
    ([0.5, 1.5, 4.0], [8, 8, 3], 4, "three batches are left, the last one short"),
    ([2.0, 2.0, 2.0], [3, 5, 7], 3, "the same loss everywhere"),
]


def _groups(seed: int):
    losses, sizes, planned, note = GROUPS[seed]
    return given(torch.tensor(losses, dtype=torch.float64), sizes, planned, note=note)


def step_loss(losses: Tensor, sizes: list[int], planned: int) -> Tensor:
    weights = torch.tensor(sizes, dtype=losses.dtype, device=losses.device)
    return (losses * weights).sum() / weights.sum()


def _added_up(losses: Tensor, sizes: list[int], planned: int) -> Tensor:
    total = losses.new_zeros(())
    for loss, size in zip(losses, sizes, strict=True):
        total = total + loss * (size / sum(sizes))
    return total


ACCUMULATE = FunctionExercise(
    name="09.accumulate",
    title="Several small batches, one step",
    minutes=6,
    difficulty=2,
    objective="compute the loss of a step that is made of several batches",
    hints=(
        "Put all inputs of the step into one large batch. What is its mean loss, from the means of its parts?",
        "1. mean times size: what a batch adds  2. add up  3. divide by all inputs of this step",
        "(losses * sizes).sum() / sizes.sum(), with the sizes as a tensor",
    ),
    cases=_groups,
    seeds=len(GROUPS),
    oracle=step_loss,
    rights=(
        _added_up,
        lambda losses, sizes, planned: losses @ torch.tensor([n / sum(sizes) for n in sizes], dtype=losses.dtype),
    ),
    wrongs=(
        Wrong(
            "plain mean",
            lambda losses, sizes, planned: losses.mean(),
            "You average the batches alike: the one image of a short batch counts as much as four of a full one.",
        ),
        Wrong(
            "sum",
            lambda losses, sizes, planned: losses.sum(),
            "You add the losses up: a step of four batches is four times as long. That is a larger learning rate.",
        ),
        Wrong(
            "planned",
            lambda losses, sizes, planned: losses.sum() / planned,
            "You divide by the number of batches planned. Where fewer are left, the last step is too short.",
        ),
        Wrong(
            "inputs planned",
            lambda losses, sizes, planned: (losses * torch.tensor(sizes)).sum() / (max(sizes) * planned),
            "You divide by the inputs of a full step. The last one has fewer: divide by those that are there.",
        ),
        Wrong(
            "the last batch",
            lambda losses, sizes, planned: losses[-1],
            "Only the last batch counts with you, as if zero_grad stood inside the loop over the batches.",
        ),
        Wrong(
            "totals",
            lambda losses, sizes, planned: (losses * torch.tensor(sizes)).sum(),
            "You add up what every input costs, without dividing: the step grows with the number of inputs.",
        ),
        Wrong(
            "divided twice",
            lambda losses, sizes, planned: step_loss(losses, sizes, planned) / len(sizes),
            "The mean over all inputs is divided once more by the number of batches.",
        ),
        Wrong(
            "float32",
            lambda losses, sizes, planned: step_loss(losses, sizes, planned).float(),
            "The value is right, but in float32: the losses came in float64. Keep their dtype.",
        ),
    ),
    remark="Equal to one large batch only for losses that are means over inputs; Dice pooled over a batch is not.",
)


def _walks(seed: int):
    walks = [[[1.0], [4.0]], [[2.0, -1.0]], [[1.0], [1.0], [1.0]], [[0.0, 8.0], [4.0, 0.0], [1.0, 1.0], [6.0, 2.0]]]
    notes = ["two steps", "one step: there is nothing to average yet", "weights that stand still", "four steps"]
    return given(torch.tensor(walks[seed], dtype=torch.float64), (0.5, 0.9, 0.99, 0.75)[seed], note=notes[seed])


def average(walk: Tensor, decay: float) -> Tensor:
    share = decay ** torch.arange(len(walk) - 1, -1, -1, dtype=walk.dtype, device=walk.device)
    return (share[:, None] * walk).sum(dim=0) / share.sum()


def _step_by_step(walk: Tensor, decay: float) -> Tensor:
    mean, weight = torch.zeros_like(walk[0]), 0.0
    for weights in walk:
        mean, weight = decay * mean + (1 - decay) * weights, decay * weight + (1 - decay)
    return mean / weight


def _by_lerp(walk: Tensor, decay: float) -> Tensor:
    mean = walk[0]
    for t, weights in enumerate(walk[1:], start=2):
        mean = mean + (1 - decay) / (1 - decay**t) * (weights - mean)
    return mean


def _from(start, share):
    """Return an average that begins somewhere and moves by a share toward the weights of every step."""

    def averaged(walk: Tensor, decay: float) -> Tensor:
        mean, rest = start(walk)
        for weights in rest:
            mean = mean + share(decay) * (weights - mean)
        return mean

    return averaged


EMA = FunctionExercise(
    name="09.ema",
    title="An average of the weights",
    minutes=8,
    difficulty=3,
    objective="implement an exponential moving average without the bias of its beginning",
    hints=(
        "After one step, what must the average be? And what would it be if it had started at zero?",
        "1. the newest weights count 1, those before decay, then its square, ...  2. add up  3. divide by the shares",
        "share = decay ** torch.arange(T - 1, -1, -1); (share[:, None] * walk).sum(dim=0) / share.sum()",
    ),
    cases=_walks,
    seeds=4,
    oracle=average,
    tolerance=1e-6,
    rights=(_step_by_step, _by_lerp),
    wrongs=(
        Wrong(
            "from zero",
            _from(lambda walk: (torch.zeros_like(walk[0]), walk), lambda decay: 1 - decay),
            "Your average starts at zero and is pulled toward it for a long time. Divide by what the shares add up to.",
        ),
        Wrong(
            "from the first",
            _from(lambda walk: (walk[0], walk[1:]), lambda decay: 1 - decay),
            "You start at the first weights and never let go: they count far more than their share.",
        ),
        Wrong(
            "decay and share swapped",
            _from(lambda walk: (torch.zeros_like(walk[0]), walk), lambda decay: decay),
            "You move by `decay` and keep 1 - decay: a decay of 0.99 then forgets everything but the newest weights.",
        ),
        Wrong(
            "plain mean",
            lambda walk, decay: walk.mean(dim=0),
            "All steps count alike. The walk begins far from the valley: the old weights should fade.",
        ),
        Wrong(
            "the newest",
            lambda walk, decay: walk[-1].clone(),
            "These are the newest weights, not an average.",
        ),
        Wrong(
            "oldest first",
            lambda walk, decay: average(walk.flip(0), decay),
            "Your oldest weights count most: the powers of `decay` stand in the other order.",
        ),
        Wrong(
            "not divided",
            lambda walk, decay: average(walk, decay)
            * sum(decay**i for i in range(len(walk))),
            "You add up the fading weights, and do not divide by the sum of their shares.",
        ),
        Wrong(
            "over the weights",
            lambda walk, decay: average(walk, decay).mean(),
            "You averaged over the weights of the net as well: one number is left of all of them.",
        ),
    ),
    remark="Dividing by the shares is Adam's bias correction: the first step is believed wholly.",
)  # fmt: skip
