"""Layers that take a list of tensors: values, shapes, gradients, configs and plans."""

import os
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, ShapeError, Tensor, layers
from pydl.testing import check_gradients

SHAPES = [(2, 3, 4), (2, 3, 4)]
CASES: dict[str, tuple[layers.Layer, list[tuple[int, ...]], Any]] = {
    "add": (layers.Add(), [*SHAPES, (2, 3, 4)], lambda a, b, c: a + b + c),
    "subtract": (layers.Subtract(), SHAPES, lambda a, b: a - b),
    "multiply": (layers.Multiply(), SHAPES, lambda a, b: a * b),
    "average": (layers.Average(), [*SHAPES, (2, 3, 4)], lambda a, b, c: (a + b + c) / 3),
    "maximum": (layers.Maximum(), SHAPES, np.maximum),
    "minimum": (layers.Minimum(), SHAPES, np.minimum),
    "concatenate": (layers.Concatenate(), [(2, 3, 4), (2, 3, 1)], lambda a, b: np.concatenate([a, b], -1)),
    "concatenate-1": (layers.Concatenate(1), [(2, 3, 4), (2, 5, 4)], lambda a, b: np.concatenate([a, b], 1)),
    "of each channel": (layers.Multiply(), [(2, 3, 5, 4), (2, 1, 1, 4)], lambda a, b: a * b),
    "lower rank": (layers.Add(), [(2, 3, 4), (2, 4)], lambda a, b: a + b[:, None]),
    "both repeat": (layers.Multiply(), [(2, 3, 1), (2, 1, 4)], lambda a, b: a * b),
    "dot": (layers.Dot(1), [(2, 4), (2, 4)], lambda a, b: (a * b).sum(1, keepdims=True)),
    "dot-axes": (layers.Dot((2, 1)), [(2, 3, 4), (2, 4, 5)], lambda a, b: a @ b),
    "dot-first": (layers.Dot(1), [(2, 4, 3), (2, 4, 5)], lambda a, b: np.einsum("bki,bkj->bij", a, b)),
    "dot-4d": (layers.Dot((3, 1)), [(2, 3, 5, 4), (2, 4, 2)], lambda a, b: np.einsum("bijk,bkl->bijl", a, b)),
    "cosine": (
        layers.Dot(1, normalize=True),
        [(2, 4), (2, 4)],
        lambda a, b: ((a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1))[:, None],
    ),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


def draw(shapes: list[tuple[int, ...]], rng: np.random.Generator) -> list[Any]:
    return [rng.standard_normal(shape).astype(np.float32) for shape in shapes]


def test_values_shapes_and_config(case: Any, rng: np.random.Generator) -> None:
    layer, shapes, expected = case
    x = draw(shapes, rng)
    y = layer(x)
    np.testing.assert_allclose(y.numpy(), expected(*x), rtol=1e-5, atol=1e-6)
    assert layer.compute_output_shape(shapes) == y.shape
    assert layer.compute_output_shape([(None, *s[1:]) for s in shapes]) == (None, *y.shape[1:])
    twin = type(layer).from_config(layer.get_config())
    np.testing.assert_array_equal(twin(x).numpy(), y.numpy())
    assert layer.weights == []


def test_gradients(case: Any, rng: np.random.Generator) -> None:
    layer, shapes, _ = case
    layer = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    check_gradients(lambda *xs: layer(list(xs)), [rng.standard_normal(s) for s in shapes])


def test_graphs_and_plans(case: Any, rng: np.random.Generator) -> None:
    layer, shapes, expected = case
    inputs = [Input(s[1:]) for s in shapes]
    model = Model(inputs, type(layer).from_config(layer.get_config())(inputs))
    for _ in range(3):
        x = draw(shapes, rng)
        np.testing.assert_allclose(model(x).numpy(), expected(*x), rtol=1e-5, atol=1e-6)
    assert (model._plans.info()[0]["reason"] is None) == (not getattr(layer, "normalize", False))


def test_functions_of_a_list() -> None:
    a, b = np.full((1, 2), 4.0), np.full((1, 2), 2.0)
    results = {
        layers.add: 6, layers.subtract: 2, layers.multiply: 8, layers.average: 3, layers.maximum: 4, layers.minimum: 2,
    }  # fmt: skip
    for function, value in results.items():
        np.testing.assert_array_equal(function([a, b]), np.full((1, 2), value))
    assert layers.concatenate([a, b]).shape == (1, 4)
    assert layers.dot([a, b], axes=1).item() == 16
    assert isinstance(layers.add([Input((2,)), Input((2,))]), pydl.layers.symbolic.SymbolicTensor)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: layers.Add()(np.ones((2, 3))), ShapeError, "expected a list of tensors, got one tensor"),
        (lambda: layers.Add()([np.ones((2, 3))]), ShapeError, "expected at least two tensors, got 1"),
        (lambda: layers.Subtract()([np.ones(2)] * 3), ShapeError, "expected two tensors, got 3"),
        (lambda: layers.Add()([np.ones((2, 3)), np.ones((2, 4))]), ShapeError, r"got \(2, 3\) and \(2, 4\)"),
        (lambda: layers.Concatenate()([np.ones((2, 3, 1)), np.ones((2, 4, 1))]), ShapeError, "differ in axis 2 only"),
        (lambda: layers.Concatenate(0)([np.ones((2, 3))] * 2), ShapeError, "after the batch, got 0"),
        (lambda: layers.Dot(1)([np.ones((2, 3)), np.ones((2, 4))]), ShapeError, "equal sizes along axes"),
        (lambda: layers.Dot(0), ValueError, "axes: expected an axis other than the batch"),
    ],
)
def test_errors(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_global_mean_ignores_masked_steps(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 5, 3)).astype(np.float32)
    x[0, 3:] = 0
    model = pydl.Sequential([layers.Input((5, 3)), layers.Masking(), layers.GlobalAveragePooling1D()])
    for _ in range(2):
        np.testing.assert_allclose(model(x).numpy(), [x[0, :3].mean(0), x[1].mean(0)], rtol=1e-5)
    assert model._plans.info()[0]["reason"] is None
    assert isinstance(model(x), Tensor)


