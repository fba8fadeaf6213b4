"""Errors of shapes are raised as soon as the shape is known, not at the first batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers
from pydl.base.errors import ShapeError

WRONG: dict[str, tuple[Any, tuple[int, ...]]] = {
    "lstm": (lambda: layers.LSTM(5), (2, 3, 4)),
    "lstm of a vector": (lambda: layers.LSTM(5), (4,)),
    "gru": (lambda: layers.GRU(5), (2, 3, 4)),
    "simple rnn": (lambda: layers.SimpleRNN(5), (2, 3, 4)),
    "cells": (lambda: layers.RNN([layers.LSTMCell(2), layers.GRUCell(2)]), (2, 3, 4)),
    "bidirectional": (lambda: layers.Bidirectional(layers.LSTM(5)), (2, 3, 4)),
    "time distributed lstm": (lambda: layers.TimeDistributed(layers.LSTM(2)), (2, 3, 4, 5)),
    "time distributed convolution": (lambda: layers.TimeDistributed(layers.Conv2D(2, 2)), (2, 3, 4)),
    "repeat vector": (lambda: layers.RepeatVector(2), (3, 4)),
    "spatial dropout": (lambda: layers.SpatialDropout1D(0.5), (3, 4, 5)),
    "spatial dropout 2d": (lambda: layers.SpatialDropout2D(0.5), (3, 4)),
    "dropout": (lambda: layers.Dropout(0.5, noise_shape=(None, 1)), (3, 4)),
    "dropout of another size": (lambda: layers.Dropout(0.5, noise_shape=(None, 2, 1)), (3, 4)),
    "softmax": (lambda: layers.Softmax(axis=3), (3, 4)),
    "softmax of two axes": (lambda: layers.Softmax(axis=(1, 2)), (4,)),
    "convolution": (lambda: layers.Conv2D(2, 2), (3, 4)),
    "pooling": (lambda: layers.GlobalMaxPooling1D(), (4,)),
    "permute": (lambda: layers.Permute((2, 1)), (4,)),
    "reshape": (lambda: layers.Reshape((5,)), (4,)),
    "normalization": (lambda: layers.BatchNormalization(axis=3), (3, 4)),
    "prelu": (lambda: layers.PReLU(shared_axes=[2]), (4,)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_shapes_are_refused_at_build(name: str) -> None:
    make, shape = WRONG[name]
    with pytest.raises(ShapeError):
        Sequential([Input(shape), make()])
    with pytest.raises(ShapeError):
        make()(Input(shape))
    with pytest.raises(ShapeError):
        make()(np.ones((2, *shape), "float32"), training=True)


def test_custom_cells_may_take_more_axes() -> None:
    class Grid(layers.Layer):
        state_size = 3

        def call(self, inputs: Any, states: Any) -> Any:
            from pydl import ops

            y = ops.mean(inputs, axis=1) + states[0]
            return y, [y]

    i = Input((4, 2, 3))
    model = Model(i, layers.RNN(Grid())(i))
    assert np.allclose(model(np.ones((2, 4, 2, 3), "float32")).numpy(), 4)


def test_unknown_sizes_are_accepted() -> None:
    assert Sequential([Input((None, 4)), layers.Dropout(0.5, noise_shape=(None, 1, 4))]).output_shape == (None, None, 4)
