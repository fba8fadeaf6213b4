"""Golden values: ten training losses of a small CNN on constant data; and the same nets trained by PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pydl import Sequential, optimizers
from tests.models.nets import Array, clouds, cnn, mlp, stripes

STEPS = 10
GOLDEN = {
    "momentum": [
        1.134497, 0.986258, 0.841809, 0.736145, 0.640912, 0.585444, 0.491000, 0.434077, 0.314751, 0.209805,
    ],
    "adam": [
        1.134497, 0.964482, 0.860123, 0.771495, 0.696256, 0.639200, 0.593570, 0.547986, 0.493332, 0.446929,
    ],
}  # fmt: skip


def fixed_weights(model: Sequential) -> None:
    """Weights without a random generator: cosines, scaled by the fan-in."""
    for variable in model.weights:
        size = variable.size
        scale = 1.5 / np.sqrt(size / variable.shape[-1]) if variable.ndim > 1 else 0.1
        variable.assign((scale * np.cos(np.arange(size) * 1.7)).reshape(variable.shape))


def fixed_images() -> tuple[Array, Array]:
    y = np.arange(30) % 3
    grid = np.arange(100).reshape(10, 10, 1)
    return np.stack([np.sin(grid * (0.3 + 0.4 * label) + i) for i, label in enumerate(y)]).astype(np.float32), y


def losses_of(model: Sequential, x: Array, y: Array) -> list[float]:
    return [model.train_on_batch(x, y, return_dict=True)["loss"] for _ in range(STEPS)]


@pytest.mark.parametrize("rule", ["momentum", "adam"])
def test_ten_losses_of_a_cnn(rule, isa):
    """Float32 on every instruction set; 2e-5 is about 100 roundings of a loss of one."""
    optimizer = optimizers.SGD(0.1, momentum=0.9) if rule == "momentum" else optimizers.Adam(0.01)
    model = cnn(optimizer=optimizer)
    fixed_weights(model)
    np.testing.assert_allclose(losses_of(model, *fixed_images()), GOLDEN[rule], rtol=0, atol=2e-5)


def torch_twin(model: Sequential, optimizer: Any) -> Callable[[Array, Array], float]:
    """The net with the same weights in PyTorch, and a function that runs a step and returns the loss."""
    import torch

    parts, weights = [], iter(model.get_weights())
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":
            w, b = next(weights), next(weights)
            part = torch.nn.Conv2d(w.shape[2], w.shape[3], w.shape[0])
            part.weight.data, part.bias.data = torch.tensor(w.transpose(3, 2, 0, 1)), torch.tensor(b)
            parts += [part, torch.nn.ReLU()]
        elif kind == "MaxPooling2D":
            parts.append(torch.nn.MaxPool2d(2))
        elif kind == "Flatten":
            parts.append(channels_last())
        else:
            w, b = next(weights), next(weights)
            part = torch.nn.Linear(*w.shape)
            part.weight.data, part.bias.data = torch.tensor(w.T.copy()), torch.tensor(b)
            activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}.get(
                layer.activation.__name__, torch.nn.Identity
            )
            parts += [part, activation()]
    net = torch.nn.Sequential(*parts)
    rule = optimizer(net.parameters())

    def step(x, y):
        rule.zero_grad()
        images = np.moveaxis(x, -1, 1) if x.ndim == 4 else x
        loss = torch.nn.functional.cross_entropy(net(torch.tensor(images)), torch.tensor(y))
        loss.backward()
        rule.step()
        return loss.item()

    return step


def channels_last() -> Any:
    """Flattens in the order of pydl: rows, columns, channels."""
    import torch

    class Flatten(torch.nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)

    return Flatten()


@pytest.mark.oracle
@pytest.mark.parametrize("net", ["mlp", "cnn"])
@pytest.mark.parametrize("rule", ["sgd", "momentum", "nesterov", "adam"])
def test_training_equals_pytorch(net, rule, rng):
    import torch

    ours, theirs = {
        "sgd": (optimizers.SGD(0.1), lambda p: torch.optim.SGD(p, 0.1)),
        "momentum": (optimizers.SGD(0.1, momentum=0.9), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
        "nesterov": (
            optimizers.SGD(0.1, momentum=0.9, nesterov=True),
            lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
        ),
        # PyTorch adds epsilon to the bias-corrected root: the rules agree only for a tiny epsilon.
        "adam": (optimizers.Adam(0.01, epsilon=1e-12), lambda p: torch.optim.Adam(p, 0.01, eps=1e-12)),
    }[rule]
    model = mlp(optimizer=ours) if net == "mlp" else cnn(optimizer=ours)
    x, y = clouds(rng) if net == "mlp" else stripes(rng)
    step = torch_twin(model, theirs)
    np.testing.assert_allclose(losses_of(model, x, y), [step(x, y) for _ in range(STEPS)], rtol=0, atol=5e-5)
