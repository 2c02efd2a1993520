"""Cross-entropy: by hand, against loops and torch, at the extremes, and what must not matter."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from seglearn.losses import cross_entropy_loss


def problem(n=2, k=3, h=5, w=7, *, seed=0, ignored=0.2, dtype=torch.float64):
    """Random logits and a random mask with some ignored pixels; all sizes differ."""
    chance = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, k, h, w, generator=chance, dtype=dtype)
    mask = torch.randint(k, (n, h, w), generator=chance)
    return logits, mask.masked_fill(torch.rand(mask.shape, generator=chance) < ignored, 255)


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


def test_gradient():
    logits, mask = problem(1, 3, 2, 4)
    assert gradcheck(lambda z: cross_entropy_loss(z, mask), logits.requires_grad_())


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


def test_ignored_pixels_do_not_matter():
    logits, mask = problem()
    loud = logits + 100 * (mask == 255).unsqueeze(1) * torch.tensor([1.0, 0.0, -1.0]).reshape(3, 1, 1)
    torch.testing.assert_close(cross_entropy_loss(loud, mask), cross_entropy_loss(logits, mask))


def test_an_ignored_image_in_the_batch_does_not_matter():
    logits, mask = problem()
    more = torch.cat([mask, torch.full_like(mask[:1], 255)])
    torch.testing.assert_close(
        cross_entropy_loss(torch.cat([logits, logits[:1]]), more), cross_entropy_loss(logits, mask)
    )


def test_the_order_of_images_and_pixels_does_not_matter():
    logits, mask = problem()
    turned = cross_entropy_loss(logits.flip(0).mT, mask.flip(0).mT)  # .mT is also non-contiguous
    torch.testing.assert_close(turned, cross_entropy_loss(logits, mask))


def test_another_label_can_be_ignored():
    logits, mask = problem(ignored=0)
    ours = cross_entropy_loss(logits, mask, ignore=1)
    torch.testing.assert_close(ours, F.cross_entropy(logits, mask, ignore_index=1))


def test_masks_of_any_integer_type_will_do():
    logits, mask = problem()
    torch.testing.assert_close(cross_entropy_loss(logits, mask.to(torch.uint8)), cross_entropy_loss(logits, mask))


@pytest.mark.parametrize(
    ["mask", "error", "words"],
    [
        (torch.zeros(2, 1, 4, 5).long(), ValueError, "shape (N=2, H=4, W=5), got (2, 1, 4, 5). Use mask.squeeze(1)."),
        (torch.zeros(2, 4, 5), TypeError, "must hold integer labels, got torch.float32. Use mask.long()."),
        (torch.full((2, 4, 5), 7), ValueError, "must hold labels 0..2 or 255 (ignored), got [7]."),
    ],
    ids=["shape", "dtype", "stranger"],
)
def test_errors_name_the_rule_the_value_and_the_way_out(mask, error, words):
    with pytest.raises(error, match=re.escape(words)):
        cross_entropy_loss(torch.zeros(2, 3, 4, 5), mask)


def test_weights_for_another_number_of_classes_are_refused():
    with pytest.raises(ValueError, match=re.escape("weight must have shape (3), got (2,)")):
        cross_entropy_loss(torch.zeros(2, 3, 4, 5), torch.zeros(2, 4, 5).long(), weight=torch.ones(2))
