"""Embedding: ids to vectors."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..autograd.tape import Array
from ..autograd.tensor import Tensor
from ..base.errors import position, positive_integer
from ..ops.checks import first_outside
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["Embedding"]


class Embedding(Layer):
    """Lookup of the row of `embeddings` for each id.

    Args:
        input_dim: Number of rows. Ids lie in [0, input_dim).
        output_dim: Size of a row.
        embeddings_initializer: Initializer of the table, or its name.
        embeddings_regularizer: Regularizer of the table; None for none.
        embeddings_constraint: Constraint of the table after each update; None for none.
        mask_zero: Whether id 0 is padding. The output then has a mask, so later layers, losses and metrics skip these
            steps.
        weights: Table (input_dim, output_dim) to start from, or a list that holds it; None: embeddings_initializer.
        input_length: Number of ids of a sample, in place of input_shape=(input_length,); None leaves it open.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape, such as (batch, steps). Integers; floats are truncated to integers.

    Output shape:
        (*input_shape, output_dim), in the layer's dtype.

    Weights:
        embeddings (input_dim, output_dim).

    Raises:
        ValueError: A size is not a positive integer, or an id is outside [0, input_dim); the first such id is named.
        ShapeError: weights have another shape.

    Example:
        >>> layer = pydl.layers.Embedding(3, 2, weights=np.array([[0, 0], [1, 10], [2, 20]]))
        >>> layer(np.array([[2, 1]])).numpy()
        array([[[ 2., 20.],
                [ 1., 10.]]], dtype=float32)
    """

    _recordable = True
    _weight_options = WeightOptions("embeddings")
    autocast = False
    supports_masking = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        input_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.input_dim = positive_integer(self.name, "input_dim", input_dim)
        self.output_dim = positive_integer(self.name, "output_dim", output_dim)
        self._weight_options.get(self, locals())
        self.mask_zero = bool(mask_zero)
        if input_length is not None and self._first_shape is None:
            self._first_shape = (input_length,)
        if weights is not None:
            self._build_once((None,))
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape: Shape | None = None) -> None:
        self.embeddings = self._weight_options.add(self, "embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Tensor) -> Tensor:
        try:
            return ops.embedding(ops.cast(inputs, "int32") if inputs.dtype == bool else inputs, self.embeddings)
        except ValueError:
            wrong = first_outside(inputs, self.input_dim)
            if wrong is None:
                raise
            place, number = wrong
            raise ValueError(
                f"[{self.name}] inputs: expected ids in [0, {self.input_dim}), got {number} {position(place)}; "
                "ids begin at 0, so input_dim is the largest id + 1"
            ) from None

    def compute_mask(self, inputs: Tensor, mask: Any = None) -> Array | None:
        return ops.id_mask(inputs) if self.mask_zero else None

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **self._weight_options.serialize(self),
            "mask_zero": self.mask_zero,
        }
