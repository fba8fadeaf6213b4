"""Reports of models and callbacks: summaries of subclasses, the history, gradient norms by layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from pydl import Input, Model, Sequential, callbacks, layers


class Net(Model):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = layers.Conv2D(4, 3, name="conv")
        self.blocks = [layers.Flatten(name="flat"), layers.Dense(2, name="dense")]

    def call(self, x: Any) -> Any:
        x = self.convolution(x)
        for layer in self.blocks:
            x = layer(x)
        return x


def summary(model: Model) -> str:
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return "\n".join(lines)


def test_summary_of_a_subclass_has_shapes_after_fit() -> None:
    net = Net()
    assert "?" in summary(net)
    net.compile("sgd", "mse")
    history = net.fit(np.ones((3, 6, 6, 1)), np.ones((3, 2)), epochs=2, verbose=0)
    text = summary(net)
    assert "?" not in text
    for shape in ("(None, 4, 4, 4)", "(None, 64)", "(None, 2)"):
        assert shape in text
    assert repr(history).startswith("<History of 2 epoch(s): loss=")
    assert repr(callbacks.History()) == "<History of 0 epoch(s)>"


def test_gradient_norms_have_the_names_of_layers() -> None:
    x = np.random.default_rng(0).random((4, 5, 3), "float32")
    first, second = layers.LSTM(4, return_sequences=True, name="first"), layers.GRU(2, name="second")
    model = Sequential([Input((5, 3)), first, second, layers.Dense(1)])
    model.compile("sgd", "mse")
    monitor = callbacks.GradientMonitor((x, x[:, 0, :1]))
    model.fit(x, x[:, 0, :1], verbose=0, callbacks=[monitor])
    assert {*monitor.steps} == {"first", "second"}
    assert {*monitor.layers} == {"first", "second", model.layers[-1].name}


def test_summary_shows_layers_of_nested_models() -> None:
    inner = Sequential([Input((4,)), layers.Dense(3, name="deep")], name="inner")
    i = Input((4,), name="i")
    for model in (Sequential([Input((4,)), inner, layers.Dense(1)]), Model(i, layers.Dense(1)(inner(i)))):
        lines: list[str] = []
        model.summary(line_length=100, print_fn=lines.append)
        model.summary(line_length=100, print_fn=lines.append, expand_nested=True)
        plain, expanded = (text.splitlines() for text in lines)
        assert not any("deep" in line for line in plain)
        place = next(n for n, line in enumerate(expanded) if line.startswith("inner (Sequential)"))
        assert expanded[place + 1].split()[:3] == ["└", "deep", "(Dense)"]
        assert expanded[place + 1].split()[3:6] == ["(None,", "3)", "15"]
        assert expanded[-3:] == plain[-3:]
