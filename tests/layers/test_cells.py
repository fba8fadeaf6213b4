"""Cells: custom, stacked, and called without a layer."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, layers, ops
from pydl.testing import check_gradients
from tests.layers.recurrent import CELLS, MASKS, B, F, T, U


class MinimalCell(layers.Layer):
    """The example in the documentation of Keras."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent_kernel = self.add_weight((self.units, self.units), name="recurrent_kernel")

    def call(self, inputs: Tensor, states: Any) -> Any:
        h = ops.matmul(inputs, self.kernel) + ops.matmul(states[0], self.recurrent_kernel)
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def test_custom_cell_trains_and_is_saved(rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    model = pydl.Sequential([layers.Input((None, F)), layers.RNN(MinimalCell(8)), layers.Dense(1)])
    x = rng.standard_normal((32, T, F))
    model.compile(pydl.optimizers.Adam(0.02), "mse")
    losses = model.fit(x, x[:, -1, :1], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    twin = pydl.Sequential.from_config(model.get_config(), {"MinimalCell": MinimalCell})
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))
    same = layers.SimpleRNN(8, activation="linear", use_bias=False)
    same._build_once((None, None, F))
    same.set_weights(model.layers[0].get_weights())
    np.testing.assert_allclose(same(x).numpy(), model.layers[0](x).numpy(), atol=1e-5)


def test_stacked_cells_equal_stacked_layers(rng: np.random.Generator) -> None:
    cells = [layers.LSTMCell(5, dtype="float64"), layers.GRUCell(3, dtype="float64"), MinimalCell(2, dtype="float64")]
    stacked = layers.RNN(cells, return_sequences=True, return_state=True, dtype="float64")
    x = rng.standard_normal((B, T, F))
    y, (h, c), (g,), (m,) = stacked(x, mask=MASKS["right"])
    first = layers.LSTM(5, return_sequences=True, return_state=True, dtype="float64")
    second = layers.GRU(3, return_sequences=True, dtype="float64")
    third = layers.RNN(MinimalCell(2, dtype="float64"), return_sequences=True, dtype="float64")
    first._build_once(x.shape)
    second._build_once((B, T, 5))
    third._build_once((B, T, 3))
    weights = stacked.get_weights()
    for layer, own in ((first, weights[:3]), (second, weights[3:6]), (third, weights[6:])):
        layer.set_weights(own)
    z, *states = first(x, mask=MASKS["right"])
    z = second(z)
    np.testing.assert_allclose(y.numpy(), third(z).numpy(), atol=1e-12)
    np.testing.assert_allclose(h.numpy(), states[0].numpy(), atol=1e-12)
    np.testing.assert_allclose(c.numpy(), states[1].numpy(), atol=1e-12)
    np.testing.assert_allclose(g.numpy(), z.numpy()[:, -1], atol=1e-12)
    assert m.shape == (B, 2)
    again = layers.RNN.from_config(stacked.get_config(), {"MinimalCell": MinimalCell})
    assert [tuple(s) for s in again.compute_output_shape((None, None, F))[:1]] == [(None, None, 2)]
    check_gradients(lambda t: stacked(t)[0], [x])


def test_call_of_a_cell_is_one_step(rng: np.random.Generator) -> None:
    x = rng.standard_normal((B, F)).astype(np.float32)
    for cls, _cell_class, arguments in CELLS.values():
        cell = _cell_class(U, **arguments)
        output, states = cell(x, cell.get_initial_state(B))
        layer = cls(U, **arguments)
        layer._build_once((B, 1, F))
        layer.set_weights(cell.get_weights())
        np.testing.assert_allclose(layer(x[:, None]).numpy(), output.numpy(), atol=1e-6)
        assert len(states) == len(cell.get_initial_state(B))


@pytest.mark.parametrize("with_mask", [False, True])
@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "gru-reset-before", "own", "stacked"])
def test_plans_replay_cells_step_by_step(kind: str, with_mask: bool, rng: np.random.Generator) -> None:
    if kind in CELLS:
        cls, _, arguments = CELLS[kind]
        layer: Any = cls(U, **{**arguments, "activation": "elu"}, return_sequences=True)
    else:
        layer = layers.RNN([layers.LSTMCell(5), MinimalCell(3)] if kind == "stacked" else MinimalCell(U))
    before = [layers.Masking()] if with_mask else []
    model = pydl.Sequential([layers.Input((T, F)), *before, layers.Bidirectional(layer)])
    x = rng.standard_normal((2, B, T, F)).astype(np.float32)
    x[0, :, 2], x[1, 0, 1:] = 0, 0
    for batch in (*x, x[0]):
        expected = layers.Layer.__call__(model, batch).numpy()
        np.testing.assert_allclose(model(batch).numpy(), expected, rtol=1e-6, atol=1e-7)
    (plan,) = model._plans.info()
    assert plan["reason"] is None


def test_subclass_of_a_cell_runs_its_own_step(rng: np.random.Generator) -> None:
    class Doubled(layers.SimpleRNNCell):
        def _step(self, x: Any, h: Any, states: Any) -> Any:
            return super()._step(2 * x, h, states)

    cell, plain = Doubled(4), layers.SimpleRNNCell(4)
    x = rng.standard_normal((2, 5, 3)).astype(np.float32)
    own, other = layers.RNN(cell), layers.RNN(plain)
    own.build((2, 5, 3))
    other.build((2, 5, 3))
    other.set_weights(own.get_weights())
    with pydl.no_grad():
        np.testing.assert_allclose(own(x).numpy(), other(2 * x).numpy(), rtol=1e-5, atol=1e-6)


def test_gradient_of_embedding_rows_before_a_recurrent_layer(rng: np.random.Generator) -> None:
    embedding, lstm = layers.Embedding(4, 3), layers.LSTM(5)
    ids = rng.integers(0, 4, (6, 7))
    with pydl.GradientTape() as tape:
        rows = embedding(ids)
        total = ops.sum(lstm(rows))
    gradient = tape.gradient(total, rows)
    assert gradient is not None
    assert gradient.shape == (6, 7, 3)
