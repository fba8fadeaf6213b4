"""Masks of steps: how calls propagate them, and a warning if a mask is lost but its steps are not."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import as_array
from ..base.tree import flatten, is_nested, map_structure
from ..base.warnings import warn_caller


def mask_of(x: Any) -> Array | None:
    """The mask of a tensor, or None."""
    return getattr(x, "mask", None)


def as_mask(mask: Any) -> Array | None:
    """A mask as an array of bools, True for a step that counts; numbers count if they are not 0."""
    if mask is None:
        return None
    array = as_array(mask)
    return array if array.dtype == bool else ops.id_mask(array)


def as_masks(masks: Any) -> Any:
    """`as_mask` for several inputs: a list or dict of masks, with None for an input without."""
    if is_nested(masks) and any(leaf is None or hasattr(leaf, "shape") for leaf in flatten(masks)):
        return map_structure(as_mask, masks)
    return as_mask(masks)


def add_masks(signature: Any, x: Any, kwargs: dict[str, Any]) -> None:
    """Passes the mask of argument `a` as argument `a_mask` if the call takes it."""
    first = signature.names[0]
    for name, mask_name in signature.masks.items():
        value = x if name == first else kwargs.get(name)
        if value is not None and kwargs.get(mask_name) is None:
            kwargs[mask_name] = map_structure(mask_of, value)


def set_masks(y: Any, masks: Any) -> None:
    """Sets the mask of each output, unless a nested layer has set it, or the output lacks the axes of the mask."""
    for output, mask in zip(flatten(y), masks if isinstance(masks, list | tuple) else [masks], strict=False):
        mask = mask if mask is None or type(mask) is np.ndarray else as_mask(mask)
        if mask is not None and output.mask is None and output.shape[: mask.ndim] == mask.shape:
            output.mask = mask


def warn_of_lost_mask(layer: Any, inputs: Any, output: Any, masks: Any, reason: str) -> None:
    """Warns, once per layer, if the output has the steps of a masked input but no mask.

    No warning if the output has no steps: after global pooling, Flatten, or the last state of a recurrent layer.
    """
    if "_warned_of_mask" in vars(layer):
        return
    y = flatten(output)[0]
    if getattr(y, "mask", None) is not None:
        return
    for x, mask in zip(flatten(inputs), flatten(masks), strict=False):
        if mask is not None and y.ndim >= x.ndim and y.shape[: mask.ndim] == mask.shape:
            object.__setattr__(layer, "_warned_of_mask", True)  # setattr would invalidate plans
            warn_caller(
                f"a mask {mask.shape} ends at layer {layer.name!r} ({type(layer).__name__}), {reason}; later layers, "
                "and a loss per step, will count padding"
            )
            return
