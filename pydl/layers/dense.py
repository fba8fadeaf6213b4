"""Dense: every output sees every input."""

from __future__ import annotations

from typing import Any

from .. import activations, constraints, initializers, ops, regularizers
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from .layer import Layer, Shape

_OPTIONS = (
    "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer",
    "activity_regularizer", "kernel_constraint", "bias_constraint",
)  # fmt: skip


class Kernel(Layer):
    """A layer of kernel, bias and activation: what Dense and convolutions share."""

    _keeps_integers = False

    def __init__(
        self,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        activity_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _add_kernel(self, shape: tuple[Any, ...], outputs: int | None = None) -> None:
        """Makes `kernel` of this shape and `bias` of so many outputs, by default the last size (None without bias)."""
        self.kernel = self.add_weight(
            shape,
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self._add_bias(shape[-1] if outputs is None else outputs)

    def _add_bias(self, outputs: Any) -> None:
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (outputs,),
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


def kernel_options(arguments: dict[str, Any], given: str = "kernel", wanted: str = "kernel") -> dict[str, Any]:
    """Of the arguments of a subclass's constructor those that Kernel takes.

    given, wanted: what the subclass, and what the constructor that takes them, calls the kernel.
    """
    return {name.replace("kernel", wanted): arguments[name.replace("kernel", given)] for name in _OPTIONS}


class Dense(Kernel):
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
        super().__init__(**kernel_options(locals()), **kwargs)
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
        y = ops.dense(inputs, self.kernel, self.bias, name, alpha)
        return rest(y) if rest else y

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}
