"""NumPy functions that kernels and networks share."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .. import Array, Pair


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _erf(x: Array) -> Array:
    """Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7: NumPy has no erf."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(np.sign(x) * (1 - series * np.exp(-x * x)))


def _gelu_derivative(x: Array) -> Array:
    return np.asarray(0.5 * (1 + _erf(x * 0.5**0.5)) + x * np.exp(-0.5 * x * x) * (0.5 / np.pi) ** 0.5)


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "gelu": lambda x: 0.5 * x * (1 + _erf(x * 0.5**0.5)),
}
# As functions of y; for gelu of x.
DERIVATIVES: dict[str, Callable[[Array], Array]] = {
    "linear": np.ones_like,
    "relu": lambda y: y > 0,
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y * y,
    "gelu": _gelu_derivative,
}


def fused_matmul(
    a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool
) -> Array:
    c = (a.T if transpose_a else a) @ (b.T if transpose_b else b)
    return ACTIVATIONS[activation](c if bias is None else c + bias)


def _pad(x: Array, padding: tuple[int, ...], value: float = 0) -> Array:
    top, bottom, left, right = padding
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value) if any(padding) else x


def windows(x: Array, size: Pair, strides: Pair) -> Array:
    """A view of shape (N, OH, OW, C, KH, KW)."""
    return sliding_window_view(x, size, axis=(1, 2))[:, :: strides[0], :: strides[1]]


def conv(x: Array, w: Array, bias: Array, strides: Pair, padding: tuple[int, ...]) -> Array:
    """im2col and a matrix product per image, so that the columns stay in cache."""
    patches = windows(_pad(x, padding), (w.shape[0], w.shape[1]), strides)
    kernel = w.transpose(2, 0, 1, 3).reshape(-1, w.shape[3])
    y = np.empty((*patches.shape[:3], w.shape[3]), x.dtype)
    for image, out in zip(patches, y, strict=True):
        out[...] = (image.reshape(-1, kernel.shape[0]) @ kernel + bias).reshape(out.shape)
    return y


def conv_input_gradient(dy: Array, w: Array, input_shape: tuple[int, ...], strides: Pair, padding: Any) -> Array:
    n, h, width, c = input_shape
    top, bottom, left, right = padding
    dx = np.zeros((n, h + top + bottom, width + left + right, c), dy.dtype)
    rows, cols = dy.shape[1] * strides[0], dy.shape[2] * strides[1]
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            dx[:, i : i + rows : strides[0], j : j + cols : strides[1]] += dy @ w[i, j].T
    return dx[:, top : top + h, left : left + width]


def conv_weight_gradient(
    x: Array, dy: Array, kernel_shape: tuple[int, ...], strides: Pair, padding: tuple[int, ...]
) -> tuple[Array, Array]:
    patches = windows(_pad(x, padding), (kernel_shape[0], kernel_shape[1]), strides)
    kh, kw, c, o = kernel_shape
    dw = np.zeros((c * kh * kw, o), x.dtype)
    for image, out in zip(patches, dy, strict=True):
        dw += image.reshape(-1, dw.shape[0]).T @ out.reshape(-1, o)
    return dw.reshape(c, kh, kw, o).transpose(1, 2, 0, 3), dy.sum((0, 1, 2))


def max_pool(x: Array, size: Pair, strides: Pair) -> tuple[Array, Array]:
    """y, and the offset of the first maximum in its window."""
    patches = windows(x, size, strides)
    flat = patches.reshape(*patches.shape[:4], -1)
    return flat.max(-1), flat.argmax(-1)


def max_pool_gradient(dy: Array, offset: Array, input_shape: tuple[int, ...], size: Pair, strides: Pair) -> Array:
    n, oh, ow, c = np.indices(dy.shape, sparse=True)
    dx = np.zeros(input_shape, dy.dtype)
    np.add.at(dx, (n, oh * strides[0] + offset // size[1], ow * strides[1] + offset % size[1], c), dy)
    return dx


def avg_pool_gradient(dy: Array, input_shape: tuple[int, ...], size: Pair, strides: Pair) -> Array:
    dx = np.zeros(input_shape, dy.dtype)
    dy_per_cell = dy / (size[0] * size[1])
    rows, cols = dy.shape[1] * strides[0], dy.shape[2] * strides[1]
    for i in range(size[0]):
        for j in range(size[1]):
            dx[:, i : i + rows : strides[0], j : j + cols : strides[1]] += dy_per_cell
    return dx


def cross_entropy(logits: Array, labels: Array, dloss: Array) -> tuple[Array, Array]:
    """The loss per row, and the gradient of the logits."""
    shifted = logits - logits.max(1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    gradient = exponential / total
    gradient[rows, labels] -= 1
    return np.log(total[:, 0]) - shifted[rows, labels], gradient * dloss[:, None]


class Adam:
    """Kingma and Ba, 2015, in Keras's form: the bias corrections are factors of the step size."""

    def __init__(
        self,
        params: list[Array],
        learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        self.params, self.learning_rate, self.epsilon = params, learning_rate, epsilon
        self.beta_1, self.beta_2 = beta_1, beta_2
        self.m, self.v = ([np.zeros_like(w) for w in params] for _ in range(2))
        self.step = 0

    def update(self, grads: list[Array]) -> None:
        self.step += 1
        rate = self.learning_rate * (1 - self.beta_2**self.step) ** 0.5 / (1 - self.beta_1**self.step)
        for w, g, m, v in zip(self.params, grads, self.m, self.v, strict=True):
            m += (1 - self.beta_1) * (g - m)
            v += (1 - self.beta_2) * (g * g - v)
            w -= rate * m / (np.sqrt(v) + self.epsilon)
