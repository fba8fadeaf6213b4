"""Upsampling by integer factors, pixel by pixel, with half-pixel centres as in tf.image.resize."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def weights(size: int, factor: int, bilinear: bool) -> Array:
    """Interpolation matrix, the weight of input j in output i: (factor * size, size)."""
    table = np.zeros((factor * size, size))
    for i in range(factor * size):
        if not bilinear:
            table[i, i // factor] = 1
            continue
        at = min(max((i + 0.5) / factor - 0.5, 0), size - 1)
        left = min(int(at), size - 2) if size > 1 else 0
        table[i, left] += 1 - (at - left)
        if size > 1:
            table[i, left + 1] += at - left
    return table


def forward(x: Array, size: tuple[int, int], bilinear: bool) -> Array:
    rows, columns = (weights(x.shape[1 + i], size[i], bilinear) for i in range(2))
    return np.einsum("ih,jw,nhwc->nijc", rows, columns, x)


def backward(dy: Array, size: tuple[int, int], bilinear: bool) -> Array:
    rows, columns = (weights(dy.shape[1 + i] // size[i], size[i], bilinear) for i in range(2))
    return np.einsum("ih,jw,nijc->nhwc", rows, columns, dy)
