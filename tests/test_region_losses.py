"""Dice, Jaccard and Tversky: by hand, two roads to one number, their identities, and who has a vote."""

import re

import pytest
import torch
from loss_problems import graded, problem, sure

from seglearn.losses import dice_loss, jaccard_loss, tversky_loss
from seglearn.losses.regions import soft_counts, soft_counts_with_one_hot


def tversky_with_loops(logits, mask, alpha, beta):
    """The definition, one class and one pixel at a time."""
    p, losses = logits.softmax(dim=1), []
    for k in range(logits.shape[1]):
        hit = false = missed = 0.0
        for n, y, x in (mask != 255).nonzero().tolist():
            if mask[n, y, x] == k:
                hit, missed = hit + p[n, k, y, x].item(), missed + 1 - p[n, k, y, x].item()
            else:
                false += p[n, k, y, x].item()
        if (mask == k).any():
            losses.append(1 - hit / (hit + alpha * false + beta * missed))
    return sum(losses) / len(losses)


def test_by_hand():
    # hard guess 0 0 1 1 for the truth 0 1 1 1: class 0 hits 1 of 2 + 1, class 1 hits 2 of 2 + 3
    logits, mask = sure(torch.tensor([[[0, 0, 1, 1]]]), 2), torch.tensor([[[0, 1, 1, 1]]])
    assert dice_loss(logits, mask).item() == pytest.approx(1 - (2 / 3 + 4 / 5) / 2)
    assert jaccard_loss(logits, mask).item() == pytest.approx(1 - (1 / 2 + 2 / 3) / 2)
    # alpha weighs the false positive of class 0, beta the false negative of class 1
    assert tversky_loss(logits, mask, alpha=3, beta=2).item() == pytest.approx(1 - (1 / 4 + 2 / 4) / 2)


@pytest.mark.parametrize(["alpha", "beta"], [(0.5, 0.5), (1, 1), (0.3, 0.7), (2, 0), (0, 1)])
def test_equals_the_loop(alpha, beta):
    logits, mask = problem()
    ours = tversky_loss(logits, mask, alpha=alpha, beta=beta)
    assert ours.item() == pytest.approx(tversky_with_loops(logits, mask, alpha, beta), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_gradient_by_hand_is_the_one_autograd_finds(dtype):
    logits, mask = problem(k=4, dtype=dtype)
    mask[mask == 2] = 255  # an absent class
    chance = torch.Generator().manual_seed(1)
    pulls = torch.randn(2, 4, generator=chance, dtype=dtype)
    found = []
    for road in (soft_counts, soft_counts_with_one_hot):
        z = logits.clone().requires_grad_()
        hit, guess, truth = road(z, mask)
        (pulls[0] @ hit + pulls[1] @ guess).backward()
        found.append((hit, guess, truth, z.grad))
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_counts_of_a_hard_guess_are_whole_pixels():
    _, mask = problem()
    hit, guess, truth = soft_counts(sure(torch.zeros(2, 5, 7)), mask)
    valid = (mask != 255).sum()
    assert guess.tolist() == [valid, 0, 0] and hit.tolist() == [(mask == 0).sum(), 0, 0]
    assert truth.tolist() == [(mask == k).sum() for k in range(3)] and truth.dtype == torch.int64


@pytest.mark.parametrize(["weights", "twin"], [((0.5, 0.5), dice_loss), ((1, 1), jaccard_loss)])
def test_tversky_is_dice_or_jaccard(weights, twin):
    logits, mask = problem()
    ours = graded(tversky_loss, logits, mask, alpha=weights[0], beta=weights[1])
    torch.testing.assert_close(ours, graded(twin, logits, mask))


def test_absent_classes_do_not_vote():
    logits, mask = problem(k=4)
    mask[mask >= 2] = 255  # of four classes the mask holds two
    hit, guess, truth = soft_counts_with_one_hot(logits, mask)
    dice = 2 * hit[:2] / (guess + truth)[:2]
    torch.testing.assert_close(dice_loss(logits, mask), 1 - dice.mean())


def test_the_batch_is_one_region_not_the_mean_of_its_images():
    mask = torch.tensor([[[0, 0, 0, 0]], [[0, 1, 1, 1]]])
    logits = sure(torch.tensor([[[0, 0, 0, 1]], [[0, 1, 1, 1]]]), 2)
    assert dice_loss(logits, mask).item() == pytest.approx(1 - (8 / 9 + 6 / 7) / 2)


def test_no_price_on_misses_and_nothing_guessed_is_a_loss_of_one():
    mask = torch.ones(1, 2, 3).long()
    value, gradient = graded(lambda z, m: tversky_loss(z, m, alpha=1, beta=0), sure(torch.zeros(1, 2, 3), 2), mask)
    assert value == 1 and gradient.isfinite().all()


@pytest.mark.parametrize(["alpha", "beta"], [(-0.1, 0.5), (0.5, -1), (0, 0), (float("nan"), 1), (1, float("inf"))])
def test_prices_below_zero_are_refused(alpha, beta):
    words = f"tversky_loss: alpha and beta must be at least 0, finite and not both 0, got alpha={alpha}, beta={beta}."
    with pytest.raises(ValueError, match=re.escape(words)):
        tversky_loss(torch.zeros(1, 2, 3, 4), torch.zeros(1, 3, 4).long(), alpha=alpha, beta=beta)
