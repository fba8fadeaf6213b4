"""Wrappers of sequence layers, and models of them: directions, steps, masks and states in plans."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers
from pydl.models import Model
from pydl.testing import check_gradients
from tests.layers.recurrent import CELLS, MASKS, B, F, T, U, pair


@pytest.fixture(params=CELLS)
def kind(request: pytest.FixtureRequest) -> Any:
    return CELLS[request.param]


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional(kind: Any, mode: Any, sequences: bool, rng: np.random.Generator) -> None:
    forward, _ = pair(kind, rng, return_sequences=sequences, return_state=True)
    backward, _ = pair(kind, rng, return_sequences=sequences, return_state=True, go_backwards=True)
    both = layers.Bidirectional(forward, merge_mode=mode, dtype="float64")
    both._build_once((B, T, F))
    both.set_weights(forward.get_weights() + backward.get_weights())
    x, mask = rng.standard_normal((B, T, F)), MASKS["holes"]
    count = len(forward.cell.get_initial_state(B))
    states = [rng.standard_normal((B, U)) for _ in range(2 * count)]
    y, *last = forward(x, initial_state=states[:count], mask=mask)
    z, *first = backward(x, initial_state=states[count:], mask=mask)
    a, b = y.numpy(), z.numpy()
    if sequences:
        a, b = a * mask[..., None], (b * mask[:, ::-1, None])[:, ::-1]
    result = both(x, initial_state=states, mask=mask)
    outputs = result[: len(result) - 2 * count]
    expected = {
        "concat": [np.concatenate([a, b], axis=-1)], "sum": [a + b], "mul": [a * b], "ave": [(a + b) / 2], None: [a, b]
    }[mode]  # fmt: skip
    for output, value in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(output.numpy(), value, atol=1e-12)
    for state, value in zip(result[len(outputs) :], [*last, *first], strict=True):
        np.testing.assert_allclose(state.numpy(), value.numpy(), atol=1e-12)
    shapes = both.compute_output_shape((B, T, F))
    assert [tuple(s) for s in shapes] == [o.shape for o in result]
    again = layers.Bidirectional.from_config(both.get_config())
    assert again.get_config() == both.get_config()
    check_gradients(lambda t: both(t, mask=mask)[0], [x])


def test_errors_of_bidirectional() -> None:
    with pytest.raises(ValueError, match="merge_mode: expected one of"):
        layers.Bidirectional(layers.LSTM(2), merge_mode="add")
    with pytest.raises(ValueError, match="layer: expected a recurrent layer"):
        layers.Bidirectional(layers.Dense(2))
    with pytest.raises(ValueError, match="expected go_backwards="):
        layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2))
    with pytest.raises(ValueError, match="the same return_state"):
        layers.Bidirectional(layers.LSTM(2), backward_layer=layers.LSTM(2, go_backwards=True, return_state=True))


def test_time_distributed_and_repeat(rng: np.random.Generator) -> None:
    layer = layers.TimeDistributed(layers.Conv2D(2, 3))
    x = rng.standard_normal((2, 3, 6, 5, 1)).astype(np.float32)
    y = layer(x)
    assert y.shape == (2, 3, 4, 3, 2) == layer.compute_output_shape(x.shape)
    for step in range(3):
        np.testing.assert_allclose(y.numpy()[:, step], layer.layer(x[:, step]).numpy(), atol=1e-6)
    again = layers.TimeDistributed.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    repeated = layers.RepeatVector(20)(x[:, 0, 0, :, 0])
    np.testing.assert_array_equal(repeated.numpy(), np.repeat(x[:, 0, 0, None, :, 0], 20, axis=1))
    with pytest.raises(pydl.ShapeError, match="at least 3 axes"):
        layers.TimeDistributed(layers.Dense(2))(np.ones((2, 3)))


def test_masks_propagate_through_recurrent_layers_and_plans(rng: np.random.Generator) -> None:
    ids = np.array([[3, 1, 2, 0, 0], [2, 4, 0, 0, 0]], np.int32)
    model = pydl.Sequential(
        [
            layers.Embedding(5, 4, mask_zero=True),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
            layers.TimeDistributed(layers.Dense(4)),
            layers.SimpleRNN(3, return_sequences=True),
            layers.GRU(2),
            layers.Dense(1),
        ]
    )
    y = [model.predict(ids) for _ in range(3)]
    (plan,) = model._plans.info()
    assert plan["reason"] is None
    np.testing.assert_array_equal(y[0], y[2])
    for row, length in ((0, 3), (1, 2)):  # padding changes nothing
        np.testing.assert_allclose(model.predict(ids[row : row + 1, :length]), y[0][row : row + 1], atol=1e-6)


def test_states_may_be_outputs_of_models(rng: np.random.Generator) -> None:
    inputs = layers.Input((None, F))
    model = Model(inputs, layers.LSTM(U, return_sequences=True, return_state=True)(inputs))
    x = rng.standard_normal((B, T, F)).astype(np.float32)
    for _ in range(2):  # recorded, then replayed
        y, h, c = model(x)
        assert (y.shape, h.shape, c.shape) == ((B, T, U), (B, U), (B, U))
        np.testing.assert_array_equal(y.numpy()[:, -1], h.numpy())


def test_encoder_and_decoder_in_one_functional_model(rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    source, target = layers.Input((None, F)), layers.Input((None, 2))
    _, h, c = layers.LSTM(U, return_state=True)(source)
    decoded = layers.LSTM(U, return_sequences=True)(target, initial_state=[h, c])
    model = Model([source, target], layers.Dense(2)(decoded))
    x, z = (rng.standard_normal((8, 3, n)).astype(np.float32) for n in (F, 2))
    model.compile("adam", "mse")
    losses = model.fit([x, z], z, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    y = model.predict([x, z])
    encoder, decoder, dense = (la for la in model.layers if la.weights)
    _, *states = encoder(x)
    np.testing.assert_allclose(dense(decoder(z, initial_state=states)).numpy(), y, atol=1e-6)
    assert model._plans.info()[-1]["reason"] is None
    twin = Model.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin.predict([x, z]), y)
