"""Data adapters: arrays from lists, tensors, frames and sparse matrices; and what counts as a source of batches."""

from __future__ import annotations

from collections import UserList, deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError
from ..base.tree import map_structure
from .frames import column_array, frame_array, is_column, is_frame
from .sparse_rows import SparseRows, is_sparse

_LISTS = (list, tuple, range, deque, UserList)


def as_numbers(name: str, data: Any) -> Array:
    """The user's data as an array of its dtype. TypeError unless it is numbers with a batch axis."""
    rows = as_rows(name, data)
    array: Array = rows.dense() if isinstance(rows, SparseRows) else rows
    return array


def as_rows(name: str, data: Any) -> Any:
    """`as_numbers`, but a sparse matrix becomes SparseRows."""
    if type(data) is np.ndarray and data.ndim and data.dtype.byteorder in "=|" and data.dtype.kind in "fiub":
        return data  # the fast path
    if isinstance(data, SparseRows):
        return data
    array: Any = data
    if is_sparse(type(data)):
        array = SparseRows(data) if len(data.shape) > 1 else data.toarray()
    elif type(data) is not np.ndarray:
        array = _converted(name, data)
    if array.dtype.kind == "V" and array.dtype.name.startswith(("bfloat16", "float8")):  # from ml_dtypes
        array = array.astype(np.float32)
    if array.dtype.byteorder not in "=|":  # also an explicit native order, as from HDF5 files
        native = array.dtype.newbyteorder("=")
        array = array.view(native) if array.dtype.isnative else array.astype(native)
    if array.ndim == 0 or array.dtype.kind not in "fiub":
        raise TypeError(f"[data] {name}: expected an array of numbers with a batch axis, got {_described(array, data)}")
    return array


def plain(data: Any) -> Any:
    """The data with mappings as dicts and named tuples as lists. A sparse matrix is data even if it subclasses dict.

    In a list or tuple, which may be several inputs, one level is converted.
    """
    kind = type(data)
    if kind is np.ndarray or kind is Tensor:
        return data
    if isinstance(data, list | tuple):
        if any(issubclass(each, Mapping | tuple) for each in set(map(type, data))):
            data = [plain(each) for each in data]
        return data if kind is list or kind is tuple else list(data)
    if is_sparse(kind) and issubclass(kind, dict):
        return as_rows("x", data)
    return dict(data) if isinstance(data, Mapping) and kind is not dict else data


def rows_of_each(name: str, data: Any) -> Any:
    """`as_rows` for every leaf of lists and dicts; None for None."""
    return map_structure(lambda each: None if each is None else as_rows(name, each), data)


def _described(array: Any, data: Any) -> str:
    """What was passed in place of an array of numbers, and what to do."""
    kind = array.dtype.kind
    if array.ndim == 0 and kind == "O":
        return f"{data!r:.80}" if data is None or isinstance(data, Mapping) else f"a {type(data).__name__}"
    if array.ndim == 0:
        return f"{data!r:.80}" + ("; for a batch of one use x[None]" if kind in "fiub" else "")
    hints = {
        "O": "; convert it to one type of numbers: x.astype('float32')",
        "M": "; convert dates to numbers: x.astype('int64')",
        "V": "; make a column of each field with numpy.lib.recfunctions.structured_to_unstructured",
    }
    text_hint = "; convert digits with x.astype('float32'), and names with np.unique(y, return_inverse=True)"
    return f"{array.dtype} of shape {array.shape}" + (
        text_hint if kind in "USOT" and _holds_text(array) else hints.get(kind, "")
    )


def _holds_text(array: Any) -> bool:
    return array.dtype.kind in "UST" or (array.size > 0 and isinstance(array.flat[0], str))


def _converted(name: str, data: Any) -> Array:
    """An array from any other data. An object that is only indexable is refused: it may be infinite."""
    if isinstance(data, Tensor):
        return data.array
    if isinstance(data, _LISTS):
        return _from_list(name, data)
    if is_frame(type(data)):
        return frame_array(name, data)
    if is_column(type(data)):
        array = column_array(name, data)
        return array[:, None] if name == "x" else array  # one feature, as in Keras
    if derives(type(data), "torch", "Tensor"):
        return _from_torch(data)
    if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
        raise ValueError(f"[data] {name}: expected a value for each sample, got a masked array; use x.filled(0)")
    if hasattr(data, "__dlpack__") and not is_array(data):
        return np.from_dlpack(data)
    if is_array(data) or not _can_be_indexed(type(data)):
        return np.asarray(data)
    raise TypeError(
        f"[data] {name}: expected an array of numbers, got a {type(data).__name__}; pass an object with __len__ and "
        "__getitem__ as x: its items are batches (x, y)"
    )


