"""Shared by tests of recurrent layers: cells, masks of every kind, and layers that run cells step by step."""

from typing import Any

import numpy as np

from pydl import layers

B, T, F, U = 3, 5, 4, 6

CELLS: dict[str, tuple[type[Any], type[Any], dict[str, Any]]] = {
    "rnn": (layers.SimpleRNN, layers.SimpleRNNCell, {"activation": "relu"}),
    "lstm": (layers.LSTM, layers.LSTMCell, {}),
    "lstm-hard": (layers.LSTM, layers.LSTMCell, {"recurrent_activation": "hard_sigmoid", "use_bias": False}),
    "gru": (layers.GRU, layers.GRUCell, {}),
    "gru-reset-before": (layers.GRU, layers.GRUCell, {"reset_after": False}),
}
MASKS = {
    "none": None,
    "right": np.arange(T) < np.array([[5], [2], [3]]),
    "left": np.arange(T) >= np.array([[1], [0], [4]]),
    "holes": np.array([[1, 0, 1, 0, 1], [0, 1, 1, 0, 0], [0, 0, 0, 0, 0]], bool),
}


def pair(kind: Any, rng: np.random.Generator, **options: Any) -> tuple[Any, Any]:
    """The layer, and a layer with the same weights that runs its cell step by step on the tape."""
    cls, _cell_class, arguments = kind
    own = {name: options.pop(name) for name in ("dropout", "recurrent_dropout", "seed") if name in options}

    class StepByStep(_cell_class):  # type: ignore[misc]
        def _sequence(self, *_: Any) -> None:
            return None

    layer = cls(U, **arguments, **own, **options, dtype="float64")
    plain = layers.RNN(StepByStep(U, **arguments, **own, dtype="float64"), **options, dtype="float64")
    for one in (layer, plain):
        one._build_once((B, T, F))
    layer.set_weights([0.5 * rng.standard_normal(w.shape) for w in layer.weights])
    plain.set_weights(layer.get_weights())
    return layer, plain
