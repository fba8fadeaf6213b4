"""The methods of Tensor that are ops: operators, `reshape`, `sum`, `mean`, and NumPy's protocols.

They are set here because tensor.py is below the ops and cannot import them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.tensor import Tensor
from . import comparison, manipulation, math, reduce, unary
from .arrays import cast
from .entry import public
from .matmul import matmul

_BINARY: dict[str, Callable[..., Tensor]] = {
    "add": math.add, "sub": math.subtract, "mul": math.multiply, "truediv": math.divide, "pow": math.power,
    "matmul": matmul,
}  # fmt: skip
_COMPARISONS: dict[str, Callable[..., Tensor]] = {
    "eq": comparison.equal, "ne": comparison.not_equal, "lt": comparison.less, "le": comparison.less_equal,
    "gt": comparison.greater, "ge": comparison.greater_equal,
}  # fmt: skip
_OTHERS: dict[str, Callable[..., Tensor]] = {"neg": unary.negative, "abs": unary.abs, "getitem": manipulation.getitem}

_reshape, _cast = public(manipulation.reshape), public(cast)
_sum, _mean = public(reduce.sum), public(reduce.mean)


def _swapped(op: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return lambda self, other: op(other, self)


def reshape(self: Tensor, *shape: Any) -> Tensor:
    """`ops.reshape(self, shape)`.

    Args:
        *shape: The sizes, one by one or as a tuple; one of them may be -1.

    Returns:
        A tensor of this shape, in the same memory.

    Raises:
        ShapeError: If the number of elements differs.

    Example:
        >>> pydl.Tensor([1, 2, 3, 4]).reshape(2, -1).shape
        (2, 2)
    """
    return _reshape(self, shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape)


# np.sum(tensor) and np.mean(tensor) come here too, with `dtype` and `out`.


def sum(self: Tensor, axis: Any = None, keepdims: bool = False, *, dtype: Any = None, out: None = None) -> Tensor:
    """`ops.sum`, after a cast to `dtype` if one is given. np.sum(tensor) comes here too.

    Args:
        axis: An axis, a tuple of several, or None for all.
        keepdims: Whether the axes stay, with size 1.
        dtype: The dtype to add up in; None for that of the tensor.
        out: None: tensors are not written to.

    Returns:
        A tensor without the axes, or with size 1 there.

    Raises:
        ShapeError: If there is no such axis.
        TypeError: For an `out`.
    """
    return _sum(_for_numpy("sum", self, dtype, out), axis, keepdims)


def mean(self: Tensor, axis: Any = None, keepdims: bool = False, *, dtype: Any = None, out: None = None) -> Tensor:
    """`ops.mean`, after a cast to `dtype` if one is given. np.mean(tensor) comes here too.

    Args:
        axis: An axis, a tuple of several, or None for all.
        keepdims: Whether the axes stay, with size 1.
        dtype: The dtype to add up in; None for that of the tensor.
        out: None: tensors are not written to.

    Returns:
        A tensor without the axes, or with size 1 there.

    Raises:
        ShapeError: If there is no such axis.
        TypeError: For an `out`.

    Example:
        >>> pydl.Tensor([[1.0, 2.0], [3.0, 4.0]]).mean(axis=0).numpy()
        array([2., 3.], dtype=float32)
    """
    return _mean(_for_numpy("mean", self, dtype, out), axis, keepdims)


def _for_numpy(op: str, x: Tensor, dtype: Any, out: Any) -> Tensor:
    if out is not None:
        raise TypeError(f"[{op}] out: expected None, got {type(out).__name__}")
    return x if dtype is None else _cast(x, dtype)


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    from .numpy_calls import call_ufunc

    return call_ufunc(ufunc, method, inputs, options)


def _array_function(self: Tensor, function: Any, types: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    from .numpy_calls import call_function

    return call_function(function, args, options)


def _install() -> None:
    methods: dict[str, Any] = {
        "reshape": reshape,
        "sum": sum,
        "mean": mean,
        "T": property(public(manipulation.transpose), doc="`ops.transpose(self)`: the axes in reverse order."),
    }
    methods |= {"__array_ufunc__": _array_ufunc, "__array_function__": _array_function}
    methods |= {f"__{sign}__": public(op) for sign, op in (_BINARY | _COMPARISONS | _OTHERS).items()}
    methods |= {f"__r{sign}__": _swapped(public(op)) for sign, op in _BINARY.items()}
    methods["_stack"] = staticmethod(public(manipulation.stack))
    for name, method in methods.items():
        setattr(Tensor, name, method)


_install()
