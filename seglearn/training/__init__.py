"""The loop, in the open: `fit` learns, `evaluate` and `predict` look without learning."""

from seglearn.training.averaging import MovingAverage
from seglearn.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from seglearn.training.devices import best_device, describe_device, seed_everything
from seglearn.training.evaluation import evaluate, predict
from seglearn.training.history import History
from seglearn.training.live import LiveCurves, LivePicture
from seglearn.training.logs import CSVLog, TensorBoardLog
from seglearn.training.loop import Moment, fit
from seglearn.training.recipe import Recipe
from seglearn.training.schedules import warmup_cosine
from seglearn.training.temperature import fit_temperature
from seglearn.training.test_time import predict_augmented
from seglearn.training.tiling import logits_in_bands, predict_tiled
from seglearn.training.weights import class_weights

__all__ = [
    "CSVLog",
    "Checkpoint",
    "History",
    "LiveCurves",
    "LivePicture",
    "Moment",
    "MovingAverage",
    "Recipe",
    "TensorBoardLog",
    "best_device",
    "class_weights",
    "describe_device",
    "evaluate",
    "fit",
    "fit_temperature",
    "load_checkpoint",
    "logits_in_bands",
    "predict",
    "predict_augmented",
    "predict_tiled",
    "save_checkpoint",
    "seed_everything",
    "warmup_cosine",
]
