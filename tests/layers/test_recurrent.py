"""Recurrent layers: kernels against cells on the tape, with every option; stateful layers."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pydl
from pydl import Tensor, layers, ops
from pydl.testing import check_gradients
from tests.layers.recurrent import CELLS, MASKS, B, F, T, U, pair

Array = np.ndarray[Any, Any]


@pytest.fixture(params=CELLS)
def kind(request: pytest.FixtureRequest) -> Any:
    return CELLS[request.param]


def outcome(layer: Any, x: Array, states: Any = None, **options: Any) -> list[Array]:
    """Outputs and states, and the gradients of all inputs and weights."""
    sequences = Tensor(x, requires_grad=True)
    initial = None if states is None else [Tensor(s, requires_grad=True) for s in states]
    result = layer(sequences, initial_state=initial, **options)
    outputs = list(result) if isinstance(result, tuple) else [result]
    weighting = np.random.default_rng(1)
    for w in layer.weights:
        w.grad = None
    loss = ops.sum(outputs[0] * weighting.standard_normal(outputs[0].shape))
    for output in outputs[1:]:
        loss = loss + ops.sum(output * weighting.standard_normal(output.shape))
    loss.backward()
    sources = [sequences, *(initial or []), *layer.weights]
    return [o.array for o in outputs] + [source.grad for source in sources if source.grad is not None]


def assert_alike(first: list[Array], second: list[Array]) -> None:
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_kernel_equals_the_cell_step_by_step(
    kind: Any, mask: str, go_backwards: bool, sequences: bool, rng: np.random.Generator
) -> None:
    options = {"go_backwards": go_backwards, "return_sequences": sequences, "return_state": True}
    layer, plain = pair(kind, rng, zero_output_for_mask=go_backwards, **options)
    x = rng.standard_normal((B, T, F))
    states = [rng.standard_normal((B, U)) for _ in layer.cell.get_initial_state(B)]
    for given_states in (None, states):
        expected = outcome(plain, x, given_states, mask=MASKS[mask])
        assert_alike(outcome(layer, x, given_states, mask=MASKS[mask]), expected)


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(sorted(CELLS)), st.integers(1, 4), st.integers(1, 6), st.data(), st.booleans(), st.integers(0, 99)
)
def test_any_mask(name: str, batch: int, steps: int, data: Any, go_backwards: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer, plain = pair(CELLS[name], rng, return_sequences=True, return_state=True, go_backwards=go_backwards)
    rows = st.lists(st.booleans(), min_size=steps, max_size=steps)
    mask = np.array(data.draw(st.lists(rows, min_size=batch, max_size=batch)))
    x = rng.standard_normal((batch, steps, F))
    assert_alike(outcome(layer, x, mask=mask), outcome(plain, x, mask=mask))


@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5), (0.3, 0.4)])
def test_dropout_is_one_mask_for_all_steps(kind: Any, rates: tuple[float, float], rng: np.random.Generator) -> None:
    options = {"dropout": rates[0], "recurrent_dropout": rates[1], "seed": 7, "return_sequences": True}
    layer, plain = pair(kind, rng, **options)
    x = rng.standard_normal((B, T, F))
    assert_alike(outcome(layer, x, training=True), outcome(plain, x, training=True))
    assert not np.array_equal(layer(x, training=True).numpy(), layer(x, training=True).numpy())
    np.testing.assert_array_equal(layer(x).numpy(), layer(x).numpy())


def test_gradients(kind: Any, rng: np.random.Generator) -> None:
    layer, _ = pair(kind, rng, return_sequences=True)
    x = rng.standard_normal((B, T, F))
    check_gradients(lambda t: layer(t, mask=MASKS["holes"]), [x])


@pytest.mark.parametrize("activation", ["softsign", "elu"])
def test_activation_without_a_kernel_runs_on_the_tape(activation: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((B, T, F))
    for cls, cell, _ in CELLS.values():
        layer = cls(U, activation=activation, dtype="float64")
        check_gradients(lambda t, layer=layer: layer(t), [x])
        assert layer.cell._sequence(None, None, (None, None), False, False) is None
        assert isinstance(layer.cell, cell)


@pytest.mark.parametrize("steps", [0, 1])
def test_short_sequences(kind: Any, steps: int, rng: np.random.Generator) -> None:
    layer, plain = pair(kind, rng, return_sequences=True, return_state=True)
    x = rng.standard_normal((B, steps, F))
    states = [rng.standard_normal((B, U)) for _ in layer.cell.get_initial_state(B)]
    first, second = layer(x, initial_state=states), plain(x, initial_state=states)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-12)


def test_weights_have_the_layouts_of_keras() -> None:
    lstm, gru, before = layers.LSTM(U), layers.GRU(U), layers.GRU(U, reset_after=False, use_bias=True)
    for layer in (lstm, gru, before):
        layer._build_once((None, None, F))
    assert [w.shape for w in lstm.weights] == [(F, 4 * U), (U, 4 * U), (4 * U,)]
    assert [w.name for w in lstm.weights] == ["kernel", "recurrent_kernel", "bias"]
    assert [w.shape for w in gru.weights] == [(F, 3 * U), (U, 3 * U), (2, 3 * U)]
    assert before.weights[2].shape == (3 * U,)
    np.testing.assert_array_equal(lstm.weights[2].numpy(), np.repeat([0, 1, 0, 0], U))
    square = lstm.weights[1].numpy()
    np.testing.assert_allclose(square @ square.T, np.eye(U), atol=1e-5)


def test_every_option_reaches_the_weights() -> None:
    layer = layers.LSTM(
        U,
        kernel_initializer="ones",
        recurrent_initializer="zeros",
        bias_initializer=pydl.initializers.Constant(2.0),
        unit_forget_bias=False,
        kernel_regularizer="l2",
        recurrent_regularizer="l1",
        bias_regularizer=pydl.regularizers.L2(0.5),
        activity_regularizer="l1",
        kernel_constraint="max_norm",
        recurrent_constraint="unit_norm",
        bias_constraint="non_neg",
        unroll=True,
    )
    layer(np.ones((2, 3, F)))
    kernel, recurrent, bias = layer.weights
    assert kernel.numpy().min() == 1
    assert not recurrent.numpy().any()
    assert (bias.numpy() == 2).all()
    assert len(layer.losses) == 4
    assert all(w.constraint is not None for w in layer.weights)
    again = layers.LSTM.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert (again.units, again.unroll, again.unit_forget_bias) == (U, True, False)
    with pytest.raises(AttributeError, match="no attribute 'unitz'"):
        layer.unitz  # noqa: B018
    with pytest.raises(TypeError, match="unit"):
        layers.LSTM(U, unitz=3)


# -- states


def test_stateful_layer_continues_from_the_previous_batch(kind: Any, rng: np.random.Generator) -> None:
    layer, plain = pair(kind, rng, return_sequences=True, stateful=True)
    whole, _ = pair(kind, rng, return_sequences=True)
    whole.set_weights(layer.get_weights())
    x = rng.standard_normal((B, 2 * T, F))
    expected = whole(x).numpy()
    for one in (layer, plain):
        for _ in range(2):
            np.testing.assert_allclose(one(x[:, :T]).numpy(), expected[:, :T], atol=1e-12)
            np.testing.assert_allclose(one(x[:, T:]).numpy(), expected[:, T:], atol=1e-12)
            one.reset_state()
    assert len(layer.weights) == len(whole.weights)
    state = [rng.standard_normal((B, U)) for _ in layer.states]
    layer.reset_states(state)
    np.testing.assert_allclose(layer(x).numpy(), whole(x, initial_state=state).numpy(), atol=1e-12)
    with pytest.raises(pydl.ShapeError, match="expected 3 samples, the batch size of the stored states"):
        layer(x[:2])
    with pytest.raises(AttributeError, match="stateful=True"):
        whole.reset_state()


def test_truncated_backpropagation_stops_at_the_batch(rng: np.random.Generator) -> None:
    layer, _ = pair(CELLS["lstm"], rng, stateful=True)
    x = [Tensor(rng.standard_normal((B, T, F)), requires_grad=True) for _ in range(2)]
    layer(x[0])
    ops.sum(layer(x[1])).backward()
    assert x[0].grad is None
    assert x[1].grad is not None


def test_plans_of_stateful_models_carry_the_states(rng: np.random.Generator) -> None:
    """Also if one pass calls a layer twice, and the second call starts from the states of the first."""
    layer = layers.LSTM(U, stateful=True, return_sequences=True)
    inputs = layers.Input((T, F), batch_size=B)
    outputs = layers.GRU(U, stateful=True)(layer(layers.Dense(F)(layer(inputs))))
    model = pydl.Model(inputs, outputs)
    x = [rng.standard_normal((B, T, F)).astype(np.float32) for _ in range(5)]
    passes = []
    for run in (model.predict_on_batch, lambda x: layers.Layer.__call__(model, x).numpy(), model.predict_on_batch):
        model.reset_state()
        passes.append([run(batch) for batch in x])
    (plan,) = model._plans.info()
    assert plan["reason"] is None
    assert not np.allclose(passes[0][0], passes[0][1])
    for planned in (passes[0], passes[2]):
        np.testing.assert_array_equal(planned, passes[1])
    start = [rng.standard_normal((B, U)) for _ in layer.states]
    layer.reset_state(start)
    np.testing.assert_allclose(layer.states[1].numpy(), start[1], rtol=1e-6)
    model(x[0])
    assert not np.allclose(layer.states[1].numpy(), start[1])


def test_training_continues_from_the_states_with_and_without_a_plan(rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    model = pydl.Sequential([layers.Input((T, F), batch_size=B), layers.LSTM(U, stateful=True), layers.Dense(1)])
    eager = pydl.models.clone_model(model)
    eager.set_weights(model.get_weights())
    rate = 0.1
    model.compile(pydl.optimizers.SGD(rate), "mse")
    for _ in range(5):
        x, y = rng.standard_normal((B, T, F)).astype(np.float32), rng.standard_normal((B, 1)).astype(np.float32)
        loss = ops.mean(ops.square(eager(x, training=True) - y))
        assert model.train_on_batch(x, y) == pytest.approx(loss.item(), rel=1e-5)
        for v in eager.trainable_weights:
            v.grad = None
        loss.backward()
        for v in eager.trainable_weights:
            assert v.grad is not None
            v.assign(v.array - np.float32(rate) * v.grad)
    assert model._training_plans.info()[-1]["reason"] is None


def test_errors() -> None:
    with pytest.raises(pydl.ShapeError, match="expected 3 axes"):
        layers.LSTM(3)(np.ones((2, 3)))
    with pytest.raises(pydl.ShapeError, match=r"mask: expected shape \(2, 3\), got \(2, 2\)"):
        layers.LSTM(3)(np.ones((2, 3, 4)), mask=np.ones((2, 2), bool))
    with pytest.raises(ValueError, match="units: expected a positive integer"):
        layers.GRU(0)
    with pytest.raises(ValueError, match="cell: expected a cell"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(ValueError, match="cells: expected cells"):
        layers.StackedRNNCells([layers.Dense(3)])
