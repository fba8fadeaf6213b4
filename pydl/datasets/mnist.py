"""MNIST, from its four idx files."""

from __future__ import annotations

from .compressed import PathLike, Split, find
from .idx import read_idx


def load_data(folder: PathLike) -> Split:
    """MNIST (or Fashion-MNIST) from its four idx files: x (N, 28, 28) uint8, y (N,) uint8."""
    parts = []
    for prefix in ("train", "t10k"):
        x = read_idx(find(folder, f"{prefix}-images-idx3-ubyte", f"{prefix}-images.idx3-ubyte"))
        y = read_idx(find(folder, f"{prefix}-labels-idx1-ubyte", f"{prefix}-labels.idx1-ubyte"))
        if x.ndim != 3 or y.ndim != 1 or len(x) != len(y):
            raise ValueError(f"[mnist] {folder}: {prefix}: images {x.shape} do not go with labels {y.shape}")
        parts.append((x, y))
    return parts[0], parts[1]
