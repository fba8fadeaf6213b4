"""Layers with random options as data: class name and arguments, by the rank of the input."""

from typing import Any

import numpy as np

from .hostile import pick

Spec = tuple[str, dict[str, Any]]
ACTIVATIONS = (
    "linear", "relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "silu", "gelu", "leaky_relu",
    "hard_sigmoid", "relu6", "exponential", "softmax",
)  # fmt: skip
SMOOTH = ("tanh", "sigmoid", "linear", "elu", "softsign")


def _n(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def _bool(rng: np.random.Generator) -> bool:
    return bool(rng.integers(2))


def _activation(rng: np.random.Generator) -> str:
    return str(pick(rng, ACTIVATIONS[:-2]))


def _windows(rng: np.random.Generator, axes: int, shape: tuple[int, ...], transposed: bool = False) -> dict[str, Any]:
    """kernel_size, strides, padding and dilation_rate; the window fits into the image unless padding is "same"."""
    kernel = tuple(_n(rng, 1, 5) for _ in range(axes))
    strides = tuple(_n(rng, 1, 3) for _ in range(axes)) if rng.random() < 0.5 else (1,) * axes
    dilation = (
        tuple(_n(rng, 1, 2) for _ in range(axes)) if strides == (1,) * axes and rng.random() < 0.3 else (1,) * axes
    )
    fits = transposed or all((k - 1) * d + 1 <= n for k, d, n in zip(kernel, dilation, shape, strict=False))
    padding = pick(rng, ("same", "valid")) if fits else "same"
    return {"kernel_size": kernel, "strides": strides, "padding": padding, "dilation_rate": dilation}


def convolution(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    axes, channels = len(shape) - 1, shape[-1]
    options = _windows(rng, axes, shape) | {"use_bias": _bool(rng), "activation": _activation(rng)}
    kind = pick(rng, ("Conv", "Conv", "Conv", "Transpose", "Depthwise", "Separable"))
    if kind == "Transpose":
        options |= _windows(rng, axes, shape, transposed=True) | {"dilation_rate": (1,) * axes}
        return f"Conv{axes}DTranspose", options | {"filters": _n(rng, 1, 9)}
    if kind in ("Depthwise", "Separable") and axes == 2:
        options["strides"] = (options["strides"][0],) * 2
        fits = all(
            (k - 1) * d + 1 <= n
            for k, d, n in zip(options["kernel_size"], options["dilation_rate"], shape, strict=False)
        )
        options |= {"depth_multiplier": _n(rng, 1, 3), "padding": options["padding"] if fits else "same"}
        return f"{kind}Conv2D", options | ({"filters": _n(rng, 1, 9)} if kind == "Separable" else {})
    groups = int(pick(rng, [g for g in range(1, channels + 1) if channels % g == 0]))
    if axes == 1 and rng.random() < 0.3:
        options["padding"] = "causal"
    return f"Conv{axes}D", options | {"filters": groups * _n(rng, 1, 6), "groups": groups}


def pooling(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    axes = len(shape) - 1
    pool = tuple(_n(rng, 1, 4) for _ in range(axes))
    strides = pick(rng, (None, tuple(_n(rng, 1, 3) for _ in range(axes))))
    padding = pick(rng, ("same", "valid")) if all(p <= n for p, n in zip(pool, shape, strict=False)) else "same"
    name = f"{pick(rng, ('Max', 'Average'))}Pooling{axes}D"
    return name, {"pool_size": pool, "strides": strides, "padding": padding}


def normalization(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    kind = pick(rng, ("BatchNormalization", "LayerNormalization", "GroupNormalization"))
    options = {"center": _bool(rng), "scale": _bool(rng), "epsilon": float(pick(rng, (1e-3, 0.1)))}
    if kind == "GroupNormalization":
        options["groups"] = int(pick(rng, [g for g in range(1, shape[-1] + 1) if shape[-1] % g == 0]))
    return str(kind), options


def recurrent(rng: np.random.Generator, shape: tuple[int, ...], sequences: bool = True) -> Spec:
    options: dict[str, Any] = {
        "units": _n(rng, 1, 9), "return_sequences": sequences or _bool(rng), "go_backwards": _bool(rng),
        "use_bias": _bool(rng), "activation": str(pick(rng, SMOOTH)),
    }  # fmt: skip
    kind = pick(rng, ("LSTM", "GRU", "SimpleRNN"))
    if kind != "SimpleRNN":
        options["recurrent_activation"] = str(pick(rng, ("sigmoid", "hard_sigmoid", "tanh")))
    if kind == "GRU":
        options["reset_after"] = _bool(rng)
    return str(kind), options


def dense(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    return "Dense", {"units": _n(rng, 1, 12), "use_bias": _bool(rng), "activation": str(pick(rng, ACTIVATIONS))}


def pointwise(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    return pick(rng, (
        ("Activation", {"activation": str(pick(rng, ACTIVATIONS))}), ("ELU", {"alpha": 0.7}), ("PReLU", {}),
        ("LeakyReLU", {"negative_slope": 0.2}), ("ReLU", {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.25}),
        ("Softmax", {}), ("Dropout", {"rate": 0.0}),
    ))  # fmt: skip


def image(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    pairs = tuple((_n(rng, 0, 2), _n(rng, 0, 2)) for _ in range(2))
    size = (_n(rng, 1, 3), _n(rng, 1, 3))
    interpolation = pick(rng, ("nearest", "bilinear"))
    choices: list[Spec] = [
        ("ZeroPadding2D", {"padding": pairs}), ("UpSampling2D", {"size": size, "interpolation": interpolation}),
    ]  # fmt: skip
    if all(a + b < n for (a, b), n in zip(pairs, shape, strict=False)):
        choices.append(("Cropping2D", {"cropping": pairs}))
    return pick(rng, choices)


def ending(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    axes = len(shape) - 1
    if axes == 1 and rng.random() < 0.4:
        name, options = recurrent(rng, shape)
        return name, options | {"return_sequences": False}
    name = pick(rng, ("Flatten", f"GlobalAveragePooling{axes}D", f"GlobalMaxPooling{axes}D"))
    return str(name), {}


BY_RANK = {
    3: (convolution, convolution, convolution, pooling, pooling, normalization, pointwise, image, dense, ending),
    2: (convolution, convolution, pooling, normalization, pointwise, recurrent, recurrent, recurrent, dense, ending),
    1: (dense, dense, dense, normalization, pointwise),
}


def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Spec:
    """A layer for inputs of this shape (no batch axis)."""
    return pick(rng, BY_RANK[len(shape)])(rng, shape)
