"""NumPy called on tensors: `array + tensor` and `np.exp(tensor)` (ufuncs), `np.stack([tensor])` (functions).

A NumPy function that is an op of pydl is recorded as that op. One without a gradient, such as a comparison, an index or
a read of the values, computes with the arrays. So does any other, unless that would silently cut a tape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.tape import state
from ..autograd.tensor import Tensor
from ..base.tree import flatten, map_structure
from . import comparison, math
from .entry import public
from .manipulation import broadcast_to
from .matmul import matmul

_OPS: dict[Any, Callable[..., Tensor]] = {
    np.add: public(math.add), np.subtract: public(math.subtract), np.multiply: public(math.multiply),
    np.divide: public(math.divide), np.power: public(math.power), np.matmul: public(matmul),
}  # fmt: skip
_COMPARISONS: dict[Any, Callable[..., Tensor]] = {
    np.equal: public(comparison.equal), np.not_equal: public(comparison.not_equal), np.less: public(comparison.less),
    np.less_equal: public(comparison.less_equal), np.greater: public(comparison.greater),
    np.greater_equal: public(comparison.greater_equal),
}  # fmt: skip
_broadcast_to = public(broadcast_to)

# Names of ufuncs and functions that have no gradient, or a gradient of zero.
_WITHOUT_GRADIENT = frozenset({
    "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or",
    "logical_xor", "logical_not", "bitwise_and", "bitwise_or", "bitwise_xor", "invert", "isfinite", "isinf",
    "isnan", "isnat", "signbit", "sign", "floor", "ceil", "trunc", "rint", "fix", "round", "around", "round_",
    "floor_divide", "spacing", "all", "any", "allclose", "alltrue", "argmax", "argmin", "argpartition", "argsort",
    "argwhere", "array2string", "array_equal", "array_equiv", "array_repr", "array_str", "bincount", "can_cast",
    "common_type", "copy", "copyto", "count_nonzero", "digitize", "empty_like", "flatnonzero", "full_like",
    "histogram", "histogram2d", "histogram_bin_edges", "histogramdd", "in1d", "iscomplex", "iscomplexobj",
    "isclose", "isin", "isneginf", "isposinf", "isreal", "isrealobj", "lexsort", "may_share_memory",
    "min_scalar_type", "nanargmax", "nanargmin", "ndim", "nonzero", "ones_like", "putmask", "result_type", "save",
    "savetxt", "savez", "savez_compressed", "searchsorted", "shape", "shares_memory", "size", "sometrue", "unique",
    "unique_all", "unique_counts", "unique_inverse", "unique_values", "zeros_like",
})  # fmt: skip


def call_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`Tensor.__array_ufunc__`."""
    if method == "__call__" and not options:
        if ufunc in _OPS:
            return _OPS[ufunc](*inputs)
        if ufunc in _COMPARISONS and not isinstance(inputs[0], Tensor):  # `array < tensor`, like `tensor > array`
            return _COMPARISONS[ufunc](*inputs)
    if any(isinstance(out, Tensor) for out in options.get("out", ())):
        raise TypeError(f"[{ufunc.__name__}] out: expected an array, got a tensor; only variables can be written to")
    _refuse_to_cut(ufunc.__name__, (inputs, options))
    return getattr(ufunc, method)(*_arrays(inputs), **_arrays(options))


def call_function(function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """`Tensor.__array_function__`."""
    if function in (np.sum, np.mean) and args:
        arguments = dict(zip(("axis", "dtype", "out", "keepdims"), args[1:], strict=False)) | options
        if arguments.keys() <= {"axis", "dtype", "out", "keepdims"}:
            return getattr(args[0], function.__name__)(**{k: v for k, v in arguments.items() if v is not np._NoValue})
    if function in (np.atleast_1d, np.broadcast_arrays) and not options:  # what plots are made with
        return _reshaped(function, args)
    _refuse_to_cut(function.__name__, (args, options))
    return function(*_arrays(args), **_arrays(options))


def _reshaped(function: Any, args: tuple[Any, ...]) -> Any:
    """np.atleast_1d or np.broadcast_arrays, by ops for tensors."""
    shapes = [np.shape(a) or (1,) for a in args]
    if function is np.broadcast_arrays:
        shapes = [np.broadcast_shapes(*[np.shape(a) for a in args])] * len(args)
    found = [
        (_broadcast_to if isinstance(a, Tensor) else np.broadcast_to)(a, shape)
        for a, shape in zip(args, shapes, strict=True)
    ]
    return found[0] if len(found) == 1 and function is np.atleast_1d else found


def _refuse_to_cut(name: str, arguments: Any) -> None:
    """RuntimeError if a function that has a gradient would read a tensor with history."""
    if state.grad_enabled and name not in _WITHOUT_GRADIENT:
        for leaf in flatten(arguments):
            if isinstance(leaf, Tensor) and leaf.node is not None and leaf.node.backward is not None:
                raise RuntimeError(
                    f"[{name}] tensor: expected one without history, because NumPy would lose its gradient; use a "
                    "function of pydl.ops, or drop the history with .numpy() or .detach()"
                )


def _arrays(arguments: Any) -> Any:
    return map_structure(lambda leaf: leaf.__array__() if isinstance(leaf, Tensor) else leaf, arguments)
