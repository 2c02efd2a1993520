"""Guards at the doors: the rules that tensors obey, and the words we use when they do not."""

import torch
from torch import Tensor

from seglearn.labels import IGNORE


def check_shapes(where: str, **tensors: tuple[Tensor, str]) -> dict[str, int]:
    """Return the size of every axis letter, or say which tensor does not fit.

    One letter is one length: `N` in two tensors must be the same number. A number stands for itself.

    Raises:
        TypeError: something is not a tensor.
        ValueError: a tensor has other axes than the pattern names.

    Example:
        >>> check_shapes("demo", image=(torch.zeros(3, 4, 5), "3 H W"), mask=(torch.zeros(4, 5), "H W"))
        {'H': 4, 'W': 5}
    """
    sizes: dict[str, int] = {}
    for name, (tensor, axes) in tensors.items():
        if not isinstance(tensor, Tensor):
            raise TypeError(
                f"{where}: {name} must be a tensor, got {type(tensor).__name__}. Use torch.as_tensor({name})."
            )
        letters, shape = axes.split(), tuple(tensor.shape)
        wanted = [int(a) if a.isdigit() else sizes.get(a) for a in letters]
        fits = len(shape) == len(letters)
        for letter, length, size in zip(letters, shape, wanted, strict=False):
            size = sizes.get(letter, size)  # a letter may stand twice in one pattern: "K K"
            fits = fits and size in (None, length)
            if not letter.isdigit():
                sizes.setdefault(letter, length)
        if not fits:
            said = ", ".join(
                a if n is None or a.isdigit() else f"{a}={n}" for a, n in zip(letters, wanted, strict=True)
            )
            hint = _way_out(name, shape, len(letters))
            raise ValueError(f"{where}: {name} must have shape ({said}), got {shape}.{hint}")
    return sizes


def _way_out(name: str, shape: tuple[int, ...], axes: int) -> str:
    if len(shape) == axes + 1 and 1 in shape:
        return f" Use {name}.squeeze({shape.index(1)})."
    if len(shape) == axes - 1:
        return f" Use {name}.unsqueeze(0)."
    return ""


def check_labels(where: str, classes: int, *, ignore: int | None = None, **maps: Tensor) -> None:
    """Raise unless every label map holds integers in 0..classes-1, or `ignore` where that is given.

    Raises:
        TypeError: a map holds floats or booleans.
        ValueError: a map holds another label; the message lists up to five of them.

    Example:
        >>> check_labels("demo", 3, ignore=255, mask=torch.tensor([0, 2, 255]))
    """
    for name, labels in maps.items():
        if labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool:
            raise TypeError(f"{where}: {name} must hold integer labels, got {labels.dtype}. Use {name}.long().")
        if _surely_known(labels, classes, ignore):
            continue
        labels = labels.long()  # in 8 bits 255 equals -1
        stranger = (labels < 0) | (labels >= classes)
        if ignore is not None:
            stranger &= labels != ignore
        if stranger.any():
            found = labels[stranger].unique().tolist()
            more = f" and {len(found) - 5} more" if len(found) > 5 else ""
            also = "" if ignore is None else f" or {ignore} (ignored)"
            raise ValueError(
                f"{where}: {name} must hold labels 0..{classes - 1}{also}, got {found[:5]}{more}."
                f"{_label_way_out(name, found, classes, ignore)}"
            )


def _surely_known(labels: Tensor, classes: int, ignore: int | None) -> bool:
    """Say quickly that no label is a stranger, from the smallest and the largest; False is a "perhaps not"."""
    if labels.numel() == 0:
        return True
    low, high = (int(edge) for edge in labels.aminmax())
    if ignore == 255 and low >= 0 and high == 255:
        high = (
            int(labels.to(torch.uint8, copy=True).add_(1).amax()) - 1
        )  # 255 + 1 = 0 in 8 bits: ignored pixels step aside
    return low >= 0 and high < classes


def _label_way_out(name: str, found: list[int], classes: int, ignore: int | None) -> str:
    if found == [IGNORE] and ignore is None:
        return f" {IGNORE} marks pixels without a label: only the truth may hold it, a prediction must choose."
    if min(found) >= 0 and max(found) < IGNORE:
        return f" Is the number of classes right (it is {classes}), or does {name} need labels.relabel?"
    return " Is this a picture of colors instead of labels? See labels.from_colors."


def check_logits(where: str, logits: Tensor, mask: Tensor, *, ignore: int) -> int:
    """Return K after making sure that `logits` (N, K, H, W) and `mask` (N, H, W) belong together.

    Raises:
        TypeError: logits are not floating point, or the mask is.
        ValueError: shapes disagree, or the mask holds a label outside 0..K-1 other than `ignore`.

    Example:
        >>> check_logits("demo", torch.zeros(2, 5, 3, 4), torch.zeros(2, 3, 4).long(), ignore=255)
        5
    """
    classes = check_shapes(where, logits=(logits, "N K H W"), mask=(mask, "N H W"))["K"]
    if not logits.is_floating_point():
        raise TypeError(f"{where}: logits must be floating point, got {logits.dtype}. Use the raw output of the model.")
    check_labels(where, classes, ignore=ignore, mask=mask)
    return classes


def check_images(where: str, images: Tensor, channels: int) -> dict[str, int]:
    """Return the size of every axis, N H W, after making sure that `images` can go into a model with `channels` inputs.

    Raises:
        TypeError: not a tensor, or not floating point.
        ValueError: another shape than (N, channels, H, W), or numbers that are not finite.

    Example:
        >>> check_images("demo", torch.zeros(2, 3, 4, 5), channels=3)
        {'N': 2, 'H': 4, 'W': 5}
    """
    size = check_shapes(where, images=(images, f"N {channels} H W"))
    if not images.is_floating_point():
        raise TypeError(
            f"{where}: images must be floating point in 0..1, got {images.dtype}. Bytes become images with "
            "images.float() / 255."
        )
    # An exported graph has no room for a question to the data. Inf * 0 and NaN * 0 are NaN, and NaN survives a sum.
    if not torch.compiler.is_compiling() and (images.detach() * 0).sum().isnan():
        spoiled = (~images.isfinite()).nonzero()[0].tolist()
        raise ValueError(
            f"{where}: images must be finite numbers, got {images[tuple(spoiled)].item()} at image {spoiled[0]}, "
            f"channel {spoiled[1]}, row {spoiled[2]}, column {spoiled[3]}. Was something divided by zero?"
        )
    return size


def check_choice(where: str, name: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `choices`.

    Raises:
        ValueError: it is not; the message lists what there is.

    Example:
        >>> check_choice("demo", "split", "train", ("train", "val"))
    """
    if value not in choices:
        raise ValueError(f"{where}: {name} must be one of {', '.join(choices)}, got {value!r}.")
