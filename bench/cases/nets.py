"""Whole networks through the public API: a training step (forward, loss, backward, Adam) and inference."""

import math
from dataclasses import dataclass

import numpy as np

from .case import Arguments, Array, Case, normal


@dataclass(frozen=True)
class Conv:
    filters: int
    kernel: int
    activation: str


@dataclass(frozen=True)
class Pool:
    size: int


@dataclass(frozen=True)
class Flatten:
    pass


@dataclass(frozen=True)
class Dense:
    units: int
    activation: str


Layer = Conv | Pool | Flatten | Dense


@dataclass(frozen=True)
class Net:
    input_shape: tuple[int, ...]
    batch: int
    layers: tuple[Layer, ...]

    def kernels(self) -> list[tuple[tuple[int, ...], int]]:
        """The shape of every layer's kernel, and at how many positions it is applied."""
        shape, kernels = self.input_shape, []
        for layer in self.layers:
            match layer:
                case Conv(filters, k, _):
                    kernel: tuple[int, ...] = (k, k, shape[2], filters)
                    shape = (shape[0] - k + 1, shape[1] - k + 1, filters)
                    kernels.append((kernel, shape[0] * shape[1]))
                case Pool(size):
                    shape = (shape[0] // size, shape[1] // size, shape[2])
                case Flatten():
                    shape = (math.prod(shape),)
                case Dense(units, _):
                    kernels.append(((*shape, units), 1))
                    shape = (units,)
        return kernels

    def weights(self, rng: np.random.Generator) -> list[Array]:
        """Kernels of variance 1 / inputs and zero biases, in Keras's order and layout."""
        weights = []
        for shape, _ in self.kernels():
            weights += [normal(rng, *shape, scale=math.prod(shape[:-1]) ** -0.5), np.zeros(shape[-1], np.float32)]
        return weights

    def multiply_adds(self) -> float:
        """Per sample, forward."""
        return float(sum(math.prod(shape) * positions for shape, positions in self.kernels()))


NETS = {
    "mlp": Net((256,), 32, (Dense(500, "sigmoid"), Dense(500, "sigmoid"), Dense(10, "linear"))),
    # the network of the Keras slide
    "cnn": Net(
        (28, 28, 1),
        64,
        (
            Conv(25, 3, "relu"),
            Pool(2),
            Conv(50, 3, "relu"),
            Pool(2),
            Flatten(),
            Dense(100, "relu"),
            Dense(10, "linear"),
        ),
    ),
}
CLASSES = 10
BATCHES = 8  # different batches that training cycles through, so that it goes on learning something


def _case(name: str, what: str, batch: int) -> Case:
    net = NETS[name]

    def make(rng: np.random.Generator) -> Arguments:
        arguments: Arguments = {"net": net, "weights": net.weights(rng)}
        if what == "train":
            batches = [normal(rng, batch, *net.input_shape) for _ in range(BATCHES)]
            return arguments | {"x": batches, "labels": [rng.integers(0, CLASSES, batch) for _ in batches]}
        return arguments | {"x": normal(rng, batch, *net.input_shape)}

    flops = 2.0 * batch * net.multiply_adds() * (3 if what == "train" else 1)  # backward is two products for one
    suffix = what if what == "train" else f"inference_{batch}"
    return Case(f"nets/{name}/{suffix}", what, make, flops=flops, suite="nets")


CASES = tuple(
    _case(name, what, batch)
    for name, net in NETS.items()
    for what, batch in (("train", net.batch), ("inference", net.batch), ("inference", 1))
)
