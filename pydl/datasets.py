"""Readers of well-known data sets, from files that the user has. Nothing is downloaded.

All return (x_train, y_train), (x_test, y_test) as stored, unscaled; files may be plain or gzipped.
"""

from __future__ import annotations

import gzip
import importlib
import io
import os
import struct
import zlib
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .utils import stratified_split

Array: TypeAlias = NDArray[np.generic]
Split: TypeAlias = tuple[tuple[Array, Array], tuple[Array, Array]]
PathLike: TypeAlias = str | os.PathLike[str]

_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CIFAR_PIXELS = 3 * 32 * 32


# ---- digits: the 8x8 copy that scikit-learn carries ----------------------------------------------------------------


def digits(test_fraction: float = 0.2, seed: int = 0) -> Split:
    """1,797 handwritten digits: x (N, 8, 8, 1) float32 in [0, 1], y (N,) int64; a fixed stratified split.

    The "optical recognition of handwritten digits" test set of the UCI repository, read through scikit-learn.
    """
    try:
        load_digits = importlib.import_module("sklearn.datasets").load_digits
    except ImportError as error:
        raise ImportError("datasets.digits needs scikit-learn: pip install scikit-learn") from error
    bunch = load_digits()
    x = (bunch.images[..., None] / 16.0).astype(np.float32)
    y = bunch.target.astype(np.int64)
    train, test = stratified_split(y, test_fraction, seed)
    return (x[train], y[train]), (x[test], y[test])


# ---- MNIST and everything else in idx files ------------------------------------------------------------------------


def mnist(folder: PathLike) -> Split:
    """MNIST (or Fashion-MNIST) from its four idx files: x (N, 28, 28) uint8, y (N,) uint8."""
    parts = []
    for prefix in ("train", "t10k"):
        x = read_idx(_find(folder, f"{prefix}-images-idx3-ubyte", f"{prefix}-images.idx3-ubyte"))
        y = read_idx(_find(folder, f"{prefix}-labels-idx1-ubyte", f"{prefix}-labels.idx1-ubyte"))
        if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
            raise ValueError(f"[mnist] {folder}: {prefix}: images {x.shape} do not go with labels {y.shape}")
        parts.append((x, y))
    return parts[0], parts[1]


def read_idx(path: PathLike) -> Array:
    """An array from an idx file (LeCun's format: two zeros, type, rank, sizes as big-endian u32, data)."""
    content = _read(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _IDX_TYPES or content[3] == 0:
        raise ValueError(f"[read_idx] {path}: expected an idx file, got one that starts with {content[:4].hex(' ')}")
    dtype, rank = np.dtype(_IDX_TYPES[content[2]]), content[3]
    header = 4 + 4 * rank
    if len(content) < header:
        raise ValueError(f"[read_idx] {path}: the header of {header} bytes is cut off after {len(content)}")
    shape = struct.unpack(f">{rank}I", content[4:header])
    # Python's integers: the product of lying sizes must not wrap around.
    expected = header + dtype.itemsize * int(np.prod([int(n) for n in shape], dtype=object))
    if len(content) != expected:
        raise ValueError(f"[read_idx] {path}: shape {shape} needs {expected} bytes, the file has {len(content)}")
    return np.frombuffer(content, dtype, offset=header).reshape(shape).astype(dtype.newbyteorder("="))


# ---- USPS ------------------------------------------------------------------------------------------------------------


def usps(folder: PathLike) -> Split:
    """USPS zip-code digits from zip.train and zip.test: x (N, 16, 16) float32 in [-1, 1], y (N,) int64."""
    return read_usps(_find(folder, "zip.train")), read_usps(_find(folder, "zip.test"))


def read_usps(path: PathLike) -> tuple[Array, Array]:
    """One digit a line: its label, then 256 grey values from -1 (paper) to 1 (ink)."""
    content = _read(path)
    if not content.strip():
        raise ValueError(f"[read_usps] {path}: the file is empty")
    try:
        table = np.loadtxt(io.BytesIO(content), np.float32, ndmin=2, encoding="ascii")
    except ValueError as error:  # ragged rows, words, or bytes that are no text
        raise ValueError(f"[read_usps] {path}: expected lines of 257 numbers ({error})") from None
    if table.shape[1] != 257:
        raise ValueError(f"[read_usps] {path}: expected lines of 257 numbers, got a table of shape {table.shape}")
    labels = table[:, 0]
    if not np.isin(labels, range(10)).all():
        raise ValueError(f"[read_usps] {path}: expected labels 0 to 9 in the first column")
    if not (np.abs(table[:, 1:]) <= 1).all():
        raise ValueError(f"[read_usps] {path}: expected grey values between -1 and 1")
    return table[:, 1:].reshape(-1, 16, 16), labels.astype(np.int64)


# ---- CIFAR -----------------------------------------------------------------------------------------------------------


def cifar10(folder: PathLike) -> Split:
    """CIFAR-10 from a folder of binary files: x (N, 32, 32, 3) uint8, y (N, 1) uint8, as Keras's load_data.

    Training files are data_batch*.bin or train*.bin in name order, test files test*.bin.
    """
    names = sorted(path for path in Path(folder).iterdir() if path.name.removesuffix(".gz").endswith(".bin"))
    train = [read_cifar(p) for p in names if p.name.startswith(("data_batch", "train"))]
    test = [read_cifar(p) for p in names if p.name.startswith("test")]
    if not train or not test:
        raise FileNotFoundError(f"[cifar10] {folder}: expected data_batch_*.bin or train*.bin, and test*.bin (or .gz)")
    return _join(train), _join(test)


def read_cifar(path: PathLike, label_bytes: int = 1) -> tuple[Array, Array]:
    """Records of a label and 32x32 red, green and blue: x (N, 32, 32, 3), y (N, 1), uint8.

    label_bytes: 1 for CIFAR-10, 2 for CIFAR-100 (coarse, fine; the fine label is returned).
    """
    content, record = _read(path), label_bytes + _CIFAR_PIXELS
    if not content or len(content) % record:
        raise ValueError(f"[read_cifar] {path}: expected records of {record} bytes, got {len(content)} bytes")
    table = np.frombuffer(content, np.uint8).reshape(-1, record)
    labels, classes = table[:, label_bytes - 1 : label_bytes], 10 if label_bytes == 1 else 100
    if labels.max() >= classes:
        raise ValueError(f"[read_cifar] {path}: expected labels below {classes}, got {labels.max()}")
    planes = table[:, label_bytes:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels.copy()


# ---- files -----------------------------------------------------------------------------------------------------------


def _find(folder: PathLike, *names: str) -> Path:
    """The first of these files, plain or gzipped."""
    for name in names:
        for path in (Path(folder, name), Path(folder, name + ".gz")):
            if path.is_file():
                return path
    raise FileNotFoundError(f"no {' or '.join(names)} (or .gz) in {folder}")


def _read(path: PathLike) -> bytes:
    """The content of a file, unpacked if it begins like gzip, whatever its name."""
    content = Path(path).read_bytes()
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path}: damaged or truncated gzip file ({error})") from error


def _join(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
