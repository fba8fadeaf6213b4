"""Which recurrent network remembers across a long gap? Two classic tasks, and the gradients that explain the result.

    python examples/long_gap.py                    # gaps of 100 and 300 steps, about a minute
    python examples/long_gap.py --gaps 100 300 1000

Adding problem (Hochreiter and Schmidhuber 1997): two steps of a sequence of random numbers are marked, one in each
half; tell the sum of the two numbers. Always telling 1 gives a mean squared error of 0.167. First symbol: the first of
the steps is one of eight symbols, the rest is noise; tell which. Guessing gives an accuracy of 0.125.

Four networks learn, each until it has solved the task or its steps are used up. The tanh RNN starts with small random
weights; a second one with an orthogonal matrix, which neither shrinks nor stretches; the IRNN (Le, Jaitly and Hinton
2015) has relu and starts with the identity; the LSTM's forget gates start with memories as long as the gap (Tallec and
Ollivier 2018).
The picture long_gap.png has, for each, the norm of the gradient that comes back to each step.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import pydl
from pydl import layers
from pydl.callbacks.gradient_monitor import draw_steps, step_norms

Array = NDArray[Any]
PICTURE = "long_gap.png"


def adding(rng: np.random.Generator, n: int, gap: int) -> tuple[Array, Array]:
    """(n, gap, 2): numbers, and marks at two steps. The sum of the marked numbers."""
    x = np.zeros((n, gap, 2), np.float32)
    x[:, :, 0] = rng.random((n, gap))
    first, second = rng.integers(0, gap // 2, n), rng.integers(gap // 2, gap, n)
    x[np.arange(n), first, 1] = x[np.arange(n), second, 1] = 1
    return x, (x[:, :, 0] * x[:, :, 1]).sum(axis=1, keepdims=True)


def first_symbol(rng: np.random.Generator, n: int, gap: int) -> tuple[Array, Array]:
    """(n, gap, 9): one of eight symbols, then noise on the ninth line. The number of the symbol."""
    symbols = rng.integers(0, 8, n)
    x = np.zeros((n, gap, 9), np.float32)
    x[:, 1:, 8] = rng.random((n, gap - 1))
    x[np.arange(n), 0, symbols] = 1
    return x, symbols


def long_memory(gap: int) -> Callable[[Any, Any], Array]:
    """Biases of an LSTM, i f g o: forget gates whose memories last from 1 to `gap` steps, input gates to match."""

    def initializer(shape: Sequence[int], dtype: Any) -> Array:
        i, f, g, o = np.zeros((4, shape[0] // 4), dtype)
        f += np.log(np.random.default_rng(0).uniform(1, gap, len(f)))
        i -= f
        return np.concatenate([i, f, g, o])

    return initializer


NETWORKS: dict[str, Callable[[int, int], layers.Layer]] = {
    "tanh RNN": lambda units, gap: layers.SimpleRNN(
        units, recurrent_initializer=pydl.initializers.RandomNormal(stddev=0.5 * units**-0.5)
    ),
    "orthogonal": lambda units, gap: layers.SimpleRNN(units, recurrent_initializer="orthogonal"),
    "IRNN": lambda units, gap: layers.SimpleRNN(
        units,
        activation="relu",
        kernel_initializer=pydl.initializers.RandomNormal(stddev=0.01),
        recurrent_initializer="identity",
    ),
    "LSTM": lambda units, gap: layers.LSTM(units, bias_initializer=long_memory(gap), unit_forget_bias=False),
}
TASKS: dict[str, Any] = {
    # name: (data, features, outputs, activation, loss, what is told of a test, the loss of a network that can do it)
    "adding": (adding, 2, 1, "linear", "mse", "mean squared error", 0.005),
    "first symbol": (first_symbol, 9, 8, "softmax", "sparse_categorical_crossentropy", "accuracy", 0.01),
}
LOOK = 100  # steps, over which the loss is averaged


class Learned(NamedTuple):
    score: float  # on new sequences
    steps: int  # of training
    norms: list[Array]  # of the gradient at each step of a sequence, before training and after


def learn(task: str, network: str, gap: int, steps: int, units: int, seed: int = 0) -> Learned:
    """Trains one network on one task, each batch of new sequences, until it can do it or the steps are used up."""
    data, features, outputs, activation, loss, score, solved = TASKS[task]
    pydl.set_seed(seed)
    rng = np.random.default_rng(seed)
    model = pydl.Sequential(
        [layers.Input((None, features)), NETWORKS[network](units, gap), layers.Dense(outputs, activation)]
    )
    rate = 0.03 / gap if network == "IRNN" else 0.003  # a step of (1 + rate)^gap is how far a relu's state can run
    metrics = ["accuracy"] if score == "accuracy" else None
    model.compile(pydl.optimizers.Adam(rate, global_clipnorm=1.0), loss, metrics=metrics)
    look = data(rng, 32, gap)
    norms = [step_norms(model, *look)[model.layers[0].name]]
    losses: list[float] = []
    while len(losses) < steps and not (len(losses) >= LOOK and np.mean(losses[-LOOK:]) < solved):
        losses.append(model.train_on_batch(*data(rng, 32, gap), return_dict=True)["loss"])
    norms.append(step_norms(model, *look)[model.layers[0].name])
    result = model.evaluate(*data(rng, 512, gap), verbose=0)
    return Learned(float(result[1] if score == "accuracy" else result), len(losses), norms)


def draw(results: dict[tuple[str, int, str], Learned]) -> None:
    """One picture for each task and gap, side by side those of the networks."""
    from matplotlib.figure import Figure

    rows = list(dict.fromkeys(key[:2] for key in results))
    figure = Figure(figsize=(4.5 * len(NETWORKS), 3.2 * len(rows)), layout="constrained")
    grid = figure.subplots(len(rows), len(NETWORKS), squeeze=False, sharey="row")
    for row, (task, gap) in enumerate(rows):
        for column, network in enumerate(NETWORKS):
            draw_steps(grid[row, column], results[task, gap, network].norms)
            grid[row, column].set(title=f"{task}, {gap} steps: {network}", xlabel="step")
        grid[row, 0].set_ylabel("norm of the gradient")
    figure.suptitle("the gradient that comes back to each step: before training (light) and after (dark)")
    figure.savefig(PICTURE, dpi=100)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gaps", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--steps", type=int, default=2000, help="training steps of 32 sequences, at most")
    parser.add_argument("--units", type=int, default=64)
    options = parser.parse_args(arguments)
    results = {}
    print(f"{'task':14}{'gap':>6}  {'network':12}{'score':>8}{'steps':>7}{'seconds':>9}  gradient at first / last step")
    for task in TASKS:
        for gap in options.gaps:
            for network in NETWORKS:
                began = time.perf_counter()
                learned = results[task, gap, network] = learn(task, network, gap, options.steps, options.units)
                seconds, before = time.perf_counter() - began, learned.norms[0]
                print(f"{task:14}{gap:6}  {network:12}{learned.score:8.4f}{learned.steps:7}{seconds:9.1f}", end="  ")
                print(f"{before[0] / before[-1]:.1e} before training", flush=True)
    draw(results)
    print(f"The norms over time are drawn in {PICTURE}.")


if __name__ == "__main__":
    main()
