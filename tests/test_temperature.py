"""The temperature: by hand, against a search without slopes, its laws, and where there is nothing to fit."""

import math
import re

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import minimize_scalar

from seglearn.metrics import calibration_error, label_map
from seglearn.training import fit_temperature


def case(n=2, k=5, h=11, w=13, *, seed=0, too_sure=3.0):
    """Logits of a model that would be calibrated if it were `too_sure` times less sure; some pixels are ignored."""
    chance = torch.Generator().manual_seed(seed)
    honest = 2 * torch.randn(n, k, h, w, generator=chance)
    mask = honest.softmax(dim=1).movedim(1, -1).flatten(0, 2).multinomial(1, generator=chance).reshape(n, h, w)
    return too_sure * honest, mask.masked_fill(torch.rand(n, h, w, generator=chance) < 0.2, 255)


def surprise(logits, mask, temperature):
    return F.cross_entropy(logits.double() / temperature, mask, ignore_index=255).item()


def test_by_hand():
    # three of four are right: p = 3/4 means a gap of ln 3 between the two scores, and it is 4
    logits = torch.tensor([4.0, 0.0]).reshape(1, 2, 1, 1).expand(1, 2, 1, 4)
    temperature = fit_temperature(logits, torch.tensor([[[0, 0, 1, 0]]]))
    assert isinstance(temperature, float) and temperature == pytest.approx(4 / math.log(3), rel=2e-9)


@pytest.mark.parametrize("too_sure", [0.2, 1.0, 3.0, 50.0])
@pytest.mark.parametrize("seed", range(3))
def test_no_other_temperature_is_better(seed, too_sure):
    logits, mask = case(seed=seed, too_sure=too_sure)
    ours = fit_temperature(logits, mask)
    theirs = minimize_scalar(
        lambda log_t: surprise(logits, mask, 2.718281828459045**log_t), bounds=(-5, 7), method="bounded"
    )
    assert surprise(logits, mask, ours) <= theirs.fun + 1e-12
    assert ours == pytest.approx(2.718281828459045**theirs.x, rel=1e-3)


def test_finds_the_factor_by_which_a_model_is_too_sure_and_mends_its_calibration():
    logits, mask = case(n=4, h=64, w=80, too_sure=3.0)
    temperature = fit_temperature(logits, mask)
    assert temperature == pytest.approx(3.0, abs=0.1)
    before, after = [calibration_error((logits / t).softmax(dim=1), mask) for t in (1, temperature)]
    assert before > 0.1 and after < 0.02
    assert torch.equal(label_map(logits / temperature), label_map(logits))


@pytest.mark.parametrize("factor", [1e-6, 0.3, 7.0, 1e6])
def test_scaling_the_logits_scales_the_temperature(factor):
    logits, mask = case()
    logits = logits.double()
    assert fit_temperature(factor * logits, mask) == pytest.approx(factor * fit_temperature(logits, mask), rel=1e-7)


def test_shifting_all_scores_of_a_pixel_changes_nothing():
    logits, mask = case()
    shifted = logits.double() + 100 * torch.randn(2, 1, 11, 13, generator=torch.Generator().manual_seed(1))
    assert fit_temperature(shifted, mask) == pytest.approx(fit_temperature(logits, mask), rel=1e-6)


def test_ignored_pixels_do_not_matter_even_if_they_are_not_finite():
    logits, mask = case()
    other = torch.where((mask == 255)[:, None], torch.inf, logits)
    assert fit_temperature(other, mask) == fit_temperature(logits, mask)


def test_the_logits_are_left_alone():
    logits, mask = case()
    logits.requires_grad_()
    before = logits.detach().clone()
    fit_temperature(logits, mask)
    assert torch.equal(logits, before) and logits.grad is None


def test_where_every_temperature_is_as_good_it_is_one():
    logits, mask = case()
    assert fit_temperature(logits, torch.full_like(mask, 255)) == 1
    assert fit_temperature(torch.full_like(logits, 3.0), mask) == 1
    assert fit_temperature(logits[:, :1], mask.where(mask == 255, 0)) == 1  # one class
    assert fit_temperature(logits[:0], mask[:0]) == 1


def test_all_right_ends_at_the_cold_end_and_all_wrong_at_the_hot_end():
    logits, _ = case()
    right, wrong = logits.argmax(dim=1), logits.argmin(dim=1)
    gap = (logits.amax(dim=1) - logits.mean(dim=1)).mean().item()
    assert fit_temperature(logits, right) == pytest.approx(gap / 1000, rel=1e-5)
    assert fit_temperature(logits, wrong) == pytest.approx(gap * 1000, rel=1e-5)
    for mask in (right, wrong):
        assert (logits / fit_temperature(logits, mask)).softmax(dim=1).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_fitted_in_double(dtype):
    logits, mask = case()
    logits = logits.to(dtype)
    assert fit_temperature(logits, mask) == fit_temperature(logits.double(), mask)


def test_huge_logits():
    logits, mask = case()
    logits = 1e4 * logits.sign()
    assert 0 < fit_temperature(logits, mask) < float("inf")


LOGITS, MASK = torch.randn(1, 2, 1, 3), torch.tensor([[[0, 1, 255]]])


@pytest.mark.parametrize(
    ["logits", "mask", "error", "words"],
    [
        (LOGITS.long(), MASK, TypeError, "fit_temperature: logits must be floating point, got torch.int64."),
        (LOGITS, MASK[..., :2], ValueError, "fit_temperature: mask must have shape (N=1, H=1, W=3), got (1, 1, 2)."),
        (LOGITS, MASK * 2, ValueError, "fit_temperature: mask must hold labels 0..1 or 255 (ignored), got [2, 510]."),
        (
            LOGITS * torch.inf,
            MASK,
            ValueError,
            "fit_temperature: logits of valid pixels must be finite, got inf or NaN.",
        ),
    ],
    ids=["integers", "sizes", "stranger", "infinite"],
)
def test_errors_name_the_rule_and_the_value(logits, mask, error, words):
    with pytest.raises(error, match=re.escape(words)):
        fit_temperature(logits, mask)
