"""A warning where a mask ends though its steps go on: what follows, and losses, would count padding."""

from __future__ import annotations

from typing import Any

from ..base.tree import flatten
from ..base.warnings import warn_caller


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
            object.__setattr__(layer, "_told_of_mask", True)  # not the usual way, which would void plans
            warn_caller(
                f"a mask {mask.shape} ends at layer {layer.name!r} ({type(layer).__name__}), {reason}; what follows, "
                "and a loss of its steps, will count padding"
            )
            return
