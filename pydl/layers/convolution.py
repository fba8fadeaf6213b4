"""Convolution layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import activations, ops
from ..autograd.tensor import Tensor
from ..base.errors import ShapeError, positive_integer
from ..ops.window import check_padding, output_size, sizes
from .dense import _WeightedLayer
from .image import ImageLayer
from .layer import Shape

__all__ = ["Conv1D", "Conv2D"]


class _SlidingWindow(_WeightedLayer, ImageLayer):
    """Base class of layers that slide a kernel over images or sequences."""

    def _configure(self, arguments: Mapping[str, Any]) -> None:
        super()._configure(arguments)
        rank = len(self._spatial)
        self.kernel_size = sizes(self.name, "kernel_size", arguments["kernel_size"], rank)
        self.strides = sizes(self.name, "strides", arguments["strides"], rank)
        self.padding = self._check_padding(arguments["padding"])
        self.dilation_rate = sizes(self.name, "dilation_rate", arguments["dilation_rate"], rank)

    def _check_padding(self, padding: Any) -> str:
        return check_padding(self.name, padding)

    def call(self, inputs: Tensor) -> Tensor:
        y = super().call(inputs)
        rest = activations.split(self.activation)[2]
        return rest(y) if rest else y  # in the layer's data format: a softmax is over its last axis

    def _fused(self) -> tuple[str, float, bool]:
        """The activation that the kernel fuses, its alpha, and whether a loss may need the logits of a sigmoid."""
        return *activations.split(self.activation)[:2], self._keeps_logits

    def _output_sizes(self, shape: Shape) -> Shape:
        """The sizes of the spatial axes of the output."""
        padding = "same" if self.padding == "causal" else self.padding
        return tuple(
            output_size(size, window, stride, dilation, padding)
            for size, window, stride, dilation in zip(
                shape[1:-1], self.kernel_size, self.strides, self.dilation_rate, strict=True
            )
        )

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
        }


class Convolution(_SlidingWindow):
    """Base class of Conv1D and Conv2D: `filters` kernels over all channels, or over those of their group."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        super().__init__(data_format=data_format, activity_regularizer=activity_regularizer, **kwargs)
        self._configure(locals())
        self.filters = positive_integer(self.name, "filters", filters)
        self.groups = positive_integer(self.name, "groups", groups)
        if filters % groups:
            raise ValueError(f"[{self.name}] filters: expected a multiple of groups={groups}, got {filters}")

    def build(self, input_shape: Shape) -> None:
        channels = self._image_shape(input_shape)[-1]
        if channels is not None and channels % self.groups:
            raise ShapeError(
                f"[{self.name}] inputs: expected a multiple of groups={self.groups} channels, got {channels}"
            )
        self._add_kernel((*self.kernel_size, channels and channels // self.groups, self.filters))

    def _image_call(self, x: Tensor) -> Tensor:
        if x.shape[-1] != self.kernel.shape[-2] * self.groups:
            raise ShapeError(
                f"[{self.name}] inputs: expected {self.kernel.shape[-2] * self.groups} channels, got shape {x.shape}"
            )
        op = ops.conv1d if len(self._spatial) == 1 else ops.conv2d
        return op(x, self.kernel, self.bias, self.strides, self.padding, self.dilation_rate, *self._fused())

    def _image_output_shape(self, shape: Shape) -> Shape:
        return shape[0], *self._output_sizes(shape), self.filters

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "filters": self.filters, "groups": self.groups}


class Conv2D(Convolution):
    """Convolution of images: each filter slides over rows and columns and sums over the channels of its group.

    Args:
        filters: Number of output channels, a multiple of groups.
        kernel_size: Rows and columns of the kernel: one integer or two.
        strides: Step of the kernel in rows and columns: one integer or two.
        padding: "valid" for none, or "same" for zeros such that stride 1 keeps rows and columns.
        data_format: "channels_last" (N, H, W, C), the default, or "channels_first" (N, C, H, W).
        dilation_rate: Distance between elements of the kernel in rows and columns: one integer or two.
        groups: Number of groups of channels. Each has filters / groups filters, which see its channels only.
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
        (N, H, W, C), or (N, C, H, W) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OH, OW, filters), or (N, filters, OH, OW) for channels_first, in the layer's dtype. OH is ceil(H / stride)
        for "same" and floor((H - (kernel_size - 1) * dilation_rate - 1) / stride) + 1 for "valid"; OW likewise.

    Weights:
        kernel (KH, KW, C / groups, filters), bias (filters,).

    Raises:
        ValueError: A size is not a positive integer, filters is no multiple of groups, a name is unknown, or the kernel
            is larger than the padded input.
        ShapeError: The input has another rank or other channels.

    Example:
        >>> layer = pydl.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")
        >>> layer(np.zeros((1, 28, 28, 3))).shape
        (1, 14, 14, 8)
        >>> layer.kernel.shape
        (3, 3, 3, 8)
    """

    _recordable = True


class Conv1D(Convolution):
    """Convolution along the steps of sequences: each filter sums over the channels of its group.

    Args:
        filters: Number of output channels, a multiple of groups.
        kernel_size: Steps of the kernel.
        strides: Step of the kernel.
        padding: "valid" for none, "same" for zeros such that stride 1 keeps the steps, or "causal" for zeros before the
            first step only, so that no output sees a later step.
        data_format: "channels_last" (N, T, C), the default, or "channels_first" (N, C, T).
        dilation_rate: Distance between elements of the kernel.
        groups: Number of groups of channels. Each has filters / groups filters, which see its channels only.
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
        (N, T, C), or (N, C, T) for channels_first. Other dtypes are cast to the layer's dtype.

    Output shape:
        (N, OT, filters), or (N, filters, OT) for channels_first, in the layer's dtype. OT is ceil(T / strides) for
        "same" and "causal", and floor((T - (kernel_size - 1) * dilation_rate - 1) / strides) + 1 for "valid".

    Weights:
        kernel (kernel_size, C / groups, filters), bias (filters,).

    Raises:
        ValueError: A size is not a positive integer, filters is no multiple of groups, a name is unknown, or the kernel
            is larger than the padded input.
        ShapeError: The input has another rank or other channels.

    Example:
        >>> layer = pydl.layers.Conv1D(1, 2, padding="causal", kernel_initializer="ones")
        >>> layer(np.array([[[1.0], [2.0], [4.0]]])).numpy().ravel()
        array([1., 3., 6.], dtype=float32)
    """

    _recordable = True
    _spatial = ("L",)

    def _check_padding(self, padding: Any) -> str:
        causal = isinstance(padding, str) and padding.lower() == "causal"
        return "causal" if causal else check_padding(self.name, padding)
