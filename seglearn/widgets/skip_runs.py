"""What a trained U-Net says with some of its skips switched off, and how right it is, for every combination."""

from collections.abc import Sequence
from contextlib import contextmanager
from itertools import product

import torch
from torch import Tensor

from seglearn.checks import check_choice, check_images
from seglearn.labels import IGNORE
from seglearn.metrics import boundary_iou, confusion_matrix, label_map
from seglearn.models import UNet
from seglearn.training.evaluation import device_of, looking

MOST_SKIPS = 6  # 64 runs
WAYS = ("mean", "zero")


def predictions_without(model: UNet, images: Tensor, *, off: str = "mean") -> Tensor:
    """Return the label maps of a trained U-Net for every combination of its skips.

    The weights stay as they were learned: only what arrives through a skip is replaced. "mean" puts each channel's mean
    over all pictures and places there: the decoder gets a map of the strength that it knows, without any place on it.
    "zero" puts nothing there. The decoder has never seen that, so part of the damage is its surprise, and not what the
    skip carried. Neither of them is a net that was trained without skips: that one has learned to do without.

    Shapes:
        images (N, C, H, W) float32
        result (N, 2**L, H, W) int64   L skips; at place s the skip of level l is on where bit l of s is 1, level 0 is
                                       the shallowest; the last place is the net as it was trained

    Raises:
        ValueError: the model is no UNet, or has no skips, or more than six of them; no image; another way than those.
    """
    where = "predictions_without"
    check_choice(where, "off", off, WAYS)
    if not isinstance(model, UNet) or not model.skips:
        kind = "one with skips=False" if isinstance(model, UNet) else type(model).__name__
        raise ValueError(f"{where}: model must be a UNet with skips, got {kind}. Train UNet(channels, classes) first.")
    levels = len(model.down)
    if levels > MOST_SKIPS:
        raise ValueError(f"{where}: model must have at most {MOST_SKIPS} skips, got {levels}: too many combinations.")
    if not check_images(where, images, model.channels)["N"]:
        raise ValueError(f"{where}: images must hold at least one picture, got none.")
    images, maps = images.to(device_of(model)), []
    with looking(model):
        constants = _means(model, images)  # one (C_l, 1, 1) per level
        constants = [c if off == "mean" else torch.zeros_like(c) for c in constants]
        for switches in product((False, True), repeat=levels):
            with _replaced(model, constants, on=switches[::-1]):  # level 0 turns fastest, like the lowest bit
                maps.append(label_map(model(images)).cpu())
    return torch.stack(maps, dim=1)


def _means(model: UNet, images: Tensor) -> list[Tensor]:
    """Return the mean of every channel that goes through each skip, over all pictures and places."""
    found: list[Tensor] = []
    hooks = [
        block.register_forward_hook(lambda _block, _inputs, x: found.append(x.mean(dim=(0, 2, 3))[:, None, None]))
        for block in model.down
    ]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return found


@contextmanager
def _replaced(model: UNet, constants: list[Tensor], *, on: tuple[bool, ...]):
    """Let every skip that is not on deliver its constants. A block of `up` receives [skip, what comes from below]."""

    def deliver(constant: Tensor):
        def change(_block, inputs: tuple[Tensor]) -> tuple[Tensor]:
            channels, (x,) = len(constant), inputs
            flat = constant.expand(len(x), -1, *x.shape[2:])
            return (torch.cat([flat, x[:, channels:]], dim=1),)

        return change

    deepest_first = zip(model.up, reversed(constants), reversed(on), strict=True)
    hooks = [block.register_forward_pre_hook(deliver(c)) for block, c, is_on in deepest_first if not is_on]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def place_of(skips: Sequence[float]) -> int:
    """Return where the label map of some switches stands: bit l is 1 where the skip of level l is on.

    Example:
        >>> place_of([1, 0, 1])
        5
    """
    return sum(1 << level for level, switch in enumerate(skips) if switch >= 0.5)


def tally(pred: Tensor, mask: Tensor, classes: int) -> tuple[list, list]:
    """Return hits and union of each class, in pixels. Void is not counted; tallies of several pictures add."""
    confusion = confusion_matrix(pred[None], mask[None], classes)
    hits = confusion.diagonal()
    return hits.tolist(), (confusion.sum(dim=0) + confusion.sum(dim=1) - hits).tolist()


def edge_iou(pred: Tensor, mask: Tensor, classes: int) -> float:
    """Return the mean boundary IoU of the classes in truth or prediction; void is outside of every class."""
    guess = pred.where(mask != IGNORE, IGNORE)
    present = [k for k in range(classes) if ((guess == k) | (mask == k)).any()]
    return _mean([boundary_iou(guess == k, mask == k).item() for k in present])


def _ratios(hits: Sequence[int], unions: Sequence[int]) -> list[float | None]:
    return [hit / union if union else None for hit, union in zip(hits, unions, strict=True)]


def _mean(values: Sequence[float]) -> float:
    """Return the mean, added one after another as JavaScript does."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def scores(params: dict, place: int) -> dict:
    """Return the scores of one combination of skips: of the chosen picture, and `all_...` of all pictures together.

        mean_iou = mean of hits / union, over the classes in truth or prediction      focus_iou: that of the focus class
        all_...  = the same, of hits and unions that were added up over the pictures, as seglearn.metrics wants it

    Params: see facts.
    """
    classes, focus, masks = params["classes"], params["focus"], params["masks"]
    preds = params["preds"][:, place]
    tallies = [tally(pred, mask, classes) for pred, mask in zip(preds, masks, strict=True)]
    added = [[sum(column) for column in zip(*parts, strict=True)] for parts in zip(*tallies, strict=True)]
    one, every = (_ratios(*counts) for counts in (tallies[params["picture"]], added))
    return {
        "ious": one,
        "mean_iou": _mean([iou for iou in one if iou is not None]),
        "focus_iou": one[focus],
        "boundary_iou": edge_iou(preds[params["picture"]], masks[params["picture"]], classes),
        "all_mean_iou": _mean([iou for iou in every if iou is not None]),
        "all_focus_iou": every[focus],
    }
