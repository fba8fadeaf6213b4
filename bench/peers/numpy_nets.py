"""The networks of cases/nets.py in NumPy: forward, backward by hand, Adam."""

from itertools import cycle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..cases.nets import Conv, Dense, Flatten, Net, Pool
from . import numpy_ as nn

Array = NDArray[Any]
NO_PADDING = (0, 0, 0, 0)


def forward(net: Net, weights: list[Array], x: Array) -> list[Any]:
    """The input, then every layer's output; a pooling layer's is the pair (y, offsets of the maxima)."""
    values: list[Any] = [x]
    parameters = iter(weights)
    for layer in net.layers:
        match layer:
            case Conv(_, _, activation):
                y = nn.conv(x, next(parameters), next(parameters), (1, 1), NO_PADDING)
                x = nn.FORWARD[activation](y)
            case Pool(size):
                x, offset = nn.max_pool(x, (size, size), (size, size))
            case Flatten():
                x = x.reshape(len(x), -1)
            case Dense(_, activation):
                x = nn.FORWARD[activation](x @ next(parameters) + next(parameters))
        values.append((x, offset) if isinstance(layer, Pool) else x)
    return values


def backward(net: Net, weights: list[Array], values: list[Any], dy: Array) -> list[Array]:
    """The gradient of every weight, from the gradient of the last output."""
    gradients: list[Array] = []
    parameters = list(weights)
    outputs = [value[0] if isinstance(value, tuple) else value for value in values]
    for i in reversed(range(len(net.layers))):
        layer, x, y = net.layers[i], outputs[i], outputs[i + 1]
        if isinstance(layer, (Conv, Dense)):
            dy = dy * nn.SLOPE[layer.activation](y)
            parameters.pop()
            w = parameters.pop()
        match layer:
            case Conv():
                dw, db = nn.conv_weight_gradient(x, dy, w.shape, (1, 1), NO_PADDING)
                gradients += [db, dw]
                dy = nn.conv_input_gradient(dy, w, x.shape, (1, 1), NO_PADDING) if i else dy
            case Pool(size):
                dy = nn.max_pool_gradient(dy, values[i + 1][1], x.shape, (size, size), (size, size))
            case Flatten():
                dy = dy.reshape(x.shape)
            case Dense():
                gradients += [dy.sum(0), x.T @ dy]
                dy = dy @ w.T if i else dy
    return gradients[::-1]


class Trainer:
    """A call is one training step; it returns the loss."""

    def __init__(self, net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> None:
        self.net = net
        self.weights = [w.copy() for w in weights]
        self.batches = cycle(zip(x, labels, strict=True))
        self.adam = nn.Adam(self.weights)

    def __call__(self) -> Array:
        x, labels = next(self.batches)
        values = forward(self.net, self.weights, x)
        share = np.full(len(labels), 1 / len(labels), x.dtype)
        loss, dlogits = nn.cross_entropy(values[-1], labels, share)
        self.adam.update(backward(self.net, self.weights, values, dlogits))
        return np.asarray(loss.mean())
