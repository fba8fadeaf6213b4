"""Values of fit and evaluate: no log without a measurement, and nested loops do not change each other's values."""

import numpy as np
import pytest

from pydl import Input, Sequential, callbacks, layers, metrics, ops, optimizers

RNG = np.random.default_rng(0)
X, Y = RNG.random((20, 4), "f4"), (np.arange(20) % 2).astype("float32")


def compiled(rate: float = 0.01, **kwargs) -> Sequential:
    model = Sequential([Input((4,)), layers.Dense(1)])
    model.compile(optimizers.SGD(rate), "mse", **kwargs)
    return model


def test_exhausted_validation_data_gives_no_logs() -> None:
    def validation():
        yield X, Y

    model, seen = compiled(), []

    class Record(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(sorted(logs))

    stopping = callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
    with pytest.warns(UserWarning, match="validation data has no batches left"):
        history = model.fit(X, Y, validation_data=validation(), epochs=3, verbose=0, callbacks=[Record(), stopping])
    assert seen == [["loss", "val_loss"], ["loss"], ["loss"]]
    assert len(history.history["val_loss"]) == 1
    assert history.history["val_loss"][0] > 0


@pytest.mark.parametrize("data", [iter(()), (pair for pair in ()), []])
def test_evaluate_without_batches_is_an_error(data) -> None:
    with pytest.raises((ValueError, TypeError)):
        compiled().evaluate(data, verbose=0)


def test_fewer_batches_than_steps_warn_and_count_once() -> None:
    model = compiled(metrics=["mae"])
    full = model.evaluate(X, Y, batch_size=8, verbose=0)
    with pytest.warns(UserWarning, match="evaluate: the data was exhausted after 3 of 7 steps"):
        assert model.evaluate(X, Y, batch_size=8, steps=7, verbose=0) == full
    with pytest.warns(UserWarning, match="was exhausted after 3 of 7"):
        history = model.fit(
            X, Y, validation_data=(X, Y), validation_steps=7, validation_batch_size=8, verbose=0
        ).history
    assert history["val_loss"] == pytest.approx([model.evaluate(X, Y, verbose=0)[0]])
    with pytest.warns(UserWarning, match="predict: the data was exhausted after 3 of 7"):
        assert len(model.predict(X, batch_size=8, steps=7, verbose=0)) == 20


def test_validation_steps_use_the_same_batches_every_epoch() -> None:
    model = compiled(0.0)
    history = model.fit(
        X, Y, validation_data=(X, Y), validation_steps=1, validation_batch_size=5, epochs=3, verbose=0
    ).history
    assert history["val_loss"] == pytest.approx([model.evaluate(X[:5], Y[:5], verbose=0)] * 3)


class Largest(metrics.Metric):
    """A metric with state in a variable and in a plain attribute."""

    def __init__(self, name="largest"):
        super().__init__(name=name)
        self.count = self.add_variable((), "zeros")
        self.maximum = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign_add(1.0)
        self.maximum = max(self.maximum, float(np.max(y_true)))

    def result(self):
        return self.count + self.maximum

    def reset_state(self):
        self.count.assign(0.0)
        self.maximum = 0.0


@pytest.mark.parametrize("hook", ["on_train_batch_begin", "on_train_batch_end"])
def test_loops_in_a_hook_do_not_change_the_logs_of_fit(hook) -> None:
    y, own = np.arange(20.0), Largest()

    def look(self, batch, logs=None):
        self.model.evaluate(X[:5], y[:5], verbose=0)
        self.model.predict(X[:5], verbose=0)
        self.model.test_on_batch(X[:5], y[:5])

    watcher = type("Record", (callbacks.Callback,), {hook: look})()
    model = compiled(0.0, metrics=["mae", own])
    history = model.fit(X, y, batch_size=5, shuffle=False, verbose=0, callbacks=[watcher]).history
    assert history["largest"] == [4.0 + 19.0]
    loss, mae, _ = model.evaluate(X, y, verbose=0)
    assert history["loss"] == pytest.approx([loss])
    assert history["mae"] == pytest.approx([mae])


def test_evaluate_in_a_hook_of_evaluate() -> None:
    model = compiled(0.0)

    class Record(callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            if not hasattr(self, "inner"):
                self.inner = model.evaluate(X[:1], Y[:1] + 100, verbose=0)

    assert model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=[Record()]) == pytest.approx(
        model.evaluate(X, Y, verbose=0)
    )


def test_logs_of_metrics_with_several_values() -> None:
    model = Sequential([Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=[metrics.Precision(thresholds=[0.0, 1.0])])
    history = model.fit(X, Y, verbose=2).history
    np.testing.assert_allclose(history["precision"], [[0.5, 0.0]])

    class Several(metrics.Mean):
        def result(self):
            return {"a": ops.sum(np.ones(3)), "b": 2.0}

        def update_state(self, y_true, y_pred, sample_weight=None):
            pass

    model.compile("sgd", "mse", metrics=[Several("several")])
    assert model.evaluate(X, Y, verbose=0, return_dict=True).keys() >= {"loss", "a", "b"}


def test_empty_batches_give_no_logs() -> None:
    x = np.ones((4, 2), "f4")
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    with pytest.warns(UserWarning, match="no batches left"):
        history = model.fit(x, x[:, :1], validation_data=iter([(x[:0], x[:0, :1])]), verbose=0).history
    assert set(history) == {"loss", "mae"}
    with pytest.raises(ValueError, match="expected at least one batch"):
        model.evaluate(iter([(x[:0], x[:0, :1])]), verbose=0)
    weights = model.get_weights()
    for step in (model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match=rf"\[{step.__name__}\] x: expected at least one sample, got none"):
            step(x[:0], x[:0, :1])
    for after, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(after, before)
    assert model.optimizer.iterations == 1
    assert model.predict_on_batch(x[:0]).shape == (0, 1)
