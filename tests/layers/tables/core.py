"""The cases of dense, pointwise and random layers for test_layers.py."""

import pydl
from pydl import layers
from tests.layers.tables import Case

CASES: dict[str, Case] = {
    "dense": (layers.Dense, {"units": 4}, (3, 5), (3, 4), [(5, 4), (4,)]),
    "dense-relu": (layers.Dense, {"units": 4, "activation": "relu"}, (3, 5), (3, 4), [(5, 4), (4,)]),
    "dense-softmax": (layers.Dense, {"units": 4, "activation": "softmax"}, (3, 5), (3, 4), [(5, 4), (4,)]),
    "dense-gelu": (layers.Dense, {"units": 4, "activation": "gelu"}, (3, 5), (3, 4), [(5, 4), (4,)]),
    "dense-no-bias": (layers.Dense, {"units": 4, "use_bias": False}, (3, 5), (3, 4), [(5, 4)]),
    "dense-3d": (layers.Dense, {"units": 4}, (2, 3, 5), (2, 3, 4), [(5, 4), (4,)]),
    "dense-options": (
        layers.Dense,
        {
            "units": 4,
            "kernel_initializer": "he_normal",
            "bias_initializer": pydl.initializers.Constant(0.5),
            "kernel_regularizer": "l2",
            "bias_regularizer": pydl.regularizers.L1(0.1),
            "activity_regularizer": "l1l2",
            "kernel_constraint": "max_norm",
            "bias_constraint": "non_neg",
        },
        (3, 5),
        (3, 4),
        [(5, 4), (4,)],
    ),
    "activation": (layers.Activation, {"activation": "tanh"}, (2, 3), (2, 3), []),
    "relu": (layers.ReLU, {}, (2, 3), (2, 3), []),
    "relu6": (layers.ReLU, {"max_value": 6}, (2, 3), (2, 3), []),
    "relu-all": (layers.ReLU, {"max_value": 1.2, "negative_slope": 0.1, "threshold": 0.3}, (2, 3), (2, 3), []),
    "relu-max": (layers.ReLU, {"max_value": 0.7}, (2, 3), (2, 3), []),
    "leaky-relu": (layers.LeakyReLU, {}, (2, 3), (2, 3), []),
    "elu": (layers.ELU, {"alpha": 0.7}, (2, 3), (2, 3), []),
    "prelu": (layers.PReLU, {"alpha_initializer": "he_normal"}, (2, 3, 4), (2, 3, 4), [(3, 4)]),
    "prelu-shared": (
        layers.PReLU,
        {"alpha_initializer": "he_normal", "shared_axes": [1, 2], "alpha_regularizer": "l2"},
        (2, 5, 4, 3),
        (2, 5, 4, 3),
        [(1, 1, 3)],
    ),
    "prelu-one": (layers.PReLU, {"shared_axes": (1, 2)}, (2, 3, 4), (2, 3, 4), [(1, 1)]),
    "prelu-middle": (layers.PReLU, {"shared_axes": 2}, (2, 3, 4, 2), (2, 3, 4, 2), [(3, 1, 2)]),
    "spatial-dropout1d": (layers.SpatialDropout1D, {"rate": 0.5, "seed": 1}, (2, 3, 4), (2, 3, 4), []),
    "spatial-dropout2d": (
        layers.SpatialDropout2D,
        {"rate": 0.5, "data_format": "channels_first"},
        (2, 3, 4, 5),
        (2, 3, 4, 5),
        [],
    ),
    "gaussian-noise": (layers.GaussianNoise, {"stddev": 0.5, "seed": 3}, (2, 3), (2, 3), []),
    "softmax": (layers.Softmax, {}, (2, 3), (2, 3), []),
    "softmax-axis": (layers.Softmax, {"axis": 1}, (2, 3, 4), (2, 3, 4), []),
    "softmax-axes": (layers.Softmax, {"axis": (1, -1)}, (2, 3, 4), (2, 3, 4), []),
    "dropout-noise-shape": (layers.Dropout, {"rate": 0.5, "noise_shape": (None, 1), "seed": 3}, (2, 3), (2, 3), []),
    "dropout": (layers.Dropout, {"rate": 0.5, "seed": 3}, (2, 3), (2, 3), []),
    "input": (layers.InputLayer, {"shape": (3,)}, (2, 3), (2, 3), []),
}
