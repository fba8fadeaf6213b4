"""Constructor arguments, shapes and weight counts of each layer: one table per family."""

from typing import Any

from pydl import layers

Shape = tuple[int, ...]
Case = tuple[type[layers.Layer], dict[str, Any], Shape, Shape, list[Shape]]  # class, arguments, input, output, weights
