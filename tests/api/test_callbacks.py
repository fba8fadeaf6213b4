"""Callbacks: their order, what each does, and the progress bar on a terminal, in a pipe and in a notebook."""

import io
import os
import pty
import sys
import types

import numpy as np
import pytest

from pydl import Input, Model, Sequential, callbacks, layers, optimizers, set_seed
from pydl.callbacks.progress import Line, bar_glyphs, format_time
from pydl.optimizers import schedules


@pytest.fixture
def data(rng):
    return rng.normal(size=(40, 3)).astype(np.float32), rng.integers(0, 2, 40)


@pytest.fixture
def model():
    set_seed(1)
    model = Sequential([Input((3,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["acc"])
    return model


class Feed(callbacks.Callback):
    """Overwrites the logs of each epoch, to play a course of values."""

    def __init__(self, **series):
        super().__init__()
        self.series = series

    def on_epoch_end(self, epoch, logs=None):
        logs.update({name: values[epoch] for name, values in self.series.items()})


def test_hooks_fire_in_order(model, data):
    events = []

    def note(name):
        return lambda *args: events.append((name, *[a for a in args if isinstance(a, int)]))

    watcher = callbacks.LambdaCallback(**{name: note(name) for name in callbacks.callback.HOOKS})
    model.fit(
        *data, batch_size=20, epochs=2, validation_data=data, validation_batch_size=40, callbacks=[watcher], verbose=0
    )
    epoch = [
        ("on_train_batch_begin", 0), ("on_train_batch_end", 0), ("on_train_batch_begin", 1), ("on_train_batch_end", 1),
        ("on_test_begin",), ("on_test_batch_begin", 0), ("on_test_batch_end", 0), ("on_test_end",),
    ]  # fmt: skip
    expected = [("on_train_begin",)]
    for i in range(2):
        expected += [("on_epoch_begin", i), *epoch, ("on_epoch_end", i)]
    assert events == [*expected, ("on_train_end",)]
    events.clear()
    model.predict(data[0], batch_size=40, callbacks=[watcher], verbose=0)
    assert events == [
        ("on_predict_begin",), ("on_predict_batch_begin", 0), ("on_predict_batch_end", 0), ("on_predict_end",),
    ]  # fmt: skip


def test_only_overridden_hooks_are_called(model):
    listed = callbacks.CallbackList([callbacks.Callback(), callbacks.History()], model=model)
    assert [name for name in callbacks.callback.HOOKS if listed.hooks(name)] == ["on_train_begin", "on_epoch_end"]
    with pytest.raises(TypeError, match="expected Callback objects"):
        callbacks.CallbackList([print], model=model)
    with pytest.raises(TypeError, match=r"hooks: expected names of .* got 'on_batch'"):
        callbacks.LambdaCallback(on_batch=print)


def test_batch_logs_are_the_means_so_far(model, data):
    seen = []
    model.fit(*data, batch_size=20, verbose=0, callbacks=[callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs))])  # fmt: skip
    assert [set(logs) for logs in seen] == [{"loss", "acc"}] * 2
    assert seen[1] == model.get_metrics_result()


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


def test_a_monitor_that_is_not_there_warns(model, data):
    with pytest.warns(UserWarning, match=r"expected a name in the logs \(loss, acc") as caught:
        model.fit(*data, verbose=0, callbacks=[callbacks.EarlyStopping()])
    assert caught[0].filename == __file__
    with pytest.raises(ValueError, match="mode: expected 'auto', 'min' or 'max'"):
        callbacks.EarlyStopping(mode="best")


def test_checkpoint(model, data, tmp_path):
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


def test_csv_logger(model, data, tmp_path):
    path = tmp_path / "log.csv"
    model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.CSVLogger(path)])
    model.fit(*data, epochs=1, verbose=0, callbacks=[callbacks.CSVLogger(path, append=True)])
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,loss,acc"
    assert [line.split(",")[0] for line in lines[1:]] == ["0", "1", "0"]


