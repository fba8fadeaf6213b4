"""Ops with random shapes and options, and the same in PyTorch: (text, ours, theirs, arrays)."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as f

from pydl import ops

from .hostile import pick
from .torch_layers import ACTIVATIONS

SMOOTH = ("relu", "tanh", "sigmoid", "elu", "selu", "softplus", "softsign", "silu", "relu6")

Case = tuple[str, Callable[..., Any], Callable[..., Any], list[Any]]
Generator = np.random.Generator


def _shape(rng: Generator, low: int = 0, high: int = 4) -> tuple[int, ...]:
    return tuple(int(n) for n in rng.integers(1, 7, int(rng.integers(low, high + 1))))


def _axis(rng: Generator, ndim: int) -> int:
    return int(rng.integers(-ndim, ndim))


def unary(rng: Generator) -> Case:
    smooth = {
        "square": torch.square, "sin": torch.sin, "cos": torch.cos, "negative": torch.neg, "abs": torch.abs,
        **{name: ACTIVATIONS[name] for name in SMOOTH}, "exp": torch.exp,
    }  # fmt: skip
    positive = {"sqrt": torch.sqrt, "log": torch.log, "log1p": torch.log1p}
    name = pick(rng, [*smooth, *positive])
    x = rng.standard_normal(_shape(rng))
    return name, getattr(ops, name), (smooth | positive)[name], [np.abs(x) + 0.1 if name in positive else x]


def binary(rng: Generator) -> Case:
    name = pick(rng, ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power"))
    shape = _shape(rng)
    other = tuple(1 if rng.random() < 0.3 else n for n in shape[int(rng.integers(0, len(shape) + 1)) :])
    a, b = rng.standard_normal(shape), rng.standard_normal(other)
    if name == "divide":
        b = np.copysign(np.abs(b) + 0.2, b)
    if name == "power":
        a = np.abs(a) + 0.2
    theirs = {"power": torch.pow}.get(name) or getattr(torch, name)
    pair = [b, a] if rng.random() < 0.3 and name != "power" else [a, b]
    if name == "divide" and pair[0] is b:
        pair[1] = np.copysign(np.abs(a) + 0.2, a)
    return name, getattr(ops, name), theirs, pair


def reduction(rng: Generator) -> Case:
    name = pick(rng, ("sum", "mean", "max", "min"))
    shape = _shape(rng, 1)
    count = int(rng.integers(1, len(shape) + 1))
    axes = tuple(int(a) for a in rng.choice(len(shape), count, replace=False))
    axes = tuple(a - len(shape) if rng.random() < 0.5 else a for a in axes)
    keep = bool(rng.integers(2))
    call = {"max": torch.amax, "min": torch.amin}.get(name) or getattr(torch, name)
    text, x = f"{name}(axis={axes}, keepdims={keep})", rng.standard_normal(shape)
    return text, lambda x: getattr(ops, name)(x, axes, keep), lambda x: call(x, axes, keep), [x]


def softmax(rng: Generator) -> Case:
    shape = _shape(rng, 1)
    axis = _axis(rng, len(shape))
    name = pick(rng, ("softmax", "log_softmax"))
    x = rng.standard_normal(shape) * pick(rng, (1, 30))
    return f"{name}(axis={axis})", lambda x: getattr(ops, name)(x, axis), lambda x: getattr(f, name)(x, axis), [x]


def product(rng: Generator) -> Case:
    n, k, m = (int(rng.integers(1, 40)) for _ in range(3))
    if rng.random() < 0.3:
        batch = _shape(rng, 1, 1)
        return (
            "matmul",
            ops.matmul,
            torch.matmul,
            [rng.standard_normal((*batch, n, k)), rng.standard_normal((*batch, k, m))],
        )
    act = pick(rng, ("linear", "relu", "tanh", "sigmoid", "elu", "silu", "softplus"))
    arrays = [rng.standard_normal((n, k)), rng.standard_normal((k, m)), rng.standard_normal(m)]
    return f"dense({act})", lambda x, w, b: ops.dense(x, w, b, act), lambda x, w, b: ACTIVATIONS[act](x @ w + b), arrays


def layout(rng: Generator) -> Case:
    shape = _shape(rng, 1)
    x = rng.standard_normal(shape)
    axis = _axis(rng, len(shape))
    order = tuple(int(a) for a in rng.permutation(len(shape)))
    widths = [(int(rng.integers(0, 3)), int(rng.integers(0, 3))) for _ in shape]
    flat = [n for pair in reversed(widths) for n in pair]
    index = tuple(_index(rng, n) for n in shape[: int(rng.integers(1, len(shape) + 1))])
    larger = (int(rng.integers(1, 4)), *shape)
    to = int(rng.integers(0, len(shape)))
    return pick(rng, (
        (f"transpose{order}", lambda x: ops.transpose(x, order), lambda x: x.permute(order), [x]),
        (f"flip({axis})", lambda x: ops.flip(x, axis), lambda x: x.flip(axis), [x]),
        (f"pad({widths})", lambda x: ops.pad(x, widths), lambda x: f.pad(x, flat), [x]),
        (f"getitem({index})", lambda x: x[index], lambda x: x[index], [x]),
        (f"broadcast_to{larger}", lambda x: ops.broadcast_to(x, larger), lambda x: x.expand(larger), [x]),
        ("reshape(-1)", lambda x: ops.reshape(x, (-1,)), lambda x: x.reshape(-1), [x]),
        (f"expand_dims({axis})", lambda x: ops.expand_dims(x, axis), lambda x: x.unsqueeze(axis), [x]),
        (f"moveaxis({axis}, {to})", lambda x: ops.moveaxis(x, axis, to), lambda x: x.movedim(axis, to), [x]),
        (f"stack({axis})", lambda a, b: ops.stack([a, b], axis), lambda a, b: torch.stack([a, b], axis), [x, x + 1]),
        (
            f"concatenate({axis})", lambda a, b: ops.concatenate([a, b], axis), lambda a, b: torch.cat([a, b], axis),
            [x, rng.standard_normal([3 if i == axis % len(shape) else n for i, n in enumerate(shape)])],
        ),
    ))  # fmt: skip


def _index(rng: Generator, n: int) -> Any:
    """An index that PyTorch supports: no negative steps."""
    start, stop = sorted(int(i) for i in rng.integers(0, n + 1, 2))
    return pick(rng, (int(rng.integers(-n, n)), slice(start, stop), slice(None, None, 2), slice(-1, None)))


def selection(rng: Generator) -> Case:
    shape = _shape(rng)
    a, b = rng.standard_normal(shape), rng.standard_normal(shape)
    chosen = rng.random(shape) < 0.5
    low, high = sorted(rng.standard_normal(2).tolist())
    return pick(rng, (
        ("where", lambda a, b: ops.where(chosen, a, b), lambda a, b: torch.where(torch.tensor(chosen), a, b), [a, b]),
        (f"clip({low}, {high})", lambda a: ops.clip(a, low, high), lambda a: a.clamp(low, high), [a]),
    ))  # fmt: skip


def loss(rng: Generator) -> Case:
    n, classes = int(rng.integers(1, 20)), int(rng.integers(1, 30))
    logits = rng.standard_normal((n, classes)) * pick(rng, (1, 20))
    labels, targets = rng.integers(0, classes, n), rng.uniform(size=(n, classes))
    return pick(rng, (
        (
            "softmax_cross_entropy", lambda x: ops.softmax_cross_entropy(x, labels),
            lambda x: f.cross_entropy(x, torch.tensor(labels), reduction="none"), [logits],
        ),
        (
            "sigmoid_cross_entropy", lambda x: ops.sigmoid_cross_entropy(x, targets),
            lambda x: f.binary_cross_entropy_with_logits(x, torch.tensor(targets), reduction="none"), [logits],
        ),
    ))  # fmt: skip


def embedding(rng: Generator) -> Case:
    rows = int(rng.integers(1, 20))
    ids = rng.integers(0, rows, _shape(rng, 1, 3))
    table = rng.standard_normal((rows, int(rng.integers(1, 12))))
    return "embedding", lambda t: ops.embedding(ids, t), lambda t: f.embedding(torch.tensor(ids), t), [table]


FAMILIES = (unary, binary, reduction, softmax, product, layout, selection, loss, embedding)
