"""Networks through the public API: a training step (forward, loss, backward, Adam), inference, an epoch."""

import math
from dataclasses import dataclass

import numpy as np

from .case import Arguments, Array, Case, normal


@dataclass(frozen=True)
class Conv:
    filters: int
    kernel: int
    activation: str
    padding: str = "valid"


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


@dataclass(frozen=True)
class Embedding:
    rows: int
    columns: int


@dataclass(frozen=True)
class Lstm:
    units: int
    sequences: bool  # outputs of all steps, or of the last
    bidirectional: bool = False


Layer = Conv | Pool | Flatten | Dense | Embedding | Lstm
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Net:
    input_shape: Shape
    batch: int
    layers: tuple[Layer, ...]
    loss: str = "cross_entropy"  # of logits, or "mse"

    def shapes(self) -> list[Shape]:
        """The shapes of the input and of each layer's output, without the batch axis."""
        shapes = [self.input_shape]
        for layer in self.layers:
            shape = shapes[-1]
            match layer:
                case Conv(filters, k, _, padding):
                    cropped = k - 1 if padding == "valid" else 0
                    shapes.append((shape[0] - cropped, shape[1] - cropped, filters))
                case Pool(size):
                    shapes.append((shape[0] // size, shape[1] // size, shape[2]))
                case Flatten():
                    shapes.append((math.prod(shape),))
                case Dense(units, _):
                    shapes.append((*shape[:-1], units))
                case Embedding(_, columns):
                    shapes.append((*shape, columns))
                case Lstm(units, sequences, bidirectional):
                    shapes.append((*shape[: int(sequences)], units * (1 + bidirectional)))
        return shapes

    def kernels(self) -> list[tuple[list[Shape], int]]:
        """Per layer the shapes of its weights, the bias last, and the number of positions that use them."""
        kernels: list[tuple[list[Shape], int]] = []
        shapes = self.shapes()
        for layer, before, after in zip(self.layers, shapes, shapes[1:], strict=False):
            match layer:
                case Conv(filters, k, _):
                    kernels.append(([(k, k, before[2], filters), (filters,)], after[0] * after[1]))
                case Dense(units, _):
                    kernels.append(([(before[-1], units), (units,)], math.prod(before[:-1])))
                case Embedding(rows, columns):
                    kernels.append(([(rows, columns)], 0))
                case Lstm(units, _, bidirectional):
                    cell: list[Shape] = [(before[1], 4 * units), (units, 4 * units), (4 * units,)]
                    kernels.append((cell * (1 + bidirectional), before[0]))
        return kernels

    def weights(self, rng: np.random.Generator) -> list[Array]:
        """Kernels of variance 1 / fan-in and zero biases, in Keras's order and layout."""
        shapes = [shape for of_layer, _ in self.kernels() for shape in of_layer]
        return [
            np.zeros(shape, np.float32) if len(shape) == 1 else normal(rng, *shape, scale=math.prod(shape[:-1]) ** -0.5)
            for shape in shapes
        ]

    def samples(self, rng: np.random.Generator, n: int) -> tuple[Array, Array]:
        """n random inputs and their targets."""
        if self.loss == "mse":
            x = rng.random((n, *self.input_shape), dtype=np.float32)
            return x, x
        *positions, classes = self.shapes()[-1]
        first, shape = self.layers[0], (n, *self.input_shape)
        x = rng.integers(0, first.rows, shape) if isinstance(first, Embedding) else normal(rng, *shape)
        return x, rng.integers(0, classes, (n, *positions))

    def multiply_adds(self) -> float:
        """Per sample, in forward."""
        return float(
            sum(math.prod(s) * positions for shapes, positions in self.kernels() for s in shapes if len(s) > 1)
        )


NETS = {
    "mlp": Net((256,), 32, (Dense(500, "sigmoid"), Dense(500, "sigmoid"), Dense(10, "linear"))),
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
    "autoencoder": Net(
        (784,),
        100,
        (*(Dense(units, "relu") for units in (1000, 500, 250, 30, 250, 500, 1000)), Dense(784, "sigmoid")),
        "mse",
    ),
    # the policy network of AlphaGo (Silver et al. 2016)
    "alphago": Net(
        (19, 19, 48),
        16,
        (
            Conv(192, 5, "relu", "same"),
            *(Conv(192, 3, "relu", "same") for _ in range(11)),
            Conv(1, 1, "linear"),
            Flatten(),
        ),
    ),
    # predicts the next character at each step
    "char": Net((64,), 32, (Embedding(65, 128), Lstm(256, True), Lstm(256, True), Dense(65, "linear"))),
    "sentiment": Net((200,), 32, (Embedding(10_000, 128), Lstm(64, False, bidirectional=True), Dense(2, "linear"))),
    "tiny": Net((16,), 8, (Dense(16, "relu"), Dense(2, "linear"))),
}
EPOCHS = {"mlp": 7291, "cnn": 10_000}  # samples
BATCHES = 8  # training cycles through them


def case(net_name: str, mode: str, batch: int, name: str = "") -> Case:
    net = NETS[net_name]
    samples = EPOCHS[net_name] if mode == "fit" else batch

    def make(rng: np.random.Generator) -> Arguments:
        arguments: Arguments = {"net": net, "weights": net.weights(rng)}
        match mode:
            case "train":
                batches = [net.samples(rng, batch) for _ in range(BATCHES)]
                return arguments | {"x": [x for x, _ in batches], "labels": [labels for _, labels in batches]}
            case "fit":
                x, labels = net.samples(rng, samples)
                return arguments | {"x": x, "labels": labels}
        return arguments | {"x": net.samples(rng, batch)[0]}

    products = 1 if mode == "inference" else 3  # backward has two per product of forward
    flops = 2.0 * samples * net.multiply_adds() * products
    suffix = f"inference_{batch}" if mode == "inference" else mode
    # Libraries differ in the position of Adam's epsilon, which counts for small gradients, and in how they shuffle.
    tolerance = {"train": 0.01, "fit": 0.1}.get(mode, 1e-3)
    return Case(name or f"nets/{net_name}/{suffix}", mode, make, flops=flops, suite="nets", tolerance=tolerance)


CASES = (
    *(
        case(name, mode, batch)
        for name, net in NETS.items()
        if name != "tiny"
        for mode, batch in (("train", net.batch), ("inference", net.batch), ("inference", 1))
    ),
    *(case(name, "fit", NETS[name].batch) for name in EPOCHS),
)
