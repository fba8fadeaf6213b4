"""Layers of Keras: the same defaults, and the same outputs for the same weights with unusual arguments.

Recurrent layers are in test_keras_recurrent.py.
"""

import inspect
import os
from typing import Any

import numpy as np
import pytest

from pydl import layers

pytestmark = pytest.mark.oracle

Array = np.ndarray[Any, Any]
Case = tuple[str, dict[str, Any], list[tuple[int, ...]]]  # class, arguments, shapes of the inputs

IMAGE, STEPS, ROWS = (2, 9, 8, 4), (2, 9, 4), (3, 6)
CONV: dict[str, Any] = {"filters": 6, "kernel_size": 3}
FIRST = {"data_format": "channels_first"}
ACTIVATIONS = [
    "relu", "sigmoid", "tanh", "elu", "gelu", "softplus", "softsign", "selu", "silu", "swish", "leaky_relu",
    "hard_sigmoid", "exponential", "relu6", "softmax", "log_softmax", "linear",
]  # fmt: skip
CASES: list[Case] = [
    *[("Dense", {"units": 4, "activation": name}, [ROWS]) for name in ACTIVATIONS],
    *[("Activation", {"activation": name}, [STEPS]) for name in ACTIVATIONS],
    ("Dense", {"units": 4, "use_bias": False}, [(2, 3, 5, 6)]),
    ("Conv2D", {**CONV, "strides": (2, 3), "padding": "same"}, [IMAGE]),
    ("Conv2D", {**CONV, "dilation_rate": (2, 1), "activation": "gelu"}, [IMAGE]),
    ("Conv2D", {**CONV, "dilation_rate": 2, "padding": "same", "groups": 2}, [IMAGE]),
    ("Conv2D", {**CONV, **FIRST, "padding": "same", "strides": 2}, [(2, 4, 9, 8)]),
    ("Conv2D", {"filters": 5, "kernel_size": (1, 4), "padding": "same", "activation": "swish"}, [IMAGE]),
    ("Conv1D", {**CONV, "padding": "causal", "dilation_rate": 2}, [STEPS]),
    ("Conv1D", {**CONV, "strides": 2, "padding": "same", "activation": "gelu"}, [STEPS]),
    ("Conv1D", {**CONV, **FIRST, "groups": 2}, [(2, 4, 9)]),
    ("Conv1D", {**CONV, **FIRST, "padding": "causal", "dilation_rate": 2}, [(2, 4, 9)]),
    *[
        (
            f"{name}{rank}",
            {**arguments, **FIRST, "activation": "softmax"},
            [(2, 4, 9, 8) if rank[0] == "2" else (2, 4, 9)],
        )
        for name, rank, arguments in (
            ("Conv", "2D", CONV),
            ("Conv", "1D", CONV),
            ("Conv", "2DTranspose", CONV),
            ("Conv", "1DTranspose", CONV),
            ("DepthwiseConv", "2D", {"kernel_size": 3}),
            ("SeparableConv", "2D", CONV),
        )
    ],
    ("Conv2DTranspose", {**CONV, "strides": 2, "padding": "same"}, [IMAGE]),
    ("Conv2DTranspose", {**CONV, "strides": (3, 2), "output_padding": (2, 1), "activation": "elu"}, [IMAGE]),
    ("Conv2DTranspose", {**CONV, "dilation_rate": 2}, [IMAGE]),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 4, "bias_initializer": "ones"}, [(1, 1, 1, 4)]),
    ("Conv1DTranspose", {**CONV, "strides": 2, "padding": "same"}, [STEPS]),
    ("Conv1DTranspose", {**CONV, "strides": 3, "output_padding": 1}, [STEPS]),
    ("DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "padding": "same"}, [IMAGE]),
    ("DepthwiseConv2D", {"kernel_size": (3, 2), "dilation_rate": 2, "activation": "gelu"}, [IMAGE]),
    ("SeparableConv2D", {**CONV, "depth_multiplier": 2, "strides": 2}, [IMAGE]),
    ("SeparableConv2D", {**CONV, **FIRST, "padding": "same", "activation": "selu"}, [(2, 4, 9, 8)]),
    ("MaxPooling2D", {}, [IMAGE]),
    ("MaxPooling2D", {"pool_size": (3, 2), "strides": (1, 2), "padding": "same"}, [IMAGE]),
    ("MaxPooling2D", {"pool_size": 3, **FIRST}, [(2, 4, 9, 8)]),
    ("AveragePooling2D", {"pool_size": 3, "strides": 1}, [IMAGE]),
    ("AveragePooling2D", {"pool_size": 2, **FIRST}, [(2, 4, 9, 8)]),
    ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, [STEPS]),
    ("AveragePooling1D", {"pool_size": 3, "strides": 1, **FIRST}, [(2, 4, 9)]),
    *[
        (f"Global{kind}Pooling{rank}D", {"keepdims": keep, **form}, [IMAGE if rank == 2 else STEPS])
        for kind in ("Max", "Average")
        for rank in (1, 2)
        for keep in (False, True)
        for form in ({}, FIRST)
    ],
    ("BatchNormalization", {}, [IMAGE]),
    ("BatchNormalization", {"axis": 1, "epsilon": 0.1, "scale": False}, [IMAGE]),
    ("BatchNormalization", {"axis": -2, "center": False}, [STEPS]),
    ("LayerNormalization", {}, [IMAGE]),
    ("LayerNormalization", {"axis": (2, 3), "epsilon": 0.1}, [IMAGE]),
    ("LayerNormalization", {"axis": [-1, -2], "center": False}, [IMAGE]),
    ("GroupNormalization", {"groups": 2}, [IMAGE]),
    ("GroupNormalization", {"groups": -1, "epsilon": 0.1}, [IMAGE]),
    ("GroupNormalization", {"groups": 4, "scale": False}, [STEPS]),
    ("ReLU", {}, [STEPS]),
    ("ReLU", {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.25}, [STEPS]),
    ("LeakyReLU", {}, [STEPS]),
    ("LeakyReLU", {"negative_slope": 0.05}, [STEPS]),
    ("ELU", {"alpha": 0.5}, [STEPS]),
    ("PReLU", {}, [STEPS]),
    ("PReLU", {"shared_axes": [1]}, [IMAGE]),
    ("Softmax", {}, [STEPS]),
    ("Softmax", {"axis": 1}, [IMAGE]),
    ("Softmax", {"axis": (1, 2)}, [IMAGE]),
    ("Flatten", {}, [IMAGE]),
    ("Flatten", {**FIRST}, [(2, 4, 9, 8)]),
    ("Reshape", {"target_shape": (4, -1)}, [IMAGE]),
    ("Permute", {"dims": (3, 1, 2)}, [IMAGE]),
    ("RepeatVector", {"n": 3}, [ROWS]),
    ("Cropping2D", {"cropping": ((1, 2), (0, 3))}, [IMAGE]),
    ("Cropping2D", {"cropping": (1, 2)}, [IMAGE]),
    ("ZeroPadding2D", {}, [IMAGE]),
    ("ZeroPadding2D", {"padding": ((1, 2), (0, 3)), **FIRST}, [(2, 4, 9, 8)]),
    ("UpSampling2D", {"size": (2, 3)}, [IMAGE]),
    ("UpSampling2D", {"interpolation": "bilinear"}, [IMAGE]),
    ("Dropout", {"rate": 0.5}, [STEPS]),
    ("GaussianNoise", {"stddev": 0.5}, [STEPS]),
    ("SpatialDropout1D", {"rate": 0.5}, [STEPS]),
    ("SpatialDropout2D", {"rate": 0.5}, [IMAGE]),
    *[(name, {}, [STEPS, STEPS]) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")],
    ("Add", {}, [STEPS, (2, 1, 4), (2, 9, 1)]),
    ("Concatenate", {}, [STEPS, (2, 9, 3)]),
    ("Concatenate", {"axis": 1}, [STEPS, (2, 5, 4)]),
    ("Dot", {"axes": 1}, [STEPS, (2, 9, 3)]),
    ("Dot", {"axes": (2, 1), "normalize": True}, [STEPS, (2, 4, 3)]),
    ("Dot", {"axes": -1}, [ROWS, ROWS]),
    ("Masking", {"mask_value": 0.5}, [STEPS]),
]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def outputs(result: Any) -> Array:
    return np.asarray(result.detach().cpu().numpy() if hasattr(result, "cpu") else result.numpy())


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_same_outputs(keras: Any, case: Case, rng: np.random.Generator) -> None:
    name, arguments, shapes = case
    ours, theirs = getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)
    xs = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    for layer in (ours, theirs):
        layer(xs if len(xs) > 1 else xs[0])
    weights = [abs(rng.standard_normal(w.shape, np.float32)) for w in ours.get_weights()]
    assert [w.shape for w in weights] == [tuple(w.shape) for w in theirs.weights]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    for training in (False, True) if name == "BatchNormalization" else (False,):
        y, expected = (outputs(layer(xs if len(xs) > 1 else xs[0], training=training)) for layer in (ours, theirs))
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y, expected, 1e-4, 1e-5)
    for weight, other in zip(ours.weights, theirs.weights, strict=True):  # moving statistics
        np.testing.assert_allclose(outputs(weight), outputs(other.value), 1e-4, 1e-5)


