"""fit, evaluate, predict: learning, counts, weights, splits, repeatability."""

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, callbacks, layers, losses, ops
from tests.models.nets import clouds, cnn, mlp, stripes


def test_fit_lowers_the_loss_in_history(rng):
    x, y = clouds(rng)
    history = mlp(optimizer="adam").fit(x, y, epochs=40, batch_size=16, verbose=0)
    assert list(history.history) == ["loss", "accuracy"]
    assert history.epoch == list(range(40))
    assert history.history["loss"][-1] < 0.5 * history.history["loss"][0]
    assert history.history["accuracy"][-1] > 0.9


@pytest.mark.parametrize("net", ["mlp", "cnn"])
def test_same_seed_has_the_same_bits_for_any_thread_count(net, rng):
    make, (x, y) = (mlp, clouds(rng)) if net == "mlp" else (cnn, stripes(rng))
    runs = []
    for threads in (2, 2, 1, 3):
        with pydl.threads(threads):
            model = make(seed=5, optimizer="adam")
            history = model.fit(x, y, epochs=2, batch_size=20, verbose=0)
            runs.append((model.get_weights(), history.history["loss"]))
    for weights, loss in runs[1:]:
        assert loss == runs[0][1]
        for a, b in zip(weights, runs[0][0], strict=True):
            np.testing.assert_array_equal(a, b)


def test_different_seed_gives_different_weights():
    assert not np.array_equal(mlp(seed=1).get_weights()[0], mlp(seed=2).get_weights()[0])


def test_validation_split_is_the_last_part_before_shuffling(rng):
    x, y = clouds(rng, 50)
    model = mlp()
    history = model.fit(x, y, validation_split=0.2, epochs=2, verbose=0)
    other = mlp().fit(x[:40], y[:40], validation_data=(x[40:], y[40:]), epochs=2, verbose=0)
    assert history.history == other.history
    assert history.history["val_loss"][-1] == model.evaluate(x[40:], y[40:], verbose=0)[0]
    with pytest.raises(ValueError, match="expected two parts with samples"):
        model.fit(x[:3], y[:3], validation_split=0.9, verbose=0)


@pytest.mark.parametrize(("frequency", "times"), [(1, 5), (2, 2), ([5], 1)])
def test_validation_freq(frequency, times, rng):
    x, y = clouds(rng)
    history = mlp().fit(x, y, epochs=5, validation_data=(x, y), validation_freq=frequency, verbose=0)
    assert len(history.history["val_loss"]) == times


def test_evaluate_counts_samples_not_batches(rng):
    x, y = clouds(rng, 70)  # the last batch has 6 samples, not 32
    model = mlp()
    p = np.asarray(model(x), np.float64)
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert loss == pytest.approx(-np.log(p[np.arange(70), y]).mean(), rel=1e-5)
    assert accuracy == pytest.approx((p.argmax(1) == y).mean())
    assert model.evaluate(x, y, verbose=0, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    assert isinstance(mlp(metrics=()).evaluate(x, y, verbose=0), float)


@pytest.mark.parametrize("net", ["mlp", "cnn"])
def test_predict_replays_the_results_of_layers(net, rng):
    model, x = (mlp(), clouds(rng, 45)[0]) if net == "mlp" else (cnn(), stripes(rng, 45)[0])
    eager = np.concatenate([layers.Layer.__call__(model, part).array for part in (x[:32], x[32:])])
    for _ in range(2):
        np.testing.assert_array_equal(model.predict(x, verbose=0), eager)
    np.testing.assert_array_equal(model.predict_on_batch(x[:32]), eager[:32])
    assert [plan["reason"] for plan in model._plans.info()] == [None] * 2


def test_predict_uses_new_weights(rng):
    x, y = clouds(rng)
    model = mlp()
    before = model.predict(x, verbose=0)
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before, model.predict(x, verbose=0))
    model.layers[1].bias.assign([100.0, 0.0, 0.0])
    assert (model.predict(x, verbose=0).argmax(1) == 0).all()


def test_predict_of_views_returns_no_reused_memory(rng):
    x = rng.integers(0, 9, (70, 2, 2)).astype(np.uint8)
    np.testing.assert_array_equal(Sequential([layers.Flatten()]).predict(x, verbose=0), x.reshape(70, 4))


