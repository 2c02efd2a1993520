"""How far a unit sees: by arithmetic over a stack of layers, and by the gradient of a real model."""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seglearn.windows import Pair, Size, Window, pair


@dataclass(frozen=True)
class Layer:
    """The window of a layer: convolution or pooling, the receptive field does not care which."""

    kernel_size: Size
    stride: Size = 1
    padding: Size | str = 0
    dilation: Size = 1
    name: str = ""


@dataclass(frozen=True)
class Row:
    """The units after one layer, in pixels of the image: ints, or pairs (rows, columns) where a setting was one."""

    name: str
    size: Size  # how many pixels one unit sees
    jump: Size  # from one unit to the next
    start: float | tuple[float, float]  # center of the first unit; pixel 0 has its center at 0.0
    output: Size | None  # how many units there are, where the size of the image is known


def receptive_field(layers: Sequence[Layer], *, image_size: Size | None = None) -> list[Row]:
    """Return what one unit sees of the image: a row for the image itself, then one after each layer.

        size  = size + (span − 1)·jump                    span = dilation·(kernel_size − 1) + 1
        start = start + ((span − 1)/2 − padding)·jump
        jump  = jump·stride                               last: the window steps over the units before it

    Positions are indices of pixels, as imshow draws them: unit i sees start + i·jump, (size − 1)/2 to either side.
    Start is negative where most of what the first unit sees is padding.

    Empty case: without layers a unit is a pixel: size 1, jump 1, start 0.

    Raises:
        ValueError: a setting is out of range, or a window does not fit into what the layer before it left.
        TypeError: layers is no list, something in it no Layer, or a setting no int and no pair of ints.

    Example:
        >>> for row in receptive_field([Layer(3, padding=1), Layer(2, stride=2), Layer(3, padding=1)]):
        ...     print(row.size, row.jump, row.start)
        1 1 0.0
        3 1 0.0
        4 2 0.5
        8 2 0.5

    Source: Araujo et al. 2019, "Computing receptive fields of convolutional neural networks",
    doi:10.23915/distill.00021, which starts from the left end of the field; ours is its center.
    """
    where = "receptive_field"
    if not isinstance(layers, Iterable):
        raise TypeError(f"{where}: layers must be a list of Layer, got {layers!r}. Write [Layer(3), ...].")
    output = None if image_size is None else pair(where, "image_size", image_size, least=1)
    size, jump, start = (1, 1), (1, 1), (0.0, 0.0)
    table = [("image", size, jump, start, output)]
    for number, layer in enumerate(layers, start=1):
        here = f"{where}, layer {number}"
        if not isinstance(layer, Layer):
            raise TypeError(f"{here}: it must be a Layer, got {layer!r}. Write Layer(3, stride=2).")
        window = Window.of(here, layer.kernel_size, stride=layer.stride, padding=layer.padding, dilation=layer.dilation)
        rows_and_columns = zip(size, jump, start, window.span, window.before, window.stride, strict=True)
        along = [
            (r + (reach - 1) * j, j * stride, s + ((reach - 1) / 2 - before) * j)
            for r, j, s, reach, before, stride in rows_and_columns
        ]
        size, jump, start = zip(*along, strict=True)
        output = output and window.positions(output)
        table.append((layer.name or f"layer {number}", size, jump, start, output))
    settings = [image_size, *(n for k in layers for n in (k.kernel_size, k.stride, k.padding, k.dilation))]
    if any(isinstance(n, tuple | list) for n in settings):
        return [Row(*line) for line in table]
    return [Row(name, *(values and values[0] for values in line)) for name, *line in table]  # rows = columns


