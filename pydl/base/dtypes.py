"""Checks of dtype arguments."""

from typing import Any

import numpy as np

from .errors import shown


def any_dtype(owner: str, dtype: Any) -> np.dtype[Any]:
    """`dtype` as NumPy's; ValueError if there is no such dtype."""
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        raise ValueError(f"[{owner}] dtype: expected a dtype such as 'float32', got {shown(dtype)}") from None
    return found


def floating_dtype(owner: str, dtype: Any) -> np.dtype[Any]:
    """The dtype of a computation; None means float32. Of a Keras policy or its config, the name counts."""
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name", dtype)
    name = "float32" if dtype is None else getattr(dtype, "name", dtype)
    if isinstance(name, str) and name.startswith("mixed_"):
        raise ValueError(f"[{owner}] dtype: expected float32 or float64, got {name!r}; pydl has no mixed precision")
    try:
        found = np.dtype(name)
    except TypeError:
        found = None
    if found not in (np.float32, np.float64):
        raise ValueError(f"[{owner}] dtype: expected float32 or float64, got {shown(dtype)}")
    return found
