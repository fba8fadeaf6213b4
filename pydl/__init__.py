"""pydl: deep learning on CPUs, with Keras's names and NumPy as the only dependency."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__distribution__ = "pydl-nn"  # `pydl` on the package index is another project

from . import _installation as _installation  # first: it checks that the files belong together
from . import config, ops
from ._installation import VERSION as __version__
from .autograd.gradient_tape import GradientTape
from .autograd.tape import no_grad
from .autograd.tensor import Tensor
from .autograd.variable import Variable
from .base.errors import DTypeError, ShapeError
from .base.layer_classes import register_on_import as _register_on_import
from .base.locks import importing as _importing
from .base.random_streams import set_seed
from .config import num_threads, set_num_threads, threads
from .memory import memory_stats, release_memory, set_memory_limit

if TYPE_CHECKING:
    from . import (
        activations,
        callbacks,
        constraints,
        datasets,
        generation,
        initializers,
        interop,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        regularizers,
        scenarios,
        testing,
        utils,
    )
    from .layers import Input
    from .models import Model, Sequential

__all__ = [
    "DTypeError", "GradientTape", "Input", "Model", "Sequential", "ShapeError", "Tensor", "Variable", "__version__",
    "activations", "callbacks", "config", "constraints", "datasets", "generation", "initializers", "interop", "layers",
    "losses", "memory_stats", "metrics", "models", "no_grad", "num_threads", "ops", "optimizers", "regularizers",
    "release_memory", "scenarios", "set_memory_limit", "set_num_threads", "set_seed", "testing", "threads", "utils",
]  # fmt: skip

# Imported on first use, so that `import pydl` is fast: the sub-modules, and these classes of theirs.
_CLASSES = {"Input": "layers", "Model": "models", "Sequential": "models"}


def __getattr__(name: str) -> Any:
    if name in _CLASSES:
        return getattr(_module(_CLASSES[name]), name)
    if name in __all__:
        return _module(name)
    raise AttributeError(f"module 'pydl' has no attribute {name!r}")


def _module(name: str) -> Any:
    with _importing():
        return importlib.import_module(f".{name}", __name__)


_register_on_import(("Model", "Sequential"), lambda: _module("models"))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
