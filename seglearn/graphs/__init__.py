"""An image as a graph: superpixels are its nodes, shared borders its edges; a convolution averages over neighbors."""

from seglearn.graphs.edges import adjacency, normalized_adjacency
from seglearn.graphs.layers import GraphConv
from seglearn.graphs.nodes import reachable_labels, reachable_map, region_features, superpixels

__all__ = [
    "GraphConv",
    "adjacency",
    "normalized_adjacency",
    "reachable_labels",
    "reachable_map",
    "region_features",
    "superpixels",
]
