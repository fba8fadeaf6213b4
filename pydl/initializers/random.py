"""Random initial values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..base import random_streams
from ..base.errors import number
from ..base.registry import snake_case
from .base import Array, Initializer


def fans(shape: Sequence[int]) -> tuple[float, float]:
    """fan-in and fan-out of a weight of shape (in, out), or (kh, kw, in, out), where each tap counts."""
    if len(shape) < 2:
        n = float(shape[0]) if shape else 1.0
        return n, n
    taps = math.prod(shape[:-2])
    return float(taps * shape[-2]), float(taps * shape[-1])


class _Random(Initializer):
    """An initializer whose calls draw new values, or with a seed the same ones."""

    @property
    def seed(self) -> int | None:
        """The seed, or None. It may be set."""
        return self._seed

    @seed.setter
    def seed(self, value: int | None) -> None:
        self._seed = random_streams.checked_seed(snake_case(type(self).__name__), value)

    def _generator(self) -> np.random.Generator:
        return random_streams.generator("initializer", self.seed)


_BLOCK = 1 << 16  # values drawn at a time, so that their float64 originals stay in the cache


def _drawn(draw: Callable[[int], Array], shape: Sequence[int], dtype: Any) -> Array:
    """An array filled by `draw(count)`, block by block, which avoids a float64 copy of the whole array."""
    values = np.empty(shape, dtype)
    flat = values.reshape(-1)
    for start in range(0, flat.size, _BLOCK):
        part = flat[start : start + _BLOCK]
        np.copyto(part, draw(part.size), casting="unsafe")
    return values


class RandomUniform(_Random):
    """Uniform in [minval, maxval).

    Args:
        minval: The lower bound.
        maxval: The upper bound.
        seed: An integer of at least 0 for the same values at every call; None: `pydl.set_seed` governs them.

    Example:
        >>> w = pydl.initializers.RandomUniform(-1.0, 1.0, seed=0)((1000,))
        >>> bool((np.abs(w) <= 1).all())
        True
    """

    _names = ("minval", "maxval", "seed")

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        generator = self._generator()
        return _drawn(lambda n: generator.uniform(self.minval, self.maxval, n), shape, dtype)


class RandomNormal(_Random):
    """Normal with the given mean and standard deviation.

    Args:
        mean: The mean.
        stddev: The standard deviation.
        seed: An integer of at least 0 for the same values at every call; None: `pydl.set_seed` governs them.

    Example:
        >>> w = pydl.initializers.RandomNormal(stddev=2.0, seed=0)((10000,))
        >>> round(float(w.std()))
        2
    """

    _names = ("mean", "stddev", "seed")

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        generator = self._generator()
        return _drawn(lambda n: generator.normal(self.mean, self.stddev, n), shape, dtype)


class TruncatedNormal(RandomNormal):
    """Normal, drawn again where a value lies more than two standard deviations from the mean.

    Args:
        mean: The mean before the cut.
        stddev: The standard deviation before the cut.
        seed: An integer of at least 0 for the same values at every call; None: `pydl.set_seed` governs them.

    Example:
        >>> w = pydl.initializers.TruncatedNormal(stddev=1.0, seed=0)((1000,))
        >>> bool((np.abs(w) <= 2).all())
        True
    """

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        return _truncated(self._generator(), self.mean, self.stddev, shape, dtype)


def _truncated(generator: np.random.Generator, mean: float, stddev: float, shape: Sequence[int], dtype: Any) -> Array:
    """Rejection sampling: draws again for the elements that are still out of range."""
    values = np.empty(shape, dtype)
    flat, rejected = values.reshape(-1), np.ones(values.size, bool)
    while rejected.any():
        for start in range(0, flat.size, _BLOCK):
            part, still = flat[start : start + _BLOCK], rejected[start : start + _BLOCK]
            z = generator.standard_normal(part.size)
            np.copyto(part, mean + stddev * z, where=still, casting="unsafe")
            still &= np.abs(z) > 2
    return values


class VarianceScaling(_Random):
    """Random values of variance `scale / n`, where n is the fan in, the fan out or their mean.

    The fan in of a weight (..., in, out) is `in` times the sizes before it; the fan out likewise. `Glorot…`, `He…` and
    `Lecun…` are this class with fixed settings.

    Args:
        scale: A positive number.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (cut at two standard deviations), "untruncated_normal" or "uniform".
        seed: An integer of at least 0 for the same values at every call; None: `pydl.set_seed` governs them.

    Raises:
        ValueError: For another scale, mode or distribution.

    Example:
        >>> w = pydl.initializers.VarianceScaling(scale=4.0, mode="fan_in", seed=0)((100, 100))
        >>> round(float(w.std()), 2)
        0.2
    """

    _names = ("scale", "mode", "distribution", "seed")

    def __init__(
        self, scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: int | None = None
    ) -> None:
        if number("variance_scaling", "scale", scale) <= 0:
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


_EXAMPLE = """

Args:
    seed: An integer of at least 0 for the same values at every call; None: `pydl.set_seed` governs them.

Source:
    {source}

Example:
    >>> pydl.initializers.{name}(seed=0)((3, 2)).shape
    (3, 2)
"""


def _scaling(name: str, scale: float, mode: str, distribution: str, source: str) -> type[VarianceScaling]:
    """A subclass of VarianceScaling whose only argument is the seed."""

    def __init__(self: VarianceScaling, seed: int | None = None) -> None:
        VarianceScaling.__init__(self, scale, mode, distribution, seed)

    doc = f"VarianceScaling(scale={scale}, mode={mode!r}, distribution={distribution!r})."
    doc += _EXAMPLE.format(name=name, source=source)
    return type(
        name, (VarianceScaling,), {"__init__": __init__, "_names": ("seed",), "__doc__": doc, "__module__": __name__}
    )


_GLOROT = 'Glorot and Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks".'
_HE = 'He et al. 2015, "Delving Deep into Rectifiers".'
_LECUN = 'LeCun et al. 1998, "Efficient BackProp".'

GlorotUniform = _scaling("GlorotUniform", 1.0, "fan_avg", "uniform", _GLOROT)
GlorotNormal = _scaling("GlorotNormal", 1.0, "fan_avg", "truncated_normal", _GLOROT)
HeUniform = _scaling("HeUniform", 2.0, "fan_in", "uniform", _HE)
HeNormal = _scaling("HeNormal", 2.0, "fan_in", "truncated_normal", _HE)
LecunUniform = _scaling("LecunUniform", 1.0, "fan_in", "uniform", _LECUN)
LecunNormal = _scaling("LecunNormal", 1.0, "fan_in", "truncated_normal", _LECUN)


class Orthogonal(_Random):
    """A matrix with orthonormal rows or columns, whichever are fewer, times `gain`.

    The axes before the last count as one. Calls raise ValueError for fewer than two axes.

    Args:
        gain: The factor.
        seed: An integer of at least 0 for the same values at every call; None: `pydl.set_seed` governs them.

    Source:
        Saxe et al. 2013, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks".

    Example:
        >>> q = pydl.initializers.Orthogonal(seed=0)((3, 3), "float64")
        >>> bool(np.allclose(q @ q.T, np.eye(3)))
        True
    """

    _names = ("gain", "seed")

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        self.gain, self.seed = gain, seed

    def __call__(self, shape: Sequence[int], dtype: Any = "float32") -> Array:
        if len(shape) < 2:
            raise ValueError(f"[orthogonal] shape: expected at least 2 axes, got {tuple(shape)}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(self._generator().standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))  # makes q uniformly distributed
        return (self.gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)
