"""NumPy functions on tensors: recorded as ops, computed on arrays, or refused because a gradient would be lost."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, Variable, layers, ops


@pytest.fixture
def v() -> Variable:
    return Variable([[1.0, 2.0], [3.0, 4.0]])


RECORDED: dict[str, Callable[[Any], Any]] = {
    "array + tensor": lambda t: np.ones((2, 2), "f4") + t,
    "array - tensor": lambda t: np.ones((2, 2), "f4") - t,
    "array @ tensor": lambda t: np.ones((2, 2), "f4") @ t,
    "float32 * tensor": lambda t: np.float32(2) * t,
    "float64 / tensor": lambda t: np.float64(2) / t,
    "float32 ** tensor": lambda t: np.float32(2) ** t,
    "np.add": lambda t: np.add(t, 1),
    "np.matmul": lambda t: np.matmul(t, t),
    "np.sum": lambda t: np.sum(t, 0),
    "np.mean": lambda t: np.mean(t, axis=-1, keepdims=True),
    "np.atleast_1d": lambda t: np.atleast_1d(t),
}


@pytest.mark.parametrize("name", RECORDED)
def test_functions_with_an_op_are_recorded(name: str, v: Variable) -> None:
    with_array = RECORDED[name](v.numpy())
    y = RECORDED[name](v * 1)
    assert isinstance(y, Tensor)
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.numpy(), with_array.numpy() if isinstance(with_array, Tensor) else with_array, 1e-6)
    ops.sum(y).backward()
    assert v.grad is not None
    assert np.abs(v.grad).min() > 0


VALUES: dict[str, Callable[[Any], Any]] = {
    "asarray": np.asarray,
    "array": lambda t: np.array(t, np.float64),
    "of a list": lambda t: np.array([t, t]),
    "list": lambda t: [[float(x) for x in row] for row in list(t)],
    "float": lambda t: float(t[0, 0]),
    "int": lambda t: int(t[1, 1]),
    "format": lambda t: f"{t[0, 1]:.3f}",
    "as an index": lambda t: (
        np.arange(9)[ops.cast(t, "int32")] if isinstance(t, Tensor) else np.arange(9)[t.astype(int)]
    ),
    "argmax": lambda t: np.argmax(t, axis=1),
    "isfinite": np.isfinite,
    "greater": lambda t: np.greater(t, 2).all(),
    "round": lambda t: np.round(t, 1),
    "shape": np.shape,
    "unique": np.unique,
    "allclose": lambda t: np.allclose(t, t),
    "copy": np.copy,
    "zeros_like": np.zeros_like,
    "histogram": lambda t: np.histogram(t)[0],
    "searchsorted": lambda t: np.searchsorted(t[0], 1.5),
}


@pytest.mark.parametrize("name", VALUES)
def test_conversions_and_functions_without_gradient_give_arrays(name: str, v: Variable) -> None:
    expected = VALUES[name](v.numpy())
    for tensor in (v, v * 1):
        result = VALUES[name](tensor)
        assert not isinstance(result, Tensor)
        np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize(
    "function",
    [
        np.exp, np.sqrt, np.abs, np.squeeze, np.ravel, np.sort, np.std, np.max, np.linalg.norm, np.cumsum,
        lambda t: np.stack([t, t]), lambda t: np.concatenate([t, t]), lambda t: np.maximum(t, 0),
        lambda t: np.where([True, False], t, 0), lambda t: np.clip(t, 0, 1), lambda t: np.einsum("ij->i", t),
        lambda t: np.add.reduce(t), lambda t: np.add(t, 1, out=np.zeros((2, 2), np.float32)),
    ],
)  # fmt: skip
def test_functions_that_would_lose_a_gradient_are_refused(function: Callable[[Any], Any], v: Variable) -> None:
    with pytest.raises(RuntimeError, match=r"\[\w+\] tensor: .* NumPy would lose its gradient; .* \.detach\(\)"):
        function(v * 1)
    for tensor in (v, (v * 1).detach()):  # no gradient is lost
        assert isinstance(function(tensor), np.ndarray | np.generic)
    with pydl.no_grad():
        function(v * 1)


def test_comparison_operators_give_tensors(v: Variable) -> None:
    for result in (v > 2, np.full((2, 2), 2) < v, np.float32(2) < v):
        assert isinstance(result, Tensor)
        np.testing.assert_array_equal(result, [[False, False], [True, True]])


def test_writing_to_a_tensor_is_refused(v: Variable) -> None:
    with pytest.raises(TypeError, match=r"\[add\] out: expected an array"):
        np.add(v, 1, out=v)
    array = np.ones((2, 2))
    array += v.detach()
    np.testing.assert_array_equal(array, [[2, 3], [4, 5]])
    with pytest.raises(ValueError, match="copy"):
        (v * 1).__array__(np.float64, copy=False)
    copied = np.array(v)
    copied[...] = 0
    assert v.numpy().all()


def test_numpy_in_a_forward_pass_prevents_a_plan() -> None:
    class ReadsValues(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * float(np.argmax(x) + np.isfinite(x).sum())

    model = pydl.Sequential([layers.Input((3,)), ReadsValues()])
    for x in (np.array([[0, 0, 1]], "f4"), np.array([[0, 1, 0]], "f4")):
        np.testing.assert_array_equal(model(x), x * (x.argmax() + 3))


def test_numpy_testing_and_operator_in_read_the_values(v: Variable) -> None:
    t = v * 1
    for check in (np.testing.assert_allclose, np.testing.assert_array_equal, np.testing.assert_array_almost_equal):
        check(t, v)
        with pytest.raises(AssertionError):
            check(t, t + 1)
    for check in (np.testing.assert_equal, np.testing.assert_almost_equal):
        check(t, v.numpy())
        with pytest.raises(AssertionError):
            check(t.numpy(), t + 1)
    for tensor in (t, v, t.detach()):
        assert 4.0 in tensor
        assert 0.0 not in tensor
        assert None not in tensor
        assert "a" not in tensor
        assert t in tensor
        assert np.ones(2) * 9 not in tensor


def test_matplotlib_takes_tensors(v: Variable) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    line, image = ops.reshape(v, (4,)) * 1, v * 1
    figure, axes = pyplot.subplots()
    axes.plot(line)
    axes.plot(np.arange(4), line)
    axes.scatter(line, line, c=line)
    axes.bar(np.arange(4), line)
    axes.hist(line)
    axes.imshow(image)
    axes.fill_between(np.arange(4), line)
    axes.errorbar(np.arange(4), line, yerr=line)
    axes.set_xlim(line[0], line[3])
    figure.canvas.draw()
    pyplot.close(figure)


def test_list_of_tensors_keeps_gradients(v: Variable) -> None:
    ops.sum([v * 1, 2 * v, np.ones((2, 2))]).backward()
    np.testing.assert_array_equal(v.grad, np.full((2, 2), 3))
