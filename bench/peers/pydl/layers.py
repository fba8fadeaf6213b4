"""pydl's recurrent layers through the public API, with one option or none."""

from typing import Any

import numpy as np

import pydl

from ...cases.recurrent_layers import valid_steps
from .. import Array, Variant, as_arrays

LAYERS = {"rnn": pydl.layers.SimpleRNN, "lstm": pydl.layers.LSTM, "gru": pydl.layers.GRU}
RATE = 1e-9  # of dropout: no value is dropped


def _layer(cell: str, x: Array, weights: dict[str, Array], **options: Any) -> Any:
    layer = LAYERS[cell](len(weights["recurrent_kernel"]), **options)
    layer._build_once(x.shape)
    layer.set_weights(list(weights.values()))
    return layer


def _prepared(cell: str, x: Array, weights: dict[str, Array], option: str) -> tuple[Any, dict[str, Any]]:
    """The layer with this option, and the arguments of its calls."""
    options: dict[str, Any] = {"return_sequences": True}
    call_arguments: dict[str, Any] = {}
    match option:
        case "mask":
            call_arguments["mask"] = np.ones(x.shape[:2], bool)
        case "initial_state":
            zeros = np.zeros((len(x), len(weights["recurrent_kernel"])), np.float32)
            call_arguments["initial_state"] = [zeros] * (2 if cell == "lstm" else 1)
        case "return_state":
            options["return_state"] = True
        case "dropout" | "recurrent_dropout":
            options[option] = RATE
    return _layer(cell, x, weights, **options), call_arguments


def _inference(layer: Any, x: Array, call_arguments: dict[str, Any]) -> Any:
    with pydl.no_grad():
        y = layer(x, **call_arguments)
    return y[0] if isinstance(y, tuple) else y


def _train(layer: Any, x: Array, call_arguments: dict[str, Any], dy: Array) -> list[Any]:
    inputs = pydl.Tensor(x, requires_grad=True)
    with pydl.GradientTape() as tape:
        y = layer(inputs, training=True, **call_arguments)
    y = y[0] if isinstance(y, tuple) else y
    return [y, *tape.gradient(y, [inputs, *layer.weights], dy)]


def layer_inference(cell: str, x: Array, option: str, **weights: Array) -> list[Variant]:
    layer, call_arguments = _prepared(cell, x, weights, option)
    return [Variant(lambda: _inference(layer, x, call_arguments), as_arrays)]


def layer_train(cell: str, x: Array, dy: Array, option: str, **weights: Array) -> list[Variant]:
    layer, call_arguments = _prepared(cell, x, weights, option)
    return [Variant(lambda: _train(layer, x, call_arguments, dy), as_arrays)]


def lengths_inference(cell: str, x: Array, lengths: Array, padded: bool = False, **weights: Array) -> list[Variant]:
    """padded: padding is computed too, without a mask."""
    valid = valid_steps(x, lengths)
    layer = _layer(cell, x, weights, return_sequences=True)
    call_arguments = {} if padded else {"mask": valid}
    return [Variant(lambda: _inference(layer, x, call_arguments), lambda y: [y.numpy() * valid[:, :, None]])]


def lengths_train(
    cell: str, x: Array, dy: Array, lengths: Array, padded: bool = False, **weights: Array
) -> list[Variant]:
    valid = valid_steps(x, lengths)
    layer = _layer(cell, x, weights, return_sequences=True)
    call_arguments = {} if padded else {"mask": valid}

    def to_arrays(result: list[Any]) -> list[Array]:
        y, *gradients = as_arrays(result)
        return [y * valid[:, :, None], *gradients]

    return [Variant(lambda: _train(layer, x, call_arguments, dy), to_arrays)]


def layer_step(cell: str, x: Array, **weights: Array) -> list[Variant]:
    """A model with a stateful layer, one step per call."""
    layer = _layer(cell, x, weights, return_sequences=True, stateful=True)
    model = pydl.Sequential([layer])
    return [Variant(lambda: model(x), as_arrays)]
