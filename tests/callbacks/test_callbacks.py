"""Early stopping, checkpoints, learning rates, NaN: what each callback does."""

import numpy as np
import pytest

from pydl import Input, Sequential, callbacks, layers, optimizers
from pydl.optimizers import schedules
from tests.callback_feed import Feed


def test_stop_training_ends_the_epoch_after_the_batch(model, data):
    def stop(batch, logs):
        model.stop_training = True

    history = model.fit(
        *data, batch_size=10, epochs=5, verbose=0, callbacks=[callbacks.LambdaCallback(on_train_batch_end=stop)]
    )
    assert history.epoch == [0]
    assert model.optimizer.iterations == 1


def test_early_stopping_restores_the_best_weights(model, data):
    weights = []
    stopper = callbacks.EarlyStopping("watched", patience=2, restore_best_weights=True)
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    history = model.fit(
        *data, epochs=9, verbose=0, callbacks=[Feed(watched=[3, 1, 2, 1.5, 0, 0, 0, 0, 0]), keep, stopper]
    )
    assert history.epoch == [0, 1, 2, 3]
    assert (stopper.best, stopper.best_epoch, stopper.stopped_epoch) == (1, 1, 3)
    for now, best in zip(model.get_weights(), weights[1], strict=True):
        np.testing.assert_array_equal(now, best)


@pytest.mark.parametrize(
    ("options", "values", "epochs"),
    [
        ({"mode": "max"}, [1, 2, 3, 3, 3], 4),
        ({"min_delta": 0.5}, [3, 2, 1.8, 0, 0], 3),
        ({"baseline": 1.0, "patience": 2}, [3, 2, 1.5, 0, 0], 5),
        ({"start_from_epoch": 3}, [0, 1, 2, 3, 4], 5),
        ({}, [float("nan")] * 5, 2),
    ],
)
def test_early_stopping_options(model, data, options, values, epochs):
    stopper = callbacks.EarlyStopping("watched", **options)
    assert len(model.fit(*data, epochs=5, verbose=0, callbacks=[Feed(watched=values), stopper]).epoch) == epochs


def test_checkpoint_saves_every_epoch_the_best_or_every_n_batches(model, data, tmp_path):
    every = callbacks.ModelCheckpoint(tmp_path / "all" / "{epoch:02d}-{watched:.1f}.npz")
    best = callbacks.ModelCheckpoint(tmp_path / "best.npz", monitor="watched", save_best_only=True, mode="max")
    steps = callbacks.ModelCheckpoint(tmp_path / "step-{batch}.npz", save_freq=2)
    weights = []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: weights.append(model.get_weights()))
    model.fit(*data, batch_size=10, epochs=3, verbose=0, callbacks=[Feed(watched=[1, 5, 2]), keep, every, best, steps])
    assert sorted(p.name for p in (tmp_path / "all").iterdir()) == ["01-1.0.npz", "02-5.0.npz", "03-2.0.npz"]
    assert sorted(p.name for p in tmp_path.glob("step*")) == ["step-2.npz", "step-4.npz"]
    model.load_weights(tmp_path / "best.npz")
    for now, expected in zip(model.get_weights(), weights[1], strict=True):
        np.testing.assert_array_equal(now, expected)
    with pytest.raises(KeyError, match="expected names among the logs loss, acc"):
        model.fit(*data, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "{val_loss}.npz")])


def test_learning_rate_callbacks(model, data):
    halve = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    model.optimizer.learning_rate = 0.8
    assert model.fit(*data, epochs=2, verbose=0, callbacks=[halve]).history["learning_rate"] == [0.4, 0.2]
    by_epoch = callbacks.LearningRateScheduler(lambda epoch: 1.0 / (epoch + 1))
    assert model.fit(*data, epochs=2, verbose=0, callbacks=[by_epoch]).history["learning_rate"] == [1.0, 0.5]
    plateau = callbacks.ReduceLROnPlateau("watched", factor=0.5, patience=1, cooldown=1, min_lr=0.2)
    feed = Feed(watched=[1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    model.optimizer.learning_rate = 1.0
    history = model.fit(*data, epochs=6, verbose=0, callbacks=[feed, plateau])
    assert history.history["learning_rate"] == [1.0, 1.0, 0.5, 0.25, 0.2, 0.2]


def test_terminate_on_nan_stops_after_the_batch(model, data, capsys):
    x = data[0].copy()
    x[25] = np.nan
    with pytest.warns(UserWarning, match="x is nan in sample 25"):
        history = model.fit(
            x, data[1], batch_size=10, epochs=3, shuffle=False, verbose=0, callbacks=[callbacks.TerminateOnNaN()]
        )
    assert "Batch 2: the loss is nan" in capsys.readouterr().out
    assert history.epoch == [0]
    assert np.isnan(history.history["loss"][0])  # the logs still say so


@pytest.mark.parametrize(
    "callback", [callbacks.LearningRateScheduler(lambda e: 0.1), callbacks.ReduceLROnPlateau("loss")]
)
def test_learning_rate_callbacks_refuse_a_schedule(callback):
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile(optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.9)), "mse")
    with pytest.raises(TypeError, match="got a schedule, ExponentialDecay"):
        model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[callback])
