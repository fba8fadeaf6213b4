"""Data frames and columns of pandas and Polars as arrays of numbers. It imports neither library."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from numbers import Real
from typing import Any

import numpy as np

from ..autograd.tape import Array

# By kind of dtype (NumPy's letter): what the column holds, and how to convert it in pandas.
_CONVERSIONS = {
    "c": ("complex numbers", "use {column}.to_numpy().real"),
    "C": ("categories", "use {column}.cat.codes, or pandas.get_dummies(frame) for a column per category"),
    "M": ("dates", "convert them, as with {column}.dt.dayofyear or {column}.astype('int64')"),
    "m": ("durations", "use {column}.dt.total_seconds()"),
    "U": ("text", "use pandas.to_numeric({column}), or pandas.factorize({column})[0] for names"),
    "O": ("objects", "convert them to numbers, or drop the column: frame.drop(columns=[{label}])"),
}


def library(kind: type) -> str:
    """ "pandas" or "polars" if this class, or a base of it, is from there; else ""."""
    for cls in kind.__mro__:
        root = cls.__module__.partition(".")[0]
        if root in ("pandas", "polars"):
            return root
    return ""


def is_frame(kind: type) -> bool:
    """Whether the class is a data frame."""
    return hasattr(kind, "columns") and hasattr(kind, "dtypes") and bool(library(kind))


def is_column(kind: type) -> bool:
    """Whether the class is a Series, an Index or another column."""
    return hasattr(kind, "dtype") and bool(library(kind))


def columns(frame: Any) -> dict[Any, Any]:
    """The columns of a frame by name."""
    _check_collected("x", frame)
    return dict(_columns(frame))


def frame_array(name: str, frame: Any) -> Array:
    """A frame (N, C) as an array of the common dtype of its columns.

    Bools, nullable numbers and objects that are numbers count as numbers. TypeError for a column of another type,
    ValueError for missing values; NaN in a column of floats is kept.
    """
    _check_collected(name, frame)
    dtypes = list(frame.dtypes)
    if dtypes and all(isinstance(dtype, np.dtype) and dtype == dtypes[0] and dtype.kind in "fiub" for dtype in dtypes):
        return np.asarray(frame.to_numpy())
    arrays = [column_array(name, column, label) for label, column in _columns(frame)]
    result = np.empty((len(frame), len(arrays)), np.result_type(*arrays) if arrays else np.float32)
    for i, array in enumerate(arrays):
        result[:, i] = array
    return result


def column_array(name: str, column: Any, label: Any = None) -> Array:
    """A column (N,) as an array; errors as `frame_array`."""
    if library(type(column)) == "polars":
        return _polars_array(name, column, label)
    if not hasattr(column, "isna") or not hasattr(column, "cat"):  # an Index or a pandas array
        column = sys.modules["pandas"].Series(column)
    label = column.name if label is None else label
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
        return np.asarray(column.to_numpy())
    if dtype.kind == "O" and hasattr(dtype, "categories"):
        if dtype.categories.dtype.kind not in "fiub":
            raise _wrong_type(name, label, dtype, "C")
        _check_missing(name, label, column)
        return column_array(name, column.astype(dtype.categories.dtype), label)
    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _object_array(name, label, column)
    if dtype.kind not in "fiub":
        raise _wrong_type(name, label, dtype, "U" if str(dtype).startswith(("str", "large_str")) else dtype.kind)
    if hasattr(dtype, "numpy_dtype"):  # nullable: "missing" is a separate value
        _check_missing(name, label, column)
        return np.asarray(column.to_numpy(dtype=dtype.numpy_dtype))
    return np.asarray(column)


def _check_collected(name: str, frame: Any) -> None:
    if hasattr(frame, "collect"):  # a LazyFrame of Polars
        raise TypeError(f"[data] {name}: expected a frame of values, got a {type(frame).__name__}; use frame.collect()")


def _columns(frame: Any) -> Iterator[tuple[Any, Any]]:
    for i, label in enumerate(frame.columns):  # by position: two columns may have one name
        yield label, frame[label] if library(type(frame)) == "polars" else frame.iloc[:, i]


def _polars_array(name: str, column: Any, label: Any) -> Array:
    label, dtype = column.name if label is None else label, str(column.dtype)
    if dtype != "Boolean" and not column.dtype.is_numeric():
        raise TypeError(
            f"[data] {name}: expected numbers, got column {label!r} of type {dtype}; cast it, as "
            f"frame[{label!r}].cast(polars.Float32), or use .to_physical() for names"
        )
    if column.null_count():
        raise ValueError(
            f"[data] {name}: expected a value for each sample, got {column.null_count()} missing in column {label!r}; "
            f"fill them, as frame[{label!r}].fill_null(0), or drop these rows"
        )
    array: Array = np.asarray(column.to_numpy())
    return array.astype(np.float64) if array.dtype.kind == "O" else array  # decimals


def _object_array(name: str, label: Any, column: Any) -> Array:
    """Objects that are all numbers as int64, bool or float64."""
    _check_missing(name, label, column, none_only=True)
    values = column.to_numpy()
    kinds = set(map(type, values))
    if kinds <= {bool, np.bool_}:
        return np.asarray(values.astype(bool))
    if any(issubclass(kind, str) for kind in kinds):
        raise _wrong_type(name, label, column.dtype, "U")
    if not all(issubclass(kind, Real | np.bool_) or kind.__name__ == "Decimal" for kind in kinds):
        raise _wrong_type(name, label, column.dtype, "O")
    integers = all(issubclass(kind, int | np.integer | np.bool_) for kind in kinds)
    return np.asarray(values.astype(np.int64 if integers else np.float64))


def _check_missing(name: str, label: Any, column: Any, none_only: bool = False) -> None:
    missing = column.isna()
    if none_only:  # NaN is a float
        missing &= np.array([not isinstance(value, float) for value in column], bool)
    if missing.any():
        raise ValueError(
            f"[data] {name}: expected a value for each sample, got {int(missing.sum())} missing in "
            f"{_named(label)} ({column.dtype}); fill them, as {_column_expression(label)}.fillna(0), or drop these rows"
        )


def _wrong_type(name: str, label: Any, dtype: Any, kind: str) -> TypeError:
    what, conversion = _CONVERSIONS.get(kind, _CONVERSIONS["O"])
    return TypeError(
        f"[data] {name}: expected numbers, got {what} in {_named(label)} ({dtype}); "
        + conversion.format(column=_column_expression(label), label=repr(label))
    )


def _named(label: Any) -> str:
    return "a series" if label is None else f"column {label!r}"


def _column_expression(label: Any) -> str:
    return "series" if label is None else f"frame[{label!r}]"
