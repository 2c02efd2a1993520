"""Random masks and logits for the tests of the losses."""

import torch


def problem(n=2, k=3, h=5, w=7, *, seed=0, ignored=0.2, dtype=torch.float64):
    """Random logits and a random mask with some ignored pixels; all sizes differ."""
    chance = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, k, h, w, generator=chance, dtype=torch.float64).to(dtype)
    mask = torch.randint(k, (n, h, w), generator=chance)
    return logits, mask.masked_fill(torch.rand(mask.shape, generator=chance) < ignored, 255)


def graded(loss, logits, mask, **options):
    """Return the value and the gradient."""
    logits = logits.detach().clone().requires_grad_()
    value = loss(logits, mask, **options)
    value.backward()
    return value.detach(), logits.grad


def sure(mask, classes=3, *, size=1e4):
    """Logits of ±1e4 for a label map."""
    return torch.where(mask.unsqueeze(1) == torch.arange(classes).reshape(-1, 1, 1), size, -size)
