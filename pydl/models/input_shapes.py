"""Shapes of inputs against those that a model declares: checks, and a missing or additional last axis of 1."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..layers.symbolic import SymbolicTensor
from ..training.data_adapters import as_rows


def fits(expected: tuple[Any, ...], shape: tuple[Any, ...]) -> bool:
    """Whether the shape is the expected one, where None is any size."""
    if expected[1:] == shape[1:] and len(shape) == len(expected) and expected[0] in (None, shape[0]):
        return True
    pairs = zip(expected, shape, strict=False)
    return len(expected) == len(shape) and all(None in (e, s) or e == s for e, s in pairs)


def shape_with_last_axis(expected: tuple[Any, ...] | None, shape: tuple[Any, ...]) -> tuple[Any, ...]:
    """The shape with a last axis of 1 added or removed, if that makes it the expected one; else unchanged.

    expected: None accepts any shape.
    """
    if expected is None or len(shape) == len(expected):
        return shape
    if expected[-1:] == (1,) and fits(expected, (*shape, 1)):
        return (*shape, 1)
    return shape[:-1] if shape[-1:] == (1,) and fits(expected, shape[:-1]) else shape


def with_last_axis(expected: tuple[Any, ...] | None, x: Any) -> Any:
    """`shape_with_last_axis` for an array, a tensor or a symbolic tensor."""
    shape = shape_with_last_axis(expected, x.shape)
    if len(shape) == len(x.shape):
        return x
    if not isinstance(x, Tensor | SymbolicTensor):
        return x.reshape(shape)
    y = ops.expand_dims(x, -1) if len(shape) > x.ndim else ops.squeeze(x, -1)
    mask = getattr(x, "mask", None)
    if mask is not None and mask.ndim <= y.ndim:
        y.mask = mask
    return y


def holds_all(argument: str, expected: tuple[Any, ...] | None, data: Any) -> bool:
    """Whether the data is a list of one array which, by its rank, is all samples and not the first one."""
    if expected is None or type(data) not in (list, tuple) or len(data) != 1:
        return False
    array = as_rows(argument, data[0]) if isinstance(data[0], list | tuple) and data[0] else data[0]
    shape = tuple(getattr(array, "shape", ()))
    return len(shape) == len(expected) or shape_with_last_axis(expected, shape) != shape


def check_shape(model: str, argument: str, expected: tuple[Any, ...], shape: tuple[Any, ...]) -> None:
    """ShapeError unless the shape is the expected one, where None is any size."""
    if not fits(expected, shape):
        hint = input_hint(expected, shape)
        raise ShapeError(f"[{model}] {argument}: expected shape {expected}, got {shape}{hint}")


def input_hint(expected: tuple[Any, ...], shape: tuple[Any, ...]) -> str:
    """A hint for an input of another shape than the model's Input."""
    if len(shape) == len(expected):
        first = len(shape) == 4 and fits(expected, (shape[0], *shape[2:], shape[1]))
        return "\nHint: channels are the last axis; use numpy.moveaxis(x, 1, -1)" if first else ""
    if len(shape) != len(expected) - 1:
        return "; the shape of an Input does not include the batch axis"
    return (
        "\nHint: the first axis is the batch, which the shape of an Input leaves out; for a single sample use x[None]"
    )