def test_dtypes_of_data(rng):
    x, y = clouds(rng)
    expected = mlp().fit(x, y, verbose=0).history
    for xs, ys in (
        (x.astype(np.float64), y.astype(np.uint8)),
        (np.asfortranarray(x), y.astype(np.int32)),
        (x.tolist(), y.tolist()),
        (pydl.Tensor(x), y[:, None]),
    ):
        assert mlp().fit(xs, ys, verbose=0).history["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    one_hot = np.eye(3)[y].astype(bool)
    assert mlp(loss="categorical_crossentropy").fit(x, one_hot, verbose=0).history["accuracy"] == expected["accuracy"]
    whole = (10 * x).astype(np.int8)
    model = mlp()
    np.testing.assert_array_equal(model.predict(whole, verbose=0), model.predict(whole.astype(np.float32), verbose=0))


def test_weights_of_samples_and_classes(rng):
    x, y = clouds(rng)
    by_class = {0: 2.0, 1: 0.5}
    weights = np.array([2.0, 0.5, 1.0])[y]
    history = mlp().fit(x, y, class_weight=by_class, verbose=0).history
    assert mlp().fit(x, y, sample_weight=weights, verbose=0).history == history
    doubled = mlp().fit(x, y, class_weight=by_class, sample_weight=np.full(len(y), 2.0), verbose=0).history
    assert doubled["loss"][0] > history["loss"][0]
    model = mlp()
    values = losses.SparseCategoricalCrossentropy(reduction="none")(y, model(x)).numpy()
    loss = model.evaluate(x, y, sample_weight=weights, batch_size=len(y), verbose=0)[0]
    assert loss == pytest.approx((values * weights).mean(), rel=1e-5)


def test_weighted_metrics(rng):
    x, y = clouds(rng)
    model = mlp()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"], weighted_metrics=["accuracy"])
    result = model.evaluate(x, y, sample_weight=(y == 0).astype(float), verbose=0, return_dict=True)
    right = model.predict(x, verbose=0).argmax(1) == y
    assert result["acc"] == pytest.approx(right.mean())
    assert result["accuracy"] == pytest.approx(right[y == 0].mean())


def test_generators_and_iterables(rng):
    x, y = clouds(rng)
    batches = [(x[i : i + 32], y[i : i + 32]) for i in range(0, 96, 32)]
    expected = mlp().fit(x, y, shuffle=False, epochs=2, verbose=0).history

    class Stream:
        def __iter__(self):
            return iter(batches)

    def endless():
        while True:
            yield from batches

    assert mlp().fit(Stream(), epochs=2, verbose=0).history == expected
    assert mlp().fit(endless(), steps_per_epoch=3, epochs=2, verbose=0).history == expected
    with pytest.warns(UserWarning, match="exhausted before epoch 2"):
        assert len(mlp().fit(iter(batches), epochs=2, verbose=0).epoch) == 1
    model = mlp()
    assert model.evaluate(Stream(), verbose=0) == model.evaluate(x, y, verbose=0)
    np.testing.assert_array_equal(model.predict(iter([x[:32], x[32:64]]), verbose=0), model.predict(x[:64], verbose=0))
    weighted = iter([(a, b, np.ones(len(b))) for a, b in batches])
    history = mlp().fit(weighted, validation_data=Stream(), verbose=0).history
    assert history["loss"][0] == pytest.approx(expected["loss"][0])


def test_steps_per_epoch_continues_through_the_arrays(rng):
    model = mlp()
    model.fit(*clouds(rng), steps_per_epoch=5, epochs=3, verbose=0)
    assert model.optimizer.iterations == 15


def test_train_on_batch_equals_a_step_of_fit(rng):
    x, y = clouds(rng, 32)
    model, twin = mlp(), mlp()
    loss, accuracy = model.train_on_batch(x, y)
    history = twin.fit(x, y, shuffle=False, verbose=0).history
    assert ([loss], [accuracy]) == (history["loss"], history["accuracy"])
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.test_on_batch(x, y, return_dict=True) == model.evaluate(x, y, verbose=0, return_dict=True)


class Penalty(layers.Layer):
    def call(self, inputs):
        self.add_loss(0.25 * ops.sum(ops.square(inputs[0, 0:1])))
        return inputs


def test_regularizers_and_added_losses_count(rng):
    x, y = clouds(rng)
    plain = mlp()
    hidden = layers.Dense(16, activation="relu", kernel_regularizer="l2")
    model = Sequential([Input((4,)), Penalty(), hidden, plain.layers[1]])
    hidden.set_weights(plain.layers[0].get_weights())
    model.compile("sgd", "sparse_categorical_crossentropy")
    penalties = 0.01 * np.square(hidden.kernel.numpy()).sum() + 0.25 * x[0, 0] ** 2
    expected = plain.evaluate(x, y, batch_size=96, verbose=0)[0] + penalties
    assert model.evaluate(x, y, batch_size=96, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-5)
    assert model.train_on_batch(x, y) != pytest.approx(expected, rel=1e-7)


def test_frozen_layers_do_not_change(rng):
    model = mlp()
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(*clouds(rng), verbose=0)
    after = model.get_weights()
    assert [np.array_equal(a, b) for a, b in zip(before, after, strict=True)] == [True, True, False, False]


def test_gradients_need_training_or_a_tape(rng):
    model = mlp()
    x, y = clouds(rng)
    loss = losses.as_loss("sparse_categorical_crossentropy")
    with pytest.raises(RuntimeError, match="training=True"):
        loss(y, model(x)).backward()
    loss(y, model(x, training=True)).backward()
    assert all(v.grad is not None for v in model.trainable_weights)
    with pydl.GradientTape() as tape:
        value = loss(y, model(x))
    assert len(tape.gradient(value, model.trainable_weights)) == 4


class Twin(Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(8, activation="relu")
        self.heads = [layers.Dense(3, activation="softmax")]
        self.sizes = []

    def call(self, inputs, training=None):
        return self.heads[0](self.hidden(inputs))

    def train_step(self, batch):
        super().train_step(batch)
        self.sizes.append(len(batch.x))
        return {"loss": 0.5, "mine": 1.0}


def test_custom_train_step_and_subclassed_model(rng):
    x, y = clouds(rng)
    model = Twin()
    model.compile("adam", "sparse_categorical_crossentropy")
    history = model.fit(x, y, batch_size=64, verbose=0)
    assert history.history == {"loss": [0.5], "mine": [1.0]}
    assert model.sizes == [64, 32]
    assert model.layers == [model.hidden, model.heads[0]]
    assert model.predict(x, verbose=0).shape == (96, 3)
    assert model.compute_output_shape((None, 4)) == (None, 3)


def test_interrupt_keeps_the_weights_of_the_last_step(rng):
    def interrupt(batch, logs):
        if batch == 1:
            raise KeyboardInterrupt

    model, (x, y) = mlp(), clouds(rng)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, verbose=0, callbacks=[pydl.callbacks.LambdaCallback(on_train_batch_end=interrupt)])
    assert model.optimizer.iterations == 2
    model.fit(x, y, verbose=0)


def test_layers_of_float64(rng):
    model = Sequential([layers.Dense(3, dtype="float64")])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(*clouds(rng), verbose=0)
    assert {v.dtype for v in model.weights} == {np.dtype(np.float64)}


def test_fit_without_trainable_weights_warns(rng):
    x, y = clouds(rng)
    frozen, bare = mlp(), Sequential([Input((4,)), layers.Softmax()])
    frozen.trainable = False
    bare.compile("sgd", "mse")
    for model, targets in ((frozen, y), (bare, x)):
        before = model.get_weights()
        with pytest.warns(UserWarning, match="no trainable weights") as caught:
            history = model.fit(x, targets, epochs=2, verbose=0)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert len(history.history["loss"]) == 2
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


class Unused(layers.Dense):
    def build(self, input_shape):
        super().build(input_shape)
        self.spare = self.add_weight((2,), name="spare")


def test_weights_without_gradient_warn_once(rng):
    model = Sequential([Input((4,)), Unused(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.warns(UserWarning, match=r"does not depend on the variables \['unused/spare'\]") as caught:
        model.fit(*clouds(rng), epochs=2, verbose=0)
    assert len(caught) == 1


def test_one_callback_without_a_list_and_the_last_history(rng):
    seen = []
    model = mlp()
    one = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    history = model.fit(*clouds(rng), epochs=2, verbose=0, callbacks=one)
    assert seen == [0, 1]
    assert model.history is history
    assert model.metrics_names == ["loss", "accuracy"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"metrics": {"out": "accuracy"}},
            ValueError,
            r"\[compile\] metrics: expected names of outputs, 'dense_?[0-9]*', got 'out'",
        ),
        ({"loss": {"out": "mse"}}, ValueError, r"\[compile\] loss: expected names of outputs, .* got 'out'"),
        ({"loss": ["mse", "mse"]}, ValueError, r"\[compile\] loss: expected 1, one for each output, got 2"),
        ({"jit_compile": True}, ValueError, "jit_compile"),
        ({"steps_per_execution": 4}, ValueError, "steps_per_execution"),
        ({"optimizer": "adamm"}, ValueError, r"\[optimizer\] identifier: unknown optimizer 'adamm'"),
        ({"loss": "msee"}, ValueError, r"\[loss\] identifier: unknown loss 'msee'"),
        ({"metrics": ["acurracy"]}, ValueError, r"\[metric\] identifier: unknown metric 'acurracy'"),
        ({"metrics": "accuracy"}, TypeError, "metrics: expected a list"),
        ({"loss": "mse", "loss_weights": ["a"]}, TypeError, "loss_weights: expected numbers, got 'a'"),
    ],
)
def test_errors_of_compile(arguments, error, message):
    with pytest.raises(error, match=message):
        mlp().compile(**arguments)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda x, y: {"y": y[:5]}, ValueError, "y: expected 96 samples as x has, got shape"),
        (lambda x, y: {"batch_size": 0}, ValueError, "batch_size"),
        (lambda x, y: {"verbose": 3}, ValueError, "verbose"),
        (lambda x, y: {"x": None}, TypeError, "x: expected an array of numbers"),
        (lambda x, y: {"y": None}, ValueError, "y: expected targets for the loss, got None"),
        (lambda x, y: {"y": y + 1}, ValueError, r"\[0, 3\)"),
    ],
)
def test_errors_of_fit(change, error, message, rng):
    x, y = clouds(rng)
    with pytest.raises(error, match=message):
        mlp().fit(**{"x": x, "y": y, "verbose": 0, **change(x, y)})


def test_errors_before_compile_and_without_samples(rng):
    with pytest.raises(RuntimeError, match=r"call compile\(optimizer, loss\) first"):
        Sequential([layers.Dense(2)]).fit(*clouds(rng))
    with pytest.raises(ValueError, match="at least one sample"):
        mlp().predict(np.zeros((0, 4)), verbose=0)
