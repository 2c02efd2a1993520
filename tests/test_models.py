"""Every segmenter: any size in, logits of the same size out, a gradient everywhere, one image enough."""

import re
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from seglearn.losses import cross_entropy_loss
from seglearn.models import FCN, ASPPNet, SegNet, TinyCNN, UNet
from seglearn.models.blocks import conv_block, normalization, pad_to_multiple
from seglearn.models.counting import model_cost

SIZES = [(1, 1), (2, 3), (7, 5), (16, 16), (17, 31), (70, 50), (64, 96)]
SMALL = {  # one small model of each architecture, and the variants of some
    "UNet": lambda c, k: UNet(c, k, widths=(4, 6, 8)),
    "UNet without skips": lambda c, k: UNet(c, k, widths=(4, 6, 8), skips=False),
    "UNet of the paper": lambda c, k: UNet(c, k, widths=(4, 6, 8), upsampling="transposed", normalize=False),
    "FCN-32s": lambda c, k: FCN(c, k, widths=(4, 4, 6, 6, 8), stride=32),
    "FCN-16s": lambda c, k: FCN(c, k, widths=(4, 4, 6, 6, 8), stride=16),
    "FCN-8s": lambda c, k: FCN(c, k, widths=(4, 4, 6, 6, 8)),
    "SegNet": lambda c, k: SegNet(c, k, widths=(4, 6, 8), convs=(1, 2, 3)),
    "ASPPNet": lambda c, k: ASPPNet(c, k, widths=(4, 6), rates=(1, 2, 5)),
}
each_segmenter = pytest.mark.parametrize("make", SMALL.values(), ids=SMALL)


# --- every segmenter ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
@each_segmenter
def test_any_height_and_width_comes_back(make, size):
    assert make(3, 5)(torch.rand(2, 3, *size)).shape == (2, 5, *size)


@pytest.mark.parametrize("widths", [(4, 8), (2, 4, 6, 8), (16, 24, 32, 48, 64)], ids=str)
def test_widths_choose_the_levels(widths):
    model = UNet(1, 2, widths=widths)
    assert [block[0].out_channels for block in model.down] + [model.bottom[0].out_channels] == list(widths)
    assert model(torch.rand(1, 1, 20, 30)).shape == (1, 2, 20, 30)


@pytest.mark.parametrize("convs", [1, 2, 3])
def test_convs_are_counted_at_every_level(convs):
    model = UNet(3, 5, widths=(4, 8, 12), convs=convs)
    assert (
        sum(isinstance(layer, nn.Conv2d) for layer in model.modules()) == 5 * convs + 1
    )  # 2 down, 1 bottom, 2 up, head
    assert model(torch.rand(1, 3, 9, 14)).shape == (1, 5, 9, 14)


@each_segmenter
def test_every_weight_receives_a_gradient_from_a_batch_of_one(make):
    torch.manual_seed(0)
    model = make(3, 4).train()
    cross_entropy_loss(model(torch.rand(1, 3, 39, 54)), torch.randint(4, (1, 39, 54))).backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.parameters())


@each_segmenter
def test_training_and_evaluation_compute_the_same(make):
    model, images = make(3, 4), torch.rand(2, 3, 8, 12)
    torch.testing.assert_close(model.train()(images), model.eval()(images))


@each_segmenter
def test_images_of_a_batch_do_not_mix(make):
    model, images = make(3, 4).eval(), torch.rand(3, 3, 10, 6)
    torch.testing.assert_close(model(images)[1:2], model(images[1:2]))


@each_segmenter
def test_a_segmenter_can_be_exported(make):
    images, model = torch.rand(1, 3, 19, 24), make(3, 4).eval()
    exported = torch.export.export(model, (images,)).module()
    torch.testing.assert_close(exported(images), model(images))


