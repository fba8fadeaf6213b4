"""Kernels in TensorFlow, at its raw operators."""

from functools import partial
from typing import Any

import tensorflow as tf

from .. import Array, Pair, Variant, as_arrays, dropout_statistics


def _window(strides: Pair, padding: Any) -> dict[str, Any]:
    paddings = [0, 0, *padding, 0, 0]
    return {"strides": [1, *strides, 1], "padding": "EXPLICIT", "explicit_paddings": paddings}


def matmul(
    a: Array, b: Array, bias: Array | None, activation: str, transpose_a: bool, transpose_b: bool
) -> list[Variant]:
    assert bias is None
    call = partial(tf.linalg.matmul, tf.constant(a), tf.constant(b), transpose_a, transpose_b)
    return [Variant(call, as_arrays)]


def conv2d_forward(x: Array, w: Array, bias: Array, strides: Pair, padding: Any, groups: int) -> list[Variant]:
    assert groups == 1
    tx, tw, tbias = tf.constant(x), tf.constant(w), tf.constant(bias)

    @tf.function
    def call() -> Any:  # a graph fuses convolution and bias
        return tf.nn.bias_add(tf.raw_ops.Conv2D(input=tx, filter=tw, **_window(strides, padding)), tbias)

    return [Variant(call, as_arrays)]


def conv2d_backward_input(
    dy: Array, w: Array, input_shape: Any, strides: Pair, padding: Any, groups: int
) -> list[Variant]:
    assert groups == 1
    operator = tf.raw_ops.Conv2DBackpropInput
    tensors = {"input_sizes": input_shape, "filter": tf.constant(w), "out_backprop": tf.constant(dy)}
    return [Variant(partial(operator, **tensors, **_window(strides, padding)), as_arrays)]


def max_pool2d_forward(x: Array, pool_size: Pair, strides: Pair) -> list[Variant]:
    return [Variant(partial(tf.nn.max_pool2d, tf.constant(x), pool_size, strides, "VALID"), as_arrays)]


def avg_pool2d_backward(dy: Array, input_shape: Any, pool_size: Pair, strides: Pair) -> list[Variant]:
    window = {"ksize": [1, *pool_size, 1], "strides": [1, *strides, 1], "padding": "VALID"}
    call = partial(tf.raw_ops.AvgPoolGrad, orig_input_shape=tf.constant(input_shape), grad=tf.constant(dy), **window)
    return [Variant(call, as_arrays)]


def embedding_backward(ids: Array, dy: Array, rows: int) -> list[Variant]:
    rows_of_dy = dy.reshape(-1, dy.shape[-1])
    call = partial(tf.math.unsorted_segment_sum, tf.constant(rows_of_dy), tf.constant(ids.ravel()), rows)
    return [Variant(call, as_arrays)]


def softmax_cross_entropy(logits: Array, labels: Array, dloss: Array) -> list[Variant]:
    tlogits, tlabels, tdloss = tf.constant(logits), tf.constant(labels), tf.constant(dloss)

    @tf.function(jit_compile=True)
    def both(logits: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(logits)
            loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tlabels, logits=logits)
        return loss, tape.gradient(loss, logits, tdloss)

    return [Variant(lambda: both(tlogits), as_arrays, "XLA")]


def dropout_forward(x: Array, rate: float) -> list[Variant]:
    return [Variant(partial(tf.nn.dropout, tf.constant(x), rate), dropout_statistics)]


def dropout_forward_backward(x: Array, rate: float) -> list[Variant]:
    tx = tf.constant(x)

    def call() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tx)
            y = tf.nn.dropout(tx, rate)
        return tape.gradient(y, tx, y)

    return [Variant(call, dropout_statistics)]
