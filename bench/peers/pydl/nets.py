"""The networks of cases/nets.py through pydl's public API."""

from itertools import cycle
from typing import Any

import pydl

from ...cases.nets import Net
from .. import Array, Variant, as_arrays
from ..keras import nets as keras_nets


def train(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> list[Variant]:
    model = keras_nets.build(pydl, net, weights)
    batches = cycle(zip(x, labels, strict=True))
    return [Variant(lambda: model.train_on_batch(*next(batches)), as_arrays)]


def fit(**arguments: Any) -> list[Variant]:
    return keras_nets.fit(pydl, **arguments)


def inference(net: Net, weights: list[Array], x: Array) -> list[Variant]:
    model = keras_nets.build(pydl, net, weights)
    return [Variant(lambda: model(x), as_arrays)]
