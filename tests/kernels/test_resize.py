"""resize: upsampled images against interpolation matrices, and against PyTorch."""

from typing import Any

import numpy as np
import pytest

from pydl import _core, ops
from pydl.testing import check_gradients
from tests.reference import resize as reference
from tests.tolerance import assert_close, tol

SHAPES = [(1, 1, 1, 1), (2, 3, 4, 5), (1, 5, 1, 17), (2, 1, 6, 3), (0, 2, 2, 1), (1, 2, 2, 0)]
SIZES = [(1, 1), (2, 2), (3, 2), (1, 5), (4, 3)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bilinear", [False, True], ids=["nearest", "bilinear"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_reference(isa: str, shape: Any, bilinear: bool, dtype: Any, rng: np.random.Generator) -> None:
    name = "bilinear" if bilinear else "nearest"
    x = rng.standard_normal(shape).astype(dtype)
    for size in SIZES:
        y = _core.resize2d_forward(x, size, name)
        assert_close(y, reference.forward(x.astype(float), size, bilinear), tol(dtype, 4, 4))
        dy = rng.standard_normal(y.shape).astype(dtype)
        dx = reference.backward(dy.astype(float), size, bilinear)
        assert_close(_core.resize2d_backward(dy, size, name), dx, tol(dtype, 4 * size[0] * size[1], 8))


def test_same_bits_for_any_thread_count(isa: str, rng: np.random.Generator) -> None:
    x, dy = rng.standard_normal((2, 40, 30, 9)), rng.standard_normal((2, 80, 90, 9))
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append([_core.resize2d_forward(x, (2, 3), "bilinear"), _core.resize2d_backward(dy, (2, 3), "bilinear")])
    for result in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(result, results[0], strict=True))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_op(interpolation: str, rng: np.random.Generator) -> None:
    check_gradients(lambda a: ops.upsample(a, (2, 3), interpolation), [rng.standard_normal((2, 3, 4, 2))])


def test_errors() -> None:
    x = np.ones((1, 4, 4, 1))
    with pytest.raises(ValueError, match=r"interpolation: expected nearest or bilinear, got 'cubic'"):
        _core.resize2d_forward(x, (2, 2), "cubic")
    with pytest.raises(ValueError, match=r"dy: expected multiples of size \(3, 2\) rows and columns"):
        _core.resize2d_backward(x, (3, 2), "nearest")
    with pytest.raises(ValueError, match=r"\[upsample\] x: expected 4 axes"):
        ops.upsample(np.ones((4, 4)))
    with pytest.raises(ValueError, match=r"size: too large|size: expected"):
        _core.resize2d_forward(x, (2**30, 2**30), "nearest")


@pytest.mark.oracle
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_pytorch(interpolation: str, rng: np.random.Generator) -> None:
    import torch

    x = torch.tensor(rng.standard_normal((2, 3, 5, 4)), requires_grad=True)
    options = {} if interpolation == "nearest" else {"align_corners": False}
    y = torch.nn.functional.interpolate(x, scale_factor=(3, 2), mode=interpolation, **options)
    dy = rng.standard_normal(tuple(y.shape))
    y.backward(torch.tensor(dy))
    ours = np.ascontiguousarray(x.detach().numpy().transpose(0, 2, 3, 1))
    assert_close(_core.resize2d_forward(ours, (3, 2), interpolation), y.detach().numpy().transpose(0, 2, 3, 1), 1e-12)
    dx = _core.resize2d_backward(np.ascontiguousarray(dy.transpose(0, 2, 3, 1)), (3, 2), interpolation)
    assert_close(dx, x.grad.numpy().transpose(0, 2, 3, 1), 1e-12)