def test_terminate_on_nan(model, data, capsys):
    x = data[0].copy()
    x[25] = np.nan
    with pytest.warns(UserWarning, match="x is nan in sample 25"):
        history = model.fit(
            x, data[1], batch_size=10, epochs=3, shuffle=False, verbose=0, callbacks=[callbacks.TerminateOnNaN()]
        )
    assert "Batch 2: the loss is nan" in capsys.readouterr().out
    assert history.epoch == [0]
    assert np.isnan(history.history["loss"][0])  # not hidden


# ---- the progress bar --------------------------------------------------------------------------------------------


def test_a_pipe_gets_one_plain_line_per_epoch(model, data, capsys):
    model.fit(*data, epochs=2, validation_split=0.5)
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("Epoch 1/2  1/1  ")
    for name in ("loss", "acc", "val_loss", "val_acc"):
        assert f"  {name} " in lines[1]
    assert out.isascii()
    assert not set(out) & {"\r", "\b", "\x1b"}
    model.evaluate(*data)
    assert capsys.readouterr().out.startswith("Evaluate  2/2  ")
    model.predict(data[0])
    model.fit(*data, verbose=0)
    assert capsys.readouterr().out == ""


def on_terminal(run, encoding="utf-8", columns=80):
    """What `run(stream)` writes to a terminal."""
    leader, follower = pty.openpty()
    with open(follower, "w", encoding=encoding) as stream:
        run(stream)
    chunks = []
    while True:
        try:
            chunk = os.read(leader, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(leader)
    return b"".join(chunks).decode(encoding)


@pytest.mark.parametrize(("encoding", "glyph"), [("utf-8", "█"), ("ascii", "#")])
def test_a_terminal_gets_one_line_that_redraws(model, data, monkeypatch, encoding, glyph):
    monkeypatch.setenv("COLUMNS", "100")
    clock = iter(np.arange(0, 1000, 0.15))
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: float(next(clock)))

    def run(stream):
        model.fit(*data, batch_size=10, epochs=2, verbose=0, callbacks=[callbacks.ProgressBar(stream=stream)])

    text = on_terminal(run, encoding)
    rows = [row for row in text.split("\n") if row]
    assert len(rows) == 2
    drawn = rows[0].rstrip("\r").split("\r")
    assert len(drawn) > 2  # redrawn, over itself
    assert all(len(d) < 100 for d in drawn)
    assert "ETA" in drawn[1]
    assert glyph in drawn[-1]
    assert "Epoch 1/2" in drawn[-1]
    assert "4/4" in drawn[-1]
    assert "loss" in drawn[-1]


def test_a_fast_epoch_is_not_redrawn_at_every_step(model, data, monkeypatch):
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: 1.0)
    text = on_terminal(lambda stream: model.fit(
        *data, batch_size=1, verbose=0, callbacks=[callbacks.ProgressBar(stream=stream)]))  # fmt: skip
    assert text.count("Epoch") == 1


def test_a_notebook_updates_one_output(model, data, monkeypatch):
    shown = []

    class Handle:
        def update(self, content, raw):
            shown.append(("update", content["text/plain"]))

    def display(content, raw, display_id):
        shown.append(("display", content["text/plain"]))
        return Handle()

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    module = types.ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    clock = iter(np.arange(0, 1000, 0.15))
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: float(next(clock)))
    model.fit(*data, batch_size=10, epochs=2)
    assert [kind for kind, _ in shown].count("display") == 2  # one output per epoch
    assert len(shown) > 4
    assert "loss" in shown[-1][1]


def test_predict_is_silent_unless_it_is_slow(model, data, monkeypatch, capsys):
    clock = iter(np.arange(0, 1000, 1.0))
    monkeypatch.setattr("pydl.callbacks.progress.time.monotonic", lambda: float(next(clock)))
    model.predict(data[0])
    assert capsys.readouterr().out.startswith("Predict  2/2")


def test_a_narrow_terminal_drops_the_bar_and_never_wraps():
    line = Line("Epoch 1/2", 3, 8, 1.0, 2.0, {"loss": 0.5, "tiny": 1e-6})
    assert "tiny 1.000e-06" in line.text()
    assert len(line.fitted(30, bar_glyphs("utf-8"))) == 30
    assert "#" in line.fitted(120, bar_glyphs(None))
    assert [format_time(s) for s in (0.25, 59.4, 61, 3661)] == ["0.2s", "59s", "1:01", "1:01:01"]
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert bar_glyphs(stream.encoding) == ("#", ".")


