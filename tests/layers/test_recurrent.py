"""Recurrent layers: the kernels against the cells on the tape, with every option; states, masks, models and plans."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pydl
from pydl import Tensor, layers, ops
from pydl.models import Model
from pydl.testing import check_gradients

Array = np.ndarray[Any, Any]
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


@pytest.fixture(params=CELLS)
def kind(request: pytest.FixtureRequest) -> Any:
    return CELLS[request.param]


def pair(kind: Any, rng: np.random.Generator, **options: Any) -> tuple[Any, Any]:
    """The layer, and a layer of the same weights that runs its cell step by step on the tape."""
    cls, cell_class, arguments = kind
    own = {name: options.pop(name) for name in ("dropout", "recurrent_dropout", "seed") if name in options}

    class Plain(cell_class):  # type: ignore[misc]
        def sequence(self, *_: Any) -> None:
            return None

    layer = cls(U, **arguments, **own, **options, dtype="float64")
    plain = layers.RNN(Plain(U, **arguments, **own, dtype="float64"), **options, dtype="float64")
    for one in (layer, plain):
        one.build_once((B, T, F))
    layer.set_weights([0.5 * rng.standard_normal(w.shape) for w in layer.weights])
    plain.set_weights(layer.get_weights())
    return layer, plain


def outcome(layer: Any, x: Array, states: Any = None, **options: Any) -> list[Array]:
    """Outputs and states, and the gradients of everything that went in."""
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
    leaves = [sequences, *(initial or []), *layer.weights]
    return [o.array for o in outputs] + [leaf.grad for leaf in leaves if leaf.grad is not None]


def assert_alike(first: list[Array], second: list[Array]) -> None:
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_the_kernel_is_the_cell_step_by_step(
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
def test_an_activation_of_no_kernel_runs_on_the_tape(activation: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((B, T, F))
    for cls, cell, _ in CELLS.values():
        layer = cls(U, activation=activation, dtype="float64")
        check_gradients(lambda t, layer=layer: layer(t), [x])
        assert layer.cell.sequence(Tensor(x), None, None, (None, None), False, False) is None
        assert isinstance(layer.cell, cell)


@pytest.mark.parametrize("steps", [0, 1])
def test_short_sequences(kind: Any, steps: int, rng: np.random.Generator) -> None:
    layer, plain = pair(kind, rng, return_sequences=True, return_state=True)
    x = rng.standard_normal((B, steps, F))
    states = [rng.standard_normal((B, U)) for _ in layer.cell.get_initial_state(B)]
    first, second = layer(x, initial_state=states), plain(x, initial_state=states)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), atol=1e-12)


def test_weights_have_kerass_layouts() -> None:
    lstm, gru, before = layers.LSTM(U), layers.GRU(U), layers.GRU(U, reset_after=False, use_bias=True)
    for layer in (lstm, gru, before):
        layer.build_once((None, None, F))
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


def test_stateful_goes_on_where_the_last_batch_ended(kind: Any, rng: np.random.Generator) -> None:
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
    with pytest.raises(pydl.ShapeError, match="expected a batch of 3 samples"):
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


def test_stateful_models_have_no_plan_and_reset(rng: np.random.Generator) -> None:
    model = pydl.Sequential([layers.Input((T, F), batch_size=B), layers.GRU(U, stateful=True), layers.Dense(1)])
    x = rng.standard_normal((B, T, F)).astype(np.float32)
    first, second = model.predict(x), model.predict(x)
    assert not np.array_equal(first, second)
    model.reset_state()
    np.testing.assert_array_equal(model.predict(x), first)
    (plan,) = model._plans.info()
    assert "keeps its states" in plan["reason"]


# -- cells


class MinimalCell(layers.Layer):
    """The cell of Keras's documentation."""

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


def test_a_cell_of_ones_own_trains_and_is_saved(rng: np.random.Generator) -> None:
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
    same.build_once((None, None, F))
    same.set_weights(model.layers[0].get_weights())
    np.testing.assert_allclose(same(x).numpy(), model.layers[0](x).numpy(), atol=1e-5)


def test_stacked_cells_are_layers_on_top_of_each_other(rng: np.random.Generator) -> None:
    cells = [layers.LSTMCell(5, dtype="float64"), layers.GRUCell(3, dtype="float64"), MinimalCell(2, dtype="float64")]
    stacked = layers.RNN(cells, return_sequences=True, return_state=True, dtype="float64")
    x = rng.standard_normal((B, T, F))
    y, (h, c), (g,), (m,) = stacked(x, mask=MASKS["right"])
    first = layers.LSTM(5, return_sequences=True, return_state=True, dtype="float64")
    second = layers.GRU(3, return_sequences=True, dtype="float64")
    third = layers.RNN(MinimalCell(2, dtype="float64"), return_sequences=True, dtype="float64")
    first.build_once(x.shape)
    second.build_once((B, T, 5))
    third.build_once((B, T, 3))
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


def test_cells_alone_take_one_step(rng: np.random.Generator) -> None:
    x = rng.standard_normal((B, F)).astype(np.float32)
    for cls, cell_class, arguments in CELLS.values():
        cell = cell_class(U, **arguments)
        output, states = cell(x, cell.get_initial_state(B))
        layer = cls(U, **arguments)
        layer.build_once((B, 1, F))
        layer.set_weights(cell.get_weights())
        np.testing.assert_allclose(layer(x[:, None]).numpy(), output.numpy(), atol=1e-6)
        assert len(states) == len(cell.get_initial_state(B))


# -- wrappers


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
def test_bidirectional(kind: Any, mode: Any, sequences: bool, rng: np.random.Generator) -> None:
    forward, _ = pair(kind, rng, return_sequences=sequences, return_state=True)
    backward, _ = pair(kind, rng, return_sequences=sequences, return_state=True, go_backwards=True)
    both = layers.Bidirectional(forward, merge_mode=mode, dtype="float64")
    both.build_once((B, T, F))
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


def test_bidirectional_says_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="merge_mode: expected one of"):
        layers.Bidirectional(layers.LSTM(2), merge_mode="add")
    with pytest.raises(ValueError, match="layer: expected a recurrent layer"):
        layers.Bidirectional(layers.Dense(2))
    with pytest.raises(ValueError, match="the other go_backwards"):
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


# -- models


def test_masks_pass_through_recurrent_layers_and_plans(rng: np.random.Generator) -> None:
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


def test_states_are_outputs_of_models_too(rng: np.random.Generator) -> None:
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
