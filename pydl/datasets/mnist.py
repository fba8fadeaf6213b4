"""MNIST, from its four idx files."""

from __future__ import annotations

from .compressed import PathLike, Split, find
from .idx import read_idx

__all__ = ["load_data"]


def load_data(folder: PathLike) -> Split:
    """MNIST, or Fashion-MNIST, from its four idx files, plain or gzipped.

    Args:
        folder: Where train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and
            t10k-labels-idx1-ubyte are.

    Returns:
        The tuple (x_train, y_train), (x_test, y_test) of images (samples, 28, 28) and labels (samples,), uint8.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is damaged, or images and labels do not fit.

    Source:
        LeCun et al. 1998, "Gradient-Based Learning Applied to Document Recognition".

    Example:
        >>> import struct
        >>> from pathlib import Path
        >>> for name in ("train", "t10k"):
        ...     images = struct.pack(">4B3I", 0, 0, 8, 3, 1, 28, 28) + bytes(784)
        ...     _ = Path(f"{name}-images-idx3-ubyte").write_bytes(images)
        ...     _ = Path(f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, 1) + bytes([7]))
        >>> (x_train, y_train), (x_test, y_test) = pydl.datasets.mnist.load_data(".")
        >>> x_train.shape, y_train
        ((1, 28, 28), array([7], dtype=uint8))
    """
    parts = []
    for prefix in ("train", "t10k"):
        x = read_idx(find(folder, f"{prefix}-images-idx3-ubyte", f"{prefix}-images.idx3-ubyte"))
        y = read_idx(find(folder, f"{prefix}-labels-idx1-ubyte", f"{prefix}-labels.idx1-ubyte"))
        if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
            raise ValueError(
                f"[mnist] {folder}: expected {prefix} images (N, 28, 28) and labels (N,), got {x.shape} and {y.shape}"
            )
        parts.append((x, y))
    return parts[0], parts[1]
