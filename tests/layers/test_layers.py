"""One harness for all layers: build, shapes, weights, config round trip, gradients, a training step."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, layers, ops
from pydl.testing import check_gradients
from tests.layers.tables import convolution, core, normalization, pooling, reshaping, sequences

CASES = {
    name: case
    for family in (core, convolution, pooling, reshaping, normalization, sequences)
    for name, case in family.CASES.items()
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_shapes_and_weights(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, output_shape, weights = case
    layer = cls(**arguments)
    y = layer(rng.standard_normal(shape))
    assert y.shape == output_shape
    assert y.dtype == np.float32
    assert layer.compute_output_shape(shape) == output_shape
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *output_shape[1:])
    assert [w.shape for w in layer.weights] == weights
    assert layer.count_params() == sum(int(np.prod(w)) for w in weights)
    assert layer.built


def test_config_round_trip(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = case
    x = rng.standard_normal(shape)
    layer = cls(**arguments)
    y = layer(x)
    twin = cls.from_config(layer.get_config())
    twin(x)
    twin.set_weights(layer.get_weights())
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(x).numpy(), y.numpy())
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(again(x).numpy(), y.numpy())


def test_gradients_of_inputs_and_weights(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = case
    layer = cls(**arguments, dtype="float64")
    x = rng.permutation(np.arange(np.prod(shape)) * 0.04).reshape(shape) - 0.89
    layer._build_once(shape)
    check_gradients(lambda x: layer(x), [x])

    seen: list[Any] = []

    def on_weights(*values: Tensor) -> Tensor:
        for owner, weight, value in zip(owners, seen, values, strict=True):
            setattr(owner, weight.name, value)
        return layer(x)

    seen = layer.trainable_weights
    owners = [next(one for one in layer._all_layers() if vars(one).get(w.name) is w) for w in seen]
    if seen:
        check_gradients(on_weights, [w.array for w in seen])


def test_training_step_lowers_the_loss(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, output_shape, weights = case
    layer = cls(**arguments)
    x, target = rng.standard_normal(shape), rng.uniform(0, 0.5, output_shape)
    losses = []
    for _ in range(2):
        with pydl.GradientTape() as tape:
            loss = ops.mean(ops.square(layer(x, training=True) - target))
            for term in layer.losses:
                loss = loss + term
        losses.append(loss.item())
        if not weights:
            return
        trained = layer.trainable_weights
        for weight, gradient in zip(trained, tape.gradient(loss, trained), strict=True):
            weight.assign_sub(0.01 * gradient.numpy())
    assert losses[1] < losses[0]


def test_inference_replays_a_plan(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = case
    made_in_call = {"threshold", "max_value"} & {*arguments} and arguments.get("max_value") != 6  # constants
    if cls is layers.InputLayer or made_in_call or arguments.get("activity_regularizer"):
        return
    layer = cls(**arguments)
    model = pydl.Sequential([layers.Input(shape[1:]), layer])
    for _ in range(2):
        x = rng.standard_normal(shape).astype(np.float32)
        with pydl.no_grad():
            expected = layer(x, training=False).numpy()
        np.testing.assert_array_equal(model(x).numpy(), expected)
    assert [info["reason"] for info in model._plans.info()] == [None]


def test_layers_that_compute_cast_integers(case: Any) -> None:
    cls, arguments, shape, _, _ = case
    moves = cls in (layers.Flatten, layers.Reshape, layers.Permute, layers.RepeatVector)
    moves |= cls is layers.Activation and arguments["activation"] == "linear"
    assert cls(**arguments)(np.ones(shape, np.uint8)).dtype == (np.uint8 if moves else np.float32)


def test_empty_batch(case: Any) -> None:
    cls, arguments, shape, output_shape, _ = case
    layer = cls(**arguments)
    layer._build_once(shape)
    assert layer(np.ones((0, *shape[1:]), np.float32)).shape == (0, *output_shape[1:])
