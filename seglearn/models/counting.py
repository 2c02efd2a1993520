"""What a model costs: the weights it keeps and the multiplications it makes, layer by layer."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class LayerCost:
    """One layer on one walk of the data. `multiplications` counts each product that is added to a sum."""

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    multiplications: int


@dataclass(frozen=True)
class ModelCost:
    """The layers in the order in which the data meets them, and their sums. Printed, it is a table."""

    layers: tuple[LayerCost, ...]
    parameters: int  # of the whole model: also what no layer below names, and what the walk did not visit

    @property
    def multiplications(self) -> int:
        """Multiplications of one walk."""
        return sum(layer.multiplications for layer in self.layers)

    def __str__(self) -> str:
        rows = [("layer", "kind", "output", "parameters", "multiplications")]
        for layer in self.layers:
            shape = " x ".join(map(str, layer.output))
            rows.append((layer.name, layer.kind, shape, f"{layer.parameters:,}", f"{layer.multiplications:,}"))
        rows.append(("all", "", "", f"{self.parameters:,}", f"{self.multiplications:,}"))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        template = "{:<%d}  {:<%d}  {:<%d}  {:>%d}  {:>%d}" % tuple(widths)
        return "\n".join(template.format(*row) for row in rows)


def model_cost(model: nn.Module, images: Tensor) -> ModelCost:
    """Send `images` through `model` once and count what each of its layers keeps and multiplies.

        convolution              N·K·h·w · (C / groups)·kh·kw      every output value sums one window
        transposed convolution   N·C·H·W · (K / groups)·kh·kw      every input value paints one window
        linear                   outputs · inputs
        anything else            0: additions, comparisons and norms are not counted, as is usual

    A layer that is used twice has two rows, and its parameters count in the first.

    Example:
        >>> cost = model_cost(nn.Conv2d(3, 8, kernel_size=3, padding=1), torch.zeros(1, 3, 4, 5))
        >>> cost.parameters, cost.multiplications  # 8·(3·9 + 1) and 8·4·5·(3·9)
        (224, 4320)
    """
    rows, seen = [], set()

    def note(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        parameters = 0 if layer in seen else sum(p.numel() for p in layer.parameters())
        seen.add(layer)
        kind, shape = type(layer).__name__, tuple(output.shape)
        rows.append(LayerCost(names[layer], kind, shape, parameters, _multiplications(layer, inputs[0], output)))

    names = {layer: name or "model" for name, layer in model.named_modules() if not list(layer.children())}
    counted = [layer for layer in names if any(True for _ in layer.parameters())]
    hooks = [layer.register_forward_hook(note) for layer in counted]
    try:
        with torch.no_grad():
            model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return ModelCost(tuple(rows), sum(p.numel() for p in model.parameters()))


def _multiplications(layer: nn.Module, x: Tensor, output: Tensor) -> int:
    match layer:
        case nn.Conv2d():
            return output.numel() * layer.in_channels // layer.groups * math.prod(layer.kernel_size)
        case nn.ConvTranspose2d():
            return x.numel() * layer.out_channels // layer.groups * math.prod(layer.kernel_size)
        case nn.Linear():
            return output.numel() * layer.in_features
        case _:
            return 0
