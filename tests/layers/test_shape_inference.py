"""Shape inference by a run on zeros has no side effects on variables, random streams, attributes and losses."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, layers, ops


class Busy(layers.Layer):
    """Has every side effect that a call can have."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = layers.Dense(4)
        self.drop = layers.Dropout(0.5)
        self.metric = pydl.metrics.Mean("seen")
        self.calls, self.log = 0, [0]
        self.by_name = {"n": [0]}
        self.table = np.zeros(3)
        self.rng = np.random.default_rng(0)

    def build(self, input_shape: Any) -> None:
        self.mean = self.add_weight((4,), "ones", trainable=False)

    def call(self, inputs: Any) -> Any:
        self.mean.assign(0.5 * self.mean + 0.5 * ops.mean(inputs, axis=0))
        self.inner.kernel.assign_add(1.0) if self.inner.built else None
        self.calls += 1
        self.log.append(self.calls)
        self.by_name["n"][0] += 1
        self.table += 1
        self.rng.standard_normal()
        self.metric.update_state(np.ones(2))
        self.add_loss(ops.sum(inputs))
        self.new = 1
        return self.drop(self.inner(inputs), training=True)


def state(layer: Busy) -> list[Any]:
    return [
        layer.calls, layer.log, layer.by_name, layer.table.tolist(), layer.rng.bit_generator.state["state"],
        layer.metric.result(), layer.losses, layer.mean.numpy().tolist(), hasattr(layer, "new"),
    ]  # fmt: skip


def fresh() -> Busy:
    layer = Busy()
    layer.build((None, 4))
    layer.inner.build((None, 4))
    return layer


def trigger(layer: Busy, kind: str) -> None:
    if kind == "sequential":
        Sequential([Input((4,)), layer])
    elif kind == "functional":
        layer(Input((4,)))
    elif kind == "shape":
        assert layer.compute_output_shape((None, 4)) == (None, 4)
    elif kind == "inside":
        Sequential([Input((4,)), Sequential([layer])])
    else:
        Model.compute_output_shape(Wrapped(layer), (None, 4))


class Wrapped(Model):
    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.inner = layer

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


@pytest.mark.parametrize("kind", ["sequential", "functional", "shape", "inside", "model"])
def test_shape_inference_has_no_side_effects(kind: str) -> None:
    layer = fresh()
    before, kernel, log = state(layer), layer.inner.kernel.numpy().copy(), layer.log
    trigger(layer, kind)
    assert state(layer) == before
    assert layer.log is log
    np.testing.assert_array_equal(layer.inner.kernel.numpy(), kernel)


def test_shape_inference_draws_no_random_numbers() -> None:
    def masks(look: bool) -> Any:
        pydl.set_seed(3)
        layer = fresh()
        if look:
            layer.compute_output_shape((None, 4))
        x = np.ones((2, 4), np.float32)
        return layer(x).numpy(), layers.Dropout(0.5)(x, training=True).numpy(), layers.Dense(3)(x).numpy()

    for with_look, without in zip(masks(look=True), masks(look=False), strict=True):
        np.testing.assert_array_equal(with_look, without)


def test_layers_built_during_shape_inference_stay() -> None:
    layer = Busy()
    Sequential([Input((4,)), layer])
    assert layer.inner.built
    assert len(layer.weights) == 3
    assert layer.calls == 0
    assert layer.log == [0]
    np.testing.assert_array_equal(layer.mean.numpy(), np.ones(4))


def test_error_during_shape_inference_has_no_side_effects() -> None:
    class Fails(Busy):
        def call(self, inputs: Any) -> Any:
            super().call(inputs)
            raise ValueError("no")

    layer = Fails()
    layer.build((None, 4))
    layer.inner.build((None, 4))
    before = state(layer)
    with pytest.raises(ValueError, match="no"):
        layer.compute_output_shape((None, 4))
    assert state(layer) == before


@pytest.mark.parametrize(
    ("structure", "shapes"),
    [
        (lambda x: (x, x[:, :2]), ((None, 4), (None, 2))),
        (lambda x: [x, x[:, :2]], [(None, 4), (None, 2)]),
        (lambda x: {"a": x, "b": (x, x[:, :1])}, {"a": (None, 4), "b": ((None, 4), (None, 1))}),
    ],
)
def test_several_outputs(structure: Any, shapes: Any) -> None:
    class Several(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return structure(inputs)

    assert Several().compute_output_shape((None, 4)) == shapes
    y = Several()(i := Input((4,)))
    given = Model(i, y)(np.ones((3, 4), np.float32))
    assert pydl.base.tree.map_structure(lambda t: (None, *t.shape[1:]), given) == shapes


def test_unknown_sizes() -> None:
    class Last(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs[:, :, :1]

    assert Last().compute_output_shape((None, None, 4)) == (None, None, 1)
