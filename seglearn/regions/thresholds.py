"""One number that says from where on a pixel is foreground: found in the image alone, or chosen for a purpose."""

import numpy as np
import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.regions.pixels import check_pixels

EQUAL = 1e-12  # separations that differ by less, as a share, are one plateau: only rounding tells them apart


def otsu_threshold(image: Tensor) -> Tensor:
    """Return the value of the image that separates dark from bright best; foreground is image > threshold.

        separation[t] = dark · bright · (mean of dark − mean of bright)²     dark: pixels ≤ t, bright: pixels > t

    This is the variance between the two classes; the largest is also the smallest variance within them. Every value
    that occurs is tried, without a histogram's bins; of equally good ones the lowest is taken.

    Shapes:
        image  any shape and real type   what counts is how often each value occurs
        result () type of the image      a value that occurs in it

    Empty case: an image of one value has nothing to separate; the answer is that value, and no pixel is above it.

    Raises:
        ValueError: no pixel, or one that is not finite.
        TypeError: not a tensor, or complex numbers.

    Example:
        >>> image = torch.tensor([[1, 2, 1], [8, 2, 9]])
        >>> otsu_threshold(image)
        tensor(2)
        >>> image > otsu_threshold(image)
        tensor([[False, False, False],
                [ True, False,  True]])

    Source: Otsu 1979, doi:10.1109/TSMC.1979.4310076. scikit-image's threshold_otsu does the same on integers, and sorts
    other numbers into 256 bins first.
    """
    values, counts = _distinct("otsu_threshold", image)  # (V,) rising
    if len(values) > 1:
        integers = values.dtype.kind in "iu"
        wide = values.astype(np.uint64 if integers else np.float64)  # in 64 bits differences wrap around to the truth
        above = (wide - wide[0]).astype(np.float64)
        above /= above[-1]  # (V,) from 0 to 1, so that no square overflows
        dark, total = np.cumsum(counts)[:-1], np.cumsum(counts * above)
        bright = counts.sum() - dark
        apart = total[:-1] / dark - (total[-1] - total[:-1]) / bright
        separation = dark * bright * apart**2  # (V − 1,) for every threshold but the highest value
        values = values[:-1][separation >= separation.max() * (1 - EQUAL)]
    return torch.tensor(values[0].item(), dtype=image.dtype, device=image.device)


def _distinct(where: str, image: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of an image, rising, and how many pixels have each, (V,) float64."""
    check_pixels(where, image)
    numbers = image.detach().cpu()
    numbers = numbers.float() if numbers.dtype == torch.bfloat16 else numbers  # which NumPy does not know
    numbers = numbers.byte() if numbers.dtype == torch.bool else numbers
    values, counts = np.unique(numbers.numpy(), return_counts=True)
    return values, counts.astype(np.float64)


def best_threshold(
    precision: Tensor, recall: Tensor, thresholds: Tensor, *, least_precision: float | None = None
) -> Tensor:
    """Return the threshold to work with, chosen from a precision-recall curve; foreground is score ≥ threshold.

        f1 = 2 · precision · recall / (precision + recall)

    Without `least_precision` the one with the highest F1, of equal ones the lowest. With it, of all whose precision is
    at least that, the one with the highest recall, of equal ones the most precise.

    Shapes:
        precision, recall (T + 1,)   as `metrics.precision_recall_curve` returns them, and in its order
        thresholds        (T,)       rising
        result            ()         one of the thresholds

    Raises:
        ValueError: shapes disagree, there is no threshold or nothing to recall, or no threshold is so precise.

    Example:
        >>> precision, recall = torch.tensor([0.5, 0.6, 1.0, 1.0]), torch.tensor([1.0, 0.9, 0.4, 0.0])
        >>> thresholds = torch.tensor([0.1, 0.4, 0.8])
        >>> best_threshold(precision, recall, thresholds)
        tensor(0.4000)
        >>> best_threshold(precision, recall, thresholds, least_precision=0.9)
        tensor(0.8000)

    Source: van Rijsbergen 1979, Information Retrieval, chapter 7 (F1). Choose on a validation set, never on
    the test set.
    """
    where = "best_threshold"
    points = check_shapes(where, thresholds=(thresholds, "T"))["T"] + 1
    check_shapes(where, precision=(precision, f"{points}"), recall=(recall, f"{points}"))
    precision, recall = precision[:-1].double(), recall[:-1].double()  # the last point has no threshold
    if points == 1 or recall.isnan().any():
        missing = "a threshold" if points == 1 else "a foreground pixel (recall is NaN)"
        raise ValueError(f"{where}: the curve must have {missing}, got none. Does the mask hold what it should?")
    if least_precision is None:
        f1 = 2 * precision * recall / (precision + recall)
        return thresholds[f1.nan_to_num(0).argmax()]  # 0 / 0: neither precise nor complete
    good = precision >= least_precision
    if not good.any():
        raise ValueError(
            f"{where}: least_precision must be reached somewhere, got {least_precision}, and the curve's highest is "
            f"{precision.max().item():.4g}. Ask for less, or for better scores."
        )
    most = good & (recall == recall[good].max())
    return thresholds[torch.where(most, precision, -1).argmax()]
