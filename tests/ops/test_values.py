"""Values of the ops against NumPy in float64, and their errors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, ops
from pydl.ops.window import output_size, pixels
from pydl.testing import assert_close

rng = np.random.default_rng(5)
A, B = rng.uniform(0.5, 2.0, (3, 4)), rng.uniform(0.5, 2.0, (4,))
X = rng.standard_normal((2, 3, 4))


def softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


# name: (result of the op, result of NumPy)
VALUES: dict[str, tuple[Callable[[Any], Tensor], Callable[[Any], Any], Any]] = {
    "maximum": (lambda x: ops.maximum(x, 0.3), lambda x: np.maximum(x, 0.3), X),
    "minimum": (lambda x: ops.minimum(0.3, x), lambda x: np.minimum(0.3, x), X),
    "clip": (lambda x: ops.clip(x, -0.2, 0.7), lambda x: np.clip(x, -0.2, 0.7), X),
    "where": (lambda x: ops.where(x > 0, x, 0), lambda x: np.where(x > 0, x, 0), X),
    "exp": (ops.exp, np.exp, X),
    "log": (ops.log, np.log, A),
    "log1p": (ops.log1p, np.log1p, A),
    "sqrt": (ops.sqrt, np.sqrt, A),
    "square": (ops.square, np.square, X),
    "abs": (ops.abs, np.abs, X),
    "sin": (ops.sin, np.sin, X),
    "cos": (ops.cos, np.cos, X),
    "sum": (ops.sum, np.sum, X),
    "sum-runs": (lambda x: ops.sum(x, (0, 2)), lambda x: x.sum((0, 2)), X),
    "sum-no-axes": (lambda x: ops.sum(x, ()), lambda x: x.sum(()), X),
    "mean": (lambda x: ops.mean(x, (-1, 0), keepdims=True), lambda x: x.mean((0, 2), keepdims=True), X),
    "max": (lambda x: ops.max(x, 1), lambda x: x.max(1), X),
    "min": (lambda x: ops.min(x, [1, 2]), lambda x: x.min((1, 2)), X),
    "argmax": (lambda x: ops.argmax(x, 1), lambda x: x.argmax(1), X),
    "softmax": (lambda x: ops.softmax(x, 1), lambda x: softmax(x, 1), X),
    "log_softmax": (ops.log_softmax, lambda x: np.log(softmax(x)), X),
    "gelu": (
        ops.gelu,
        lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        X,
    ),
    "hard_sigmoid": (ops.hard_sigmoid, lambda x: np.clip(x / 6 + 0.5, 0, 1), 3 * X),
    "reshape": (lambda x: ops.reshape(x, (-1, 2)), lambda x: x.reshape(-1, 2), X),
    "transpose": (lambda x: ops.transpose(x, (2, 0, 1)), lambda x: x.transpose(2, 0, 1), X),
    "moveaxis": (lambda x: ops.moveaxis(x, 0, 2), lambda x: np.moveaxis(x, 0, 2), X),
    "broadcast_to": (lambda x: ops.broadcast_to(x, (2, 2, 3, 4)), lambda x: np.broadcast_to(x, (2, 2, 3, 4)), X),
    "concatenate": (lambda x: ops.concatenate([x, x[:, :1]], 1), lambda x: np.concatenate([x, x[:, :1]], 1), X),
    "stack": (lambda x: ops.stack([x, x], 1), lambda x: np.stack([x, x], 1), X),
    "expand_dims": (lambda x: ops.expand_dims(x, -1), lambda x: x[..., None], X),
    "squeeze": (lambda x: ops.squeeze(ops.expand_dims(x, 1), 1), lambda x: x, X),
    "getitem": (lambda x: x[..., None, ::-2], lambda x: x[..., None, ::-2], X),
    "getitem-part": (lambda x: x[:, None, -2, 1:], lambda x: x[:, None, -2, 1:], X),
    "getitem-end": (lambda x: x[..., 5:1], lambda x: x[..., 5:1], X),
    "matmul": (lambda x: x @ ops.transpose(x, (0, 2, 1)), lambda x: x @ x.transpose(0, 2, 1), X),
    "dense": (
        lambda x: ops.dense(x, A.T.astype(x.dtype), A[:, 0].astype(x.dtype), "relu"),
        lambda x: np.maximum(x @ A.T + A[:, 0], 0),
        X,
    ),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", VALUES)
def test_value(name: str, dtype: Any) -> None:
    op, expected, x = VALUES[name]
    actual = op(Tensor(x.astype(dtype)))
    want = np.asarray(expected(x.astype(np.float64)))
    assert actual.array.flags.c_contiguous
    if want.dtype.kind == "f":
        assert actual.dtype == dtype
        assert_close(actual, want, terms=16, scale=max(1.0, float(np.abs(want).max(initial=0))))
    else:
        np.testing.assert_array_equal(actual, want)


@pytest.mark.parametrize("op", [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum, np.power])
@pytest.mark.parametrize(
    "shapes",
    [
        [(3, 4), (3, 4)], [(3, 4), ()], [(), (3, 4)], [(2, 3, 4), (4,)], [(4,), (2, 3, 4)], [(3, 1), (3, 4)],
        [(3, 1), (1, 4)], [(2, 1, 4), (3, 1)], [(1,), (1, 1)], [(0, 4), (4,)], [(1, 1), (5,)], [(2, 3), (1, 3)],
    ],
)  # fmt: skip
def test_broadcasting(op: np.ufunc, shapes: Any) -> None:
    a, b = (rng.uniform(0.5, 2, shape) for shape in shapes)
    actual = getattr(ops, op.__name__)(a, b)
    assert actual.shape == op(a, b).shape
    np.testing.assert_allclose(actual.array, op(a, b), rtol=1e-14)


def test_nan_propagates() -> None:
    x = np.array([[1.0, np.nan], [2.0, 3.0]])
    for op in (ops.relu, ops.sigmoid, ops.exp, ops.sqrt, lambda x: ops.maximum(x, 0), lambda x: ops.max(x, 1)):
        result = op(x).array
        assert np.isnan(result.reshape(2, -1)[0]).any()
        assert not np.isnan(result.reshape(2, -1)[1]).any()


def test_integers() -> None:
    x = Tensor([[1, 2], [3, 4]])
    for result, expected in (
        (x + x, [[2, 4], [6, 8]]),
        (ops.sum(x, 0), [4, 6]),
        (ops.max(x), 4),
        (x[0], [1, 2]),
        (x @ x, [[7, 10], [15, 22]]),
        (ops.relu(x - 2), [[0, 0], [1, 2]]),
        (ops.abs(-x), [[1, 2], [3, 4]]),
    ):
        assert result.dtype.kind == "i"
        np.testing.assert_array_equal(result, expected)
    for result in (x / x, ops.mean(x), ops.sigmoid(x), ops.sqrt(x)):
        assert result.dtype == np.float32


def test_equal_maxima_share_the_gradient() -> None:
    x = pydl.Variable([1.0, 3.0, 3.0])
    ops.max(x).backward()
    np.testing.assert_array_equal(x.grad, [0, 0.5, 0.5])


def test_cross_entropies_of_large_logits() -> None:
    logits = np.array([[1000.0, 0.0], [0.0, 1000.0]], np.float32)
    np.testing.assert_array_equal(ops.softmax_cross_entropy(logits, [0, 0]), [0, 1000])
    np.testing.assert_array_equal(ops.sigmoid_cross_entropy(logits, [[1, 1], [0, 0]])[0, 0], 0)


@pytest.mark.parametrize("size", range(1, 12))
@pytest.mark.parametrize("window", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding_gives_every_position_a_window(size: int, window: int, stride: int, dilation: int) -> None:
    top, bottom, left, right = pixels("test", "same", (size, size), (window, window), (stride, stride), (dilation, 1))
    reach = (window - 1) * dilation + 1
    rows = output_size(size, window, stride, dilation, "same")
    assert rows == -(-size // stride)
    # As in TensorFlow: just enough for the last window, with the odd pixel at the end.
    assert top + bottom == max((rows - 1) * stride + reach - size, 0)
    assert bottom - top in (0, 1)
    assert left <= top
    assert right <= bottom


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "add": (
        lambda: Tensor(X) + np.ones(3),
        pydl.ShapeError,
        r"\[add\] x1, x2: expected shapes that broadcast together",
    ),
    "axis": (
        lambda: ops.sum(X, 3),
        pydl.ShapeError,
        r"\[sum\] axis: expected different axes of a .*3 axes, got 3",
    ),
    "axis twice": (lambda: ops.sum(X, (0, -3)), pydl.ShapeError, r"\[sum\] axis: expected different axes"),
    "axis by name": (lambda: ops.argmax(X, "rows"), TypeError, r"\[argmax\] axis: expected an integer"),
    "axis of softmax": (
        lambda: ops.softmax(X, 3),
        pydl.ShapeError,
        "expected different axes of a tensor with 3 axes, got 3",
    ),
    "power": (lambda: Tensor(X) ** np.ones(3), pydl.ShapeError, r"\[power\] x1, x2: expected shapes that broadcast"),
    "where": (lambda: ops.where(True, X, np.ones(3)), pydl.ShapeError, r"\[where\] x1, x2: expected shapes that broad"),
    "softmax axis": (lambda: ops.softmax(X, 5), pydl.ShapeError, r"\[softmax\] axis: expected .*, got 5"),
    "rate of text": (lambda: ops.dropout(A, "a"), TypeError, r"\[dropout\] rate: expected a number, got 'a'"),
    "empty max": (lambda: ops.max(np.ones((0, 2)), 0), ValueError, r"\[max\] x: "),
    "matmul": (
        lambda: Tensor(A) @ A,
        pydl.ShapeError,
        r"\[matmul\] x2: expected 4 rows for x1 of shape \(3, 4\), got shape \(3, 4\)",
    ),
    "matmul scalar": (lambda: Tensor(A) @ 2.0, pydl.ShapeError, r"\[matmul\] x1, x2: expected at least 1 axis"),
    "dense": (lambda: ops.dense(A, A), pydl.ShapeError, r"\[dense\] x: expected shape \(…, 3\)"),
    "dense bias": (lambda: ops.dense(A, A.T, A[0]), ValueError, r"\[dense\] bias: expected"),
    "dense dtype": (lambda: ops.dense(A, A.T.astype(np.float32)), TypeError, r"\[dense\] kernel: expected float64"),
    "activation": (lambda: ops.activate(A, "rleu"), ValueError, "rleu"),
    "conv rank": (lambda: ops.conv2d(A, A), pydl.ShapeError, r"\[conv2d\] x: expected 4 axes \(N, H, W, C\)"),
    "conv kernel": (lambda: ops.conv2d(np.ones((1, 4, 4, 3)), A), pydl.ShapeError, r"\[conv2d\] kernel: expected 4"),
    "conv channels": (
        lambda: ops.conv2d(np.ones((1, 4, 4, 3)), np.ones((2, 2, 2, 2))),
        pydl.ShapeError,
        r"\[conv2d\] x: expected a multiple of 2 channels",
    ),
    "conv window": (lambda: ops.conv2d(np.ones((1, 2, 2, 1)), np.ones((3, 3, 1, 1))), ValueError, r"\[conv2d"),
    "conv strides": (
        lambda: ops.conv2d(np.ones((1, 2, 2, 1)), np.ones((1, 1, 1, 1)), strides=0),
        ValueError,
        r"\[conv2d\] strides: expected a positive integer, got 0",
    ),
    "conv padding": (
        lambda: ops.conv2d(np.ones((1, 2, 2, 1)), np.ones((1, 1, 1, 1)), padding="full"),
        ValueError,
        r"\[conv2d\] padding: expected 'valid' or 'same', got 'full'",
    ),
    "pool rank": (lambda: ops.max_pool(A), pydl.ShapeError, r"\[max_pool\] inputs: expected 4 axes"),
    "pool window": (lambda: ops.average_pool(np.ones((1, 2, 2, 1)), 3), ValueError, r"\[average_pool\]"),
    "labels": (
        lambda: ops.softmax_cross_entropy(A, [0, 1]),
        pydl.ShapeError,
        r"labels: expected class indices \(3,\) or targets \(3, 4\), got int32 \(2,\)",
    ),
    "label range": (lambda: ops.softmax_cross_entropy(A, [0, 1, 4]), ValueError, "labels"),
    "targets": (lambda: ops.sigmoid_cross_entropy(A, B), pydl.ShapeError, r"targets: expected shape \(3, 4\)"),
    "rate": (lambda: ops.dropout(A, 1.5), ValueError, r"\[dropout\] rate: expected 0 <= rate <= 1, got 1.5"),
    "reshape": (
        lambda: ops.reshape(A, (5, -1)),
        pydl.ShapeError,
        r"expected 12 elements as in shape \(3, 4\), got \(5, -1\)",
    ),
    "flatten": (lambda: ops.flatten(1.0), pydl.ShapeError, "expected at least 1 axis"),
    "reshape text": (
        lambda: ops.reshape(A, ("a",)),
        pydl.ShapeError,
        r"\[reshape\] newshape: expected .* got \('a',\)",
    ),
    "transpose": (
        lambda: ops.transpose(A, (0, 0)),
        pydl.ShapeError,
        r"\[transpose\] axes: expected each of 2 axes once",
    ),
    "transpose text": (lambda: ops.transpose(A, "a"), pydl.ShapeError, r"\[transpose\] axes: expected each of 2 axes"),
    "epsilon": (
        lambda: ops.layer_norm(A, epsilon="a"),
        TypeError,
        r"\[layer_norm\] epsilon: expected a number, got 'a'",
    ),
    "groups": (
        lambda: ops.group_norm(A, groups="a"),
        ValueError,
        r"\[group_norm\] groups: expected a positive integer",
    ),
    "radius": (lambda: ops.local_response_norm(A, "a"), TypeError, r"depth_radius: expected an integer, got 'a'"),
    "concatenate": (lambda: ops.concatenate([]), ValueError, "expected at least one"),
    "concatenate sizes": (lambda: ops.concatenate([A, B[None]], 1), ValueError, "expected shape"),
    "squeeze": (lambda: ops.squeeze(A, 0), ValueError, "squeeze"),
    "getitem": (lambda: Tensor(A)[7], IndexError, "out of bounds"),
    "no numbers": (lambda: ops.relu("text"), pydl.DTypeError, "expected numbers"),
}


@pytest.mark.parametrize(("call", "error", "message"), BAD.values(), ids=BAD.keys())
def test_bad_input(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("activation", "expected"), [("elu", np.expm1(-2.0)), ("leaky_relu", -0.4)])
def test_fused_activations_have_the_default_alpha(activation, expected):
    """The defaults of `ops.elu` and `ops.leaky_relu`."""
    x, image = np.full((1, 1), -2.0), np.full((1, 1, 1, 1), -2.0)
    one = np.ones((1, 1, 1, 1))
    for y in (
        ops.activate(x, activation),
        ops.dense(x, np.ones((1, 1)), activation=activation),
        ops.conv2d(image, one, activation=activation),
        ops.conv2d_transpose(image, one, activation=activation),
        ops.conv1d(image[0], one[0], activation=activation),
        ops.depthwise_conv2d(image, one, activation=activation),
        ops.separable_conv2d(image, one, one, activation=activation),
    ):
        np.testing.assert_allclose(y.numpy().ravel(), [expected], rtol=1e-6)


@pytest.mark.parametrize("op", [ops.concatenate, ops.stack])
def test_empty_arrays_with_many_rows_take_no_time(op):
    with pytest.raises(ValueError, match=r"expected a list of tensors, got an array of 1099511627776 rows"):
        op(np.zeros((2**40, 0)))
