"""Initial values of weights, with Keras's formulas: `initializer(shape, dtype)` gives an array."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from .base import random_streams
from .base.argument_names import NamesArguments
from .base.registry import Registry, plain, snake_case

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]


def fans(shape: Sequence[int]) -> tuple[float, float]:
    """Inputs and outputs per unit of a weight: (in, out), or (kh, kw, in, out) where each tap counts."""
    if len(shape) < 2:
        n = float(shape[0]) if shape else 1.0
        return n, n
    taps = math.prod(shape[:-2])
    return float(taps * shape[-2]), float(taps * shape[-1])


def _converting(call: Callable[..., Any]) -> Callable[..., Any]:
    """The `__call__` of an initialiser, whose arrays are InitialValues; what else a user's own gives stays."""

    @wraps(call)
    def converting(*args: Any, **kwargs: Any) -> Any:
        values = call(*args, **kwargs)
        return values.view(InitialValues) if type(values) is np.ndarray else values

    return converting


class InitialValues(np.ndarray[Any, Any]):
    """What initialisers give: an array that converts like a tensor. A single element is a number, of any rank."""

    def numpy(self) -> Array:
        return np.asarray(self)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        return operator.index(self.item())


class Initializer(NamesArguments):
    """Base: override `__call__(shape, dtype)`; constructor arguments become the config."""

    _names: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls):
            cls.__call__ = _converting(vars(cls)["__call__"])  # type: ignore[method-assign]

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        return {name: plain(getattr(self, name)) for name in self._names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Initializer:
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"


class Constant(Initializer):
    """Every element is `value` (a number, or an array that broadcasts)."""

    _names = ("value",)

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return np.full(shape, self.value, dtype)


class Zeros(Initializer):
    """Every element is 0."""

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return np.zeros(shape, dtype)


class Ones(Initializer):
    """Every element is 1."""

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return np.ones(shape, dtype)


class Identity(Initializer):
    """The identity matrix times `gain`; ValueError unless the shape has two axes."""

    _names = ("gain",)

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        if len(shape) != 2:
            raise ValueError(f"[identity] shape: expected 2 axes, got {tuple(shape)}")
        return np.asarray(self.gain * np.eye(*shape, dtype=dtype), dtype)


class _Random(Initializer):
    """Draws anew on every call, or the same every time if it was given a seed."""

    @property
    def seed(self) -> int | None:
        return self._seed

    @seed.setter
    def seed(self, value: int | None) -> None:
        self._seed = random_streams.checked_seed(snake_case(type(self).__name__), value)

    def _generator(self) -> np.random.Generator:
        return random_streams.generator("initializer", self.seed)


_BLOCK = 1 << 16  # numbers drawn at a time: their float64 originals stay in the cache


def _drawn(draw: Callable[[int], Array], shape: Sequence[int], dtype: Any) -> Array:
    """An array of what `draw(count)` gives, one block after another: no copy of all of it in float64."""
    values = np.empty(shape, dtype)
    flat = values.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        np.copyto(part, draw(part.size), casting="unsafe")
    return values


class RandomUniform(_Random):
    """Uniform in [minval, maxval)."""

    _names = ("minval", "maxval", "seed")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        generator = self._generator()
        return _drawn(lambda n: generator.uniform(self.minval, self.maxval, n), shape, dtype)


class RandomNormal(_Random):
    """Normal with the given mean and standard deviation."""

    _names = ("mean", "stddev", "seed")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        generator = self._generator()
        return _drawn(lambda n: generator.normal(self.mean, self.stddev, n), shape, dtype)


class TruncatedNormal(RandomNormal):
    """Normal, drawn again where it lies more than two standard deviations from the mean."""

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return _truncated(self._generator(), self.mean, self.stddev, shape, dtype)


def _truncated(generator: np.random.Generator, mean: float, stddev: float, shape: Sequence[int], dtype: Any) -> Array:
    """Draws for all elements until none is left that lay too far out in each draw before."""
    values = np.empty(shape, dtype)
    flat, far = values.reshape(-1), np.ones(values.size, bool)
    while far.any():
        for start in range(0, flat.size, _BLOCK):
            part, still = flat[start : start + _BLOCK], far[start : start + _BLOCK]
            z = generator.standard_normal(part.size)
            np.copyto(part, mean + stddev * z, where=still, casting="unsafe")
            still &= np.abs(z) > 2
    return values


class VarianceScaling(_Random):
    """Variance `scale / n`, where n is the fan in, the fan out or their mean.

    Glorot and Bengio 2010, He et al. 2015, LeCun et al. 1998 are this with the settings of the subclasses below.
    """

    _names = ("scale", "mode", "distribution", "seed")

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None
    ) -> None:
        if scale <= 0:
            raise ValueError(f"[variance_scaling] scale: expected a positive number, got {scale}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"[variance_scaling] mode: expected fan_in, fan_out or fan_avg, got {mode!r}")
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                "[variance_scaling] distribution: expected truncated_normal, untruncated_normal or uniform, "
                f"got {distribution!r}"
            )
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, n))
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return _drawn(lambda n: generator.uniform(-limit, limit, n), shape, dtype)
        if self.distribution == "untruncated_normal":
            return _drawn(lambda n: stddev * generator.standard_normal(n), shape, dtype)
        # 0.8796… is the standard deviation of a standard normal cut at ±2.
        return _truncated(generator, 0.0, stddev / 0.87962566103423978, shape, dtype)


def _scaling(name: str, scale: float, mode: str, distribution: str) -> type[VarianceScaling]:
    """A subclass of VarianceScaling with everything set but the seed."""

    def __init__(self: VarianceScaling, seed: int | None = None) -> None:
        VarianceScaling.__init__(self, scale, mode, distribution, seed)

    doc = f"VarianceScaling(scale={scale}, mode={mode!r}, distribution={distribution!r})."
    return type(
        name, (VarianceScaling,), {"__init__": __init__, "_names": ("seed",), "__doc__": doc, "__module__": __name__}
    )


GlorotUniform = _scaling("GlorotUniform", 1.0, "fan_avg", "uniform")
GlorotNormal = _scaling("GlorotNormal", 1.0, "fan_avg", "truncated_normal")
HeUniform = _scaling("HeUniform", 2.0, "fan_in", "uniform")
HeNormal = _scaling("HeNormal", 2.0, "fan_in", "truncated_normal")
LecunUniform = _scaling("LecunUniform", 1.0, "fan_in", "uniform")
LecunNormal = _scaling("LecunNormal", 1.0, "fan_in", "truncated_normal")


class Orthogonal(_Random):
    """Rows (or columns, whichever are fewer) orthonormal, times `gain`; axes before the last count as one (Saxe)."""

    _names = ("gain", "seed")

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        if len(shape) < 2:
            raise ValueError(f"[orthogonal] shape: expected at least 2 axes, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(self._generator().standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # without this, q would not be uniformly distributed
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)


_registry: Registry[Callable[..., Array]] = Registry(
    "initializer",
    [
        Constant, Zeros, Ones, Identity, RandomUniform, RandomNormal, TruncatedNormal, VarianceScaling, GlorotUniform,
        GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
    ],
    {"uniform": RandomUniform, "normal": RandomNormal},
)  # fmt: skip


def get(identifier: Any) -> Callable[..., Array]:
    """An initialiser from its name ("he_normal"), config or itself; None gives zeros. ValueError lists the names."""
    return Zeros() if identifier is None else _registry.get(identifier)


def serialize(initializer: Any) -> Any:
    """What `get` turns back into the same initialiser."""
    return _registry.serialize(initializer)
