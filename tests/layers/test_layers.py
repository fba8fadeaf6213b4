"""One harness for all layers: build, shapes, weights, config round trip, gradients, a training step."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, layers, ops
from pydl.testing import check_gradients

# name: (class, arguments, input shape, output shape, shapes of the weights)
CASES: dict[str, tuple[type[layers.Layer], dict[str, Any], tuple[int, ...], tuple[int, ...], list[tuple[int, ...]]]] = {
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
    "conv2d-upper-case": (
        layers.Conv2D,
        {"filters": 4, "kernel_size": 3, "padding": "SAME"},
        (2, 6, 7, 3),
        (2, 6, 7, 4),
        [(3, 3, 3, 4), (4,)],
    ),
    "dropout-noise-shape": (layers.Dropout, {"rate": 0.5, "noise_shape": (None, 1), "seed": 3}, (2, 3), (2, 3), []),
    "dropout": (layers.Dropout, {"rate": 0.5, "seed": 3}, (2, 3), (2, 3), []),
    "batch-normalization": (layers.BatchNormalization, {}, (3, 5), (3, 5), [(5,)] * 4),
    "batch-normalization-options": (
        layers.BatchNormalization,
        {"momentum": 0.5, "epsilon": 0.1, "center": False, "gamma_initializer": "he_normal", "gamma_regularizer": "l2"},
        (2, 3, 4, 5),
        (2, 3, 4, 5),
        [(5,)] * 3,
    ),
    "batch-normalization-axis": (layers.BatchNormalization, {"axis": 1}, (2, 3, 4, 5), (2, 3, 4, 5), [(3,)] * 4),
    "batch-normalization-no-scale": (layers.BatchNormalization, {"scale": False}, (3, 5), (3, 5), [(5,)] * 3),
    "layer-normalization": (layers.LayerNormalization, {}, (3, 5), (3, 5), [(5,), (5,)]),
    "layer-normalization-axes": (
        layers.LayerNormalization,
        {"axis": (1, -1), "beta_initializer": "ones", "beta_constraint": "non_neg"},
        (2, 3, 5),
        (2, 3, 5),
        [(3, 5), (3, 5)],
    ),
    "layer-normalization-first": (layers.LayerNormalization, {"axis": 1}, (2, 3, 5), (2, 3, 5), [(3,), (3,)]),
    "group-normalization": (layers.GroupNormalization, {"groups": 2}, (2, 5, 6), (2, 5, 6), [(6,), (6,)]),
    "instance-normalization": (
        layers.GroupNormalization,
        {"groups": -1, "axis": 1, "scale": False},
        (2, 3, 5, 6),
        (2, 3, 5, 6),
        [(3,)],
    ),
    "local-response": (layers.LocalResponseNormalization, {"alpha": 0.5}, (2, 3, 4, 7), (2, 3, 4, 7), []),
    "input": (layers.InputLayer, {"shape": (3,)}, (2, 3), (2, 3), []),
    "rnn": (layers.SimpleRNN, {"units": 4}, (3, 5, 2), (3, 4), [(2, 4), (4, 4), (4,)]),
    "lstm": (layers.LSTM, {"units": 4}, (3, 5, 2), (3, 4), [(2, 16), (4, 16), (16,)]),
    "lstm-sequences": (
        layers.LSTM,
        {"units": 4, "return_sequences": True, "go_backwards": True, "use_bias": False},
        (3, 5, 2),
        (3, 5, 4),
        [(2, 16), (4, 16)],
    ),
    "gru": (layers.GRU, {"units": 4}, (3, 5, 2), (3, 4), [(2, 12), (4, 12), (2, 12)]),
    "gru-reset-before": (
        layers.GRU,
        {"units": 4, "reset_after": False, "recurrent_regularizer": "l2"},
        (3, 5, 2),
        (3, 4),
        [(2, 12), (4, 12), (12,)],
    ),
    "gru-elu": (layers.GRU, {"units": 4, "activation": "elu"}, (3, 5, 2), (3, 4), [(2, 12), (4, 12), (2, 12)]),
    "masking": (layers.Masking, {"mask_value": 0.25}, (3, 5, 2), (3, 5, 2), []),
    "repeat": (layers.RepeatVector, {"n": 3}, (2, 5), (2, 3, 5), []),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_shapes_and_weights(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, output_shape, weights = case
    layer = cls(**arguments)
    y = layer(rng.standard_normal(shape))
    assert y.shape == output_shape
    assert y.dtype == np.float32
    assert layer.compute_output_shape(shape) == output_shape
    assert layer.compute_output_shape((None, *shape[1:])) == (None, *output_shape[1:])
    assert [w.shape for w in layer.weights] == weights
    assert layer.count_params() == sum(int(np.prod(w)) for w in weights)
    assert layer.built


def test_config_round_trip(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = case
    x = rng.standard_normal(shape)
    layer = cls(**arguments)
    y = layer(x)
    twin = cls.from_config(layer.get_config())
    twin(x)
    twin.set_weights(layer.get_weights())
    assert twin.get_config() == layer.get_config()
    np.testing.assert_array_equal(twin(x).numpy(), y.numpy())
    for again in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(again(x).numpy(), y.numpy())


def test_gradients_of_inputs_and_weights(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = case
    layer = cls(**arguments, dtype="float64")
    x = rng.permutation(np.arange(np.prod(shape)) * 0.04).reshape(shape) - 0.89
    layer.build_once(shape)
    check_gradients(lambda x: layer(x), [x])

    seen: list[Any] = []

    def on_weights(*values: Tensor) -> Tensor:
        for owner, weight, value in zip(owners, seen, values, strict=True):
            setattr(owner, weight.name, value)
        return layer(x)

    seen = layer.trainable_weights
    owners = [next(one for one in layer._flatten() if vars(one).get(w.name) is w) for w in seen]
    if seen:
        check_gradients(on_weights, [w.array for w in seen])


def test_a_training_step_lowers_the_loss(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, output_shape, weights = case
    layer = cls(**arguments)
    x, target = rng.standard_normal(shape), rng.uniform(0, 0.5, output_shape)
    losses = []
    for _ in range(2):
        with pydl.GradientTape() as tape:
            loss = ops.mean(ops.square(layer(x, training=True) - target))
            for term in layer.losses:
                loss = loss + term
        losses.append(loss.item())
        if not weights:
            return
        trained = layer.trainable_weights
        for weight, gradient in zip(trained, tape.gradient(loss, trained), strict=True):
            weight.assign_sub(0.01 * gradient.numpy())
    assert losses[1] < losses[0]


def test_inference_replays_a_plan(case: Any, rng: np.random.Generator) -> None:
    cls, arguments, shape, _, _ = case
    made_in_call = {"threshold", "max_value"} & {*arguments} and arguments.get("max_value") != 6  # numbers
    step_by_step = cls is layers.GRU and arguments.get("activation") == "elu"  # from zeros that are made in call()
    if cls is layers.InputLayer or made_in_call or step_by_step or arguments.get("activity_regularizer"):
        return
    layer = cls(**arguments)
    model = pydl.Sequential([layers.Input(shape[1:]), layer])
    for _ in range(2):
        x = rng.standard_normal(shape).astype(np.float32)
        with pydl.no_grad():
            expected = layer(x, training=False).numpy()
        np.testing.assert_array_equal(model(x).numpy(), expected)
    assert [info["reason"] for info in model._plans.info()] == [None]


def test_integers_are_cast(case: Any) -> None:
    cls, arguments, shape, _, _ = case
    assert cls(**arguments)(np.ones(shape, np.uint8)).dtype == np.float32


def test_an_empty_batch(case: Any) -> None:
    cls, arguments, shape, output_shape, _ = case
    layer = cls(**arguments)
    layer.build_once(shape)
    assert layer(np.ones((0, *shape[1:]), np.float32)).shape == (0, *output_shape[1:])


# -- values, layer by layer


def test_conv2d_channels_first_is_the_same_convolution(rng: np.random.Generator) -> None:
    last = layers.Conv2D(4, 3, strides=2, padding="same")
    first = layers.Conv2D(4, 3, strides=2, padding="same", data_format="channels_first")
    x = rng.standard_normal((2, 7, 6, 3))
    y = last(x)
    first.build_once((2, 3, 7, 6))
    first.set_weights(last.get_weights())
    np.testing.assert_array_equal(first(x.transpose(0, 3, 1, 2)).array, y.array.transpose(0, 3, 1, 2))


def test_flatten_gives_channels_last_whatever_comes_in(rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 3, 4, 5)).astype(np.float32)
    expected = x.transpose(0, 2, 3, 1).reshape(2, -1)
    np.testing.assert_array_equal(layers.Flatten("channels_first")(x), expected)


def test_relu_of_all_options() -> None:
    layer = layers.ReLU(max_value=2, negative_slope=0.5, threshold=1)
    np.testing.assert_allclose(layer(np.array([-1.0, 0.5, 1.0, 1.5, 3.0])), [-1.0, -0.25, 1.0, 1.5, 2.0])


def test_dropout() -> None:
    x = np.ones((100, 100), np.float32)
    layer = layers.Dropout(0.3)
    np.testing.assert_array_equal(layer(x), x)
    y = layer(x, training=True).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / x.size)
    assert not np.array_equal(layer(x, training=True), y)


def test_dropout_of_whole_columns_and_of_everything() -> None:
    x = pydl.Tensor(np.full((50, 40), 3.0), requires_grad=True)
    y = layers.Dropout(0.5, (1, None), seed=1)(x, training=True).numpy()
    assert set(np.unique(y)) == {0.0, 6.0}
    np.testing.assert_array_equal(y, np.broadcast_to(y[0], y.shape))
    nothing = layers.Dropout(1.0)(x * np.nan, training=True)
    ops.sum(nothing).backward()
    assert not nothing.numpy().any()


def test_spatial_dropout_takes_whole_channels() -> None:
    x = np.full((20, 6, 5, 8), 3.0, np.float32)
    y = layers.SpatialDropout2D(0.5, seed=1)(x, training=True).numpy()
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert set(np.unique(y)) == {0.0, 6.0}
    first = layers.SpatialDropout2D(0.5, "channels_first", seed=1)(x, training=True).numpy()
    np.testing.assert_array_equal(first, np.broadcast_to(first[..., :1, :1], first.shape))
    steps = layers.SpatialDropout1D(0.5, seed=1)(x[:, :, 0], training=True).numpy()
    np.testing.assert_array_equal(steps, np.broadcast_to(steps[:, :1], steps.shape))


def test_gaussian_noise() -> None:
    x = np.full((100, 100), 3.0, np.float32)
    layer = layers.GaussianNoise(0.5, seed=7)
    np.testing.assert_array_equal(layer(x), x)
    y = layer(x, training=True).numpy()
    assert abs(y.mean() - 3) < 4 * 0.5 / 100
    assert abs(y.std() - 0.5) < 4 * 0.5 / np.sqrt(2 * x.size)
    assert not np.array_equal(layer(x, training=True).numpy(), y)
    np.testing.assert_array_equal(layers.GaussianNoise(0.5, seed=7)(x, training=True).numpy(), y)


def test_rectifiers_replay(rng: np.random.Generator) -> None:
    stack = [layers.ReLU(2.0, 0.1, 0.3), layers.LeakyReLU(), layers.ELU(), layers.ReLU(1.5), layers.GaussianNoise(1.0)]
    model = pydl.Sequential([layers.Input((4, 5)), *stack, layers.PReLU("he_normal", shared_axes=[1]), layers.PReLU()])
    x = rng.standard_normal((3, 4, 5)).astype(np.float32)
    first = model.predict(x, verbose=0)
    with pydl.GradientTape():
        np.testing.assert_array_equal(model(x, training=False).numpy(), first)
    np.testing.assert_array_equal(model.predict(x, verbose=0), first)
    assert [entry["reason"] for entry in model._plans.info()] == [None] * len(model._plans.info())


def test_one_seed_governs_initialisers_and_masks() -> None:
    def run() -> list[Any]:
        pydl.set_seed(5)
        dense, dropout = layers.Dense(4), layers.Dropout(0.5)
        return [dropout(dense(np.ones((3, 8))), training=True).numpy() for _ in range(2)]

    first, again = run(), run()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first[0], first[1])


def test_softmax_over_several_axes(rng: np.random.Generator) -> None:
    x = rng.normal(size=(2, 3, 4, 5))
    e = np.exp(x)
    np.testing.assert_allclose(ops.softmax(x, (1, 3)).numpy(), e / e.sum((1, 3), keepdims=True), rtol=1e-12)


def test_arguments_may_be_positional_in_kerass_order() -> None:
    dense = layers.Dense(3, "relu", False, "ones", "zeros", "l2", None, "l1_l2", "non_neg").get_config()
    assert (dense["use_bias"], dense["kernel_initializer"]["class_name"]) == (False, "Ones")
    assert dense["kernel_regularizer"]["class_name"] == "L2"
    assert dense["activity_regularizer"]["class_name"] == "L1L2"
    assert dense["kernel_constraint"]["class_name"] == "NonNeg"
    conv = layers.Conv2D(2, 3, 1, "same", "channels_last", 1, 1, "relu", True, "ones", "ones").get_config()
    assert conv["bias_initializer"]["class_name"] == "Ones"
    assert layers.Dropout(0.5, None, 7).seed == 7
    assert layers.MaxPool2D is layers.MaxPooling2D


# -- what all layers have from Layer


def test_sizes_may_be_numpys() -> None:
    assert layers.Dense(np.int64(3))(np.ones((2, 4))).shape == (2, 3)
    assert layers.Conv2D(np.int32(2), np.array([3, 3]))(np.ones((1, 4, 4, 1))).shape == (1, 2, 2, 2)


def test_the_first_layer_may_give_the_input_shape() -> None:
    model = pydl.Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2)])
    assert [w.shape for w in model.weights] == [(4, 3), (3,), (3, 2), (2,)]


def test_nested_lists_are_arrays() -> None:
    assert layers.Dense(3)([[1.0, 2.0]]).shape == (1, 3)


def test_numpy_inside_a_layer_cannot_lose_gradients() -> None:
    class Squash(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return np.tanh(inputs)

    model = pydl.Sequential([layers.Input((4,)), layers.Dense(3), Squash(), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(RuntimeError, match=r"use a function of pydl\.ops, or leave the tape on purpose"):
        model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)


def test_what_a_layer_forgot_is_told() -> None:
    class Bare(layers.Layer):
        def __init__(self) -> None:
            self.units = 3

    class Silent(layers.Layer):
        def call(self, inputs: Any) -> Any:
            inputs + 1

    with pytest.raises(AttributeError, match=r"\[Bare\] __init__: expected a call of super\(\).__init__\(\) first"):
        Bare()(np.ones(3))
    with pytest.raises(TypeError, match=r"call: expected a tensor as its result, got None"):
        Silent()(np.ones(3))
    with pytest.raises(AttributeError, match="no attribute 'unitz'"):
        layers.Dense(3).unitz  # noqa: B018


def test_names_are_unique() -> None:
    first, second = layers.Conv2D(1, 1), layers.Conv2D(1, 1)
    assert first.name != second.name
    assert second.name.startswith("conv2d_")
    assert layers.GlobalAveragePooling2D().name.startswith("global_average_pooling2d")
    assert layers.ReLU(name="mine").name == "mine"
    assert "mine" in repr(layers.ReLU(name="mine"))


class Block(layers.Layer):
    """A user's layer: layers in attributes, lists and dicts, a weight of its own, a variable, `training` handed on."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Dense(4)
        self.rest = [layers.Dense(4), layers.Dropout(0.5)]
        self.named = {"last": layers.Dense(2)}
        self.counter = pydl.Variable(0.0, trainable=False)

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight((1,), "ones", name="scale")

    def call(self, inputs: Tensor) -> Tensor:
        x = self.first(inputs)
        for layer in self.rest:
            x = layer(x)
        return self.named["last"](x) * self.scale


