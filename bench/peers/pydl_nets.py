"""The networks of cases/nets.py through pydl's public API, as a user would write them."""

from itertools import cycle
from typing import Any

from numpy.typing import NDArray

import pydl
from pydl import layers

from ..cases.nets import Conv, Dense, Flatten, Net, Pool
from . import Way, as_arrays

Array = NDArray[Any]


def build(net: Net, weights: list[Array]) -> Any:
    stack: list[Any] = [layers.Input(net.input_shape)]
    for layer in net.layers:
        match layer:
            case Conv(filters, kernel, activation):
                stack.append(layers.Conv2D(filters, kernel, activation=activation))
            case Pool(size):
                stack.append(layers.MaxPooling2D(size))
            case Flatten():
                stack.append(layers.Flatten())
            case Dense(units, activation):
                stack.append(layers.Dense(units, activation=activation))
    model = pydl.Sequential(stack)
    model.set_weights(weights)
    return model


def train_way(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> Way:
    model = build(net, weights)
    loss = pydl.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=pydl.optimizers.Adam(1e-3), loss=loss)
    batches = cycle(zip(x, labels, strict=True))
    return Way(lambda: model.train_on_batch(*next(batches)), as_arrays)


def inference_way(net: Net, weights: list[Array], x: Array) -> Way:
    model = build(net, weights)
    return Way(lambda: model(x), as_arrays)
