"""How fast to learn, and when."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def warmup_cosine(optimizer: Optimizer, *, steps: int, warmup: float = 0.1) -> LambdaLR:
    """Return a schedule that rises in a straight line to the optimizer's learning rate, then falls to zero on a cosine.

        rate(t) = lr·(t + 1) / w                        while t < w = warmup·steps
        rate(t) = lr·(1 + cos(π·(t − w)/(steps − w))) / 2   after that

    Args:
        steps: batches in the whole training: epochs times batches per epoch.
        warmup: the share of steps spent rising, in [0, 1).

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983 (one cycle of the cosine); Goyal et al. 2017, arXiv:1706.02677
    (the warm-up).
    """
    if steps < 1 or not 0 <= warmup < 1:
        raise ValueError(
            f"warmup_cosine: steps must be at least 1 and warmup in [0, 1), got {steps} and {warmup}. "
            "Use steps=epochs * len(batches)."
        )
    rising = max(1, round(warmup * steps))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return (1 + math.cos(math.pi * min(1, (step - rising) / max(1, steps - rising)))) / 2

    return LambdaLR(optimizer, factor)
