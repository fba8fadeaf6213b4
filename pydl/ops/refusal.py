"""Error messages of ops: they name the op and the argument even if the original error does not."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..autograd.tensor import as_array
from ..base.errors import DTypeError, ShapeError

# Errors of other types come from the caller's own objects and are not changed.
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
# Names of the bindings' arguments that differ from the op's.
_OF_KERNELS = {
    "a": "x", "b": "kernel", "w": "kernel", "h0": "initial_state", "c0": "initial_state", "alpha": "negative_slope"
}  # fmt: skip
_OF_OPS = {"separable_conv2d": {"kernel": "depthwise_kernel", "w": "depthwise_kernel"}}  # in errors of inner ops
# The op's arguments that hold what an error names: for an op, and for a name of the bindings.
_HOLDERS = {"bidirectional": "first, second"}
_KINDS_OF = {"ids": "x"}
_NAMED = re.compile(r"\[(?P<op>\w+)\] (?P<names>\w+(, \w+)*): ")


def refusal(op: Callable[..., Any], error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Exception:
    """The error of `op(*args, **kwargs)` as one that names the op and the argument; `error` itself if it does."""
    text = str(error)
    raised_by_call = error.__traceback__ is None or error.__traceback__.tb_next is None  # it does not fit the signature
    if raised_by_call or not isinstance(error, _KINDS) or isinstance(error, RecursionError):
        return error
    arguments = inspect.signature(op).bind(*args, **kwargs).arguments
    part = _NAMED.match(text)
    if part and part["op"] != "tensor":
        if part["op"] == op.__name__:
            return error
        parameters = inspect.signature(op).parameters
        names = _OF_KERNELS | _OF_OPS.get(op.__name__, {})
        named = [name if name in parameters else names.get(name, name) for name in part["names"].split(", ")]
        if set(named) <= parameters.keys():
            return type(error)(f"[{op.__name__}] {', '.join(named)}: {text[part.end() :]}")
        within = _KINDS_OF.get(part["names"]) or _HOLDERS.get(op.__name__) or _suspects(arguments)
        return type(error)(f"[{op.__name__}] {within}: {', '.join(named)}: {text[part.end() :]}")
    for name in _TENSORS & arguments.keys():
        optional = name in _OPTIONAL or (op.__name__ == "where" and name in ("x1", "x2"))
        several = name == "xs" or op.__name__ == "stack"
        if not (arguments[name] is None and optional) and (reason := _no_numbers(arguments[name], several)):
            return DTypeError(f"[{op.__name__}] {name}: {reason}")
    text = text[part.end() :] if part else text or type(error).__name__
    kind = IndexError if isinstance(error, IndexError) and op.__name__ == "getitem" else same_kind(error)
    return kind(f"[{op.__name__}] {_suspects(arguments)}: {text}")


def _suspects(arguments: Mapping[str, Any]) -> str:
    """The given options, as the tensors have been checked; the tensors if there are no options."""
    return ", ".join([name for name in arguments if name not in _TENSORS] or arguments)


def _no_numbers(value: Any, several: bool) -> str | None:
    """Why the value is no array of numbers (`several`: no list of arrays); None if it is."""
    try:
        for part in value if several else (value,):
            as_array(part)
    except Exception as error:
        return str(error).removeprefix("[tensor] data: ") or type(error).__name__
    return None


def same_kind(error: Exception) -> type[Exception]:
    """The error class of pydl, or MemoryError, for an error of Python or NumPy."""
    if isinstance(error, MemoryError):
        return MemoryError
    return DTypeError if isinstance(error, TypeError | AttributeError | KeyError) else ShapeError
