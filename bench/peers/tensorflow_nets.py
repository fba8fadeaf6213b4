"""The networks of cases/nets.py as Keras models on TensorFlow, in a traced step of one's own."""

from itertools import cycle
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import NDArray

from ..cases.nets import Net
from . import Way, as_arrays
from .keras_nets import build

Array = NDArray[Any]


def train_way(net: Net, weights: list[Array], x: list[Array], labels: list[Array]) -> Way:
    """Keras's train_on_batch takes longer."""
    model = build(keras, net, weights)
    model.optimizer.build(model.trainable_variables)
    batches = cycle([(tf.constant(images), tf.constant(classes)) for images, classes in zip(x, labels, strict=True)])

    @tf.function
    def step(images: Any, classes: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = model.loss(classes, model(images, training=True))
        model.optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    return Way(lambda: float(step(*next(batches))), as_arrays)


def inference_way(net: Net, weights: list[Array], x: Array) -> Way:
    model, tx = build(keras, net, weights), tf.constant(x)
    call = tf.function(lambda x: model(x, training=False))
    return Way(lambda: call(tx), as_arrays)
