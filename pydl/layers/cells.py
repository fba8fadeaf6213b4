"""Cells: one step of a recurrent layer. They hold the weights, in Keras's layouts and gate orders.

A call `output, states = cell(inputs, states)` is recorded on the tape like any layer. The cells here can also run a
whole sequence in one kernel (`_sequence`), as `LSTM`, `GRU` and `SimpleRNN` do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from .. import activations, ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import drop_rate, positive_integer
from ..base.random_streams import Stream, checked_seed
from ..ops.constants import ones, zeros
from ..ops.dropout import DRAWS
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["SimpleRNNCell"]

Masks = tuple[Tensor | None, Tensor | None]  # dropout of inputs and state, the same for all steps
_FUSED = frozenset({"linear", "relu", "sigmoid", "tanh", "hard_sigmoid"})  # activations of the kernels


class Cell(Layer):
    """Base class of the cells: kernel (I, G·units), recurrent_kernel (units, G·units) and bias for G gates.

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
    _op: ClassVar[str]  # the op that runs a whole sequence in one kernel

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
        """States before the first step.

        Args:
            batch_size: Number of samples.

        Returns:
            List of zeros (batch_size, units), one tensor for each state.

        Example:
            >>> [state.shape for state in pydl.layers.LSTMCell(4).get_initial_state(2)]
            [(2, 4), (2, 4)]
        """
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        return [zeros((batch_size, n), self.dtype) for n in sizes]

    def _dropout_masks(self, batch_size: int, training: Any) -> Masks:
        """Masks for one sequence: 0 for dropped elements, 1 / (1 - rate) for others; None without dropout."""
        if not training or not (self.dropout or self.recurrent_dropout):
            return None, None
        inputs, state = (
            ops.dropout(ones((batch_size, n), self.dtype), rate, self._stream) if rate else None
            for n, rate in ((self.kernel.shape[0], self.dropout), (self.units, self.recurrent_dropout))
        )
        return inputs, state

    def call(self, inputs: Tensor, states: Any, training: bool | None = None, masks: Masks | None = None) -> Any:
        """One step.

        Args:
            inputs: Tensor (batch, features), in the layer's dtype.
            states: List of the states, each (batch, units).
            training: Whether dropout is active.
            masks: Dropout masks of input and state; None draws new ones.

        Returns:
            The output (batch, units) and the list of new states.

        Example:
            >>> cell = pydl.layers.GRUCell(4)
            >>> cell(np.ones((2, 3)), [np.zeros((2, 4))])[0].shape
            (2, 4)
        """
        states = [as_tensor(s) for s in states] if isinstance(states, list | tuple) else [as_tensor(states)]
        drop_inputs, drop_state = self._dropout_masks(inputs.shape[0], training) if masks is None else masks
        x = inputs if drop_inputs is None else inputs * drop_inputs
        h = states[0] if drop_state is None else states[0] * drop_state
        return self._step(x, h, states)

    def _replay_obstacle(self, training: bool) -> str | None:
        drops = training and (self.dropout or self.recurrent_dropout)
        return DRAWS if drops else super()._replay_obstacle(training)

    def _step(self, x: Tensor, h: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """One step; x and h are the inputs and the first state after dropout."""
        raise NotImplementedError

    def _sequence(
        self,
        states: Sequence[Tensor] | None,
        mask: Array | None,
        masks: Masks,
        go_backwards: bool,
        return_sequences: bool,
    ) -> dict[str, Any] | None:
        """The arguments for `_op` to run whole sequences.

        None for activations that the kernel does not have, and for subclasses.
        """
        if "_recordable" not in vars(type(self)):  # a user's subclass may override the step
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
        """Shapes of the output and of the list of new states.

        Args:
            input_shape: Shape of the input, (batch, features).
            states_shape: Ignored.
        """
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
    """One step of a simple recurrent network: h = activation(x @ kernel + h @ recurrent_kernel + bias) (Elman 1990).

    Args:
        units: Size of the state, which is also the output.
        activation: Function of the new state, or its name; None is linear.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the kernel, or its name.
        recurrent_initializer: Initializer of the recurrent kernel, or its name.
        bias_initializer: Initializer of the bias, or its name.
        kernel_regularizer: Regularizer of the kernel; None for none.
        recurrent_regularizer: Regularizer of the recurrent kernel; None for none.
        bias_regularizer: Regularizer of the bias; None for none.
        kernel_constraint: Constraint of the kernel after each update; None for none.
        recurrent_constraint: Constraint of the recurrent kernel after each update; None for none.
        bias_constraint: Constraint of the bias after each update; None for none.
        dropout: Share of the input to drop in training, in [0, 1]; one mask for all steps of a sequence.
        recurrent_dropout: The same for the state.
        seed: Integer for dropout masks of the cell's own; None leaves them to `pydl.set_seed`.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs (batch, features), states: list of h (batch, units), and training.

    Output shape:
        The output (batch, units) and the list of new states, in the layer's dtype.

    Weights:
        kernel (features, units), recurrent_kernel (units, units), bias (units,).

    Raises:
        ValueError: units is not a positive integer, a share is not in [0, 1], or a name is unknown.
        ShapeError: Input or states have other sizes than the weights.

    Example:
        >>> cell = pydl.layers.SimpleRNNCell(4)
        >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
        >>> output.shape, [state.shape for state in states]
        ((2, 4), [(2, 4)])
    """

    _recordable = True
    _op = "rnn"

    def _step(self, x: Tensor, h: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        y = self.activation(ops.dense(x, self.kernel, self.bias) + ops.matmul(h, self.recurrent_kernel))
        return y, [y]
