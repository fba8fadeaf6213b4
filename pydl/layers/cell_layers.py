"""Recurrent layers that construct their cell: SimpleRNN, LSTM and GRU."""

from __future__ import annotations

from typing import Any, ClassVar

from ..base.argument_names import constructor_arguments, refuse_unknown
from .cells import Cell, SimpleRNNCell
from .gated_cells import GRUCell, LSTMCell
from .layer import Layer
from .recurrent import RNN

__all__ = ["GRU", "LSTM", "SimpleRNN"]

_OPTIONS = (
    "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask", "trainable",
    "name", "input_shape", "input_dim", "autocast", "activity_regularizer", "recompute_every",
)  # fmt: skip


class _CellLayer(RNN):
    """A recurrent layer that constructs its cell. It takes the arguments of the cell and of RNN."""

    _cell_class: ClassVar[type[Cell]]

    def __init__(self, units: int, *args: Any, use_cudnn: Any = "auto", implementation: int = 2, **kwargs: Any) -> None:
        if len(args) > 8:  # from here on, the order in Keras differs between layers and cells
            raise TypeError(
                f"[{type(self).__name__}] args: expected arguments after bias_regularizer by name, got {len(args)}"
            )
        options = {name: kwargs.pop(name) for name in _OPTIONS if name in kwargs}
        if kwargs:
            of_cell = constructor_arguments(self._cell_class)
            refuse_unknown(type(self).__name__, kwargs, [*constructor_arguments(type(self)), *of_cell])
        if "trainable" in options:
            kwargs["trainable"] = options["trainable"]
        super().__init__(self._cell_class(units, *args, **kwargs), dtype=kwargs.get("dtype"), **options)

    def __getattr__(self, name: str) -> Any:
        """Delegates `layer.units`, `layer.activation` … to the cell."""
        cell = self.__dict__.get("cell")
        if cell is None or name.startswith("_"):
            return object.__getattribute__(self, name)  # raises the usual error
        return getattr(cell, name)

    def get_config(self) -> dict[str, Any]:
        cell = self.cell.get_config()
        return {**cell, **Layer.get_config(self), **self._options()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RNN:
        return cls(**config)


class SimpleRNN(_CellLayer):
    """Simple recurrent network over sequences (Elman 1990): h = activation(x @ kernel + h @ recurrent_kernel + bias).

    The whole sequence is one kernel where activation is linear, relu, sigmoid, tanh or hard_sigmoid.

    Args:
        units: Size of the state, which is also the output.
        *args: Arguments of the cell by position: activation, use_bias, kernel_initializer, recurrent_initializer,
            bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer.
        use_cudnn: Accepted, as in Keras; changes nothing.
        implementation: Likewise.
        **kwargs: These by name, and the other arguments of the cell, such as dropout, recurrent_dropout and seed;
            return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask and recompute_every of
            `RNN`; arguments of `Layer`.

    Call arguments:
        sequences, initial_state, mask and training, see `RNN.call`.

    Input shape:
        (batch, steps, features). Other dtypes are cast to the layer's dtype.

    Output shape:
        (batch, units), or (batch, steps, units) with return_sequences, in the layer's dtype. With return_state a tuple
        of this and the last h (batch, units).

    Weights:
        Those of `SimpleRNNCell`.

    Raises:
        ValueError: units is not a positive integer, a share is not in [0, 1], a name is unknown, or initial_state has
            another number of states.
        TypeError: An argument is unknown, or one after bias_regularizer is given by position.
        ShapeError: The input does not have 3 axes, or mask, states or a stateful layer's batch do not fit it.

    Example:
        >>> layer = pydl.layers.SimpleRNN(4, return_sequences=True)
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    _recordable = True
    _cell_class = SimpleRNNCell


class LSTM(_CellLayer):
    """Long short-term memory over sequences (Hochreiter and Schmidhuber 1997); `LSTMCell` has the equations.

    The whole sequence is one kernel where activation and recurrent_activation are linear, relu, sigmoid, tanh or
    hard_sigmoid.

    Args:
        units: Size of the states h and c; h is also the output.
        *args: Arguments of the cell by position: activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer.
        use_cudnn: Accepted, as in Keras; changes nothing.
        implementation: Likewise.
        **kwargs: These by name, and the other arguments of the cell, such as dropout, recurrent_dropout and seed;
            return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask and recompute_every of
            `RNN`; arguments of `Layer`.

    Call arguments:
        sequences, initial_state, mask and training, see `RNN.call`.

    Input shape:
        (batch, steps, features). Other dtypes are cast to the layer's dtype.

    Output shape:
        (batch, units), or (batch, steps, units) with return_sequences, in the layer's dtype. With return_state a tuple
        of this and the last h and c, each (batch, units).

    Weights:
        Those of `LSTMCell`.

    Raises:
        ValueError: units is not a positive integer, a share is not in [0, 1], a name is unknown, or initial_state has
            another number of states.
        TypeError: An argument is unknown, or one after bias_regularizer is given by position.
        ShapeError: The input does not have 3 axes, or mask, states or a stateful layer's batch do not fit it.

    Example:
        >>> layer = pydl.layers.LSTM(4, return_sequences=True, return_state=True)
        >>> output, h, c = layer(np.ones((2, 5, 3)))
        >>> output.shape, h.shape, c.shape
        ((2, 5, 4), (2, 4), (2, 4))
    """

    _recordable = True
    _cell_class = LSTMCell


class GRU(_CellLayer):
    """Gated recurrent unit over sequences (Cho et al. 2014); `GRUCell` has the equations.

    The whole sequence is one kernel where activation and recurrent_activation are linear, relu, sigmoid, tanh or
    hard_sigmoid.

    Args:
        units: Size of the state, which is also the output.
        *args: Arguments of the cell by position: activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer, bias_regularizer.
        use_cudnn: Accepted, as in Keras; changes nothing.
        implementation: Likewise.
        **kwargs: These by name, and the other arguments of the cell, such as dropout, recurrent_dropout and seed;
            return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask and recompute_every of
            `RNN`; arguments of `Layer`.

    Call arguments:
        sequences, initial_state, mask and training, see `RNN.call`.

    Input shape:
        (batch, steps, features). Other dtypes are cast to the layer's dtype.

    Output shape:
        (batch, units), or (batch, steps, units) with return_sequences, in the layer's dtype. With return_state a tuple
        of this and the last h (batch, units).

    Weights:
        Those of `GRUCell`.

    Raises:
        ValueError: units is not a positive integer, a share is not in [0, 1], a name is unknown, or initial_state has
            another number of states.
        TypeError: An argument is unknown, or one after bias_regularizer is given by position.
        ShapeError: The input does not have 3 axes, or mask, states or a stateful layer's batch do not fit it.

    Example:
        >>> layer = pydl.layers.GRU(4)
        >>> layer(np.ones((2, 5, 3)), mask=np.ones((2, 5), bool)).shape
        (2, 4)
    """

    _recordable = True
    _cell_class = GRUCell
