"""Where batches come from: arrays, shuffled by index and gathered into reused memory, or any iterable of batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from . import _core
from .class_weights import class_weights, weighted
from .errors import ShapeError, positive_integer
from .losses import Loss
from .structure import leaves, map_leaves, rebuild
from .tape import Array


class Batch(NamedTuple):
    """One step's inputs, targets and weights per sample: arrays, or lists and dicts of them where there are several.

    They are valid until the next batch is made.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def size(self) -> int:
        """The number of samples."""
        return len(leaves(self.x)[0])


class Receiver(Protocol):
    """What a model says of the data that it takes."""

    dtype: np.dtype[Any]

    def _arranged(self, name: str, data: Any) -> Any:
        """x, y or sample_weight as one array, or several in a list, tuple or dict."""

    def input_dtype(self, array: Array, place: int) -> np.dtype[Any]:
        """What the input at this place is cast to."""

    def _label_kind(self) -> tuple[Loss | None, int | None]:
        """The loss, if it is one, and the number of axes of its output, if known."""


def target_dtype(array: Array, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Integers are labels and stay integers; everything else, bools included, becomes `dtype`."""
    if array.dtype.kind not in "iu":
        return dtype
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and array.max(initial=0) > np.iinfo(np.int64).max:
        raise ValueError(f"[data] y: expected labels below 2**63, got {array.max()}")
    return array.dtype if array.dtype in (np.int32, np.int64) else np.dtype(np.int64)


class _Column:
    """One array of a data set, handed out batch by batch as `dtype`."""

    def __init__(self, source: Array, dtype: np.dtype[Any], batch_size: int, shuffled: bool) -> None:
        self._source = np.ascontiguousarray(source)  # np.take would copy all of it at every batch
        shape = (min(batch_size, len(source)), *source.shape[1:])
        self._gathered = _core_empty(shape, source.dtype) if shuffled else None
        self._cast = _core_empty(shape, dtype) if source.dtype != dtype else None

    def batch(self, start: int, stop: int, order: Array | None) -> Array:
        size = stop - start
        if order is None or self._gathered is None:
            part = self._source[start:stop]
        else:  # mode "clip" writes straight into `out`; "raise" would go through a buffer
            part = np.take(self._source, order[start:stop], axis=0, out=self._gathered[:size], mode="clip")
        if self._cast is None:
            return part
        np.copyto(self._cast[:size], part, casting="unsafe")
        return self._cast[:size]


def _core_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Aligned memory for what kernels read."""
    return _core.empty(shape, dtype) if dtype in (np.float32, np.float64) else np.empty(shape, dtype)


def _map_given(function: Callable[[Any], Any], structure: Any) -> Any:
    """`function` of every array; None, for targets or weights that were not given, stays."""
    return map_leaves(lambda leaf: None if leaf is None else function(leaf), structure)


def _map_inputs(function: Callable[[Any, int], Any], structure: Any) -> Any:
    """`function` of every input and its place."""
    return rebuild(structure, [function(leaf, place) for place, leaf in enumerate(leaves(structure))])


class ArrayBatches:
    """The batches of arrays of one length, in order or in a new random order every time."""

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        receiver: Receiver,
        shuffle: np.random.Generator | None = None,
    ) -> None:
        size = len(leaves(x)[0])
        for name, structure in (("x", x), ("y", y), ("sample_weight", sample_weight)):
            for array in leaves(structure):
                if array is not None and (array.ndim == 0 or len(array) != size):
                    raise ShapeError(f"[data] {name}: expected {size} samples as x has, got shape {array.shape}")
        if size == 0:
            raise ValueError("[data] x: expected at least one sample, got none")
        batch_size = positive_integer("data", "batch_size", batch_size)
        self._size, self._batch_size, self._shuffle = size, batch_size, shuffle

        def column(array: Array, dtype: np.dtype[Any]) -> _Column:
            return _Column(array, dtype, batch_size, shuffle is not None)

        self._columns = Batch(
            _map_inputs(lambda a, place: column(a, receiver.input_dtype(a, place)), x),
            _map_given(lambda a: column(a, target_dtype(a, receiver.dtype)), y),
            _map_given(lambda a: column(a, receiver.dtype), sample_weight),
        )

    def __len__(self) -> int:
        return math.ceil(self._size / self._batch_size)

    def __iter__(self) -> Iterator[Batch]:
        order = None if self._shuffle is None else self._shuffle.permutation(self._size)
        for start in range(0, self._size, self._batch_size):
            stop = min(start + self._batch_size, self._size)
            yield Batch(*[_map_given(lambda c: c.batch(start, stop, order), part) for part in self._columns])  # noqa: B023


