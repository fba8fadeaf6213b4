"""Batches from arrays (shuffled by index, gathered into reused memory) and from iterables of batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count, islice
from typing import Any, NamedTuple, Protocol

import numpy as np

from .. import memory
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, as_integer, number, positive_integer
from ..base.tree import flatten, is_nested, map_structure, pack_sequence_as
from ..losses import Loss
from .class_weights import class_weights, weighted
from .data_adapters import derives
from .sparse_rows import SparseRows


class Batch(NamedTuple):
    """Inputs, targets and sample weights of one step: arrays, or lists and dicts of them.

    They are valid until the next batch.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None

    @property
    def size(self) -> int:
        """The number of samples."""
        return len(self.x) if type(self.x) is np.ndarray else len(flatten(self.x)[0])


class InputSpec(Protocol):
    """The inputs and outputs of a model."""

    dtype: np.dtype[Any]  # of floating targets and weights
    count: int | None  # number of inputs, None if unknown
    output_names: list[str] | None  # for losses and metrics, None if unknown

    def standardize(self, name: str, data: Any) -> Any:
        """x, y or sample_weight as one array, or several in a list, tuple or dict."""

    def input_dtype(self, x: Array | Tensor, index: int = 0) -> np.dtype[Any]:
        """The dtype that the input of this index is cast to."""


class HasInputSpec(Protocol):
    """A model. Its spec may change when it is built."""

    _spec: InputSpec

    def _label_kind(self) -> tuple[Loss | None, int | None]:
        """The loss, if it is one, and the number of axes of its output, if known."""


def target_dtype(array: Array, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Integers are labels and are kept; all other targets, bools too, become `dtype`."""
    if array.dtype.kind not in "iu":
        return dtype
    if array.dtype.kind == "u" and array.dtype.itemsize == 8 and array.max(initial=0) > np.iinfo(np.int64).max:
        raise ValueError(f"[data] y: expected labels below 2**63, got {array.max()}")
    return array.dtype if array.dtype in (np.int32, np.int64) else np.dtype(np.int64)


class _Column:
    """One array of a data set, returned batch by batch as `dtype`."""

    def __init__(self, source: Any, dtype: np.dtype[Any], batch_size: int, shuffled: bool) -> None:
        sparse = isinstance(source, SparseRows)
        self.source = source if sparse else np.ascontiguousarray(source)  # or np.take would copy it for every batch
        shape = (min(batch_size, len(source)), *source.shape[1:])
        self._gathered: Any = _aligned_empty(shape, source.dtype) if shuffled or sparse else None
        self._cast = _aligned_empty(shape, dtype) if source.dtype != dtype else None

    def batch(self, start: int, stop: int, order: Array | None) -> Array:
        size = stop - start
        part: Array
        if isinstance(self.source, SparseRows):
            rows = slice(start, stop) if order is None else order[start:stop]
            part = self.source.dense(rows, out=self._gathered[:size])
        elif self._gathered is None or order is None:
            part = self.source[start:stop]
        else:  # mode "clip" writes directly into `out`; "raise" uses a buffer
            part = np.take(self.source, order[start:stop], axis=0, out=self._gathered[:size], mode="clip")
        if self._cast is None:
            return part
        np.copyto(self._cast[:size], part, casting="unsafe")
        return self._cast[:size]


def _aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Memory that is aligned if kernels read it."""
    return memory._empty(shape, dtype) if dtype in (np.float32, np.float64) else np.empty(shape, dtype)


def _map_given(function: Callable[[Any], Any], structure: Any) -> Any:
    """`function` of every array; None for missing targets or weights."""
    return map_structure(lambda leaf: None if leaf is None else function(leaf), structure)


def _map_inputs(function: Callable[[Any, int], Any], structure: Any) -> Any:
    """`function` of every input and its index."""
    return pack_sequence_as(structure, [function(leaf, index) for index, leaf in enumerate(flatten(structure))])


class ArrayBatches:
    """The batches of arrays of one length, in order or in a new random order per epoch."""

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        spec: InputSpec,
        shuffle: np.random.Generator | None = None,
    ) -> None:
        size = len(flatten(x)[0])
        for name, structure in (("x", x), ("y", y), ("sample_weight", sample_weight)):
            for array in flatten(structure):
                if array is not None and (array.ndim == 0 or len(array) != size):
                    raise ShapeError(f"[data] {name}: expected {size} samples as x has, got shape {array.shape}")
        if size == 0:
            raise ValueError("[data] x: expected at least one sample, got none")
        batch_size = positive_integer("data", "batch_size", batch_size)
        self._size, self._batch_size, self._shuffle = size, batch_size, shuffle
        self.steps = math.ceil(size / batch_size)
        self.samples: Array | range = range(0)  # indices of the samples in the last batch

        def column(array: Array, dtype: np.dtype[Any]) -> _Column:
            return _Column(array, dtype, batch_size, shuffle is not None)

        self._columns = Batch(
            _map_inputs(lambda a, index: column(a, spec.input_dtype(a, index)), x),
            _map_given(lambda a: column(a, target_dtype(a, spec.dtype)), y),
            _map_given(lambda a: column(a, spec.dtype), sample_weight),
        )

    def __iter__(self) -> Iterator[Batch]:
        order = None if self._shuffle is None else self._shuffle.permutation(self._size)
        for start in range(0, self._size, self._batch_size):
            stop = min(start + self._batch_size, self._size)
            self.samples = range(start, stop) if order is None else order[start:stop]
            yield Batch(*[_map_given(lambda c: c.batch(start, stop, order), part) for part in self._columns])  # noqa: B023

    def whole(self) -> Batch:
        """All samples, not cast."""
        return Batch(*[_map_given(lambda c: c.source, part) for part in self._columns])


