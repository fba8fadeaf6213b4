"""pydl: deep learning on CPUs, with Keras's names and NumPy as the only dependency."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import config, ops
from ._core import __version__
from .config import num_threads, set_num_threads, threads
from .errors import DTypeError, ShapeError
from .memory import memory_stats, release_memory, set_memory_limit
from .random import set_seed
from .tape import GradientTape, no_grad
from .tensor import Tensor
from .variable import Variable

if TYPE_CHECKING:
    from . import activations, constraints, initializers, layers, regularizers, testing
    from .layers import Input

__all__ = [
    "DTypeError", "GradientTape", "Input", "ShapeError", "Tensor", "Variable", "__version__", "activations", "config",
    "constraints", "initializers", "layers", "memory_stats", "no_grad", "num_threads", "ops", "regularizers",
    "release_memory", "set_memory_limit", "set_num_threads", "set_seed", "testing", "threads",
]  # fmt: skip

# Imported on first use, so that `import pydl` is quick: sub-modules, and classes by the sub-module that has them.
_MODULES = {
    "activations", "callbacks", "constraints", "datasets", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "regularizers", "schedules", "testing", "utils",
}  # fmt: skip
_NAMES = {"Input": "layers", "Model": "models", "Sequential": "models"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    if name in _NAMES:
        return getattr(importlib.import_module(f".{_NAMES[name]}", __name__), name)
    raise AttributeError(f"module 'pydl' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
