"""What tests of from-scratch operations share: noise with a seed, and that two roads give one number."""

import torch
from torch import Tensor

EXACT = {"rtol": 1e-9, "atol": 1e-9}


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def agree(ours, theirs, tensors: list[Tensor]) -> None:
    """Values and gradients of two functions of the same tensors are equal, for a random weighting of the output."""
    answers = []
    for function in (ours, theirs):
        leaves = [t.detach().requires_grad_() for t in tensors]  # views: strides in memory stay
        result = function(*leaves)
        gradients = torch.autograd.grad(result, leaves, noise(*result.shape, seed=9))
        answers.append((result, *gradients))
    for mine, other in zip(*answers, strict=True):
        torch.testing.assert_close(mine, other, **EXACT)
