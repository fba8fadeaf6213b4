"""Whether a watched quantity got better: shared by the callbacks that act on a plateau."""

from __future__ import annotations

import math

from ..warn import warn_caller
from .callback import Logs

_MAXIMISED = ("acc", "accuracy", "auc", "precision", "recall", "f1", "iou", "r2_score", "top_k")


class Monitor:
    """Follows `logs[name]`; mode "auto" maximises accuracies and the like, and minimises everything else."""

    def __init__(self, owner: str, name: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"[{owner}] mode: expected 'auto', 'min' or 'max', got {mode!r}")
        self.owner, self.name = owner, name
        maximise = mode == "max" or (mode == "auto" and any(part in name for part in _MAXIMISED))
        self._sign = 1.0 if maximise else -1.0
        self.min_delta = abs(min_delta)
        self.reset()

    def reset(self, best: float | None = None) -> None:
        """Forgets the best value, or starts from the given one."""
        self.best = -self._sign * math.inf if best is None else best

    def value(self, logs: Logs | None) -> float | None:
        """The watched value, or None with a warning that names what there is."""
        value = (logs or {}).get(self.name)
        if value is None:
            available = ", ".join(logs or {}) or "nothing"
            warn_caller(f"{self.owner}: {self.name!r} is not in the logs, which hold {available}")
        return value

    def improves(self, value: float, on: float | None = None) -> bool:
        """Whether `value` is better by more than `min_delta`. A NaN never is."""
        best = self.best if on is None else on
        return self._sign * (value - best) > self.min_delta
