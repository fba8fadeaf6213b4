"""RMSprop: steps divided by the root of a moving average of squared gradients."""

from __future__ import annotations

from typing import Any

from ..autograd.tape import Array
from ..ops.optimizer import rmsprop_update
from .optimizer import LearningRate, Optimizer


class RMSprop(Optimizer):
    """Steps divided by the root of the mean square of recent gradients.

    v = rho · v + (1 - rho) · g² and w -= learning_rate · g / √(v + epsilon). With momentum, m = momentum · m + that
    step, and w -= m. With `centered`, v - a² stands in place of v, where a = rho · a + (1 - rho) · g.

    Args:
        learning_rate: A number or a schedule (see `pydl.optimizers.schedules`).
        rho: How much of the mean square is kept, from 0 to less than 1.
        momentum: How much of the last step is kept.
        epsilon: What is added under the root.
        centered: Whether the variance takes the place of the mean square.
        weight_decay: Each update first takes learning_rate · weight_decay of every weight; None for none.
        clipnorm: The greatest 2-norm of the gradient of each variable; None for no bound.
        clipvalue: The greatest absolute value of each element of a gradient; None for no bound.
        global_clipnorm: The greatest 2-norm of all gradients together; None for no bound.
        name: The name in error messages.

    Raises:
        TypeError: If one of them is no number.
        ValueError: If one of them lies outside its range, or more than one kind of clipping is given.

    Source:
        Tieleman and Hinton 2012, "Neural Networks for Machine Learning", lecture 6.5; centered: Graves 2013,
        "Generating Sequences With Recurrent Neural Networks".

    Example:
        >>> v = pydl.Variable([1.0])
        >>> pydl.optimizers.RMSprop(learning_rate=0.5, rho=0.75, epsilon=0.0).apply([np.array([4.0])], [v])
        >>> v.numpy()
        array([0.], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "rmsprop",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self._check(rho=rho, below=1)
        self._check(momentum=momentum, epsilon=epsilon)
        self.rho, self.momentum, self.epsilon, self.centered = (
            float(rho),
            float(momentum),
            float(epsilon),
            bool(centered),
        )
        self._slots = ("velocity", *(("momentum",) if momentum else ()), *(("average",) if centered else ()))

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        momenta = state[1] if self.momentum else []
        means = state[-1] if self.centered else None
        numbers = (rate, self.rho, self.momentum, self.epsilon, self._decay)
        rmsprop_update(params, grads, state[0], momenta, *numbers, means)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
