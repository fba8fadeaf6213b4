"""CIFAR-10, and the records of CIFAR-100, from binary files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..base.errors import as_integer
from .compressed import Array, PathLike, Split, checked_path, opened

__all__ = ["load_data", "read_cifar"]

_CIFAR_PIXELS = 3 * 32 * 32


def load_data(folder: PathLike) -> Split:
    """CIFAR-10 from a folder of binary files, plain or gzipped.

    Args:
        folder: Where the files are: data_batch*.bin or train*.bin for training, in the order of their names, and
            test*.bin.

    Returns:
        The tuple (x_train, y_train), (x_test, y_test) of images (samples, 32, 32, 3) and labels (samples, 1), uint8, as
        Keras has them.

    Raises:
        FileNotFoundError: If files are missing.
        ValueError: If a file is damaged.

    Source:
        Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".

    Example:
        >>> from pathlib import Path
        >>> for name in ("data_batch_1.bin", "test_batch.bin"):
        ...     _ = Path(name).write_bytes(bytes([7]) + bytes(3072))
        >>> (x_train, y_train), (x_test, y_test) = pydl.datasets.cifar10.load_data(".")
        >>> x_train.shape, y_train
        ((1, 32, 32, 3), array([[7]], dtype=uint8))
    """
    checked_path("cifar10", "folder", folder)
    names = sorted(path for path in Path(folder).iterdir() if path.name.removesuffix(".gz").endswith(".bin"))
    train = [read_cifar(p) for p in names if p.name.startswith(("data_batch", "train"))]
    test = [read_cifar(p) for p in names if p.name.startswith("test")]
    if not train or not test:
        raise FileNotFoundError(
            f"[cifar10] folder: expected data_batch_*.bin or train*.bin, and test*.bin (or .gz), got none in {folder}"
        )
    return _join(train), _join(test)


def read_cifar(path: PathLike, label_bytes: int = 1) -> tuple[Array, Array]:
    """The images of a binary file of CIFAR: records of a label, then 32x32 red, green and blue.

    Args:
        path: The file, plain or gzipped.
        label_bytes: 1 for CIFAR-10, 2 for CIFAR-100, of whose coarse and fine label the fine one is taken.

    Returns:
        Images (samples, 32, 32, 3) and labels (samples, 1), uint8.

    Raises:
        ValueError: If the file is damaged or a label is no class, or for other `label_bytes`.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("test.bin").write_bytes(bytes([7]) + bytes(3072))
        >>> x, y = pydl.datasets.read_cifar("test.bin")
        >>> x.shape, y
        ((1, 32, 32, 3), array([[7]], dtype=uint8))
    """
    if as_integer(label_bytes) not in (1, 2):
        raise ValueError(f"[read_cifar] label_bytes: expected 1 (CIFAR-10) or 2 (CIFAR-100), got {label_bytes!r}")
    record, classes = int(label_bytes) + _CIFAR_PIXELS, 10 if label_bytes == 1 else 100
    data = bytearray()
    with opened("read_cifar", path) as content:
        if not content.packed and content.max_size % record:
            raise ValueError(f"[read_cifar] {path}: expected records of {record} bytes, got {content.max_size} bytes")
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


def _join(parts: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    return np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
