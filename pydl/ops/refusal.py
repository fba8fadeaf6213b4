"""What an op says of arguments that it cannot take, where the error at hand does not name them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..errors import DTypeError, ShapeError
from ..tensor import as_array

# Errors of other kinds come from the caller's own objects, and stay what they are.
_KINDS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
_TENSORS = frozenset({
    "a", "b", "beta", "bias", "condition", "depthwise_kernel", "dropout_mask", "gamma", "ids", "initial_state",
    "inputs", "kernel", "labels", "logits", "mask", "mean", "pointwise_kernel", "recurrent_kernel", "table",
    "targets", "values", "variance", "x", "x1", "x2", "xs",
})  # fmt: skip
_OPTIONAL = frozenset({"beta", "bias", "dropout_mask", "gamma", "initial_state", "mask", "x1", "x2"})


def refusal(op: Callable[..., Any], error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception:
    """`error`, raised by `op(*args, **kwargs)`, as one that names the op and the argument; itself if it does so."""
    raised_by_call = error.__traceback__ is None or error.__traceback__.tb_next is None  # the signature does not fit
    text = str(error)
    named = text.startswith("[") and not text.startswith("[tensor]")
    if raised_by_call or named or not isinstance(error, _KINDS) or isinstance(error, RecursionError):
        return error
    given = inspect.signature(op).bind(*args, **kwargs).arguments
    for name in _TENSORS & given.keys():
        if not (given[name] is None and name in _OPTIONAL) and (reason := _no_numbers(name, given[name])):
            return DTypeError(f"[{op.__name__}] {name}: {reason}")
    names = [name for name in given if name not in _TENSORS] or list(given)
    return _same_kind(op.__name__, error)(f"[{op.__name__}] {', '.join(names)}: {text or type(error).__name__}")


def _no_numbers(name: str, value: Any) -> str | None:
    """Why the value is no array of numbers, or for `xs` no list of them; None if it is one."""
    try:
        for part in value if name == "xs" else (value,):
            as_array(part)
    except Exception as error:
        return str(error).removeprefix("[tensor] data: ") or type(error).__name__
    return None


def _same_kind(op: str, error: Exception) -> type[Exception]:
    if isinstance(error, MemoryError):
        return MemoryError
    if isinstance(error, IndexError) and op == "getitem":
        return IndexError
    return DTypeError if isinstance(error, TypeError | AttributeError | KeyError) else ShapeError
