"""Initializers, regularizers, constraints and schedules against Keras: signatures, unusual arguments."""

import inspect
import os
from typing import Any

import numpy as np
import pytest

from pydl import constraints, initializers, regularizers
from pydl.optimizers import schedules

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def numbers(x: Any) -> Any:
    return np.asarray(x.detach().cpu().numpy() if hasattr(x, "cpu") else x.numpy() if hasattr(x, "numpy") else x)


MISSING = {"name", "input_axes", "output_axes"}


@pytest.mark.parametrize("kind", ["initializers", "regularizers", "constraints", "schedules"])
def test_same_signatures(keras: Any, kind: str) -> None:
    ours = {"initializers": initializers, "regularizers": regularizers, "constraints": constraints}.get(kind, schedules)
    theirs = keras.optimizers.schedules if kind == "schedules" else getattr(keras, kind)
    for name, cls in vars(ours).items():
        other = getattr(theirs, name, None)
        if isinstance(cls, type) and isinstance(other, type) and vars(cls).get("__init__"):
            wanted = {p.name: p.default for p in inspect.signature(other).parameters.values()}
            given = {p.name: p.default for p in inspect.signature(cls).parameters.values()}
            assert given == {p: value for p, value in wanted.items() if p not in MISSING}, name


INITIALIZERS: list[tuple[str, dict[str, Any]]] = [
    *[(name, {}) for name in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal")],
    *[(name, {}) for name in ("RandomUniform", "RandomNormal", "TruncatedNormal", "Zeros", "Ones", "VarianceScaling")],
    ("RandomUniform", {"minval": -2.0, "maxval": 5.0}),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 2.0}),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "distribution": "uniform"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "untruncated_normal"}),
    ("Constant", {"value": 2.5}),
    ("Orthogonal", {"gain": 2.0}),
]


@pytest.mark.parametrize(("name", "arguments"), INITIALIZERS)
@pytest.mark.parametrize("shape", [(120, 100), (3, 3, 40, 60), (5000,)])
def test_same_statistics(keras: Any, name: str, arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    if name == "Orthogonal" and len(shape) == 1:
        return
    seed = {"seed": 1} if "seed" in inspect.signature(getattr(initializers, name)).parameters else {}
    ours = numbers(getattr(initializers, name)(**arguments, **seed)(shape))
    theirs = numbers(getattr(keras.initializers, name)(**arguments, **seed)(shape))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    deviation = float(theirs.std())
    assert float(ours.std()) == pytest.approx(deviation, rel=0.06, abs=1e-6)
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=0.06 * deviation + 1e-6)
    assert float(ours.max()) == pytest.approx(float(theirs.max()), rel=0.3, abs=1e-6)


W = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
IMAGES = np.random.default_rng(1).normal(size=(3, 3, 2, 4)).astype(np.float32)
REGULARIZERS: list[tuple[str, dict[str, Any]]] = [
    ("L1", {}), ("L2", {}), ("L1L2", {}), ("L1", {"l1": 0.3}), ("L2", {"l2": 0.3}), ("L1L2", {"l1": 0.1, "l2": 0.2}),
    ("OrthogonalRegularizer", {}), ("OrthogonalRegularizer", {"factor": 0.5}),
]  # fmt: skip
CONSTRAINTS: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}), ("MaxNorm", {"max_value": 0.5, "axis": [0, 1]}), ("NonNeg", {}), ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}), ("MinMaxNorm", {}), ("MinMaxNorm", {"min_value": 0.5, "rate": 0.3, "axis": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments"), REGULARIZERS)
def test_same_penalty(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    for w in (W, np.zeros_like(W)) if "Orthogonal" in name else (W, IMAGES, np.zeros((0, 3), np.float32)):
        ours, theirs = (getattr(library, name)(**arguments)(w) for library in (regularizers, keras.regularizers))
        np.testing.assert_allclose(numbers(ours), numbers(theirs), 1e-5, 1e-7)


@pytest.mark.parametrize(("name", "arguments"), CONSTRAINTS)
def test_same_constraint(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    for w in (W, IMAGES, 10 * W, np.zeros_like(W)):
        ours, theirs = (getattr(library, name)(**arguments)(w) for library in (constraints, keras.constraints))
        np.testing.assert_allclose(numbers(ours), numbers(theirs), 1e-5, 1e-7)


SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3.5, "decay_rate": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "power": 2.0, "cycle": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 9], "values": [1.0, 0.5, 0.1]}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 7, "warmup_target": 0.1, "warmup_steps": 5}),
]


@pytest.mark.parametrize(("name", "arguments"), SCHEDULES)
def test_same_rate(keras: Any, name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = getattr(schedules, name)(**arguments), getattr(keras.optimizers.schedules, name)(**arguments)
    for step in (0, 1, 3, 4, 6, 7, 8, 9, 10, 14, 15, 100):
        assert ours(step) == pytest.approx(float(numbers(theirs(step))), rel=1e-5), step
