"""The diary and those who read it while it is written: tables, curves, logs."""

import math
import re
import sys
import types

import matplotlib.pyplot as plt
import pytest
import torch
from torch import nn

from seglearn.plots import panels, show_history
from seglearn.training import CSVLog, History, LiveCurves, TensorBoardLog, fit

ONE = [(torch.ones(1, 1), None)]


def diary(scores=(0.5, 0.7), val_loss=math.nan):
    history = History()
    for number, score in enumerate(scores, start=1):
        history.add(loss=1 / (3 * number), val_loss=val_loss, score=score, elapsed_s=0.1 * number)
    return history


def fit_line(*, epochs=2, callbacks=(), **options):
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)  # the weight walks 0, -1, -2, ...
    options = {"optimizer": optimizer, "device": "cpu", "progress": False, "callbacks": callbacks} | options
    return fit(model, ONE, ONE, loss=lambda outputs, _: outputs.mean(), epochs=epochs, **options)


# By hand


def test_named_scores_become_columns_and_the_first_one_judges():
    scores = iter([{"miou": 0.5, "recall": 0.9}, {"miou": torch.tensor(0.75), "recall": 0.1}])
    history = fit_line(score=lambda *_: next(scores))
    assert history.score == [0.5, 0.75] and history.metrics == {"miou": [0.5, 0.75], "recall": [0.9, 0.1]}
    assert history.best_epoch == 2
    heading, _, last = str(history).splitlines()
    assert heading.split() == ["epoch", "loss", "val", "loss", "miou", "recall", "seconds"]
    assert last.split()[:5] == ["2", "-1.000", "-2.000", "0.750", "0.100"] and last.endswith("<- best")


def test_a_table_has_one_line_per_epoch_and_what_is_missing_is_empty(tmp_path):
    diary([{"miou": 0.5}, {"miou": 0.25}]).to_csv(tmp_path / "deep" / "run.csv")
    text = (tmp_path / "deep" / "run.csv").read_bytes().decode("utf-8")
    first = "1,0.3333333333333333,,0.5,0.5,0.1"
    assert text.splitlines()[:2] == ["epoch,loss,val_loss,score,miou,elapsed_s", first] and "\r" not in text


def test_the_log_holds_the_same_table_after_every_epoch(tmp_path):
    lengths = []

    def look(moment):
        path = tmp_path / "run.csv"
        lengths.append(len(History.from_csv(path)) if path.exists() else None)

    history = fit_line(epochs=3, callbacks=[CSVLog(tmp_path / "run.csv"), look])
    assert lengths == [None, 1, 2, 3]
    assert History.from_csv(tmp_path / "run.csv").loss == history.loss


# Equals: what is written reads back


@pytest.mark.parametrize(
    "history",
    [diary(), diary([{"a": 0.1, "b, c": math.nan}] * 3, val_loss=1e-300), diary(()), diary([math.nan, 1 / 3], 2 / 3)],
    ids=["plain", "named", "empty", "gaps"],
)
def test_a_table_reads_back_to_the_last_digit(history, tmp_path):
    history.to_csv(tmp_path / "run.csv")
    found = History.from_csv(tmp_path / "run.csv")
    assert repr(found.columns()) == repr(history.columns()) and [type(epoch) for epoch in found.epoch] == [int] * len(
        history
    )


def test_a_table_knows_its_best_epoch(tmp_path):
    history = fit_line(epochs=4, score=lambda model, _: -abs(model.weight.item() + 2))
    history.to_csv(tmp_path / "run.csv")
    assert History.from_csv(tmp_path / "run.csv").best_epoch == history.best_epoch == 2


# Extremes


def test_a_missing_score_is_worse_than_any_other():
    history = diary([0.2, math.nan], val_loss=-5.0)  # not to be compared with the loss of the other epoch
    assert history.quality(0) == 0.2 and history.quality(1) == -math.inf


