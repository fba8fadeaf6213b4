"""The cases of convolutions for test_layers.py."""

from pydl import layers
from tests.layers.tables import Case

CASES: dict[str, Case] = {
    "conv2d": (layers.Conv2D, {"filters": 4, "kernel_size": 3}, (2, 6, 7, 3), (2, 4, 5, 4), [(3, 3, 3, 4), (4,)]),
    "conv2d-same": (
        layers.Conv2D,
        {"filters": 4, "kernel_size": (3, 2), "padding": "same", "activation": "tanh"},
        (2, 6, 7, 3),
        (2, 6, 7, 4),
        [(3, 2, 3, 4), (4,)],
    ),
    "conv2d-strides": (
        layers.Conv2D,
        {"filters": 4, "kernel_size": 3, "strides": (2, 3), "padding": "same", "use_bias": False},
        (2, 6, 7, 3),
        (2, 3, 3, 4),
        [(3, 3, 3, 4)],
    ),
    "conv2d-dilated": (
        layers.Conv2D,
        {"filters": 4, "kernel_size": 3, "dilation_rate": 2},
        (2, 6, 7, 3),
        (2, 2, 3, 4),
        [(3, 3, 3, 4), (4,)],
    ),
    "conv2d-groups": (
        layers.Conv2D,
        {"filters": 6, "kernel_size": 2, "groups": 3},
        (2, 6, 7, 3),
        (2, 5, 6, 6),
        [(2, 2, 1, 6), (6,)],
    ),
    "conv2d-channels-first": (
        layers.Conv2D,
        {"filters": 4, "kernel_size": 3, "data_format": "channels_first"},
        (2, 3, 6, 7),
        (2, 4, 4, 5),
        [(3, 3, 3, 4), (4,)],
    ),
    "conv1d": (layers.Conv1D, {"filters": 4, "kernel_size": 3}, (2, 7, 3), (2, 5, 4), [(3, 3, 4), (4,)]),
    "conv1d-causal": (
        layers.Conv1D,
        {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2, "activation": "relu"},
        (2, 7, 3),
        (2, 7, 4),
        [(3, 3, 4), (4,)],
    ),
    "conv1d-channels-first": (
        layers.Conv1D,
        {"filters": 6, "kernel_size": 2, "strides": 2, "padding": "same", "groups": 3, "data_format": "channels_first"},
        (2, 3, 7),
        (2, 6, 4),
        [(2, 1, 6), (6,)],
    ),
    "conv2d-transpose": (
        layers.Conv2DTranspose,
        {"filters": 4, "kernel_size": 3, "activation": "tanh"},
        (2, 4, 5, 3),
        (2, 6, 7, 4),
        [(3, 3, 4, 3), (4,)],
    ),
    "conv2d-transpose-strides": (
        layers.Conv2DTranspose,
        {"filters": 4, "kernel_size": 3, "strides": (2, 3), "padding": "same", "use_bias": False},
        (2, 4, 5, 3),
        (2, 8, 15, 4),
        [(3, 3, 4, 3)],
    ),
    "conv2d-transpose-output-padding": (
        layers.Conv2DTranspose,
        {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1, "data_format": "channels_first"},
        (2, 3, 4, 5),
        (2, 2, 10, 12),
        [(3, 3, 2, 3), (2,)],
    ),
    "conv1d-transpose": (
        layers.Conv1DTranspose,
        {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0},
        (2, 4, 3),
        (2, 7, 4),
        [(3, 4, 3), (4,)],
    ),
    "depthwise": (layers.DepthwiseConv2D, {"kernel_size": 3}, (2, 6, 7, 3), (2, 4, 5, 3), [(3, 3, 3, 1), (3,)]),
    "depthwise-multiplier": (
        layers.DepthwiseConv2D,
        {
            "kernel_size": (3, 2),
            "strides": 2,
            "padding": "same",
            "depth_multiplier": 2,
            "data_format": "channels_first",
        },
        (2, 3, 6, 7),
        (2, 6, 3, 4),
        [(3, 2, 3, 2), (6,)],
    ),
    "separable": (
        layers.SeparableConv2D,
        {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "activation": "tanh", "pointwise_regularizer": "l2"},
        (2, 5, 6, 3),
        (2, 3, 4, 5),
        [(3, 3, 3, 2), (1, 1, 6, 5), (5,)],
    ),
    "conv2d-upper-case": (
        layers.Conv2D,
        {"filters": 4, "kernel_size": 3, "padding": "SAME"},
        (2, 6, 7, 3),
        (2, 6, 7, 4),
        [(3, 3, 3, 4), (4,)],
    ),
}
