"""pydl's recurrent layers through the public API, with an option or without."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import pydl

from ..cases.recurrent_layers import steps_that_count
from . import Way, as_arrays

Array = NDArray[Any]
LAYERS = {"rnn": pydl.layers.SimpleRNN, "lstm": pydl.layers.LSTM, "gru": pydl.layers.GRU}
DROPS_NOTHING = 1e-9


def _layer(cell: str, x: Array, weights: dict[str, Array], **options: Any) -> Any:
    layer = LAYERS[cell](len(weights["recurrent_kernel"]), **options)
    layer._build_once(x.shape)
    layer.set_weights(list(weights.values()))
    return layer


def _prepared(cell: str, x: Array, weights: dict[str, Array], option: str) -> tuple[Any, dict[str, Any]]:
    """The layer with this option, and what it is called with."""
    made: dict[str, Any] = {"return_sequences": True}
    called: dict[str, Any] = {}
    match option:
        case "mask":
            called["mask"] = np.ones(x.shape[:2], bool)
        case "initial_state":
            zeros = np.zeros((len(x), len(weights["recurrent_kernel"])), np.float32)
            called["initial_state"] = [zeros] * (2 if cell == "lstm" else 1)
        case "return_state":
            made["return_state"] = True
        case "dropout" | "recurrent_dropout":
            made[option] = DROPS_NOTHING
    return _layer(cell, x, weights, **made), called


def _inference(layer: Any, x: Array, called: dict[str, Any]) -> Any:
    with pydl.no_grad():
        y = layer(x, **called)
    return y[0] if isinstance(y, tuple) else y


def _train(layer: Any, x: Array, called: dict[str, Any], dy: Array) -> list[Any]:
    inputs = pydl.Tensor(x, requires_grad=True)
    with pydl.GradientTape() as tape:
        y = layer(inputs, training=True, **called)
    y = y[0] if isinstance(y, tuple) else y
    return [y, *tape.gradient(y, [inputs, *layer.weights], dy)]


def layer_inference(cell: str, x: Array, option: str, **weights: Array) -> list[Way]:
    layer, called = _prepared(cell, x, weights, option)
    return [Way(lambda: _inference(layer, x, called), as_arrays)]


def layer_train(cell: str, x: Array, dy: Array, option: str, **weights: Array) -> list[Way]:
    layer, called = _prepared(cell, x, weights, option)
    return [Way(lambda: _train(layer, x, called, dy), as_arrays)]


def lengths_inference(cell: str, x: Array, lengths: Array, padded: bool = False, **weights: Array) -> list[Way]:
    """padded: every step is computed, whether it counts or not."""
    counts = steps_that_count(x, lengths)
    layer = _layer(cell, x, weights, return_sequences=True)
    called = {} if padded else {"mask": counts}
    return [Way(lambda: _inference(layer, x, called), lambda y: [y.numpy() * counts[:, :, None]])]


def lengths_train(cell: str, x: Array, dy: Array, lengths: Array, padded: bool = False, **weights: Array) -> list[Way]:
    counts = steps_that_count(x, lengths)
    layer = _layer(cell, x, weights, return_sequences=True)
    called = {} if padded else {"mask": counts}

    def answer(result: list[Any]) -> list[Array]:
        y, *gradients = as_arrays(result)
        return [y * counts[:, :, None], *gradients]

    return [Way(lambda: _train(layer, x, called, dy), answer)]


def layer_step(cell: str, x: Array, **weights: Array) -> list[Way]:
    """A stateful layer in a model, called with one step after the other."""
    layer = _layer(cell, x, weights, return_sequences=True, stateful=True)
    model = pydl.Sequential([layer])
    return [Way(lambda: model(x), as_arrays)]
