"""Checks of loss and output on the first batch, for mistakes that would train without an error."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd.tensor import Tensor
from ..losses import Loss, binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy
from ..losses.cross_entropy import before

_OF_CLASSES = (categorical_crossentropy, sparse_categorical_crossentropy)
_ROUNDING = 1e-4  # in values that were scaled to [0, 1]


def suspicion(loss: Loss, output: Tensor) -> str | None:
    """A warning if output and loss do not fit together; else None."""
    function = getattr(loss, "fn", None)
    if not output.size or output.ndim < 2:
        return None
    activated = next((kind for kind in ("softmax", "sigmoid") if before(kind, output) is not None), None)
    if output.shape[-1] == 1 and (activated == "softmax" or (function in _OF_CLASSES and _is_softmax(output))):
        return (
            "a softmax over one unit is always 1, so nothing is learned; did you mean a sigmoid, as in "
            "Dense(1, activation='sigmoid') with the loss binary_crossentropy?"
        )
    if function not in (*_OF_CLASSES, binary_crossentropy):
        return None
    activation = "softmax" if function in _OF_CLASSES else "sigmoid"
    if getattr(loss, "from_logits", False):
        if activated is not None or (function in _OF_CLASSES and _is_softmax(output)):
            activated = activated or "softmax"
            return (
                f"from_logits=True, but the output comes from a {activated}, which would be applied twice; leave out "
                "one of them"
            )
        return None
    smallest, largest = output.array.min(), output.array.max()
    if smallest < 0 or (activation == "sigmoid" and largest > 1 + _ROUNDING):
        return (
            f"the output is no probability, as it ranges from {smallest:.3g} to {largest:.3g}; did you mean "
            f"from_logits=True, or activation='{activation}' in the last layer?"
        )
    return None


def no_probability(loss: Loss, target: Any) -> str | None:
    """A warning if the targets, all of which count, are no probabilities for a cross-entropy; else None."""
    if getattr(loss, "fn", None) not in (binary_crossentropy, categorical_crossentropy) or target is None:
        return None
    values = np.asarray(target)
    if (
        not values.size
        or values.dtype.kind not in "iuf"
        or not (values.min() < -_ROUNDING or values.max() > 1 + _ROUNDING)
    ):
        return None
    return (
        f"y_true: expected probabilities from 0 to 1, got {values.min():.3g} to {values.max():.3g}; scale it, or use "
        "sparse_categorical_crossentropy for class indices"
    )


def _is_softmax(output: Tensor) -> bool:
    """Whether the values look like a softmax, for outputs without a tape."""
    values = output.array
    return bool((values >= 0).all() and (abs(values.sum(axis=-1) - 1) < 1e-3).all())
