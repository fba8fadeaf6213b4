"""Names that callbacks monitor: unknown ones are refused at the start or warned about."""

import numpy as np
import pytest

from pydl import Model, callbacks, layers


def test_missing_monitor_warns_by_default(model, data):
    with pytest.warns(UserWarning, match=r"expected a name in the logs \(loss, acc") as caught:
        model.fit(*data, verbose=0, callbacks=[callbacks.EarlyStopping()])
    assert caught[0].filename == __file__
    with pytest.raises(ValueError, match="mode: expected 'auto', 'min' or 'max'"):
        callbacks.EarlyStopping(mode="best")


MONITORS = {
    "EarlyStopping": lambda name, path: callbacks.EarlyStopping(name, mode="max"),
    "ReduceLROnPlateau": lambda name, path: callbacks.ReduceLROnPlateau(name, mode="max"),
    "ModelCheckpoint": lambda name, path: callbacks.ModelCheckpoint(path / "w.npz", name, save_best_only=True),
}


@pytest.mark.parametrize("owner", MONITORS)
def test_unknown_monitor_is_refused_before_training(model, data, tmp_path, owner):
    def refused(name, text, **options):
        before = model.get_weights()
        with pytest.raises(ValueError, match=rf"\[{owner}\] monitor: expected a name in the logs \({text}"):
            model.fit(*data, verbose=0, callbacks=[MONITORS[owner](name, tmp_path)], **options)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))

    refused("accuracy", "loss, acc")
    refused("val_los", "loss, acc, val_loss, val_acc.*; did you mean 'val_loss'", validation_data=data)
    refused("lost", ".*; did you mean 'loss'")
    for name in ("loss", "acc", "val_acc"):
        model.fit(*data, verbose=0, callbacks=[MONITORS[owner](name, tmp_path)], validation_split=0.5)
    rate = callbacks.LearningRateScheduler(lambda epoch: 0.1)
    model.fit(*data, verbose=0, callbacks=[rate, MONITORS[owner]("learning_rate", tmp_path)])


def test_monitor_of_validation_waits_for_the_first_validation(model, data, tmp_path):
    best = callbacks.ModelCheckpoint(tmp_path / "{epoch}.npz", save_best_only=True)
    stop = callbacks.EarlyStopping(patience=5)
    model.fit(*data, epochs=4, verbose=0, validation_data=data, validation_freq=2, callbacks=[best, stop])
    assert "1.npz" not in [path.name for path in tmp_path.iterdir()]
    assert (tmp_path / "2.npz").exists()
    assert np.isfinite(stop.best)


def test_checkpoint_without_validation_data_warns_once_and_saves(model, data, tmp_path):
    best = callbacks.ModelCheckpoint(tmp_path / "{epoch}.npz", save_best_only=True)
    with pytest.warns(UserWarning, match="got 'val_loss'.*no validation data") as caught:
        model.fit(*data, epochs=3, verbose=0, callbacks=[best])
    assert len(caught) == 1
    assert len(list(tmp_path.iterdir())) == 3  # better too many files than none after a long training


def test_monitor_may_be_a_log_that_another_callback_adds_later(model, data):
    class Late(callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            if epoch == 2:
                logs["bleu"] = 1.0

    stop = callbacks.EarlyStopping("bleu", mode="max", patience=9)
    with pytest.warns(UserWarning, match="got 'bleu'") as caught:
        model.fit(*data, epochs=4, verbose=0, callbacks=[Late(), stop])
    assert len(caught) == 1
    assert stop.best == 1.0


def test_monitor_with_a_custom_train_step_is_checked_after_one_epoch(data):
    class CustomStep(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

        def train_step(self, batch):
            return {"energy": 1.0}

    model = CustomStep()
    model.compile("sgd", "mse")
    assert model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.EarlyStopping("energy")]).epoch == [0, 1]
    with pytest.raises(
        ValueError, match=r"expected a name in the logs \(energy\), got 'energi'; did you mean 'energy'"
    ):
        model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.EarlyStopping("energi")])
