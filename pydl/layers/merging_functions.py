"""The merging layers as functions of a list, as in Keras."""

from __future__ import annotations

from typing import Any

from .concatenation import Concatenate
from .dot_product import Dot
from .merging import Add, Average, Maximum, Minimum, Multiply, Subtract

__all__ = ["add", "average", "concatenate", "dot", "maximum", "minimum", "multiply", "subtract"]


def add(inputs: Any, **kwargs: Any) -> Any:
    """Sum of all inputs, as by `Add`.

    Args:
        inputs: List of at least two tensors or arrays whose shapes broadcast.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs broadcast together. Integers stay integers; floats become the layer's dtype.

    Raises:
        ShapeError: inputs is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> pydl.layers.add([np.array([1, 2]), np.array([3, 4])]).numpy()
        array([4, 6])
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """First input minus the second, as by `Subtract`.

    Args:
        inputs: List of two tensors or arrays whose shapes broadcast.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs broadcast together. Integers stay integers; floats become the layer's dtype.

    Raises:
        ShapeError: inputs is no list of two tensors, or their shapes do not broadcast.

    Example:
        >>> pydl.layers.subtract([np.array([5, 6]), np.array([1, 2])]).numpy()
        array([4, 4])
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """Product of all inputs, as by `Multiply`.

    Args:
        inputs: List of at least two tensors or arrays whose shapes broadcast.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs broadcast together. Integers stay integers; floats become the layer's dtype.

    Raises:
        ShapeError: inputs is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> pydl.layers.multiply([np.array([5, 6]), np.array([2, 3])]).numpy()
        array([10, 18])
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Any, **kwargs: Any) -> Any:
    """Mean of all inputs, as by `Average`.

    Args:
        inputs: List of at least two tensors or arrays whose shapes broadcast.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs broadcast together, float32 unless dtype is given.

    Raises:
        ShapeError: inputs is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> pydl.layers.average([np.array([1, 2]), np.array([3, 8])]).numpy()
        array([2., 5.], dtype=float32)
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """Largest of all inputs, as by `Maximum`.

    Args:
        inputs: List of at least two tensors or arrays whose shapes broadcast.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs broadcast together. Integers stay integers; floats become the layer's dtype.

    Raises:
        ShapeError: inputs is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> pydl.layers.maximum([np.array([1, 8]), np.array([3, 2])]).numpy()
        array([3, 8])
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """Smallest of all inputs, as by `Minimum`.

    Args:
        inputs: List of at least two tensors or arrays whose shapes broadcast.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs broadcast together. Integers stay integers; floats become the layer's dtype.

    Raises:
        ShapeError: inputs is no list, has too few tensors, or their shapes do not broadcast.

    Example:
        >>> pydl.layers.minimum([np.array([1, 8]), np.array([3, 2])]).numpy()
        array([1, 2])
    """
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """All inputs one after the other along `axis`, as by `Concatenate`.

    Args:
        inputs: List of at least two tensors or arrays whose shapes differ in the size of the axis only.
        axis: Axis, not the batch.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the shape of the inputs, with the sum of their sizes along the axis. Integers stay integers; floats
        become the layer's dtype.

    Raises:
        ShapeError: inputs is no list of at least two tensors, axis is none of theirs, or they differ in another one.

    Example:
        >>> pydl.layers.concatenate([np.zeros((2, 3)), np.zeros((2, 1))]).shape
        (2, 4)
    """
    return Concatenate(axis, **kwargs)(inputs)


def dot(inputs: Any, axes: Any = -1, normalize: bool = False, **kwargs: Any) -> Any:
    """Product of two inputs summed along an axis of each, as by `Dot`.

    Args:
        inputs: List of two tensors or arrays (batch, ...) of equal size along the axes.
        axes: Axis of both inputs, or a tuple of one of each; not the batch.
        normalize: Whether the vectors along the axes are divided by their lengths.
        **kwargs: Arguments of the layer, such as name.

    Returns:
        Tensor of the batch, then the other axes of the first input, then those of the second; (batch, 1) if there are
        none.

    Raises:
        ValueError: axes is the batch, or more than two.
        ShapeError: inputs is no list of two tensors, or their sizes along the axes differ.

    Example:
        >>> pydl.layers.dot([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])], axes=1).numpy()
        array([[11.]], dtype=float32)
    """
    return Dot(axes, normalize, **kwargs)(inputs)
