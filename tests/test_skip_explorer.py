"""The skip explorer without a browser: skips taken away by hand, scores of the library, goals that can be reached."""

import base64
import io
import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from seglearn.labels import IGNORE, NUCLEI, STREETS
from seglearn.metrics import boundary_iou, confusion_matrix, iou, label_map, mean_iou
from seglearn.models import FCN, UNet
from seglearn.models.blocks import pad_to_multiple
from seglearn.widgets import Goal, SkipExplorer
from seglearn.widgets.skip_runs import place_of, predictions_without, scores

POLE = STREETS.index("pole")
NETS = [
    {"widths": (4, 6), "convs": 1},
    {"widths": (4, 6, 8), "convs": 2, "upsampling": "transposed"},
    {"widths": (4, 6, 8, 10), "convs": 1},
]


def random_net(seed: int = 0, **options) -> UNet:
    torch.manual_seed(seed)
    return UNet(3, 8, **options)


def random_scenes(count: int = 3, size: tuple[int, int] = (11, 17)) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    images = torch.rand(count, 3, *size, generator=generator)
    masks = torch.randint(0, 8, (count, *size), generator=generator)
    masks[:, 0, :5], masks[:, 3, 2:9] = IGNORE, POLE
    return images, masks


def small(seed: int = 0, **options) -> SkipExplorer:
    return SkipExplorer(random_net(seed, widths=(4, 6, 8, 10), convs=1), *random_scenes(), **options)


def walked_by_hand(model: UNet, images: torch.Tensor, on: tuple, off: str) -> torch.Tensor:
    """Walk through the net as its forward does, and put a constant in place of every skip that is off."""
    x, skips = pad_to_multiple(images, 2 ** len(model.down)), []
    for block, is_on in zip(model.down, on, strict=True):
        x = block(x)
        level = x.mean(dim=(0, 2, 3), keepdim=True) if off == "mean" else torch.zeros(())
        skips.append(x if is_on else level.expand_as(x))
        x = F.max_pool2d(x, 2)
    x = model.bottom(x)
    for grow, block, skip in zip(model.grow, model.up, reversed(skips), strict=True):
        x = block(torch.cat([skip, grow(x)], dim=1))
    return label_map(model.head(x)[..., : images.shape[2], : images.shape[3]])


# --- by hand --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("off", ["mean", "zero"])
@pytest.mark.parametrize("options", NETS, ids=lambda options: f"{len(options['widths'])} levels")
def test_every_combination_equals_a_walk_by_hand(options, off):
    model, (images, _) = random_net(**options), random_scenes()
    found = predictions_without(model, images, off=off)
    levels = len(options["widths"]) - 1
    assert found.shape == (3, 2**levels, 11, 17)
    with torch.no_grad():
        for on in itertools.product((0, 1), repeat=levels):
            assert torch.equal(found[:, place_of(on)], walked_by_hand(model, images, on, off)), on
    assert len({tuple(maps.flatten().tolist()) for maps in found.unbind(dim=1)}) == 2**levels, "a switch does nothing"


def test_the_net_is_left_as_it_was():
    model, (images, _) = random_net(widths=(4, 6, 8)), random_scenes()
    model.train()
    model.bottom.eval()
    before, weights = model(images), {name: value.clone() for name, value in model.state_dict().items()}
    found = predictions_without(model, images)
    assert torch.equal(model(images), before)
    assert torch.equal(found[:, -1], label_map(before))
    assert model.training and model.up.training and not model.bottom.training
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


# --- the library ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", range(3))
def test_scores_are_those_of_the_library(picture):
    explorer = small()
    preds, masks = explorer.given["preds"], explorer.given["masks"]
    for skips in itertools.product((0, 1), repeat=3):
        explorer.skips, explorer.picture = list(skips), picture
        found, pred, mask = explorer.facts, preds[picture, place_of(skips)], masks[picture]
        here = confusion_matrix(pred[None], mask[None], 8)
        every = confusion_matrix(preds[:, place_of(skips)], masks, 8)
        assert found["hits"] == here[POLE, POLE]
        assert (found["misses"], found["false_alarms"]) == (
            here[POLE].sum() - here[POLE, POLE],
            here[:, POLE].sum() - here[POLE, POLE],
        )
        assert found["ious"] == [None if v != v else v for v in iou(here).tolist()]
        assert found["focus_iou"] == iou(here)[POLE].item()
        assert found["all_focus_iou"] == iou(every)[POLE].item()
        assert found["mean_iou"] == pytest.approx(mean_iou(here).item(), abs=1e-15)
        assert found["all_mean_iou"] == pytest.approx(mean_iou(every).item(), abs=1e-15)
        asked = mask != IGNORE
        edges = torch.stack([boundary_iou((pred == k) & asked, mask == k) for k in range(8)])
        assert found["boundary_iou"] == pytest.approx(edges.nanmean().item(), abs=1e-15)


def test_what_is_lost_is_lost_against_all_skips():
    explorer = small()
    full = explorer.facts
    assert {full[name] for name in full if name.startswith("lost_")} == {0.0}
    explorer.skips = [0, 1, 0]
    found = explorer.facts
    assert found["off"] == 2 and found["lost_mean_iou"] == full["mean_iou"] - found["mean_iou"] != 0


