"""Training plans: a replayed step has the bits of an eager step; steps that cannot be replayed run eagerly."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, losses, ops, optimizers

Array = np.ndarray[Any, Any]
SPARSE = losses.SparseCategoricalCrossentropy(from_logits=True)


class Eager(Sequential):
    """A user's class, so it trains without a plan."""


def dense() -> list[Any]:
    return [Input((6,)), layers.Dense(8, "relu"), layers.Dense(3)]


def convolution() -> list[Any]:
    return [
        Input((8, 8, 2)),
        layers.Conv2D(4, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.LayerNormalization(),
        layers.Flatten(),
        layers.Dense(3, "softmax"),
    ]


def recurrent() -> list[Any]:
    return [Input((7,), dtype="int32"), layers.Embedding(5, 4), layers.LSTM(6, return_sequences=True), layers.Dense(3)]


NETS: dict[str, tuple[Callable[[], list[Any]], Any, tuple[int, ...]]] = {
    "dense": (dense, SPARSE, ()),
    "mean squared error": (dense, "mse", (3,)),
    "binary cross-entropy": (lambda: [*dense(), layers.Activation("sigmoid")], "binary_crossentropy", (3,)),
    "convolution": (convolution, "sparse_categorical_crossentropy", ()),
    "one-hot labels": (convolution, "categorical_crossentropy", (3,)),
    "recurrent": (recurrent, SPARSE, (7,)),
}


def samples(model: Model, target: tuple[int, ...], rng: np.random.Generator, n: int = 20) -> tuple[Array, Array]:
    shape = (n, *model.input_shape[1:])
    x = rng.integers(0, 5, shape) if len(shape) == 2 and shape[1] == 7 else rng.standard_normal(shape)
    y = rng.random((n, *target)) if target == (3,) else rng.integers(0, 3, (n, *target))
    return x, y


def compiled(rng: np.random.Generator, optimizer: Any = "sgd") -> tuple[Model, Array, Array]:
    model = Sequential(dense())
    model.compile(optimizer, SPARSE)
    return model, *samples(model, (), rng)


def trained(model: Model, data: tuple[Array, Array], **options: Any) -> Model:
    """Two epochs with a smaller last batch, from the same initial weights."""
    pydl.set_seed(3)
    weights = np.random.default_rng(0)
    model.set_weights([weights.standard_normal(w.shape) for w in model.weights])
    model.compile(**options)
    model.fit(*data, batch_size=8, epochs=2, verbose=0)
    return model


def reasons(model: Model) -> list[str | None]:
    return [entry["reason"] for entry in model._training_plans.info()]


def check_same(model: Model, other: Model) -> None:
    assert model.history.history == other.history.history
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", NETS)
def test_replayed_step_has_the_bits_of_an_eager_step(name: str, rng: np.random.Generator) -> None:
    stack, loss, target = NETS[name]
    data = samples(Sequential(stack()), target, rng)
    options = {"optimizer": "adam", "loss": loss, "metrics": ["mae" if target == (3,) else "accuracy"]}
    model, eager = trained(Sequential(stack()), data, **options), trained(Eager(stack()), data, **options)
    assert reasons(model) == [None, None]
    assert reasons(eager) == []
    check_same(model, eager)


def test_functional_model_in_float64(rng: np.random.Generator) -> None:
    class EagerModel(Model):
        """A functional model that trains without a plan."""

    def residual(kind: type[Model]) -> Model:
        x = Input((6,), dtype="float64")
        h = layers.Add(dtype="float64")([x, layers.Dense(6, "tanh", dtype="float64")(x)])
        return kind(inputs=x, outputs=layers.Dense(3, dtype="float64")(h))

    data = samples(residual(Model), (), rng)
    models = [trained(residual(kind), data, optimizer="adam", loss=SPARSE) for kind in (Model, EagerModel)]
    assert reasons(models[0]) == [None, None]
    check_same(*models)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.SGD(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), momentum=0.9, clipnorm=0.1),
        lambda: optimizers.RMSprop(0.01, global_clipnorm=0.1, weight_decay=0.01),
    ],
)
def test_optimizer_options_are_not_part_of_the_plan(optimizer: Callable[[], Any], rng: np.random.Generator) -> None:
    data = samples(Sequential(dense()), (), rng)
    models = [trained(kind(dense()), data, optimizer=optimizer(), loss=SPARSE) for kind in (Sequential, Eager)]
    assert reasons(models[0]) == [None, None]
    check_same(*models)


