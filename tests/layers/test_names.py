"""Base classes have only names of Keras or names with an underscore: all others are free for users."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Input, Model, Sequential, callbacks, layers, losses, metrics, optimizers

# The names of these classes in Keras 3.15; public names of pydl alone are listed apart, with the reason.
LAYER = """
    activity_regularizer add_loss add_weight autocast build built call compute_mask compute_output_shape count_params
    dtype from_config get_config get_weights input losses name non_trainable_variables non_trainable_weights output
    set_weights supports_masking trainable trainable_variables trainable_weights variables weights
"""
RECURRENT = LAYER + "cell go_backwards return_sequences return_state stateful unroll zero_output_for_mask reset_state"
MODEL = (
    LAYER
    + """
    compile compute_loss count_params evaluate fit get_layer get_metrics_result layers load_weights metrics_names
    predict predict_on_batch reset_metrics save_weights stop_training summary test_on_batch test_step train_on_batch
    train_step history input_dtype inputs outputs input_shape output_shape optimizer
"""
)
CELL = (
    LAYER
    + """
    activation bias_constraint bias_initializer bias_regularizer dropout get_initial_state kernel_constraint
    kernel_initializer kernel_regularizer output_size recurrent_constraint recurrent_dropout recurrent_initializer
    recurrent_regularizer seed state_size units use_bias recurrent_activation unit_forget_bias reset_after
"""
)
OURS = {
    "explain_plan",  # of a model: whether it replays plans
    "reset_state", "reset_states",  # of a model: Keras 2 had them, and guides still call them
    "recompute_every", "states",  # arguments and state of recurrent layers, documented
}  # fmt: skip
_HOOKS = " ".join(
    f"on_{part}_{when}"
    for part in ("train", "epoch", "train_batch", "test", "test_batch", "predict", "predict_batch")
    for when in ("begin", "end")
)


class Own(Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.dense(x)


CASES: dict[str, tuple[Any, str]] = {
    "layer": (layers.Layer, LAYER),
    "rnn": (lambda: layers.RNN(layers.LSTMCell(2)), RECURRENT),
    "simple-rnn-cell": (lambda: layers.SimpleRNNCell(2), CELL),
    "lstm-cell": (lambda: layers.LSTMCell(2), CELL),
    "gru-cell": (lambda: layers.GRUCell(2), CELL),
    "stacked-cells": (
        lambda: layers.StackedRNNCells([layers.LSTMCell(2)]),
        LAYER + "cells state_size output_size get_initial_state",
    ),
    "add": (layers.Add, LAYER),
    "max-pooling2d": (layers.MaxPooling2D, LAYER + "pool_size strides padding data_format"),
    "model": (Model, MODEL),
    "sequential": (Sequential, MODEL + "add pop"),
    "loss": (losses.Loss, "call from_config get_config name reduction dtype"),
    "metric": (
        metrics.Metric,
        "from_config get_config name reset_state result update_state dtype variables add_weight add_variable "
        "stateless_update_state stateless_result stateless_reset_state",
    ),
    "mean": (
        metrics.Mean,
        "from_config get_config name reset_state result update_state dtype total count variables add_variable "
        "add_weight stateless_update_state stateless_result stateless_reset_state",
    ),
    "optimizer": (
        lambda: optimizers.Optimizer(0.1),
        """apply apply_gradients build built clipnorm exclude_from_weight_decay load_own_variables save_own_variables
        clipvalue from_config get_config global_clipnorm iterations
        learning_rate name variables weight_decay""",
    ),
    "callback": (callbacks.Callback, f"{_HOOKS} model params set_model set_params on_batch_begin on_batch_end"),
}


@pytest.mark.parametrize("name", CASES)
def test_public_names_are_those_of_keras(name: str) -> None:
    make, allowed = CASES[name]
    public = {each for each in dir(make()) if not each.startswith("_")}
    assert public - {*allowed.split()} - OURS == set()


@pytest.mark.oracle
def test_lists_equal_keras() -> None:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    theirs: dict[str, Any] = {
        "layer": keras.layers.Layer(),
        "rnn": keras.layers.RNN(keras.layers.LSTMCell(2)),
        "simple-rnn-cell": keras.layers.SimpleRNNCell(2),
        "lstm-cell": keras.layers.LSTMCell(2),
        "gru-cell": keras.layers.GRUCell(2),
        "stacked-cells": keras.layers.StackedRNNCells([keras.layers.LSTMCell(2)]),
        "max-pooling2d": keras.layers.MaxPooling2D(),
        "mean": keras.metrics.Mean(),
        "callback": keras.callbacks.Callback(),
    }
    of_other_cells = {"recurrent_activation", "unit_forget_bias", "reset_after"}
    for name, thing in theirs.items():
        assert {*CASES[name][1].split()} - {*dir(thing)} - of_other_cells == set(), name


# Names that a user's class may use; none is a name of Keras.
FREE = (  # noqa: SIM905
    """
    arranged arrange connections output_shapes output_shapes_of check_input_shape build_once casts_integers
    output_names separate_inputs begin end advance initial_state cell_class first_shape in_kernels slots spatial most
    gates op sequence step dropout_masks uses_batch_logs add image_call convert children flatten own_variables graph
    plans stack blocks heads depth mask states inputs outputs input_shape output_shape data config shape size fn encoder
    stream state epoch latest stage kind order layer_list run replay hidden _flatten _weights _parts
    """
).split()


@pytest.mark.parametrize("name", FREE)
def test_users_may_use_other_names_in_layers_and_models(name: str) -> None:
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    net = Own()
    setattr(net, name, [3, 1, 2])
    net.compile("sgd", "mse")
    net.fit(x, y, verbose=0)
    net.predict(x, verbose=0)
    net.evaluate(x, y, verbose=0)
    net.summary(print_fn=lambda _: None)
    assert getattr(net, name) == [3, 1, 2]

    class Inner(layers.Layer):
        def build(self, shape: Any) -> None:
            self.w = self.add_weight((shape[-1], 1))

        def call(self, x: Any) -> Any:
            return pydl.ops.matmul(x, self.w)

    inner = Inner()
    setattr(inner, name, [3, 1, 2])
    for model in (Sequential([Input((2,)), inner]), Sequential([inner])):
        model.compile("sgd", "mse")
        model.fit(x, y, verbose=0)
        model.predict(x, verbose=0)


@pytest.mark.parametrize("name", sorted({*FREE} - {"states", "add", "end", "begin"}))
def test_users_may_use_other_names_in_metrics_losses_and_callbacks(name: str) -> None:
    class OwnLoss(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return pydl.ops.mean(pydl.ops.square(y_pred - y_true), axis=-1)

    loss, metric, callback, rule = OwnLoss(), metrics.Mean(), callbacks.Callback(), optimizers.Adam()
    metric_of_pairs = metrics.MeanSquaredError()
    for each in (loss, metric, callback, rule, metric_of_pairs):
        setattr(each, name, [3, 1, 2])
    x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
    model = Sequential([Input((2,)), layers.Dense(1)])
    model.compile(rule, loss, [metric_of_pairs])
    model.fit(x, y, verbose=0, callbacks=[callback])
    metric.update_state([1.0])
    assert float(metric.result()) == 1
    lstm = layers.LSTM(2, stateful=True)
    setattr(lstm, name, [3, 1, 2])
    Sequential([Input((3, 2), batch_size=8), lstm]).predict(np.ones((8, 3, 2)), verbose=0, batch_size=8)
