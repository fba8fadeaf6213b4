"""Digits: the 8x8 images that come with scikit-learn."""

from __future__ import annotations

import importlib

import numpy as np

from ..utils import stratified_split
from .compressed import Split

__all__ = ["load_data"]


def load_data(test_fraction: float = 0.2, seed: int = 0) -> Split:
    """1,797 handwritten digits, which scikit-learn carries, in a fixed stratified split.

    They are the test set of the "optical recognition of handwritten digits" of the UCI repository.

    Args:
        test_fraction: How much of every class is for the test, from 0 to 1.
        seed: Of the split, an integer of at least 0.

    Returns:
        The tuple (x_train, y_train), (x_test, y_test) of images (samples, 8, 8, 1), float32 from 0 to 1, and labels
        (samples,), int64.

    Raises:
        ImportError: Without scikit-learn.
        ValueError: If `test_fraction` or the seed does not fit.

    Source:
        Alpaydin and Kaynak 1998, "Cascading Classifiers".

    Example:
        >>> (x_train, y_train), (x_test, y_test) = pydl.datasets.digits.load_data()
        >>> x_train.shape, x_test.shape
        ((1438, 8, 8, 1), (359, 8, 8, 1))
    """
    try:
        load_digits = importlib.import_module("sklearn.datasets").load_digits
    except ImportError as error:
        raise ImportError("[digits] load_data: expected scikit-learn; pip install scikit-learn") from error
    bunch = load_digits()
    x = (bunch.images[..., None] / 16.0).astype(np.float32)
    y = bunch.target.astype(np.int64)
    train, test = stratified_split(y, test_fraction, seed)
    return (x[train], y[train]), (x[test], y[test])
