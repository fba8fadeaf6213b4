"""pydl's kernels at `_core`, and ops whose Python overhead counts."""

from functools import partial
from typing import Any

import numpy as np

import pydl
from pydl import _core as core

from .. import Array, Pair, Variant, as_arrays, dropout_statistics

NO_PADDING = (0, 0, 0, 0)
NO_DILATION = (1, 1)


def matmul(a: Array, b: Array, bias: Array | None, activation: str, **transposed: bool) -> list[Variant]:
    return [Variant(partial(core.matmul, a, b, bias, activation, **transposed), as_arrays)]


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Variant]:
    return [Variant(partial(core.conv2d_forward, x, w, bias, strides, padding, NO_DILATION, groups), as_arrays)]


def conv2d_backward_input(dy: Array, w: Array, input_shape: Any, groups: int, **window: Any) -> list[Variant]:
    options = (input_shape, window["strides"], window["padding"], NO_DILATION, groups)
    return [Variant(partial(core.conv2d_backward_input, dy, w, *options), as_arrays)]


def conv2d_backward_weight(x: Array, dy: Array, kernel_shape: Any, groups: int, **window: Any) -> list[Variant]:
    options = (kernel_shape, window["strides"], window["padding"], NO_DILATION, groups, True)
    return [Variant(partial(core.conv2d_backward_weight, x, dy, *options), as_arrays)]


def conv2d_transpose_inference(x: Array, w: Array, stride: int) -> list[Variant]:
    layer = pydl.layers.Conv2DTranspose(w.shape[2], w.shape[:2], stride, use_bias=False)
    model = pydl.Sequential([pydl.Input(x.shape[1:]), layer])
    layer.set_weights([w])
    return [Variant(lambda: model(x), as_arrays)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    call = partial(core.max_pool2d_forward, x, pool_size, strides, NO_PADDING, False)
    return [Variant(call, lambda result: as_arrays(result[0]))]


def max_argmax_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    call = partial(core.max_pool2d_forward, x, pool_size, strides, NO_PADDING, True)
    return [Variant(call, lambda result: as_arrays(result[0]))]


def max_pool2d_backward(x: Array, dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Variant]:
    _, argmax = core.max_pool2d_forward(x, pool_size, strides, NO_PADDING, True)
    options = (input_shape, pool_size, strides, NO_PADDING)
    return [Variant(partial(core.max_pool2d_backward, dy, argmax, *options), as_arrays)]


def avg_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [Variant(partial(core.avg_pool2d_forward, x, pool_size, strides, NO_PADDING), as_arrays)]


def avg_pool2d_backward(dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [Variant(partial(core.avg_pool2d_backward, dy, input_shape, pool_size, strides, NO_PADDING), as_arrays)]


def activation_forward(x: Array, function: str) -> list[Variant]:
    return [Variant(partial(core.activation_forward, x, function), as_arrays)]


def activation_backward(x: Array, dy: Array, function: str) -> list[Variant]:
    saved = x if function == "gelu" else core.activation_forward(x, function)
    return [Variant(partial(core.activation_backward, dy, saved, function), as_arrays)]


def embedding_forward(ids: Array, table: Array) -> list[Variant]:
    return [Variant(partial(core.embedding_forward, ids, table), as_arrays)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Variant]:
    return [Variant(partial(core.embedding_backward, dy, ids, rows), as_arrays)]


def transpose(x: Array, axes: tuple[int, ...]) -> list[Variant]:
    return [Variant(partial(core.transpose, x, axes), as_arrays)]


def pad(x: Array, pad_width: tuple[tuple[int, int], ...]) -> list[Variant]:
    before, after = zip(*pad_width, strict=True)
    return [Variant(partial(core.pad, x, before, after), as_arrays)]


def upsample(x: Array, factor: int, interpolation: str) -> list[Variant]:
    return [Variant(partial(core.resize2d_forward, x, (factor, factor), interpolation), as_arrays)]


def batch_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    return [Variant(partial(core.batch_norm_forward, x, gamma, beta, epsilon), lambda result: as_arrays(result[0]))]


def batch_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Variant]:
    def call() -> tuple[Array, ...]:
        y, mean, variance = core.batch_norm_forward(x, gamma, beta, epsilon)
        return y, *core.batch_norm_backward(dy, x, gamma, mean, variance, epsilon)

    return [Variant(call, as_arrays)]


def layer_norm_forward(x: Array, gamma: Array, beta: Array, epsilon: float) -> list[Variant]:
    call = partial(core.layer_norm_forward, x, gamma, beta, x.ndim - 1, epsilon)
    return [Variant(call, lambda result: as_arrays(result[0]))]


def layer_norm_forward_backward(x: Array, gamma: Array, beta: Array, epsilon: float, dy: Array) -> list[Variant]:
    def call() -> tuple[Array, ...]:
        y, mean, variance = core.layer_norm_forward(x, gamma, beta, x.ndim - 1, epsilon)
        return y, *core.layer_norm_backward(dy, x, gamma, mean, variance, x.ndim - 1, epsilon)

    return [Variant(call, as_arrays)]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Variant]:
    def call() -> tuple[Array, Array]:
        loss, probs = core.softmax_cross_entropy_forward(logits, labels)
        return loss, core.softmax_cross_entropy_backward(probs, labels, dloss)

    return [Variant(call, as_arrays)]


def adam(params: list[Array], grads: list[Array], **rule: float) -> list[Variant]:
    weights = [w.copy() for w in params]
    m, v = ([np.zeros_like(w) for w in params] for _ in range(2))
    settings = (rule["learning_rate"], rule["beta_1"], rule["beta_2"], rule["epsilon"], 0.0)
    step = 0

    def call() -> None:
        nonlocal step
        step += 1
        core.adam_update(weights, grads, m, v, step, *settings)

    return [Variant(call, lambda _: weights)]


def dropout_forward(x: Array, rate: float) -> list[Variant]:
    return [Variant(partial(core.dropout, x, rate, 1, 0), dropout_statistics)]


def dropout_forward_backward(x: Array, rate: float) -> list[Variant]:
    return [Variant(lambda: core.dropout(core.dropout(x, rate, 1, 0), rate, 1, 0), dropout_statistics)]


def relu_tensor(x: Array, record: bool) -> list[Variant]:
    return [Variant(partial(pydl.ops.relu, pydl.Tensor(x, requires_grad=record)), lambda y: [y.data])]
