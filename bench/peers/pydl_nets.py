"""The networks of cases/nets.py through pydl's public API."""

from itertools import cycle
from typing import Any

from numpy.typing import NDArray

import pydl

from ..cases.nets import Net
from . import Way, as_arrays
from .keras_nets import build

Array = NDArray[Any]


def train_way(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> Way:
    model = build(pydl, net, weights)
    batches = cycle(zip(x, labels, strict=True))
    return Way(lambda: model.train_on_batch(*next(batches)), as_arrays)


def inference_way(net: Net, weights: list[Array], x: Array) -> Way:
    model = build(pydl, net, weights)
    return Way(lambda: model(x), as_arrays)
