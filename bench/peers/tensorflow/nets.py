"""The networks of cases/nets.py as Keras models on TensorFlow."""

from itertools import cycle
from typing import Any

import keras
import tensorflow as tf

from ...cases.nets import Net
from .. import Array, Variant, as_arrays
from ..keras import nets as keras_nets


def train(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> list[Variant]:
    """A traced step. Keras's train_on_batch is slower."""
    model = keras_nets.build(keras, net, weights)
    model.optimizer.build(model.trainable_variables)
    batches = cycle([(tf.constant(images), tf.constant(classes)) for images, classes in zip(x, labels, strict=True)])

    @tf.function
    def step(images: Any, classes: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.loss(classes, model(images, training=True))
        model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return [Variant(lambda: float(step(*next(batches))), as_arrays)]


def fit(**arguments: Any) -> list[Variant]:
    return keras_nets.fit(keras, **arguments)


def inference(net: Net, weights: list[Array], x: Array) -> list[Variant]:
    model, tx = keras_nets.build(keras, net, weights), tf.constant(x)
    call = tf.function(lambda x: model(x, training=False))
    return [Variant(lambda: call(tx), as_arrays)]
