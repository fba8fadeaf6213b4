"""The data of fit, evaluate and predict: checked, split and cut into batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base.errors import as_integer, positive_integer
from .batches import ArrayBatches, HasInputSpec, IterableBatches, batches_from, split_validation
from .class_weights import class_weights, weighted
from .data_adapters import gives_batches


def batches(
    model: HasInputSpec,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: np.random.Generator | None = None,
    class_weight: Mapping[int, float] | None = None,
) -> ArrayBatches | IterableBatches:
    """The batches of arrays, or of a source of batches."""
    if gives_batches(x):
        if y is not None or sample_weight is not None:
            raise ValueError(
                f"[data] y, sample_weight: expected None with an iterable x, a {type(x).__name__}, whose batches "
                "include them"
            )
        return batches_from(x, model, class_weight, shuffle)
    x, y, sample_weight = as_data(model, x, y, sample_weight)
    if class_weight is not None and y is not None:
        sample_weight = weighted(class_weights(y, class_weight, *model._label_kind()), sample_weight)
    size = 32 if batch_size is None else batch_size
    return ArrayBatches(x, y, sample_weight, size, model._spec, shuffle)


def as_data(model: HasInputSpec, x: Any, y: Any, sample_weight: Any) -> list[Any]:
    """x, y and sample_weight as arrays of numbers, or lists and dicts of them; all but x may be None."""
    return [
        model._spec.standardize(name, data) for name, data in (("x", x), ("y", y), ("sample_weight", sample_weight))
    ]


def fit_data(
    model: HasInputSpec, x: Any, y: Any, sample_weight: Any, validation_split: float, validation_data: Any
) -> list[Any]:
    """x, y, sample_weight for training, and the validation data: given, split off, or None."""
    if gives_batches(x):
        if validation_split and validation_data is None:
            raise ValueError("[fit] validation_split: expected arrays, got an iterable; pass validation_data instead")
        return [x, y, sample_weight, validation_data]
    data = as_data(model, x, y, sample_weight)
    if validation_split and validation_data is None:
        data, validation_data = split_validation(validation_split, *data)
    return [*data, validation_data]


def validation_parts(validation_data: Any) -> tuple[Any, Any, Any]:
    """x, y, sample_weight; y is None for an iterable of batches."""
    if gives_batches(validation_data):
        return validation_data, None, None
    if not isinstance(validation_data, list | tuple) or not 2 <= len(validation_data) <= 3:
        what = f"{len(validation_data)} parts" if isinstance(validation_data, list | tuple) else "an array alone"
        raise ValueError(f"[fit] validation_data: expected (x, y) or (x, y, sample_weight), got {what}")
    x, y, sample_weight = (*validation_data, None)[:3]
    return x, y, sample_weight


def check_loop(epochs: Any, initial_epoch: Any, validation_freq: Any, class_weight: Any) -> None:
    """Checks the arguments of fit that count epochs, and class_weight."""
    positive_integer("fit", "epochs", epochs)
    first = as_integer(initial_epoch)
    if first is None or first < 0:
        raise ValueError(f"[fit] initial_epoch: expected a number of epochs, got {initial_epoch!r}")
    if not isinstance(validation_freq, Sequence) or isinstance(validation_freq, str):
        positive_integer("fit", "validation_freq", validation_freq)
    if class_weight is not None and not isinstance(class_weight, Mapping):
        raise TypeError(f"[fit] class_weight: expected a dict from class to weight, got {class_weight!r}")


def is_due(frequency: int | Sequence[int], epoch: int) -> bool:
    """Whether this epoch, counted from 1, ends with a validation."""
    return epoch in frequency if isinstance(frequency, Sequence) else epoch % frequency == 0