@each_segmenter
def test_what_cannot_be_an_image_is_refused_in_the_models_own_name(make):
    model = make(3, 2)
    name, images = type(model).__name__, torch.rand(1, 3, 8, 9)
    spoiled = images.clone()
    spoiled[0, 2, 5, 7] = float("nan")
    for wrong, kind, words in (
        (images[0], ValueError, f"{name}: images must have shape (N, 3, H, W), got (3, 8, 9)."),
        (images[0, 0], ValueError, f"{name}: images must have shape (N, 3, H, W), got (8, 9)."),
        (images[:, :1], ValueError, f"{name}: images must have shape (N, 3, H, W), got (1, 1, 8, 9)."),
        (images.mul(255).byte(), TypeError, f"{name}: images must be floating point in 0..1, got torch.uint8."),
        (
            spoiled,
            ValueError,
            f"{name}: images must be finite numbers, got nan at image 0, channel 2, row 5, column 7.",
        ),
        (images / 0, ValueError, f"{name}: images must be finite numbers, got inf at image 0, channel 0, row 0, col"),
    ):
        with pytest.raises(kind, match=re.escape(words)):
            model(wrong)


# --- U-Net ----------------------------------------------------------------------------------------------------------


def test_a_skip_carries_detail_past_the_bottom():
    """With the way through the bottom cut, the logits still follow the image; with the skip cut too, they do not."""
    model, images = UNet(3, 2, widths=(4, 8)).eval(), torch.rand(1, 3, 8, 8)
    nn.init.zeros_(model.up[0][0].weight[:, 4:])  # the first block of the way up reads [skip, from below]
    assert model(images).std(dim=(2, 3)).min() > 1e-3
    nn.init.zeros_(model.up[0][0].weight[:, :4])
    assert model(images).std(dim=(2, 3)).max() < 1e-6


def test_without_skips_everything_passes_the_bottom():
    model, images = UNet(3, 2, widths=(4, 8), skips=False).eval(), torch.rand(1, 3, 8, 8)
    nn.init.zeros_(model.up[0][0].weight)
    assert model(images).std(dim=(2, 3)).max() < 1e-6


def test_the_papers_unet_has_31_million_weights_layer_by_layer():
    widths, channels, classes = (64, 128, 256, 512, 1024), 1, 2
    model = UNet(channels, classes, widths=widths, upsampling="transposed", normalize=False)
    expected, before = 0, channels
    for width in widths:  # down and bottom: two 3x3 convolutions each, with bias
        expected += (9 * before + 1) * width + (9 * width + 1) * width
        before = width
    for width in reversed(widths[:-1]):  # up: 2x2 transposed convolution, then two 3x3 on twice the width and the width
        expected += (4 * before * width + width) + (9 * 2 * width + 1) * width + (9 * width + 1) * width
        before = width
    expected += before * classes + classes
    assert weights_of(model) == expected == 31_030_658  # 31.03 million


# --- FCN ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(["stride", "voters"], [(32, 1), (16, 2), (8, 3), (4, 4), (2, 5)])
def test_the_stride_says_how_many_levels_vote(stride, voters):
    model = FCN(3, 2, widths=(4, 4, 6, 6, 8), stride=stride).eval()
    assert [score.in_channels for score in model.scores] == [4, 4, 6, 6, 8][-voters:]


def test_an_fcn_adds_what_its_levels_say():
    """With bilinear upsampling linear, the logits are the sum of what each level alone would say."""
    torch.manual_seed(0)
    model, images = FCN(3, 2, widths=(4, 4, 6, 6, 8)).eval(), torch.rand(1, 3, 64, 96)
    whole, parts = model(images), torch.zeros(1, 2, 64, 96)
    kept = [{name: value.clone() for name, value in score.state_dict().items()} for score in model.scores]
    for level in range(len(model.scores)):
        for other, score in enumerate(model.scores):
            score.load_state_dict(kept[other] if other == level else {n: 0 * v for n, v in kept[other].items()})
        parts = parts + model(images)
    torch.testing.assert_close(whole, parts, rtol=0, atol=1e-5)


