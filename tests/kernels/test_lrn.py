"""Local response normalisation: against the float64 reference, on every instruction set, and PyTorch."""

from typing import Any

import numpy as np
import pytest

from pydl import _core
from tests.reference import lrn as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]
PAPER = (2, 2.0, 1e-4, 0.75)
RULES = [
    PAPER,
    (2, 1.0, 0.3, 0.75),
    (0, 1.0, 1.0, 0.5),
    (5, 0.5, 0.1, 1.3),
    (1, 1.0, 0.0, 2.0),
    (10**9, 1.0, 0.2, 0.75),
]


def check(rows: int, cols: int, rule: Any, dtype: Any, rng: np.random.Generator) -> None:
    x, dy = (3 * rng.standard_normal((2, rows, cols))).astype(dtype)
    wide_x, wide_dy = x.astype(np.float64), dy.astype(np.float64)
    y, dx = _core.lrn_forward(x, *rule), _core.lrn_backward(dy, x, *rule)
    radius = min(rule[0], cols)
    terms = 2 * radius + 1
    # The relative error of s to the power of beta, and of exp(beta log s)
    s = rule[1] + rule[2] * reference.neighbours(wide_x**2, radius)
    relative = tol(dtype, terms) * (1 + rule[3]) * (1 + float(np.abs(np.log(s)).max(initial=0)))
    assert_close(y, reference.forward(wide_x, radius, *rule[1:]), atol=0, rtol=relative, what="y")
    expected = reference.backward(wide_x, wide_dy, radius, *rule[1:])
    pull = (
        2
        * rule[2]
        * rule[3]
        * np.abs(wide_x)
        * reference.neighbours(np.abs(wide_dy * wide_x) * s ** (-rule[3] - 1), radius)
    )
    allowed = relative * 4 * float((np.abs(wide_dy) * s ** -rule[3] + pull).max(initial=0))
    assert_close(dx, expected, atol=allowed, what="dx")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("shape", [(0, 5), (3, 1), (3, 2), (5, 16), (4, 17), (3, 96), (300, 33)], ids=str)
def test_reference(isa: str, shape: tuple[int, int], rule: Any, dtype: Any, rng: np.random.Generator) -> None:
    check(*shape, rule, dtype, rng)


def test_same_bits_for_any_thread_count(isa: str, rng: np.random.Generator) -> None:
    x, dy = rng.standard_normal((2, 700, 96)).astype(np.float32)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append((_core.lrn_forward(x, *PAPER), _core.lrn_backward(dy, x, *PAPER)))
    for other in results[1:]:
        for a, b in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(a, b)


X = np.ones((2, 3), np.float32)
ERRORS: list[Any] = [
    (lambda: _core.lrn_forward(np.ones(()), *PAPER), ValueError, r"x: expected at least 1 dimension"),
    (lambda: _core.lrn_forward(X, -1, 1.0, 1.0, 1.0), ValueError, r"depth_radius: expected an integer >= 0"),
    (lambda: _core.lrn_forward(X, 1, 0.0, 1.0, 1.0), ValueError, r"bias: expected a number > 0"),
    (lambda: _core.lrn_forward(X, 1, 1.0, np.nan, 1.0), ValueError, r"alpha: expected a number >= 0"),
    (lambda: _core.lrn_backward(X, X[:1], *PAPER), ValueError, r"x: expected shape \(2, 3\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=r"\[lrn_\w+\] " + message):
        call()


@pytest.mark.oracle
def test_torch(rng: np.random.Generator) -> None:
    import torch

    x, dy = rng.standard_normal((2, 50, 96))
    t = torch.tensor(x, requires_grad=True)
    expected = torch.nn.functional.local_response_norm(t[..., None], 5, alpha=5e-4, beta=0.75, k=2.0)
    expected = expected[..., 0]  # PyTorch divides alpha by the window size
    expected.backward(torch.tensor(dy))
    assert_close(_core.lrn_forward(x, *PAPER), expected.detach().numpy(), atol=0, rtol=1e-13)
    assert_close(_core.lrn_backward(dy, x, *PAPER), t.grad.numpy(), atol=1e-13)