@pytest.mark.parametrize(
    "callback", [callbacks.LearningRateScheduler(lambda e: 0.1), callbacks.ReduceLROnPlateau("loss")]
)
def test_a_schedule_is_not_replaced(callback):
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile(optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.9)), "mse")
    with pytest.raises(TypeError, match="got a schedule, ExponentialDecay"):
        model.fit(np.ones((4, 2)), np.ones(4), verbose=0, callbacks=[callback])


MONITORS = {
    "EarlyStopping": lambda name, path: callbacks.EarlyStopping(name, mode="max"),
    "ReduceLROnPlateau": lambda name, path: callbacks.ReduceLROnPlateau(name, mode="max"),
    "ModelCheckpoint": lambda name, path: callbacks.ModelCheckpoint(path / "w.npz", name, save_best_only=True),
}


@pytest.mark.parametrize("owner", MONITORS)
def test_a_monitor_that_cannot_come_is_refused_at_the_start(model, data, tmp_path, owner):
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


def test_what_validation_brings_later_is_waited_for(model, data, tmp_path):
    best = callbacks.ModelCheckpoint(tmp_path / "{epoch}.npz", save_best_only=True)
    stop = callbacks.EarlyStopping(patience=5)
    model.fit(*data, epochs=4, verbose=0, validation_data=data, validation_freq=2, callbacks=[best, stop])
    assert "1.npz" not in [path.name for path in tmp_path.iterdir()]
    assert (tmp_path / "2.npz").exists()
    assert np.isfinite(stop.best)


def test_without_validation_data_it_warns_once_and_saves(model, data, tmp_path):
    best = callbacks.ModelCheckpoint(tmp_path / "{epoch}.npz", save_best_only=True)
    with pytest.warns(UserWarning, match="got 'val_loss'.*no validation data") as caught:
        model.fit(*data, epochs=3, verbose=0, callbacks=[best])
    assert len(caught) == 1
    assert len(list(tmp_path.iterdir())) == 3  # a file more, rather than none after a long training


def test_logs_of_others_may_come_at_any_time(model, data):
    class Late(callbacks.Callback):
        def on_epoch_end(self, epoch, logs):
            if epoch == 2:
                logs["bleu"] = 1.0

    stop = callbacks.EarlyStopping("bleu", mode="max", patience=9)
    with pytest.warns(UserWarning, match="got 'bleu'") as caught:
        model.fit(*data, epochs=4, verbose=0, callbacks=[Late(), stop])
    assert len(caught) == 1
    assert stop.best == 1.0


def test_steps_of_ones_own_decide_after_an_epoch(data):
    class Own(Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

        def train_step(self, batch):
            return {"energy": 1.0}

    model = Own()
    model.compile("sgd", "mse")
    assert model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.EarlyStopping("energy")]).epoch == [0, 1]
    with pytest.raises(
        ValueError, match=r"expected a name in the logs \(energy\), got 'energi'; did you mean 'energy'"
    ):
        model.fit(*data, epochs=2, verbose=0, callbacks=[callbacks.EarlyStopping("energi")])


