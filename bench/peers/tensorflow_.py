"""TensorFlow: raw operators on its channels-last tensors; networks are Keras's, on its TensorFlow backend."""

import os
from functools import partial
from typing import Any

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}  # read when they are imported

import keras
import tensorflow as tf
from numpy.typing import NDArray

from . import Way, as_arrays, share_dropped

Array = NDArray[Any]
Pair = tuple[int, int]


def set_threads(n: int) -> None:
    tf.config.threading.set_intra_op_parallelism_threads(n)
    tf.config.threading.set_inter_op_parallelism_threads(n)


def versions() -> dict[str, str]:
    return {"tensorflow": tf.__version__, "keras": keras.__version__}


def _window(strides: Pair, padding: Any) -> dict[str, Any]:
    edges = [0, 0, *padding, 0, 0]
    return {"strides": [1, *strides, 1], "padding": "EXPLICIT", "explicit_paddings": edges}


def matmul(a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool) -> list[Way]:
    assert bias is None
    call = partial(tf.linalg.matmul, tf.constant(a), tf.constant(b), transpose_a, transpose_b)
    return [Way(call, as_arrays)]


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Way]:
    assert groups == 1
    tx, tw, tbias = tf.constant(x), tf.constant(w), tf.constant(bias)

    @tf.function
    def call() -> Any:  # as a graph, where the bias is added inside the convolution
        return tf.nn.bias_add(tf.raw_ops.Conv2D(input=tx, filter=tw, **_window(strides, padding)), tbias)

    return [Way(call, as_arrays)]


def conv2d_backward_input(dy: Array, w: Array, input_shape: Any, strides: Pair, padding: Any, groups: int) -> list[Way]:
    assert groups == 1
    operator = tf.raw_ops.Conv2DBackpropInput
    tensors = {"input_sizes": input_shape, "filter": tf.constant(w), "out_backprop": tf.constant(dy)}
    return [Way(partial(operator, **tensors, **_window(strides, padding)), as_arrays)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Way]:
    return [Way(partial(tf.nn.max_pool2d, tf.constant(x), pool_size, strides, "VALID"), as_arrays)]


def avg_pool2d_backward(dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Way]:
    window = {"ksize": [1, *pool_size, 1], "strides": [1, *strides, 1], "padding": "VALID"}
    call = partial(tf.raw_ops.AvgPoolGrad, orig_input_shape=tf.constant(input_shape), grad=tf.constant(dy), **window)
    return [Way(call, as_arrays)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Way]:
    rows_of_dy = dy.reshape(-1, dy.shape[-1])
    call = partial(tf.math.unsorted_segment_sum, tf.constant(rows_of_dy), tf.constant(ids.ravel()), rows)
    return [Way(call, as_arrays)]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Way]:
    tlogits, tlabels, tdloss = tf.constant(logits), tf.constant(labels), tf.constant(dloss)

    @tf.function(jit_compile=True)
    def both(logits: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tlabels, logits=logits)
        return loss, tape.gradient(loss, logits, tdloss)

    return [Way(lambda: both(tlogits), as_arrays, "XLA")]


def dropout_forward(x: Array, rate: float) -> list[Way]:
    return [Way(partial(tf.nn.dropout, tf.constant(x), rate), share_dropped)]


def dropout_forward_backward(x: Array, rate: float) -> list[Way]:
    tx = tf.constant(x)

    def call() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tx)
            y = tf.nn.dropout(tx, rate)
        return tape.gradient(y, tx, y)

    return [Way(call, share_dropped)]


def train(**arguments: Any) -> list[Way]:
    from .tensorflow_nets import train_way

    return [train_way(**arguments)]


def fit(**arguments: Any) -> list[Way]:
    from .keras_nets import fit_way

    return [fit_way(keras, **arguments)]


def inference(**arguments: Any) -> list[Way]:
    from .tensorflow_nets import inference_way

    return [inference_way(**arguments)]
