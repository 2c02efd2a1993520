"""What all losses have in common: exact gradients, extremes, half precision, and what must not matter."""

import inspect
import re

import pytest
import torch
from loss_problems import graded, problem, sure
from torch.autograd import gradcheck

import seglearn.losses as room
from seglearn.losses import (
    boundary_loss,
    cross_entropy_loss,
    dice_loss,
    focal_loss,
    jaccard_loss,
    lovasz_loss,
    tversky_loss,
)

LOSSES = {
    "cross-entropy": cross_entropy_loss,
    "cross-entropy, weighted": lambda z, m, **o: cross_entropy_loss(z, m, weight=torch.tensor([0.5, 2.0, 5.0]), **o),
    "focal": focal_loss,
    "focal, gamma 0.5, weighted": lambda z, m, **o: focal_loss(
        z, m, gamma=0.5, weight=torch.tensor([0.5, 2.0, 5.0]), **o
    ),
    "dice": dice_loss,
    "jaccard": jaccard_loss,
    "tversky": lambda z, m, **o: tversky_loss(z, m, alpha=0.3, beta=1.2, **o),
    "tversky, beta 0": lambda z, m, **o: tversky_loss(z, m, alpha=1, beta=0, **o),
    "lovasz": lovasz_loss,
    "boundary": boundary_loss,
}
HALVES = [torch.float16, torch.bfloat16]
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def test_every_loss_of_the_room_is_under_test_and_has_the_same_front():
    functions = {name for name in vars(room) if name.endswith("_loss")}
    assert len(functions) == 7
    assert functions <= {name for name in globals() if name.endswith("_loss") and not name.startswith("test")}
    for name in functions:
        logits, mask, *options = inspect.signature(getattr(room, name)).parameters.values()
        assert (logits.name, mask.name) == ("logits", "mask")
        assert {option.kind for option in options} == {inspect.Parameter.KEYWORD_ONLY}
        assert {option.name: option.default for option in options}["ignore"] == 255


@every_loss
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_exact(loss, seed):
    logits, mask = problem(seed=seed)
    assert gradcheck(lambda z: loss(z, mask), logits.requires_grad_())


@every_loss
def test_the_result_is_one_scalar_and_the_arguments_stay_untouched(loss):
    logits, mask = problem(dtype=torch.float32)
    before = logits.clone(), mask.clone()
    value, gradient = graded(loss, logits, mask)
    assert value.shape == () and value.dtype == torch.float32 and gradient.abs().sum() > 0
    assert torch.equal(logits, before[0]) and torch.equal(mask, before[1])


@every_loss
@pytest.mark.parametrize("dtype", [*HALVES, torch.float32, torch.float64])
def test_nothing_valid_is_zero_with_a_gradient_of_zeros(loss, dtype):
    logits = problem(dtype=dtype)[0] * 100
    value, gradient = graded(loss, logits, torch.full((2, 5, 7), 255))
    assert value.item() == 0 and gradient.dtype == dtype and torch.equal(gradient, torch.zeros_like(logits))


@every_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("right", [True, False])
def test_enormous_logits_stay_finite(loss, dtype, right):
    mask = problem(ignored=0)[1]
    value, gradient = graded(loss, sure(mask if right else (mask + 1) % 3).to(dtype), mask)
    assert value.isfinite() and gradient.isfinite().all()


@every_loss
def test_a_perfect_guess_is_zero_and_a_wrong_one_is_worse(loss):
    mask = problem(ignored=0)[1]
    best, worst = loss(sure(mask), mask), loss(sure((mask + 1) % 3), mask)
    if loss is boundary_loss:
        assert best < 0 < worst
    else:
        assert best == 0 and worst >= 1


@every_loss
@pytest.mark.parametrize("dtype", HALVES)
def test_half_precision_is_summed_in_float32_over_many_pixels(loss, dtype):
    chance = torch.Generator().manual_seed(0)
    mask = torch.randint(3, (1, 512, 512), generator=chance)
    mask = torch.where(torch.rand(mask.shape, generator=chance) < 0.999, 0, mask)  # one common class, two rare ones
    logits = torch.randn(1, 3, 512, 512, generator=chance).to(dtype)
    value, gradient = graded(loss, logits, mask)
    exact, exact_gradient = graded(loss, logits.double(), mask)
    assert value.dtype == torch.float32 and gradient.dtype == dtype
    assert value.item() == pytest.approx(exact.item(), rel=3e-6)
    coarse = exact_gradient.to(dtype)  # what half precision can hold of it
    torch.testing.assert_close(gradient, coarse, rtol=2**-7 if dtype == torch.bfloat16 else 2**-10, atol=1e-7)


