"""Graphs: by hand, equal to loops over nodes and pixels, extremes, laws, errors."""

import re
from itertools import product

import pytest
import torch
from agreement import noise
from torch import nn

from seglearn.data import draw_street
from seglearn.graphs import (
    GraphConv,
    adjacency,
    normalized_adjacency,
    reachable_labels,
    reachable_map,
    region_features,
    superpixels,
)

PATCHES = torch.tensor([[0, 0, 1, 1, 1], [0, 2, 2, 1, 3], [2, 2, 2, 3, 3]])


def random_graph(nodes, *, seed=0, weighted=False):
    """A symmetric matrix with isolated nodes 0 and 3."""
    table = noise(nodes, nodes, seed=seed).clamp(min=0) if weighted else (noise(nodes, nodes, seed=seed) > 0.7).double()
    table = torch.triu(table, diagonal=1)
    table[[0, 3]] = table[:, [0, 3]] = 0
    return table + table.T


def convolved_by_node(nodes, table, weight, bias):
    """Kipf and Welling's formula, one node at a time, from the plain adjacency."""
    count = len(nodes)
    neighbors = [{j: table[i, j].item() for j in range(count) if table[i, j] or i == j} for i in range(count)]
    for i in range(count):
        neighbors[i][i] += 1
    degree = [sum(weights.values()) for weights in neighbors]
    result = bias.repeat(count, 1)
    for i in range(count):
        for j, edge in neighbors[i].items():
            result[i] += edge / (degree[i] * degree[j]) ** 0.5 * (weight.T @ nodes[j])
    return result


# By hand


def test_who_touches_whom():
    assert adjacency(PATCHES).tolist() == [[0, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 1], [0, 1, 1, 0]]
    assert adjacency(torch.tensor([[0, 1], [2, 0]]))[1, 2] == 0  # corners do not touch


