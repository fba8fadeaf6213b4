"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Any

from ..autograd.tape import Array
from ..ops.optimizer import adam_update
from .optimizer import LearningRate, Optimizer


class Adam(Optimizer):
    """Adaptive moment estimation, in Keras's form with epsilon outside the bias correction.

    m = beta_1 · m + (1 - beta_1) · g; v = beta_2 · v + (1 - beta_2) · g²;
    w -= learning_rate · √(1 - beta_2^t) / (1 - beta_1^t) · m / (√v + epsilon), in update t.
    With `amsgrad`, the largest v so far stands in place of v.

    Args:
        learning_rate: A number or a schedule (see `pydl.optimizers.schedules`).
        beta_1: How much of the mean gradient is kept, from 0 to less than 1.
        beta_2: How much of the mean square is kept, from 0 to less than 1.
        epsilon: What is added to the divisor.
        amsgrad: Whether the divisor never falls.
        weight_decay: Each update first takes learning_rate · weight_decay of every weight; None for none.
        clipnorm: The greatest 2-norm of the gradient of each variable; None for no bound.
        clipvalue: The greatest absolute value of each element of a gradient; None for no bound.
        global_clipnorm: The greatest 2-norm of all gradients together; None for no bound.
        name: The name in error messages.

    Raises:
        TypeError: If one of them is no number.
        ValueError: If one of them lies outside its range, or more than one kind of clipping is given.

    Source:
        Kingma and Ba 2014, "Adam", end of section 2; amsgrad: Reddi et al. 2018, "On the Convergence of Adam and
        Beyond".

    Example:
        >>> v = pydl.Variable([1.0])
        >>> pydl.optimizers.Adam(learning_rate=0.5).apply([np.array([4.0])], [v])  # the first step has full length
        >>> v.numpy().round(3)
        array([0.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "adam",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self._check(beta_1=beta_1, beta_2=beta_2, below=1)
        self._check(epsilon=epsilon)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = (
            float(beta_1),
            float(beta_2),
            float(epsilon),
            bool(amsgrad),
        )
        self._slots = ("momentum", "velocity", *(("velocity_hat",) if amsgrad else ()))

    def _update(
        self, params: list[Array], grads: list[Array], state: list[list[Array]], rate: float, step: int
    ) -> None:
        largest = state[2] if self.amsgrad else None
        numbers = (rate, self.beta_1, self.beta_2, self.epsilon, self._decay)
        adam_update(params, grads, state[0], state[1], step, *numbers, largest)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }


class AdamW(Adam):
    """`Adam` with weight decay, which does not go through the moments.

    Args:
        learning_rate: A number or a schedule (see `pydl.optimizers.schedules`).
        weight_decay: Each update first takes learning_rate · weight_decay of every weight.
        beta_1: How much of the mean gradient is kept, from 0 to less than 1.
        beta_2: How much of the mean square is kept, from 0 to less than 1.
        epsilon: What is added to the divisor.
        amsgrad: Whether the divisor never falls.
        clipnorm: The greatest 2-norm of the gradient of each variable; None for no bound.
        clipvalue: The greatest absolute value of each element of a gradient; None for no bound.
        global_clipnorm: The greatest 2-norm of all gradients together; None for no bound.
        name: The name in error messages.

    Raises:
        TypeError: If one of them is no number.
        ValueError: If one of them lies outside its range, `weight_decay` is None, or more than one kind of clipping is
            given.

    Source:
        Loshchilov and Hutter 2017, "Decoupled Weight Decay Regularization".

    Example:
        >>> v = pydl.Variable([1.0])
        >>> pydl.optimizers.AdamW(learning_rate=0.5, weight_decay=0.5).apply([np.array([0.0])], [v])
        >>> v.numpy()
        array([0.75], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "adamw",
    ) -> None:
        if weight_decay is None:
            raise ValueError(f"[{name}] weight_decay: expected a number, got None; Adam has none")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm, name
        )
