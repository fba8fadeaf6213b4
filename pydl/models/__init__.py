"""Models: layers put together, with fit, evaluate and predict."""

from .model import Model
from .sequential import Sequential

__all__ = ["Model", "Sequential"]
