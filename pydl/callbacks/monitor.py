"""Monitor: whether a logged value improves, for the callbacks that act on a plateau."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..base.warnings import warn_caller
from .callback import Logs

_MAXIMIZED = ("acc", "accuracy", "auc", "precision", "recall", "f1", "iou", "r2_score", "top_k", "cosine_similarity")


class Monitor:
    """Tracks `logs[name]`. Mode "auto" maximizes the metrics in _MAXIMIZED and minimizes all others."""

    def __init__(self, owner: str, name: str, mode: str = "auto", min_delta: float = 0.0, used: bool = True) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"[{owner}] mode: expected 'auto', 'min' or 'max', got {mode!r}")
        self.owner, self.name, self.used = owner, name, used
        maximize = mode == "max" or (mode == "auto" and any(part in name for part in _MAXIMIZED))
        self._sign = 1.0 if maximize else -1.0
        self.min_delta = abs(min_delta)
        self.expect(None, validated=True, others=True)
        self.reset()

    def reset(self, best: float | None = None) -> None:
        """Resets the best value, to `best` if given."""
        self.best = -self._sign * math.inf if best is None else best

    def expect(self, names: Sequence[str] | None, validated: bool, others: bool) -> None:
        """Sets the names that the logs will have, those of validation included; None if unknown before the first epoch.

        others: whether user code may add names. ValueError if the watched name is not expected; a warning if it needs
        validation data that `fit` does not have.
        """
        self._expected, self._validated, self._others = names or (), validated, others
        self._measured = self._warned = False
        self.awaited = True  # whether a missing value may still appear
        if not self.used or names is None:
            return
        expected = [name for name in names if validated or not name.startswith("val_")]
        if self.name in names and self.name not in expected:
            warn_caller(f"{self._unknown(expected)}; fit has no validation data")
        elif self.name not in names and not others:
            raise ValueError(self._unknown(expected))

    def value(self, logs: Logs | None) -> float | None:
        """The watched value, or None if it is missing. ValueError, or a warning, if it cannot appear any more."""
        logs = logs or {}
        value = logs.get(self.name)
        self._measured |= value is not None
        if self._measured:
            return value
        validation = self.name.startswith("val_")
        not_due = validation and self._validated and not any(name.startswith("val_") for name in logs)
        known = self.name in self._expected
        self.awaited = not_due or (known and not validation)
        if known or (not_due and not self._others):
            return None
        if not self._others:
            raise ValueError(self._unknown(list(logs)))
        if not self._warned:
            warn_caller(self._unknown(list(logs)))
        self._warned = True
        return None

    def _unknown(self, names: list[str]) -> str:
        from difflib import get_close_matches

        close = [] if self.name in self._expected else get_close_matches(self.name, names, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join(names) or "none"
        return f"[{self.owner}] monitor: expected a name in the logs ({known}), got {self.name!r}{hint}"

    def improves(self, value: float, on: float | None = None) -> bool:
        """Whether `value` is better by more than `min_delta`. NaN never is."""
        best = self.best if on is None else on
        return self._sign * (value - best) > self.min_delta
