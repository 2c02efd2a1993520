"""The loop: one epoch by hand, nothing changed by looking, the best weights kept, an interrupt survived."""

import math
import re

import pytest
import torch
from torch import nn

from seglearn.metrics import mean_iou
from seglearn.models import UNet
from seglearn.training import (
    History,
    LivePicture,
    best_device,
    describe_device,
    evaluate,
    fit,
    predict,
    seed_everything,
    warmup_cosine,
)

BATCHES = [(torch.ones(3), torch.zeros(3)), (torch.full((1,), 5.0), torch.zeros(1))]


class Scale(nn.Module):
    """y = w x: one weight, so that one epoch can be computed by hand."""

    def __init__(self, w=1.0):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w))

    def forward(self, x):
        return self.w * x


def mean_output(outputs, _):
    return outputs.mean()


def fit_scale(model, train=BATCHES, *args, **options):
    options = {"loss": mean_output, "epochs": 1, "device": "cpu", "progress": False} | options
    options.setdefault("optimizer", torch.optim.SGD(model.parameters(), lr=0.1))
    return fit(model, train, *args, **options)


def test_one_epoch_by_hand():
    # steps: w = 1 - 0.1*1 = 0.9, then w = 0.9 - 0.1*5 = 0.4; losses 1 (three inputs) and 0.9*5 = 4.5 (one input)
    model = Scale()
    history = fit_scale(model)
    assert history.loss == [pytest.approx((3 * 1 + 4.5) / 4)] and model.w.item() == pytest.approx(0.4)
    assert math.isnan(history.val_loss[0]) and math.isnan(history.score[0]) and history.epoch == [1]


def test_gradients_do_not_pile_up():
    model = Scale()
    fit_scale(model, [(torch.ones(1), None)], epochs=3)  # every step is -0.1: a sum would give -0.1, -0.2, -0.3
    assert model.w.item() == pytest.approx(1 - 0.3)


def test_the_schedule_moves_after_every_batch():
    model = Scale()
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))  # 1, 1/2, 1/3
    fit_scale(model, [(torch.ones(1), None)] * 3, optimizer=optimizer, scheduler=scheduler)
    assert model.w.item() == pytest.approx(1 - 1 - 1 / 2 - 1 / 3)


def test_the_model_leaves_with_its_best_weights():
    model = Scale()  # walks 1.0, 0.9, 0.8, 0.7 ... ; the score likes 0.8 best
    history = fit_scale(model, [(torch.ones(1), None)], BATCHES, epochs=5, score=lambda m, _: -abs(m.w.item() - 0.8))
    assert history.best_epoch == 2 and model.w.item() == pytest.approx(0.8)
    assert history.best_weights["w"].item() == pytest.approx(0.8) and len(history) == 5


def test_without_a_score_the_lowest_validation_loss_is_best():
    model = Scale(0.26)  # w²: falls while w > 0, rises after it has passed
    val = [(torch.ones(1), None)]

    def loss(outputs, _):
        return outputs.sum() if outputs.requires_grad else outputs.square().sum()

    history = fit_scale(model, val, val, epochs=4, loss=loss)
    assert history.best_epoch == 3 and model.w.item() == pytest.approx(-0.04)  # 0.16, 0.06, -0.04, -0.14


def test_without_validation_the_last_weights_stay():
    model = Scale()
    history = fit_scale(model, [(torch.ones(1), None)], epochs=4)
    assert history.best_epoch == 4 and model.w.item() == pytest.approx(0.6)


def test_an_interrupt_keeps_the_history_and_the_best_weights_so_far():
    def stop_in_the_third_epoch(moment):
        if len(moment.history) == 2:
            raise KeyboardInterrupt

    model = Scale()
    history = fit_scale(model, epochs=9, callbacks=[stop_in_the_third_epoch])
    assert history.interrupted and len(history) == 2 and "interrupted" in str(history)
    assert torch.equal(model.w, history.best_weights["w"])


def test_an_interrupt_in_the_middle_of_an_epoch_gives_back_a_finished_one():
    steps = []

    def loss(outputs, _):
        steps.append(1)
        if len(steps) == 4:
            raise KeyboardInterrupt
        return outputs.mean()

    model = Scale()
    history = fit_scale(model, [(torch.ones(1), None)] * 3, loss=loss, epochs=9)
    assert len(history) == 1 and model.w.item() == pytest.approx(0.7)


def test_callbacks_see_the_beginning_and_every_epoch():
    seen = []
    fit_scale(Scale(), epochs=3, callbacks=[lambda moment: seen.append((len(moment.history), moment.epochs))])
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_inputs_and_targets_may_be_nested():
    batch = ({"x": torch.ones(2)}, [torch.zeros(2), {"y": torch.ones(1)}])

    class Nested(Scale):
        def forward(self, inputs):
            return {"y": self.w * inputs["x"]}

    history = fit_scale(Nested(), [batch], loss=lambda outputs, targets: (outputs["y"] - targets[1]["y"]).sum())
    assert history.loss == [0.0]


def test_an_empty_loader_is_refused():
    with pytest.raises(ValueError, match="train must yield at least one batch"):
        fit_scale(Scale(), [])


def test_a_loss_that_is_not_a_number_stops_before_it_ruins_the_weights():
    model = Scale()
    with pytest.raises(FloatingPointError, match="the loss must be finite, got nan"):
        fit_scale(model, loss=lambda outputs, _: outputs.mean() * torch.nan)
    assert model.w.item() == 1


def test_epochs_must_be_positive():
    with pytest.raises(ValueError, match=re.escape("fit: epochs must be at least 1, got 0.")):
        fit_scale(Scale(), epochs=0)


