"""Nine mean IoUs for twelve pixels: chapter 08 says who counts how, and here each library says it itself."""

import math
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import jaccard_score

from seglearn.build.source import read_source
from seglearn.exercises.ch08.means import MEAN, PIXELS_MASK, PIXELS_PRED
from seglearn.labels import IGNORE
from seglearn.metrics import confusion_matrix, iou, mean_iou

SOURCE = Path(__file__).parents[1] / "notebooks" / "source" / "08_iou_and_friends.py"
SEEN = PIXELS_MASK != IGNORE


def cells_with(words: str) -> list[str]:
    return [cell.source for cell in read_source(SOURCE).cells if cell.cell_type == "code" and words in cell.source]


@pytest.fixture(scope="module")
def answers() -> dict[str, float]:
    """What the notebook's own cells compute."""
    names = {"torch": torch, "math": math, "IGNORE": IGNORE, "confusion_matrix": confusion_matrix}
    names |= {"iou": iou, "mean_iou": mean_iou}
    (pixels,), (count,) = cells_with("mask = torch.tensor([[[0, 0, 0]"), cells_with("answers = {")
    exec(pixels + "\n" + count, names)
    assert torch.equal(names["mask"], PIXELS_MASK) and torch.equal(names["pred"], PIXELS_PRED)
    return names["answers"]


def planes(labels: torch.Tensor) -> torch.Tensor:
    """Return one-hot planes (N, K, H, W) that are all zero where the truth is void."""
    return F.one_hot(labels.where(SEEN, 0), 5).movedim(-1, 1) * SEEN[:, None]


def test_by_hand(answers):
    assert answers["one table, absent classes leave"] == pytest.approx((6 / 6 + 2 / 3 + 0 + 0) / 4)
    assert answers["mean over images"] == pytest.approx((1 + 1 / 4) / 2)
    assert answers["void counts as class 0"] == pytest.approx((7 / 8 + 2 / 3 + 0 + 0) / 4)
    assert answers["all classes in one pot (micro)"] == pytest.approx(8 / 12)
    assert len({round(value, 2) for value in answers.values()}) == 9


def test_torchmetrics_counts_as_we_do_and_in_one_pot(answers):
    torchmetrics = import_module("torchmetrics.classification")
    ours = torchmetrics.MulticlassJaccardIndex(5, average="macro", ignore_index=IGNORE)
    assert ours(PIXELS_PRED, PIXELS_MASK).item() == pytest.approx(answers["one table, absent classes leave"])
    micro = torchmetrics.MulticlassJaccardIndex(5, average="micro", ignore_index=IGNORE)
    assert micro(PIXELS_PRED, PIXELS_MASK).item() == pytest.approx(answers["all classes in one pot (micro)"])


def test_torchmetrics_segmentation_averages_images_or_pairs(answers):
    segmentation = import_module("torchmetrics.segmentation")
    functional = import_module("torchmetrics.functional.segmentation")
    pred, mask = planes(PIXELS_PRED), planes(PIXELS_MASK)
    pairs = segmentation.MeanIoU(num_classes=5, input_format="one-hot")
    assert pairs(pred, mask).item() == pytest.approx(answers["mean of all (image, class) pairs"])
    images = functional.mean_iou(pred, mask, num_classes=5, input_format="one-hot").mean()
    assert images.item() == pytest.approx(answers["mean over images"])


def test_scikit_learn_gives_an_absent_class_0(answers):
    pred, mask = PIXELS_PRED[SEEN].numpy(), PIXELS_MASK[SEEN].numpy()
    found = jaccard_score(mask, pred, labels=range(5), average="macro", zero_division=0)
    assert np.isclose(found, answers["an absent class gets 0"])


def without_class_0(pred: torch.Tensor, mask: torch.Tensor) -> tuple[float, float, float]:
    """Return the mean IoU of classes 1 to 3 as we, scikit-learn and torchmetrics' ignore_index=0 count it."""
    pred, mask = pred[SEEN], mask[SEEN]
    dropped = import_module("torchmetrics.classification").MulticlassJaccardIndex(5, average="macro", ignore_index=0)
    ours = iou(confusion_matrix(pred[None, None], mask[None, None], 5))[1:].nanmean().item()
    return (
        ours,
        jaccard_score(mask.numpy(), pred.numpy(), labels=[1, 2, 3], average="macro"),
        dropped(pred, mask).item(),
    )


def test_scikit_learn_can_leave_a_class_out_and_torchmetrics_drops_its_pixels(answers):
    assert without_class_0(PIXELS_PRED, PIXELS_MASK) == pytest.approx([answers["class 0 left out"]] * 3)
    pred = PIXELS_PRED.clone()
    pred[0, 0, 0] = 1  # a sky pixel called building
    ours, scikit_learn, torchmetrics = without_class_0(pred, PIXELS_MASK)
    assert scikit_learn == pytest.approx(ours) == (2 / 4 + 0 + 0) / 3
    assert torchmetrics == pytest.approx((2 / 3 + 0 + 0) / 3)  # the mistake is not seen


def test_the_check_knows_as_many_other_means_as_the_chapter_says():
    assert any("more than twenty other means" in cell.source for cell in read_source(SOURCE).cells)
    assert len(MEAN.wrongs) > 20


def test_segmentation_models_pytorch_gives_an_absent_class_1(answers):
    smp = import_module("segmentation_models_pytorch.metrics")
    stats = smp.get_stats(PIXELS_PRED, PIXELS_MASK, mode="multiclass", num_classes=5, ignore_index=IGNORE)
    assert smp.iou_score(*stats, reduction="macro").item() == pytest.approx(answers["an absent class gets 1"])
    assert smp.iou_score(*stats, reduction="micro").item() == pytest.approx(answers["all classes in one pot (micro)"])


def test_monai_asks_only_for_the_true_classes_of_an_image(answers):
    metrics = import_module("monai.metrics")
    score = metrics.MeanIoU()
    score(planes(PIXELS_PRED), planes(PIXELS_MASK))
    assert score.aggregate().item() == pytest.approx(answers["mean over images, true classes only"])


def test_the_chapter_names_every_answer(answers):
    text = "\n".join(cell.source for cell in read_source(SOURCE).cells if cell.cell_type == "markdown")
    table = text[text.index("| Convention |") :].split("\n\n")[0]
    assert len(table.splitlines()) == 2 + len(answers)
