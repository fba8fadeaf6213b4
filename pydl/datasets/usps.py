"""USPS zip-code digits, from text files."""

from __future__ import annotations

import itertools

import numpy as np

from .compressed import Array, PathLike, Split, find, opened

__all__ = ["load_data", "read_usps"]

_MAX_LINE = 1 << 14  # bytes


def load_data(folder: PathLike) -> Split:
    """USPS zip-code digits from zip.train and zip.test, plain or gzipped.

    Args:
        folder: Where the files are.

    Returns:
        The tuple (x_train, y_train), (x_test, y_test) of images (samples, 16, 16), float32 from -1 to 1, and labels
        (samples,), int64.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is damaged.

    Source:
        Hull 1994, "A Database for Handwritten Text Recognition Research".

    Example:
        >>> from pathlib import Path
        >>> for name in ("zip.train", "zip.test"):
        ...     _ = Path(name).write_text("7 " + "-1.0 " * 256)
        >>> (x_train, y_train), (x_test, y_test) = pydl.datasets.usps.load_data(".")
        >>> x_train.shape, y_train
        ((1, 16, 16), array([7]))
    """
    return read_usps(find(folder, "zip.train")), read_usps(find(folder, "zip.test"))


def read_usps(path: PathLike) -> tuple[Array, Array]:
    """The digits of a file of USPS: one a line, its label, then 256 grey values from -1 (paper) to 1 (ink).

    Args:
        path: The file, plain or gzipped.

    Returns:
        Images (samples, 16, 16), float32, and labels (samples,), int64.

    Raises:
        ValueError: If the file is empty or damaged.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("digits").write_text("7 " + "-1.0 " * 256)
        >>> x, y = pydl.datasets.read_usps("digits")
        >>> x.shape, y
        ((1, 16, 16), array([7]))
    """
    with opened("read_usps", path) as content:
        lines = (line for line in content.lines(_MAX_LINE) if line.strip())
        first = next(lines, None)
        if first is None:
            raise ValueError(f"[read_usps] {path}: expected lines of 257 numbers, got an empty file")
        try:
            text = (line.decode("ascii") for line in itertools.chain([first], lines))
            table = np.loadtxt(text, np.float32, ndmin=2)
        except ValueError as error:  # ragged rows, words, or bytes that are not ASCII
            raise ValueError(f"[read_usps] {path}: expected lines of 257 numbers, got others ({error})") from None
    if table.shape[1] != 257:
        raise ValueError(f"[read_usps] {path}: expected lines of 257 numbers, got a table of shape {table.shape}")
    labels = table[:, 0]
    if not np.isin(labels, range(10)).all():
        raise ValueError(f"[read_usps] {path}: expected labels 0 to 9 in the first column, got others")
    if not (np.abs(table[:, 1:]) <= 1).all():
        raise ValueError(f"[read_usps] {path}: expected grey values from -1 to 1, got others")
    return table[:, 1:].reshape(-1, 16, 16), labels.astype(np.int64)