def test_weights_of_layers_inside_are_found(rng: np.random.Generator) -> None:
    block = Block()
    block(np.ones((3, 5)))
    assert [w.shape for w in block.weights] == [(1,), (), (5, 4), (4,), (4, 4), (4,), (4, 2), (2,)]
    assert len(block.trainable_weights) == 7
    assert [w.shape for w in block.non_trainable_weights] == [()]
    assert block.compute_output_shape((None, 5)) == (None, 2)


def test_training_is_handed_on() -> None:
    pydl.set_seed(0)
    block, x = Block(), np.ones((3, 5))
    assert np.array_equal(block(x).numpy(), block(x).numpy())
    assert not np.array_equal(block(x, training=True).numpy(), block(x, training=True).numpy())
    assert np.array_equal(block(x).numpy(), block(x).numpy())


def test_freezing_and_back() -> None:
    block = Block()
    block(np.ones((3, 5)))
    block.trainable = False
    assert block.trainable_weights == []
    assert not block(np.ones((3, 5)), training=True).requires_grad
    block.first.trainable = True
    assert len(block.trainable_weights) == 2
    block.trainable = True
    assert len(block.trainable_weights) == 7
    assert layers.Dense(3, trainable=False).trainable_weights == []


def test_regularizers_and_activities_are_losses() -> None:
    layer = layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2", activity_regularizer="l1")
    layer(np.ones((4, 3)))
    activity, weight = layer.losses
    assert activity.item() == pytest.approx(0.01 * 6)
    assert weight.item() == pytest.approx(0.01 * 6)
    layer(np.ones((4, 3)))
    assert len(layer.losses) == 2