def test_the_bar_shows_loss_score_and_time_left(capsys):
    fit_scale(Scale(), BATCHES, BATCHES, epochs=2, score=lambda *_: 0.5, progress=True)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("epoch 2/2", "loss=", "score=0.500", "<00:0", "4/4"))


@pytest.mark.parametrize("training", [True, False])
def test_looking_changes_nothing(training):
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).train(training)
    model[1].eval()  # a frozen part must stay frozen
    before = {name: value.clone() for name, value in model.state_dict().items()}
    images = torch.rand(2, 3, 4, 5)
    confusion = evaluate(model, [(images, torch.zeros(2, 4, 5).long())], classes=2)
    assert confusion.sum() == 2 * 4 * 5 and predict(model, images).shape == (2, 4, 5)
    assert model.training is training and not model[1].training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_looking_uses_the_model_as_it_will_be_used():
    model = nn.Sequential(nn.Conv2d(3, 2, 1), nn.BatchNorm2d(2)).train()
    before = model[1].running_mean.clone()
    images = torch.rand(3, 3, 4, 5)
    alone, together = predict(model, images, batch_size=1), predict(model, images, batch_size=3)
    assert torch.equal(alone, together) and torch.equal(model[1].running_mean, before)


def test_evaluation_adds_batches_of_any_size():
    model = nn.Identity()  # logits go in
    batches = [(torch.randn(n, 3, h, w), torch.randint(3, (n, h, w))) for n, h, w in [(2, 4, 5), (1, 7, 3)]]
    expected = sum(evaluate(model, [batch], classes=3) for batch in batches)
    assert torch.equal(evaluate(model, batches, classes=3), expected) and expected.sum() == 2 * 20 + 21
    assert torch.equal(evaluate(model, [], classes=3), torch.zeros(3, 3).long())


def test_prediction_does_not_depend_on_the_batch_size():
    images = torch.randn(5, 3, 4, 6)
    assert torch.equal(predict(nn.Identity(), images, batch_size=2), images.argmax(dim=1))
    assert predict(nn.Identity(), images[:0]).shape == (0, 4, 6)


def test_predict_wants_a_batch():
    with pytest.raises(ValueError, match=re.escape("Use images.unsqueeze(0).")):
        predict(nn.Identity(), torch.zeros(3, 4, 5))


def test_warm_up_rises_in_a_line_and_the_cosine_falls_to_zero():
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    scheduler = warmup_cosine(optimizer, steps=10, warmup=0.2)
    rates = []
    for _ in range(10):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    expected = [1.0, 2.0] + [1 + math.cos(math.pi * t / 8) for t in range(8)]
    assert rates == pytest.approx(expected) and optimizer.param_groups[0]["lr"] == pytest.approx(0)


@pytest.mark.parametrize("options", [{"steps": 0}, {"steps": 5, "warmup": 1.0}])
def test_a_schedule_needs_steps(options):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=2.0)
    with pytest.raises(ValueError, match="warmup_cosine: steps must be at least 1"):
        warmup_cosine(optimizer, **options)


def test_the_same_seed_is_the_same_training():
    def train():
        generator = seed_everything(3)
        model = UNet(3, 2, widths=(4, 8))
        images = torch.rand(4, 3, 8, 8, generator=generator)
        batches = [(images, (images[:, 0] > 0.5).long())]
        fit(model, batches, loss=nn.functional.cross_entropy, epochs=2, device="cpu", progress=False)
        return torch.cat([weight.flatten() for weight in model.parameters()])

    torch.testing.assert_close(train(), train(), rtol=0, atol=0)


def test_a_unet_overfits_one_batch():
    """Not a claim about quality: a loop that cannot learn one batch by heart is broken."""
    generator = seed_everything(0)
    images = torch.rand(2, 3, 16, 16, generator=generator)
    masks = (images.mean(dim=1) > 0.5).long()
    model = UNet(3, 2, widths=(8, 16))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    before = mean_iou(evaluate(model, [(images, masks)], 2))
    options = {"loss": nn.functional.cross_entropy, "optimizer": optimizer, "progress": False, "device": "cpu"}
    fit(model, [(images, masks)], epochs=100, **options)
    assert before < 0.6 and mean_iou(evaluate(model, [(images, masks)], 2)) > 0.95


def test_the_best_device_is_there_and_says_why():
    device = best_device()
    assert torch.ones(1, device=device).item() == 1 and describe_device(device).startswith(device.type)


def test_history_prints_as_a_table():
    history = History()
    history.add(loss=1.25, val_loss=math.nan, score=0.5, elapsed_s=2)
    assert str(history).splitlines()[1].split() == ["1", "1.250", "-", "0.500", "2.0"]


def test_a_live_picture_draws_every_image_where_it_is_told():
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2)
    drawn = []

    def draw(ax, image, pred):
        drawn.append((list(axes).index(ax), pred.tolist()))

    logits = torch.eye(2).reshape(2, 2, 1, 1)
    live = LivePicture(list(axes), logits, draw, every=2)
    fit_scale(nn.Sequential(Scale()), [(torch.ones(1), None)], epochs=3, callbacks=[live])
    plt.close(figure)
    assert drawn == [(0, [[0]]), (1, [[1]])] * 3  # before learning, after epoch 2, after the last


def test_a_live_picture_needs_one_axes_per_image():
    with pytest.raises(ValueError, match="got 0 axes, 2 images"):
        LivePicture([], torch.zeros(2, 3, 4, 5), lambda *_: None)
