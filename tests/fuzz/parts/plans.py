"""Plans against eager layers, bit for bit, in inference and in training steps."""

from typing import Any

import numpy as np

import pydl
from pydl import layers, no_grad, optimizers

from ..finding import Finding, same_bits
from ..hostile import pick
from ..nets import Net


class EagerIdentity(layers.Layer):
    """Returns its input. As a user's layer it keeps training steps of its model from a plan."""

    def call(self, x: Any) -> Any:
        return x


def inference(net: Net) -> None:
    with no_grad():
        y = net.x
        for layer in net.model.layers:
            y = layer(y)
    for call in ("recorded", "replayed", "replayed again"):
        same_bits(net.model(net.x).numpy(), y.numpy(), f"layer by layer and {call}")


def optimizer(name: str) -> Any:
    return {"sgd": optimizers.SGD(0.01, momentum=0.9), "adam": optimizers.Adam(0.01), "rms": optimizers.RMSprop(0.01)}[
        name
    ]


def training(net: Net, name: str) -> None:
    planned = net.again()
    through = EagerIdentity(dtype=net.dtype)
    stepwise = pydl.Sequential([layers.Input(net.input_shape, dtype=net.dtype), *net.again().layers, through])
    for model in (planned, stepwise):
        model.compile(optimizer(name), "mse")
    for step in range(4):
        losses = [model.train_on_batch(net.x, net.weighting) for model in (planned, stepwise)]
        same_bits([np.asarray(losses[0])], [np.asarray(losses[1])], f"loss of step {step} with {name}")
        same_bits(planned.get_weights(), stepwise.get_weights(), f"weights after step {step} with {name}")


def run(rng: np.random.Generator, note: Any) -> str:
    net = Net(rng, int(rng.integers(1, 6)))
    note(str(net))
    try:
        inference(net)
        if net.model.trainable_weights:
            training(net, pick(rng, ("sgd", "adam", "rms")))
    except Finding as found:
        raise Finding(f"{net}\n{found}") from None
    return "worked"
