"""The loop, in the open: `fit` learns, `evaluate` and `predict` look without learning."""

from seglearn.training.devices import best_device, describe_device, seed_everything
from seglearn.training.evaluation import evaluate, predict
from seglearn.training.history import History
from seglearn.training.live import LivePicture
from seglearn.training.loop import Moment, fit
from seglearn.training.schedules import warmup_cosine
from seglearn.training.temperature import fit_temperature

__all__ = [
    "History",
    "LivePicture",
    "Moment",
    "best_device",
    "describe_device",
    "evaluate",
    "fit",
    "fit_temperature",
    "predict",
    "seed_everything",
    "warmup_cosine",
]
