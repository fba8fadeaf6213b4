"""Initializers, regularizers and constraints: the formulas of Keras, and seeds."""

import tracemalloc
from functools import partial
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import constraints, initializers, regularizers
from pydl.testing import check_gradients

SHAPE = (200, 100)
FILTERS = (3, 3, 20, 40)

# name: (initialiser, standard deviation for SHAPE, and for FILTERS)
MOMENTS: dict[str, tuple[Any, float, float]] = {
    "glorot_uniform": (initializers.GlorotUniform(), (2 / 300) ** 0.5, (2 / (9 * 60)) ** 0.5),
    "glorot_normal": (initializers.GlorotNormal(), (2 / 300) ** 0.5, (2 / (9 * 60)) ** 0.5),
    "he_uniform": (initializers.HeUniform(), (2 / 200) ** 0.5, (2 / 180) ** 0.5),
    "he_normal": (initializers.HeNormal(), (2 / 200) ** 0.5, (2 / 180) ** 0.5),
    "lecun_uniform": (initializers.LecunUniform(), (1 / 200) ** 0.5, (1 / 180) ** 0.5),
    "lecun_normal": (initializers.LecunNormal(), (1 / 200) ** 0.5, (1 / 180) ** 0.5),
    "random_uniform": (initializers.RandomUniform(-0.3, 0.3), 0.3 / 3**0.5, 0.3 / 3**0.5),
    "random_normal": (initializers.RandomNormal(0, 0.2), 0.2, 0.2),
    # A normal distribution truncated at two standard deviations has 0.8796 of its standard deviation.
    "truncated_normal": (initializers.TruncatedNormal(0, 0.2), 0.2 * 0.87963, 0.2 * 0.87963),
    "variance_scaling": (
        initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal"),
        (3 / 100) ** 0.5,
        (3 / 360) ** 0.5,
    ),
}


@pytest.mark.parametrize("name", MOMENTS)
@pytest.mark.parametrize("which", [1, 2], ids=["dense", "conv"])
def test_mean_and_deviation(name: str, which: int) -> None:
    pydl.set_seed(1)
    shape = (SHAPE, FILTERS)[which - 1]
    initializer, expected = MOMENTS[name][0], MOMENTS[name][which]
    values = initializer(shape)
    n = values.size
    assert values.dtype == np.float32
    assert values.shape == shape
    assert abs(values.mean()) < 4 * expected / n**0.5
    assert abs(values.std() / expected - 1) < 4 / (2 * n) ** 0.5


def test_uniform_and_truncated_values_are_bounded() -> None:
    limit = (6 / 300) ** 0.5
    assert 0.99 * limit < np.abs(initializers.GlorotUniform()(SHAPE)).max() <= limit
    assert np.abs(initializers.TruncatedNormal(0, 0.1)(SHAPE)).max() <= 0.2


