"""Layers that make one tensor of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import plan_constant, state
from ..autograd.tensor import Tensor, as_tensor
from ..base.errors import ShapeError
from .layer import Layer, Shape
from .masks import tell_where_a_mask_ends

__all__ = [
    "Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract", "add", "average",
    "concatenate", "dot", "maximum", "minimum", "multiply", "subtract",
]  # fmt: skip


class _Merge(Layer):
    """Called on a list of tensors whose shapes broadcast; lower ranks get axes of size 1 after the batch axis."""

    _passes_dtype = True
    _most = 2**31  # inputs

    def build(self, input_shape: Any) -> None:
        self._check_number(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """A step counts if it does in any input, as in Keras; all do if an input has no mask."""
        if not isinstance(mask, list) or any(m is None for m in mask):
            self._tell_of_missing(inputs, mask)
            return None
        return self._any([ops.mask_values(m) for m in mask])

    def _tell_of_missing(self, inputs: Any, mask: Any) -> None:
        """In training, that a mask ends here because another input has none."""
        if state.training and isinstance(mask, list) and any(m is not None for m in mask):
            without = next(place for place, m in enumerate(mask) if m is None)
            largest = max(inputs, key=lambda x: x.ndim).array
            tell_where_a_mask_ends(self, inputs, largest, mask, f"because input {without + 1} of {len(mask)} has none")

    def _any(self, values: Sequence[Tensor]) -> Any:
        """Where one of the tensors (…, 1), which broadcast together, is 1."""
        shape = np.broadcast_shapes(*[v.shape for v in values])
        return ops.step_mask(ops.concatenate([ops.broadcast_to(v, shape) for v in values], axis=-1))

    def _check_number(self, inputs: Any) -> None:
        if not isinstance(inputs, list | tuple) or not all(hasattr(i, "shape") or isinstance(i, tuple) for i in inputs):
            raise ShapeError(f"[{self.name}] inputs: expected a list of tensors, got one tensor")
        if not 1 < len(inputs) <= self._most:
            wanted = "two" if self._most == 2 else "at least two"
            raise ShapeError(f"[{self.name}] inputs: expected {wanted} tensors, got {len(inputs)}")

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        self._check_number(inputs)
        self.compute_output_shape([x.shape for x in inputs])
        rank = max(x.ndim for x in inputs)
        aligned = [ops.reshape(x, _of_rank(rank, x.shape)) if x.ndim < rank else x for x in inputs]
        if not isinstance(mask, list) or all(m is None for m in mask):
            return reduce(self._merge, aligned)
        counts = [None if m is None else ops.mask_values(m) for m in mask]
        return self._merge_masked(aligned, counts)

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        """Of two inputs, or of what was made of the first ones and the next."""
        raise NotImplementedError

    def _merge_masked(self, inputs: Sequence[Tensor], counts: Sequence[Tensor | None]) -> Tensor:
        """The same where some inputs have a mask, given as tensors (…, 1) of 1 where a step counts."""
        return reduce(self._merge, inputs)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        rank = max(map(len, input_shape))
        result: list[Any] = [1] * rank
        for shape in input_shape:
            for i, n in enumerate(_of_rank(rank, shape)):
                if n != result[i] and 1 not in (n, result[i]) and None not in (n, result[i]):
                    raise ShapeError(
                        f"[{self.name}] inputs: expected shapes that broadcast together, "
                        f"got {' and '.join(str(tuple(s)) for s in input_shape)}"
                    )
                result[i] = n if result[i] == 1 or (result[i] is None and n not in (1, None)) else result[i]
        result[0] = input_shape[0][0]
        return tuple(result)


def _of_rank(rank: int, shape: Shape) -> Shape:
    return (*shape[:1], *(1,) * (rank - len(shape)), *shape[1:])


class Add(_Merge):
    """The sum of all inputs."""

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.add(a, b)


class Subtract(_Merge):
    """The first of two inputs minus the second."""

    _recordable = True
    _most = 2

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.subtract(a, b)


class Multiply(_Merge):
    """The product of all inputs, element by element."""

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.multiply(a, b)

    def _merge_masked(self, inputs: Sequence[Tensor], counts: Sequence[Tensor | None]) -> Tensor:
        """A masked step is no factor; where all inputs are masked, the product is zero."""
        factors = [
            x if c is None else ops.select_steps(c, x, as_tensor(plan_constant(np.ones(x.shape, x.dtype))))
            for x, c in zip(inputs, counts, strict=True)
        ]
        y = reduce(self._merge, factors)
        known = [c for c in counts if c is not None]
        return ops.apply_mask(y, self._any(known)) if len(known) == len(counts) else y


class Average(Add):
    """The mean of all inputs, element by element."""

    _recordable = True
    _keeps_integers = _passes_dtype = False

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        return ops.multiply(super().call(inputs, mask), plan_constant(np.asarray(1 / len(inputs), self.dtype)))


class _Extreme(_Merge):
    """Where an input is masked, the others decide."""

    def _merge_masked(self, inputs: Sequence[Tensor], counts: Sequence[Tensor | None]) -> Tensor:
        shape = np.broadcast_shapes(*[x.shape for x in inputs])
        y, seen = ops.broadcast_to(inputs[0], shape), counts[0]
        for x, count in zip(inputs[1:], counts[1:], strict=True):
            x = ops.broadcast_to(x, shape)
            x = x if count is None else ops.select_steps(count, x, y)
            y = self._merge(y if seen is None else ops.select_steps(seen, y, x), x)
            seen = None if seen is None or count is None else ops.mask_values(self._any([seen, count]))
        return y


class Maximum(_Extreme):
    """The greatest of all inputs, element by element."""

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.maximum(a, b)


class Minimum(_Extreme):
    """The smallest of all inputs, element by element."""

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.minimum(a, b)


class Concatenate(_Merge):
    """The inputs one after the other along `axis`; their other sizes are equal."""

    _recordable = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not hasattr(axis, "__index__"):
            raise TypeError(f"[{self.name}] axis: expected an integer, got {axis!r}")
        self.axis = axis

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        self._check_number(inputs)
        self.compute_output_shape([x.shape for x in inputs])
        return ops.concatenate(inputs, self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks one after the other too, if the axis is one of theirs; an input without one counts everywhere.

        Otherwise a step counts if it does in any input.
        """
        given = [m for m in mask if m is not None] if isinstance(mask, list) else []
        if not given:
            return None
        rank = given[0].ndim
        counts = [
            as_tensor(plan_constant(np.ones((*x.shape[:rank], 1), np.float32))) if m is None else ops.mask_values(m)
            for x, m in zip(inputs, mask, strict=True)
        ]
        axis = self.axis % inputs[0].ndim
        if axis >= rank and len(given) < len(mask):
            self._tell_of_missing(inputs, mask)
        return ops.step_mask(ops.concatenate(counts, axis)) if axis < rank else self._any(counts)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        first = input_shape[0]
        axis = self.axis % len(first) if -len(first) <= self.axis < len(first) else None
        if not axis:
            raise ShapeError(f"[{self.name}] axis: expected an axis of {tuple(first)} after the batch, got {self.axis}")
        total: Any = 0
        for shape in input_shape:
            pairs = zip(first, shape, strict=False)
            if len(shape) != len(first) or any(
                i != axis and None not in p and p[0] != p[1] for i, p in enumerate(pairs)
            ):
                shapes = " and ".join(str(tuple(s)) for s in input_shape)
                raise ShapeError(f"[{self.name}] inputs: expected shapes that differ in axis {axis} only, got {shapes}")
            total = None if total is None or shape[axis] is None else total + shape[axis]
        return (*first[:axis], total, *first[axis + 1 :])

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axis": self.axis}


