"""Models: compositions of layers with fit, evaluate and predict."""

from ..base.layer_classes import register
from .cloning import clone_model
from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential", "clone_model"]

register(__all__, globals())