def test_logs_are_dicts_in_every_hook(model, data):
    seen = {}

    class Strict(callbacks.Callback):
        """Every hook demands its logs, as Keras hands them over."""

    for name in callbacks.callback.HOOKS:
        if "train_batch" in name:
            continue

        def hook(self, *args, name=name):
            seen.setdefault(name, []).append(args)

        setattr(Strict, name, hook)
    model.fit(*data, batch_size=20, epochs=2, validation_data=data, verbose=0, callbacks=[Strict()])
    outputs = model.predict(data[0], batch_size=20, verbose=0, callbacks=[Strict()])
    for name, calls in seen.items():
        for args in calls:
            assert len(args) == 1 + ("epoch" in name or "batch" in name)
            assert type(args[-1]) is dict
            assert args[-1] or "begin" in name or name == "on_predict_end"
    assert set(seen) == {name for name in callbacks.callback.HOOKS if "train_batch" not in name}
    assert seen["on_train_end"][0][0] == seen["on_epoch_end"][1][1]
    assert np.array_equal(seen["on_predict_batch_end"][1][1]["outputs"], outputs[20:40])
    assert len(seen["on_batch_end"]) == 2 * -(-len(data[0]) // 20)


class ByName(callbacks.Callback):
    """Hooks that take their logs by name alone, or whatever comes."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_begin(self, **given):
        self.seen.append(("begin", given))

    def on_train_batch_begin(self, batch, **given):
        self.seen.append((batch, given))

    def on_train_batch_end(self, batch, *, logs):
        self.seen.append((batch, {"logs": logs}))

    def on_epoch_end(self, *args, **given):
        self.seen.append((args[0], given or {"logs": args[1]}))

    def on_predict_batch_end(self, batch, **given):
        self.seen.append((batch, given))


def test_hooks_take_logs_by_name(model, data):
    watch = ByName()
    history = model.fit(*data, batch_size=len(data[0]), verbose=0, callbacks=[watch]).history
    logs = {name: values[0] for name, values in history.items()}
    assert watch.seen == [("begin", {"logs": {}}), (0, {"logs": {}}), (0, {"logs": logs}), (0, {"logs": logs})]
    model.predict(data[0], batch_size=len(data[0]), verbose=0, callbacks=[watch])
    assert watch.seen[-1][0] == 0
    assert set(watch.seen[-1][1]["logs"]) == {"outputs"}
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'more'"):
        model.fit(*data, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs, more: None)])


def test_a_list_for_loops_of_ones_own(model, data):
    seen = []
    watch = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs)))
    listed = callbacks.CallbackList([watch], add_history=True, model=model, epochs=1)
    listed.on_train_begin()
    listed.on_epoch_begin(0)
    listed.on_train_batch_end(0, logs={"loss": 1.0})
    listed.on_epoch_end(0, {"loss": 2.0})
    listed.on_train_end()
    assert seen == [(0, {"loss": 2.0})]
    assert listed.callbacks[1].history == {"loss": [2.0]}
    assert watch.params == {"epochs": 1}
    model.fit(*data, verbose=0, callbacks=listed)
    assert len(seen) == 2


def rows(path, separator=","):
    return [line.split(separator) for line in path.read_text().splitlines()]


def test_the_csv_file_gets_columns_that_come_later(model, data, tmp_path):
    path = tmp_path / "log.csv"
    model.fit(
        *data, epochs=3, verbose=0, validation_data=data, validation_freq=2, callbacks=[callbacks.CSVLogger(path)]
    )
    table = rows(path)
    assert table[0] == ["epoch", "loss", "acc", "val_loss", "val_acc"]
    assert [row[3] == "NA" for row in table[1:]] == [True, False, True]
    assert all(len(row) == 5 for row in table)
    more = callbacks.CSVLogger(path, append=True)
    model.fit(*data, verbose=0, callbacks=[Feed(watched=[7.0]), more])
    table = rows(path)
    assert table[0] == ["epoch", "loss", "acc", "val_loss", "val_acc", "watched"]
    assert [row[-1] for row in table[1:]] == ["NA", "NA", "NA", "7.0"]
    assert table[-1][3:5] == ["NA", "NA"]
    assert [p.name for p in tmp_path.iterdir()] == ["log.csv"]


def test_the_csv_file_begins_anew_or_goes_on(model, data, tmp_path):
    path = tmp_path / "log.csv"
    for append in (True, True, False):
        model.fit(*data, verbose=0, callbacks=[callbacks.CSVLogger(path, separator=";", append=append)])
    assert [row[0] for row in rows(path, ";")] == ["epoch", "0"]
    path.write_text("")
    model.fit(*data, verbose=0, callbacks=[callbacks.CSVLogger(str(path), append=True)])
    assert [row[0] for row in rows(path)] == ["epoch", "0"]
