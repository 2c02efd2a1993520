"""The boundary loss: distances by hand and by brute force, and what has no boundary."""

import re

import pytest
import torch
from loss_problems import graded, problem, sure

from seglearn.losses import boundary_loss, signed_distances


def signed_distances_with_loops(mask, classes):
    """The definition: from every pixel look at every other."""
    h, w = mask.shape
    pixels = [(y, x) for y in range(h) for x in range(w) if mask[y, x] != 255]
    result = torch.zeros(classes, h, w, dtype=torch.float64)
    for k in range(classes):
        inside = [pixel for pixel in pixels if mask[pixel] == k]
        outside = [pixel for pixel in pixels if mask[pixel] != k]
        if inside and outside:
            for y, x in pixels:
                sign, others = (-1, outside) if (y, x) in inside else (1, inside)
                result[k, y, x] = sign * (min((y - v) ** 2 + (x - u) ** 2 for v, u in others) ** 0.5 - 0.5)
    return result


def test_distances_by_hand():
    distances = signed_distances(torch.tensor([[0, 0, 0, 1]]), classes=3)
    assert distances.tolist() == [[[-2.5, -1.5, -0.5, 0.5]], [[2.5, 1.5, 0.5, -0.5]], [[0, 0, 0, 0]]]


def test_loss_by_hand():
    logits = torch.tensor([[[[3.0, 3.0]], [[1.0, 1.0]]]]).log()  # p = 3/4, 1/4; distances -1/2, 1/2 and 1/2, -1/2
    assert boundary_loss(logits, torch.tensor([[[0, 1]]])).item() == pytest.approx(0)
    # 0 0 1: class 0 is -1.5, -0.5, 0.5 and class 1 the opposite; guessing 0 everywhere costs -1.5 - 0.5 + 0.5
    assert boundary_loss(sure(torch.zeros(1, 1, 3), 2), torch.tensor([[[0, 0, 1]]])).item() == pytest.approx(-0.5)


@pytest.mark.parametrize("seed", range(3))
def test_distances_equal_the_loop(seed):
    mask = problem(k=4, seed=seed)[1][0]
    torch.testing.assert_close(signed_distances(mask, 5), signed_distances_with_loops(mask, 5))


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_mean_over_valid_pixels(seed):
    logits, mask = problem(seed=seed)
    φ = torch.stack([signed_distances_with_loops(one, 3) for one in mask])
    torch.testing.assert_close(boundary_loss(logits, mask), (logits.softmax(1) * φ).sum() / (mask != 255).sum())


def test_the_authors_distances_are_half_a_pixel_more():
    from scipy.ndimage import distance_transform_edt

    mask = problem(ignored=0)[1][0]
    inside = (mask == 1).numpy()  # one_hot2dist of github.com/LIVIAETS/boundary-loss
    theirs = distance_transform_edt(~inside) * ~inside - (distance_transform_edt(inside) - 1) * inside
    torch.testing.assert_close(signed_distances(mask, 3)[1] + 0.5, torch.from_numpy(theirs))


def test_two_classes_see_the_same_boundary_from_both_sides():
    mask = problem(k=2, ignored=0)[1][0]
    torch.testing.assert_close(signed_distances(mask, 2)[0], -signed_distances(mask, 2)[1])


def test_the_truth_is_the_minimum_and_far_mistakes_cost_more():
    mask = torch.zeros(1, 5, 7).long()
    mask[0, :, :3] = 1
    near, far = mask.clone(), mask.clone()
    near[0, 2, 3], far[0, 2, 6] = 1, 1
    best, slightly, badly = (boundary_loss(sure(guess, 2), mask).item() for guess in (mask, near, far))
    assert best < slightly < badly < 0
    assert best == pytest.approx(-signed_distances(mask[0], 2).amax(0).mean().item())  # minus the mean depth


@pytest.mark.parametrize("ignored", [False, True])
def test_an_image_of_one_class_has_no_boundary(ignored):
    mask = torch.zeros(1, 5, 7).long()
    if ignored:
        mask[0, 2] = 255
    value, gradient = graded(boundary_loss, problem(1)[0], mask)
    assert value == 0 and (gradient == 0).all()


def test_distances_refuse_what_is_no_mask():
    with pytest.raises(ValueError, match=re.escape("signed_distances: mask must have shape (H, W), got (1, 3, 4).")):
        signed_distances(torch.zeros(1, 3, 4).long(), 2)