@dataclass(frozen=True)
class MeasuredField:
    """Where on the image the gradient of one output unit lands. Squares and sides are centered on the box."""

    heat: Tensor  # (H, W) float64: each pixel's share of the gradient's magnitude; sums to 1
    unit: Pair  # (row, column) of the unit in the output
    box: tuple[int, int, int, int]  # x1, y1, x2, y2 around every pixel that matters; x2 and y2 exclusive

    @property
    def size(self) -> Pair:
        """(rows, columns) of the box: the receptive field."""
        x1, y1, x2, y2 = self.box
        return y2 - y1, x2 - x1

    @property
    def clipped(self) -> bool:
        """Whether the field touches the border of the image: on a larger image it may be larger."""
        x1, y1, x2, y2 = self.box
        height, width = self.heat.shape
        return x1 == 0 or y1 == 0 or x2 == width or y2 == height

    def mass_within(self, side: float) -> float:
        """Return the share of the gradient in the centered square of `side` pixels: 0 to 1."""
        return self.heat[self._distance() <= (side - 1) / 2].sum().item()

    def side_holding(self, share: float) -> int:
        """Return the side of the smallest centered square that holds this share of the gradient.

        Raises:
            ValueError: the share is not in 0..1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"side_holding: share must be in 0..1, got {share}. 95 % is 0.95.")
        distance, order = self._distance().flatten().sort()
        mass = self.heat.flatten()[order].cumsum(0)
        enough = (mass >= share * mass[-1]).nonzero()[0, 0]
        return int(2 * distance[enough].item() + 1)

    def _distance(self) -> Tensor:
        """(H, W): how far each pixel is from the center of the box, along the farther axis."""
        x1, y1, x2, y2 = self.box
        height, width = self.heat.shape
        rows = (torch.arange(height) - (y1 + y2 - 1) / 2).abs()
        columns = (torch.arange(width) - (x1 + x2 - 1) / 2).abs()
        return torch.maximum(rows[:, None], columns)


def measured_receptive_field(
    model: nn.Module, image_size: Size, *, channels: int = 3, draws: int = 1, seed: int = 0
) -> MeasuredField:
    """Return which pixels move the unit in the middle of the model's output: those with a gradient.

        heat[y, x] = Σ |∂ unit / ∂ image[c, y, x]|      over channels and draws, then divided by its sum

    Shapes:
        model      (1, C, H, W) -> (1, K, h, w); it is copied, and stays as it is: mode, weights, gradients
        image_size H and W, large enough that the field does not touch the border (see `clipped`)

    Args:
        channels: C of the images.
        draws: how many images of normal noise are tried.
        seed: of the noise.

    Why nothing is missed: a pixel counts if one path from it to the unit is open. A ReLU closes half of the paths and
    a max pooling lets one in four pass, differently for every channel and every image: some path among the many stays
    open. A narrow model has few; give it more `draws`. The copy is in evaluation mode, since batch norm in training
    mode ties every pixel to every other; in float64, since products of many small weights would round to zero; and the
    K channels of the unit are mixed at random, since plain sums can cancel: after a softmax they are always 1. A layer
    that takes means over the image, like group norm, truly sees all of it: the mass tells where it looks.

    Raises:
        ValueError: the model cannot take such an image, its output has another shape, or no pixel has a gradient.
        TypeError: the model is no nn.Module or returns no tensor, or a setting is no int and no pair of ints.

    Example:
        >>> field = measured_receptive_field(nn.Conv2d(3, 4, kernel_size=(3, 5)), 9)
        >>> field.size, field.box, field.clipped
        ((3, 5), (2, 3, 7, 6), False)

    Source: Luo et al. 2016, arXiv:1701.04128, section 3: the support is the theoretical field, most mass is in its
    middle.
    """
    where = "measured_receptive_field"
    if not isinstance(model, nn.Module):
        raise TypeError(f"{where}: the model must be an nn.Module, got {type(model).__name__}. Use nn.Sequential(...).")
    size = pair(where, "image_size", image_size, least=1)
    generator = torch.Generator().manual_seed(seed)
    probe = copy.deepcopy(model).cpu().double().eval().requires_grad_(False)
    heat = torch.zeros(size, dtype=torch.float64)
    for _ in range(pair(where, "draws", draws, least=1)[0]):
        image = torch.randn(1, channels, *size, generator=generator, dtype=torch.float64, requires_grad=True)
        with torch.enable_grad():
            logits = _checked_output(where, _answer(where, probe, image.clone()))  # a clone may be changed in place
            unit = logits.shape[2] // 2, logits.shape[3] // 2
            mixture = torch.randn(logits.shape[1], generator=generator, dtype=torch.float64)
            (gradient,) = torch.autograd.grad(logits[0, :, *unit] @ mixture, image)
        heat += gradient[0].abs().sum(dim=0)
    if not heat.any():
        raise ValueError(f"{where}: some pixel must have a gradient, got none at {draws} draws. Try more draws.")
    rows, columns = (line.nonzero().flatten().tolist() for line in (heat.sum(dim=1), heat.sum(dim=0)))
    return MeasuredField(heat / heat.sum(), unit, (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))


def _answer(where: str, model: nn.Module, image: Tensor) -> Tensor:
    try:
        return model(image)
    except RuntimeError as error:
        said = str(error).splitlines()[0].rstrip(".")
        raise ValueError(
            f"{where}: the model must take an image {tuple(image.shape)}, got an error: {said}. Use a larger image_size, "
            "or channels=C as the first layer has them."
        ) from error


def _checked_output(where: str, output: Tensor) -> Tensor:
    if not isinstance(output, Tensor):
        raise TypeError(
            f"{where}: the model must return a tensor, got {type(output).__name__}. Wrap it in one that does."
        )
    if output.ndim != 4 or 0 in output.shape:
        raise ValueError(
            f"{where}: the model must give an output (1, K, h, w) with units to ask, got {tuple(output.shape)}. "
            "Leave out what pools or flattens at the end."
        )
    if not output.requires_grad:
        raise ValueError(
            f"{where}: the output must depend on the image, got one without a gradient. Is there a detach?"
        )
    return output
