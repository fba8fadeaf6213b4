"""Arrays in idx files, the format of MNIST."""

from __future__ import annotations

import math
import struct

import numpy as np

from .compressed import Array, PathLike, opened

__all__ = ["read_idx"]

_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: PathLike) -> Array:
    """An array from an idx file: two zeros, type, number of axes, sizes, data, all big-endian.

    Args:
        path: The file, plain or gzipped.

    Returns:
        An array of the shape and dtype that the file has, in the byte order of this machine.

    Raises:
        ValueError: For another or a damaged file, which its header shows before the data is unpacked.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("three").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 10, 20, 30]))
        >>> pydl.datasets.read_idx("three")
        array([10, 20, 30], dtype=uint8)
    """
    with opened("read_idx", path) as content:
        head = content.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or head[3] == 0:
            raise ValueError(f"[read_idx] {path}: expected an idx file, got one that starts with {head.hex(' ')}")
        dtype, rank = np.dtype(_IDX_TYPES[head[2]]), head[3]
        header, sizes = 4 + 4 * rank, content.read(4 * rank)
        if len(sizes) < 4 * rank:
            raise ValueError(f"[read_idx] {path}: expected a header of {header} bytes, got {4 + len(sizes)}")
        shape = struct.unpack(f">{rank}I", sizes)
        expected = header + dtype.itemsize * math.prod(shape)
        if expected > content.max_size:
            raise ValueError(f"[read_idx] {path}: expected {expected} bytes for shape {shape}, got {content.max_size}")
        content.limit = max(content.limit, expected + 1)
        data = content.read(expected - header + 1)
        if header + len(data) != expected:
            found = header + len(data) if content.packed else content.max_size
            raise ValueError(f"[read_idx] {path}: expected {expected} bytes for shape {shape}, got {found}")
    try:
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    except ValueError as error:  # more axes or elements than NumPy supports
        raise ValueError(f"[read_idx] {path}: expected the shape of an array, got {shape} ({error})") from None