class IterableBatches:
    """Batches from a generator or another iterable of x, (x, y) or (x, y, sample_weight).

    A list of arrays counts as such a tuple, unless the model has that many inputs.
    """

    def __init__(self, source: Any, model: HasInputSpec, class_weight: Mapping[int, float] | None = None) -> None:
        self.source, self._model, self._class_weight = source, model, class_weight
        self._lists_are_tuples = derives(type(source), "torch", "DataLoader")
        self.steps = _length(source) if self._lists_are_tuples else None

    def _items(self) -> Iterable[Any]:
        return self.source  # type: ignore[no-any-return]

    def __iter__(self) -> Iterator[Batch]:
        for item in self._items():
            parts = self._parts(item)
            if not 1 <= len(parts) <= 3:
                raise ValueError(
                    f"[data] x: expected batches x, (x, y) or (x, y, sample_weight), got {len(parts)} parts"
                )
            batch = make_batch(*parts, model=self._model, weights=self._class_weight)
            for name, part in zip(batch._fields, batch, strict=True):
                for array in flatten(part):
                    if array is not None and len(array) != batch.size:
                        raise ShapeError(f"[data] {name}: expected {batch.size} samples as x has, got {array.shape}")
            yield batch

    def _parts(self, item: Any) -> Any:
        if isinstance(item, tuple):
            return item
        if not isinstance(item, list) or not (self._lists_are_tuples or _nests_arrays(item)):
            return (item,)
        inputs = self._model._spec.count or 1
        return (item,) if len(item) == inputs > 1 and not any(map(is_nested, item)) else item


class IndexedBatches(IterableBatches):
    """Batches from an object that is indexed by batch, like Keras's PyDataset: `len(source)` of them.

    Its on_epoch_begin and on_epoch_end, if any, are called. `shuffle` permutes the batches of every epoch.
    """

    def __init__(
        self,
        source: Any,
        model: HasInputSpec,
        class_weight: Mapping[int, float] | None = None,
        shuffle: np.random.Generator | None = None,
    ) -> None:
        super().__init__(source, model, class_weight)
        self._shuffle, self._lists_are_tuples = shuffle, True
        self.steps = _length(source)
        if self.steps == 0:
            raise ValueError(f"[data] x: expected at least one batch, got a {type(source).__name__} of length 0")

    def _items(self) -> Iterator[Any]:
        length = _length(self.source)  # it may change between epochs
        indices: Iterable[int] = count() if length is None else range(length)
        if self._shuffle is not None and length is not None and length < _MAX_SHUFFLED:
            indices = self._shuffle.permutation(length).tolist()
        for index in indices:
            try:
                item = self.source[index]
            except Exception as error:
                error.add_note(f"[data] x: raised by item {index} of a {type(self.source).__name__} of length {length}")
                raise
            yield item


_MAX_SHUFFLED = 1 << 24  # more batches are not shuffled: the permutation would take too much memory


def _length(source: Any) -> int | None:
    """The number of batches, None if it is infinite or unknown."""
    if hasattr(source, "num_batches"):
        if source.num_batches is None:
            return None
        length = as_integer(source.num_batches)
        if length is None or length < 0:
            raise ValueError(
                f"[data] x: expected an integer of at least 0 or None as num_batches, got {source.num_batches!r}"
            )
        return length
    try:
        return len(source)
    except TypeError:
        return None


