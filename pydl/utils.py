"""Small helpers for data: one-hot labels, stratified splits, seeds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .base.errors import as_integer, number
from .base.random_streams import checked_seed, set_seed

__all__ = ["set_random_seed", "stratified_split", "to_categorical"]


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> NDArray[np.float32]:
    """Class numbers as one-hot rows.

    Args:
        x: Class numbers (...) or (..., 1): integers, or floats without fractions.
        num_classes: The number of classes; None for the largest class number + 1.

    Returns:
        Array (..., num_classes) of float32.

    Raises:
        TypeError: If these are no numbers.
        ValueError: If a class number has a fraction, or lies outside [0, num_classes).

    Example:
        >>> pydl.utils.to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if labels.dtype.kind not in "fiub":
        raise TypeError(f"[to_categorical] x: expected class indices, got {labels.dtype}")
    with np.errstate(invalid="ignore"):  # NaN is refused below
        integers = labels.astype(np.int64)
    if not np.array_equal(labels, integers):
        raise ValueError(f"[to_categorical] x: expected integers, got {labels.dtype} with fractions")
    labels = integers
    if num_classes is not None and as_integer(num_classes) is None:
        raise TypeError(f"[to_categorical] num_classes: expected an integer, got {num_classes!r}")
    if num_classes is None:
        num_classes = int(labels.max(initial=-1)) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError(
            f"[to_categorical] x: expected labels in [0, {num_classes}), got {labels.min()} to {labels.max()}"
        )
    one_hot = np.zeros((*labels.shape, num_classes), np.float32)
    np.put_along_axis(one_hot, labels[..., None], 1.0, axis=-1)
    return one_hot


def stratified_split(
    labels: ArrayLike, test_fraction: float, seed: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of samples for training and test, with the same fraction of every class in the test.

    Args:
        labels: Class numbers or names (samples,).
        test_fraction: How much of every class is for the test, from 0 to 1, rounded to whole samples.
        seed: For the same split every time, an integer of at least 0; None for a new one.

    Returns:
        The tuple (train, test) of int64 arrays, both shuffled.

    Raises:
        ValueError: If an argument does not fit.

    Example:
        >>> train, test = pydl.utils.stratified_split(["a", "a", "a", "a", "b", "b"], test_fraction=0.5, seed=0)
        >>> len(train), len(test)
        (3, 3)
    """
    classes = np.asarray(labels)
    if classes.ndim != 1:
        raise ValueError(f"[stratified_split] labels: expected rank 1, got shape {classes.shape}")
    if not 0.0 <= number("stratified_split", "test_fraction", test_fraction) <= 1.0:
        raise ValueError(f"[stratified_split] test_fraction: expected between 0 and 1, got {test_fraction}")
    rng = np.random.default_rng(checked_seed("stratified_split", seed))
    in_test = np.zeros(len(classes), bool)
    for value in np.unique(classes):
        members = rng.permutation(np.flatnonzero(classes == value))
        in_test[members[: round(test_fraction * len(members))]] = True
    return rng.permutation(np.flatnonzero(~in_test)), rng.permutation(np.flatnonzero(in_test))


def set_random_seed(seed: int) -> None:
    """Keras's name for `pydl.set_seed`.

    Args:
        seed: An integer of at least 0.

    Raises:
        ValueError: If it is no such integer.

    Example:
        >>> pydl.utils.set_random_seed(1)
    """
    set_seed(seed)
