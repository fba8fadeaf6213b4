"""Pooling, pixel by pixel in float64. Shapes as in csrc/contract/pool2d.h; padding is (top, bottom, left, right)."""

from collections.abc import Iterator

import numpy as np

Pair = tuple[int, int]
Four = tuple[int, int, int, int]


def output_size(shape: Four, pool_size: Pair, strides: Pair, padding: Four) -> Pair:
    oh = (shape[1] + padding[0] + padding[1] - pool_size[0]) // strides[0] + 1
    ow = (shape[2] + padding[2] + padding[3] - pool_size[1]) // strides[1] + 1
    return oh, ow


def windows(
    shape: Four, pool_size: Pair, strides: Pair, padding: Four
) -> Iterator[tuple[tuple[int, int, int, int], list[Pair]]]:
    """Every output (n, oh, ow, c) with the pixels (h, w) of its window that are inside the image, row by row."""
    n, h, w, c = shape
    for out in np.ndindex(n, *output_size(shape, pool_size, strides, padding), c):
        top, left = out[1] * strides[0] - padding[0], out[2] * strides[1] - padding[2]
        rows = range(max(top, 0), min(top + pool_size[0], h))
        columns = range(max(left, 0), min(left + pool_size[1], w))
        yield out, [(i, j) for i in rows for j in columns]


def max_forward(x: np.ndarray, pool_size: Pair, strides: Pair, padding: Four) -> tuple[np.ndarray, np.ndarray]:
    """The maxima, and the argmax of each in its window: kh * pool_size[1] + kw."""
    shape = (x.shape[0], *output_size(x.shape, pool_size, strides, padding), x.shape[3])
    y, argmax = np.empty(shape), np.empty(shape, np.int32)
    for (n, oh, ow, c), cells in windows(x.shape, pool_size, strides, padding):
        values = [x[n, h, w, c] for h, w in cells]
        first = int(np.argmax(values))  # NumPy, too, takes the first maximum and the first NaN
        y[n, oh, ow, c] = values[first]
        kh, kw = cells[first][0] - oh * strides[0] + padding[0], cells[first][1] - ow * strides[1] + padding[2]
        argmax[n, oh, ow, c] = kh * pool_size[1] + kw
    return y, argmax


def max_backward(
    dy: np.ndarray, argmax: np.ndarray, input_shape: Four, pool_size: Pair, strides: Pair, padding: Four
) -> np.ndarray:
    dx = np.zeros(input_shape)
    for n, oh, ow, c in np.ndindex(*dy.shape):
        kh, kw = divmod(int(argmax[n, oh, ow, c]), pool_size[1])
        dx[n, oh * strides[0] - padding[0] + kh, ow * strides[1] - padding[2] + kw, c] += dy[n, oh, ow, c]
    return dx


def avg_forward(x: np.ndarray, pool_size: Pair, strides: Pair, padding: Four) -> np.ndarray:
    y = np.empty((x.shape[0], *output_size(x.shape, pool_size, strides, padding), x.shape[3]))
    for (n, oh, ow, c), cells in windows(x.shape, pool_size, strides, padding):
        y[n, oh, ow, c] = sum(float(x[n, h, w, c]) for h, w in cells) / len(cells)
    return y


def avg_backward(dy: np.ndarray, input_shape: Four, pool_size: Pair, strides: Pair, padding: Four) -> np.ndarray:
    dx = np.zeros(input_shape)
    for out, cells in windows(input_shape, pool_size, strides, padding):
        for h, w in cells:
            dx[out[0], h, w, out[3]] += float(dy[out]) / len(cells)
    return dx