def test_a_pair_averages_and_an_isolated_node_keeps_itself():
    table = torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    assert torch.allclose(normalized_adjacency(table), torch.tensor([[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]))


def test_color_place_and_size_of_a_superpixel():
    image = torch.stack([PATCHES, 1 - PATCHES]).double()
    features = region_features(image, PATCHES)
    assert features[:, 0].tolist() == [0, 1, 2, 3] and features[:, 1].tolist() == [1, 0, -1, -2]
    torch.testing.assert_close(features[0, 2:], torch.tensor([5 / 18, 5 / 30, 12 / 15], dtype=torch.float64))


def test_the_majority_and_the_void():
    mask = torch.tensor([[1, 1, 0, 0, 2], [0, 255, 255, 2, 255], [255, 255, 255, 255, 255]])
    assert reachable_labels(PATCHES, mask, 3).tolist() == [1, 0, 255, 255]  # patch 1: two 0s, two 2s, the lower wins
    assert reachable_map(PATCHES, mask, 3).tolist() == [[1, 1, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]]


def test_two_halves_are_two_superpixels():
    image = torch.zeros(3, 12, 17)
    image[:, :, 9:] = 0.8
    patches = superpixels(image, count=2)
    assert torch.equal(patches == patches[0, 0], image[0] == 0)


# Equals the loop


@pytest.mark.parametrize("seed", range(5))
def test_touching_equals_the_loop_over_pixels(seed):
    patches = torch.randint(9, (7, 6), generator=torch.Generator().manual_seed(seed)).unique(return_inverse=True)[1]
    expected = torch.zeros(int(patches.max()) + 1, int(patches.max()) + 1)
    for i, j, (down, right) in product(range(7), range(6), [(0, 1), (1, 0), (0, -1), (-1, 0)]):
        if 0 <= i + down < 7 and 0 <= j + right < 6 and patches[i, j] != patches[i + down, j + right]:
            expected[patches[i, j], patches[i + down, j + right]] = 1
    assert torch.equal(adjacency(patches), expected)
    assert torch.equal(adjacency(patches, sparse=True).to_dense(), expected)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_layer_equals_the_formula_node_by_node(sparse, weighted):
    table, nodes = random_graph(9, weighted=weighted), noise(9, 4)
    layer = GraphConv(4, 3).double()
    nn.init.normal_(layer.bias)
    normalized = normalized_adjacency(table.to_sparse() if sparse else table)
    assert normalized.is_sparse == sparse
    torch.testing.assert_close(layer(nodes, normalized), convolved_by_node(nodes, table, layer.weight, layer.bias))


@pytest.mark.parametrize("sparse", [False, True])
def test_gradients_are_those_of_finite_differences(sparse):
    layer, table = GraphConv(3, 2).double(), random_graph(6)
    normalized = normalized_adjacency(table.to_sparse() if sparse else table)

    def convolved(nodes, weight, bias):
        return torch.func.functional_call(layer, {"weight": weight, "bias": bias}, (nodes, normalized))

    inputs = (noise(6, 3), noise(3, 2, seed=1), noise(2, seed=2))
    assert torch.autograd.gradcheck(convolved, [leaf.requires_grad_() for leaf in inputs])


def test_the_features_equal_the_mean_of_each_patch_and_pass_a_gradient():
    image = noise(3, *PATCHES.shape).requires_grad_()
    features = region_features(image, PATCHES)
    for patch in range(4):
        torch.testing.assert_close(features[patch, :3], image[:, patch == PATCHES].mean(dim=1))
    features[2, 1].backward()
    torch.testing.assert_close(image.grad[1], (PATCHES == 2).double() / (PATCHES == 2).sum())


def test_no_choice_of_labels_has_more_pixels_right():
    mask = torch.tensor([[1, 1, 0, 0, 2], [0, 255, 1, 2, 255], [1, 2, 1, 0, 0]])
    seen = mask != 255
    best = max(((torch.tensor(labels)[PATCHES] == mask) & seen).sum() for labels in product(range(3), repeat=4))
    assert ((reachable_map(PATCHES, mask, 3) == mask) & seen).sum() == best


# Extremes


def test_one_superpixel_one_node_and_none():
    patches = superpixels(torch.full((3, 5, 7), 0.4), count=1)
    assert patches.dtype == torch.int64 and not patches.any()
    assert adjacency(patches).tolist() == [[0]] and normalized_adjacency(adjacency(patches)).tolist() == [[1]]
    assert region_features(torch.full((3, 5, 7), 0.4), patches)[0].tolist() == pytest.approx([0.4] * 3 + [0.5, 0.5, 1])
    assert normalized_adjacency(torch.zeros(0, 0)).shape == (0, 0)
    assert GraphConv(2, 3)(torch.zeros(0, 2), torch.zeros(0, 0)).shape == (0, 3)
    assert adjacency(torch.zeros(1, 1).long(), sparse=True).to_dense().tolist() == [[0]]


def test_integers_and_sparse_kinds_go_in():
    table = random_graph(6)
    expected = normalized_adjacency(table).float()
    torch.testing.assert_close(normalized_adjacency(table.long()), expected)
    torch.testing.assert_close(normalized_adjacency(table.bool()), expected)
    torch.testing.assert_close(normalized_adjacency(table.float().to_sparse()).to_dense(), expected)


def test_a_real_scene_has_numbers_without_gaps_and_a_high_bound():
    image, mask = draw_street(0, size=(64, 96))
    patches = superpixels(image, count=150)
    assert patches.shape == mask.shape and 75 < patches.max() < 300
    assert torch.equal(patches.unique(), torch.arange(int(patches.max()) + 1))
    coarse, fine = (
        (reachable_map(superpixels(image, count=n), mask, 8) == mask)[mask != 255].double().mean() for n in (20, 400)
    )
    assert 0.6 < coarse < fine
    assert fine > 0.93


# What must not matter


def test_the_same_image_gives_the_same_superpixels_whatever_chance_did():
    image = draw_street(1, size=(48, 64))[0]
    first = superpixels(image, count=60)
    torch.rand(5)
    assert torch.equal(superpixels(image, count=60), first)
    gray = image.mean(dim=0, keepdim=True)
    assert torch.equal(superpixels(gray, count=60), superpixels(gray.expand(3, -1, -1), count=60))


def test_a_permutation_of_the_nodes_permutes_the_result():
    table, nodes, layer, order = random_graph(7), noise(7, 4), GraphConv(4, 3).double(), torch.randperm(7)
    result = layer(nodes, normalized_adjacency(table))
    torch.testing.assert_close(layer(nodes[order], normalized_adjacency(table[order][:, order])), result[order])


def test_the_largest_eigenvalue_is_one_so_that_depth_cannot_explode():
    values = torch.linalg.eigvalsh(normalized_adjacency(random_graph(12, weighted=True)))
    assert abs(values.max() - 1) < 1e-9 and values.min() > -1


# Errors

IMAGE, MASK, EDGES = torch.rand(3, 3, 5), torch.zeros(3, 5).long(), torch.zeros(4, 4)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: superpixels(IMAGE[0], count=2), ValueError, "image must have shape (C, H, W), got (3, 5)."),
        (lambda: superpixels(IMAGE[:2], count=2), ValueError, "image must have shape (3, H, W) or (1, H, W), got (2,"),
        (
            lambda: superpixels(IMAGE.byte(), count=2),
            TypeError,
            "image must be floating point in 0..1, got torch.uint8",
        ),
        (lambda: superpixels(IMAGE * 255, count=2), ValueError, "superpixels: image must lie in 0..1, got"),
        (lambda: superpixels(IMAGE / 0, count=2), ValueError, "superpixels: image must lie in 0..1, got"),
        (lambda: superpixels(IMAGE, count=16), ValueError, "count must be 1..15, at most one for each pixel, got 16."),
        (lambda: superpixels(IMAGE, count=2.5), TypeError, "count must be a whole number, got 2.5."),
        (lambda: superpixels(IMAGE, count=2, compactness=0), ValueError, "compactness must be above 0, got 0."),
        (lambda: region_features(IMAGE, PATCHES[:2]), ValueError, "superpixels must have shape (H=3, W=5), got (2, 5)"),
        (lambda: region_features(IMAGE.long(), PATCHES), TypeError, "image must be floating point, got torch.int64."),
        (
            lambda: region_features(IMAGE, PATCHES + 1),
            ValueError,
            "superpixels must be numbered 0..3 without a gap, got 4 as the largest.",
        ),
        (lambda: adjacency(PATCHES - 1), ValueError, "adjacency: superpixels must hold labels"),
        (lambda: adjacency(PATCHES.float()), TypeError, "adjacency: superpixels must hold integer labels"),
        (lambda: adjacency(PATCHES[:0]), ValueError, "superpixels must have a pixel, got shape (0, 5)."),
        (
            lambda: reachable_labels(PATCHES, MASK + 3, 3),
            ValueError,
            "mask must hold labels 0..2 or 255 (ignored), got",
        ),
        (lambda: reachable_labels(PATCHES, MASK, 0), ValueError, "classes must be at least 1, got 0."),
        (lambda: normalized_adjacency(EDGES[:3]), ValueError, "adjacency must have shape (P, P), got (3, 4)."),
        (lambda: normalized_adjacency(EDGES - 1), ValueError, "finite weights of 0 or more, got -1."),
        (lambda: normalized_adjacency(torch.ones(4, 4).triu()), ValueError, "adjacency must be symmetric"),
        (lambda: normalized_adjacency(torch.ones(4, 4).triu().to_sparse()), ValueError, "adjacency must be symmetric"),
        (lambda: GraphConv(0, 3), ValueError, "inputs and outputs must be at least 1, got 0 and 3."),
        (lambda: GraphConv(2, 3)(torch.zeros(4, 3), EDGES), ValueError, "nodes must have shape (P, 2), got (4, 3)."),
        (lambda: GraphConv(2, 3)(torch.zeros(5, 2), EDGES), ValueError, "normalized must have shape (P=5, P=5), got"),
        (
            lambda: GraphConv(2, 3)(torch.zeros(4, 2), EDGES.double()),
            TypeError,
            "nodes and normalized must be of one type, got torch.float32 and torch.float64.",
        ),
    ],
)
def test_errors_name_the_rule_and_the_numbers(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()
