"""How far a unit sees: by arithmetic over the layers, and by the gradient of a real model."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from seglearn.checks import check_shapes
from seglearn.windows import Size, output_size, pair, span


@dataclass(frozen=True)
class Layer:
    """What a layer's window is: a convolution or a pooling, the receptive field does not care which."""

    kernel_size: Size
    stride: Size = 1
    padding: Size = 0
    dilation: Size = 1
    name: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the receptive field table: the units after a layer, measured in pixels of the input image.

    Ints where every setting was an int, else pairs (rows, columns).
    """

    name: str
    size: Size  # pixels that one unit sees
    jump: Size  # pixels between neighboring units
    start: float | tuple[float, float]  # center of the first unit; pixel 0 has its center at 0.0
    output: Size | None  # units, where the size of the image is known


def receptive_field(layers: Sequence[Layer], *, image_size: Size | None = None) -> list[Row]:
    """Return a row for the image and a row after each layer: what one unit sees of the image.

        size  = size + (span − 1)·jump               span = dilation·(kernel_size − 1) + 1
        start = start + ((span − 1)/2 − padding)·jump
        jump  = jump·stride                          last, because the window steps over the units before it

    Shapes:
        result: len(layers) + 1 rows; the first is the image itself: size 1, jump 1, start 0

    Positions are pixel indices as in imshow: pixel 0 has its center at 0.0, unit i sees start + i·jump ± (size − 1)/2.

    Raises:
        ValueError: a setting is out of range, or a window does not fit into what the layer before it left.
        TypeError: a setting is no int and no pair of ints.

    Example:
        >>> for row in receptive_field([Layer(3, padding=1), Layer(2, stride=2), Layer(3, padding=1)]):
        ...     print(row.size, row.jump, row.start)
        1 1 0.0
        3 1 0.0
        4 2 0.5
        8 2 0.5

    Source: Araujo et al. 2019, "Computing receptive fields of convolutional neural networks", doi:10.23915/distill.00021,
    which counts its start from the left end of the field; ours is the center.
    """
    where = "receptive_field"
    settings = [image_size, *(value for k in layers for value in (k.kernel_size, k.stride, k.padding, k.dilation))]
    in_pairs = any(isinstance(value, tuple | list) for value in settings)
    size, jump, start = (1, 1), (1, 1), (0.0, 0.0)
    output = None if image_size is None else pair(where, "image_size", image_size, least=1)
    table = [("image", size, jump, start, output)]
    for number, layer in enumerate(layers, start=1):
        here = f"{where}, layer {number}"
        kernel = pair(here, "kernel_size", layer.kernel_size, least=1)
        stride, padding = pair(here, "stride", layer.stride, least=1), pair(here, "padding", layer.padding)
        dilation = pair(here, "dilation", layer.dilation, least=1)
        reach = [span(k, d) - 1 for k, d in zip(kernel, dilation, strict=True)]
        size = tuple(r + n * j for r, n, j in zip(size, reach, jump, strict=True))
        start = tuple(s + (n / 2 - p) * j for s, n, p, j in zip(start, reach, padding, jump, strict=True))
        jump = tuple(j * s for j, s in zip(jump, stride, strict=True))
        if output is not None:
            output = output_size(output, kernel, stride=stride, padding=padding, dilation=dilation, where=here)
        table.append((layer.name or f"layer {number}", size, jump, start, output))
    if in_pairs:
        return [Row(*line) for line in table]
    return [Row(name, *(value and value[0] for value in values)) for name, *values in table]


@dataclass(frozen=True)
class MeasuredField:
    """Where the gradient of one output unit lands on the image."""

    heat: Tensor  # (H, W) float64, each pixel's share of the gradient's magnitude; sums to 1
    unit: tuple[int, int]  # (row, column) of the unit that was asked
    box: tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels around every nonzero gradient, x2 and y2 exclusive

    @property
    def size(self) -> tuple[int, int]:
        """(rows, columns) of the box: the receptive field."""
        x1, y1, x2, y2 = self.box
        return y2 - y1, x2 - x1

    @property
    def clipped(self) -> bool:
        """Whether the field touches the border of the image: on a larger image it may be larger."""
        x1, y1, x2, y2 = self.box
        return x1 == 0 or y1 == 0 or (y2, x2) == tuple(self.heat.shape)

    def mass_within(self, side: float) -> float:
        """Return the share of the gradient in the centered square of this many pixels, in [0, 1]."""
        return self.heat[self._distance() <= (side - 1) / 2].sum().item()

    def side_holding(self, share: float) -> int:
        """Return the side of the smallest centered square that holds this share of the gradient."""
        distance = self._distance().flatten()
        order = distance.argsort()
        enough = (self.heat.flatten()[order].cumsum(0) >= share * (1 - 1e-12)).nonzero()[0, 0]
        return int(2 * distance[order][enough].ceil().item() + 1)

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
    """Return which pixels move the center unit of the model's output, by the gradient on random images."""
    where = "measured_receptive_field"
    size = pair(where, "image_size", image_size, least=1)
    generator = torch.Generator().manual_seed(seed)
    probe = copy.deepcopy(model).cpu().double().eval().requires_grad_(False)
    heat = torch.zeros(size, dtype=torch.float64)
    for _ in range(draws):
        image = torch.randn(1, channels, *size, generator=generator, dtype=torch.float64, requires_grad=True)
        result = probe(image.clone())
        shape = check_shapes(where, output=(result, "1 K h w"))
        unit = shape["h"] // 2, shape["w"] // 2
        mixture = torch.randn(shape["K"], generator=generator, dtype=torch.float64)
        (gradient,) = torch.autograd.grad(result[0, :, *unit] @ mixture, image)
        heat += gradient[0].abs().sum(dim=0)
    rows, columns = heat.nonzero().T
    box = (columns.min().item(), rows.min().item(), columns.max().item() + 1, rows.max().item() + 1)
    return MeasuredField(heat / heat.sum(), unit, box)