@every_loss
def test_equal_pixels_do_not_add_up_a_bias(loss):
    # 262,144 times the same number: added one after the other, float32 drifts by up to a percent
    mask = torch.zeros(1, 512, 512, dtype=torch.int64)
    mask[0, 0, 0] = 1
    logits = torch.tensor([0.1, 0.7, -0.3]).reshape(1, 3, 1, 1).expand(1, 3, 512, 512)
    assert loss(logits, mask).item() == pytest.approx(loss(logits.double(), mask).item(), rel=1e-5)


@every_loss
@pytest.mark.parametrize("shape", [(1, 3, 1, 1), (1, 3, 1, 6), (2, 1, 3, 4)], ids=["1x1", "one row", "one class"])
def test_small_pictures_will_do(loss, shape):
    if shape[1] == 1 and "weight" in inspect.getsource(loss).split("\n")[0]:
        loss = cross_entropy_loss  # three weights do not fit one class
    logits, mask = problem(shape[0], *shape[1:], ignored=0)
    value, gradient = graded(loss, logits, mask)
    assert value.isfinite() and gradient.isfinite().all()


@every_loss
def test_a_tensor_that_lies_otherwise_in_memory_gives_the_same(loss):
    logits, mask = problem()
    value, gradient = graded(loss, logits, mask)
    turned = logits.permute(3, 2, 0, 1).contiguous().permute(2, 3, 1, 0)
    for other in (turned, logits.contiguous(memory_format=torch.channels_last)):
        assert not other.is_contiguous()
        again = other.detach().requires_grad_()
        loss(again, mask.mT.contiguous().mT).backward()
        torch.testing.assert_close(again.grad, gradient)
    torch.testing.assert_close(loss(logits.mT, mask.mT), value)


@every_loss
def test_ignored_pixels_do_not_matter(loss):
    logits, mask = problem()
    value, gradient = graded(loss, logits, mask)
    ignored = (mask == 255).unsqueeze(1)
    loud, loud_gradient = graded(loss, logits + 100 * ignored * torch.tensor([1.0, 0, -1]).reshape(3, 1, 1), mask)
    torch.testing.assert_close(loud, value)
    torch.testing.assert_close(loud_gradient, gradient)
    assert (gradient * ignored == 0).all()


@every_loss
def test_an_ignored_image_changes_nothing_for_the_others(loss):
    logits, mask = problem()
    value, gradient = graded(loss, logits, mask)
    more = torch.cat([torch.full_like(mask[:1], 255), mask])
    value_with, gradient_with = graded(loss, torch.cat([50 * logits[:1], logits]), more)
    torch.testing.assert_close(value_with, value)
    torch.testing.assert_close(gradient_with, torch.cat([torch.zeros_like(gradient[:1]), gradient]))


@every_loss
def test_the_order_of_images_and_pixels_does_not_matter(loss):
    logits, mask = problem()
    torch.testing.assert_close(loss(logits.flip(0).flip(2), mask.flip(0).flip(1)), loss(logits, mask))


@every_loss
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_masks_of_any_integer_type_will_do(loss, dtype):
    logits, mask = problem()
    torch.testing.assert_close(loss(logits, mask.to(dtype)), loss(logits, mask))


@every_loss
def test_another_label_can_be_ignored_a_class_too(loss):
    logits, mask = problem(ignored=0)
    value = loss(logits, mask.where(mask != 1, 255))
    torch.testing.assert_close(loss(logits, mask, ignore=1), value)
    torch.testing.assert_close(loss(logits, mask.where(mask != 1, -1), ignore=-1), value)
    torch.testing.assert_close(loss(logits, mask.where(mask != 1, -1).to(torch.int8), ignore=-1), value)


@every_loss
def test_nan_is_not_hidden(loss):
    logits, mask = problem(ignored=0)
    logits[0, 1, 2, 3] = torch.nan
    assert loss(logits, mask).isnan()


@every_loss
def test_autocast_does_not_cost_digits(loss):
    logits, mask = problem(dtype=torch.float32)
    value, gradient = graded(loss, logits, mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value_then, gradient_then = graded(loss, logits, mask)
    torch.testing.assert_close(value_then, value)
    torch.testing.assert_close(gradient_then, gradient, rtol=1e-4, atol=1e-8)


@every_loss
@pytest.mark.parametrize(
    ["mask", "error", "words"],
    [
        (torch.zeros(2, 1, 4, 5).long(), ValueError, "shape (N=2, H=4, W=5), got (2, 1, 4, 5). Use mask.squeeze(1)."),
        (torch.zeros(2, 4, 5), TypeError, "must hold integer labels, got torch.float32. Use mask.long()."),
        (torch.full((2, 4, 5), 7), ValueError, "must hold labels 0..2 or 255 (ignored), got [7]."),
    ],
    ids=["shape", "dtype", "stranger"],
)
def test_errors_name_the_rule_the_value_and_the_way_out(loss, mask, error, words):
    with pytest.raises(error, match=r"^\w+_loss: mask .*" + re.escape(words)):
        loss(torch.zeros(2, 3, 4, 5), mask)
