"""Digits: the 8x8 copy that scikit-learn carries."""

from __future__ import annotations

import importlib

import numpy as np

from ..utils import stratified_split
from .compressed import Split


def load_data(test_fraction: float = 0.2, seed: int = 0) -> Split:
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