def _built(layer: layers.Layer, channels: int) -> layers.Layer:
    layer.build_once((None, 8, 8, channels))
    return layer


BAD: dict[str, tuple[Any, str]] = {
    "units": (lambda: layers.Dense(0), r"units: expected a positive integer, got 0"),
    "activation": (
        lambda: layers.Dense(3, activation="rleu"),
        r"\[activation\] identifier: unknown activation 'rleu'; known are: elu, ",
    ),
    "initializer": (
        lambda: layers.Dense(3, kernel_initializer="he"),
        r"\[initializer\] identifier: unknown initializer 'he'",
    ),
    "regularizer": (lambda: layers.Dense(3, kernel_regularizer="l3"), r"\[regularizer\] .* 'l3'; known are: l1, l1l2"),
    "constraint": (lambda: layers.Dense(3, bias_constraint="x"), r"\[constraint\] .* 'x'; known are: max_norm"),
    "dtype": (lambda: layers.Dense(3, dtype="int32"), r"dtype: expected float32 or float64"),
    "filters": (lambda: layers.Conv2D(-1, 3), r"filters: expected a positive integer, got -1"),
    "kernel_size": (lambda: layers.Conv2D(1, (3, 0)), r"kernel_size: expected a positive integer, got 0"),
    "strides": (lambda: layers.MaxPooling2D(2, strides=0), r"strides: expected a positive integer, got 0"),
    "padding": (lambda: layers.Conv2D(1, 3, padding="full"), r"padding: expected 'valid' or 'same', got 'full'"),
    "groups": (lambda: layers.Conv2D(4, 3, groups=3), r"filters: expected a multiple of groups=3, got 4"),
    "data_format": (lambda: layers.Conv2D(4, 3, data_format="NHWC"), r"data_format: expected channels_last or"),
    "rate": (lambda: layers.Dropout(1.5), r"rate: expected 0 <= rate <= 1, got 1.5"),
    "noise_shape": (
        lambda: layers.Dropout(0.5, (2, 1))(np.ones((3, 4)), training=True),
        r"inputs: shape \(3, 4\) does not fit noise_shape=\(2, 1\)",
    ),
    "dilation": (
        lambda: layers.Conv2D(1, 3, dilation_rate=10**18)(np.ones((1, 4, 4, 1))),
        r"dilation_rate: expected .* below",
    ),
    "negative input": (lambda: layers.Input((-1,)), r"shape: expected sizes"),
    "noise": (lambda: layers.GaussianNoise(-1), r"stddev: expected a number of at least 0, got -1"),
    "leak": (lambda: layers.LeakyReLU(None), r"negative_slope: expected a number of at least 0, got None"),
    "shared_axes": (lambda: layers.PReLU(shared_axes=[3])(np.ones((2, 3))), r"\(2, 3\) does not have the axes \[3\]"),
    "slope": (lambda: layers.ReLU(negative_slope=-1), r"negative_slope: expected a number of at least 0"),
    "target_shape": (lambda: layers.Reshape((-1, -1)), r"target_shape: expected sizes, at most one of them -1"),
    "input shape": (lambda: layers.Input(), r"shape: expected a tuple without the batch axis, got None"),
    "dense rank": (lambda: layers.Dense(3)(np.ones(4)), r"inputs: expected at least 2 axes"),
    "open size": (lambda: layers.Dense(3).build((None, None)), r"kernel: the input shape leaves a size open"),
    "conv rank": (lambda: layers.Conv2D(3, 3)(np.ones((4, 4))), r"inputs: expected 4 axes \(N, H, W, C\)"),
    "channels": (lambda: layers.Conv2D(4, 1, groups=2)(np.ones((1, 4, 4, 3))), r"expected a multiple of groups=2"),
    "conv1d rank": (lambda: layers.Conv1D(3, 3)(np.ones((1, 4, 4, 1))), r"inputs: expected 3 axes \(N, L, C\)"),
    "causal": (
        lambda: layers.Conv1D(3, 3, padding="causal", data_format="channels_first"),
        r"padding: 'causal' needs data_format 'channels_last'",
    ),
    "transposed channels": (lambda: _built(layers.Conv2DTranspose(2, 3), 3)(np.ones((1, 4, 4, 2))), r"expected 3 chan"),
    "output_padding": (
        lambda: layers.Conv2DTranspose(2, 3, 2, output_padding=2),
        r"output_padding: expected 0 to 1, less than strides, got 2",
    ),
    "depthwise channels": (lambda: _built(layers.DepthwiseConv2D(3), 3)(np.ones((1, 4, 4, 2))), r"expected 3 channels"),
    "depth_multiplier": (
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=0),
        r"depth_multiplier: expected a positive integer, got 0",
    ),
    "window": (lambda: layers.Conv2D(3, 5)(np.ones((1, 4, 4, 1))), r"conv2d"),
    "window shape": (
        lambda: layers.MaxPooling2D(5).compute_output_shape((None, 4, 4, 1)),
        r"the window is larger than the image",
    ),
    "reshape": (lambda: layers.Reshape((5,))(np.ones((2, 4))), r"samples of shape \(4,\) do not fit into \(5,\)"),
    "epsilon": (lambda: layers.LayerNormalization(epsilon=-1), r"epsilon: expected a number of at least 0, got -1"),
    "momentum": (lambda: layers.BatchNormalization(momentum=2), r"momentum: expected 0 <= momentum <= 1, got 2"),
    "norm axis": (lambda: layers.BatchNormalization(axis=3)(np.ones((2, 3))), r"shape \(2, 3\) does not have axis 3"),
    "norm axes": (lambda: layers.BatchNormalization([0, 1])(np.ones((2, 3))), r"axis: expected one axis, got \[0, 1\]"),
    "norm groups": (
        lambda: layers.GroupNormalization(4)(np.ones((2, 3, 6))),
        r"groups: expected a divisor of the 6 channels, got 4",
    ),
    "replicas": (lambda: layers.BatchNormalization(synchronized=True), r"synchronized: expected False"),
    "radius": (lambda: layers.LocalResponseNormalization(-1), r"depth_radius: expected an integer of at least 0"),
    "weights": (lambda: layers.ReLU().set_weights([1]), r"set_weights: expected 0 arrays, got 1"),
}


@pytest.mark.parametrize(("make", "message"), BAD.values(), ids=BAD.keys())
def test_bad_arguments(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_inputs_must_fit_the_built_layer() -> None:
    dense, conv = layers.Dense(3), layers.Conv2D(2, 1)
    dense(np.ones((2, 4)))
    conv(np.ones((1, 4, 4, 3)))
    with pytest.raises(pydl.ShapeError, match=r"inputs: expected shape \(batch, …, 4\), got \(2, 5\)"):
        dense(np.ones((2, 5)))
    with pytest.raises(pydl.ShapeError, match=r"inputs: expected 3 channels"):
        conv(np.ones((1, 4, 4, 4)))
