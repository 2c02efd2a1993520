"""The architectures against nets of the same layers, laid by torch and torchvision, with the same weights.

Compared in float64 and in evaluation mode, where dropout, which ours do not have, lets everything pass.
"""

import re
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.segmentation import deeplabv3, fcn
from torchvision.ops import Conv2dNormActivation

from seglearn.models import FCN, ASPPNet, SegNet, TinyCNN, UNet
from seglearn.models.blocks import conv_block, normalization
from seglearn.pooling import max_unpool2d

K = 5
MODELS = {  # one small model of each architecture, and the designs of chapter 06
    "TinyCNN": lambda: TinyCNN(3, K, widths=(4, 6, 8)),
    "FCN-32": lambda: FCN(3, K, widths=(4, 4, 6, 6, 8), stride=32),
    "FCN-16": lambda: FCN(3, K, widths=(4, 4, 6, 6, 8), stride=16),
    "FCN-8": lambda: FCN(3, K, widths=(4, 4, 6, 6, 8)),
    "SegNet": lambda: SegNet(3, K, widths=(4, 6, 8)),
    "UNet without skips": lambda: UNet(3, K, widths=(4, 6, 8), skips=False),
    "UNet": lambda: UNet(3, K, widths=(4, 6, 8)),
    "ASPPNet": lambda: ASPPNet(3, K, widths=(4, 6)),
}


@pytest.fixture(autouse=True)
def _chance():
    torch.manual_seed(0)


def stirred(model: nn.Module) -> nn.Module:
    """Return the model in float64 with no weight left at a round number: a norm's scale of 1 would hide its absence."""
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape))
    return model.double().eval()


def pictures(*size: int) -> Tensor:
    return torch.rand(2, 3, *size, dtype=torch.float64)


