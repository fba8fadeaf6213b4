"""The float64 references of tests/reference/, called with the arguments of the kernels."""

from collections.abc import Callable
from typing import Any

from reference import (
    concatenate,
    conv2d,
    elementwise,
    embedding,
    gemm,
    lrn,
    mask,
    pool2d,
    reduce,
    resize,
    softmax,
    transpose,
)

Array = Any


def _activated(y: Array, activation: str = "linear", alpha: float = 0.0) -> Array:
    return elementwise.forward(activation, y, alpha)


def _matmul(a: Array, b: Array, bias: Array = None, activation: str = "linear", alpha: float = 0.0, **how: bool) -> Any:
    return None if a.ndim == 3 else _activated(gemm.matmul(a, b, bias, **how), activation, alpha)


def _conv2d_forward(activation: str = "linear", alpha: float = 0.0, **rest: Any) -> Array:
    return _activated(conv2d.forward(**rest), activation, alpha)


def _conv2d_backward_input(activation: str = "linear", alpha: float = 0.0, bias: Array = None, **rest: Any) -> Array:
    dx = conv2d.backward_input(**rest)
    return _activated(dx if bias is None else dx + bias, activation, alpha)


def _conv2d_backward_weight(with_bias: bool, **rest: Any) -> Any:
    dw, db = conv2d.backward_weight(**rest)
    return [dw, db if with_bias else None]


def _max_pool2d_forward(with_argmax: bool, **rest: Any) -> Any:
    y, argmax = pool2d.max_forward(**rest)
    return [y, argmax if with_argmax else None]


def _few(function: Callable[..., Any], most: int = 3000) -> Callable[..., Any]:
    """None for references that loop over elements, if there are too many elements."""
    return lambda **arguments: function(**arguments) if arguments["x"].size <= most else None


REFERENCES: dict[str, Callable[..., Any]] = {
    "matmul": _matmul,
    "conv2d_forward": _conv2d_forward,
    "conv2d_backward_input": _conv2d_backward_input,
    "conv2d_backward_weight": _conv2d_backward_weight,
    "max_pool2d_forward": _few(_max_pool2d_forward),
    "avg_pool2d_forward": _few(lambda **rest: pool2d.avg_forward(**rest)),
    "activation_forward": lambda x, name, alpha=0.0: elementwise.forward(name, x, alpha),
    "reduce": _few(lambda name, x, axis_begin, axis_end: reduce.reduce(name, x, axis_begin, axis_end)),
    "argmax": _few(reduce.argmax),
    "softmax_forward": softmax.softmax,
    "softmax_backward": softmax.softmax_backward,
    "log_softmax_forward": softmax.log_softmax,
    "log_softmax_backward": softmax.log_softmax_backward,
    "lrn_forward": lambda x, depth_radius, **rest: lrn.forward(x, depth_radius, **rest),
    "lrn_backward": lambda dy, x, depth_radius, **rest: lrn.backward(x, dy, depth_radius, **rest),
    "embedding_forward": embedding.embedding,
    "embedding_backward": embedding.embedding_backward,
    "concatenate": concatenate.concatenate,
    "flip": concatenate.flip,
    "transpose": transpose.transpose,
    "repeat_to": transpose.repeat_to,
    "pad": transpose.pad,
    "resize2d_forward": lambda x, size, interpolation: resize.forward(x, size, interpolation == "bilinear"),
    "resize2d_backward": lambda dy, size, interpolation: resize.backward(dy, size, interpolation == "bilinear"),
    "step_mask": mask.step_mask,
    "apply_mask": mask.apply_mask,
}
