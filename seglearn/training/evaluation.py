"""Looking without learning: the model comes back in the mode in which it was handed over."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from seglearn.checks import check_shapes
from seglearn.labels import IGNORE
from seglearn.metrics import confusion_matrix, label_map


@contextmanager
def looking(model: nn.Module) -> Iterator[None]:
    """Put the model into evaluation mode without gradients; afterwards every part is as it was found."""
    modes = {part: part.training for part in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for part, training in modes.items():
            part.training = training


def device_of(model: nn.Module) -> torch.device:
    """Return where the model's weights are; the CPU for a model without weights."""
    return next((weight.device for weight in model.parameters()), torch.device("cpu"))


def evaluate(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    classes: int,
    *,
    device: torch.device | str | None = None,
    ignore: int = IGNORE,
) -> Tensor:
    """Return the confusion matrix of a whole data set.

    Args:
        model: images (N, C, H, W) in, logits (N, K, H, W) out.
        batches: pairs of images (N, C, H, W) and masks (N, H, W); sizes may differ from batch to batch.
        classes: K.
        device: where to compute; None takes the model where it is.

    Shapes:
        result (K, K) int64   row = truth, column = prediction, unit = pixels; all zeros for no batches

    Example:
        >>> evaluate(nn.Identity(), [(torch.eye(2)[None, :, None], torch.tensor([[[0, 1]]]))], classes=2)
        tensor([[1, 0],
                [0, 1]])
    """
    device = torch.device(device) if device is not None else device_of(model)
    model.to(device)
    total = torch.zeros(classes, classes, dtype=torch.int64)
    with looking(model):
        for images, masks in batches:
            pred = label_map(model(images.to(device)))
            total += confusion_matrix(pred.cpu(), masks.cpu(), classes, ignore=ignore)
    return total


def predict(model: nn.Module, images: Tensor, *, batch_size: int = 16) -> Tensor:
    """Return the most likely class at each pixel, on the CPU.

    Shapes:
        images (N, C, H, W) float32
        result (N, H, W) int64      0..K-1; (0, H, W) for no images

    Raises:
        ValueError: images have other axes; one image needs .unsqueeze(0).

    Example:
        >>> predict(nn.Identity(), torch.eye(2)[None, :, None])
        tensor([[[0, 1]]])
    """
    size = check_shapes("predict", images=(images, "N C H W"))
    device = device_of(model)
    preds = [torch.zeros(0, size["H"], size["W"], dtype=torch.int64)]
    with looking(model):
        for chunk in images.split(batch_size):
            if len(chunk):
                preds.append(label_map(model(chunk.to(device))).cpu())
    return torch.cat(preds)