def test_an_fcn_of_one_level_says_one_thing_per_32_pixels():
    """Coarse means coarse: away from the border, between two scores everything is a blend of the scores around it."""
    model = FCN(3, 1, widths=(4, 4, 6, 6, 8), stride=32).eval()
    logits = model(torch.rand(1, 3, 128, 128))[0, 0, 16:-16, 16:-16]
    bend = logits[:, 2:] - 2 * logits[:, 1:-1] + logits[:, :-2]  # a blend is straight between two scores
    straight = [column for column in range(bend.shape[1]) if (column + 1) % 32 not in (31, 0)]
    assert bend[:, straight].abs().max() < 1e-5 < bend.abs().max()


# --- SegNet ---------------------------------------------------------------------------------------------------------


def test_the_papers_segnet_has_29_million_weights_layer_by_layer():
    widths, convs, classes = (64, 128, 256, 512, 512), (2, 2, 3, 3, 3), 12
    model = SegNet(3, classes, widths=widths, convs=convs)
    walk = [(before, width, n) for (before, width), n in zip(pairwise((3, *widths)), convs, strict=True)]
    expected = sum(conv(i, o) + (n - 1) * conv(o, o) for i, o, n in walk)
    expected += sum((n - 1) * conv(o, o) + conv(o, i) for i, o, n in reversed(walk[1:]))
    expected += 2 * conv(64, 64) + 64 * classes + classes  # the last block keeps its width; the head scores
    assert weights_of(model) == expected == 29_472_844  # the paper, whose last 3x3 scores at once: 29.45 million


def conv(inputs: int, outputs: int) -> int:
    """Weights of a 3x3 convolution without bias, and of the norm behind it."""
    return 9 * inputs * outputs + 2 * outputs


def test_segnet_sends_places_across_and_nothing_else():
    """Swap the indices of one pooling for others of the same windows, and only the places of the detail move."""
    model = SegNet(3, 2, widths=(4, 6), convs=1).eval()
    x = torch.rand(1, 4, 6, 8)
    pooled, indices = nn.functional.max_pool2d(x, 2, return_indices=True)
    restored = nn.functional.max_unpool2d(pooled, indices, 2)
    assert torch.equal(restored, x * (restored > 0)), "a maximum went to another place"
    assert all("skip" not in name for name, _ in model.named_modules())


# --- ASPPNet --------------------------------------------------------------------------------------------------------


def test_branches_differ_only_in_how_far_apart_they_look():
    model = ASPPNet(3, 2, widths=(4, 6), rates=(1, 3, 7))
    assert [branch[0].dilation for branch in model.branches] == [(1, 1), (3, 3), (7, 7)]
    assert len({weights_of(branch) for branch in model.branches}) == 1


def test_the_mean_of_the_whole_map_reaches_every_pixel():
    """A change in one corner changes the opposite one, far beyond every kernel."""
    torch.manual_seed(0)
    model, images = ASPPNet(3, 2, widths=(4, 6), rates=(1,), convs=1).eval(), torch.rand(1, 3, 96, 96)
    other = images.clone()
    other[..., :8, :8] = 0
    assert (model(images) - model(other))[..., -8:, -8:].abs().max() > 1e-6


# --- TinyCNN --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_mean_of_the_class_map_is_the_class_score(size):
    model, images = TinyCNN(3, 10, widths=(4, 6, 8)).double(), torch.rand(2, 3, *size, dtype=torch.float64)
    torch.testing.assert_close(model.class_map(images).mean(dim=(2, 3)), model(images), rtol=0, atol=1e-12)