def _nests_arrays(item: Any) -> bool:
    """Whether it contains an array, or a dict, which stands for several arrays."""
    if isinstance(item, list | tuple):
        return any(map(_nests_arrays, item))
    return isinstance(item, Mapping) or getattr(item, "ndim", 0) > 0


def batches_from(
    source: Any,
    model: HasInputSpec,
    class_weight: Mapping[int, float] | None = None,
    shuffle: np.random.Generator | None = None,
) -> IterableBatches:
    """The batches of a source that `gives_batches`. An object with `__iter__` is iterated once per epoch."""
    kind = type(source)
    by_number = hasattr(kind, "__getitem__") and hasattr(kind, "__len__") and not hasattr(kind, "__iter__")
    if by_number or derives(kind, "keras", "PyDataset"):
        return IndexedBatches(source, model, class_weight, shuffle)
    return IterableBatches(source, model, class_weight)


def make_batch(
    x: Any, y: Any = None, sample_weight: Any = None, *, model: HasInputSpec, weights: Mapping[int, float] | None = None
) -> Batch:
    """One batch from data that converts to arrays; `weights` is a weight per class."""
    spec = model._spec
    x, y = spec.standardize("x", x), spec.standardize("y", y)
    if sample_weight is None and weights is None and type(x) is np.ndarray and type(y) is np.ndarray:  # the fast path
        return Batch(_cast(x, spec.input_dtype(x)), _cast(y, target_dtype(y, spec.dtype)))
    sample_weight = spec.standardize("sample_weight", sample_weight)
    if y is not None and weights is not None:
        sample_weight = weighted(class_weights(y, weights, *model._label_kind()), sample_weight)
    return Batch(
        _map_inputs(lambda a, index: _cast(a, spec.input_dtype(a, index)), x),
        _map_given(lambda a: _cast(a, target_dtype(a, spec.dtype)), y),
        _map_given(lambda a: _cast(a, spec.dtype), sample_weight),
    )


def _cast(rows: Any, dtype: np.dtype[Any]) -> Array:
    return np.ascontiguousarray(rows.dense() if isinstance(rows, SparseRows) else rows, dtype)


class Epochs:
    """Cuts a stream of batches into epochs: one pass each, or `steps` batches each, across passes."""

    def __init__(self, batches: ArrayBatches | IterableBatches, steps: int | None = None) -> None:
        if steps is not None:
            steps = positive_integer("data", "steps", steps)
        elif isinstance(batches, IndexedBatches) and batches.steps is None:
            raise ValueError("[data] steps: expected a number of batches, because x is infinite, got None")
        self.batches, self._requested_steps = batches, steps
        self._stream: Iterator[Batch] = iter(())
        self.steps = batches.steps if steps is None else steps

    def once(self) -> Iterator[Batch]:
        """One pass from the start, of at most `steps` batches, for evaluation."""
        return islice(self.batches, self._requested_steps)

    def epoch(self) -> Iterator[Batch]:
        """The batches of the next epoch; fewer, or none, if the source is exhausted."""
        self._call_hook("on_epoch_begin")
        yield from self._epoch()
        self._call_hook("on_epoch_end")

    def _call_hook(self, hook: str) -> None:
        """Calls this method of the source if it has one."""
        if isinstance(self.batches, IndexedBatches):
            getattr(self.batches.source, hook, lambda: None)()

    def _epoch(self) -> Iterator[Batch]:
        if self._requested_steps is None:
            yield from self.batches
            return
        for _ in range(self._requested_steps):
            batch = next(self._stream, None)
            if batch is None:
                self._stream = iter(self.batches)
                batch = next(self._stream, None)
            if batch is None:
                return
            yield batch


def split_validation(fraction: float, *data: Any) -> tuple[list[Any], list[Any]]:
    """The first samples for training and the last `fraction` for validation, unshuffled, as in Keras."""
    if not 0 < number("fit", "validation_split", fraction) < 1:
        raise ValueError(f"[fit] validation_split: expected between 0 and 1, got {fraction!r}")
    size = len(flatten(data[0])[0])
    cut = math.floor(size * (1 - fraction))
    if cut in (0, size):
        raise ValueError(
            f"[fit] validation_split: expected two parts with samples, got {fraction} of {size} samples, which leaves "
            "one empty"
        )
    train = [_map_given(lambda a: a[:cut], part) for part in data]
    return train, [_map_given(lambda a: a[cut:], part) for part in data]
