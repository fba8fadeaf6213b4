"""What an op says of arguments that it cannot take, where the error at hand does not name them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..autograd.tensor import as_array
from ..base.errors import DTypeError, ShapeError

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
    "targets", "values", "variance", "x", "x1", "x2", "x_max", "x_min", "xs",
})  # fmt: skip
_OPTIONAL = frozenset({"beta", "bias", "dropout_mask", "gamma", "initial_state", "mask"})
# What bindings call arguments that have another name here.
_OF_KERNELS = {
    "a": "x", "b": "kernel", "w": "kernel", "h0": "initial_state", "c0": "initial_state", "alpha": "negative_slope"
}  # fmt: skip
# What holds arguments that the op does not have itself: of an op, or by a name that bindings have for one kind of it.
_HOLDERS = {"bidirectional": "first, second"}
_KINDS_OF = {"ids": "x"}
_NAMED = re.compile(r"\[(?P<op>\w+)\] (?P<names>\w+(, \w+)*): ")


def refusal(op: Callable[..., Any], error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception:
    """`error`, raised by `op(*args, **kwargs)`, as one that names the op and the argument; itself if it does so."""
    text = str(error)
    raised_by_call = error.__traceback__ is None or error.__traceback__.tb_next is None  # the signature does not fit
    if raised_by_call or not isinstance(error, _KINDS) or isinstance(error, RecursionError):
        return error
    given = inspect.signature(op).bind(*args, **kwargs).arguments
    part = _NAMED.match(text)
    if part and part["op"] != "tensor":
        if part["op"] == op.__name__:
            return error
        parameters = inspect.signature(op).parameters
        named = [name if name in parameters else _OF_KERNELS.get(name, name) for name in part["names"].split(", ")]
        if set(named) <= parameters.keys():
            return type(error)(f"[{op.__name__}] {', '.join(named)}: {text[part.end() :]}")
        within = _KINDS_OF.get(part["names"]) or _HOLDERS.get(op.__name__) or _suspects(given)
        return type(error)(f"[{op.__name__}] {within}: {', '.join(named)}: {text[part.end() :]}")
    for name in _TENSORS & given.keys():
        optional = name in _OPTIONAL or (op.__name__ == "where" and name in ("x1", "x2"))
        several = name == "xs" or op.__name__ == "stack"
        if not (given[name] is None and optional) and (reason := _no_numbers(given[name], several)):
            return DTypeError(f"[{op.__name__}] {name}: {reason}")
    text = text[part.end() :] if part else text or type(error).__name__
    kind = IndexError if isinstance(error, IndexError) and op.__name__ == "getitem" else same_kind(error)
    return kind(f"[{op.__name__}] {_suspects(given)}: {text}")


def _suspects(given: Mapping[str, Any]) -> str:
    """The options that were given, for it is not the tensors; or the tensors if there are none."""
    return ", ".join([name for name in given if name not in _TENSORS] or given)


def _no_numbers(value: Any, several: bool) -> str | None:
    """Why the value is no array of numbers, or for `several` no list of them; None if it is one."""
    try:
        for part in value if several else (value,):
            as_array(part)
    except Exception as error:
        return str(error).removeprefix("[tensor] data: ") or type(error).__name__
    return None


def same_kind(error: Exception) -> type[Exception]:
    """The class of ours, or MemoryError, that stands for an error of Python's or NumPy's."""
    if isinstance(error, MemoryError):
        return MemoryError
    return DTypeError if isinstance(error, TypeError | AttributeError | KeyError) else ShapeError