def test_tinycnn_is_the_articles_network():
    model = TinyCNN(3, 10)
    assert [(conv.in_channels, conv.out_channels, conv.kernel_size) for conv in model.convs] == [
        (3, 32, (3, 3)),
        (32, 64, (3, 3)),
        (64, 128, (3, 3)),
    ]
    assert model(torch.rand(5, 3, 32, 32)).shape == (5, 10)
    assert model.class_map(torch.rand(5, 3, 32, 32)).shape == (5, 10, 4, 4)
    assert weights_of(model) == (27 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 128 + (128 + 1) * 10


def test_tinycnn_learns_from_one_image():
    torch.manual_seed(0)
    model = TinyCNN(3, 4, widths=(4, 6)).train()
    nn.functional.cross_entropy(model(torch.rand(1, 3, 9, 14)), torch.tensor([2])).backward()
    assert all(weight.grad.abs().sum() > 0 for weight in model.parameters())


# --- what a model costs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [*SMALL.values(), lambda c, k: TinyCNN(c, k)], ids=[*SMALL, "TinyCNN"])
def test_multiplications_are_half_of_what_torch_counts(make):
    model, images = make(3, 5), torch.zeros(2, 3, 33, 48)
    with FlopCounterMode(display=False) as counter:
        model(images)
    cost = model_cost(model, images)
    assert 2 * cost.multiplications == counter.get_total_flops() > 0
    assert cost.parameters == weights_of(model) == sum(layer.parameters for layer in cost.layers)


def test_a_layer_used_twice_is_paid_twice_and_kept_once():
    layer = nn.Conv2d(2, 2, kernel_size=1, bias=False)
    cost = model_cost(nn.Sequential(layer, layer), torch.zeros(1, 2, 3, 5))
    assert [(row.parameters, row.multiplications) for row in cost.layers] == [(4, 60), (0, 60)]
    assert (cost.parameters, cost.multiplications) == (4, 120)


def test_the_table_names_each_layer_and_adds_up():
    lines = str(model_cost(TinyCNN(3, 10), torch.zeros(1, 3, 32, 32))).splitlines()
    assert lines[0].split() == ["layer", "kind", "output", "parameters", "multiplications"]
    assert lines[1].split() == ["convs.0", "Conv2d", "1", "x", "32", "x", "32", "x", "32", "896", "884,736"]
    assert lines[-1].split() == ["all", "94,538", "10,323,200"]
    assert len({len(line) for line in lines}) == 1


# --- bricks ---------------------------------------------------------------------------------------------------------


def weights_of(model: nn.Module) -> int:
    return sum(weight.numel() for weight in model.parameters())


def test_padding_repeats_the_border_and_changes_nothing_that_fits():
    images = torch.rand(2, 3, 5, 8)
    padded = pad_to_multiple(images, 4)
    assert padded.shape == (2, 3, 8, 8) and torch.equal(padded[..., :5, :], images)
    assert torch.equal(padded[..., 5:, :], images[..., 4:, :].expand(-1, -1, 3, -1))
    assert torch.equal(pad_to_multiple(padded, 4), padded)


@pytest.mark.parametrize(["channels", "groups"], [(2, 1), (6, 3), (7, 1), (16, 8), (24, 8), (64, 8)])
def test_groups_hold_at_least_two_channels(channels, groups):
    assert normalization(channels).num_groups == groups


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (lambda: UNet(3, 2, widths=(8,)), "UNet: widths must name at least two levels, got (8,)."),
        (lambda: UNet(3, 2, convs=0), "UNet: convs must be at least 1, got 0."),
        (
            lambda: UNet(3, 2, upsampling="bilinear"),
            "UNet: upsampling must be one of nearest, transposed, got 'bilinear'.",
        ),
        (lambda: FCN(3, 2, stride=64), "FCN: stride must be one of [2, 4, 8, 16, 32] for 5 widths, got 64."),
        (lambda: FCN(3, 2, convs=0), "FCN: convs must be at least 1, got 0."),
        (lambda: SegNet(3, 2, widths=(4, 8), convs=(1, 2, 3)), "one for each of the 2 widths, got (1, 2, 3)."),
        (lambda: SegNet(3, 2, convs=0), "SegNet: convs must be one number from 1 on, or one for each of the 4 widths"),
        (lambda: ASPPNet(3, 2, rates=()), "ASPPNet: widths and rates must name at least one number each"),
        (lambda: TinyCNN(3, 2, widths=()), "TinyCNN: widths must name at least one layer, got ()."),
        (lambda: conv_block(3, 1), "normalization: channels must be at least 2, got 1."),
    ],
    ids=["one level", "no conv", "upsampling", "stride", "fcn", "segnet list", "segnet", "aspp", "tiny", "one channel"],
)
def test_errors_name_the_rule_and_the_value(make, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        make()