def test_plain_values() -> None:
    np.testing.assert_array_equal(initializers.get("zeros")((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.get("ones")((2, 3)), np.ones((2, 3)))
    np.testing.assert_array_equal(initializers.Constant(2.5)((2,)), [2.5, 2.5])
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    np.testing.assert_array_equal(initializers.get(None)((1,)), [0])


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (3, 3, 2, 5)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    matrix = initializers.Orthogonal(gain=2.0)(shape, "float64").reshape(-1, shape[-1])
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


def test_seeds() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    own = initializers.HeNormal(seed=3)
    np.testing.assert_array_equal(own((4, 4)), own((4, 4)))
    glorot = initializers.get("glorot_uniform")
    pydl.set_seed(7)
    first, second = glorot((4, 4)), glorot((4, 4))
    pydl.set_seed(7)
    np.testing.assert_array_equal(glorot((4, 4)), first)
    assert not np.array_equal(first, second)
    pydl.set_seed(8)
    assert not np.array_equal(glorot((4, 4)), first)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
    with pytest.raises(ValueError, match="expected an integer of at least 0"):
        pydl.set_seed(-1)


ALL: list[tuple[Any, Any]] = [
    *((initializers, name) for name in initializers._registry.classes),
    *((regularizers, name) for name in regularizers._registry.classes),
    *((constraints, name) for name in constraints._registry.classes),
]


@pytest.mark.parametrize(("module", "name"), ALL, ids=[name for _, name in ALL])
def test_config_round_trip(module: Any, name: str) -> None:
    thing = module.get(name)
    again = module.get(module.serialize(thing))
    assert type(again) is type(thing)
    assert again.get_config() == thing.get_config()
    assert repr(again).startswith(name)
    assert module.get(thing) is thing


@pytest.mark.parametrize("module", [initializers, regularizers, constraints])
def test_unknown_names(module: Any) -> None:
    with pytest.raises(ValueError, match=r"unknown \w+ 'nothing'; known are: "):
        module.get("nothing")
    with pytest.raises(TypeError, match="expected a name, a config or a callable, got int"):
        module.get(3)


@pytest.mark.parametrize(
    "make",
    [
        lambda: initializers.VarianceScaling(scale=0),
        lambda: initializers.VarianceScaling(mode="fan"),
        lambda: initializers.VarianceScaling(distribution="normal"),
        lambda: initializers.Identity()((2,)),
        lambda: initializers.Orthogonal()((2,)),
        lambda: regularizers.OrthogonalRegularizer(mode="rings"),
        lambda: regularizers.OrthogonalRegularizer()(pydl.Tensor([1.0])),
    ],
)
def test_bad_arguments(make: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()


W = np.array([[3.0, -0.5], [-4.0, 0.25]])
COSINE = abs(3 * -4 + -0.5 * 0.25) / np.sqrt((9.25) * (16 + 0.0625))


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L1(0.1), 0.775),
        (regularizers.L2(0.1), 2.53125),
        (regularizers.L1L2(0.1, 0.1), 3.30625),
        (regularizers.get("l2"), 0.253125),
        (regularizers.OrthogonalRegularizer(0.1), 0.1 * COSINE),
        (regularizers.OrthogonalRegularizer(0.1, "columns"), 0.1 * abs(-1.5 - 1) / (5 * np.sqrt(0.3125))),
    ],
)
def test_regularizers(regularizer: Any, expected: float) -> None:
    assert regularizer(pydl.Tensor(W)).item() == pytest.approx(expected)
    check_gradients(regularizer, [W])


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (constraints.MaxNorm(2.5), [[1.5, -0.5], [-2, 0.25]]),
        (constraints.MaxNorm(1, axis=1), W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1)),
        (constraints.NonNeg(), [[3, 0], [0, 0.25]]),
        (constraints.UnitNorm(), W / np.linalg.norm(W, axis=0)),
        (constraints.MinMaxNorm(1, 2.5), W / np.linalg.norm(W, axis=0) * [2.5, 1]),
        (constraints.MinMaxNorm(1, 2.5, rate=0.5), W / np.linalg.norm(W, axis=0) * [3.75, (1 + 0.3125**0.5) / 2]),
    ],
)
def test_constraints(constraint: Any, expected: Any) -> None:
    for dtype in (np.float32, np.float64):
        result = constraint(W.astype(dtype))
        assert result.dtype == dtype
        np.testing.assert_allclose(result, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["glorot_uniform", "he_normal", "random_normal", "random_uniform", "truncated_normal"])
def test_no_copy_in_float64(name: str) -> None:
    initializer = initializers.get(name)
    tracemalloc.start()
    values = initializer((1000, 3000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < values.nbytes * 1.25 + (6 << 20)


def test_blocks_do_not_change_the_values() -> None:
    values = initializers.RandomNormal(1.0, 2.0, seed=5)((3, 100_000))
    expected = np.random.default_rng(5).normal(1.0, 2.0, (3, 100_000)).astype(np.float32)
    np.testing.assert_array_equal(values, expected)


SEEDED: list[Any] = [
    *(getattr(initializers, name) for name in initializers._registry.classes if "seed" in dir(initializers.get(name))),
    *(partial(cls, 0.5) for cls in (pydl.layers.Dropout, pydl.layers.GaussianNoise)),
    *(partial(cls, 0.5) for cls in (pydl.layers.SpatialDropout1D, pydl.layers.SpatialDropout2D)),
    *(partial(cls, 2, dropout=0.5) for cls in (pydl.layers.LSTM, pydl.layers.GRUCell)),
]


@pytest.mark.parametrize("make", SEEDED)
def test_seeds_of_every_kind(make: Any) -> None:
    assert make(seed=None).get_config()["seed"] is None
    for seed in (np.int64(3), np.uint8(3), np.array(3)):
        assert type(make(seed=seed).get_config()["seed"]) is int
    for wrong in ("3", 3.0, [3], (1, 2), np.array([1.0]), object()):
        with pytest.raises(TypeError, match="seed: expected None or an integer"):
            make(seed=wrong)
    with pytest.raises(ValueError, match="seed: expected None or an integer of at least 0, got -1"):
        make(seed=-1)


def test_numpy_seed_equals_int_seed() -> None:
    x = np.ones((3, 4, 2), np.float32)
    for cls in (pydl.layers.Dropout, pydl.layers.SpatialDropout1D, pydl.layers.GaussianNoise):
        results = [cls(0.5, seed=seed)(x, training=True).numpy() for seed in (3, np.int64(3))]
        np.testing.assert_array_equal(*results)
