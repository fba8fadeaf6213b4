"""Normalization layers: over the batch, the sample, or groups of channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import initializers, ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from ..ops.axes import axes_of
from ..ops.batch_norm import follow
from ..ops.checks import any_nonzero
from ..ops.mask import without_axis
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["BatchNormalization", "GroupNormalization", "LayerNormalization"]


class Normalization(Layer):
    """What BatchNormalization, LayerNormalization and GroupNormalization share: a factor gamma and a summand beta.

    Args:
        axis: the axis (or, of LayerNormalization, the axes) that gamma and beta run along.
        epsilon: added to the variance.
        center, scale: whether there is a beta, a gamma.
        *_initializer, *_regularizer, *_constraint: as in Keras.
    """

    _keeps_integers = False

    gamma: Any = None
    beta: Any = None

    _weight_options = WeightOptions("beta", "gamma")

    def _configure(self, arguments: Mapping[str, Any]) -> None:
        """Sets the common options from the arguments of a subclass's constructor."""
        axis, epsilon = arguments["axis"], arguments["epsilon"]
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        if not isinstance(epsilon, int | float | np.number) or not epsilon >= 0:
            raise ValueError(f"[{self.name}] epsilon: expected a number of at least 0, got {epsilon!r}")
        self.epsilon, self.center, self.scale = float(epsilon), arguments["center"], arguments["scale"]
        self._weight_options.get(self, arguments)

    def _add_gamma_and_beta(self, shape: Sequence[Any]) -> None:
        for name, is_used in (("gamma", self.scale), ("beta", self.center)):
            setattr(self, name, self._weight_options.add(self, name, tuple(shape)) if is_used else None)

    def _axes(self, shape: Shape) -> list[int]:
        """`axis` as non-negative integers; ShapeError if the inputs do not have it."""
        try:
            return axes_of(self.name, self.axis, len(shape))
        except ShapeError as error:
            raise ShapeError(f"[{self.name}] inputs: expected an axis {self.axis}, got shape {tuple(shape)}") from error

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **self._weight_options.serialize(self),
        }


class ChannelNormalization(Normalization):
    """A normalization along one axis of channels, which is moved to the end and back."""

    def _channels(self, shape: Shape) -> Any:
        axes = self._axes(shape)
        if len(axes) != 1:
            raise ShapeError(f"[{self.name}] axis: expected one axis, got {self.axis}")
        return shape[axes[0]]

    def _normalize(self, x: Tensor, training: bool, mask: Any = None) -> Tensor:
        """The normalization along the last axis."""
        raise NotImplementedError

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return self._along_axis(inputs, bool(training), None)

    def _along_axis(self, inputs: Tensor, training: bool, mask: Any) -> Tensor:
        (axis,) = self._axes(inputs.shape)
        if axis == inputs.ndim - 1:
            return self._normalize(inputs, training, mask)
        if mask is not None:  # the mask has the axes before the move
            mask = without_axis(mask, inputs.shape, axis)
            if mask is None:
                raise ShapeError(
                    f"[{self.name}] mask: expected equal masks for all channels (axis {self.axis}), got different ones"
                )
        return ops.moveaxis(self._normalize(ops.moveaxis(inputs, axis, -1), training, mask), -1, axis)


class BatchNormalization(ChannelNormalization):
    """Batch normalization: (x - mean) * gamma / sqrt(variance + epsilon) + beta (Ioffe and Szegedy 2015).

    In training, mean and variance are those of the batch over all axes but `axis`, and the moving averages follow them.
    Otherwise, and in a frozen layer (`trainable = False`), the moving averages are used.

    Args:
        axis: Axis of the channels.
        momentum: Share of its old value that a moving average keeps in each training step, in [0, 1].
        epsilon: Added to the variance, at least 0.
        center: Whether beta is added.
        scale: Whether gamma multiplies.
        beta_initializer: Initializer of the beta, or its name.
        gamma_initializer: Initializer of the gamma, or its name.
        moving_mean_initializer: Initializer of the moving mean, or its name.
        moving_variance_initializer: Initializer of the moving variance, or its name.
        beta_regularizer: Regularizer of the beta; None for none.
        gamma_regularizer: Regularizer of the gamma; None for none.
        beta_constraint: Constraint of the beta after each update; None for none.
        gamma_constraint: Constraint of the gamma after each update; None for none.
        synchronized: False; there are no other replicas.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Call arguments:
        inputs: The input. training: Whether the statistics of the batch are used, and followed. mask: Bools of the
        first axes of the input, such as (batch, steps): what is False counts in no mean and no variance. By default the
        mask that comes with the input.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Weights:
        gamma, beta (C,); moving_mean, moving_variance (C,), which are not trained.

    Raises:
        ValueError: epsilon or momentum is out of range, synchronized is True, or a name is unknown.
        ShapeError: The input does not have the axis, or the mask does not fit the input.

    Example:
        >>> layer = pydl.layers.BatchNormalization(momentum=0.5, epsilon=0)
        >>> layer(np.array([[1.0], [3.0]]), training=True).numpy()
        array([[-1.],
               [ 1.]], dtype=float32)
        >>> layer.moving_mean.numpy(), layer.moving_variance.numpy()
        (array([1.], dtype=float32), array([1.], dtype=float32))
    """

    _recordable = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._configure(locals())
        if not isinstance(momentum, int | float | np.number) or not 0 <= momentum <= 1:
            raise ValueError(f"[{self.name}] momentum: expected 0 <= momentum <= 1, got {momentum!r}")
        if synchronized:
            raise ValueError(f"[{self.name}] synchronized: expected False, got {synchronized!r}; there are no replicas")
        self.momentum = float(momentum)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)

    def build(self, input_shape: Shape) -> None:
        shape = (self._channels(input_shape),)
        self._add_gamma_and_beta(shape)
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, trainable=False, name="moving_mean")
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, name="moving_variance"
        )

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        if mask is not None and (mask.ndim >= inputs.ndim or mask.shape != inputs.shape[: mask.ndim]):
            raise ShapeError(
                f"[{self.name}] mask: expected shape {inputs.shape[:-1]} for inputs of {inputs.shape}, got {mask.shape}"
            )
        return self._along_axis(inputs, bool(training), mask)

    def _normalize(self, x: Tensor, training: bool, mask: Any = None) -> Tensor:
        # A batch that is masked as a whole does not change the moving averages.
        if not (training and self.trainable) or (mask is not None and not any_nonzero(mask)):
            return ops.batch_norm_inference(
                x, self.moving_mean, self.moving_variance, self.gamma, self.beta, self.epsilon
            )
        y, mean, variance = ops.batch_norm(x, self.gamma, self.beta, self.epsilon, mask)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            follow(moving, now, self.momentum)
        return y

    def _replay_obstacle(self, training: bool) -> str | None:
        if training and self.trainable:
            return "each batch updates its moving averages; it replays while frozen, and LayerNormalization replays"
        return super()._replay_obstacle(training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }


class LayerNormalization(Normalization):
    """Layer normalization: (x - mean) * gamma / sqrt(variance + epsilon) + beta (Ba et al. 2016).

    Mean and variance are those of each sample along `axis`.

    Args:
        axis: Axis, or a list of axes, of mean, variance, gamma and beta.
        epsilon: Added to the variance, at least 0.
        center: Whether beta is added.
        scale: Whether gamma multiplies.
        beta_initializer: Initializer of the beta, or its name.
        gamma_initializer: Initializer of the gamma, or its name.
        beta_regularizer: Regularizer of the beta; None for none.
        gamma_regularizer: Regularizer of the gamma; None for none.
        beta_constraint: Constraint of the beta after each update; None for none.
        gamma_constraint: Constraint of the gamma after each update; None for none.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        Any shape. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Weights:
        gamma, beta, of the sizes of the axes.

    Raises:
        ValueError: epsilon is less than 0, or a name is unknown.
        ShapeError: The input does not have the axes.

    Example:
        >>> layer = pydl.layers.LayerNormalization(epsilon=0)
        >>> layer(np.array([[1.0, 3.0]])).numpy()
        array([[-1.,  1.]], dtype=float32)
    """

    _recordable = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._configure(locals())

    def build(self, input_shape: Shape) -> None:
        self._add_gamma_and_beta([input_shape[a] for a in self._axes(input_shape)])

    def call(self, inputs: Tensor) -> Tensor:
        return ops.layer_norm(inputs, self.gamma, self.beta, self._axes(inputs.shape), self.epsilon)


class GroupNormalization(ChannelNormalization):
    """Group normalization: (x - mean) * gamma / sqrt(variance + epsilon) + beta, per sample and group (Wu and He 2018).

    Mean and variance are taken over all axes but the batch, and over the channels of a group.

    Args:
        groups: Number of groups of channels, a divisor of their number; -1 makes each channel a group.
        axis: Axis of the channels.
        epsilon: Added to the variance, at least 0.
        center: Whether beta is added.
        scale: Whether gamma multiplies.
        beta_initializer: Initializer of the beta, or its name.
        gamma_initializer: Initializer of the gamma, or its name.
        beta_regularizer: Regularizer of the beta; None for none.
        gamma_regularizer: Regularizer of the gamma; None for none.
        beta_constraint: Constraint of the beta after each update; None for none.
        gamma_constraint: Constraint of the gamma after each update; None for none.
        **kwargs: Arguments of `Layer`, such as name, dtype and trainable.

    Input shape:
        (batch, ..., C), or another place of the channels by axis. Other dtypes are cast to the layer's dtype.

    Output shape:
        That of the input, in the layer's dtype.

    Weights:
        gamma, beta (C,).

    Raises:
        ValueError: groups is neither positive nor -1, epsilon is less than 0, or a name is unknown.
        ShapeError: The input does not have the axis, or groups is no divisor of the channels.

    Example:
        >>> layer = pydl.layers.GroupNormalization(groups=2, epsilon=0)
        >>> layer(np.array([[1.0, 3.0, 5.0, 5.5]])).numpy()
        array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    _recordable = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._configure(locals())
        self.groups = -1 if groups == -1 else positive_integer(self.name, "groups", groups)

    def build(self, input_shape: Shape) -> None:
        channels = self._channels(input_shape)
        self._add_gamma_and_beta((channels,))
        if self.groups != -1 and channels % self.groups:
            raise ShapeError(f"[{self.name}] groups: expected a divisor of the {channels} channels, got {self.groups}")

    def _normalize(self, x: Tensor, training: bool, mask: Any = None) -> Tensor:
        groups = x.shape[-1] if self.groups == -1 else self.groups
        return ops.group_norm(x, self.gamma, self.beta, groups, self.epsilon)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "groups": self.groups}