def agree(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape and ours.std() > 1e-3, "nothing to compare"
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def layers(*widths: int) -> nn.Sequential:
    """Return 3x3 convolutions in a row, normalized in groups of two channels and rectified, from torch's own layers."""
    row = []
    for i, o in pairwise(widths):
        row += [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.GroupNorm(o // 2, o), nn.ReLU()]
    return nn.Sequential(*row)


def same_weights(theirs: nn.Module, ours: nn.Module) -> nn.Module:
    """Return their net with the weights of ours, which come in the same order."""
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    return theirs.double()


class Walk(nn.Module):
    """The way down of an FCN or an ASPPNet, as torchvision wants a backbone: a dictionary of maps."""

    def __init__(self, down: nn.ModuleList):
        super().__init__()
        self.walk = nn.Sequential(*(nn.Sequential(block, nn.MaxPool2d(2)) for block in down))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"out": self.walk(x)}


# --- bricks


@pytest.mark.parametrize("dilation", [1, 2, 5])
def test_a_block_is_torchvisions_convolution_norm_and_activation(dilation):
    ours = stirred(conv_block(3, 6, convs=1, dilation=dilation))
    theirs = Conv2dNormActivation(3, 6, 3, dilation=dilation, norm_layer=normalization).double()
    theirs.load_state_dict(ours.state_dict())
    images = pictures(17, 31)
    agree(ours(images), theirs(images))


# --- FCN: torchvision's head begins with a 3x3 convolution, a batch norm and dropout of its own; ours scores at once


def test_an_fcn_of_one_level_is_torchvisions_with_the_last_layers_of_its_head():
    ours = stirred(FCN(3, K, widths=(4, 6, 8), stride=8))
    head = nn.Sequential(
        *list(fcn.FCNHead(4 * 8, K))[2:]
    )  # ReLU, which changes nothing after a ReLU; dropout; the 1x1 convolution
    theirs = fcn.FCN(Walk(ours.down), head).double().eval()
    head[-1].load_state_dict(ours.scores[0].state_dict())
    images = pictures(40, 56)
    agree(ours(images), theirs(images)["out"])


@pytest.mark.parametrize(["stride", "voters"], [(8, (2, 3, 4)), (16, (3, 4)), (32, (4,))])
def test_an_fcn_adds_the_scores_of_its_levels_as_the_figure_of_the_paper_says(stride, voters):
    ours, images = stirred(FCN(3, K, widths=(4, 4, 6, 6, 8), stride=stride)), pictures(64, 96)
    x, maps = images, []
    for block in ours.down:
        x = F.max_pool2d(block(x), 2)
        maps.append(x)
    twice = nn.Upsample(scale_factor=2, mode="bilinear")
    scores = dict(zip(voters, ours.scores, strict=True))
    logits = scores[4](maps[4])  # 1/32
    if stride <= 16:
        logits = twice(logits) + scores[3](maps[3])  # 1/16
    if stride <= 8:
        logits = twice(logits) + scores[2](maps[2])  # 1/8
    agree(ours(images), nn.Upsample(scale_factor=stride, mode="bilinear")(logits))


# --- ASPPNet: torchvision's pyramid has a 1x1 convolution for a 3x3 with a rate of 1, a norm behind the mean of the
# --- whole map for a bias, a 1x1 projection for a 3x3, and one more block before the scores


def test_aspp_is_torchvisions_deeplab_head_where_the_layers_are_the_same():
    width, rates = 256, (1, 2, 5)  # torchvision's pyramid is always 256 wide
    ours = stirred(ASPPNet(3, K, widths=(4, width), rates=rates, convs=1))
    theirs = deeplabv3.DeepLabHead(width, K, atrous_rates=rates[1:])
    pyramid, (first, *dilated, pooling) = theirs[0], theirs[0].convs
    for conv, branch in zip(dilated, ours.branches[1:], strict=True):
        conv[1] = normalization(width)
        conv.load_state_dict(branch.state_dict())
    for theirs_block, ours_block in ((first, ours.branches[0]), (pyramid.project, ours.join)):
        only_the_middle(ours_block[0])
        theirs_block[0].weight = nn.Parameter(ours_block[0].weight[:, :, 1:2, 1:2])
        theirs_block[1] = normalization(width)
        theirs_block[1].load_state_dict(ours_block[1].state_dict())
    pooling[1], pooling[2] = ours.whole, nn.Identity()  # a bias where theirs has a norm
    nn.init.dirac_(theirs[1].weight)  # the block before the scores passes everything on
    theirs[2] = nn.Identity()
    theirs[-1].load_state_dict(ours.head.state_dict())
    net, images = deeplabv3.DeepLabV3(Walk(ours.down), theirs).double().eval(), pictures(32, 44)
    agree(ours(images), net(images)["out"])


def only_the_middle(conv: nn.Conv2d) -> None:
    """Make a 3x3 convolution one of 1x1."""
    with torch.no_grad():
        middle = conv.weight[:, :, 1:2, 1:2].clone()
        conv.weight.zero_()
        conv.weight[:, :, 1:2, 1:2] = middle


# --- SegNet


class HandBuiltSegNet(nn.Module):
    """A SegNet of three levels with one, two and three convolutions, and the mirror image of that."""

    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([layers(3, 4), layers(4, 6, 6), layers(6, 8, 8, 8)])
        self.up = nn.ModuleList([layers(8, 8, 8, 6), layers(6, 6, 4), layers(4, 4)])
        self.head = nn.Conv2d(4, K, 1)
        self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)

    def forward(self, images: Tensor) -> Tensor:
        x, first = self.pool(self.down[0](images))
        x, second = self.pool(self.down[1](x))
        x, third = self.pool(self.down[2](x))
        x = self.up[0](self.unpool(x, third))
        x = self.up[1](self.unpool(x, second))
        return self.head(self.up[2](self.unpool(x, first)))


def test_segnet_is_the_net_built_by_hand_around_torchs_pooling_and_unpooling():
    ours, images = stirred(SegNet(3, K, widths=(4, 6, 8), convs=(1, 2, 3))), pictures(24, 40)
    agree(ours(images), same_weights(HandBuiltSegNet(), ours)(images))


def test_the_unpooling_built_in_the_course_gives_segnet_the_same_logits(monkeypatch):
    ours, images = stirred(SegNet(3, K, widths=(4, 6))), pictures(17, 31)
    expected, calls = ours(images), []

    def by_hand(x: Tensor, indices: Tensor, size: int) -> Tensor:
        calls.append(size)
        return max_unpool2d(x, indices, size)

    monkeypatch.setattr(F, "max_unpool2d", by_hand)
    agree(ours(images), expected)
    assert calls == [2, 2]


# --- U-Net


class HandBuiltUNet(nn.Module):
    """A U-Net of one level."""

    def __init__(self, *, skips: bool, transposed: bool):
        super().__init__()
        self.down, self.bottom = layers(3, 4, 4), layers(4, 6, 6)
        self.grow = nn.ConvTranspose2d(6, 4, 2, stride=2) if transposed else nn.Upsample(scale_factor=2)
        self.up = layers((4 if transposed else 6) + (4 if skips else 0), 4, 4)
        self.head = nn.Conv2d(4, K, 1)
        self.skips = skips

    def forward(self, images: Tensor) -> Tensor:
        skip = self.down(images)
        x = self.grow(self.bottom(F.max_pool2d(skip, 2)))
        return self.head(self.up(torch.cat([skip, x], dim=1) if self.skips else x))


@pytest.mark.parametrize("transposed", [False, True], ids=["nearest", "transposed"])
@pytest.mark.parametrize("skips", [False, True], ids=["without skips", "with skips"])
def test_a_level_of_unet_is_the_net_built_by_hand(skips, transposed):
    way = "transposed" if transposed else "nearest"
    ours = stirred(UNet(3, K, widths=(4, 6), skips=skips, upsampling=way))
    theirs = same_weights(HandBuiltUNet(skips=skips, transposed=transposed), ours)
    images = pictures(14, 22)
    agree(ours(images), theirs(images))


def test_an_odd_size_is_the_next_even_one_with_its_border_repeated():
    ours, images = stirred(UNet(3, K, widths=(4, 6, 8))), pictures(17, 31)
    padded = nn.ReplicationPad2d((0, 1, 0, 3))(images)  # left, right, top, bottom
    agree(ours(images), ours(padded)[..., :17, :31])


# --- what comes in


@pytest.mark.parametrize("size", [(1, 1), (17, 31), (70, 50)], ids=str)
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_one_image_of_any_size_can_be_learned_from(make, size):
    model = make().train()
    logits = model(torch.rand(1, 3, *size))
    assert logits.shape == (1, K) + size * (logits.ndim == 4) and logits.isfinite().all()
    target = torch.randint(K, (1, *logits.shape[2:]))
    F.cross_entropy(logits, target).backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())
    assert sum(weight.grad.abs().sum() for weight in model.parameters()) > 0


IMAGE = torch.rand(1, 3, 8, 9)
NAN = IMAGE.clone().index_put_(tuple(torch.tensor([i]) for i in (0, 2, 5, 7)), torch.tensor(float("nan")))
WRONG = {
    "two dimensions": (IMAGE[0, 0], ValueError, "images must have shape (N, 3, H, W), got (8, 9)."),
    "wrong channels": (IMAGE[:, :2], ValueError, "images must have shape (N, 3, H, W), got (1, 2, 8, 9)."),
    "integers": (IMAGE.mul(255).byte(), TypeError, "images must be floating point in 0..1, got torch.uint8."),
    "NaN": (NAN, ValueError, "images must be finite numbers, got nan at image 0, channel 2, row 5, column 7."),
}


@pytest.mark.parametrize(["images", "kind", "words"], WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("door", ["forward", "class_map", "features"])
def test_tinycnn_refuses_at_every_door_what_cannot_be_an_image(door, images, kind, words):
    model = TinyCNN(3, K, widths=(4, 6))
    with pytest.raises(kind, match=re.escape(f"TinyCNN: {words}")):
        getattr(model, door)(images)
