"""Cells: what a recurrent layer computes in one step. They hold the weights, in Keras's layouts and gate orders.

A cell is called as `output, states = cell(inputs, states)` and records on the tape like any layer. Those here can also
run a whole sequence in one kernel (`_sequence`), which is what `LSTM`, `GRU` and `SimpleRNN` do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from .. import activations, ops
from ..autograd.tape import Array, plan_constant, state
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import drop_rate, positive_integer
from ..base.random_streams import Stream, checked_seed
from ..ops.dropout import DRAWS
from ..ops.embedding import TableRows
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["GRUCell", "LSTMCell", "SimpleRNNCell"]

Masks = tuple[Array | None, Array | None]  # dropout of the inputs and of the state, one for all steps of a sequence
_FUSED = frozenset({"linear", "relu", "sigmoid", "tanh", "hard_sigmoid"})  # activations of the kernels


class Cell(Layer):
    """Base of the three cells: kernel (I, G·units), recurrent_kernel (units, G·units) and bias for G gates.

    Args:
        units: the size of the state, and of the output.
        activation: of the new state or candidate.
        use_bias, *_initializer, *_regularizer, *_constraint: as in Keras; * is kernel, recurrent or bias.
        dropout, recurrent_dropout: in training, the share of the inputs and of the state that the gates do not see; the
            same for all gates and all steps of a sequence.
        seed: for these masks; else `pydl.set_seed` governs them.
    """

    _keeps_integers = False
    _weight_options = WeightOptions("kernel", "recurrent", "bias")
    bias_initializer: Callable[..., Array]
    _gates: ClassVar[int] = 1
    _op: ClassVar[str]  # the one that runs a whole sequence in one kernel

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive_integer(self.name, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self._weight_options.get(self, locals())
        self.dropout = drop_rate(self.name, dropout, "dropout")
        self.recurrent_dropout = drop_rate(self.name, recurrent_dropout, "recurrent_dropout")
        self.seed = checked_seed(self.name, seed)
        self.state_size: int | list[int] = self.units
        self.output_size = self.units
        self._stream = Stream("dropout", self.seed)

    def build(self, input_shape: Shape) -> None:
        add, width = partial(self._weight_options.add, self), self._gates * self.units
        self.kernel: Any = add("kernel", (input_shape[-1], width))
        self.recurrent_kernel: Any = add("recurrent", (self.units, width), name="recurrent_kernel")
        self.bias: Any = add("bias", self._bias_shape(), initializer=self._initial_bias) if self.use_bias else None

    def _bias_shape(self) -> Shape:
        return (self._gates * self.units,)

    def _initial_bias(self, shape: Any, dtype: Any) -> Array:
        return self.bias_initializer(shape, dtype)

    def get_initial_state(self, batch_size: int) -> list[Tensor]:
        """Zeros (batch_size, units), one array for each state."""
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [as_tensor(plan_constant(np.zeros((batch_size, n), self.dtype))) for n in sizes]

    def _dropout_masks(self, batch_size: int, training: Any) -> Masks:
        """Masks for one sequence: zeros, and 1 / (1 - rate) for what is kept; None without dropout."""
        if not training or not (self.dropout or self.recurrent_dropout):
            return None, None
        inputs, state = (
            ops.dropout(np.ones((batch_size, n), self.dtype), rate, self._stream).array if rate else None
            for n, rate in ((self.kernel.shape[0], self.dropout), (self.units, self.recurrent_dropout))
        )
        return inputs, state

    def call(self, inputs: Tensor, states: Any, training: bool | None = None, masks: Masks | None = None) -> Any:
        """(B, I) and the states (B, units) to the output and the list of new states. masks: of `_dropout_masks`."""
        states = [as_tensor(s) for s in states] if isinstance(states, list | tuple) else [as_tensor(states)]
        drop_inputs, drop_state = self._dropout_masks(inputs.shape[0], training) if masks is None else masks
        x = inputs if drop_inputs is None else inputs * drop_inputs
        h = states[0] if drop_state is None else states[0] * drop_state
        return self._step(x, h, states)

    def _replay_obstacle(self, training: bool) -> str | None:
        drops = training and (self.dropout or self.recurrent_dropout)
        return DRAWS if drops else super()._replay_obstacle(training)

    def _step(self, x: Tensor, h: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """One step; x and h are what dropout left of the inputs and of the first state."""
        raise NotImplementedError

    def _sequence(
        self,
        states: Sequence[Tensor] | None,
        mask: Array | None,
        masks: Masks,
        go_backwards: bool,
        return_sequences: bool,
    ) -> dict[str, Any] | None:
        """The arguments with which the op of this name runs whole sequences.

        None for activations that it does not know, and for derived classes.
        """
        if "_recordable" not in vars(type(self)):  # a class of the user's may have a step of its own
            return None
        options: dict[str, Any] = {}
        for name in ("activation", "recurrent_activation"):
            if hasattr(self, name):
                kind, _, rest = activations.split(getattr(self, name))
                if rest is not None or kind not in _FUSED:
                    return None
                options[name] = kind
        return {
            **options,
            "kernel": self.kernel,
            "recurrent_kernel": self.recurrent_kernel,
            "bias": self.bias,
            "initial_state": states if states is None or len(states) > 1 else states[0],
            "mask": mask,
            "go_backwards": go_backwards,
            "return_sequences": return_sequences,
            "dropout_mask": masks[0],
            "recurrent_dropout_mask": masks[1],
        }

    def compute_output_shape(self, input_shape: Shape, states_shape: Any = None) -> Any:
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return (input_shape[0], self.units), [(input_shape[0], n) for n in sizes]

    def get_config(self) -> dict[str, Any]:
        config = {**super().get_config(), "units": self.units, "activation": activations.serialize(self.activation)}
        if hasattr(self, "recurrent_activation"):
            config["recurrent_activation"] = activations.serialize(self.recurrent_activation)
        config |= {"use_bias": self.use_bias, **self._weight_options.serialize(self)}
        return {
            **config, "dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout, "seed": self.seed
        }  # fmt: skip


class SimpleRNNCell(Cell):
    """h = activation(x W + h R + b), which is also the output (Elman 1990)."""

    _recordable = True
    _op = "rnn"

    def _step(self, x: Tensor, h: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        y = self.activation(ops.dense(x, self.kernel, self.bias) + ops.matmul(h, self.recurrent_kernel))
        return y, [y]


class GatedCell(Cell):
    """A cell whose gates have an activation of their own."""

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
    """Gates i, f, o and candidate g, in the order i f g o: c = f c + i g, h = o activation(c) (Hochreiter 1997).

    unit_forget_bias: whether the bias of f starts at one (Jozefowicz 2015).
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
    """Gates z (update) and r (reset) and candidate g, in this order: h = z h + (1 - z) g (Cho 2014).

    reset_after: whether r acts after the product with the recurrent kernel (as cuDNN does); the bias is then
    (2, 3 units), for the inputs and for the state. Otherwise r acts on the state, and the bias is (3 units,).
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


def by_table(x: Tensor, *arguments: dict[str, Any]) -> tuple[Any, ...]:
    """x and the arguments of each direction for the kernel.

    Where x are rows of a small table, their ids take the place of x, and the table times the kernel that of the kernel:
    its rows are looked up instead of a product for each step.
    """
    if not isinstance(x, TableRows) or x.ndim != 3:
        return x, *arguments
    watched = state.tape_depth > 0 or (x.requires_grad and x.node is None)  # the rows' own gradient may be asked for
    few = x.ids.size < 2 * x.table.shape[0]
    if few or watched or any(a["dropout_mask"] is not None for a in arguments):
        return x, *arguments
    return x.ids, *({**a, "kernel": ops.matmul(x.table, a["kernel"])} for a in arguments)