# -- masks of merged tensors, as in Keras 3

STEPS = [np.array([[1, 1, 0, 0]], bool), np.array([[1, 0, 1, 0]], bool)]


def masked(x: Any, mask: Any) -> Tensor:
    tensor = Tensor(x)
    tensor.mask = mask
    return tensor


@pytest.mark.parametrize("kind", ["Add", "Subtract", "Average", "Multiply", "Maximum", "Minimum", "Concatenate"])
def test_step_is_unmasked_if_any_input_has_it_unmasked(kind: str, rng: np.random.Generator) -> None:
    x = draw([(1, 4, 3)] * 2, rng)
    layer = getattr(layers, kind)()
    both = layer([masked(a, m) for a, m in zip(x, STEPS, strict=True)])
    np.testing.assert_array_equal(both.mask, STEPS[0] | STEPS[1])
    one = layer([masked(x[0], STEPS[0]), masked(x[1], None)])
    assert one.mask is None or one.mask.all()
    assert layer(x).mask is None


def test_products_and_extremes_ignore_masked_steps(rng: np.random.Generator) -> None:
    x = draw([(1, 4, 3)] * 2, rng)
    inputs = [masked(a, m) for a, m in zip(x, STEPS, strict=True)]
    only_first, only_second = (STEPS[0] & ~STEPS[1])[..., None], (STEPS[1] & ~STEPS[0])[..., None]
    for kind, together in (("Multiply", np.multiply), ("Maximum", np.maximum), ("Minimum", np.minimum)):
        y = getattr(layers, kind)()(inputs).numpy()
        expected = np.where(only_first, x[0], np.where(only_second, x[1], together(*x)))
        if kind == "Multiply":
            expected[:, 3] = 0
        np.testing.assert_array_equal(y[:, :3], expected[:, :3])
        assert kind != "Multiply" or not y[:, 3].any()


def test_masks_are_concatenated_along_the_steps(rng: np.random.Generator) -> None:
    x = draw([(1, 4, 3), (1, 2, 3)], rng)
    y = layers.Concatenate(axis=1)([masked(x[0], STEPS[0]), masked(x[1], None)])
    np.testing.assert_array_equal(y.mask, [[1, 1, 0, 0, 1, 1]])
    assert layers.Dot((2, 2))([masked(x[0], STEPS[0]), masked(x[0], STEPS[0])]).mask is None


def test_plans_replay_merged_masks() -> None:
    ids = [Input((4,), dtype="int32"), Input((4,), dtype="int32")]
    words = [layers.Embedding(5, 3, mask_zero=True)(each) for each in ids]
    merged = [getattr(layers, kind)()(words) for kind in ("Add", "Multiply", "Maximum", "Concatenate")]
    model = Model(ids, layers.GRU(2)(layers.Concatenate()(merged)))
    x = [np.array([[3, 1, 0, 0]], np.int32), np.array([[2, 0, 4, 0]], np.int32)]
    other = [np.roll(a, 1, axis=1) for a in x]
    first, second = model(x).numpy(), model(other).numpy()
    assert model._plans.info()[0]["reason"] is None
    np.testing.assert_array_equal(first, layers.Layer.__call__(model, x).numpy())
    np.testing.assert_array_equal(second, layers.Layer.__call__(model, other).numpy())


@pytest.mark.oracle
@pytest.mark.parametrize("given", [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize(
    "kind", ["Add", "Subtract", "Average", "Multiply", "Maximum", "Minimum", "Concatenate", "Concatenate-1"]
)
def test_values_and_masks_equal_keras(kind: str, given: tuple[bool, bool], rng: np.random.Generator) -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    from keras.src.backend import get_keras_mask, set_keras_mask

    name, _, axis = kind.partition("-")
    options = {"axis": int(axis)} if axis else {}
    x, masks = draw([(1, 4, 3)] * 2, rng), [m if has else None for m, has in zip(STEPS, given, strict=True)]
    tensors = [keras.ops.convert_to_tensor(a) for a in x]
    for tensor, mask in zip(tensors, masks, strict=True):
        if mask is not None:
            set_keras_mask(tensor, keras.ops.convert_to_tensor(mask))
    theirs = getattr(keras.layers, name)(**options)(tensors)
    ours = getattr(layers, name)(**options)([masked(a, m) for a, m in zip(x, masks, strict=True)])
    np.testing.assert_allclose(ours.numpy(), theirs.detach().cpu().numpy(), rtol=1e-6)
    expected = get_keras_mask(theirs)
    everything = np.ones(ours.shape[:-1], bool)
    np.testing.assert_array_equal(
        everything if ours.mask is None else ours.mask, everything if expected is None else expected.cpu().numpy()
    )
