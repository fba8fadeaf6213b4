"""Helpers for tests of layers and ops: gradients against finite differences, results within derived tolerances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .autograd.tape import no_grad
from .autograd.tensor import Tensor, as_array

__all__ = ["assert_close", "check_gradients"]


def assert_close(actual: Any, expected: Any, terms: int = 1, scale: float = 1.0, factor: float = 4.0) -> None:
    """Checks |actual - expected| <= factor · eps · √terms · scale, with the eps of the coarser dtype.

    Args:
        actual: Tensor or array of any shape.
        expected: Tensor or array of the same shape; one of both has floats.
        terms: How many numbers were added up for one element.
        scale: About how large they were.
        factor: How much more is allowed than one rounding of each.

    Raises:
        AssertionError: If the check fails.

    Example:
        >>> pydl.testing.assert_close(pydl.ops.sqrt([2.0]), np.sqrt([2.0]))
    """
    a, e = as_array(actual), as_array(expected)
    eps = max(np.finfo(x.dtype).eps for x in (a, e) if x.dtype.kind == "f")
    np.testing.assert_allclose(a, e, rtol=0, atol=float(factor * eps * np.sqrt(terms) * scale))


def check_gradients(
    function: Callable[..., Tensor],
    inputs: Sequence[Any],
    epsilon: float = 1e-6,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> None:
    """Compares the gradients of the tape with central differences along one random direction, in float64.

    Args:
        function: A function from tensors to a tensor of any shape; a random weighting makes it a scalar.
        inputs: Arrays of any shape, of floats; each is converted to float64.
        epsilon: Half the distance of the two points.
        tolerance: The error allowed, relative to the size of the terms of the derivative.
        seed: Of direction and weighting.

    Raises:
        AssertionError: If the two differ, or an input gets a gradient of another shape, or none.

    Example:
        >>> pydl.testing.check_gradients(lambda x, y: x * pydl.ops.sin(y), [[1.0, 2.0], [3.0, 4.0]])
    """
    rng = np.random.default_rng(seed)
    arrays = [np.array(x, np.float64) for x in inputs]
    tensors = [Tensor(a, requires_grad=True) for a in arrays]
    y = function(*tensors)
    weighting = rng.standard_normal(y.shape)
    y.backward(weighting)

    directions = [rng.standard_normal(a.shape) for a in arrays]
    terms: list[Any] = []
    for number, (tensor, direction) in enumerate(zip(tensors, directions, strict=True)):
        assert tensor.grad is not None, f"input {number} got no gradient"
        assert tensor.grad.shape == tensor.shape, f"input {number}: gradient {tensor.grad.shape}, shape {tensor.shape}"
        terms.append(np.asarray(tensor.grad * direction).ravel())

    def value(step: float) -> Any:
        with no_grad():
            moved = [Tensor(a + step * d) for a, d in zip(arrays, directions, strict=True)]
            return function(*moved).array * weighting

    expected = (value(epsilon) - value(-epsilon)).sum() / (2 * epsilon)
    actual = sum(t.sum() for t in terms)
    size = 1.0 + float(np.sqrt(sum(np.square(t).sum() for t in terms)))
    assert abs(actual - expected) <= tolerance * size, (
        f"directional derivative: expected {expected} (finite differences), got {actual} (tape)"
    )
