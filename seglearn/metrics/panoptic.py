"""Panoptic quality: every pixel gets a class and a segment, and found segments are weighed against good outlines."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from seglearn.checks import check_labels, check_shapes


@dataclass(frozen=True)
class PanopticQuality:
    """What was counted, class by class; records of several images add: `sum(records)` is the data set's.

    Shapes:
        iou_sum         (K,) float64   sum of the IoUs of the matched pairs
        hits            (K,) int64     matched pairs
        false_positives (K,) int64     predicted segments without a partner
        false_negatives (K,) int64     true segments without a partner
        pq, sq, rq      (K,) float64   in [0, 1]; NaN for a class that occurred nowhere; their `.nanmean()` is reported
    """

    iou_sum: Tensor
    hits: Tensor
    false_positives: Tensor
    false_negatives: Tensor

    @property
    def pq(self) -> Tensor:
        """Panoptic quality: iou_sum / (hits + false_positives/2 + false_negatives/2) = sq · rq."""
        return self.iou_sum / self._size

    @property
    def sq(self) -> Tensor:
        """Segmentation quality: the mean IoU of the matched pairs; 0 where a class has segments but no match."""
        return (self.iou_sum / self.hits.clamp(min=1)).where(self._size > 0, torch.nan)

    @property
    def rq(self) -> Tensor:
        """Recognition quality: the F1 score of finding segments."""
        return self.hits / self._size

    @property
    def _size(self) -> Tensor:
        return self.hits + (self.false_positives + self.false_negatives).double() / 2

    def __add__(self, other: "PanopticQuality") -> "PanopticQuality":
        if not isinstance(other, PanopticQuality):
            return NotImplemented
        if len(self.hits) != len(other.hits):
            raise ValueError(
                f"PanopticQuality: records must count the same classes, got {len(self.hits)} and {len(other.hits)}. "
                "Use one `classes` for all images."
            )
        return PanopticQuality(
            self.iou_sum + other.iou_sum,
            self.hits + other.hits,
            self.false_positives + other.false_positives,
            self.false_negatives + other.false_negatives,
        )

    def __radd__(self, zero: int) -> "PanopticQuality":
        return self if zero == 0 else NotImplemented  # `sum` starts at 0


def panoptic_quality(
    pred_segments: Tensor,
    true_segments: Tensor,
    pred_classes: Mapping[int, int],
    true_classes: Mapping[int, int],
    classes: int,
    *,
    crowds: Collection[int] = (),
    void: int = 0,
) -> PanopticQuality:
    """Match the segments of one image and count them, as panopticapi does.

        IoU   = |p ∩ t| / (|p| + |t| − |p ∩ t| − |p ∩ void of the truth|)
        match = same class, t not a crowd, IoU > 1/2     at most one partner each, so that nobody has to choose

    A true segment without a partner is a false negative, unless it is a crowd. A predicted segment without a partner is
    a false positive, unless more than half of it lies on void or on crowds of its own class.

    Args:
        pred_segments: a segment's number at each pixel, `void` where the model is silent.
        true_segments: the same for the truth; `void` where nobody knows.
        pred_classes: the class 0..K-1 of each predicted segment's number; every number has pixels, `void` has no class.
        true_classes: the class 0..K-1 of each true segment's number, crowds included.
        classes: K.
        crowds: numbers of true segments that hold several things nobody told apart.
        void: the number that is no segment.

    Shapes:
        pred_segments (H, W) integer
        true_segments (H, W) integer
        result        a `PanopticQuality` of K classes; results of several images add

    Empty case: without any segment all counts are 0 and the qualities NaN.

    Raises:
        ValueError: shapes disagree; a segment has pixels without a class or a class without pixels; a class is outside
            0..K-1; `crowds` names no true segment.
        TypeError: a map does not hold integers.

    Example:
        >>> truth = torch.tensor([[1, 1, 1, 1, 2, 2]])  # a car of 4 pixels and a road of 2
        >>> guess = torch.tensor([[5, 5, 5, 6, 6, 6]])
        >>> counted = panoptic_quality(guess, truth, {5: 0, 6: 1}, {1: 0, 2: 1}, classes=2)
        >>> counted.pq  # 3 of 4 pixels, 2 of 3 pixels
        tensor([0.7500, 0.6667], dtype=torch.float64)

    Source: Kirillov et al. 2019, arXiv:1801.00868; rules as in the authors' panopticapi, which looks at one crowd per
    class and image only, where we look at all.
    """
    check_shapes("panoptic_quality", pred_segments=(pred_segments, "H W"), true_segments=(true_segments, "H W"))
    overlap, true_ids, pred_ids = _overlaps(true_segments, pred_segments, void)
    truth = _classes("true", true_ids, true_classes, classes, void)  # (T,)
    guess = _classes("pred", pred_ids, pred_classes, classes, void)  # (P,)
    strangers = sorted(set(crowds) - set(true_classes))
    if strangers:
        raise ValueError(f"panoptic_quality: crowds must name segments of true_classes, got {strangers[:5]}.")
    crowd = torch.tensor([number in set(crowds) for number in true_ids], dtype=torch.bool)

    shared, on_void = overlap[1:, 1:].double(), overlap[0, 1:]  # (T, P), (P,); row and column 0 are void
    true_area, pred_area = overlap[1:].sum(dim=1), overlap[:, 1:].sum(dim=0)
    overlaps = shared / (true_area[:, None] + pred_area - shared - on_void)
    match = (overlaps > 0.5) & (truth[:, None] == guess) & ~crowd[:, None]

    own_crowd = crowd[:, None] & (truth[:, None] == guess)
    excused = 2 * (on_void + (shared * own_crowd).sum(dim=0)) > pred_area
    found, true_found, pred_found = match.nonzero(), match.any(dim=1), match.any(dim=0)
    return PanopticQuality(
        torch.bincount(truth[found[:, 0]], overlaps[match], minlength=classes).double(),
        torch.bincount(truth[true_found], minlength=classes),
        torch.bincount(guess[~pred_found & ~excused], minlength=classes),
        torch.bincount(truth[~true_found & ~crowd], minlength=classes),
    )


def _overlaps(true_segments: Tensor, pred_segments: Tensor, void: int) -> tuple[Tensor, list[int], list[int]]:
    """Return shared pixels (1 + T, 1 + P) with void first, and the numbers of the T true and P predicted segments."""
    sides = []
    for name, segments in {"true_segments": true_segments, "pred_segments": pred_segments}.items():
        if segments.is_floating_point() or segments.is_complex() or segments.dtype == torch.bool:
            raise TypeError(
                f"panoptic_quality: {name} must hold integer numbers of segments, got {segments.dtype}. "
                f"Use {name}.long()."
            )
        flat = torch.cat([torch.tensor([void]), segments.cpu().long().flatten()])  # void is there even without pixels
        ids, place = flat.unique(return_inverse=True)
        sides.append((ids.tolist(), place[1:]))
    (true_ids, row), (pred_ids, column) = sides
    cells = torch.bincount(row * len(pred_ids) + column, minlength=len(true_ids) * len(pred_ids))
    cells = cells.reshape(len(true_ids), len(pred_ids))
    for ids, axis in ((true_ids, 0), (pred_ids, 1)):
        front = ids.index(void)
        ids.insert(0, ids.pop(front))
        others = [place for place in range(cells.shape[axis]) if place != front]
        cells = cells.index_select(axis, torch.tensor([front, *others]))
    return cells, true_ids[1:], pred_ids[1:]


def _classes(side: str, ids: list[int], known: Mapping[int, int], classes: int, void: int) -> Tensor:
    """Return the class of each segment that has pixels, or say which number or class does not fit."""
    where, segments, names = "panoptic_quality", f"{side}_segments", f"{side}_classes"
    if void in known:
        raise ValueError(f"{where}: void is no segment and must have no class, got {void} in {names}.")
    nameless = [number for number in ids if number not in known]
    if nameless:
        raise ValueError(
            f"{where}: every segment in {segments} must have a class in {names}, got {nameless[:5]} without. "
            f"Pixels of no segment hold `void`."
        )
    missing = sorted(set(known) - set(ids))
    if missing:
        raise ValueError(
            f"{where}: every segment in {names} must have pixels in {segments}, got {missing[:5]} without."
        )
    result = torch.tensor([known[number] for number in ids], dtype=torch.int64)
    check_labels(where, classes, **{names: result})
    return result
