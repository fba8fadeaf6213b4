"""NumPy without floating-point warnings: NaN and infinity are results, as in the kernels."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import numpy as np


def _run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    with np.errstate(all="ignore"):
        return function(*args, **kwargs)


class _Quiet(threading.local):
    """`quiet.run(function, ...)` calls a NumPy function at a tenth of the cost of np.errstate, which takes as long as a
    small op. NumPy 2 keeps its settings in a context variable: each thread has a context with warnings off."""

    def __init__(self) -> None:
        self.run: Callable[..., Any] = _run
        if int(np.__version__.split(".")[0]) >= 2:
            context = contextvars.copy_context()
            context.run(np.seterr, all="ignore")
            self.run = context.run


quiet = _Quiet()
