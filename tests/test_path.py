"""The walk of the data, once, end to end: scene -> tensor -> model -> logits -> loss -> metric -> figure."""

import matplotlib.pyplot as plt
import torch
from torch.utils.data import DataLoader

from seglearn.data import DrawnStreets, in_memory, stack
from seglearn.labels import STREETS
from seglearn.losses import cross_entropy_loss
from seglearn.metrics import label_map, mean_iou
from seglearn.models import UNet
from seglearn.plots import panels, picture, show_history, show_overlay
from seglearn.training import evaluate, fit, predict, seed_everything


def test_the_path_is_natural():
    figures = plt.get_fignums()  # what other tests left open
    generator = seed_everything(0)
    streets = in_memory(DrawnStreets(4, size=(32, 48)))
    batches = DataLoader(streets, batch_size=2, shuffle=True, generator=generator)
    model = UNet(channels=3, classes=len(streets.labels), widths=(8, 16, 24))
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)

    before = mean_iou(evaluate(model, batches, len(STREETS)))
    history = fit(
        model,
        batches,
        batches,  # the same pictures on purpose: four of them can be learned by heart
        loss=cross_entropy_loss,
        epochs=60,
        optimizer=optimizer,
        device="cpu",
        score=lambda model, batches: mean_iou(evaluate(model, batches, len(STREETS))),
        progress=False,
    )
    assert before < 0.15 and max(history.score) > 0.3

    images, masks = stack(streets)
    preds = predict(model, images)
    assert torch.equal(preds, label_map(model.eval()(images))) and preds.shape == masks.shape
    assert mean_iou(evaluate(model, batches, len(STREETS))) == max(history.score)  # the best weights are in the model

    left, right = panels(2)
    show_overlay(images[0], preds[0], STREETS, left, title="what it learned by heart")
    show_history(history, right, title="the loss falls, the score rises")
    assert "road" in left.figure.alt and picture(left.figure).startswith(b"\x89PNG")
    assert plt.get_fignums() == figures
