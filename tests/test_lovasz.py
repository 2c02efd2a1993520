"""Lovász: by hand, from its definition over sets, equal to Jaccard where both are defined, exact in float32."""

import pytest
import torch
from loss_problems import problem, sure

from seglearn.losses import jaccard_loss, lovasz_loss
from seglearn.losses.lovasz import falling_order, jaccard_steps


def jaccard_loss_of_set(truth, wrong):
    """Δ(M) of the paper: the Jaccard loss of one class when exactly the pixels `wrong` are misjudged."""
    return len(wrong) / len(truth | wrong)


def lovasz_with_sets(logits, mask):
    """The definition, with sets of pixels: equations 8 and 9 of Berman et al. 2018."""
    p, losses = logits.softmax(dim=1), []
    pixels = [tuple(pixel) for pixel in (mask != 255).nonzero().tolist()]
    for k in range(logits.shape[1]):
        truth = {pixel for pixel in pixels if mask[pixel] == k}
        error = {(n, y, x): abs((mask[n, y, x] == k).item() - p[n, k, y, x].item()) for n, y, x in pixels}
        wrong, before, loss = set(), 0.0, 0.0
        for pixel in sorted(pixels, key=error.get, reverse=True):
            wrong = wrong | {pixel}
            lost = jaccard_loss_of_set(truth, wrong) if truth else 0
            loss, before = loss + error[pixel] * (lost - before), lost
        if truth:
            losses.append(loss)
    return sum(losses) / len(losses)


def test_by_hand():
    # class 0 at the first pixel: errors 1/4 there and 3/4 beside; the union grows first: 3/4·1/2 + 1/4·1/2
    # class 1 at the second pixel: errors 1/4 and 3/4, its own pixel first: 3/4·1 + 1/4·0
    logits = torch.tensor([[[[3.0, 3.0]], [[1.0, 1.0]]]]).log()
    assert lovasz_loss(logits, torch.tensor([[[0, 1]]])).item() == pytest.approx((1 / 2 + 3 / 4) / 2)


@pytest.mark.parametrize("seed", range(3))
def test_equals_its_definition_over_sets(seed):
    logits, mask = problem(seed=seed)
    assert lovasz_loss(logits, mask).item() == pytest.approx(lovasz_with_sets(logits, mask), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_of_a_hard_guess_it_is_the_jaccard_loss(seed):
    _, mask = problem(seed=seed)
    guess = problem(seed=seed + 10, ignored=0)[1]
    torch.testing.assert_close(lovasz_loss(sure(guess), mask), jaccard_loss(sure(guess), mask))


def test_absent_classes_do_not_vote():
    logits, mask = problem(k=4)
    mask[mask >= 2] = 255
    assert lovasz_loss(logits, mask).item() == pytest.approx(lovasz_with_sets(logits, mask), rel=1e-12)


def test_the_steps_keep_their_digits_in_float32():
    chance = torch.Generator().manual_seed(0)
    error, truth = torch.rand(300_000, generator=chance), torch.rand(300_000, generator=chance) < 0.3
    exact = jaccard_steps(error.double(), truth)
    torch.testing.assert_close(jaccard_steps(error, truth).double(), exact, rtol=1e-6, atol=0)
    order = error.argsort(descending=True)  # the peers' way: a difference of two numbers near 1
    found, union = truth[order].cumsum(0), truth.sum() + (~truth[order]).cumsum(0)
    peers = (1 - (truth.sum() - found).float() / union).diff(prepend=torch.zeros(1))
    off = (peers.double() / exact[order] - 1).abs()
    assert off.max() > 0.1  # at some pixels not one digit is left


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", [1, 7, 100_000])
def test_sorting_the_bits_sorts_the_floats(dtype, count):
    error = torch.rand(count, generator=torch.Generator().manual_seed(0), dtype=dtype)
    error[::5], error[::7] = 0, 1
    ours = falling_order(error)
    assert torch.equal(error[ours], error[error.argsort(descending=True)])  # ties may stand in any order
    assert torch.equal(ours.sort().values, torch.arange(count))
