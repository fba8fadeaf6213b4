"""Layers that merge several tensors elementwise."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import state
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..ops.constants import ones, scalar
from .layer import Layer, Shape
from .masks import warn_of_lost_mask

__all__ = ["Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"]


class _Merge(Layer):
    """A layer of a list of tensors whose shapes broadcast; lower ranks get axes of size 1 after the batch axis."""

    _passes_dtype = True
    _max_inputs = 2**31

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self._check_number(input_shape)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """A step counts if it does in any input, as in Keras; all do if an input has no mask."""
        if not isinstance(mask, list) or any(m is None for m in mask):
            self._warn_of_missing(inputs, mask)
            return None
        return self._any([ops.mask_values(m) for m in mask])

    def _warn_of_missing(self, inputs: Any, mask: Any) -> None:
        """Warns, in training, if a mask ends here because another input has none."""
        if state.training and isinstance(mask, list) and any(m is not None for m in mask):
            without = next(i for i, m in enumerate(mask) if m is None)
            largest = max(inputs, key=lambda x: x.ndim).detach()
            warn_of_lost_mask(self, inputs, largest, mask, f"because input {without + 1} of {len(mask)} has none")

    def _any(self, values: Sequence[Tensor]) -> Any:
        """The mask of positions where one of the tensors (…, 1), which broadcast together, is 1."""
        shape = np.broadcast_shapes(*[v.shape for v in values])
        return ops.step_mask(ops.concatenate([ops.broadcast_to(v, shape) for v in values], axis=-1))

    def _check_number(self, inputs: Any) -> None:
        if not isinstance(inputs, list | tuple) or not all(hasattr(i, "shape") or isinstance(i, tuple) for i in inputs):
            raise ShapeError(f"[{self.name}] inputs: expected a list of tensors, got one tensor")
        if not 1 < len(inputs) <= self._max_inputs:
            wanted = "two" if self._max_inputs == 2 else "at least two"
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
        """The result of two inputs; of several, it is applied from left to right."""
        raise NotImplementedError

    def _merge_masked(self, inputs: Sequence[Tensor], counts: Sequence[Tensor | None]) -> Tensor:
        """The result if inputs have masks: `counts` are tensors (…, 1), 1 for a step that counts."""
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
    """Sum of all inputs.

    Args:
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of at least two tensors of the same batch whose shapes broadcast; lower ranks get axes of size 1 after
        the batch.

    Output shape:
        That of the inputs broadcast together. Integers stay integers; floating inputs are cast to the layer's dtype.

    Raises:
        ShapeError: The input is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> layer = pydl.layers.Add()
        >>> layer([np.array([1, 2]), np.array([3, 4])]).numpy()
        array([4, 6])
    """

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.add(a, b)


class Subtract(_Merge):
    """First input minus the second.

    Args:
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of two tensors of the same batch whose shapes broadcast; a lower rank gets axes of size 1 after the
        batch.

    Output shape:
        That of the inputs broadcast together. Integers stay integers; floating inputs are cast to the layer's dtype.

    Raises:
        ShapeError: The input is no list of two tensors, or their shapes do not broadcast.

    Example:
        >>> layer = pydl.layers.Subtract()
        >>> layer([np.array([5, 6]), np.array([1, 2])]).numpy()
        array([4, 4])
    """

    _recordable = True
    _max_inputs = 2

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.subtract(a, b)


class Multiply(_Merge):
    """Product of all inputs, element by element. A masked step of an input is no factor; where all are masked, it is 0.

    Args:
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of at least two tensors of the same batch whose shapes broadcast; lower ranks get axes of size 1 after
        the batch.

    Output shape:
        That of the inputs broadcast together. Integers stay integers; floating inputs are cast to the layer's dtype.

    Raises:
        ShapeError: The input is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> layer = pydl.layers.Multiply()
        >>> layer([np.array([5, 6]), np.array([2, 3])]).numpy()
        array([10, 18])
    """

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.multiply(a, b)

    def _merge_masked(self, inputs: Sequence[Tensor], counts: Sequence[Tensor | None]) -> Tensor:
        """A masked step counts as 1; if all inputs are masked, the product is 0."""
        factors = [
            x if c is None else ops.select_steps(c, x, ones(x.shape, x.dtype))
            for x, c in zip(inputs, counts, strict=True)
        ]
        y = reduce(self._merge, factors)
        known = [c for c in counts if c is not None]
        return ops.apply_mask(y, self._any(known)) if len(known) == len(counts) else y


class Average(Add):
    """Mean of all inputs, element by element.

    Args:
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of at least two tensors of the same batch whose shapes broadcast; lower ranks get axes of size 1 after
        the batch.

    Output shape:
        That of the inputs broadcast together, in the layer's dtype, to which inputs are cast.

    Raises:
        ShapeError: The input is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> layer = pydl.layers.Average()
        >>> layer([np.array([1, 2]), np.array([3, 8])]).numpy()
        array([2., 5.], dtype=float32)
    """

    _recordable = True
    _keeps_integers = _passes_dtype = False

    def call(self, inputs: Sequence[Tensor], mask: Any = None) -> Tensor:
        return ops.multiply(super().call(inputs, mask), scalar(1 / len(inputs), self.dtype))


class _Extreme(_Merge):
    """Base class of Maximum and Minimum: a masked step of an input is left out."""

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
    """Largest of all inputs, element by element. Where a step of an input is masked, the others decide.

    Args:
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of at least two tensors of the same batch whose shapes broadcast; lower ranks get axes of size 1 after
        the batch.

    Output shape:
        That of the inputs broadcast together. Integers stay integers; floating inputs are cast to the layer's dtype.

    Raises:
        ShapeError: The input is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> layer = pydl.layers.Maximum()
        >>> layer([np.array([1, 8]), np.array([3, 2])]).numpy()
        array([3, 8])
    """

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.maximum(a, b)


class Minimum(_Extreme):
    """Smallest of all inputs, element by element. Where a step of an input is masked, the others decide.

    Args:
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        A list of at least two tensors of the same batch whose shapes broadcast; lower ranks get axes of size 1 after
        the batch.

    Output shape:
        That of the inputs broadcast together. Integers stay integers; floating inputs are cast to the layer's dtype.

    Raises:
        ShapeError: The input is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> layer = pydl.layers.Minimum()
        >>> layer([np.array([1, 8]), np.array([3, 2])]).numpy()
        array([1, 2])
    """

    _recordable = True

    def _merge(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.minimum(a, b)
