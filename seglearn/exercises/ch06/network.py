"""A whole U-Net from given blocks: any height and width, and every weight learns."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from seglearn.exercises.kinds import FunctionExercise, Wrong, given
from seglearn.exercises.laws import Law, fresh

Walk = Callable[..., Tensor]
NETS = [  # shape of the images, widths, why
    ((1, 3, 4, 8), (2, 3), "one level: a batch of one"),
    ((2, 3, 8, 4), (2, 3, 4), "two levels"),
    ((1, 1, 7, 5), (2, 3, 4), "odd sides"),
    ((1, 3, 1, 1), (2, 2, 2), "a single pixel"),
    ((2, 2, 9, 11), (2, 3, 4, 5), "three levels, odd everywhere"),
]


class Block(nn.Sequential):
    """Layers that equal their copies, so that a check can tell whether an answer changed them."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Block):
            return NotImplemented
        return all(map(torch.equal, self.parameters(), other.parameters()))

    __hash__ = nn.Module.__hash__


def _block(inputs: int, outputs: int) -> Block:
    return Block(nn.Conv2d(inputs, outputs, 3, padding=1), nn.Tanh())  # tanh: no weight can be dead


def _nets(seed: int):
    shape, widths, note = NETS[seed]
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed + 36)
        images = torch.rand(shape)
        down = [_block(i, o) for i, o in zip((shape[1], *widths), widths[:-1], strict=False)]
        bottom = _block(widths[-2], widths[-1])
        up = [_block(o + i, o) for o, i in zip(widths[-2::-1], widths[:0:-1], strict=True)]
        head = Block(nn.Conv2d(widths[0], 4, 1))
    return given(images, down, bottom, up, head, note=note)


def _meet(skip: Tensor, x: Tensor, *, mode: str = "nearest") -> Tensor:
    x = F.interpolate(x, scale_factor=2, mode=mode)
    return torch.cat([skip, x[..., : skip.shape[2], : skip.shape[3]]], dim=1)


def _halved(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, ceil_mode=True)


def _walk(images, down, bottom, up, head, *, meet=_meet, keep=lambda x: x, halve=_halved) -> Tensor:
    x, skips = images, []
    for block in down:
        x = block(x)
        skips.append(keep(x))
        x = halve(x)
    x = bottom(x)
    for block in up:
        x = block(meet(skips.pop(), x))
    return head(x)


def unet(images: Tensor, down: Sequence[nn.Module], bottom: nn.Module, up: Sequence[nn.Module], head: nn.Module):
    return _walk(images, down, bottom, up, head)


def _recursive(images, down, bottom, up, head) -> Tensor:
    """Return the scores by a walk that calls itself: a U-Net is a level around a smaller U-Net."""

    def level(x: Tensor, depth: int) -> Tensor:
        if depth == len(down):
            return bottom(x)
        skip = down[depth](x)
        below = level(_halved(skip), depth + 1).repeat_interleave(2, 2).repeat_interleave(2, 3)
        return up[-1 - depth](torch.cat((skip, below[..., : skip.shape[2], : skip.shape[3]]), 1))

    return head(level(images, 0))


def _gradients(function: Walk, args: tuple) -> list[Tensor | None]:
    images, down, bottom, up, head = args
    weights = [p for block in (*down, bottom, *up, head) for p in block.parameters()]
    result = function(images, down, bottom, up, head)
    if not isinstance(result, Tensor) or not result.requires_grad:
        return [None]
    return list(torch.autograd.grad(result.square().sum(), weights, allow_unused=True))


def _learns_otherwise(function: Walk, given_: object) -> str | None:
    mine, right = (_gradients(f, fresh(given_)[0]) for f in (function, unet))
    if any(g is None for g in mine):
        return "Some weights get no gradient, so they would never learn: .detach(), .data and no_grad cut the graph."
    if not all(torch.allclose(a, b, rtol=1e-3, atol=1e-5) for a, b in zip(mine, right, strict=True)):
        return "The values are right, but the gradient takes another way: is a skip detached?"
    return None


def _swapped(skip: Tensor, x: Tensor) -> Tensor:
    return torch.roll(_meet(skip, x), x.shape[1], dims=1)


def _without(skip: Tensor, x: Tensor) -> Tensor:
    return _meet(torch.zeros_like(skip), x)


def _pooled_skip(skip: Tensor, x: Tensor) -> Tensor:
    small = F.interpolate(_halved(skip), scale_factor=2)[..., : skip.shape[2], : skip.shape[3]]
    return _meet(small, x)


def _meant(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 2, ceil_mode=True)


def _strided(x: Tensor) -> Tensor:
    return x[..., ::2, ::2]


def _blended(skip: Tensor, x: Tensor) -> Tensor:
    return _meet(skip, x, mode="bilinear")


def _detached(images, down, bottom, up, head) -> Tensor:
    return _walk(images, down, bottom, up, head, keep=Tensor.detach)


def _without_head(images, down, bottom, up, head) -> Tensor:
    return _walk(images, down, bottom, up, nn.Identity())


def _without_bottom(images, down, bottom, up, head) -> Tensor:
    wide = bottom[0].out_channels
    return _walk(images, down, lambda x: x[:, torch.arange(wide) % x.shape[1]], up, head)


UNET = FunctionExercise(
    name="06.unet",
    title="A whole U-Net",
    minutes=12,
    difficulty=3,
    objective="implement the walk of the data through a U-Net of any depth",
    hints=(
        "Which map of the way down has the size of the map that arrives at the last block of the way up?",
        "1. down: block, keep, halve (rounded up)  2. bottom  3. up: enlarge, cut, join with the last skip, block  "
        "4. head",
        "x = block(torch.cat([skip, x[:, :, : skip.shape[2], : skip.shape[3]]], dim=1)), with skip = skips.pop()",
    ),
    cases=_nets,
    seeds=len(NETS),
    oracle=unet,
    laws=(Law("lets every weight learn", _learns_otherwise),),
    rights=(_recursive,),
    wrongs=(
        Wrong(
            "no skip",
            lambda *net: _walk(*net, meet=_without),
            "Zeroing the skips does not change your output: they are not used.",
        ),
        Wrong("order of channels", lambda *net: _walk(*net, meet=_swapped), "The skip's channels come first in cat."),
        Wrong(
            "skip taken after pooling",
            lambda *net: _walk(*net, meet=_pooled_skip),
            "Your skips were pooled before they crossed over: the fine places are gone. Keep x before you halve it.",
        ),
        Wrong(
            "mean pooling",
            lambda *net: _walk(*net, halve=_meant),
            "You halve with the mean. This U-Net halves with the maximum.",
        ),
        Wrong("every second pixel", lambda *net: _walk(*net, halve=_strided), "You keep every second pixel. Pool."),
        Wrong("blended", lambda *net: _walk(*net, meet=_blended), "You enlarge bilinearly. Here pixels are repeated."),
        Wrong(
            "rounded down",
            lambda *net: _walk(*net, halve=lambda x: F.max_pool2d(x, 2)),
            "Pooling rounds down at odd sides: a row is lost, and the maps do not meet. Use ceil_mode=True.",
        ),
        Wrong("without a head", _without_head, "You return features. The head turns them into class scores."),
        Wrong("without a bottom", _without_bottom, "The deepest block is not used."),
        Wrong(
            "skips detached",
            _detached,
            "Your skips are detached: values cross over, but no gradient comes back that way.",
        ),
    ),
    remark="A U-Net is a level around a smaller U-Net: you can also write it as a function that calls itself.",
)
