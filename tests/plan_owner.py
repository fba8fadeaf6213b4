"""The least that a plan needs besides its function: whose weights it reads."""

from typing import Any

from pydl import Variable


class Weights:
    """What owns a plan of nothing but variables."""

    def __init__(self, *weights: Variable) -> None:
        self._weights = weights

    def _all_weights(self) -> list[Variable]:
        return list(self._weights)

    def _plan_parts(self) -> list[Any]:
        return list(self._weights)
