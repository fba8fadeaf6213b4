"""Copies of a model's architecture."""

from __future__ import annotations

from typing import Any

from ..saving.serialization import deserialize, serialize
from .model import Model


def clone_model(model: Model) -> Any:
    """A model of the same layers with new weights, not compiled.

    Args:
        model: The model. Layers of classes of one's own are fine.

    Returns:
        A new model of the same class.

    Raises:
        NotImplementedError: For a subclass of Model that has no graph and does not define `get_config`.

    Example:
        >>> model = pydl.Sequential([pydl.Input((4,)), pydl.layers.Dense(3)])
        >>> pydl.models.clone_model(model).output_shape
        (None, 3)
    """
    own = {type(layer).__name__: type(layer) for layer in model._all_layers()}
    return deserialize(serialize(model), own)
