"""Recurrent layers against Keras 3 on the same weights: outputs, states, with masks, initial states, directions."""

import os
from typing import Any

import numpy as np
import pytest

from pydl import layers

Array = np.ndarray[Any, Any]
B, T, F, U = 3, 6, 4, 5
LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("SimpleRNN", {}),
    "irnn": ("SimpleRNN", {"activation": "relu"}),
    "lstm": ("LSTM", {}),
    "lstm-hard": ("LSTM", {"recurrent_activation": "hard_sigmoid", "use_bias": False}),
    "gru": ("GRU", {}),
    "gru-reset-before": ("GRU", {"reset_after": False}),
    "gru-elu": ("GRU", {"activation": "elu"}),  # runs step by step, not in a kernel
}
MASKS = {
    "none": None,
    "right": np.arange(T) < np.array([[6], [2], [3]]),
    "left": np.arange(T) >= np.array([[1], [0], [4]]),
    "holes": np.array([[1, 0, 1, 0, 1, 1], [0, 1, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0]], bool),
}
VARIANTS: dict[str, dict[str, Any]] = {
    "last": {},
    "sequences": {"return_sequences": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "zeros": {"return_sequences": True, "go_backwards": True, "zero_output_for_mask": True},
    **{mode: {"return_sequences": True, "merge_mode": mode} for mode in ("concat", "sum", "ave", "mul")},
    "both-last": {"merge_mode": "concat"},
}


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def arrays(result: Any) -> list[Array]:
    tensors = result if isinstance(result, list | tuple) else [result]
    return [t.detach().cpu().numpy() if hasattr(t, "detach") and hasattr(t, "cpu") else t.numpy() for t in tensors]


@pytest.mark.oracle
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("name", LAYERS)
def test_outputs_and_states_equal_keras(
    keras: Any, name: str, mask: str, variant: str, rng: np.random.Generator
) -> None:
    kind, arguments = LAYERS[name]
    options = {**arguments, **VARIANTS[variant], "return_state": True}
    mode = options.pop("merge_mode", None)
    ours, theirs = (getattr(library, kind)(U, **options) for library in (layers, keras.layers))
    if mode:
        ours = layers.Bidirectional(ours, merge_mode=mode)
        theirs = keras.layers.Bidirectional(theirs, merge_mode=mode)
    theirs.build((B, T, F))
    ours._build_once((B, T, F))
    assert [tuple(w.shape) for w in theirs.weights] == [w.shape for w in ours.weights]
    weights = [0.5 * rng.standard_normal(w.shape, np.float32) for w in ours.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    x = rng.standard_normal((B, T, F), np.float32)
    states = [rng.standard_normal((B, U), np.float32) for _ in range((1 + (kind == "LSTM")) * (1 + bool(mode)))]
    tensor = keras.ops.convert_to_tensor
    given = {"initial_state": [tensor(s) for s in states], "mask": None if mask == "none" else tensor(MASKS[mask])}
    expected = arrays(theirs(tensor(x), **given))
    result = arrays(ours(x, initial_state=states, mask=MASKS[mask]))
    for a, b in zip(result, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_configs_have_every_entry_of_keras(keras: Any, name: str) -> None:
    theirs = set(getattr(keras.layers, name)(3).get_config())
    assert theirs <= set(getattr(layers, name)(3).get_config())
