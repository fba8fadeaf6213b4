"""Errors that say which argument of what was wrong; each is also the built-in error that NumPy would raise."""


class ShapeError(ValueError):
    """An argument has the wrong rank or sizes."""


class DTypeError(TypeError):
    """An argument has the wrong element type, or is no array at all."""
