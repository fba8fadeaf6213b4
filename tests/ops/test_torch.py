"""The ops and their gradients against PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pydl import Tensor, ops
from pydl.testing import assert_close

pytestmark = pytest.mark.oracle

rng = np.random.default_rng(11)


def normal(*shape: int) -> Any:
    return rng.standard_normal(shape)


IMAGES, FILTERS, BIAS = normal(2, 9, 8, 4), normal(3, 3, 4, 6), normal(6)
STEPS = normal(2, 9, 4)
LABELS, TARGETS = np.array([1, 0, 3, 3]), rng.uniform(size=(4, 5))

Op = Callable[..., Any]


def torch_conv(stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Op:
    def run(f: Any, x: Any, w: Any, b: Any) -> Any:
        y = f.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), b, stride, padding, dilation, groups)
        return y.permute(0, 2, 3, 1)

    return run


def torch_conv1d(stride: int = 1, dilation: int = 1, groups: int = 1) -> Op:
    return lambda f, x, w, b: f.conv1d(x.mT, w.permute(2, 1, 0), b, stride, 0, dilation, groups).mT


def torch_transpose(stride: Any = 1, extra: Any = 0, dilation: int = 1, padding: int = 0) -> Op:
    def run(f: Any, x: Any, w: Any, b: Any) -> Any:
        x, w = x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1)
        return f.conv_transpose2d(x, w, b, stride, padding, extra, 1, dilation).permute(0, 2, 3, 1)

    return run


def torch_depthwise(stride: int = 1, dilation: int = 1) -> Op:
    def run(f: Any, x: Any, w: Any, b: Any) -> Any:
        kernel = w.reshape(*w.shape[:2], 1, -1)
        return torch_conv(stride, 0, dilation, x.shape[3])(f, x, kernel, b)

    return run


def channels_last(pool: Op) -> Op:
    return lambda f, x: pool(f, x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


# name: (ours, theirs given torch.nn.functional, arrays)
CASES: dict[str, tuple[Op, Op, list[Any]]] = {
    "conv2d": (ops.conv2d, torch_conv(), [IMAGES, FILTERS, BIAS]),
    "conv2d-same": (lambda *a: ops.conv2d(*a, padding="same"), torch_conv(padding="same"), [IMAGES, FILTERS, BIAS]),
    "conv2d-strides": (lambda *a: ops.conv2d(*a, strides=(2, 3)), torch_conv((2, 3)), [IMAGES, FILTERS, BIAS]),
    "conv2d-dilated": (lambda *a: ops.conv2d(*a, dilation_rate=2), torch_conv(dilation=2), [IMAGES, FILTERS, BIAS]),
    "conv2d-groups": (ops.conv2d, torch_conv(groups=2), [IMAGES, normal(3, 3, 2, 6), BIAS]),
    "conv1d": (lambda *a: ops.conv1d(*a, 2, dilation_rate=2), torch_conv1d(2, 2), [STEPS, normal(3, 4, 6), BIAS]),
    "conv1d-groups": (ops.conv1d, torch_conv1d(groups=2), [STEPS, normal(3, 2, 6), BIAS]),
    "conv1d-causal": (
        lambda *a: ops.conv1d(*a, padding="causal", dilation_rate=2),
        lambda f, x, w, b: torch_conv1d(1, 2)(f, f.pad(x, (0, 0, 4, 0)), w, b),
        [STEPS, normal(3, 4, 6), BIAS],
    ),
    "conv2d_transpose": (ops.conv2d_transpose, torch_transpose(), [IMAGES, normal(3, 2, 6, 4), BIAS]),
    "conv2d_transpose-output_padding": (
        lambda *a: ops.conv2d_transpose(*a, (3, 2), "valid", (2, 1), 2, "relu"),
        lambda *a: torch_transpose((3, 2), (2, 1), 2)(*a).relu(),
        [IMAGES, normal(3, 2, 6, 4), BIAS],
    ),
    "conv2d_transpose-same": (  # for an even kernel and stride 2 both pad alike
        lambda *a: ops.conv2d_transpose(*a, 2, "same"),
        torch_transpose(2, 0, 1, 1),
        [IMAGES, normal(4, 4, 6, 4), BIAS],
    ),
    "depthwise_conv2d": (ops.depthwise_conv2d, torch_depthwise(), [IMAGES, normal(3, 3, 4, 1), normal(4)]),
    "depthwise_conv2d-multiplier": (
        lambda *a: ops.depthwise_conv2d(*a, 2, dilation_rate=2),
        torch_depthwise(2, 2),
        [IMAGES, normal(3, 3, 4, 5), normal(20)],
    ),
    "separable_conv2d": (
        ops.separable_conv2d,
        lambda f, x, d, p, b: torch_conv()(f, torch_depthwise()(f, x, d, None), p, b),
        [IMAGES, normal(3, 3, 4, 2), normal(1, 1, 8, 6), BIAS],
    ),
    "dense": (
        lambda x, w, b: ops.dense(x, w, b, "tanh"),
        lambda f, x, w, b: (x @ w + b).tanh(),
        [normal(7, 5), normal(5, 3), normal(3)],
    ),
    "max_pool": (
        lambda x: ops.max_pool(x, 3, 2),
        channels_last(lambda f, x: f.max_pool2d(x, 3, 2)),
        [IMAGES],
    ),
    "average_pool": (
        lambda x: ops.average_pool(x, (2, 3), padding="valid"),
        channels_last(lambda f, x: f.avg_pool2d(x, (2, 3))),
        [IMAGES],
    ),
    "global_max_pool": (ops.global_max_pool, lambda f, x: x.amax((1, 2)), [IMAGES]),
    "global_average_pool": (ops.global_average_pool, lambda f, x: x.mean((1, 2)), [IMAGES]),
    "softmax": (ops.softmax, lambda f, x: f.softmax(x, -1), [normal(4, 5)]),
    "log_softmax": (ops.log_softmax, lambda f, x: f.log_softmax(x, -1), [normal(4, 5)]),
    "softmax_cross_entropy": (
        lambda x: ops.softmax_cross_entropy(x, LABELS),
        lambda f, x: f.cross_entropy(x, as_torch(LABELS), reduction="none"),
        [normal(4, 5)],
    ),
    "sigmoid_cross_entropy": (
        lambda x: ops.sigmoid_cross_entropy(x, TARGETS),
        lambda f, x: f.binary_cross_entropy_with_logits(x, as_torch(TARGETS).to(x.dtype), reduction="none"),
        [normal(4, 5)],
    ),
    "relu": (ops.relu, lambda f, x: f.relu(x), [normal(40)]),
    "relu6": (ops.relu6, lambda f, x: f.relu6(x), [4 * normal(40)]),
    "leaky_relu": (lambda x: ops.leaky_relu(x, 0.1), lambda f, x: f.leaky_relu(x, 0.1), [normal(40)]),
    "elu": (ops.elu, lambda f, x: f.elu(x), [normal(40)]),
    "selu": (ops.selu, lambda f, x: f.selu(x), [normal(40)]),
    "gelu": (ops.gelu, lambda f, x: f.gelu(x, approximate="tanh"), [normal(40)]),
    "gelu-exact": (lambda x: ops.gelu(x, approximate=False), lambda f, x: f.gelu(x), [normal(40)]),
    "silu": (ops.silu, lambda f, x: f.silu(x), [normal(40)]),
    "softplus": (ops.softplus, lambda f, x: f.softplus(x, threshold=1e9), [normal(40)]),
    "softsign": (ops.softsign, lambda f, x: f.softsign(x), [normal(40)]),
    "sigmoid": (ops.sigmoid, lambda f, x: f.sigmoid(x), [normal(40)]),
    # PyTorch multiplies by 1/6 rounded to float32, even in float64.
    "hard_sigmoid": (ops.hard_sigmoid, lambda f, x: f.relu6(x + 3) / 6, [3 * normal(40)]),
    "tanh": (ops.tanh, lambda f, x: f.tanh(x), [normal(40)]),
    "max": (lambda x: ops.max(x, (0, 2)), lambda f, x: x.amax((0, 2)), [rng.integers(0, 3, (3, 4, 5))]),
}


def as_torch(array: Any) -> Any:
    import torch

    return torch.from_numpy(array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CASES)
def test_same_value_and_gradients(name: str, dtype: Any) -> None:
    import torch.nn.functional

    ours, theirs, arrays = CASES[name]
    arrays = [a.astype(dtype) for a in arrays]
    mine = [Tensor(a, requires_grad=True) for a in arrays]
    other = [as_torch(a.copy()).requires_grad_() for a in arrays]
    y, expected = ours(*mine), theirs(torch.nn.functional, *other)
    weighting = normal(*y.shape).astype(dtype)
    y.backward(weighting)
    expected.backward(as_torch(weighting))
    pairs = [(y.array, expected.detach().numpy())]
    pairs += [(x.grad, t.grad.numpy()) for x, t in zip(mine, other, strict=True)]
    for actual, want in pairs:
        assert_close(actual, want, terms=200, scale=float(np.abs(want).max()))
