"""Masks of steps: how calls hand them on, and a warning where one ends though its steps go on."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import as_tensor
from ..base.tree import flatten, is_nested, map_structure
from ..base.warnings import warn_caller


def mask_of(x: Any) -> Array | None:
    """The mask that a tensor carries."""
    return getattr(x, "mask", None)


def as_mask(mask: Any) -> Array | None:
    """A mask as the layers hand it on: bools, True where a step counts, also of numbers that are not 0."""
    if mask is None:
        return None
    array = as_tensor(mask).array
    return array if array.dtype == bool else ops.id_mask(array)


def as_masks(masks: Any) -> Any:
    """The same for several inputs: a list or dict of masks, None for an input without."""
    if is_nested(masks) and any(leaf is None or hasattr(leaf, "shape") for leaf in flatten(masks)):
        return map_structure(as_mask, masks)
    return as_mask(masks)


def add_masks(signature: Any, x: Any, kwargs: dict[str, Any]) -> None:
    """The mask of argument `a` is argument `a_mask`, for whoever takes it."""
    first = signature.names[0]
    for name, wanted in signature.masks.items():
        value = x if name == first else kwargs.get(name)
        if value is not None and kwargs.get(wanted) is None:
            kwargs[wanted] = map_structure(mask_of, value)


def set_masks(y: Any, masks: Any) -> None:
    """Each output gets its mask, unless a layer inside gave it one, or the axes of the mask are gone."""
    for output, mask in zip(flatten(y), masks if isinstance(masks, list | tuple) else [masks], strict=False):
        mask = mask if mask is None or type(mask) is np.ndarray else as_mask(mask)
        if mask is not None and output.mask is None and output.shape[: mask.ndim] == mask.shape:
            output.mask = mask


def tell_where_a_mask_ends(layer: Any, inputs: Any, output: Any, masks: Any, reason: str) -> None:
    """Warns, once for each layer, if the output has the steps of a masked input and no mask of its own.

    Not where the steps are gone: behind pooling over all of them, the last state of a recurrent layer, Flatten.
    """
    if "_told_of_mask" in vars(layer):
        return
    y = flatten(output)[0]
    if getattr(y, "mask", None) is not None:
        return
    for x, mask in zip(flatten(inputs), flatten(masks), strict=False):
        if mask is not None and y.ndim >= x.ndim and y.shape[: mask.ndim] == mask.shape:
            object.__setattr__(layer, "_told_of_mask", True)  # not the usual way, which would invalidate plans
            warn_caller(
                f"a mask {mask.shape} ends at layer {layer.name!r} ({type(layer).__name__}), {reason}; what follows, "
                "and a loss of its steps, will count padding"
            )
            return
