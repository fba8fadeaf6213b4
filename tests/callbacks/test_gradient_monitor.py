"""GradientMonitor: norms by layer and by step, for vanishing and exploding gradients."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers
from pydl.callbacks import GradientMonitor
from pydl.callbacks.gradient_monitor import step_norms


def model_of(layer: Any, **options: Any) -> pydl.Sequential:
    model = pydl.Sequential([layers.Input((None, 2)), layer, layers.Dense(1)])
    model.compile(pydl.optimizers.SGD(0.01, **options), "mse")
    return model


def data(rng: np.random.Generator, steps: int = 30) -> Any:
    return rng.standard_normal((8, steps, 2)).astype(np.float32), rng.standard_normal((8, 1)).astype(np.float32)


def test_norms_equal_those_of_the_gradients(rng: np.random.Generator) -> None:
    x, y = data(rng, 5)
    model = model_of(layers.GRU(4))
    (norms,) = step_norms(model, x, y).values()
    sequences = pydl.Tensor(x, requires_grad=True)
    model.compute_loss(None, y, model(sequences, training=True)).backward()
    assert sequences.grad is not None
    np.testing.assert_allclose(norms, np.sqrt(np.square(sequences.grad).sum(axis=(0, 2))), rtol=1e-6)


def test_fit_records_layers_and_steps(rng: np.random.Generator, tmp_path: Path) -> None:
    x, y = data(rng)
    model = pydl.Sequential(
        [layers.Input((None, 2)), layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.GRU(4)]
    )
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    monitor = GradientMonitor((x, y))
    model.fit(x, y, batch_size=4, epochs=3, verbose=0, callbacks=monitor)
    assert {len(norms) for norms in monitor.layers.values()} == {3}
    assert [len(looks) for looks in monitor.steps.values()] == [4, 4, 4]
    assert all(look.shape == (30,) for looks in monitor.steps.values() for look in looks)
    assert "call" not in vars(model.layers[1])
    assert model.predict(x).shape == (8, 1)
    monitor.plot(tmp_path / "norms.png")
    assert (tmp_path / "norms.png").stat().st_size > 0


def test_gradient_vanishes_in_a_tanh_rnn_and_not_in_an_irnn(rng: np.random.Generator) -> None:
    x, y = data(rng, 100)
    shrinking = layers.SimpleRNN(8, recurrent_initializer=pydl.initializers.Orthogonal(gain=0.5))
    keeping = layers.SimpleRNN(
        8,
        activation="relu",
        recurrent_initializer="identity",
        kernel_initializer=pydl.initializers.RandomNormal(stddev=0.01),
    )
    ratios = []
    for layer in (shrinking, keeping):
        (norms,) = step_norms(model_of(layer), x, y).values()
        ratios.append(norms[0] / norms[-1])
    assert ratios[0] < 1e-12
    assert ratios[1] > 0.05


@pytest.mark.parametrize("clip", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_clipping_prevents_exploding_gradients(clip: str, rng: np.random.Generator) -> None:
    x, y = data(rng, 60)
    pydl.set_seed(1)
    exploding = layers.SimpleRNN(8, activation="relu", recurrent_initializer=pydl.initializers.Identity(gain=1.5))
    model = model_of(exploding, **{clip: 0.1})
    before = model.get_weights()
    monitor = GradientMonitor((x, y))
    model.fit(x, y, epochs=1, verbose=0, callbacks=monitor)
    (norms,) = (looks[0] for looks in monitor.steps.values())
    assert norms[0] > 1e6 * norms[-1]
    changes = [np.abs(a - b).max() for a, b in zip(model.get_weights(), before, strict=True)]
    assert max(changes) <= 0.01 * 0.1 * 1.01
