"""pydl's kernels at `_core`, where no Python is in the way."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import pydl
from pydl import _core as core

from . import Way, as_arrays, share_dropped
from .pydl_layers import *  # noqa: F403
from .pydl_recurrent import *  # noqa: F403

Array = NDArray[Any]
Pair = tuple[int, int]
NO_PADDING = (0, 0, 0, 0)
NO_DILATION = (1, 1)


def set_threads(n: int) -> None:
    core.set_num_threads(n)


def versions() -> dict[str, str]:
    commit = core.build_info()["commit"]  # of the wheel, whatever has been checked out since
    return {"pydl": core.__version__, "commit": commit, "path": str(Path(core.__file__).parent), "isa": core.isa()}


def matmul(a: Array, b: Array, bias: Array | None, activation: str, **transposed: bool) -> list[Way]:
    return [Way(partial(core.matmul, a, b, bias, activation, **transposed), as_arrays)]


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Way]:
    return [Way(partial(core.conv2d_forward, x, w, bias, strides, padding, NO_DILATION, groups), as_arrays)]


def conv2d_backward_input(dy: Array, w: Array, input_shape: Any, groups: int, **window: Any) -> list[Way]:
    options = (input_shape, window["strides"], window["padding"], NO_DILATION, groups)
    return [Way(partial(core.conv2d_backward_input, dy, w, *options), as_arrays)]


def conv2d_backward_weight(x: Array, dy: Array, kernel_shape: Any, groups: int, **window: Any) -> list[Way]:
    options = (kernel_shape, window["strides"], window["padding"], NO_DILATION, groups, True)
    return [Way(partial(core.conv2d_backward_weight, x, dy, *options), as_arrays)]


def conv2d_transpose_inference(x: Array, w: Array, stride: int) -> list[Way]:
    layer = pydl.layers.Conv2DTranspose(w.shape[2], w.shape[:2], stride, use_bias=False)
    model = pydl.Sequential([pydl.Input(x.shape[1:]), layer])
    layer.set_weights([w])
    return [Way(lambda: model(x), as_arrays)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    call = partial(core.max_pool2d_forward, x, pool_size, strides, NO_PADDING, False)
    return [Way(call, lambda result: as_arrays(result[0]))]


def max_argmax_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    call = partial(core.max_pool2d_forward, x, pool_size, strides, NO_PADDING, True)
    return [Way(call, lambda result: as_arrays(result[0]))]


def max_pool2d_backward(x: Array, dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Way]:
    _, argmax = core.max_pool2d_forward(x, pool_size, strides, NO_PADDING, True)
    options = (input_shape, pool_size, strides, NO_PADDING)
    return [Way(partial(core.max_pool2d_backward, dy, argmax, *options), as_arrays)]


def avg_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    return [Way(partial(core.avg_pool2d_forward, x, pool_size, strides, NO_PADDING), as_arrays)]


def avg_pool2d_backward(dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Way]:
    return [Way(partial(core.avg_pool2d_backward, dy, input_shape, pool_size, strides, NO_PADDING), as_arrays)]


def activation_forward(x: Array, function: str) -> list[Way]:
    return [Way(partial(core.activation_forward, x, function), as_arrays)]


def activation_backward(x: Array, dy: Array, function: str) -> list[Way]:
    saved = x if function == "gelu" else core.activation_forward(x, function)
    return [Way(partial(core.activation_backward, dy, saved, function), as_arrays)]


def embedding_forward(ids: Array, table: Array) -> list[Way]:
    return [Way(partial(core.embedding_forward, ids, table), as_arrays)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Way]:
    return [Way(partial(core.embedding_backward, dy, ids, rows), as_arrays)]


def transpose(x: Array, axes: tuple[int, ...]) -> list[Way]:
    return [Way(partial(core.transpose, x, axes), as_arrays)]


def pad(x: Array, around: tuple[tuple[int, int], ...]) -> list[Way]:
    before, after = zip(*around, strict=True)
    return [Way(partial(core.pad, x, before, after), as_arrays)]


def upsample(x: Array, factor: int, interpolation: str) -> list[Way]:
    return [Way(partial(core.resize2d_forward, x, (factor, factor), interpolation), as_arrays)]


def batch_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Way]:
    return [Way(partial(core.batch_norm_forward, x, gamma, beta, epsilon), lambda result: as_arrays(result[0]))]


def batch_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Way]:
    def call() -> tuple[Array, ...]:
        y, mean, variance = core.batch_norm_forward(x, gamma, beta, epsilon)
        return y, *core.batch_norm_backward(dy, x, gamma, mean, variance, epsilon)

    return [Way(call, as_arrays)]


def layer_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Way]:
    call = partial(core.layer_norm_forward, x, gamma, beta, x.ndim - 1, epsilon)
    return [Way(call, lambda result: as_arrays(result[0]))]


def layer_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Way]:
    def call() -> tuple[Array, ...]:
        y, mean, variance = core.layer_norm_forward(x, gamma, beta, x.ndim - 1, epsilon)
        return y, *core.layer_norm_backward(dy, x, gamma, mean, variance, x.ndim - 1, epsilon)

    return [Way(call, as_arrays)]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Way]:
    def call() -> tuple[Array, Array]:
        loss, probs = core.softmax_cross_entropy_forward(logits, labels)
        return loss, core.softmax_cross_entropy_backward(probs, labels, dloss)

    return [Way(call, as_arrays)]


def adam(params: list[Array], grads: list[Array], **rule: float) -> list[Way]:
    weights = [w.copy() for w in params]
    m, v = ([np.zeros_like(w) for w in params] for _ in range(2))
    settings = (rule["learning_rate"], rule["beta_1"], rule["beta_2"], rule["epsilon"], 0.0)
    step = 0

    def call() -> None:
        nonlocal step
        step += 1
        core.adam_update(weights, grads, m, v, step, *settings)

    return [Way(call, lambda _: weights)]


def dropout_forward(x: Array, rate: float) -> list[Way]:
    return [Way(partial(core.dropout, x, rate, 1, 0), share_dropped)]


def dropout_forward_backward(x: Array, rate: float) -> list[Way]:
    return [Way(lambda: core.dropout(core.dropout(x, rate, 1, 0), rate, 1, 0), share_dropped)]


def relu_tensor(x: Array, taped: bool) -> list[Way]:
    return [Way(partial(pydl.ops.relu, pydl.Tensor(x, requires_grad=taped)), lambda y: [y.data])]


def train(**arguments: Any) -> list[Way]:
    from .pydl_nets import train_way

    return [train_way(**arguments)]


def fit(**arguments: Any) -> list[Way]:
    from .keras_nets import fit_way

    return [fit_way(pydl, **arguments)]


def inference(**arguments: Any) -> list[Way]:
    from .pydl_nets import inference_way

    return [inference_way(**arguments)]
