"""What each layer is made with and what it then is, one table for each family."""

from typing import Any

from pydl import layers

Shape = tuple[int, ...]
Case = tuple[type[layers.Layer], dict[str, Any], Shape, Shape, list[Shape]]  # class, arguments, input, output, weights
