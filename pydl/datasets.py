"""Readers of well-known data sets, from files that the user has. Nothing is downloaded.

All return (x_train, y_train), (x_test, y_test) as stored, unscaled; files may be plain or gzipped.
"""

from __future__ import annotations

import importlib
import itertools
import math
import struct
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .packed import PathLike, checked_path, opened
from .utils import stratified_split

Array: TypeAlias = NDArray[np.generic]
Split: TypeAlias = tuple[tuple[Array, Array], tuple[Array, Array]]

_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CIFAR_PIXELS = 3 * 32 * 32
_USPS_LINE = 1 << 14  # bytes of a line, at most


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
    """An array from an idx file (LeCun's format: two zeros, type, rank, sizes as big-endian u32, data).

    ValueError for another or a damaged file, found by its header before the data is unpacked.
    """
    with opened("read_idx", path) as content:
        head = content.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or head[3] == 0:
            raise ValueError(f"[read_idx] {path}: expected an idx file, got one that starts with {head.hex(' ')}")
        dtype, rank = np.dtype(_IDX_TYPES[head[2]]), head[3]
        header, sizes = 4 + 4 * rank, content.read(4 * rank)
        if len(sizes) < 4 * rank:
            raise ValueError(f"[read_idx] {path}: the header of {header} bytes is cut off after {4 + len(sizes)}")
        shape = struct.unpack(f">{rank}I", sizes)
        expected = header + dtype.itemsize * math.prod(shape)
        if expected > content.most:
            raise ValueError(f"[read_idx] {path}: shape {shape} needs {expected} bytes, the file has {content.most}")
        content.limit = max(content.limit, expected + 1)
        data = content.read(expected - header + 1)
        if header + len(data) != expected:
            found = header + len(data) if content.packed else content.most
            raise ValueError(f"[read_idx] {path}: shape {shape} needs {expected} bytes, the file has {found}")
    try:
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=False)
    except ValueError as error:  # more axes, or more along one, than an array may have
        raise ValueError(f"[read_idx] {path}: no array has the shape {shape} ({error})") from None


# ---- USPS ------------------------------------------------------------------------------------------------------------


def usps(folder: PathLike) -> Split:
    """USPS zip-code digits from zip.train and zip.test: x (N, 16, 16) float32 in [-1, 1], y (N,) int64."""
    return read_usps(_find(folder, "zip.train")), read_usps(_find(folder, "zip.test"))


def read_usps(path: PathLike) -> tuple[Array, Array]:
    """One digit a line: its label, then 256 grey values from -1 (paper) to 1 (ink)."""
    with opened("read_usps", path) as content:
        lines = (line for line in content.lines(_USPS_LINE) if line.strip())
        first = next(lines, None)
        if first is None:
            raise ValueError(f"[read_usps] {path}: the file is empty")
        try:
            text = (line.decode("ascii") for line in itertools.chain([first], lines))
            table = np.loadtxt(text, np.float32, ndmin=2)
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
    checked_path("cifar10", "folder", folder)
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
    if not hasattr(label_bytes, "__index__") or label_bytes not in (1, 2):
        raise ValueError(f"[read_cifar] label_bytes: expected 1 (CIFAR-10) or 2 (CIFAR-100), got {label_bytes!r}")
    record, classes = int(label_bytes) + _CIFAR_PIXELS, 10 if label_bytes == 1 else 100
    data = bytearray()
    with opened("read_cifar", path) as content:
        if not content.packed and content.most % record:
            raise ValueError(f"[read_cifar] {path}: expected records of {record} bytes, got {content.most} bytes")
        while part := content.read(1024 * record):
            labels = part[label_bytes - 1 :: record]
            if labels and max(labels) >= classes:
                raise ValueError(f"[read_cifar] {path}: expected labels below {classes}, got {max(labels)}")
            data += part
    if not data or len(data) % record:
        raise ValueError(f"[read_cifar] {path}: expected records of {record} bytes, got {len(data)} bytes")
    table = np.frombuffer(data, np.uint8).reshape(-1, record)
    planes = table[:, label_bytes:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), table[:, label_bytes - 1 : label_bytes].copy()


# ---- files -----------------------------------------------------------------------------------------------------------


def _find(folder: PathLike, *names: str) -> Path:
    """The first of these files, plain or gzipped."""
    checked_path("datasets", "folder", folder)
    for name in names:
        for path in (Path(folder, name), Path(folder, name + ".gz")):
            if path.is_file():
                return path
    raise FileNotFoundError(f"no {' or '.join(names)} (or .gz) in {folder}")


def _join(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
