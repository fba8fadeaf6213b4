"""Misspelled arguments and names: errors name the class and suggest the right name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import (
    Input,
    Model,
    Sequential,
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    ops,
    optimizers,
    regularizers,
)
from pydl.optimizers import schedules  # fmt: skip


def model() -> Model:
    made = Sequential([Input((2,)), layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


class Own(layers.Layer):
    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width

    def call(self, inputs: Any, scale: float = 1.0) -> Any:
        return inputs * scale


class Closed(layers.Layer):
    def __init__(self, width: int = 3) -> None:
        super().__init__()


class OwnLoss(losses.Loss):
    def __init__(self, margin: float = 1.0) -> None:
        super().__init__()


class OwnModel(Model):
    def __init__(self, depth: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)


x = np.ones((4, 2), "float32")
WRONG: dict[str, tuple[Any, str]] = {
    "dense": (lambda: layers.Dense(4, activaton="relu"), "Dense got .*'activaton'; did you mean 'activation'?"),
    "convolution": (lambda: layers.Conv2D(4, 3, stride=2), "Conv2D got .*'stride'; did you mean 'strides'?"),
    "transposed": (lambda: layers.Conv2DTranspose(4, 3, paddding="same"), "Conv2DTranspose .*'padding'?"),
    "depthwise": (lambda: layers.DepthwiseConv2D(3, depth_multiplyer=2), "DepthwiseConv2D .*'depth_multiplier'?"),
    "lstm": (lambda: layers.LSTM(4, return_sequence=True), "LSTM got .*'return_sequences'?"),
    "lstm's cell": (lambda: layers.LSTM(4, recurrent_dropuot=0.1), "LSTM got .*; did you mean 'recurrent_dropout'?"),
    "gru cell": (lambda: layers.GRUCell(4, reset_afer=True), "GRUCell got .*'reset_after'?"),
    "rnn": (lambda: layers.RNN(layers.GRUCell(2), statefull=True), "RNN got .*'stateful'?"),
    "bidirectional": (lambda: layers.Bidirectional(layers.GRU(2), merge="sum"), "Bidirectional got .*'merge_mode'?"),
    "time distributed": (lambda: layers.TimeDistributed(layers.Dense(2), nam="a"), "TimeDistributed got .*'name'?"),
    "dropout": (lambda: layers.Dropout(0.1, sed=2), "Dropout got .*'seed'?"),
    "pooling": (lambda: layers.MaxPooling2D(poolsize=2), "MaxPooling2D got .*'pool_size'?"),
    "batch normalization": (lambda: layers.BatchNormalization(momentm=0.9), "BatchNormalization got .*'momentum'?"),
    "embedding": (lambda: layers.Embedding(3, 2, mask_zeros=True), "Embedding got .*'mask_zero'?"),
    "input": (lambda: Input(shap=(3,)), r"Input\(\) got .*'shape'?"),
    "merging": (lambda: layers.Concatenate(axes=1), "Concatenate got .*'axis'?"),
    "layer": (lambda: layers.Layer(dtyp="float32"), "Layer got .*'dtype'?"),
    "needed": (lambda: layers.Dense(unit=4), "Dense got .*'unit'; did you mean 'units'?"),
    "needed by a base": (lambda: layers.Conv2D(filter=4, kernel_size=3), "Conv2D got .*'filters'?"),
    "needed by a cell": (lambda: layers.LSTM(unit=4), "LSTM got .*'units'?"),
    "missing": (lambda: layers.GRU(), "GRU missing 1 required positional argument: 'units'"),
    "one batch": (lambda: model().train_on_batch(x, x[:, 0], sample_weights=1), "Sequential.train_on_batch.*'sample_w"),
    "test batch": (lambda: model().test_on_batch(x, x[:, 0], return_dic=1), r"Sequential.test_on_batch\(\).*'return"),
    "weights": (lambda: model().load_weights(filepat="a"), r"Sequential.load_weights\(\) got .*'filepath'?"),
    "summary": (lambda: model().summary(line_len=3), r"Sequential.summary\(\) got .*'line_length'?"),
    "nothing near": (lambda: layers.Dense(4, zzz=1), "Dense got .*'zzz'; it takes units, activation, "),
    "custom layer": (lambda: Own(widht=3, width=2), "Own got .*'widht'; did you mean 'width'?"),
    "closed layer": (lambda: Closed(widht=3), "Closed got .*'widht'; did you mean 'width'?"),
    "axis": (lambda: layers.Concatenate(None), "axis: expected an integer, got None"),
    "call": (lambda: Own(3)(x, scal=2), r"Own.call\(\) got .*'scal'; did you mean 'scale'?"),
    "call of a layer": (lambda: layers.LSTM(1)(x[None], initial_states=[]), r"LSTM.call\(\) got .*'initial_state'?"),
    "call of a convolution": (lambda: layers.Conv1D(2, 1)(x[None], mask=x), r"Conv1D.call\(\) got .*'mask'"),
    "model": (lambda: Model(inputs=Input((2,)), output=Input((2,))), "Model got .*'output'; did you mean 'outputs'?"),
    "custom model": (lambda: OwnModel(dept=3), "OwnModel got .*'dept'; did you mean 'depth'?"),
    "sequential": (lambda: Sequential([], nme="a"), "Sequential got .*'name'?"),
    "fit": (lambda: model().fit(x, x[:, :1], epoch=1), r"Sequential.fit\(\) got .*'epoch'; did you mean 'epochs'?"),
    "evaluate": (lambda: model().evaluate(x, x[:, :1], batchsize=1), r"Sequential.evaluate\(\) got .*'batch_size'?"),
    "predict": (lambda: model().predict(x, verbos=0), r"Sequential.predict\(\) got .*'verbose'?"),
    "compile": (lambda: model().compile(optimiser="sgd"), r"Sequential.compile\(\) got .*'optimizer'?"),
    "optimizer": (lambda: optimizers.Adam(lr=0.1), "Adam got .*'lr'; did you mean 'learning_rate'?"),
    "another optimizer": (lambda: optimizers.SGD(nestrov=True), "SGD got .*'nesterov'?"),
    "loss": (lambda: losses.MeanSquaredError(reducton="sum"), "MeanSquaredError got .*'reduction'?"),
    "loss with options": (lambda: losses.BinaryCrossentropy(from_logit=True), "BinaryCross.*'from_logits'?"),
    "custom loss": (lambda: OwnLoss(margn=2), "OwnLoss got .*'margin'?"),
    "metric": (lambda: metrics.BinaryAccuracy(treshold=0.1), "BinaryAccuracy got .*'threshold'?"),
    "precision": (lambda: metrics.Precision(threshold=0.1), "Precision got .*'thresholds'?"),
    "mean": (lambda: metrics.Mean(nme="a"), "Mean got .*'name'?"),
    "early stopping": (lambda: callbacks.EarlyStopping(patiance=2), "EarlyStopping got .*'patience'?"),
    "checkpoint": (lambda: callbacks.ModelCheckpoint("a.npz", save_best=True), "ModelCheck.* got .*'save_best_only'?"),
    "initializer": (lambda: initializers.RandomNormal(std=1.0), "RandomNormal got .*'stddev'?"),
    "scaling": (lambda: initializers.HeNormal(sed=1), "HeNormal got .*'seed'?"),
    "regularizer": (lambda: regularizers.L2(l=0.1), "L2 got .*'l'"),
    "constraint": (lambda: constraints.MaxNorm(max_val=2), "MaxNorm got .*'max_value'?"),
    "schedule": (lambda: schedules.ExponentialDecay(0.1, 10, decay=0.1), "ExponentialDecay got .*'decay_"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_misspelled_arguments(name: str) -> None:
    call, message = WRONG[name]
    with pytest.raises(TypeError, match=message.replace("?", r"\?") if message.endswith("?") else message):
        call()


UNKNOWN: dict[str, tuple[Any, str]] = {
    "config": (
        lambda: optimizers.get({"class_name": "Adam", "config": {"learning_rat": 1}}),
        "Adam got .*'learning_rat'; did you mean 'learning_rate'?",
    ),
    "activation": (lambda: activations.get("Relu6x"), "unknown activation 'Relu6x'; did you mean 'relu6'? Known"),
    "activation of a layer": (lambda: layers.Dense(3, activation="sigmod"), "did you mean 'sigmoid'?"),
    "initializer": (lambda: layers.Dense(3, kernel_initializer="he_norml"), "did you mean 'he_normal'? Known are:"),
    "regularizer": (lambda: layers.Dense(3, kernel_regularizer="l3"), "unknown regularizer 'l3'"),
    "constraint": (lambda: layers.Dense(3, kernel_constraint="maxnorm"), "did you mean 'max_norm'?"),
    "optimizer": (lambda: model().compile("adamm"), "unknown optimizer 'adamm'; did you mean 'adam'"),
    "loss": (lambda: model().compile("sgd", "binary_crossentopy"), "did you mean 'binary_crossentropy'?"),
    "metric": (lambda: model().compile("sgd", "mse", metrics=["acuracy"]), "did you mean 'accuracy'?"),
    "nothing near": (lambda: activations.get("zzzz"), "unknown activation 'zzzz'; known are: elu,"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_names(name: str) -> None:
    call, message = UNKNOWN[name]
    with pytest.raises(ValueError, match=message.replace("?", r"\?")):
        call()


def test_correct_arguments_pass() -> None:
    assert Own(3, name="a").width == 3
    Closed(width=2)
    loss = losses.Huber(delta=2.0, name="h")
    assert losses.Huber.from_config(loss.get_config()).get_config() == loss.get_config()
    assert layers.Conv1DTranspose(2, 3, activation="relu", trainable=False).trainable is False
    made = layers.GRU(2, trainable=False, input_dim=3)
    made.build((None, 4, 3))
    assert made.cell.trainable_weights == []


# ---- old arguments ----------------------------------------------------------------------------------------------


def test_legacy_arguments_of_keras_3() -> None:
    assert Sequential([layers.Dense(12, input_dim=8), layers.Dense(1)]).count_params() == 12 * 9 + 13
    assert Sequential([layers.Dense(12, input_shape=(8,))]).count_params() == 12 * 9
    assert Sequential([layers.LSTM(2, input_shape=(None, 3))]).output_shape == (None, 2)
    assert Sequential([layers.Embedding(5, 2, input_length=4)]).output_shape == (None, 4, 2)
    assert layers.LeakyReLU(alpha=0.1).negative_slope == 0.1
    table = layers.Embedding(5, 2)
    table.build()
    assert table.count_params() == 10
    assert layers.Dense(2, dtype=None).dtype == np.float32
    assert layers.Dense(2, dtype={"class_name": "DTypePolicy", "config": {"name": "float64"}}).dtype == np.float64
    assert layers.Dense(2, autocast=False).autocast is False
    for name in ("mixed_float16", "mixed_bfloat16", "float16", "int32", "nonsense", object()):
        with pytest.raises(ValueError, match="dtype: expected float32 or float64"):
            layers.Dense(2, dtype=name)


def test_weights_that_are_not_floats() -> None:
    layer = layers.Layer()
    for dtype in ("bool", "int32", "uint8", "int64"):
        w = layer.add_weight((3,), dtype=dtype)
        assert w.dtype == dtype
        assert not w.numpy().any()
        assert not w.trainable
    assert layer.add_weight((3, 3)).numpy().any()  # glorot_uniform
    assert layer.add_weight(initializer="ones", name="count").numpy() == 1
    assert len(layer.trainable_weights) == 2
    assert not pydl.Variable(np.array([1, 2])).trainable


@pytest.mark.parametrize(
    "name", ["he_normal", "glorot_uniform", "ones", "random_normal", "orthogonal", "truncated_normal"]
)
def test_initial_value_of_size_one_converts_to_a_number(name: str) -> None:
    values = initializers.get(name)((1, 1))
    assert float(values) == float(values[0, 0])
    assert np.array_equal(values.numpy(), values)
    assert initializers.get(name)((2, 2)).shape == (2, 2)
    assert float(initializers.Constant(3)((1, 1, 1))) == 3
    assert int(initializers.Ones()((1,))) == 1
    with pytest.raises(ValueError, match="size 1"):
        float(initializers.get(name)((2, 2)))


def test_invalid_flags_and_shapes_are_refused() -> None:
    for value in ("x", 2, None, "False", 0.5, []):
        with pytest.raises(ValueError, match="trainable: expected True or False"):
            layers.Dense(2, trainable=value)
        with pytest.raises(ValueError, match="trainable: expected True or False"):
            layers.Dense(2).trainable = value
    assert layers.Dense(2, trainable=np.bool_(False)).trainable is False
    for shape in ((0, 1), (1, -1), (None, 0), (2.5, 1)):
        with pytest.raises(ValueError, match="noise_shape: expected a positive integer"):
            layers.Dropout(0.5, noise_shape=shape)
    for merge in (
        layers.Add,
        layers.Subtract,
        layers.Multiply,
        layers.Average,
        layers.Maximum,
        layers.Minimum,
        layers.Concatenate,
    ):
        for inputs in (x, [x], Input((2,)), [Input((2,))]):
            with pytest.raises(ValueError, match="inputs: expected"):
                merge()(inputs)
        with pytest.raises(ValueError, match="inputs: expected"):
            Sequential([Input((2,)), merge()])


def test_activity_loss_of_an_empty_batch_is_zero() -> None:
    for layer in (layers.Dense(2, activity_regularizer="l2"), layers.ReLU(activity_regularizer="l1")):
        layer(np.zeros((0, 3)))
        assert [loss.item() for loss in layer.losses] == [0]

    class Scalar(layers.Layer):
        def call(self, x: Any) -> Any:
            return ops.mean(x)

    scalar = Scalar(activity_regularizer="l1")
    scalar(np.ones((4, 3)))
    assert scalar.losses[0].item() == pytest.approx(0.01)


def test_reset_state_forgets_the_batch_size() -> None:
    for layer in (layers.LSTM(3, stateful=True), layers.Bidirectional(layers.GRU(3, stateful=True))):
        net = Sequential([layer, layers.Dense(1)])
        alone = np.random.default_rng(0).random((1, 2, 2), "float32")
        net.predict(np.ones((4, 2, 2)), verbose=0)
        with pytest.raises(ValueError, match="expected 4 samples, the batch size of the stored states"):
            net.predict(alone, verbose=0)
        net.reset_state()
        first = net.predict(alone, verbose=0)
        second = net.predict(alone, verbose=0)
        net.reset_state()
        assert np.array_equal(net.predict(alone, verbose=0), first)
        assert np.array_equal(net.predict(alone, verbose=0), second)
        assert not np.array_equal(first, second)
        net.reset_state()
        assert net.predict(np.ones((4, 2, 2)), verbose=0).shape == (4, 1)