def test_live_curves_draw_before_and_after_every_epoch_on_their_own_axes():
    ax, other = panels(2, live=True)
    other.plot([0, 1])
    drawn = []

    def draw(ax, history):
        ax.plot(history.epoch, history.loss)
        ax.twinx().set_label("second scale")
        drawn.append((len(history), len(ax.lines), len(ax.figure.axes)))

    live = LiveCurves(ax, draw, every=2)
    fit_line(epochs=3, callbacks=[live])
    assert drawn == [(0, 1, 3), (2, 1, 3), (3, 1, 3)]  # one line and one second scale, however often it is drawn
    assert len(other.lines) == 1
    plt.close(ax.figure)


def test_the_course_can_draw_a_diary_live():
    ax = panels(1, live=True)[0]
    scores = iter([0.4, 0.6])
    live = LiveCurves(ax, lambda ax, history: show_history(history, ax))
    fit_line(callbacks=[live], score=lambda *_: next(scores))
    assert len(ax.figure.axes) == 2 and "score from 0.40 to 0.60" in ax.spoken
    plt.close(ax.figure)


# Neighbors: TensorBoard, which may not be here


class FakeWriter:
    made = ()

    def __init__(self, folder, purge_step):
        self.folder, self.purge_step, self.written, self.flushed = folder, purge_step, [], 0
        FakeWriter.made = (*FakeWriter.made, self)

    def add_scalar(self, name, value, epoch):
        self.written.append((name, value, epoch))

    def flush(self):
        self.flushed += 1


def test_tensorboard_gets_every_number_that_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(FakeWriter, "made", ())
    module = types.SimpleNamespace(SummaryWriter=FakeWriter)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    fit_line(epochs=2, callbacks=[TensorBoardLog(tmp_path)])
    (writer,) = FakeWriter.made
    found = [entry for entry in writer.written if entry[0] != "elapsed_s"]
    assert found == [("loss", 0.0, 1), ("val_loss", -1.0, 1), ("loss", -1.0, 2), ("val_loss", -2.0, 2)]
    assert writer.folder == str(tmp_path) and writer.purge_step == 1 and writer.flushed == 3


def test_a_training_that_goes_on_has_one_log_without_gaps(tmp_path, monkeypatch):
    monkeypatch.setattr(FakeWriter, "made", ())
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", types.SimpleNamespace(SummaryWriter=FakeWriter))
    fit_line(epochs=2, checkpoint=tmp_path / "run.pt")
    fit_line(epochs=3, checkpoint=tmp_path / "run.pt", callbacks=[TensorBoardLog(tmp_path)])
    (writer,) = FakeWriter.made
    assert writer.purge_step == 1 and [epoch for name, _, epoch in writer.written if name == "loss"] == [1, 2, 3]


# Errors


def test_without_tensorboard_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    told = (
        "TensorBoardLog: the package tensorboard is not here. Install it (pip install tensorboard), or use CSVLog(path)"
    )
    with pytest.raises(ImportError, match=re.escape(told)):
        TensorBoardLog(tmp_path)


@pytest.mark.parametrize(
    ["scores", "told"],
    [
        ([{"a": 1.0}, {"b": 1.0}], "fit: score must name ['a'], as in the epoch before, got ['b']."),
        ([{"a": 1.0}, 1.0], "fit: score must name ['a'], as in the epoch before, got []."),
        ([1.0, {"a": 1.0}], "fit: score must name [], as in the epoch before, got ['a']."),
        ([{}], "fit: score must name at least one number, and none epoch, loss, val_loss, score, elapsed_s, got []."),
        ([{"loss": 1.0}], "and none epoch, loss, val_loss, score, elapsed_s, got ['loss']."),
    ],
    ids=["renamed", "unnamed", "named-late", "nothing", "taken"],
)
def test_scores_that_make_no_table_are_refused(scores, told):
    scores = iter(scores)
    with pytest.raises(ValueError, match=re.escape(told)) as caught:
        fit_line(score=lambda *_: next(scores))
    columns = caught.value.history.columns().values()
    assert len({len(column) for column in columns}) == 1, "no half line in the diary"


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "epoch,loss,val_loss,score,elapsed_s\n1,x,,,2\n", "epoch\n1,2"])
def test_another_table_is_refused(text, tmp_path):
    (tmp_path / "run.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="History.from_csv: run.csv must be a table with the columns epoch, loss"):
        History.from_csv(tmp_path / "run.csv")
