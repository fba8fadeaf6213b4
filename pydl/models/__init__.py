"""Models: layers put together, with fit, evaluate and predict."""

from .model import Model
from .sequential import Sequential
from .serialization import clone_model

__all__ = ["Model", "Sequential", "clone_model"]
