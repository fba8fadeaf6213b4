"""The gradient of every op and variant against central differences in float64."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pydl import Tensor, ops
from pydl.testing import check_gradients

Case = tuple[str, Callable[..., Tensor], list[Any]]

rng = np.random.default_rng(3)


def normal(*shape: int) -> Any:
    return rng.standard_normal(shape)


def positive(*shape: int) -> Any:
    return rng.uniform(0.5, 2.0, shape)


def spread(*shape: int) -> Any:
    """Numbers at least 0.1 apart, from zero too: away from kinks."""
    count = int(np.prod(shape))
    return rng.permutation(np.arange(count) - count / 2 + 0.5).reshape(shape) * 0.2


BROADCASTS = {
    "same": ((3, 4), (3, 4)),
    "scalar": ((3, 4), ()),
    "row": ((2, 3, 4), (4,)),
    "column": ((2, 3, 4), (2, 3, 1)),
    "outer": ((3, 1), (1, 4)),
    "swapped": ((4,), (3, 4)),
    "middle": ((2, 3, 4), (2, 1, 4)),
    "scalars": ((), ()),
    "empty": ((0, 4), (4,)),
}
BINARY: dict[str, tuple[Callable[..., Tensor], Any]] = {
    "add": (ops.add, normal),
    "subtract": (ops.subtract, normal),
    "multiply": (ops.multiply, normal),
    "divide": (ops.divide, positive),
    "maximum": (ops.maximum, normal),
    "minimum": (ops.minimum, normal),
    "power": (ops.power, positive),
}
LABELS = np.array([2, 0, 1])
STATISTICS = rng.uniform(0.5, 2.0, 4)
TARGETS = rng.dirichlet(np.ones(4), 3)
ACTIVATION_ALPHA = {"leaky_relu": 0.2, "elu": 1.3}

CASES: list[Case] = [
    *(
        (f"{name}-{case}", op, [draw(*a), draw(*b)])
        for name, (op, draw) in BINARY.items()
        for case, (a, b) in BROADCASTS.items()
    ),
    *(
        (f"activate-{name}", lambda x, n=name: ops.activate(x, n, ACTIVATION_ALPHA.get(n, 0.0)), [spread(4, 9)])
        for name in ops.ACTIVATIONS
    ),
    ("relu", ops.relu, [spread(3, 4)]),
    ("relu-all", lambda x: ops.relu(x, 0.3, 0.75, 0.25), [spread(3, 7)]),
    ("prelu", ops.prelu, [spread(3, 4), normal(4)]),
    ("prelu-scalar", ops.prelu, [spread(3, 4), normal()]),
    ("prelu-column", ops.prelu, [spread(2, 3, 4), normal(2, 3, 1)]),
    ("prelu-middle", ops.prelu, [spread(2, 3, 4), normal(2, 1, 4)]),
    ("leaky_relu", ops.leaky_relu, [spread(3, 4)]),
    ("elu", lambda x: ops.elu(x, 0.5), [spread(3, 4)]),
    ("gelu", ops.gelu, [spread(3, 4)]),
    ("gelu-exact", lambda x: ops.gelu(x, approximate=False), [spread(3, 4)]),
    ("exp", ops.exp, [normal(3, 4)]),
    ("log", ops.log, [positive(3, 4)]),
    ("log1p", ops.log1p, [positive(3, 4)]),
    ("sqrt", ops.sqrt, [positive(3, 4)]),
    ("square", ops.square, [normal(3, 4)]),
    ("abs", ops.abs, [spread(3, 4)]),
    ("sin", ops.sin, [normal(3, 4)]),
    ("cos", ops.cos, [normal(3, 4)]),
    ("negative", ops.negative, [normal(3, 4)]),
    ("clip", lambda x: ops.clip(x, -0.4, 0.4), [spread(3, 4)]),
    ("where", lambda a, b: ops.where(np.eye(3) > 0, a, b), [normal(3, 3), normal(3)]),
    ("matmul", ops.matmul, [normal(3, 4), normal(4, 5)]),
    ("matmul-vectors", ops.matmul, [normal(4), normal(4)]),
    ("matmul-vector-matrix", ops.matmul, [normal(4), normal(4, 3)]),
    ("matmul-matrix-vector", ops.matmul, [normal(3, 4), normal(4)]),
    ("matmul-batch-matrix", ops.matmul, [normal(2, 3, 4), normal(4, 5)]),
    ("matmul-batches", ops.matmul, [normal(2, 3, 4), normal(2, 4, 5)]),
    ("matmul-broadcast", ops.matmul, [normal(2, 1, 3, 4), normal(3, 4, 5)]),
    ("dense", ops.dense, [normal(3, 4), normal(4, 5), normal(5)]),
    ("dense-no-bias", ops.dense, [normal(3, 4), normal(4, 5)]),
    ("dense-3d", ops.dense, [normal(2, 3, 4), normal(4, 5), normal(5)]),
    *(
        (f"dense-{name}", lambda *a, name=name: ops.dense(*a, name, ACTIVATION_ALPHA.get(name, 0.0)),
         [normal(3, 4), normal(4, 5), normal(5)])
        for name in ops.ACTIVATIONS
    ),
    ("conv2d", ops.conv2d, [normal(2, 5, 6, 3), normal(3, 3, 3, 4), normal(4)]),
    ("conv2d-no-bias", ops.conv2d, [normal(2, 5, 6, 3), normal(3, 3, 3, 4)]),
    ("conv2d-same", lambda *a: ops.conv2d(*a, padding="same"), [normal(2, 5, 6, 3), normal(2, 3, 3, 4), normal(4)]),
    ("conv2d-strides", lambda *a: ops.conv2d(*a, strides=(2, 3), padding="same"),
     [normal(2, 7, 6, 3), normal(3, 3, 3, 4), normal(4)]),
    ("conv2d-dilated", lambda *a: ops.conv2d(*a, dilation_rate=(2, 1)),
     [normal(1, 7, 6, 2), normal(3, 2, 2, 3), normal(3)]),
    ("conv2d-groups", ops.conv2d, [normal(2, 4, 4, 4), normal(2, 2, 2, 6), normal(6)]),
    ("conv1d", ops.conv1d, [normal(2, 7, 3), normal(3, 3, 4), normal(4)]),
    ("conv1d-causal", lambda *a: ops.conv1d(*a, padding="causal", dilation_rate=2), [normal(2, 7, 3), normal(3, 3, 4)]),
    ("conv1d-groups", lambda *a: ops.conv1d(*a, 2, "same", activation="tanh"),
     [normal(2, 7, 4), normal(3, 2, 6), normal(6)]),
    ("conv2d_transpose", ops.conv2d_transpose, [normal(2, 3, 4, 3), normal(3, 3, 2, 3), normal(2)]),
    ("conv2d_transpose-same", lambda *a: ops.conv2d_transpose(*a, (2, 3), "same", activation="tanh"),
     [normal(2, 3, 4, 3), normal(3, 4, 2, 3), normal(2)]),
    ("conv2d_transpose-output_padding", lambda *a: ops.conv2d_transpose(*a, None, 3, "same", (2, 0), (1, 2)),
     [normal(2, 3, 4, 3), normal(2, 3, 2, 3)]),
    ("conv2d_transpose-silu", lambda *a: ops.conv2d_transpose(*a, activation="silu"),
     [normal(1, 3, 3, 2), normal(2, 2, 2, 2), normal(2)]),
    ("conv1d_transpose", lambda *a: ops.conv1d_transpose(*a, 2, "valid", 1),
     [normal(2, 4, 3), normal(3, 2, 3), normal(2)]),
    ("depthwise_conv2d", ops.depthwise_conv2d, [normal(2, 5, 6, 3), normal(3, 3, 3, 1), normal(3)]),
    ("depthwise_conv2d-multiplier", lambda *a: ops.depthwise_conv2d(*a, 2, "same", activation="tanh"),
     [normal(2, 5, 6, 3), normal(3, 2, 3, 4), normal(12)]),
    ("separable_conv2d", lambda *a: ops.separable_conv2d(*a, padding="same"),
     [normal(2, 4, 5, 3), normal(3, 3, 3, 2), normal(1, 1, 6, 4), normal(4)]),
    ("conv2d-pixels", lambda *a: ops.conv2d(*a, padding=(0, 1, 2, 0)), [normal(1, 4, 4, 2), normal(3, 3, 2, 2)]),
    ("conv2d-tanh", lambda *a: ops.conv2d(*a, activation="tanh"), [normal(1, 4, 4, 2), normal(3, 3, 2, 2), normal(2)]),
    ("conv2d-silu", lambda *a: ops.conv2d(*a, activation="silu"), [normal(1, 4, 4, 2), normal(3, 3, 2, 2), normal(2)]),
    ("batch_norm", lambda *a: ops.batch_norm(*a)[0], [normal(7, 4), positive(4), normal(4)]),
    ("batch_norm-4d", lambda x, beta: ops.batch_norm(x, None, beta, 0.1)[0], [normal(2, 3, 3, 4), normal(4)]),
    ("batch_norm-no-beta", lambda x, gamma: ops.batch_norm(x, gamma)[0], [normal(6, 5), normal(5)]),
    ("batch_norm_inference", lambda *a: ops.batch_norm_inference(a[0], STATISTICS, STATISTICS, *a[1:]),
     [normal(2, 3, 4), normal(4), normal(4)]),
    ("layer_norm", ops.layer_norm, [normal(5, 6), normal(6), normal(6)]),
    ("layer_norm-axes", lambda *a: ops.layer_norm(*a, axis=(1, 2)), [normal(2, 3, 4), normal(3, 4), normal(3, 4)]),
    ("layer_norm-first-axis", lambda *a: ops.layer_norm(*a, axis=0), [normal(5, 3, 2), normal(5), normal(5)]),
    ("layer_norm-plain", ops.layer_norm, [normal(5, 6)]),
    ("group_norm", lambda *a: ops.group_norm(*a, groups=2), [normal(2, 3, 6), normal(6), normal(6)]),
    ("group_norm-plain", lambda x: ops.group_norm(x, groups=3), [normal(2, 2, 2, 6)]),
    ("local_response_norm", ops.local_response_norm, [normal(3, 7)]),
    ("local_response_norm-strong", lambda x: ops.local_response_norm(x, 1, 1.0, 0.5, 0.6), [normal(3, 7)]),
    ("max_pool", ops.max_pool, [spread(2, 5, 6, 3)]),
    ("max_pool-same", lambda x: ops.max_pool(x, 3, 2, "same"), [spread(2, 5, 6, 3)]),
    ("average_pool", ops.average_pool, [normal(2, 5, 6, 3)]),
    ("average_pool-same", lambda x: ops.average_pool(x, (3, 2), 2, "same"), [normal(2, 5, 5, 3)]),
    ("global_average_pool", ops.global_average_pool, [normal(2, 3, 4, 5)]),
    ("global_max_pool", lambda x: ops.global_max_pool(x, keepdims=True), [spread(2, 3, 4, 5)]),
    ("softmax", ops.softmax, [normal(3, 4)]),
    ("softmax-axis", lambda x: ops.softmax(x, 0), [normal(3, 4, 2)]),
    ("log_softmax", ops.log_softmax, [normal(3, 4)]),
    ("log_softmax-axis", lambda x: ops.log_softmax(x, 1), [normal(3, 4, 2)]),
    ("softmax_cross_entropy", lambda x: ops.softmax_cross_entropy(x, LABELS), [normal(3, 4)]),
    ("softmax_cross_entropy-dense", lambda x: ops.softmax_cross_entropy(x, TARGETS), [normal(3, 4)]),
    ("softmax_cross_entropy-3d", lambda x: ops.softmax_cross_entropy(x, LABELS[None]), [normal(1, 3, 4)]),
    ("sigmoid_cross_entropy", lambda x: ops.sigmoid_cross_entropy(x, TARGETS), [normal(3, 4)]),
    ("sum", ops.sum, [normal(3, 4)]),
    ("sum-axis", lambda x: ops.sum(x, 1), [normal(2, 3, 4)]),
    ("sum-axes", lambda x: ops.sum(x, (0, -1), keepdims=True), [normal(2, 3, 4)]),
    ("mean", ops.mean, [normal(3, 4)]),
    ("mean-axis", lambda x: ops.mean(x, (0, 2)), [normal(2, 3, 4)]),
    ("max", lambda x: ops.max(x, (0, 2)), [spread(2, 3, 4)]),
    ("min", lambda x: ops.min(x, -1, keepdims=True), [spread(2, 3, 4)]),
    ("reshape", lambda x: ops.reshape(x, (4, -1)), [normal(2, 3, 4)]),
    ("flatten", ops.flatten, [normal(2, 3, 4)]),
    ("expand_dims", lambda x: ops.expand_dims(x, 1), [normal(2, 3)]),
    ("squeeze", ops.squeeze, [normal(2, 1, 3)]),
    ("transpose", ops.transpose, [normal(2, 3, 4)]),
    ("transpose-axes", lambda x: ops.transpose(x, (1, -1, 0)), [normal(2, 3, 4)]),
    ("moveaxis", lambda x: ops.moveaxis(x, 0, -1), [normal(2, 3, 4)]),
    ("broadcast_to", lambda x: ops.broadcast_to(x, (2, 3, 4)), [normal(3, 1)]),
    ("concatenate", lambda *a: ops.concatenate(a, 1), [normal(2, 3), normal(2, 1), normal(2, 2)]),
    ("stack", lambda *a: ops.stack(a, -1), [normal(2, 3), normal(2, 3)]),
    ("flip", lambda x: ops.flip(x, 1), [normal(2, 3)]),
    ("pad", lambda x: ops.pad(x, [(1, 0), (-1, 2)]), [normal(2, 3)]),
    ("upsample", lambda x: ops.upsample(x, 2, "bilinear"), [normal(1, 2, 3, 2)]),
    ("getitem-slice", lambda x: x[1:, ::2], [normal(3, 4)]),
    ("getitem-integer", lambda x: x[1], [normal(3, 4)]),
    ("getitem-repeated", lambda x: x[np.array([0, 2, 2, 0])], [normal(3, 4)]),
    ("getitem-mask", lambda x: x[np.array([True, False, True])], [normal(3, 4)]),
    ("used-twice", lambda x: x * x + ops.tanh(x), [normal(3, 4)]),
    ("diamond", lambda x, w: ops.sum(ops.tanh(x @ w) * (x @ w), 0), [normal(3, 4), normal(4, 2)]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "inputs"), [pytest.param(f, x, id=name) for name, f, x in CASES])
def test_gradient(function: Callable[..., Tensor], inputs: list[Any]) -> None:
    check_gradients(function, inputs)


def test_dropout_uses_the_same_mask_forward_and_backward() -> None:
    x = Tensor(np.ones((50, 20)), requires_grad=True)
    y = ops.dropout(x, 0.4)
    y.backward(np.ones_like(y.array))
    np.testing.assert_array_equal(y.array, x.grad)


def test_gradient_of_cast_has_the_dtype_of_the_input() -> None:
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    ops.sum(ops.cast(x, "float64") * 2.0).backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2, 2, 2])


def test_table_has_every_op() -> None:
    tried = {name.split("-")[0] for name, _, _ in CASES}
    activations = {
        "relu6",
        "selu",
        "sigmoid",
        "hard_sigmoid",
        "tanh",
        "softplus",
        "softsign",
        "silu",
    }  # covered by activate
    without_gradient = {"argmax", "argmin", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}
    elsewhere = {"dropout", "cast", "getitem", "ACTIVATIONS"}  # tested here, or in other files:
    elsewhere |= {
        "apply_mask",
        "step_mask",
        "id_mask",
        "mask_values",
        "select",
        "select_steps",
        "unstack",
        "embedding",
        "rnn",
        "lstm",
        "gru",
        "bidirectional",
    }
    assert set(ops.__all__) - tried - activations - without_gradient - elsewhere == set()
