"""The cases of layers that reshape, repeat and crop for test_layers.py."""

from pydl import layers
from tests.layers.tables import Case

CASES: dict[str, Case] = {
    "zero-padding": (layers.ZeroPadding2D, {"padding": ((1, 2), (0, 3))}, (2, 3, 4, 2), (2, 6, 7, 2), []),
    "zero-padding-first": (
        layers.ZeroPadding2D,
        {"padding": (1, 2), "data_format": "channels_first"},
        (2, 3, 4, 2),
        (2, 3, 6, 6),
        [],
    ),
    "cropping": (layers.Cropping2D, {"cropping": ((1, 0), (2, 1))}, (2, 4, 6, 3), (2, 3, 3, 3), []),
    "upsampling": (layers.UpSampling2D, {"size": (2, 3)}, (2, 3, 4, 2), (2, 6, 12, 2), []),
    "upsampling-bilinear": (
        layers.UpSampling2D,
        {"interpolation": "bilinear", "data_format": "channels_first"},
        (2, 3, 4, 5),
        (2, 3, 8, 10),
        [],
    ),
    "permute": (layers.Permute, {"dims": (3, 1, 2)}, (2, 3, 4, 5), (2, 5, 3, 4), []),
    "flatten": (layers.Flatten, {}, (2, 5, 6, 3), (2, 90), []),
    "flatten-vector": (layers.Flatten, {}, (2,), (2, 1), []),
    "flatten-channels-first": (layers.Flatten, {"data_format": "channels_first"}, (2, 3, 5, 6), (2, 90), []),
    "reshape": (layers.Reshape, {"target_shape": (3, -1)}, (2, 3, 4), (2, 3, 4), []),
    "reshape-scalar": (layers.Reshape, {"target_shape": ()}, (2, 1), (2,), []),
}