def custom(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


UNPLANNED: dict[str, tuple[Callable[[], list[Any]], Any]] = {
    "dropout": (lambda: [*dense()[:2], layers.Dropout(0.5), layers.Dense(3)], "mse"),
    "moving averages": (lambda: [*dense()[:2], layers.BatchNormalization(), layers.Dense(3)], "mse"),
    "regularizer": (lambda: [*dense(), layers.Dense(3, kernel_regularizer="l2")], "mse"),
    "hinge, which reads the labels": (dense, "hinge"),
    "a custom loss": (dense, custom),
}


@pytest.mark.parametrize("name", UNPLANNED)
def test_steps_that_a_replay_would_not_repeat_run_eagerly(name: str, rng: np.random.Generator) -> None:
    stack, loss = UNPLANNED[name]
    data = samples(Sequential(stack()), (3,), rng)
    models = [trained(kind(stack()), data, optimizer="sgd", loss=loss) for kind in (Sequential, Eager)]
    assert None not in reasons(models[0])
    check_same(*models)


def test_layers_of_users_are_not_recorded(rng: np.random.Generator) -> None:
    class Alternates(layers.Layer):
        steps: ClassVar[list[int]] = []

        def call(self, inputs: Any) -> Any:
            self.steps.append(1)
            return inputs if len(self.steps) % 2 else ops.relu(inputs)

    data = samples(Sequential(dense()), (), rng)
    model = trained(Sequential([*dense(), Alternates()]), data, optimizer="sgd", loss=SPARSE)
    assert reasons(model) == []
    assert len(Alternates.steps) >= 6


def test_gradients_are_in_the_variables_after_a_replay(rng: np.random.Generator) -> None:
    model, eager = Sequential(dense()), Eager(dense())
    eager.set_weights(model.get_weights())
    x, y = samples(model, (), rng)
    for m in (model, eager):
        m.compile("sgd", SPARSE)
        for _ in range(3):
            m.train_on_batch(x, y)
    for v, w in zip(model.weights, eager.weights, strict=True):
        assert v.grad is not None
        np.testing.assert_array_equal(v.grad, w.grad)


def test_freezing_and_compile_invalidate_the_plans(rng: np.random.Generator) -> None:
    model, x, y = compiled(rng)
    for freeze in (lambda: None, lambda: setattr(model.layers[0], "trainable", False)):
        freeze()
        for _ in range(2):
            before = model.get_weights()
            model.train_on_batch(x, y)
            moved = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
            assert moved == [layer.trainable for layer in model.layers for _ in range(2)]
    outputs, target = model.predict(x, verbose=0), rng.random((20, 3)).astype(np.float32)
    model.compile("sgd", "mse")
    assert model.train_on_batch(x, target) == pytest.approx(np.square(outputs - target).mean(), rel=1e-5)


def test_frozen_variable_does_not_change(rng: np.random.Generator) -> None:
    model, x, y = compiled(rng)
    model.train_on_batch(x, y)
    kernel = model.weights[0]
    kernel.trainable = False
    before = kernel.numpy().copy()
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(kernel.numpy(), before)
    kernel.trainable = True
    model.train_on_batch(x, y)
    assert not np.array_equal(kernel.numpy(), before)


def test_functions_of_users_are_not_recorded(rng: np.random.Generator) -> None:
    slope = {"alpha": 0.1}
    stack = [*dense(), layers.Dense(3, activation=lambda x: ops.leaky_relu(x, slope["alpha"]))]
    model = trained(Sequential(stack), samples(Sequential(dense()), (), rng), optimizer="sgd", loss=SPARSE)
    assert reasons(model) == []


def test_changed_loss_invalidates_the_plans(rng: np.random.Generator) -> None:
    model, loss = Sequential(dense()), losses.MeanSquaredError()
    x, y = samples(model, (3,), rng)
    model.compile(optimizers.SGD(0.0), loss)
    mean = [model.train_on_batch(x, y) for _ in range(2)][-1]
    loss.reduction = "sum"
    assert model.train_on_batch(x, y) == pytest.approx(len(x) * mean, rel=1e-5)


def test_any_layout_of_the_samples(rng: np.random.Generator) -> None:
    model, x, y = compiled(rng, optimizers.SGD(0.0))
    expected = [model.train_on_batch(x.astype(np.float32), y) for _ in range(2)][-1]
    raw = np.zeros(4 * x.size + 1, np.uint8)[1:].view(np.float32).reshape(x.shape)
    raw[...] = x
    assert not raw.flags.aligned
    for _ in range(2):
        assert model.train_on_batch(raw, y.astype(">i8")) == expected


@pytest.mark.parametrize("kind", [partial(layers.GRU, 4), partial(layers.Conv1D, 4, 3)])
def test_these_layers_replay(kind: Callable[[], layers.Layer], rng: np.random.Generator) -> None:
    model = Sequential([Input((5, 3)), kind(), layers.Flatten(), layers.Dense(3)])
    model.compile("sgd", SPARSE)
    x, y = rng.standard_normal((4, 5, 3)), rng.integers(0, 3, 4)
    for _ in range(2):
        model.train_on_batch(x, y)
    assert reasons(model) == [None]


def test_stateful_layer_called_twice(rng: np.random.Generator) -> None:
    def build(kind: type[Model]) -> Model:
        inputs, layer = Input((4, 3), batch_size=2), layers.LSTM(3, stateful=True, return_sequences=True)
        return kind(inputs, layer(layer(inputs)))

    class Own(Model):
        pass

    models = [build(Model), build(Own)]
    models[1].set_weights(models[0].get_weights())
    x, y = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 4, 3))
    for model in models:
        model.compile(optimizers.SGD(0.1), "mse")
        for _ in range(3):
            model.train_on_batch(x, y)
    for a, b in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7)


def test_replay_refuses_wrong_labels(rng: np.random.Generator) -> None:
    model, x, y = compiled(rng)
    for _ in range(2):
        model.train_on_batch(x, y)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"expected labels in \[0, 3\), got"):
        model.train_on_batch(x, y + 1)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_inference_uses_the_weights_of_training(rng: np.random.Generator) -> None:
    model, x, y = compiled(rng, "adam")
    for _ in range(3):
        model.train_on_batch(x, y)
        fresh = Sequential(dense())
        fresh.set_weights(model.get_weights())
        np.testing.assert_array_equal(model.predict(x, verbose=0), fresh.predict(x, verbose=0))


def test_memory_does_not_grow(rng: np.random.Generator) -> None:
    model = Sequential(convolution())
    x, y = samples(model, (), rng)
    model.compile("adam", "sparse_categorical_crossentropy")
    held = 0
    for step in range(100):
        model.train_on_batch(x, y)
        if step in (2, 3):  # gradients alternate between two sets of blocks, whose sizes may differ
            held = max(held, pydl.memory_stats()["used_bytes"])
    assert pydl.memory_stats()["used_bytes"] <= held