NEEDED: dict[str, Any] = {
    "units": 3, "filters": 4, "kernel_size": 3, "rate": 0.3, "pool_size": 2, "input_dim": 5, "output_dim": 4, "axes": 1,
    "activation": "relu", "stddev": 0.1, "dims": (2, 1), "n": 2, "target_shape": (-1,),
}  # fmt: skip
NAMES = sorted({case[0] for case in CASES} | {"Embedding", "SimpleRNN", "LSTM", "GRU", "SimpleRNNCell", "LSTMCell"})
# Entries of the back end, and arguments that pydl does not have.
LEFT_OUT = {"name", "dtype", "quantization_config", "synchronized", "renorm", "renorm_clipping", "renorm_momentum"}
LEFT_OUT |= {"rms_scaling", "activity_regularizer", "lora_rank", "lora_alpha"}


def plain(value: Any) -> Any:
    """A config without module names of Keras; (2,) becomes 2."""
    if isinstance(value, dict):
        gone = ("module", "registered_name", "input_axes", "output_axes")
        return {key: plain(part) for key, part in value.items() if key not in gone}
    if isinstance(value, list | tuple):
        return plain(value[0]) if len(value) == 1 else [plain(part) for part in value]
    return value


@pytest.mark.parametrize("name", NAMES)
def test_same_defaults(keras: Any, name: str) -> None:
    ours, theirs = getattr(layers, name), getattr(keras.layers, name)
    parameters = inspect.signature(theirs.__init__).parameters.values()
    needed = {p.name: NEEDED[p.name] for p in parameters if p.name in NEEDED and p.default is p.empty}
    config, wanted = ours(**needed).get_config(), theirs(**needed).get_config()
    for key in wanted.keys() - LEFT_OUT:
        assert plain(config[key]) == plain(wanted[key]), key
