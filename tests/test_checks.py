"""The guards: what they let pass, and the words they find."""

import re

import pytest
import torch

from seglearn.checks import check_choice, check_labels, check_logits, check_shapes


def test_axes_are_named_and_shared():
    sizes = check_shapes("here", a=(torch.zeros(2, 3, 5), "N K H"), b=(torch.zeros(5, 2), "H N"))
    assert sizes == {"N": 2, "K": 3, "H": 5}


def test_a_letter_may_stand_twice_and_a_number_for_itself():
    assert check_shapes("here", a=(torch.zeros(3, 3, 4), "3 K 4")) == {"K": 3}
    check_shapes("here", a=(torch.zeros(4, 4), "K K"))
    with pytest.raises(ValueError, match=re.escape("here: a must have shape (K, K), got (4, 5).")):
        check_shapes("here", a=(torch.zeros(4, 5), "K K"))


@pytest.mark.parametrize(
    ["shape", "axes", "words"],
    [
        ((4, 1, 5), "H W", "here: a must have shape (H, W), got (4, 1, 5). Use a.squeeze(1)."),
        ((4, 5), "N H W", "here: a must have shape (N, H, W), got (4, 5). Use a.unsqueeze(0)."),
        ((4, 5, 6), "H W", "here: a must have shape (H, W), got (4, 5, 6)."),
        ((1, 5), "3 W", "here: a must have shape (3, W), got (1, 5)."),
        ((2,), "N H W", "here: a must have shape (N, H, W), got (2,)."),
    ],
)
def test_another_shape_is_named_with_the_way_out(shape, axes, words):
    with pytest.raises(ValueError, match=re.escape(words) + "$"):
        check_shapes("here", a=(torch.zeros(shape), axes))


def test_a_length_that_was_fixed_before_is_shown():
    with pytest.raises(ValueError, match=re.escape("mask must have shape (N=2, H=3), got (2, 4).")):
        check_shapes("here", image=(torch.zeros(2, 3), "N H"), mask=(torch.zeros(2, 4), "N H"))


def test_what_is_no_tensor_is_said():
    with pytest.raises(TypeError, match=re.escape("here: a must be a tensor, got list. Use torch.as_tensor(a).")):
        check_shapes("here", a=([1, 2], "N"))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_labels_in_range_pass(dtype):
    check_labels("here", 3, pred=torch.tensor([[0, 2]]).to(dtype))
    check_labels("here", 3, pred=torch.zeros(0, 4).to(dtype))


def test_ignored_labels_pass_only_where_they_are_allowed():
    mask = torch.tensor([[0, 255]])
    check_labels("here", 3, ignore=255, mask=mask)
    with pytest.raises(ValueError, match=re.escape("pred must hold labels 0..2, got [255]. 255 marks pixels without")):
        check_labels("here", 3, pred=mask)


@pytest.mark.parametrize(["dtype", "label", "ignore"], [(torch.uint8, 255, -1), (torch.int8, -1, 255)])
def test_a_label_that_equals_ignore_only_in_eight_bits_is_a_stranger(dtype, label, ignore):
    with pytest.raises(ValueError, match=re.escape(f"got [{label}].")):
        check_labels("here", 3, ignore=ignore, mask=torch.tensor([[0, 2, label]], dtype=dtype))


@pytest.mark.parametrize(["classes", "ignore"], [(256, None), (256, 255), (300, 255), (3, -1), (3, 1), (3, 300)])
def test_any_label_can_be_the_ignored_one(classes, ignore):
    known = torch.tensor([0, classes - 1, *([] if ignore is None else [ignore])])
    check_labels("here", classes, ignore=ignore, mask=known)
    with pytest.raises(ValueError, match=re.escape(f"got [{classes}]")):
        check_labels("here", classes, ignore=ignore, mask=torch.cat([known, torch.tensor([classes])]))


@pytest.mark.parametrize(
    ["found", "words"],
    [
        ([7], "got [7]. Is the number of classes right (it is 3), or does mask need labels.relabel?"),
        ([3], "got [3]. Is the number of classes right (it is 3)"),
        ([-1], "got [-1]. Is this a picture of colors instead of labels?"),
        (list(range(10, 20)), "got [10, 11, 12, 13, 14] and 5 more."),
    ],
)
def test_strangers_are_listed_with_the_way_out(found, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        check_labels("here", 3, ignore=255, mask=torch.tensor([[0, 1, 2, 255, *found]]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bool, torch.complex64])
def test_labels_are_integers(dtype):
    with pytest.raises(TypeError, match=re.escape(f"mask must hold integer labels, got {dtype}. Use mask.long().")):
        check_labels("here", 3, mask=torch.zeros(2, 2).to(dtype))


def test_logits_are_floating_point():
    mask = torch.zeros(2, 3, 4).long()
    assert check_logits("here", torch.zeros(2, 5, 3, 4), mask, ignore=255) == 5
    with pytest.raises(TypeError, match="logits must be floating point, got torch.int64"):
        check_logits("here", torch.zeros(2, 5, 3, 4).long(), mask, ignore=255)


def test_a_choice_lists_what_there_is():
    with pytest.raises(ValueError, match=re.escape("open: split must be one of train, val, got 'tset'.")):
        check_choice("open", "split", "tset", ("train", "val"))
