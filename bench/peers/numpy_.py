"""What a careful user writes in NumPy: the baseline, and in float64 the reference for every answer."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from . import Way, as_arrays, share_dropped
from .numpy_norm import *  # noqa: F403
from .numpy_recurrent import *  # noqa: F403

Array = NDArray[Any]
Pair = tuple[int, int]


def set_threads(n: int) -> None:
    """OpenBLAS has read its thread count from the environment."""


def versions() -> dict[str, str]:
    return {"numpy": np.__version__}


# ---- plain functions ---------------------------------------------------------------------------------------------


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _erf(x: Array) -> Array:
    """Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7: NumPy has none."""
    t = 1 / (1 + 0.3275911 * np.abs(x))
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return np.asarray(np.sign(x) * (1 - series * np.exp(-x * x)))


def _gelu_slope(x: Array) -> Array:
    return np.asarray(0.5 * (1 + _erf(x * 0.5**0.5)) + x * np.exp(-0.5 * x * x) * (0.5 / np.pi) ** 0.5)


FORWARD: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "gelu": lambda x: 0.5 * x * (1 + _erf(x * 0.5**0.5)),
}
# Derivatives, from y where it is enough and from x for gelu.
SLOPE: dict[str, Callable[[Array], Array]] = {
    "linear": np.ones_like,
    "relu": lambda y: y > 0,
    "sigmoid": lambda y: y * (1 - y),
    "tanh": lambda y: 1 - y * y,
    "gelu": _gelu_slope,
}


def product(a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool) -> Array:
    c = (a.T if transpose_a else a) @ (b.T if transpose_b else b)
    return FORWARD[activation](c if bias is None else c + bias)


def _pad(x: Array, padding: tuple[int, ...], value: float = 0) -> Array:
    top, bottom, left, right = padding
    return np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=value) if any(padding) else x


def _windows(x: Array, size: Pair, strides: Pair) -> Array:
    """(N, OH, OW, C, KH, KW), a view."""
    return sliding_window_view(x, size, axis=(1, 2))[:, :: strides[0], :: strides[1]]


def conv(x: Array, w: Array, bias: Array, strides: Pair, padding: tuple[int, ...]) -> Array:
    """im2col and a matrix product, image by image so that the columns stay in cache."""
    windows = _windows(_pad(x, padding), (w.shape[0], w.shape[1]), strides)
    kernel = w.transpose(2, 0, 1, 3).reshape(-1, w.shape[3])
    y = np.empty((*windows.shape[:3], w.shape[3]), x.dtype)
    for image, out in zip(windows, y, strict=True):
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
    windows = _windows(_pad(x, padding), (kernel_shape[0], kernel_shape[1]), strides)
    kh, kw, c, o = kernel_shape
    dw = np.zeros((c * kh * kw, o), x.dtype)
    for image, out in zip(windows, dy, strict=True):
        dw += image.reshape(-1, dw.shape[0]).T @ out.reshape(-1, o)
    return dw.reshape(c, kh, kw, o).transpose(1, 2, 0, 3), dy.sum((0, 1, 2))


def max_pool(x: Array, size: Pair, strides: Pair) -> tuple[Array, Array]:
    """y and the offset of the first maximum within its window."""
    windows = _windows(x, size, strides)
    flat = windows.reshape(*windows.shape[:4], -1)
    return flat.max(-1), flat.argmax(-1)


def max_pool_gradient(dy: Array, offset: Array, input_shape: tuple[int, ...], size: Pair, strides: Pair) -> Array:
    n, oh, ow, c = np.indices(dy.shape, sparse=True)
    dx = np.zeros(input_shape, dy.dtype)
    np.add.at(dx, (n, oh * strides[0] + offset // size[1], ow * strides[1] + offset % size[1], c), dy)
    return dx


def avg_pool_gradient(dy: Array, input_shape: tuple[int, ...], size: Pair, strides: Pair) -> Array:
    dx = np.zeros(input_shape, dy.dtype)
    share = dy / (size[0] * size[1])
    rows, cols = dy.shape[1] * strides[0], dy.shape[2] * strides[1]
    for i in range(size[0]):
        for j in range(size[1]):
            dx[:, i : i + rows : strides[0], j : j + cols : strides[1]] += share
    return dx


def cross_entropy(logits: Array, labels: Array, dloss: Array) -> tuple[Array, Array]:
    """The loss of every row, and the gradient with respect to the logits."""
    shifted = logits - logits.max(1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    gradient = exponential / total
    gradient[rows, labels] -= 1
    return np.log(total[:, 0]) - shifted[rows, labels], gradient * dloss[:, None]


class Adam:
    """Kingma and Ba, 2015, in Keras's form: the step size carries the bias corrections."""

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


# ---- one function per Case.op --------------------------------------------------------------------------------------


def matmul(**arguments: Any) -> list[Way]:
    return [Way(partial(product, **arguments), as_arrays)]


def _joined(groups: Sequence[Array]) -> Array:
    return groups[0] if len(groups) == 1 else np.concatenate(groups, -1)


