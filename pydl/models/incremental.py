"""Stepwise: runs a model of sequences one step at a time; recurrent layers continue from the last states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.plan import PlanCache
from ..autograd.tape import Array
from ..autograd.tensor import Tensor, as_array
from ..base.tree import flatten, pack_sequence_as
from ..layers import RNN, Bidirectional, Embedding, InputLayer, TimeDistributed
from ..ops.arrays import taken
from ..ops.checks import span
from ..ops.targets import one_hot


class Stepwise:
    """The layers of a chain as a function of the inputs of one step and of the states.

    Args:
        model: a Sequential, or a list of layers that follow one another; built. The first may be an Embedding, which
            takes ids; without one, ids become one-hot vectors.

    TypeError for a Bidirectional layer, or one that runs backwards: it needs the later steps first.
    """

    def __init__(self, model: Any) -> None:
        layers = model.layers if hasattr(model, "layers") else list(model)
        self.layers: list[Any] = [layer for layer in layers if not isinstance(layer, InputLayer)]
        for layer in self.layers:
            if isinstance(layer, Bidirectional) or getattr(layer, "go_backwards", False):
                raise TypeError(f"[generate] model: expected layers that run forwards, got {layer.name}")
            if not layer.built:
                raise RuntimeError(
                    f"[generate] model: expected built layers, but {layer.name} has no weights yet; call it on data"
                )
        self.recurrent = [layer for layer in self.layers if isinstance(layer, RNN)]
        self._plans = PlanCache()

    def initial_states(self, batch_size: int) -> list[Any]:
        """A list of initial states for each recurrent layer, usually zeros."""
        return [layer._initial_state(batch_size) for layer in self.recurrent]

    def __call__(self, tokens: Array, states: Sequence[Any]) -> tuple[Array, list[Any]]:
        """From ids (B, T) and states to the output (B, V) of the last step and the new states.

        A second call with the same shapes replays a plan: one call of the extension for the whole step.
        """
        x = tokens if isinstance(self.layers[0], Embedding) else self._one_hot(tokens)
        flat = [as_array(s) for s in flatten(list(states))]

        def run(inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
            y, after = self._step(inputs[0], pack_sequence_as(list(states), inputs[1:]))
            return (y, *flatten(after))

        y, *after = self._plans.run(run, (x, *flat), self)
        return y.array, pack_sequence_as(list(states), after)

    def _step(self, x: Tensor, states: list[Any]) -> tuple[Tensor, list[Any]]:
        """All layers on a part of the sequence. After the last recurrent layer, only the last step is computed."""
        after: list[Any] = []
        for layer in self.layers:
            if isinstance(layer, RNN):
                x, new = layer._advance(x, states[len(after)], all_steps=layer is not self.recurrent[-1])
                after.append(new)
            else:
                if isinstance(layer, TimeDistributed) and x.ndim == 2:  # only the last step
                    layer = layer.layer
                x = layer(x, training=False)
        return x, after

    def _one_hot(self, tokens: Array) -> Array:
        size = self.recurrent[0].cell.kernel.shape[0]
        smallest, largest = span(tokens) if tokens.size else (0, 0)
        if not 0 <= smallest <= largest < size:
            raise ValueError(f"[generate] prompt: expected ids in [0, {size}), got {smallest} to {largest}")
        return one_hot(tokens, size, self.recurrent[0].dtype)

    def _all_weights(self) -> list[Any]:
        return [v for layer in self.layers for v in layer._all_weights()]

    def _plan_parts(self) -> list[Any]:
        return [part for layer in self.layers for part in layer._plan_parts()]


def select(states: Any, rows: Array) -> Any:
    """The states of these samples, for each layer."""
    return pack_sequence_as(states, [taken(s, rows) for s in flatten(states)])
