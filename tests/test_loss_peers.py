"""The losses against other libraries: equal where the conventions agree, and how they differ where they do not."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from loss_problems import graded, problem

from seglearn.losses import cross_entropy_loss, dice_loss, focal_loss, jaccard_loss, lovasz_loss, tversky_loss


@pytest.fixture(scope="module")
def smp():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # theirs, while importing
        return pytest.importorskip("segmentation_models_pytorch").losses


@pytest.fixture(scope="module")
def monai():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("monai.losses")


def nasty(kind):
    """Problems that look innocent, float32."""
    logits, mask = problem(seed=3, ignored=0 if "whole" in kind else 0.2, dtype=torch.float32)
    if kind == "one rare pixel":
        mask = torch.zeros_like(mask)
        mask[1, 4, 6], mask[0, 0, 0] = 1, 2
    if kind == "large logits":
        logits = logits * 20
    if kind == "mostly ignored":
        mask[:, 1:] = 255
        mask[0, 0, :3] = torch.arange(3)
    return logits, mask


KINDS = ["whole", "with holes", "one rare pixel", "large logits", "mostly ignored"]
kinds = pytest.mark.parametrize("kind", KINDS)


def agree(ours, theirs, logits, mask, rtol=1e-5, atol=1e-6):
    torch.testing.assert_close(graded(ours, logits, mask), graded(theirs, logits, mask), rtol=rtol, atol=atol)


@kinds
def test_smp_region_losses(smp, kind):
    logits, mask = nasty(kind)
    agree(dice_loss, smp.DiceLoss("multiclass", ignore_index=255, eps=0), logits, mask)
    agree(jaccard_loss, smp.JaccardLoss("multiclass", ignore_index=255, eps=0), logits, mask)
    agree(
        lambda z, m: tversky_loss(z, m, alpha=0.3, beta=1.2),
        smp.TverskyLoss("multiclass", ignore_index=255, eps=0, alpha=0.3, beta=1.2),
        logits,
        mask,
    )


def test_smp_lets_absent_classes_vote_for_zero(smp):
    logits, mask = problem(k=4, dtype=torch.float32)
    mask[mask >= 2] = 255  # two of four classes are present
    theirs = smp.DiceLoss("multiclass", ignore_index=255, eps=0)(logits, mask)
    torch.testing.assert_close(theirs, dice_loss(logits, mask) / 2)


@kinds
def test_smp_lovasz(smp, kind):
    logits, mask = nasty(kind)
    agree(lovasz_loss, smp.LovaszLoss("multiclass", ignore_index=255), logits, mask)


def test_smp_lovasz_of_nothing_is_no_scalar(smp):
    logits, mask = problem(dtype=torch.float32)
    assert smp.LovaszLoss("multiclass", ignore_index=255)(logits, mask.fill_(255)).shape == (0, 3)


def test_smp_focal_is_one_sigmoid_per_class(smp):
    logits, mask = problem(dtype=torch.float32)
    theirs = smp.FocalLoss("multiclass", ignore_index=255, gamma=2.0)(logits, mask)
    valid = mask != 255
    binary = [  # our softmax over the logits 0 and z is their sigmoid of z
        focal_loss(torch.stack([torch.zeros_like(z), z], dim=1), (mask == k).long().where(valid, 255))
        for k, z in enumerate(logits.unbind(1))
    ]
    torch.testing.assert_close(theirs, torch.stack(binary).mean())


def test_torchvision_focal_for_two_classes():
    from torchvision.ops import sigmoid_focal_loss

    logits, mask = problem(k=2, ignored=0)
    margin = logits[:, 1] - logits[:, 0]  # the softmax of two classes is the sigmoid of their difference
    for gamma in (0, 1.5, 2):
        theirs = sigmoid_focal_loss(margin, mask.double(), alpha=-1, gamma=gamma, reduction="mean")
        torch.testing.assert_close(focal_loss(logits, mask, gamma=gamma), theirs)


@pytest.mark.parametrize("kind", ["whole", "whole, large logits"])
def test_monai(monai, kind):
    logits, mask = problem(seed=4, ignored=0)
    logits, one_hot = logits * (10 if "large" in kind else 1), {"to_onehot_y": True}
    region = {"softmax": True, "batch": True, "smooth_nr": 0, "smooth_dr": 0, **one_hot}
    for ours, theirs in [
        (dice_loss, monai.DiceLoss(**region)),
        (jaccard_loss, monai.DiceLoss(**region, jaccard=True)),
        (lambda z, m: tversky_loss(z, m, alpha=0.3, beta=1.2), monai.TverskyLoss(**region, alpha=0.3, beta=1.2)),
    ]:
        agree(ours, lambda z, m, theirs=theirs: theirs(z, m.unsqueeze(1)), logits, mask, rtol=1e-9, atol=1e-12)
    focal = monai.FocalLoss(use_softmax=True, gamma=2.0, **one_hot)  # their mean runs over the classes as well
    agree(focal_loss, lambda z, m: focal(z, m.unsqueeze(1)) * 3, logits.float(), mask)


def test_monai_answers_nothing_to_find_by_its_epsilon(monai):
    # an absent class that nobody guesses is perfect for them (eps / eps), one that is faintly guessed a total loss
    mask = torch.zeros(1, 1, 64, 64).long()
    for size, expected in [(1e4, 0.0), (0.0, 1.0)]:
        logits = torch.tensor([size, -size]).reshape(1, 2, 1, 1).expand(1, 2, 64, 64)
        theirs = monai.DiceLoss(softmax=True, to_onehot_y=True, batch=True, reduction="none")(logits, mask)
        assert theirs.flatten()[1].item() == pytest.approx(expected, abs=1e-4)


@kinds
@pytest.mark.parametrize("weight", [None, torch.tensor([0.1, 2.0, 5.0])], ids=["plain", "weighted"])
def test_torch_cross_entropy(kind, weight):
    logits, mask = nasty(kind)
    agree(
        lambda z, m: cross_entropy_loss(z, m, weight=weight),
        lambda z, m: F.cross_entropy(z, m, weight=weight, ignore_index=255),
        logits,
        mask,
    )


def test_torch_answers_nothing_valid_with_nan():
    logits, mask = problem()
    assert F.cross_entropy(logits, mask.fill_(255), ignore_index=255).isnan()