def conv2d_forward(x: Array, w: Array, bias: Array, groups: int, **window: Any) -> list[Way]:
    def call() -> Array:
        parts = zip(*(np.split(array, groups, -1) for array in (x, w, bias)), strict=True)
        return _joined([conv(*part, **window) for part in parts])

    return [Way(call, as_arrays)]


def conv2d_backward_input(dy: Array, w: Array, input_shape: Any, groups: int, **window: Any) -> list[Way]:
    part_shape = (*input_shape[:3], w.shape[2])

    def call() -> Array:
        parts = zip(np.split(dy, groups, -1), np.split(w, groups, -1), strict=True)
        return _joined([conv_input_gradient(*part, part_shape, **window) for part in parts])

    return [Way(call, as_arrays)]


def conv2d_transpose_inference(x: Array, w: Array, stride: int) -> list[Way]:
    n, h, width, _ = x.shape
    y = (n, (h - 1) * stride + w.shape[0], (width - 1) * stride + w.shape[1], w.shape[2])
    return [Way(lambda: conv_input_gradient(x, w, y, (stride, stride), (0, 0, 0, 0)), as_arrays)]


def conv2d_backward_weight(x: Array, dy: Array, kernel_shape: Any, groups: int, **window: Any) -> list[Way]:
    part_shape = (*kernel_shape[:3], kernel_shape[3] // groups)

    def call() -> list[Array]:
        parts = zip(np.split(x, groups, -1), np.split(dy, groups, -1), strict=True)
        gradients = [conv_weight_gradient(*part, part_shape, **window) for part in parts]
        return [_joined(several) for several in zip(*gradients, strict=True)]

    return [Way(call, as_arrays)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    return [Way(lambda: max_pool(x, pool_size, strides), lambda result: as_arrays(result[0]))]


max_argmax_pool2d_forward = max_pool2d_forward


def max_pool2d_backward(x: Array, dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Way]:
    _, offset = max_pool(x, pool_size, strides)
    return [Way(lambda: max_pool_gradient(dy, offset, input_shape, pool_size, strides), as_arrays)]


def avg_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    return [Way(lambda: _windows(x, pool_size, strides).mean((4, 5)), as_arrays)]


def avg_pool2d_backward(dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Way]:
    return [Way(lambda: avg_pool_gradient(dy, input_shape, pool_size, strides), as_arrays)]


def activation_forward(x: Array, function: str) -> list[Way]:
    return [Way(partial(FORWARD[function], x), as_arrays)]


def activation_backward(x: Array, dy: Array, function: str) -> list[Way]:
    saved = x if function == "gelu" else FORWARD[function](x)
    return [Way(lambda: dy * SLOPE[function](saved), as_arrays)]


def embedding_forward(ids: Array, table: Array) -> list[Way]:
    return [Way(lambda: table[ids], as_arrays)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Way]:
    def call() -> Array:
        dtable = np.zeros((rows, dy.shape[-1]), dy.dtype)
        np.add.at(dtable, ids, dy)
        return dtable

    return [Way(call, as_arrays)]


def transpose(x: Array, axes: tuple[int, ...]) -> list[Way]:
    return [Way(lambda: np.ascontiguousarray(x.transpose(axes)), as_arrays)]


def pad(x: Array, around: tuple[tuple[int, int], ...]) -> list[Way]:
    return [Way(lambda: np.pad(x, around), as_arrays)]


def upsample(x: Array, factor: int, interpolation: str) -> list[Way]:
    def axis_weights(size: int) -> Array:
        """How much each output takes of each input."""
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

    return [Way(call, as_arrays)]


def softmax_cross_entropy(**arguments: Any) -> list[Way]:
    return [Way(partial(cross_entropy, **arguments), as_arrays)]


def adam(params: list[Array], grads: list[Array], **rule: Any) -> list[Way]:
    optimizer = Adam([w.copy() for w in params], **rule)
    return [Way(lambda: optimizer.update(grads), lambda _: optimizer.params)]


def dropout_forward(x: Array, rate: float) -> list[Way]:
    rng, scale = np.random.default_rng(0), 1 / (1 - rate)
    return [Way(lambda: np.where(rng.random(x.shape, np.float32) < rate, 0, x * scale), share_dropped)]


def dropout_forward_backward(x: Array, rate: float) -> list[Way]:
    rng, scale = np.random.default_rng(0), 1 / (1 - rate)

    def call() -> Array:
        mask = (rng.random(x.shape, np.float32) >= rate) * x.dtype.type(scale)
        y = x * mask
        return y * mask

    return [Way(call, share_dropped)]


def relu_tensor(x: Array, taped: bool) -> list[Way]:
    return [Way(lambda: np.maximum(x, 0), as_arrays)]


def train(**arguments: Any) -> list[Way]:
    from .numpy_nets import Trainer

    return [Way(Trainer(**arguments), as_arrays)]


def inference(net: Any, weights: list[Array], x: Array) -> list[Way]:
    from .numpy_nets import forward

    return [Way(lambda: forward(net, weights, x)[-1], as_arrays)]
