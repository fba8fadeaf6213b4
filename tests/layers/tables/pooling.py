"""The cases of pooling for test_layers.py."""

from pydl import layers
from tests.layers.tables import Case

CASES: dict[str, Case] = {
    "max": (layers.MaxPooling2D, {}, (2, 5, 6, 3), (2, 2, 3, 3), []),
    "max-same": (
        layers.MaxPooling2D,
        {"pool_size": 3, "strides": 2, "padding": "same"},
        (2, 5, 6, 3),
        (2, 3, 3, 3),
        [],
    ),
    "max-channels-first": (layers.MaxPooling2D, {"data_format": "channels_first"}, (2, 3, 5, 6), (2, 3, 2, 3), []),
    "average": (layers.AveragePooling2D, {"pool_size": (2, 3)}, (2, 5, 6, 3), (2, 2, 2, 3), []),
    "average-same": (layers.AveragePooling2D, {"padding": "same"}, (2, 5, 6, 3), (2, 3, 3, 3), []),
    "global-average": (layers.GlobalAveragePooling2D, {}, (2, 5, 6, 3), (2, 3), []),
    "global-average-keepdims": (layers.GlobalAveragePooling2D, {"keepdims": True}, (2, 5, 6, 3), (2, 1, 1, 3), []),
    "global-max": (layers.GlobalMaxPooling2D, {}, (2, 5, 6, 3), (2, 3), []),
    "global-max-channels-first": (
        layers.GlobalMaxPooling2D,
        {"data_format": "channels_first", "keepdims": True},
        (2, 3, 5, 6),
        (2, 3, 1, 1),
        [],
    ),
    "max-1d": (layers.MaxPooling1D, {}, (2, 5, 3), (2, 2, 3), []),
    "max-1d-same": (
        layers.MaxPooling1D,
        {"pool_size": 3, "strides": (2,), "padding": "same", "data_format": "channels_first"},
        (2, 3, 6),
        (2, 3, 3),
        [],
    ),
    "average-1d": (layers.AveragePooling1D, {"pool_size": 3, "strides": 1}, (2, 5, 3), (2, 3, 3), []),
    "global-max-1d": (layers.GlobalMaxPooling1D, {}, (2, 5, 3), (2, 3), []),
    "global-average-1d": (
        layers.GlobalAveragePooling1D,
        {"data_format": "channels_first", "keepdims": True},
        (2, 3, 5),
        (2, 3, 1),
        [],
    ),
}
