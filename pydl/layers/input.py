"""The shape of a model's input, as its first layer."""

from __future__ import annotations

from typing import Any

from .layer import Layer, Shape


class InputLayer(Layer):
    """Passes its input on; says that inputs have `shape`, batch axis not counted (None: any size)."""

    def __init__(
        self, shape: Any = None, batch_size: int | None = None, dtype: Any = "float32", name: str | None = None
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        if shape is None or isinstance(shape, int):
            raise ValueError(f"[{self.name}] shape: expected a tuple without the batch axis, got {shape!r}")
        self.shape: Shape = tuple(shape)
        if any(size is not None and (not hasattr(size, "__index__") or size < 0) for size in self.shape):
            raise ValueError(f"[{self.name}] shape: expected sizes, None where any will do, got {shape!r}")
        self.batch_size = batch_size
        self.built = True

    @property
    def batch_shape(self) -> Shape:
        """The shape with the batch axis."""
        return (self.batch_size, *self.shape)

    def call(self, inputs: Any) -> Any:
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {"shape": self.shape, "batch_size": self.batch_size, "dtype": self.dtype.name, "name": self.name}


def Input(
    shape: Any = None, batch_size: int | None = None, dtype: Any = "float32", name: str | None = None
) -> InputLayer:
    """An InputLayer, the first element of a Sequential model: `Input((28, 28, 1))`."""
    return InputLayer(shape, batch_size, dtype, name)
