"""Bidirectional: a recurrent layer in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..ops.direction import states as as_states
from ..saving.serialization import deserialize, serialize
from .cells import Cell
from .layer import Layer, Shape
from .recurrent import RNN, fuse_embedding
from .stacked_cells import state_sizes

__all__ = ["Bidirectional"]

_MODES = ("concat", "sum", "mul", "ave", None)


class Bidirectional(Layer):
    """Two recurrent layers over sequences, one of which goes backwards (Schuster and Paliwal 1997).

    Outputs are in the order of the input. Outputs of masked steps are 0.

    Args:
        layer: Recurrent layer, such as `LSTM`. New layers of its configuration are used.
        merge_mode: How the two outputs are joined: "concat" along the features, "sum", "mul", "ave", or None for both.
        weights: List of arrays of the shapes of `weights` to start from, the forward layer's first; None uses
            initializers.
        backward_layer: Layer for the backward direction, with the other go_backwards and else the options of layer;
            None makes it.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        sequences, initial_state, mask and training, see `Bidirectional.call`.

    Input shape:
        (batch, steps, features). Other dtypes are cast to the layer's dtype.

    Output shape:
        That of layer; with "concat", 2 * units; with None, two of them. With return_state a tuple of this and the last
        states, those of the forward layer first.

    Raises:
        ValueError: layer is not recurrent, merge_mode is unknown, backward_layer does not fit layer, or there is
            another number of states or weights.
        ShapeError: The input does not have 3 axes, or mask or states do not fit it.

    Example:
        >>> layer = pydl.layers.Bidirectional(pydl.layers.LSTM(4, return_sequences=True))
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 5, 8)
    """

    _recordable = True
    _keeps_integers = False

    stateful: bool
    return_sequences: bool
    return_state: bool

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, wrapped in (("layer", layer), ("backward_layer", backward_layer)):
            recurrent = isinstance(wrapped, Layer) and hasattr(wrapped, "go_backwards")
            if not recurrent and (wrapped is not None or name == "layer"):
                raise ValueError(f"[{self.name}] {name}: expected a recurrent layer, got {wrapped!r}")
        if merge_mode not in _MODES:
            raise ValueError(f"[{self.name}] merge_mode: expected one of {_MODES}, got {merge_mode!r}")
        self.merge_mode = merge_mode
        self.forward_layer: Any = _copy(layer, "forward", layer.go_backwards)
        self.backward_layer: Any = backward_layer or _copy(layer, "backward", not layer.go_backwards)
        if self.forward_layer.go_backwards == self.backward_layer.go_backwards:
            raise ValueError(
                f"[{self.name}] backward_layer: expected go_backwards={not self.forward_layer.go_backwards}, the "
                f"opposite of layer, got {self.backward_layer.go_backwards}"
            )
        for option in ("stateful", "return_sequences", "return_state"):
            if getattr(self.forward_layer, option) != getattr(self.backward_layer, option):
                raise ValueError(f"[{self.name}] backward_layer: expected the same {option} as layer, got another")
            setattr(self, option, getattr(self.forward_layer, option))
        for one in (self.forward_layer, self.backward_layer):
            one.zero_output_for_mask = one.return_sequences
        if not isinstance(weights, Sequence | None):
            raise TypeError(f"[{self.name}] weights: expected a list of arrays or None, got {weights!r}")
        self._initial_weights = weights

    def build(self, input_shape: Shape) -> None:
        self.forward_layer._build_once(input_shape)
        self.backward_layer._build_once(input_shape)
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)

    def call(
        self, sequences: Tensor, initial_state: Any = None, mask: Array | None = None, training: bool | None = None
    ) -> Any:
        """Runs both layers over all steps.

        Args:
            sequences: Tensor (batch, steps, features), in the layer's dtype.
            initial_state: List of states, each (batch, units), those of the forward layer first; None is zeros, or the
                states that stateful layers have kept.
            mask: Bools (batch, steps), True for the steps that count; None is the mask that comes with the input.
            training: Whether dropout is active.

        Returns:
            The output, with merge_mode None both outputs; with return_state a tuple of these and the last states.
        """
        half = len(state_sizes(self.forward_layer.cell))
        initial = None if initial_state is None else as_states(self.name, initial_state, 2 * half)
        first, second = (None, None) if initial is None else (initial[:half], initial[half:])
        output, *states = self._fused_call(sequences, first, second, mask, training) or self._separate_calls(
            sequences, first, second, mask
        )
        if self.merge_mode is None:
            return (*output, *states)
        return (output, *states) if states else output

    def _fused_call(
        self, sequences: Tensor, first: Any, second: Any, mask: Any, training: bool | None
    ) -> tuple[Any, ...] | None:
        """Both layers in one kernel call: output and states. None if the layers must be called one by one."""
        layers = (self.forward_layer, self.backward_layer)
        cells = [one.cell for one in layers]
        same_cells = isinstance(cells[0], Cell) and type(cells[0]) is type(cells[1])
        if not same_cells or not all(map(self._only_runs_cell, layers)):
            return None
        directions: list[Any] = []
        for one, initial in zip(layers, (first, second), strict=True):
            states, mask, masks = one._begin(sequences, initial, mask, training)
            directions.append(one.cell._sequence(states, mask, masks, one.go_backwards, one.return_sequences))
        if None in directions:
            return None
        x, *directions = fuse_embedding(sequences, *directions)
        output, *last = ops.bidirectional(cells[0]._op, x, *directions)
        for one, states in zip(layers, last, strict=True):
            one._end(states)
        if mask is not None and self.return_sequences:
            output = ops.apply_mask(output, mask)
        if self.merge_mode != "concat":
            units = cells[0].units
            output = self._merge(output[..., :units], output[..., units:])
        return (output, *last[0], *last[1]) if self.return_state else (output,)

    def _only_runs_cell(self, layer: Any) -> bool:
        """Whether a call of this layer only runs its cell: no override, recomputation, cast or regularizer."""
        unchanged = getattr(layer.call, "__func__", None) is RNN.call and layer.recompute_every is None
        return unchanged and layer.dtype == self.dtype and layer.activity_regularizer is None

    def _separate_calls(self, sequences: Tensor, first: Any, second: Any, mask: Any) -> tuple[Any, ...]:
        forward = self.forward_layer(sequences, initial_state=first, mask=mask)
        backward = self.backward_layer(sequences, initial_state=second, mask=mask)
        states: tuple[Tensor, ...] = ()
        if self.return_state:
            (forward, *forward_states), (backward, *backward_states) = forward, backward
            states = (*forward_states, *backward_states)
        if self.return_sequences:
            flipped = backward if self.backward_layer.go_backwards else forward
            flipped = ops.flip(flipped, 1)
            forward, backward = (forward, flipped) if self.backward_layer.go_backwards else (flipped, backward)
        return self._merge(forward, backward), *states

    def _merge(self, forward: Tensor, backward: Tensor) -> Any:
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.merge_mode == "mul":
            return forward * backward
        if self.merge_mode == "sum":
            return forward + backward
        return (forward + backward) * 0.5 if self.merge_mode == "ave" else (forward, backward)

    def reset_state(self) -> None:
        """Sets the states of both layers to zeros; see `RNN.reset_state`.

        Raises:
            AttributeError: The layer is not stateful.

        Example:
            >>> layer = pydl.layers.Bidirectional(pydl.layers.GRU(4, stateful=True))
            >>> layer(np.ones((2, 5, 3))).shape
            (2, 8)
            >>> layer.reset_state()
        """
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def compute_output_shape(self, input_shape: Shape) -> Any:
        shape = self.forward_layer.compute_output_shape(input_shape)
        shape, *states = shape if self.return_state else (shape,)
        if self.merge_mode is None:
            return (shape, shape, *states, *states)
        if self.merge_mode == "concat":
            shape = (*shape[:-1], 2 * shape[-1])
        return (shape, *states, *states) if states else shape

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask if self.return_sequences else None
        return [mask, mask] if self.merge_mode is None else mask

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "merge_mode": self.merge_mode,
            "layer": serialize(self.forward_layer),
            "backward_layer": serialize(self.backward_layer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Bidirectional:
        """Makes a layer of what `get_config` returned.

        Args:
            config: Dict of arguments of the constructor, the inner layers as dicts of class name and config.
            custom_objects: Dict of users' own classes of inner layers by their names.
        """
        layers = {name: deserialize(config[name], custom_objects) for name in ("layer", "backward_layer")}
        return cls(**{**config, **layers})


def _copy(layer: Any, direction: str, go_backwards: bool) -> Any:
    """A new layer with this config, named after its direction. User-defined cells keep their class."""
    named = serialize(layer)
    name = f"{direction}_{layer.name.removeprefix('forward_').removeprefix('backward_')}"
    named["config"] = {**named["config"], "name": name, "go_backwards": go_backwards}
    return deserialize(named, {type(inner).__name__: type(inner) for inner in layer._all_layers()})
