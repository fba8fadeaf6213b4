"""Errors that name the op and the argument. Each is also the built-in error that NumPy would raise."""

import numbers
import operator
import reprlib
from typing import Any, NoReturn


class ShapeError(ValueError):
    """An argument has the wrong number of axes or the wrong sizes. It is also a ValueError.

    Example:
        >>> try:
        ...     pydl.ops.add([1.0, 2.0], [1.0, 2.0, 3.0])
        ... except pydl.ShapeError as error:
        ...     print(error)
        [add] x1, x2: expected shapes that broadcast together, got (2,) and (3,)
    """


class DTypeError(TypeError):
    """An argument has the wrong element type, or is no array of numbers. It is also a TypeError.

    Example:
        >>> try:
        ...     pydl.Tensor(["a", "b"])
        ... except pydl.DTypeError as error:
        ...     print(error)
        [tensor] data: expected numbers, got <U1 from list
    """


class LabelError(ValueError):
    """Label that is no class; a `ValueError`.

    Example:
        >>> try:
        ...     pydl.losses.sparse_categorical_crossentropy([3], [[0.5, 0.5]])
        ... except pydl.losses.LabelError as error:
        ...     print(str(error)[:71])
        [sparse_categorical_crossentropy] y_true: expected labels in [0, 2), go
    """


class SymbolicError(TypeError):
    """The values of a symbolic tensor were requested."""


_short = reprlib.Repr()
_short.maxtuple = _short.maxlist = _short.maxdict = _short.maxset = 10
_short.maxstring = _short.maxlong = 100
_short.maxother = 200


def shown(value: Any) -> str:
    """`repr(value)` in one line, and short: of long sequences only the first elements are read."""
    return " ".join(_short.repr(value).split())


def position(index: tuple[Any, ...]) -> str:
    """An index into a batch as text: "at sample 3, step 1 of the batch"."""
    if not index:
        return "in a single number"
    further = f", step {index[1]}" if len(index) == 2 else f", index {tuple(map(int, index[1:]))}" if index[1:] else ""
    return f"at sample {index[0]}{further} of the batch"


def as_integer(value: Any) -> int | None:
    """`value`, Python's or NumPy's integer, as an int; None for all else. Arrays with axes are never compared with."""
    try:
        return operator.index(value)
    except (TypeError, ValueError):
        return None


def positive_integer(owner: str, name: str, value: Any, below: int | None = None) -> int:
    """`value`, Python's or NumPy's, as an int. ValueError unless it is a positive integer and less than `below`."""
    integer = as_integer(value)
    if integer is None or integer <= 0:
        raise ValueError(f"[{owner}] {name}: expected a positive integer, got {shown(value)}")
    if below is not None and integer >= below:
        raise ValueError(f"[{owner}] {name}: expected an integer below {below}, got {shown(value)}")
    return integer


def number(owner: str, name: str, value: Any) -> float:
    """`value` as a float; TypeError unless it is a number."""
    if hasattr(value, "__float__") and (isinstance(value, numbers.Real) or not isinstance(value, numbers.Complex)):
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            pass  # an array with axes, or an integer beyond all floats
    raise TypeError(f"[{owner}] {name}: expected a number, got {shown(value)}")


def drop_rate(owner: str, value: Any, name: str = "rate") -> float:
    """`value` as a float; ValueError unless 0 <= value <= 1, TypeError unless it is a number."""
    rate = number(owner, name, value)
    if not 0 <= rate <= 1:
        raise ValueError(f"[{owner}] {name}: expected 0 <= {name} <= 1, got {value}")
    return rate


def raise_instead(error: BaseException, better: BaseException) -> NoReturn:
    """Raises `better`, with `error` as its cause if it is another one. Leaves no reference cycle through the frame."""
    try:
        if better is error:
            raise better
        raise better from error
    finally:
        del better, error
