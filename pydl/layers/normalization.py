"""Layers that normalise what passes: by batch, by sample, by group of channels, by neighbouring channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import initializers, ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from ..ops.axes import axes_of
from .layer import Layer, Shape
from .weight_options import WeightOptions

__all__ = ["BatchNormalization", "GroupNormalization", "LayerNormalization", "LocalResponseNormalization"]


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
        """Takes what these classes share of the arguments of a derived class's constructor."""
        axis, epsilon = arguments["axis"], arguments["epsilon"]
        self.axis = list(axis) if isinstance(axis, list | tuple) else axis
        if not isinstance(epsilon, int | float | np.number) or not epsilon >= 0:
            raise ValueError(f"[{self.name}] epsilon: expected a number of at least 0, got {epsilon!r}")
        self.epsilon, self.center, self.scale = float(epsilon), arguments["center"], arguments["scale"]
        self._weight_options.get(self, arguments)

    def _add_gamma_and_beta(self, shape: Sequence[Any]) -> None:
        for name, wanted in (("gamma", self.scale), ("beta", self.center)):
            setattr(self, name, self._weight_options.add(self, name, tuple(shape)) if wanted else None)

    def _axes(self, shape: Shape) -> list[int]:
        """`axis` as non-negative numbers; ShapeError if the inputs do not have it."""
        try:
            return axes_of(self.name, self.axis, len(shape))
        except ShapeError as error:
            raise ShapeError(f"[{self.name}] inputs: shape {tuple(shape)} does not have axis {self.axis}") from error

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
    """A normalisation along one axis of channels, which is moved to the end if it is not there."""

    def _channels(self, shape: Shape) -> Any:
        axes = self._axes(shape)
        if len(axes) != 1:
            raise ShapeError(f"[{self.name}] axis: expected one axis, got {self.axis}")
        return shape[axes[0]]

    def _normalize(self, x: Tensor, training: bool, mask: Any = None) -> Tensor:
        """Along the last axis."""
        raise NotImplementedError

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        return self._along_axis(inputs, bool(training), None)

    def _along_axis(self, inputs: Tensor, training: bool, mask: Any) -> Tensor:
        (axis,) = self._axes(inputs.shape)
        if axis == inputs.ndim - 1:
            return self._normalize(inputs, training, mask)
        if mask is not None:  # of the axes as they are; one that is not the last of x
            mask = np.broadcast_to(mask.reshape(mask.shape + (1,) * (inputs.ndim - mask.ndim)), inputs.shape)
            mask = np.moveaxis(mask, axis, -1)
            if not (mask == mask[..., :1]).all():
                raise ShapeError(f"[{self.name}] mask: expected the same for all channels, those of axis {self.axis}")
            mask = np.ascontiguousarray(mask[..., 0])
        return ops.moveaxis(self._normalize(ops.moveaxis(inputs, axis, -1), training, mask), -1, axis)


class BatchNormalization(ChannelNormalization):
    """(x - mean) gamma / √(variance + epsilon) + beta along `axis` (Ioffe and Szegedy 2015).

    In training, mean and variance are those of the batch, and the moving averages follow them; otherwise, and while the
    layer is frozen (trainable = False), the moving averages are used. Steps that a mask leaves out, also one that comes
    with the inputs, are normalised too, but count in no mean and no variance.

    Args:
        momentum: the share of its old value that a moving average keeps in each step.
        others: see Normalization.

    Weights: gamma, beta (C,), moving_mean, moving_variance (C,), which are not trained.
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
            raise ValueError(f"[{self.name}] synchronized: expected False; there are no other replicas")
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
        # Without any step that counts there is nothing to learn from.
        if not (training and self.trainable) or (mask is not None and not mask.any()):
            return ops.batch_norm_inference(
                x, self.moving_mean, self.moving_variance, self.gamma, self.beta, self.epsilon
            )
        y, mean, variance = ops.batch_norm(x, self.gamma, self.beta, self.epsilon, mask)
        for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving[...] = moving.array + (now.array - moving.array) * (1 - self.momentum)
        return y

    def _replay_obstacle(self, training: bool) -> str | None:
        if training and self.trainable:
            return "its moving averages follow each batch; it replays while frozen, and LayerNormalization does"
        return super()._replay_obstacle(training)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }


class LayerNormalization(Normalization):
    """(x - mean) gamma / √(variance + epsilon) + beta, with statistics along `axis` of every sample (Ba et al. 2016).

    Weights: gamma, beta, of the shape of these axes.
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
    """(x - mean) gamma / √(variance + epsilon) + beta, with statistics of every sample and group (Wu and He 2018).

    Args:
        groups: how many groups the channels along `axis` make; it divides their number. -1: each channel is one.
        others: see Normalization.

    Weights: gamma, beta (C,).
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


class LocalResponseNormalization(Layer):
    """x / (bias + alpha · Σ x²)^beta, the sum over neighbouring channels of the last axis (Krizhevsky et al. 2012).

    Args:
        depth_radius: how far neighbours are away at most.
        bias, alpha, beta: the paper's by default. As in TensorFlow, alpha is not divided by the size of the window.
    """

    _recordable = True
    _keeps_integers = False

    def __init__(
        self,
        depth_radius: int = 2,
        bias: float = 2.0,
        alpha: float = 1e-4,
        beta: float = 0.75,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not hasattr(depth_radius, "__index__") or depth_radius < 0:
            raise ValueError(f"[{self.name}] depth_radius: expected an integer of at least 0, got {depth_radius!r}")
        if not bias > 0 or not alpha >= 0 or not beta >= 0:
            raise ValueError(
                f"[{self.name}] bias, alpha, beta: expected bias > 0, alpha and beta of at least 0, "
                f"got {bias}, {alpha}, {beta}"
            )
        self.depth_radius, self.bias, self.alpha, self.beta = int(depth_radius), bias, alpha, beta

    def call(self, inputs: Tensor) -> Tensor:
        return ops.local_response_norm(inputs, self.depth_radius, self.bias, self.alpha, self.beta)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {"depth_radius": self.depth_radius, "bias": self.bias, "alpha": self.alpha, "beta": self.beta}
        return {**super().get_config(), **own}
