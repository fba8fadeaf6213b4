"""Arrays that lie against forbidden pages: a kernel that reads or writes past either end dies at once."""

import ctypes
import mmap
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import numpy as np

PAGE = mmap.PAGESIZE
_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
_libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
NONE, READ_WRITE = 0, mmap.PROT_READ | mmap.PROT_WRITE
LARGEST = 1 << 28  # bytes that are worth a copy


class Arena:
    """Gives such arrays; at its end all of them become invalid, so no view of them may be left."""

    def __init__(self) -> None:
        self.blocks: list[tuple[int, int]] = []

    def __enter__(self) -> "Arena":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for address, size in self.blocks:
            _libc.munmap(address, size)
        self.blocks.clear()

    def empty(self, shape: Sequence[int], dtype: Any, at_end: bool = True) -> Any:
        """Between two forbidden pages, with its last byte (or else its first) beside one of them."""
        dtype = np.dtype(dtype)
        n = int(np.prod(shape, dtype=object)) * dtype.itemsize
        inner = max(1, -(-n // PAGE)) * PAGE
        size = inner + 2 * PAGE
        address = _libc.mmap(None, size, READ_WRITE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
        if address in (None, ctypes.c_void_p(-1).value):
            raise MemoryError(f"{size} bytes")
        self.blocks.append((address, size))
        for page in (address, address + PAGE + inner):
            if _libc.mprotect(page, PAGE, NONE):
                raise OSError(ctypes.get_errno(), "mprotect")
        first = address + PAGE + (inner - n if at_end else 0)
        if not n:
            return (
                np.frombuffer((ctypes.c_char * 1).from_address(address + PAGE), np.uint8)[:0].view(dtype).reshape(shape)
            )
        return np.frombuffer((ctypes.c_char * n).from_address(first), dtype).reshape(shape)

    def copy(self, value: Any, at_end: bool = True) -> Any:
        """The same with every array in it in such memory. Other values stay, and so do huge views of a few elements."""
        if isinstance(value, np.ndarray) and not value.dtype.hasobject and value.nbytes <= LARGEST:
            array = self.empty(value.shape, value.dtype, at_end)
            array[...] = value
            return array
        if type(value) in (list, tuple):
            return type(value)(self.copy(part, at_end) for part in value)
        if type(value) is dict:
            return {key: self.copy(part, at_end) for key, part in value.items()}
        return value
