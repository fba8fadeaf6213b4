"""Inference plans of layers that a replay would not repeat: the call runs eagerly, and the plan says why."""

from typing import Any

import numpy as np
import pytest

from pydl import Tensor, layers, ops
from tests.plan_owner import Net, check


class ComputesInNumPy(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        return Tensor(np.sin(inputs.array))


class ReadsValues(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) if inputs.numpy().mean() > 0 else ops.tanh(inputs)


class BranchesOnValues(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        return ops.relu(inputs) if ops.mean(inputs) > 0 else ops.tanh(inputs)


class SetsAttribute(layers.Layer):
    calls = 0

    def call(self, inputs: Tensor) -> Tensor:
        self.calls += 1
        return ops.relu(inputs)


class AssignsVariable(layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.calls = self.add_weight((), "zeros", trainable=False)

    def call(self, inputs: Tensor) -> Tensor:
        self.calls.assign_add(1.0)
        return ops.relu(inputs)


class ScalesByNumber(layers.Layer):
    """The number is no input and no weight: the layer could change it at any time."""

    def call(self, inputs: Tensor) -> Tensor:
        return inputs * 2.0


class AddsLoss(layers.Layer):
    def call(self, inputs: Tensor) -> Tensor:
        self.add_loss(ops.sum(inputs))
        return ops.relu(inputs)


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (ComputesInNumPy, "a number or NumPy array made during the call"),
        (ReadsValues, "reads the values"),
        (BranchesOnValues, "reads the values"),
        (SetsAttribute, "sets its attribute 'calls'"),
        (AssignsVariable, "writes to the variable"),
        (ScalesByNumber, "a number or NumPy array made during the call"),
        (AddsLoss, "adds a loss"),
    ],
)
def test_layer_that_a_replay_would_not_repeat_gives_a_reason(
    layer: type[layers.Layer], reason: str, rng: np.random.Generator
) -> None:
    net = Net(layers.Dense(6), layer(), layers.Dense(4))
    net.eager(np.zeros((1, 5), np.float32))
    check(net, lambda: (rng.standard_normal((2, 5)) + rng.choice([-3, 3])).astype(np.float32), replays=False)
    assert reason in str(net.reasons()[0])


def test_random_numbers_are_drawn_in_each_call(rng: np.random.Generator) -> None:
    class AlwaysDrops(layers.Layer):
        def call(self, inputs: Tensor) -> Tensor:
            return ops.dropout(inputs, 0.5)

    net = Net(AlwaysDrops())
    x = np.ones((4, 50), np.float32)
    assert len({net(x).tobytes() for _ in range(4)}) == 4
    assert net.reasons()[0].startswith("AlwaysDrops 'always_drops': dropout draws random numbers")


def test_output_computed_in_numpy_gives_a_reason(rng: np.random.Generator) -> None:
    net = Net(layers.ReLU(), ComputesInNumPy())
    check(net, lambda: rng.standard_normal((2, 5)).astype(np.float32), replays=False)
    assert net.reasons()[0].startswith("output 0 is not the output of a recorded kernel")