def _from_list(name: str, data: Any) -> Array:
    """An array from a list of samples: numbers, or lists or arrays of one shape."""
    kinds = set(map(type, data))
    if any(is_sparse(kind) or derives(kind, "torch", "Tensor") or is_column(kind) for kind in kinds):
        data = [_sample(name, each) for each in data]
    else:
        _refuse_readers(name, data, kinds)
    try:
        return np.asarray(list(data) if isinstance(data, UserList | deque) else data)
    except ValueError as error:
        raise ShapeError(
            f"[data] {name}: expected lists of one length, got a list whose elements differ in shape; pad sequences to "
            "one length, pass x and y as two arguments, and batches as a generator"
        ) from error


def _sample(name: str, data: Any) -> Array:
    """One sample as an array, which may be 0-d."""
    if derives(type(data), "torch", "Tensor"):
        return _from_torch(data)
    return as_numbers("y" if is_column(type(data)) else name, data)


def _refuse_readers(name: str, data: Any, kinds: set[type]) -> None:
    """TypeError if a list contains an indexable object: NumPy would iterate over it, and it may be infinite."""
    for kind in kinds:
        if issubclass(kind, list | tuple):
            for each in data:
                if type(each) is kind:
                    _refuse_readers(name, each, set(map(type, each)))
        elif _can_be_indexed(kind) and not is_array(kind) and not issubclass(kind, (*_LISTS, str, bytes, Mapping)):
            raise TypeError(f"[data] {name}: expected lists of numbers or arrays, got a list with a {kind.__name__}")


def _from_torch(tensor: Any) -> Array:
    """A PyTorch tensor without history; dtypes and layouts that NumPy lacks are converted."""
    tensor = tensor.detach().cpu()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    tensor = tensor.to_dense().resolve_conj().resolve_neg()
    if tensor.is_floating_point() and (tensor.dtype.itemsize == 1 or str(tensor.dtype) == "torch.bfloat16"):
        tensor = tensor.float()
    return np.asarray(tensor.numpy())


def derives(kind: type, library: str, name: str) -> bool:
    """Whether the class is, or derives from, the library's class of this name. It does not import the library."""
    return any(cls.__name__ == name and cls.__module__.partition(".")[0] == library for cls in kind.__mro__)


def is_array(x: Any) -> bool:
    """Whether the object, or objects of this type, implement NumPy's array or buffer protocol."""
    kind = x if isinstance(x, type) else type(x)
    buffers = ("array", "memoryview", "mmap")
    return any(hasattr(x, name) for name in ("__array__", "__array_interface__", "__array_struct__")) or (
        kind.__name__ in buffers and kind.__module__ in ("builtins", *buffers)
    )


def holds_arrays(data: Any, kinds: tuple[type, ...] = (np.ndarray, Tensor)) -> bool:
    """Whether a list is several inputs: any element is an array (of these kinds), a column, or sparse."""
    return any(
        issubclass(kind, kinds) or is_sparse(kind) or is_column(kind) or derives(kind, "torch", "Tensor")
        for kind in set(map(type, data))
    )


def _can_be_indexed(kind: type) -> bool:
    return hasattr(kind, "__getitem__")


def gives_batches(x: Any) -> bool:
    """Whether x is a source of batches, iterable or indexable. Anything else is taken as data.

    TypeError for sources of single samples, and for collections without order.
    """
    if isinstance(x, np.ndarray | Tensor | list | tuple | dict | SparseRows) or x is None:
        return False
    kind = type(x)
    if isinstance(x, str | bytes | bytearray | set | frozenset):
        raise TypeError(f"[data] x: expected an array or an iterable of batches, got a {kind.__name__}")
    if derives(kind, "torch", "Dataset"):
        raise TypeError(
            f"[data] x: expected arrays or batches, got {kind.__name__}, a PyTorch Dataset of single samples; wrap it "
            "in torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)"
        )
    if isinstance(x, deque | UserList):
        return len(x) > 0 and isinstance(x[0], tuple)
    if is_array(x) or is_sparse(kind) or is_frame(kind) or is_column(kind) or isinstance(x, range | Mapping):
        return False
    if hasattr(kind, "__dlpack__") and not hasattr(kind, "__iter__"):
        return False
    return isinstance(x, Iterable) or _can_be_indexed(kind)
