"""Dense: the fully connected layer; and the base class of layers with kernel and bias."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import activations, ops, regularizers
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["Dense"]


class _WeightedLayer(Layer):
    """A layer with kernel, bias and activation: the base class of Dense and the convolutions."""

    _keeps_integers = False
    _weight_options = WeightOptions("kernel", "bias")

    def _configure(self, arguments: Mapping[str, Any]) -> None:
        """Sets the common options from the arguments of a subclass's constructor."""
        self.activation = activations.get(arguments["activation"])
        self.use_bias = arguments["use_bias"]
        self._weight_options.get(self, arguments)

    def _add_kernel(self, shape: Shape, outputs: int | None = None) -> None:
        """Creates `kernel` of this shape, and `bias` of size `outputs`, by default the last size of the kernel."""
        self.kernel = self._weight_options.add(self, "kernel", shape)
        self._add_bias(shape[-1] if outputs is None else outputs)

    def _add_bias(self, outputs: Any) -> None:
        self.bias = self._weight_options.add(self, "bias", (outputs,)) if self.use_bias else None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            **self._weight_options.serialize(self),
        }


class Dense(_WeightedLayer):
    """Fully connected layer: activation(inputs @ kernel + bias).

    Args:
        units: Number of outputs.
        activation: Function or its name, see `pydl.activations`; None is linear.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the kernel, or its name.
        bias_initializer: Initializer of the bias, or its name.
        kernel_regularizer: Regularizer of the kernel; None for none.
        bias_regularizer: Regularizer of the bias; None for none.
        activity_regularizer: Regularizer of the output; None for none.
        kernel_constraint: Constraint of the kernel after each update; None for none.
        bias_constraint: Constraint of the bias after each update; None for none.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ..., features), at least 2 axes. Other dtypes are cast to the layer's dtype.

    Output shape:
        (batch, ..., units), in the layer's dtype.

    Weights:
        kernel (features, units), bias (units,).

    Raises:
        ValueError: units is not a positive integer, or a name is unknown.
        ShapeError: The input has fewer than 2 axes, or other features than the layer was built for.

    Example:
        >>> layer = pydl.layers.Dense(4, activation="relu")
        >>> layer(np.ones((2, 3))).shape
        (2, 4)
        >>> [weight.shape for weight in layer.weights]
        [(3, 4), (4,)]
    """

    _recordable = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._configure(locals())
        self.units = positive_integer(self.name, "units", units)

    def build(self, input_shape: Shape) -> None:
        if len(input_shape) < 2:
            raise ShapeError(
                f"[{self.name}] inputs: expected at least 2 axes (batch, …, features), got shape {input_shape}"
            )
        self._add_kernel((input_shape[-1], self.units))

    def call(self, inputs: Tensor) -> Tensor:
        if inputs.ndim < 2 or inputs.shape[-1] != self.kernel.shape[0]:
            raise ShapeError(
                f"[{self.name}] inputs: expected shape (batch, …, {self.kernel.shape[0]}), got {inputs.shape}"
            )
        name, alpha, rest = activations.split(self.activation)
        y = ops.dense(inputs, self.kernel, self.bias, name, alpha, self._keeps_logits)
        return rest(y) if rest else y

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
