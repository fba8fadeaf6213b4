"""Fused cross-entropies: against the float64 reference, on every instruction set and thread count, and PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import SOFTMAX
from tests.reference import loss as reference
from tests.reference.softmax import softmax
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
LABELS = [np.int32, np.int64, "dense"]


def run(logits: Array, labels: Array, dloss: Array) -> tuple[Array, Array, Array]:
    loss, probs = _core.softmax_cross_entropy_forward(logits, labels)
    return loss, probs, _core.softmax_cross_entropy_backward(probs, labels, dloss)


def arrays(rows: int, cols: int, dtype: Any, kind: Any, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """logits, labels as passed to the kernel, labels as a float64 matrix, dloss."""
    logits, dloss = rng.normal(scale=3, size=(rows, cols)).astype(dtype), rng.standard_normal(rows).astype(dtype)
    if kind == "dense":  # also rows whose sum is not 1
        labels = rng.uniform(size=(rows, cols)).astype(dtype)
        return logits, labels, labels.astype(np.float64), dloss
    labels = rng.integers(0, cols, rows).astype(kind)
    return logits, labels, reference.one_hot(labels, cols), dloss


def check(rows: int, cols: int, dtype: Any, kind: Any, rng: np.random.Generator) -> None:
    logits, labels, target, dloss = arrays(rows, cols, dtype, kind, rng)
    loss, probs, dlogits = run(logits, labels, dloss)
    wide = logits.astype(np.float64)
    eps = float(np.finfo(dtype).eps)
    expected = reference.softmax_cross_entropy(wide, target)
    assert_close(loss, expected, atol=tol(dtype, cols, 4), rtol=tol(dtype, cols), what="loss")
    relative = tol(dtype, cols) + eps * float(np.ptp(wide, axis=1).max(initial=0))
    assert_close(probs, softmax(wide), atol=0, rtol=relative, what="probs")
    scale = float((np.abs(dloss) * target.sum(axis=1)).max(initial=1))
    gradient = reference.softmax_cross_entropy_backward(wide, target, dloss.astype(np.float64))
    assert_close(dlogits, gradient, atol=2 * relative * scale, what="dlogits")


def check_sigmoid(shape: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    logits, dloss = rng.normal(scale=5, size=(2, *shape)).astype(dtype)
    target = rng.uniform(size=shape).astype(dtype)
    loss = _core.sigmoid_cross_entropy_forward(logits, target)
    dlogits = _core.sigmoid_cross_entropy_backward(logits, target, dloss)
    wide = [a.astype(np.float64) for a in (logits, target, dloss)]
    eps = float(np.finfo(dtype).eps)
    atol = 4 * eps * float(np.max(np.abs(logits), initial=1))
    assert_close(loss, reference.sigmoid_cross_entropy(wide[0], wide[1]), atol, 4 * eps, what="loss")
    atol = 4 * eps * float(np.max(np.abs(dloss), initial=1))
    assert_close(dlogits, reference.sigmoid_cross_entropy_backward(*wide), atol, what="dlogits")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", LABELS, ids=str)
@pytest.mark.parametrize("shape", SOFTMAX[1:], ids=str)
def test_softmax(shape: tuple[int, int], kind: Any, dtype: Any, rng: np.random.Generator) -> None:
    check(*shape, dtype, kind, rng)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_tail_on_every_isa(isa: str, dtype: Any, rng: np.random.Generator) -> None:
    for n in range(1, 71):
        for kind in LABELS:
            check(2, n, dtype, kind, rng)
        check_sigmoid((n,), dtype, rng)


def test_empty(isa: str, rng: np.random.Generator) -> None:
    for kind in LABELS:
        logits, labels, _, dloss = arrays(0, 5, np.float32, kind, rng)
        assert [a.shape for a in run(logits, labels, dloss)] == [(0,), (0, 5), (0, 5)]
    check_sigmoid((0, 4), np.float32, rng)


@pytest.mark.parametrize("kind", LABELS, ids=str)
@pytest.mark.parametrize("shape", [(3, 5), (4099, 10), (37, 10_007)])
def test_same_bits_for_any_thread_count(isa: str, shape: tuple[int, int], kind: Any, rng: np.random.Generator) -> None:
    logits, labels, target, dloss = arrays(*shape, np.float32, kind, rng)
    target = target.astype(np.float32)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append([*run(logits, labels, dloss), _core.sigmoid_cross_entropy_forward(logits, target)])
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            assert np.array_equal(a, b)


def test_stable_for_extreme_logits(isa: str) -> None:
    """Losses are right where exp overflows or log gets a 0."""
    logits = np.array([[1e4, 0], [0, 1e4]], np.float32)
    loss, probs, dlogits = run(logits, np.array([1, 1]), np.ones(2, np.float32))
    assert loss.tolist() == [1e4, 0]
    assert probs.tolist() == [[1, 0], [0, 1]]
    assert dlogits.tolist() == [[1, -1], [0, 0]]
    z, t = np.array([1e4, -1e4, -1e4]), np.array([1.0, 1.0, 0.0])
    assert _core.sigmoid_cross_entropy_forward(z, t).tolist() == [0, 1e4, 0]


def test_nan(isa: str) -> None:
    logits = np.array([[0.0, np.nan, 1], [0, 1, 2], [-np.inf, -np.inf, -np.inf]])
    loss, probs, _ = run(logits, np.zeros(3, int), np.ones(3))
    assert np.isnan(loss).tolist() == [True, False, True]
    assert np.isnan(probs).all(axis=1).tolist() == [True, False, True]
    assert np.isnan(_core.sigmoid_cross_entropy_forward(logits[0], np.ones(3))).tolist() == [False, True, False]


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 9), st.integers(1, 90), st.sampled_from(DTYPES), st.sampled_from(LABELS), st.integers(0, 2**32 - 1)
)
def test_any_shape(rows: int, cols: int, dtype: Any, kind: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    check(rows, cols, dtype, kind, rng)
    check_sigmoid((rows, cols), dtype, rng)


@pytest.mark.parametrize("kind", LABELS, ids=str)
def test_gradient(kind: Any, rng: np.random.Generator) -> None:
    logits, labels, target, dloss = arrays(6, 11, np.float64, kind, rng)
    direction, h = rng.standard_normal(logits.shape), 1e-5

    def slope(forward: Any) -> float:
        return float(np.sum((forward(logits + h * direction) - forward(logits - h * direction)) / (2 * h)))

    expected = slope(lambda z: dloss * _core.softmax_cross_entropy_forward(z, labels)[0])
    assert abs(expected - np.sum(run(logits, labels, dloss)[2] * direction)) <= 1e-7 * (1 + abs(expected))
    weights = rng.standard_normal(logits.shape)
    expected = slope(lambda z: weights * _core.sigmoid_cross_entropy_forward(z, target))
    actual = np.sum(_core.sigmoid_cross_entropy_backward(logits, target, weights) * direction)
    assert abs(expected - actual) <= 1e-7 * (1 + abs(expected))


X, ONES = np.zeros((2, 3), np.float32), np.ones(2, np.float32)
FORWARD, BACKWARD = _core.softmax_cross_entropy_forward, _core.softmax_cross_entropy_backward
ERRORS: list[Any] = [
    (
        lambda: FORWARD(X, np.array([1, 3])),
        ValueError,
        r"forward\] labels: expected values in \[0, 3\), got 3 at row 1",
    ),
    (
        lambda: FORWARD(X, np.array([-1, 0], np.int32)),
        ValueError,
        r"labels: expected values in \[0, 3\), got -1 at row 0",
    ),
    (lambda: BACKWARD(X, np.array([0, 7]), ONES), ValueError, r"backward\] labels: expected values .* got 7 at row 1"),
    (lambda: FORWARD(X, np.array([0])), ValueError, r"labels: expected shape \(2,\), got int64 \(1,\)"),
    (lambda: FORWARD(X, X[:1]), ValueError, r"labels: expected shape \(2, 3\), got float32 \(1, 3\)"),
    (lambda: FORWARD(X, X.astype(float)), TypeError, r"labels: expected int32 or int64 \(2,\), or float32 \(2, 3\)"),
    (lambda: FORWARD(X[0], np.array([0])), ValueError, r"logits: expected 2 dimensions, got float32 \(3,\)"),
    (lambda: FORWARD(np.zeros((2, 0)), np.array([0, 0])), ValueError, r"logits: expected at least one class"),
    (lambda: BACKWARD(X, np.array([0, 1]), ONES[:1]), ValueError, r"dloss: expected shape \(2,\)"),
    (lambda: _core.sigmoid_cross_entropy_forward(X, ONES), ValueError, r"targets: expected shape \(2, 3\)"),
    (lambda: _core.sigmoid_cross_entropy_backward(X, X, ONES), ValueError, r"dloss: expected shape \(2, 3\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.oracle
@pytest.mark.parametrize("kind", LABELS, ids=str)
def test_torch(kind: Any, rng: np.random.Generator) -> None:
    import torch
    from torch.nn import functional as F

    for shape in SOFTMAX[1:]:
        logits, labels, target, dloss = arrays(*shape, np.float64, kind, rng)
        loss, _, dlogits = run(logits, labels, dloss)
        t = torch.tensor(logits, requires_grad=True)
        expected = F.cross_entropy(
            t, torch.tensor(labels if kind == "dense" else labels.astype(np.int64)), reduction="none"
        )
        expected.backward(torch.tensor(dloss))
        scale = max(1.0, shape[1] / 2 if kind == "dense" else 1)
        assert_close(loss, expected.detach().numpy(), atol=tol(np.float64, shape[1], 10), rtol=1e-13)
        assert_close(dlogits, t.grad.numpy(), atol=tol(np.float64, shape[1], 4 * scale))
        z = torch.tensor(logits, requires_grad=True)
        expected = F.binary_cross_entropy_with_logits(z, torch.tensor(target), reduction="none")
        expected.sum().backward()
        assert_close(_core.sigmoid_cross_entropy_forward(logits, target), expected.detach().numpy(), 1e-14, 1e-14)
        dlogits = _core.sigmoid_cross_entropy_backward(logits, target, np.ones_like(logits))
        assert_close(dlogits, z.grad.numpy(), atol=1e-15)
