"""Values and gradients at 0, 1, the limits of the range, infinity and NaN equal PyTorch's, without warnings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, ops

Op = Callable[..., Any]

# No denormals: kernels treat them as zeros (docs/design/threads.md).
POINTS = [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 20, 100, -100, 1e30, -1e30, 1e-30, -1e-30, np.inf, -np.inf, np.nan]
POWERS = [0, 0.0, 1, 1.0, 2, 2.0, 3, 3.0, -1, -1.0, -2.0, 2.5, np.inf, -np.inf, np.nan]

UNARY: dict[str, tuple[Op, Op]] = {
    "abs": (lambda x: ops.abs(ops.where(x == x, x, 0.0)), lambda t, f, x: t.where(x == x, x, 0.0).abs()),
    "square": (ops.square, lambda t, f, x: x.square()),
    "sqrt": (ops.sqrt, lambda t, f, x: x.sqrt()),
    "log": (ops.log, lambda t, f, x: x.log()),
    "log1p": (ops.log1p, lambda t, f, x: x.log1p()),
    "exp": (ops.exp, lambda t, f, x: x.exp()),
    "negative": (ops.negative, lambda t, f, x: -x),
    "sigmoid": (ops.sigmoid, lambda t, f, x: x.sigmoid()),
    "tanh": (ops.tanh, lambda t, f, x: x.tanh()),
    "relu": (ops.relu, lambda t, f, x: x.relu()),
    "relu6": (lambda x: ops.relu6(ops.where(x == x, x, 0.0)), lambda t, f, x: f.relu6(t.where(x == x, x, 0.0))),
    "elu": (ops.elu, lambda t, f, x: f.elu(x)),
    "silu": (ops.silu, lambda t, f, x: f.silu(x)),
    "softsign": (ops.softsign, lambda t, f, x: f.softsign(x)),
    "softplus": (ops.softplus, lambda t, f, x: t.logaddexp(x, t.zeros_like(x))),
    "clip": (lambda x: ops.clip(x, -1, 2), lambda t, f, x: x.clamp(-1, 2)),
    "clip-crossed": (lambda x: ops.clip(x, 2, -1), lambda t, f, x: x.clamp(2, -1)),
    "maximum": (lambda x: ops.maximum(x, 0.0), lambda t, f, x: t.maximum(x, t.zeros_like(x))),
    "minimum": (lambda x: ops.minimum(x, 1.0), lambda t, f, x: t.minimum(x, t.ones_like(x))),
    "where-dead-branch": (
        lambda x: ops.where(ops.greater(x, 0), x, np.nan),
        lambda t, f, x: t.where(x > 0, x, t.full_like(x, np.nan)),
    ),
    "where-log": (lambda x: ops.where(x > 0, ops.log(x), 0.0), lambda t, f, x: t.where(x > 0, x.log(), 0.0)),
    **{f"power {p!r}": (lambda x, p=p: ops.power(x, p), lambda t, f, x, p=p: x.pow(p)) for p in POWERS},
    **{f"of {p!r}": (lambda x, p=p: ops.power(p, x), lambda t, f, x, p=p: t.pow(p, x)) for p in POWERS[1::2]},
    **{f"times {p!r}": (lambda x, p=p: ops.multiply(x, p), lambda t, f, x, p=p: x * p) for p in (0.0, -0.0, np.inf)},
    **{f"by {p!r}": (lambda x, p=p: ops.divide(x, p), lambda t, f, x, p=p: x / p) for p in (0.0, -0.0, np.inf)},
}
BINARY: dict[str, tuple[Op, Op]] = {
    "add": (ops.add, lambda t, f, x, y: x + y),
    "subtract": (ops.subtract, lambda t, f, x, y: x - y),
    "maximum": (ops.maximum, lambda t, f, x, y: t.maximum(x, y)),
    "minimum": (ops.minimum, lambda t, f, x, y: t.minimum(x, y)),
    "power": (ops.power, lambda t, f, x, y: t.pow(x, y)),
}
ROWS = [
    [0, 0, 0], [1, 1, 1], [-0.0, 0, -0.0], [np.inf, 0, 1], [-np.inf, 0, 1], [-np.inf] * 3, [np.inf, np.inf, 0],
    [np.nan, 0, 1], [1e38] * 3, [-1e38, 0, 1e38], [1000, -1000, 0],
]  # fmt: skip
ROW_OPS: dict[str, tuple[Op, Op]] = {
    "softmax": (ops.softmax, lambda t, f, x: x.softmax(-1)),
    "log_softmax": (ops.log_softmax, lambda t, f, x: x.log_softmax(-1)),
    "sum": (lambda x: ops.sum(x, -1), lambda t, f, x: x.sum(-1)),
    "mean": (lambda x: ops.mean(x, -1), lambda t, f, x: x.mean(-1)),
    "max": (lambda x: ops.max(x, -1), lambda t, f, x: x.amax(-1)),
    "min": (lambda x: ops.min(x, -1), lambda t, f, x: x.amin(-1)),
    "norm": (lambda x: ops.sqrt(ops.sum(ops.square(x), -1)), lambda t, f, x: x.square().sum(-1).sqrt()),
    "cross_entropy": (
        lambda x: ops.softmax_cross_entropy(x, np.ones(len(x.array), int)),
        lambda t, f, x: f.cross_entropy(x, t.ones(len(x), dtype=int), reduction="none"),
    ),
}


def compare(ours: Op, theirs: Op, *arrays: Any) -> None:
    import torch
    import torch.nn.functional as functional

    mine = [Tensor(a.copy(), requires_grad=True) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, expected = ours(*mine), theirs(torch, functional, *other)
    y.backward(np.ones(y.shape, y.dtype))
    expected.backward(torch.ones_like(expected))
    epsilon = np.finfo(arrays[0].dtype).eps
    np.testing.assert_allclose(y.numpy(), expected.detach().numpy(), 200 * epsilon, 4 * epsilon)
    for x, t in zip(mine, other, strict=True):
        np.testing.assert_allclose(x.grad, t.grad.numpy(), 400 * epsilon, 4 * epsilon)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", UNARY)
def test_unary_ops(name: str, dtype: Any) -> None:
    compare(*UNARY[name], np.array(POINTS, dtype))


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", BINARY)
def test_binary_ops(name: str, dtype: Any) -> None:
    x, y = np.meshgrid(np.array(POINTS, dtype), np.array(POINTS, dtype))
    compare(*BINARY[name], x, y)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ROW_OPS)
def test_ops_along_an_axis(name: str, dtype: Any) -> None:
    compare(*ROW_OPS[name], np.array(ROWS, dtype))


def test_infinite_gradient_stays_in_its_branch() -> None:
    x = pydl.Variable([1.0, 2.0])
    ops.where([True, False], x, 0.0).backward([np.inf, np.inf])
    np.testing.assert_array_equal(x.grad, [np.inf, 0])


def test_equal_operands_share_the_gradient() -> None:
    a, b = pydl.Variable([1.0, 2.0, 5.0]), pydl.Variable([1.0, 3.0, 4.0])
    ops.sum(ops.maximum(a, b)).backward()
    np.testing.assert_array_equal(a.grad, [0.5, 0, 1])
    np.testing.assert_array_equal(b.grad, [0.5, 1, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rectifiers_at_their_kinks(dtype: Any) -> None:
    x = Tensor(np.array([-np.inf, 0.0, 1.0, 1.5, 2.0, 3.0], dtype), requires_grad=True)
    y = ops.relu(x, threshold=1.0, max_value=2.0)
    np.testing.assert_array_equal(y, [0, 0, 0, 1.5, 2, 2])
    assert not np.signbit(y.numpy()).any()
    y.backward(np.ones(6, dtype))
    np.testing.assert_array_equal(x.grad, [0, 0, 0, 1, 1, 0])
