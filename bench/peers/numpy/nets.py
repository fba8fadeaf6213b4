"""The networks of cases/nets.py in NumPy: forward, backward by hand, Adam."""

from itertools import cycle, islice
from typing import Any

import numpy as np

from ...cases.nets import Conv, Dense, Embedding, Flatten, Lstm, Net, Pool
from .. import Array, Variant, as_arrays
from . import functions as F
from .recurrent import sequence_forward, sequence_train


def _padding(kernel: int, padding: str) -> tuple[int, int, int, int]:
    before, after = ((kernel - 1) // 2, kernel // 2) if padding == "same" else (0, 0)
    return before, after, before, after


def _reversed(x: Array, direction: int) -> Array:
    """A view with time reversed for direction 1, the backward one."""
    return x[:, ::-1] if direction else x


def _outputs(y: Array, sequences: bool, direction: int) -> Array:
    """A view of the layer's outputs: all steps, or the last."""
    return _reversed(y, direction) if sequences else y[:, -1]


def mean_loss(net: Net, y: Array, target: Array) -> tuple[Array, Array]:
    """The loss, and the gradient of the last layer's output."""
    if net.loss == "mse":
        return np.asarray(((y - target) ** 2).mean()), 2 * (y - target) / y.size
    rows = y.reshape(-1, y.shape[-1])
    loss, dlogits = F.cross_entropy(rows, target.ravel(), np.full(len(rows), 1 / len(rows), y.dtype))
    return np.asarray(loss.mean()), dlogits.reshape(y.shape)


def forward(net: Net, weights: list[Array], x: Array) -> list[Any]:
    """The input, then the output of each layer; of a pooling layer the pair (y, offsets of the maxima)."""
    values: list[Any] = [x]
    parameters = iter(weights)
    for layer in net.layers:
        match layer:
            case Conv(_, k, activation, padding):
                y = F.conv(x, next(parameters), next(parameters), (1, 1), _padding(k, padding))
                x = F.ACTIVATIONS[activation](y)
            case Pool(size):
                x, offset = F.max_pool(x, (size, size), (size, size))
            case Flatten():
                x = x.reshape(len(x), -1)
            case Dense(_, activation):
                x = F.ACTIVATIONS[activation](x @ next(parameters) + next(parameters))
            case Embedding():
                x = next(parameters)[x]
            case Lstm(_, sequences, bidirectional):
                outputs = []
                for direction in range(1 + bidirectional):
                    y, _ = sequence_forward("lstm", _reversed(x, direction), *islice(parameters, 3))
                    outputs.append(_outputs(y, sequences, direction))
                x = np.concatenate(outputs, -1)
        values.append((x, offset) if isinstance(layer, Pool) else x)
    return values


def backward(net: Net, weights: list[Array], values: list[Any], dy: Array) -> list[Array]:
    """The gradients of all weights, from that of the last output."""
    gradients: list[Array] = []
    parameters = list(weights)
    outputs = [value[0] if isinstance(value, tuple) else value for value in values]
    for i in reversed(range(len(net.layers))):
        layer, x, y = net.layers[i], outputs[i], outputs[i + 1]
        if isinstance(layer, (Conv, Dense)):
            dy = dy * F.DERIVATIVES[layer.activation](y)
            parameters.pop()
            w = parameters.pop()
        match layer:
            case Conv(_, k, _, padding):
                dw, db = F.conv_weight_gradient(x, dy, w.shape, (1, 1), _padding(k, padding))
                gradients += [db, dw]
                dy = F.conv_input_gradient(dy, w, x.shape, (1, 1), _padding(k, padding)) if i else dy
            case Pool(size):
                dy = F.max_pool_gradient(dy, values[i + 1][1], x.shape, (size, size), (size, size))
            case Flatten():
                dy = dy.reshape(x.shape)
            case Dense():
                rows = dy.reshape(-1, dy.shape[-1])
                gradients += [rows.sum(0), x.reshape(-1, x.shape[-1]).T @ rows]
                dy = dy @ w.T if i else dy
            case Embedding():
                table = np.zeros_like(parameters.pop())
                np.add.at(table, x, dy)
                gradients.append(table)
            case Lstm(units, sequences, bidirectional):
                dx = np.zeros_like(x)
                for direction in reversed(range(1 + bidirectional)):
                    cell, parameters = parameters[-3:], parameters[:-3]
                    dout = np.zeros((*x.shape[:2], units), x.dtype)
                    _outputs(dout, sequences, direction)[...] = dy[..., direction * units : (direction + 1) * units]
                    _, dx_of_direction, *dcell = sequence_train("lstm", _reversed(x, direction), *cell, dout)
                    dx += _reversed(dx_of_direction, direction)
                    gradients += dcell[::-1]
                dy = dx
    return gradients[::-1]


class Trainer:
    """One training step per call, which returns the loss."""

    def __init__(self, net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> None:
        self.net = net
        self.weights = [w.copy() for w in weights]
        self.batches = cycle(zip(x, labels, strict=True))
        self.adam = F.Adam(self.weights)

    def __call__(self) -> Array:
        return self.step(*next(self.batches))

    def step(self, x: Array, labels: Array) -> Array:
        values = forward(self.net, self.weights, x)
        loss, dy = mean_loss(self.net, values[-1], labels)
        self.adam.update(backward(self.net, self.weights, values, dy))
        return loss


def epoch(net: Net, weights: list[Array], x: Array, labels: Array) -> Array:
    """One epoch over shuffled samples; returns the mean loss of its steps."""
    trainer = Trainer(net, weights, [], [])
    order = np.random.default_rng(0).permutation(len(x))
    batches = [order[i : i + net.batch] for i in range(0, len(x), net.batch)]
    return np.asarray(np.mean([trainer.step(x[batch], labels[batch]) for batch in batches]))


def train(**arguments: Any) -> list[Variant]:
    return [Variant(Trainer(**arguments), as_arrays)]


def inference(net: Net, weights: list[Array], x: Array) -> list[Variant]:
    return [Variant(lambda: forward(net, weights, x)[-1], as_arrays)]