class Dot(_Merge):
    """Products of two inputs, summed along an axis of each: (B, …, K, …) and (B, …, K, …) to (B, …, …).

    Args:
        axes: the axis, or one of each input; not the batch axis.
        normalize: divide by the lengths of the vectors first, which gives cosines.
    """

    _recordable = True
    _keeps_integers = _passes_dtype = False
    _most = 2

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        both = tuple(axes) if isinstance(axes, list | tuple) else (axes, axes)
        if len(both) != 2 or not all(hasattr(a, "__index__") and a != 0 for a in both):
            raise ValueError(f"[{self.name}] axes: expected an axis other than the batch, or two of them, got {axes!r}")
        self.axes, self.normalize = axes, normalize
        self._both = both

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: the sums have no steps."""

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        self._check_number(inputs)
        shape = self.compute_output_shape([x.shape for x in inputs])
        a, b = [self._last(x, axis) for x, axis in zip(inputs, self._both, strict=True)]
        size = a.shape[-1]
        rows, columns = [ops.reshape(x, (x.shape[0], -1, size) if size else (x.shape[0], 1, 0)) for x in (a, b)]
        return ops.reshape(ops.matmul(rows, ops.transpose(columns, (0, 2, 1))), shape)

    def _last(self, x: Tensor, axis: int) -> Tensor:
        """x with the axis at the end, of length 1 along it if asked for."""
        x = ops.moveaxis(x, axis, -1)
        if not self.normalize:
            return x
        squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
        return x / ops.sqrt(ops.maximum(squares, 1e-12))

    def _replay_obstacle(self, training: bool) -> str | None:
        if self.normalize:
            return "it divides by lengths, which NumPy computes; normalize=False replays"
        return super()._replay_obstacle(training)

    def compute_output_shape(self, input_shape: Sequence[Shape]) -> Shape:
        rest: list[Any] = []
        sizes = []
        for shape, axis in zip(input_shape, self._both, strict=True):
            if len(shape) < 2 or not -len(shape) < axis < len(shape):
                raise ShapeError(f"[{self.name}] inputs: expected an axis {axis} after the batch, got shape {shape}")
            sizes.append(shape[axis])
            rest += [n for i, n in enumerate(shape) if i not in (0, axis % len(shape))]
        if None not in sizes and sizes[0] != sizes[1]:
            first, second = map(tuple, input_shape)
            raise ShapeError(
                f"[{self.name}] inputs: expected equal sizes along axes {self._both}, got {first} and {second}"
            )
        return (input_shape[0][0], *(rest or [1]))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


# The same as functions of a list, as Keras has them.


def add(inputs: Any, **kwargs: Any) -> Any:
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, normalize: bool = False, **kwargs: Any) -> Any:
    return Dot(axes, normalize, **kwargs)(inputs)
