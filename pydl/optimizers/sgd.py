"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from ..autograd.tape import Array
from ..ops.optimizer import sgd_update
from .optimizer import LearningRate, Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent: w -= learning_rate · g.

    With momentum, m = momentum · m - learning_rate · g and w += m; with `nesterov`, w += momentum · m - learning_rate ·
    g.

    Args:
        learning_rate: A number or a schedule (see `pydl.optimizers.schedules`).
        momentum: How much of the last step is kept, from 0 to 1.
        nesterov: Whether the gradient counts as taken after the momentum.
        weight_decay: Each update first takes learning_rate · weight_decay of every weight; None for none.
        clipnorm: The greatest 2-norm of the gradient of each variable; None for no bound.
        clipvalue: The greatest absolute value of each element of a gradient; None for no bound.
        global_clipnorm: The greatest 2-norm of all gradients together; None for no bound.
        name: The name in error messages.

    Raises:
        TypeError: If one of them is no number.
        ValueError: If one of them lies outside its range, or more than one kind of clipping is given.

    Source:
        Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".

    Example:
        >>> v = pydl.Variable([1.0])
        >>> optimizer = pydl.optimizers.SGD(learning_rate=0.5, momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.apply([np.array([1.0])], [v])
        >>> v.numpy()
        array([-0.25], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "SGD",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self._check(momentum=momentum)
        if momentum > 1:
            raise ValueError(f"[{name}] momentum: expected between 0 and 1, got {momentum}")
        self.momentum, self.nesterov = float(momentum), nesterov
        self._slots = ("momentum",) if momentum else ()

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        momenta = state[0] if state else []
        sgd_update(params, grads, momenta, rate, self.momentum, self.nesterov, self._decay)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
