"""Kernels as a careful user writes them in NumPy: the baseline, and in float64 the reference of every result."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from .. import Array, Pair, Variant, as_arrays, dropout_statistics
from . import functions as F


def matmul(**arguments: Any) -> list[Variant]:
    return [Variant(partial(F.fused_matmul, **arguments), as_arrays)]


def _concatenate(groups: Sequence[Array]) -> Array:
    return groups[0] if len(groups) == 1 else np.concatenate(groups, -1)


def conv2d_forward(x: Array, w: Array, bias: Array, groups: int, **window: Any) -> list[Variant]:
    def call() -> Array:
        parts = zip(*(np.split(array, groups, -1) for array in (x, w, bias)), strict=True)
        return _concatenate([F.conv(*part, **window) for part in parts])

    return [Variant(call, as_arrays)]


def conv2d_backward_input(dy: Array, w: Array, input_shape: Any, groups: int, **window: Any) -> list[Variant]:
    part_shape = (*input_shape[:3], w.shape[2])

    def call() -> Array:
        parts = zip(np.split(dy, groups, -1), np.split(w, groups, -1), strict=True)
        return _concatenate([F.conv_input_gradient(*part, part_shape, **window) for part in parts])

    return [Variant(call, as_arrays)]


def conv2d_transpose_inference(x: Array, w: Array, stride: int) -> list[Variant]:
    n, h, width, _ = x.shape
    y = (n, (h - 1) * stride + w.shape[0], (width - 1) * stride + w.shape[1], w.shape[2])
    return [Variant(lambda: F.conv_input_gradient(x, w, y, (stride, stride), (0, 0, 0, 0)), as_arrays)]


def conv2d_backward_weight(x: Array, dy: Array, kernel_shape: Any, groups: int, **window: Any) -> list[Variant]:
    part_shape = (*kernel_shape[:3], kernel_shape[3] // groups)

    def call() -> list[Array]:
        parts = zip(np.split(x, groups, -1), np.split(dy, groups, -1), strict=True)
        gradients = [F.conv_weight_gradient(*part, part_shape, **window) for part in parts]
        return [_concatenate(parts) for parts in zip(*gradients, strict=True)]

    return [Variant(call, as_arrays)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [Variant(lambda: F.max_pool(x, pool_size, strides), lambda result: as_arrays(result[0]))]


max_argmax_pool2d_forward = max_pool2d_forward


def max_pool2d_backward(x: Array, dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Variant]:
    _, offset = F.max_pool(x, pool_size, strides)
    return [Variant(lambda: F.max_pool_gradient(dy, offset, input_shape, pool_size, strides), as_arrays)]


def avg_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [Variant(lambda: F.windows(x, pool_size, strides).mean((4, 5)), as_arrays)]


def avg_pool2d_backward(dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [Variant(lambda: F.avg_pool_gradient(dy, input_shape, pool_size, strides), as_arrays)]


def activation_forward(x: Array, function: str) -> list[Variant]:
    return [Variant(partial(F.ACTIVATIONS[function], x), as_arrays)]


def activation_backward(x: Array, dy: Array, function: str) -> list[Variant]:
    saved = x if function == "gelu" else F.ACTIVATIONS[function](x)
    return [Variant(lambda: dy * F.DERIVATIVES[function](saved), as_arrays)]


def embedding_forward(ids: Array, table: Array) -> list[Variant]:
    return [Variant(lambda: table[ids], as_arrays)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Variant]:
    def call() -> Array:
        dtable = np.zeros((rows, dy.shape[-1]), dy.dtype)
        np.add.at(dtable, ids, dy)
        return dtable

    return [Variant(call, as_arrays)]


def transpose(x: Array, axes: tuple[int, ...]) -> list[Variant]:
    return [Variant(lambda: np.ascontiguousarray(x.transpose(axes)), as_arrays)]


def pad(x: Array, pad_width: tuple[tuple[int, int], ...]) -> list[Variant]:
    return [Variant(lambda: np.pad(x, pad_width), as_arrays)]


def upsample(x: Array, factor: int, interpolation: str) -> list[Variant]:
    def axis_weights(size: int) -> Array:
        """(outputs, inputs): the weight of each input in each output."""
        at = np.clip((np.arange(size * factor) + 0.5) / factor - 0.5, 0, size - 1)
        if interpolation == "nearest":
            at = np.arange(size * factor) // factor
        left = np.minimum(at.astype(int), size - 2)
        table = np.zeros((size * factor, size), x.dtype)
        table[np.arange(size * factor), left] = 1 - (at - left)
        table[np.arange(size * factor), left + 1] = at - left
        return table

    def call() -> Array:
        return np.einsum("ih,jw,nhwc->nijc", axis_weights(x.shape[1]), axis_weights(x.shape[2]), x, optimize=True)

    return [Variant(call, as_arrays)]


def softmax_cross_entropy(**arguments: Any) -> list[Variant]:
    return [Variant(partial(F.cross_entropy, **arguments), as_arrays)]


def adam(params: list[Array], grads: list[Array], **rule: Any) -> list[Variant]:
    optimizer = F.Adam([w.copy() for w in params], **rule)
    return [Variant(lambda: optimizer.update(grads), lambda _: optimizer.params)]


def dropout_forward(x: Array, rate: float) -> list[Variant]:
    rng, scale = np.random.default_rng(0), 1 / (1 - rate)
    return [Variant(lambda: np.where(rng.random(x.shape, np.float32) < rate, 0, x * scale), dropout_statistics)]


def dropout_forward_backward(x: Array, rate: float) -> list[Variant]:
    rng, scale = np.random.default_rng(0), 1 / (1 - rate)

    def call() -> Array:
        mask = (rng.random(x.shape, np.float32) >= rate) * x.dtype.type(scale)
        y = x * mask
        return y * mask

    return [Variant(call, dropout_statistics)]


def relu_tensor(x: Array, record: bool) -> list[Variant]:
    return [Variant(lambda: np.maximum(x, 0), as_arrays)]