# --- what must not matter -------------------------------------------------------------------------------------------


def test_void_pixels_are_not_asked():
    given = small().given
    changed = given["preds"].clone()
    changed[:, :, 0, :5] = (changed[:, :, 0, :5] + 1) % 8  # where the masks are void
    for picture, place in itertools.product(range(3), range(8)):
        params = {**given, "picture": picture}
        assert scores(params, place) == scores({**params, "preds": changed}, place)


def test_a_picture_alone_and_gray_pictures():
    torch.manual_seed(2)
    images, masks = random_scenes(1, (5, 3))
    masks[:] = POLE
    explorer = SkipExplorer(UNet(1, 8, widths=(4, 6)), images[:, :1], masks)
    assert len(explorer.goals) == 1 and "over all" not in repr(explorer)
    assert explorer.facts["all_focus_iou"] == explorer.facts["focus_iou"]
    assert explorer.fixed["maps"] == [[4, 6, 4], [6, 3, 2]], "padded to even sides"


# --- goals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_every_goal_can_be_reached_whatever_the_net(seed):
    explorer = small(seed, focus="pole")
    states = list(itertools.product((0, 1), repeat=3))
    facts = [explorer.compute({**explorer.given, "skips": skips, "picture": 0}) for skips in states]
    assert explorer.solved == 0
    for goal in explorer.goals:
        meeting = [found["skips"] for found in facts if goal.met_by(found)]
        assert meeting and [1, 1, 1] not in meeting
        pole_ious = [found["all_focus_iou"] for found in facts]
        if len(set(pole_ious)) == len(states):
            assert len(meeting) == 1, "a goal has one answer"


def test_the_first_goal_is_the_skip_that_costs_most():
    explorer = small(3)
    costs = []
    for level in range(3):
        explorer.skips = [int(other != level) for other in range(3)]
        costs.append(explorer.facts["lost_all_focus_iou"])
    explorer.solved = 0
    for level in np.argsort(costs):  # the dearest last
        assert explorer.solved == 0
        explorer.skips = [int(other != level) for other in range(3)]
    assert explorer.solved >= 1


def test_a_net_that_knows_no_poles_still_has_goals():
    model = random_net(widths=(4, 6, 8))
    with torch.no_grad():
        model.head.bias[POLE] = -1e4
    explorer = SkipExplorer(model, *random_scenes())
    explorer.skips = [0, 1]
    assert (explorer.facts["focus_iou"], explorer.solved) == (0, 1)
    explorer.skips = [0, 0]
    assert explorer.reached


# --- where no kernel runs -------------------------------------------------------------------------------------------


def test_a_still_and_a_sentence_stand_beside_the_live_view():
    explorer = small()
    data, metadata = explorer._repr_mimebundle_()
    still = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert np.ptp(np.asarray(still.convert("L"))) > 100, "the still is blank"
    assert data["text/plain"] == metadata["image/png"]["alt"] == repr(explorer)
    assert explorer.goal in repr(explorer) and "Picture 1 with all skips" in repr(explorer)
    first = explorer.still()
    explorer.skips = [1, 0, 0]
    assert explorer.still() != first and "Picture 1 without skip 2, 3" in repr(explorer)


# --- errors ---------------------------------------------------------------------------------------------------------


def skips_with(*, model=None, labels=STREETS, change=lambda images, masks: (images, masks), **options):
    return lambda: SkipExplorer(model or random_net(widths=(4, 6)), *change(*random_scenes()), labels, **options)


@pytest.mark.parametrize(
    ["make", "words"],
    [
        (
            skips_with(model=UNet(3, 8, widths=(4, 6), skips=False)),
            "model must be a UNet with skips, got one with skips=F",
        ),
        (skips_with(model=FCN(3, 8, widths=(4, 6, 8, 8, 8))), "model must be a UNet with skips, got FCN"),
        (skips_with(model=UNet(3, 8, widths=(2,) * 8)), "model must have at most 6 skips, got 7"),
        (skips_with(change=lambda i, m: (i, m[:, :, :9])), r"masks must have shape \(N=3, H=11, W=17\)"),
        (skips_with(change=lambda i, m: (i[0], m)), r"images must have shape"),
        (skips_with(change=lambda i, m: (i[:0], m[:0])), "images must hold at least one picture"),
        (
            skips_with(change=lambda i, m: (i, m.where(m != POLE, 0))),
            "every mask must show a pole, got none in picture 0",
        ),
        (skips_with(focus="lamp"), "name must be one of sky, .* got 'lamp'"),
        (skips_with(off="noise"), "off must be one of mean, zero, got 'noise'"),
        (
            skips_with(change=lambda i, m: (i, (m % 2).where(m != IGNORE, IGNORE)), labels=NUCLEI, focus="nucleus"),
            "labels must name every class of the model, got 2 names and a prediction of",
        ),
        (lambda: setattr(small(), "skips", [1, 1]), r"skips must hold 3 numbers"),
    ],
    ids=["no skips", "other net", "too deep", "size", "axes", "none", "no pole", "focus", "off", "names", "switches"],
)
def test_what_cannot_be_switched_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_a_goal_of_your_own():
    explorer = small(goal=Goal("Take all away.", (("off", "==", 3),)))
    explorer.skips = [0, 0, 0]
    assert explorer.reached