class IterableBatches:
    """Batches from a generator or another iterable of x, (x, y) or (x, y, sample_weight)."""

    def __init__(
        self, source: Iterable[Any], receiver: Receiver, class_weight: Mapping[int, float] | None = None
    ) -> None:
        self._source, self._receiver, self._class_weight = source, receiver, class_weight

    def __iter__(self) -> Iterator[Batch]:
        for item in self._source:
            parts = item if isinstance(item, tuple) else (item,)
            if not 1 <= len(parts) <= 3:
                raise ValueError(f"[data] expected batches x, (x, y) or (x, y, sample_weight), got {len(parts)} parts")
            yield make_batch(*parts, receiver=self._receiver, weights=self._class_weight)


def make_batch(
    x: Any, y: Any = None, sample_weight: Any = None, *, receiver: Receiver, weights: Mapping[int, float] | None = None
) -> Batch:
    """One batch from whatever converts to arrays; `weights` is a weight per class."""
    x, y = receiver._arranged("x", x), receiver._arranged("y", y)
    sample_weight = receiver._arranged("sample_weight", sample_weight)
    if y is not None and weights is not None:
        sample_weight = weighted(class_weights(y, weights, *receiver._label_kind()), sample_weight)
    return Batch(
        _map_inputs(lambda a, place: np.ascontiguousarray(a, receiver.input_dtype(a, place)), x),
        _map_given(lambda a: np.ascontiguousarray(a, target_dtype(a, receiver.dtype)), y),
        _map_given(lambda a: np.ascontiguousarray(a, receiver.dtype), sample_weight),
    )


class Epochs:
    """Cuts a stream of batches into epochs: one pass each, or `steps` batches each, going round as often as needed."""

    def __init__(self, batches: Iterable[Batch], steps: int | None = None) -> None:
        if steps is not None:
            steps = positive_integer("data", "steps", steps)
        self._batches, self._given = batches, steps
        self._stream: Iterator[Batch] = iter(())
        self.steps = steps if steps is not None else len(batches) if isinstance(batches, ArrayBatches) else None

    def once(self) -> Iterator[Batch]:
        """One pass from the start, of at most `steps` batches: what is looked at without training."""
        return islice(self._batches, self._given)

    def epoch(self) -> Iterator[Batch]:
        """The next epoch's batches. Fewer, or none, if the source has run dry."""
        if self._given is None:
            yield from self._batches
            return
        for _ in range(self._given):
            batch = next(self._stream, None)
            if batch is None:
                self._stream = iter(self._batches)
                batch = next(self._stream, None)
            if batch is None:
                return
            yield batch


def split_validation(fraction: float, *data: Any) -> tuple[list[Any], list[Any]]:
    """The first part for training and the last `fraction` of all samples for validation, as Keras cuts: unshuffled."""
    if isinstance(fraction, str) or not 0 < fraction < 1:
        raise ValueError(f"[fit] validation_split: expected between 0 and 1, got {fraction!r}")
    size = len(leaves(data[0])[0])
    cut = math.floor(size * (1 - fraction))
    if cut in (0, size):
        raise ValueError(f"[fit] validation_split: {fraction} of {size} samples leaves one of the two parts empty")
    train = [_map_given(lambda a: a[:cut], part) for part in data]
    return train, [_map_given(lambda a: a[cut:], part) for part in data]
