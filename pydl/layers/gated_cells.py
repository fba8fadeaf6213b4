"""Cells with gates: LSTM and GRU."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import activations, ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from .cells import Cell
from .layer import Shape

__all__ = ["GRUCell", "LSTMCell"]


class GatedCell(Cell):
    """A cell with gates, which have a separate activation."""

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, activation, use_bias, **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)

    def _gate(self, z: Tensor, number: int) -> Tensor:
        """The columns of one gate."""
        return z[:, number * self.units : (number + 1) * self.units]


class LSTMCell(GatedCell):
    """One step of long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    With gates i, f, o and candidate g, each of x @ kernel + h @ recurrent_kernel + bias: c = f * c + i * g and h = o *
    activation(c).

    Args:
        units: Size of the states h and c; h is also the output.
        *args: activation, recurrent_activation, use_bias and what follows it in `SimpleRNNCell`, by position.
        unit_forget_bias: Whether the bias of f starts at 1 (Jozefowicz et al. 2015).
        **kwargs: The same by name, and arguments of `Layer`. activation ("tanh") is that of g and c,
            recurrent_activation ("sigmoid") that of the gates.

    Call arguments:
        inputs (batch, features), states: list of h and c, each (batch, units), and training.

    Output shape:
        The output (batch, units) and the list of new h and c, in the layer's dtype.

    Weights:
        kernel (features, 4 * units), recurrent_kernel (units, 4 * units), bias (4 * units,); gates in the order i, f,
        g, o.

    Raises:
        ValueError: units is not a positive integer, a share is not in [0, 1], or a name is unknown.
        ShapeError: Input or states have other sizes than the weights.

    Example:
        >>> cell = pydl.layers.LSTMCell(4)
        >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
        >>> output.shape, [state.shape for state in states]
        ((2, 4), [(2, 4), (2, 4)])
        >>> cell.kernel.shape
        (3, 16)
    """

    _recordable = True
    _gates = 4
    _op = "lstm"

    def __init__(self, units: int, *args: Any, unit_forget_bias: bool = True, **kwargs: Any) -> None:
        super().__init__(units, *args, **kwargs)
        self.unit_forget_bias = bool(unit_forget_bias)
        self.state_size = [self.units, self.units]

    def _initial_bias(self, shape: Any, dtype: Any) -> Array:
        bias = np.array(super()._initial_bias(shape, dtype))
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def _step(self, x: Tensor, h: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        z = ops.dense(x, self.kernel, self.bias) + ops.matmul(h, self.recurrent_kernel)
        i, f, o = (self.recurrent_activation(self._gate(z, gate)) for gate in (0, 1, 3))
        c = f * states[1] + i * self.activation(self._gate(z, 2))
        y = o * self.activation(c)
        return y, [y, c]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


class GRUCell(GatedCell):
    """One step of a gated recurrent unit (Cho et al. 2014): h = z * h + (1 - z) * n.

    The update gate z and the reset gate r are of x @ kernel + h @ recurrent_kernel + bias. The candidate n sees the
    state through r.

    Args:
        units: Size of the state, which is also the output.
        *args: activation, recurrent_activation, use_bias and what follows it in `SimpleRNNCell`, by position.
        reset_after: Whether r multiplies h @ recurrent_kernel, as in cuDNN, and not h before the product.
        **kwargs: The same by name, and arguments of `Layer`. activation ("tanh") is that of n, recurrent_activation
            ("sigmoid") that of the gates.

    Call arguments:
        inputs (batch, features), states: list of h (batch, units), and training.

    Output shape:
        The output (batch, units) and the list of the new state, in the layer's dtype.

    Weights:
        kernel (features, 3 * units), recurrent_kernel (units, 3 * units), bias (2, 3 * units) for input and state with
        reset_after, else (3 * units,); gates in the order z, r, n.

    Raises:
        ValueError: units is not a positive integer, a share is not in [0, 1], or a name is unknown.
        ShapeError: Input or states have other sizes than the weights.

    Example:
        >>> cell = pydl.layers.GRUCell(4)
        >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
        >>> output.shape, [state.shape for state in states]
        ((2, 4), [(2, 4)])
        >>> cell.kernel.shape, cell.bias.shape
        ((3, 12), (2, 12))
    """

    _recordable = True
    _gates = 3
    _op = "gru"

    def __init__(self, units: int, *args: Any, reset_after: bool = True, **kwargs: Any) -> None:
        super().__init__(units, *args, **kwargs)
        self.reset_after = bool(reset_after)

    def _bias_shape(self) -> Shape:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _step(self, x: Tensor, h: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        x_bias = state_bias = None
        if self.bias is not None:
            x_bias, state_bias = (self.bias[0], self.bias[1]) if self.reset_after else (self.bias, None)
        zx = ops.dense(x, self.kernel, x_bias)
        if self.reset_after:
            zh = ops.dense(h, self.recurrent_kernel, state_bias)
        else:
            zh = ops.matmul(h, self.recurrent_kernel[:, : 2 * self.units])
        z, r = (self.recurrent_activation(self._gate(zx, gate) + self._gate(zh, gate)) for gate in (0, 1))
        if self.reset_after:
            inner = r * self._gate(zh, 2)
        else:
            inner = ops.matmul(r * h, self.recurrent_kernel[:, 2 * self.units :])
        candidate = self.activation(self._gate(zx, 2) + inner)
        y = candidate + z * (states[0] - candidate)
        return y, [y]

    def _sequence(self, *args: Any) -> dict[str, Any] | None:
        arguments = super()._sequence(*args)
        return None if arguments is None else {**arguments, "reset_after": self.reset_after}

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "reset_after": self.reset_after}
