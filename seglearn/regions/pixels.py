"""What every image here must be."""

from torch import Tensor


def check_pixels(where: str, image: Tensor) -> None:
    """Raise unless the image is a tensor with pixels, all of them finite real numbers."""
    if not isinstance(image, Tensor):
        raise TypeError(f"{where}: image must be a tensor, got {type(image).__name__}. Use torch.as_tensor(image).")
    if image.is_complex():
        raise TypeError(f"{where}: image must hold real numbers, got {image.dtype}. Use image.abs().")
    if image.numel() == 0:
        raise ValueError(f"{where}: image must have a pixel, got shape {tuple(image.shape)}.")
    if image.is_floating_point() and not image.isfinite().all():
        strange = image[~image.isfinite()]
        raise ValueError(f"{where}: image must be finite numbers, got {strange[0].item()} at {len(strange)} pixels.")
