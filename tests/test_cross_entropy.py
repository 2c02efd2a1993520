"""Cross-entropy and focal loss: by hand, against loops and torch, class weights, and gamma."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from loss_problems import graded, problem, sure

from seglearn.losses import cross_entropy_loss, focal_loss


def cross_entropy_with_loops(logits, mask, weight):
    """The definition, one pixel at a time."""
    total = share = 0.0
    for n, y, x in torch.cartesian_prod(*map(torch.arange, mask.shape)).tolist():
        truth = mask[n, y, x].item()
        if truth != 255:
            scores = [math.exp(score) for score in logits[n, :, y, x].tolist()]
            total += weight[truth] * -math.log(scores[truth] / sum(scores))
            share += weight[truth]
    return total / share


def test_by_hand():
    # p = 3/4 and 1/4 at the true class: (ln 4/3 + ln 4) / 2
    logits = torch.tensor([[[[math.log(3), 0.0]], [[0.0, math.log(3)]]]])
    loss = cross_entropy_loss(logits, torch.tensor([[[0, 0]]]))
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(4)) / 2)


@pytest.mark.parametrize("weight", [(1.0, 1.0, 1.0), (0.1, 2.0, 5.0)])
def test_equals_the_loop(weight):
    logits, mask = problem()
    loss = cross_entropy_loss(logits, mask, weight=torch.tensor(weight, dtype=torch.float64))
    assert loss.item() == pytest.approx(cross_entropy_with_loops(logits, mask, weight), rel=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_torch_in_value_and_gradient(weighted):
    logits, mask = problem(seed=1)
    weight = torch.tensor([0.1, 2.0, 5.0], dtype=torch.float64) if weighted else None
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    cross_entropy_loss(ours, mask, weight=weight).backward()
    F.cross_entropy(theirs, mask, weight=weight, ignore_index=255).backward()
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("weight", [None, torch.tensor([0.0, 1.0, 1.0])], ids=["nothing valid", "only weight zero"])
def test_nothing_to_learn_from_is_zero_with_a_gradient_of_zeros(dtype, weight):
    logits = torch.randn(2, 3, 5, 7).to(dtype).requires_grad_()
    mask = torch.full((2, 5, 7), 255 if weight is None else 0)
    loss = cross_entropy_loss(logits, mask, weight=weight)
    loss.backward()
    assert loss.item() == 0 and torch.equal(logits.grad, torch.zeros_like(logits))


def test_enormous_logits_stay_finite():
    logits = torch.tensor([1e4, -1e4, 0.0]).reshape(1, 3, 1, 1).repeat(1, 1, 2, 3).requires_grad_()
    loss = cross_entropy_loss(logits, torch.ones(1, 2, 3, dtype=torch.int64))
    loss.backward()
    assert loss.item() == 2e4 and logits.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_float32(dtype):
    logits = torch.zeros(1, 4, 512, 512, dtype=dtype)  # 262,144 pixels of ln 4: a float16 sum would overflow
    loss = cross_entropy_loss(logits, torch.zeros(1, 512, 512, dtype=torch.int64))
    assert loss.dtype == torch.float32 and loss.item() == pytest.approx(math.log(4), rel=1e-5)


def test_one_pixel_is_enough():
    assert cross_entropy_loss(torch.zeros(1, 2, 1, 1), torch.zeros(1, 1, 1).long()).item() == pytest.approx(math.log(2))


def test_another_label_can_be_ignored():
    logits, mask = problem(ignored=0)
    ours = cross_entropy_loss(logits, mask, ignore=1)
    torch.testing.assert_close(ours, F.cross_entropy(logits, mask, ignore_index=1))


def test_weights_for_another_number_of_classes_are_refused():
    with pytest.raises(ValueError, match=re.escape("weight must have shape (3), got (2,)")):
        cross_entropy_loss(torch.zeros(2, 3, 4, 5), torch.zeros(2, 4, 5).long(), weight=torch.ones(2))


def focal_with_loops(logits, mask, gamma, weight):
    """The definition, one pixel at a time."""
    p, total, share = logits.softmax(dim=1), 0.0, 0.0
    for n, y, x in (mask != 255).nonzero().tolist():
        truth = mask[n, y, x].item()
        right = p[n, truth, y, x].item()
        total += weight[truth] * (1 - right) ** gamma * -math.log(right)
        share += weight[truth]
    return total / share


def test_focal_by_hand():
    # p = 3/4 and 1/4 at the true class
    logits = torch.tensor([[[[math.log(3), 0.0]], [[0.0, math.log(3)]]]])
    by_hand = ((1 / 4) ** 2 * math.log(4 / 3) + (3 / 4) ** 2 * math.log(4)) / 2
    assert focal_loss(logits, torch.tensor([[[0, 0]]])).item() == pytest.approx(by_hand)


@pytest.mark.parametrize("weight", [(1.0, 1.0, 1.0), (0.1, 2.0, 5.0), (0.0, 1.0, 3.0)])
@pytest.mark.parametrize("gamma", [0, 0.5, 1, 2.0, 5])
def test_focal_equals_the_loop(gamma, weight):
    logits, mask = problem()
    loss = focal_loss(logits, mask, gamma=gamma, weight=torch.tensor(weight, dtype=torch.float64))
    assert loss.item() == pytest.approx(focal_with_loops(logits, mask, gamma, weight), rel=1e-12)


@pytest.mark.parametrize("weight", [None, torch.tensor([0.1, 2.0, 5.0])], ids=["plain", "weighted"])
def test_focal_with_gamma_zero_is_cross_entropy(weight):
    logits, mask = problem()
    ours = graded(focal_loss, logits, mask, gamma=0, weight=weight)
    torch.testing.assert_close(ours, graded(cross_entropy_loss, logits, mask, weight=weight))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("gamma", [0.01, 0.5, 0.999, 1, 2])
def test_focal_is_flat_where_the_guess_is_perfect(gamma, dtype):
    mask = problem(ignored=0)[1]
    value, gradient = graded(focal_loss, sure(mask).to(dtype), mask, gamma=gamma)
    assert value == 0 and (gradient == 0).all()


@pytest.mark.parametrize("gamma", [-0.5, float("nan"), float("inf")])
def test_gamma_below_zero_is_refused(gamma):
    with pytest.raises(ValueError, match=re.escape(f"focal_loss: gamma must be at least 0 and finite, got {gamma}.")):
        focal_loss(torch.zeros(2, 3, 4, 5), torch.zeros(2, 4, 5).long(), gamma=gamma)


@pytest.mark.parametrize("loss", [cross_entropy_loss, focal_loss])
@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_weights_below_zero_or_without_a_value_are_refused(loss, bad):
    with pytest.raises(ValueError, match=re.escape(f"{loss.__name__}: weight must hold finite numbers of at least 0")):
        loss(torch.zeros(2, 3, 4, 5), torch.zeros(2, 4, 5).long(), weight=torch.tensor([1, bad, 1]))
