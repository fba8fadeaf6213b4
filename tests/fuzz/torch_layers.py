"""The layers in PyTorch in float64, with the weights of pydl."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as f

T = torch.Tensor
Weights = list[T]

ACTIVATIONS: dict[str, Callable[[T], T]] = {
    "linear": lambda x: x, "relu": f.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "elu": f.elu, "selu": f.selu,
    "softplus": lambda x: f.softplus(x, threshold=1e9), "softsign": f.softsign, "silu": f.silu, "gelu": f.gelu,
    "leaky_relu": lambda x: f.leaky_relu(x, 0.2), "relu6": f.relu6, "exponential": torch.exp,
    "hard_sigmoid": lambda x: f.relu6(x + 3) / 6, "softmax": lambda x: f.softmax(x, -1),
}  # fmt: skip


def _first(x: T) -> T:
    """Channels from the last axis to the second."""
    return x.movedim(-1, 1)


def _last(x: T) -> T:
    return x.movedim(1, -1)


def _paddings(shape: Any, options: dict[str, Any], kernel: Any, strides: Any) -> list[tuple[int, int]]:
    """(before, after) of every axis, as Keras pads."""
    dilation = options.get("dilation_rate", (1,) * len(kernel))
    pairs = []
    for n, k, s, d in zip(shape, kernel, strides, dilation, strict=True):
        span = (k - 1) * d + 1
        total = max(((n + s - 1) // s - 1) * s + span - n, 0)
        pairs.append(
            {"same": (total // 2, total - total // 2), "causal": (span - 1, 0), "valid": (0, 0)}[options["padding"]]
        )
    return pairs


def _pad(x: T, pairs: list[tuple[int, int]], value: float = 0.0) -> T:
    return f.pad(x, [n for pair in reversed(pairs) for n in pair], value=value)


def _convolve(x: T, kernel: T, options: dict[str, Any], groups: int) -> T:
    """x: channels first; kernel: (sizes…, C / groups, O)."""
    axes = x.ndim - 2
    weight = kernel.movedim(-1, 0).movedim(-1, 1).contiguous()
    x = _pad(x, _paddings(x.shape[2:], options, options["kernel_size"], options["strides"]))
    call = f.conv1d if axes == 1 else f.conv2d
    return call(x, weight, None, options["strides"], 0, options["dilation_rate"], groups)


def _finish(y: T, weights: Weights, options: dict[str, Any]) -> T:
    y = _last(y)
    return ACTIVATIONS[options["activation"]](y + weights[-1] if options["use_bias"] else y)


def convolution(x: T, weights: Weights, options: dict[str, Any]) -> T:
    return _finish(_convolve(_first(x), weights[0], options, options["groups"]), weights, options)


def _depthwise(x: T, kernel: T, options: dict[str, Any]) -> T:
    x = _first(x)
    flat = kernel.reshape(*kernel.shape[:2], 1, -1)
    return _convolve(x, flat, options, x.shape[1])


def depthwise(x: T, weights: Weights, options: dict[str, Any]) -> T:
    return _finish(_depthwise(x, weights[0], options), weights, options)


def separable(x: T, weights: Weights, options: dict[str, Any]) -> T:
    y = torch.einsum("nchw,co->nohw", _depthwise(x, weights[0], options), weights[1][0, 0])
    return _finish(y, weights, options)


def transposed(x: T, weights: Weights, options: dict[str, Any]) -> T:
    x = _first(x)
    kernel = weights[0].movedim(-1, 0).movedim(-1, 1).contiguous()
    call = f.conv_transpose1d if x.ndim == 3 else f.conv_transpose2d
    y = call(x, kernel, None, options["strides"])
    sizes = zip(x.shape[2:], options["kernel_size"], options["strides"], strict=True)
    for axis, (n, k, s) in enumerate(sizes, 2):
        wanted = n * s if options["padding"] == "same" else n * s + max(k - s, 0)
        extra = y.shape[axis] - wanted
        before = max(extra, 0) // 2 if options["padding"] == "same" else 0
        y = y.narrow(axis, before, min(wanted, y.shape[axis] - before))
        if y.shape[axis] < wanted:
            pairs = [(0, wanted - y.shape[axis] if i == axis else 0) for i in range(2, y.ndim)]
            y = _pad(y, pairs)
    return _finish(y, weights, options)


def pooling(x: T, weights: Weights, options: dict[str, Any], average: bool) -> T:
    x = _first(x)
    pool, strides = options["pool_size"], options["strides"] or options["pool_size"]
    pairs = _paddings(x.shape[2:], options, pool, strides)
    one = x.ndim == 3
    if not average:
        return _last((f.max_pool1d if one else f.max_pool2d)(_pad(x, pairs, -torch.inf), pool, strides))
    call = f.avg_pool1d if one else f.avg_pool2d
    share = call(_pad(torch.ones_like(x[:1, :1]), pairs), pool, strides)  # the part of a window inside the image
    return _last(call(_pad(x, pairs), pool, strides) / share)


def _affine(y: T, weights: Weights, options: dict[str, Any], last: bool = True) -> T:
    rest = list(weights)
    if options["scale"]:
        y = y * rest.pop(0)
    return y + rest.pop(0) if options["center"] else y


def normalization(x: T, weights: Weights, options: dict[str, Any], kind: str, training: bool) -> T:
    if kind == "BatchNormalization":
        axes = tuple(range(x.ndim - 1))
        mean, variance = (x.mean(axes), x.var(axes, unbiased=False)) if training else weights[-2:]
        return _affine((x - mean) / torch.sqrt(variance + options["epsilon"]), weights, options)
    if kind == "LayerNormalization":
        y = f.layer_norm(x, x.shape[-1:], eps=options["epsilon"])
    else:
        groups = x.reshape(x.shape[0], -1, options["groups"], x.shape[-1] // options["groups"])
        mean, variance = groups.mean((1, 3), keepdim=True), groups.var((1, 3), unbiased=False, keepdim=True)
        y = ((groups - mean) / torch.sqrt(variance + options["epsilon"])).reshape(x.shape)
    return _affine(y, weights, options)


def recurrent(x: T, weights: Weights, options: dict[str, Any], kind: str) -> T:
    kernel, inner = weights[:2]
    units, act = options["units"], ACTIVATIONS[options["activation"]]
    gate = ACTIVATIONS[options.get("recurrent_activation", "sigmoid")]
    bias = weights[2] if options["use_bias"] else torch.zeros(kernel.shape[1], dtype=x.dtype)
    h = c = torch.zeros(x.shape[0], units, dtype=x.dtype)
    steps = []
    for t in reversed(range(x.shape[1])) if options["go_backwards"] else range(x.shape[1]):
        if kind == "SimpleRNN":
            h = act(x[:, t] @ kernel + bias + h @ inner)
        elif kind == "LSTM":
            i, g, n, o = (x[:, t] @ kernel + h @ inner + bias).split(units, 1)
            c = gate(g) * c + gate(i) * act(n)
            h = gate(o) * act(c)
        else:
            h = _gru(x[:, t], h, kernel, inner, bias, options["reset_after"], act, gate)
        steps.append(h)
    return torch.stack(steps, 1) if options["return_sequences"] else h


def _gru(x: T, h: T, kernel: T, inner: T, bias: T, after: bool, act: Any, gate: Any) -> T:
    ours, theirs = (bias[0], bias[1]) if bias.ndim == 2 else (bias, torch.zeros_like(bias))
    z, r, n = (x @ kernel + ours).chunk(3, 1)
    if after:
        hz, hr, hn = (h @ inner + theirs).chunk(3, 1)
        z, r = gate(z + hz), gate(r + hr)
        n = act(n + r * hn)
    else:
        uz, ur, un = inner.chunk(3, 1)
        z, r = gate(z + h @ uz), gate(r + h @ ur)
        n = act(n + (r * h) @ un)
    return z * h + (1 - z) * n


def upsampled(x: T, weights: Weights, options: dict[str, Any]) -> T:
    how = {} if options["interpolation"] == "nearest" else {"align_corners": False}
    return _last(
        f.interpolate(_first(x), scale_factor=tuple(map(float, options["size"])), mode=options["interpolation"], **how)
    )


def dense(x: T, weights: Weights, options: dict[str, Any]) -> T:
    y = x @ weights[0]
    return ACTIVATIONS[options["activation"]](y + weights[1] if options["use_bias"] else y)


def rectified(x: T, weights: Weights, options: dict[str, Any]) -> T:
    slope, top, threshold = options["negative_slope"], options["max_value"], options["threshold"]
    return torch.where(x > threshold, x.clamp(max=top), slope * (x - threshold))


def layer(kind: str, options: dict[str, Any], weights: Weights, x: T, training: bool) -> T:
    """The output of the layer of this class for x."""
    simple: dict[str, Callable[[], T]] = {
        "Dense": lambda: dense(x, weights, options),
        "Activation": lambda: ACTIVATIONS[options["activation"]](x), "ELU": lambda: f.elu(x, options["alpha"]),
        "PReLU": lambda: torch.where(x > 0, x, weights[0] * x), "LeakyReLU": lambda: f.leaky_relu(x, 0.2),
        "ReLU": lambda: rectified(x, weights, options), "Softmax": lambda: f.softmax(x, -1), "Dropout": lambda: x,
        "Flatten": lambda: x.flatten(1), "UpSampling2D": lambda: upsampled(x, weights, options),
        "ZeroPadding2D": lambda: _pad(x, [*options["padding"], (0, 0)]),
        "Cropping2D": lambda: _pad(x, [*[(-a, -b) for a, b in options["cropping"]], (0, 0)]),
        "DepthwiseConv2D": lambda: depthwise(x, weights, options),
        "SeparableConv2D": lambda: separable(x, weights, options),
    }  # fmt: skip
    if kind in simple:
        return simple[kind]()
    if kind.endswith("Transpose"):
        return transposed(x, weights, options)
    if kind.startswith("Conv"):
        return convolution(x, weights, options)
    if kind.startswith("Global"):
        axes = tuple(range(1, x.ndim - 1))
        return x.mean(axes) if "Average" in kind else x.amax(axes)
    if "Pooling" in kind:
        return pooling(x, weights, options, "Average" in kind)
    if kind.endswith("Normalization"):
        return normalization(x, weights, options, kind, training)
    return recurrent(x, weights, options, kind)
