"""Where the learner should write a thing, handing in the library's own is refused, and said to be so."""

import pytest
import torch
from torch.nn import functional as F

from seglearn import losses, metrics, pooling
from seglearn.exercises.engine import check

READY = {
    "torch's average": ("04.avg_pool", lambda x, k, s, p: F.avg_pool2d(x, k, s, p, count_include_pad=False)),
    "torch's layer": ("04.max_pool", lambda x, k, s, p: torch.nn.MaxPool2d(k, s, p)(x)),
    "the course's own": ("04.max_fold", lambda x, k: pooling.max_pool2d(x, k)),
    "torch's places too": ("04.max_fold", lambda x, k: F.max_pool2d(x, k, return_indices=True)[0]),
    "Dice": ("07.dice", losses.dice_loss),
    "Dice as Tversky": ("07.dice", lambda logits, mask: losses.tversky_loss(logits, mask)),
    "focal": ("07.focal", lambda z, m, gamma, weight: losses.focal_loss(z, m, gamma=gamma, weight=weight)),
    "scores": ("08.scores", lambda c: torch.stack([metrics.precision(c), metrics.recall(c), metrics.f1(c)])),
    "a mean": ("08.mean_iou", lambda p, m, k: metrics.mean_iou(metrics.confusion_matrix(p, m, k)).item()),
    "half by hand": ("08.mean_iou", lambda p, m, k: metrics.iou(metrics.confusion_matrix(p, m, k)).nanmean().item()),
}


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_answer_is_refused(name):
    exercise, answer = READY[name]
    verdict = check(exercise, answer)
    assert verdict.outcome.name == "NOT_YET" and "do the work. Here the exercise is to write it" in str(verdict)
    assert not verdict.recognized  # it is no other known mistake
