"""Hooks of callbacks: their order, their arguments, and CallbackList."""

import numpy as np
import pytest

from pydl import callbacks


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


def test_logs_are_dicts_in_every_hook(model, data):
    seen = {}

    class Strict(callbacks.Callback):
        """No hook has a default for logs: Keras always passes them."""

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


class KeywordLogs(callbacks.Callback):
    """Hooks whose logs are keyword-only, or part of *args or **given."""

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


def test_hooks_may_take_logs_by_keyword(model, data):
    watch = KeywordLogs()
    history = model.fit(*data, batch_size=len(data[0]), verbose=0, callbacks=[watch]).history
    logs = {name: values[0] for name, values in history.items()}
    assert watch.seen == [("begin", {"logs": {}}), (0, {"logs": {}}), (0, {"logs": logs}), (0, {"logs": logs})]
    model.predict(data[0], batch_size=len(data[0]), verbose=0, callbacks=[watch])
    assert watch.seen[-1][0] == 0
    assert set(watch.seen[-1][1]["logs"]) == {"outputs"}
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'more'"):
        model.fit(*data, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs, more: None)])


def test_callback_list_in_a_custom_training_loop(model, data):
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
