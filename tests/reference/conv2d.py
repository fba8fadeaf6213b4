"""Convolution in plain NumPy: one matrix product per filter tap and group, over slices of the padded image.

Arrays and options as in `_core`: x (N, H, W, C), w (KH, KW, C/groups, O), padding (top, bottom, left, right).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
Padding = tuple[int, int, int, int]


def output_shape(x: tuple[int, ...], w: tuple[int, ...], strides: Pair, padding: Padding, dilation: Pair) -> Pair:
    """(OH, OW) of images and filters of these shapes."""
    height = x[1] + padding[0] + padding[1] - (w[0] - 1) * dilation[0] - 1
    width = x[2] + padding[2] + padding[3] - (w[1] - 1) * dilation[1] - 1
    return height // strides[0] + 1, width // strides[1] + 1


def _pad(x: Array, padding: Padding) -> Array:
    top, bottom, left, right = padding
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))


def _taps(w_shape: tuple[int, ...], out: Pair, strides: Pair, dilation: Pair) -> Iterator[tuple[int, int, Any]]:
    """Every tap (kh, kw) and the slices of the padded image that it reads, one pixel per output pixel."""
    for kh in range(w_shape[0]):
        for kw in range(w_shape[1]):
            top, left = kh * dilation[0], kw * dilation[1]
            rows = slice(top, top + (out[0] - 1) * strides[0] + 1, strides[0])
            columns = slice(left, left + (out[1] - 1) * strides[1] + 1, strides[1])
            yield kh, kw, (slice(None), rows, columns)


def _groups(c: int, o: int, groups: int) -> Iterator[tuple[slice, slice]]:
    """The input and output channels of every group."""
    for g in range(groups):
        yield slice(g * c // groups, (g + 1) * c // groups), slice(g * o // groups, (g + 1) * o // groups)


def forward(
    x: Array, w: Array, bias: Array | None, strides: Pair, padding: Padding, dilation: Pair, groups: int
) -> Array:
    """y (N, OH, OW, O), float64."""
    out = output_shape(x.shape, w.shape, strides, padding, dilation)
    padded = _pad(x, padding)
    y = np.zeros((x.shape[0], *out, w.shape[3]))
    for kh, kw, pixels in _taps(w.shape, out, strides, dilation):
        for c, o in _groups(x.shape[3], w.shape[3], groups):
            y[..., o] += padded[pixels][..., c] @ w[kh, kw][:, o]
    return y if bias is None else y + bias


def backward_input(
    dy: Array, w: Array, input_shape: tuple[int, ...], strides: Pair, padding: Padding, dilation: Pair, groups: int
) -> Array:
    """dx of input_shape, float64: every tap adds its part of dy to the pixel that it read."""
    top, bottom, left, right = padding
    n, height, width, channels = input_shape
    dx = np.zeros((n, height + top + bottom, width + left + right, channels))
    for kh, kw, pixels in _taps(w.shape, dy.shape[1:3], strides, dilation):
        for c, o in _groups(channels, w.shape[3], groups):
            dx[pixels][..., c] += dy[..., o] @ w[kh, kw][:, o].T
    return dx[:, top : top + height, left : left + width]


def backward_weight(
    x: Array, dy: Array, kernel_shape: tuple[int, ...], strides: Pair, padding: Padding, dilation: Pair, groups: int
) -> tuple[Array, Array]:
    """(dw of kernel_shape, db (O,)), float64."""
    padded = _pad(x, padding)
    dw = np.zeros(kernel_shape)
    for kh, kw, pixels in _taps(kernel_shape, dy.shape[1:3], strides, dilation):
        for c, o in _groups(x.shape[3], kernel_shape[3], groups):
            dw[kh, kw][:, o] = np.einsum("nhwc,nhwo->co", padded[pixels][..., c], dy[..., o])
    return dw, dy.sum((0, 1, 2), dtype=np.float64)
