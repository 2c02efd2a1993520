"""The edges: which superpixels touch, and the matrix that averages over them."""

import torch
from torch import Tensor

from seglearn.checks import check_shapes
from seglearn.graphs.nodes import check_superpixels


def adjacency(superpixels: Tensor, *, sparse: bool = False) -> Tensor:
    """Return which superpixels touch: 1 where a pixel of one lies beside, above or below a pixel of the other.

    Shapes:
        superpixels (H, W) int64     0..P-1
        result      (P, P) float32   0 or 1, symmetric, zeros on the diagonal; dense, or sparse in coordinates

    Raises:
        ValueError: another shape, or a number below P is not in use.
        TypeError: superpixels are not integers.

    Example:
        >>> adjacency(torch.tensor([[0, 0, 1], [2, 2, 1]]))
        tensor([[0., 1., 1.],
                [1., 0., 1.],
                [1., 1., 0.]])
    """
    check_shapes("adjacency", superpixels=(superpixels, "H W"))
    number = check_superpixels("adjacency", superpixels)
    patches = superpixels.long()
    beside = torch.stack([patches[:, :-1].flatten(), patches[:, 1:].flatten()])  # (2, pairs)
    above = torch.stack([patches[:-1].flatten(), patches[1:].flatten()])
    pairs = torch.cat([beside, above], dim=1)
    pairs = pairs[:, pairs[0] != pairs[1]]
    edges = torch.cat([pairs, pairs.flip(0)], dim=1).unique(dim=1)  # (2, E) each edge in both directions, once
    if sparse:
        ones = torch.ones(edges.shape[1], device=edges.device)
        return torch.sparse_coo_tensor(edges, ones, (number, number), is_coalesced=True, check_invariants=True)
    table = torch.zeros(number, number, device=edges.device)
    table[edges[0], edges[1]] = 1
    return table


def normalized_adjacency(adjacency: Tensor) -> Tensor:
    """Return the matrix of a graph convolution: neighbors and the node itself, weighed by how many neighbors both have.

        A~     = A + I                    every node is its own neighbor
        d[i]   = Σ_j A~[i, j]
        result = d^−½ A~ d^−½             result[i, j] = A~[i, j] / √(d[i] · d[j])

    Shapes:
        adjacency (P, P)   symmetric, no number below 0; dense or sparse
        result    (P, P)   of the same kind; float32 unless the adjacency is float64; largest eigenvalue 1

    Empty case: a node without a neighbor keeps itself: result[i, i] = 1. No node gives no matrix, (0, 0).

    Raises:
        ValueError: not square, not symmetric, or a weight that is negative or not finite.
        TypeError: not a tensor.

    Example:
        >>> normalized_adjacency(torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]]))
        tensor([[0.5000, 0.5000, 0.0000],
                [0.5000, 0.5000, 0.0000],
                [0.0000, 0.0000, 1.0000]])

    Source: Kipf and Welling 2017, arXiv:1609.02907, section 2 (the renormalization trick).
    """
    where = "normalized_adjacency"
    check_shapes(where, adjacency=(adjacency, "P P"))
    weights = adjacency if adjacency.dtype == torch.float64 else adjacency.float()
    if adjacency.layout == torch.strided:
        _check_weights(where, weights, weights.T)
        looped = weights + torch.eye(len(weights), dtype=weights.dtype, device=weights.device)
        scale = looped.sum(dim=1).rsqrt()  # (P,) at least 1 before the root: the node itself
        return scale[:, None] * looped * scale
    weights = weights.to_sparse_coo().coalesce()
    _check_weights(where, weights.values(), weights.T.coalesce().values())
    _check_weights(where, weights.indices(), weights.T.coalesce().indices())
    nodes = torch.arange(len(weights), device=weights.device)
    ones = torch.ones(len(nodes), dtype=weights.dtype, device=weights.device)
    loops = torch.sparse_coo_tensor(nodes.repeat(2, 1), ones, weights.shape, check_invariants=True)
    looped = (weights + loops).coalesce()
    rows, columns = looped.indices()
    scale = torch.sparse.sum(looped, dim=1).to_dense().rsqrt()
    values = scale[rows] * looped.values() * scale[columns]
    result = torch.sparse_coo_tensor(looped.indices(), values, looped.shape, is_coalesced=True, check_invariants=True)
    return result if adjacency.layout == torch.sparse_coo else result.to_sparse(layout=adjacency.layout)


def _check_weights(where: str, weights: Tensor, transposed: Tensor) -> None:
    if not (weights.isfinite() & (weights >= 0)).all():
        raise ValueError(f"{where}: adjacency must hold finite weights of 0 or more, got {weights.min().item():.4g}.")
    if not torch.equal(weights, transposed):
        raise ValueError(f"{where}: adjacency must be symmetric: who touches is touched. Use (a + a.T) / 2.")
