"""Callbacks: objects that `fit`, `evaluate` and `predict` call at fixed moments."""

from .callback import Callback, LambdaCallback
from .callback_list import CallbackList
from .checkpoint import ModelCheckpoint
from .csv_logger import CSVLogger
from .early_stopping import EarlyStopping, TerminateOnNaN
from .gradient_monitor import GradientMonitor
from .history import History
from .lr_scheduler import LearningRateScheduler, ReduceLROnPlateau
from .progress import ProgressBar

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "GradientMonitor",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]
