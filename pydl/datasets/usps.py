"""USPS zip-code digits, from text files."""

from __future__ import annotations

import itertools

import numpy as np

from .compressed import Array, PathLike, Split, find, opened

_USPS_LINE = 1 << 14  # bytes of a line, at most


def load_data(folder: PathLike) -> Split:
    """USPS zip-code digits from zip.train and zip.test: x (N, 16, 16) float32 in [-1, 1], y (N,) int64."""
    return read_usps(find(folder, "zip.train")), read_usps(find(folder, "zip.test"))


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
