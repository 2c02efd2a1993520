"""How loud each class speaks in a loss, from how many pixels it has."""

import torch
from torch import Tensor

from seglearn.checks import check_choice, check_shapes

RULES = ("inverse", "square root", "median frequency")


def class_weights(counts: Tensor, *, rule: str = "inverse") -> Tensor:
    """Return one weight per class for the losses that take `weight`: rare classes speak louder.

        inverse           w[k] = pixels / (K·count[k])         all classes weigh the same in sum
        square root       w[k] = √(pixels / (K·count[k]))      half way, in powers of ten
        median frequency  w[k] = median(count) / count[k]      the class in the middle has weight 1

    The losses of this course divide by the summed weights, so that twice the weights is the same loss.

    Args:
        counts: valid pixels of each class: `torch.bincount(masks[masks != 255], minlength=K)`, or the sum of a
            confusion matrix over its columns.
        rule: one of the three; the median is taken over the classes that are there.

    Shapes:
        counts (K,) integer    0 or more
        result (K,) float32    0 or more; 1 is the weight of an average class

    Empty case: a class without pixels gets 0, never infinity; its first pixel will be in a picture that was not learned
    from, and nothing is known about how rare it is.

    Raises:
        ValueError: a count is negative, or no class has any pixel; `rule` is another word.
        TypeError: the counts are not integers.

    Example:
        >>> class_weights(torch.tensor([75, 20, 5, 0]))
        tensor([0.3333, 1.2500, 5.0000, 0.0000])

    Source: King and Zeng 2001 (inverse, scikit-learn's "balanced"); Eigen and Fergus 2015, arXiv:1411.4734 (median
    frequency; theirs counts only the images in which a class appears).
    """
    check_shapes("class_weights", counts=(counts, "K"))
    check_choice("class_weights", "rule", rule, RULES)
    if counts.is_floating_point() or counts.is_complex() or counts.dtype == torch.bool:
        raise TypeError(f"class_weights: counts must be integers, got {counts.dtype}. Count pixels, not shares.")
    if not (counts >= 0).all() or not counts.sum() > 0:
        raise ValueError(
            f"class_weights: counts must be 0 or more, with a pixel somewhere, got {counts.tolist()}. Use "
            "torch.bincount(masks[masks != 255], minlength=K)."
        )
    count = counts.double()  # (K,)
    there = count > 0
    average = count[there].quantile(0.5) if rule == "median frequency" else count.sum() / len(count)
    weight = (average / count).where(there, 0.0)
    return (weight.sqrt() if rule == "square root" else weight).float()
