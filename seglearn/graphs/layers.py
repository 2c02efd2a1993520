"""The layer: every node looks at its neighbors."""

import torch
from torch import Tensor, nn

from seglearn.checks import check_shapes


class GraphConv(nn.Module):
    """A graph convolution: mix the channels of each node, then average over its neighbors and itself.

        result = A^ (nodes @ weight) + bias        A^ = normalized_adjacency(adjacency)

    Unlike a 3x3 kernel it has one weight for all neighbors: it cannot tell left from right.

    Shapes:
        nodes      (P, inputs) float
        normalized (P, P)            as `normalized_adjacency` returns it; dense or sparse gives the same
        result     (P, outputs)

    Raises:
        ValueError: shapes disagree, or a number of channels is below 1.
        TypeError: nodes and matrix differ in type.

    Example:
        >>> layer = GraphConv(1, 1, bias=False)
        >>> _ = nn.init.ones_(layer.weight)
        >>> layer(torch.tensor([[2.0], [4.0]]), torch.tensor([[0.5, 0.5], [0.5, 0.5]])).flatten()
        tensor([3., 3.], grad_fn=<ViewBackward0>)

    Source: Kipf and Welling 2017, arXiv:1609.02907, equation 2, one layer, without its nonlinearity; weights start as
    Glorot and Bengio 2010 propose, as in their code.
    """

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True):
        super().__init__()
        if min(inputs, outputs) < 1:
            raise ValueError(f"GraphConv: inputs and outputs must be at least 1, got {inputs} and {outputs}.")
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(inputs, outputs)))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, nodes: Tensor, normalized: Tensor) -> Tensor:
        check_shapes("GraphConv", nodes=(nodes, f"P {len(self.weight)}"), normalized=(normalized, "P P"))
        if nodes.dtype != normalized.dtype:
            raise TypeError(
                f"GraphConv: nodes and normalized must be of one type, got {nodes.dtype} and {normalized.dtype}. "
                "Use normalized.to(nodes.dtype)."
            )
        averaged = normalized @ (nodes @ self.weight)  # (P, outputs)
        return averaged if self.bias is None else averaged + self.bias

    def extra_repr(self) -> str:
        return f"{self.weight.shape[0]}, {self.weight.shape[1]}, bias={self.bias is not None}"
