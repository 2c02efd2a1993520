"""Uneven light: its surface found behind the objects, and taken away."""

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.regions.pixels import check_pixels

ROUNDS, CLOSE = 50, 1e-6  # the robust fit stops when no pixel moves by more than this share of the image's range


def correct_illumination(image: Tensor, *, degree: int = 1) -> Tensor:
    """Return the image with its background made level: minus a fitted surface, plus the surface's mean.

        surface[i, j] = Σ coefficient[p, q] · y[i]^p · x[j]^q        p + q ≤ degree; x, y from −1 to 1

    The fit must follow the background and not the objects on it. So every round weighs each pixel by how near it lies
    to the surface of the round before, and pixels far off (more than 4.685 robust standard deviations) count nothing.
    That works while the background has the majority, and objects do not lie all on one side.

    Shapes:
        image  (H, W) float
        result (H, W) float   same type; may leave [0, 1] a little

    Args:
        degree: 0 changes nothing, 1 removes a plane (a ramp of light), 2 also a bowl (a vignette).

    Light that multiplies becomes light that adds in the logarithm: correct_illumination(image.log()).exp().

    Empty case: no pixel gives no pixel.

    Raises:
        ValueError: another number of axes, a pixel that is not finite, or a negative degree.
        TypeError: the image is not floating point, or the degree is not a whole number.

    Example:
        >>> ramp = torch.tensor([[0.0, 0.1, 0.2, 0.3], [0.0, 0.1, 0.9, 0.3]])  # and one bright object
        >>> correct_illumination(ramp)
        tensor([[0.1500, 0.1500, 0.1500, 0.1500],
                [0.1500, 0.1500, 0.8500, 0.1500]])

    Source: Beaton and Tukey 1974, doi:10.1080/00401706.1974.10489171 (the weights), on a polynomial background.
    """
    where = "correct_illumination"
    check_shapes(where, image=(image, "H W"))
    if not image.is_floating_point():
        raise TypeError(f"{where}: image must be floating point, got {image.dtype}. Use image.float() / 255 for bytes.")
    if isinstance(degree, bool) or not isinstance(degree, int):
        raise TypeError(f"{where}: degree must be a whole number, got {degree!r}.")
    if degree < 0:
        raise ValueError(f"{where}: degree must be 0 or more, got {degree}. 1 is a plane.")
    if image.numel() == 0:
        return image.clone()
    check_pixels(where, image)
    y, x = (torch.linspace(-1, 1, n, dtype=torch.float64, device=image.device) for n in image.shape)
    powers = [(p, q) for p in range(degree + 1) for q in range(degree + 1 - p)]
    terms = torch.stack([y[:, None] ** p * x**q for p, q in powers], dim=-1).flatten(0, 1)  # (H·W, terms)
    surface = _robust_fit(terms, image.detach().double().flatten()).reshape(image.shape)
    return image - (surface - surface.mean()).to(image.dtype)


def _robust_fit(terms: Tensor, values: Tensor) -> Tensor:
    """Return the weighted sum of terms that follows the majority of the values, (H·W,)."""
    span = values.max() - values.min()
    weights = torch.ones_like(values)
    surface = torch.full_like(values, torch.inf)
    for turn in range(ROUNDS):
        weighted = terms * weights[:, None]
        # pinv: with few pixels, several surfaces fit equally well
        fitted = terms @ (torch.linalg.pinv(weighted.T @ terms, hermitian=True) @ (weighted.T @ values))
        moved, surface = (fitted - surface).abs().max(), fitted
        far = (values - surface).abs()
        if moved <= CLOSE * span:
            break
        if turn < ROUNDS // 5:  # the first rounds approach the median's surface, which no start can lead astray
            weights = 1 / far.clamp(min=1e-4 * span + 1e-300)
        else:
            reach = 4.685 * 1.4826 * far.median().clamp(min=1e-4 * span)
            weights = (1 - (far / reach) ** 2).clamp(min=0) ** 2
    return surface
