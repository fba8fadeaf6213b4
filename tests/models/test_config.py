"""Models as plain values and back."""

import json

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers
from pydl.models import clone_model
from tests.models.nets import slide


class Scale(layers.Layer):
    """A layer of the user's own."""

    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs):
        return inputs * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def nested():
    inner = Sequential([Input((6,)), layers.Dense(4, "relu", kernel_regularizer="l2", name="a"), Scale(2.0)])
    return Sequential([Input((6,)), inner, layers.Dropout(0.25), layers.Dense(3, activation="softmax")], name="outer")


@pytest.mark.parametrize(("make", "shape"), [(slide, (2, 28, 28, 1)), (nested, (2, 6))])
def test_round_trip(make, shape, rng):
    model = make()
    config = model.get_config()
    again = Sequential.from_config(json.loads(json.dumps(config)), custom_objects={"Scale": Scale})
    assert json.dumps(again.get_config()) == json.dumps(config)
    for copy in (again, clone_model(model)):
        assert [w.shape for w in copy.weights] == [w.shape for w in model.weights]
        copy.set_weights(model.get_weights())
        x = rng.normal(size=shape).astype(np.float32)
        np.testing.assert_array_equal(copy(x).numpy(), model(x).numpy())


def test_without_an_input_the_copy_is_built_later():
    model = Sequential([layers.Dense(2, name="d")])
    assert not clone_model(model).built


def test_a_missing_class_is_named():
    with pytest.raises(ValueError, match=r"custom_objects: there is no layer class 'Scale'"):
        Sequential.from_config(nested().get_config())


def test_a_subclass_has_to_say_how():
    with pytest.raises(NotImplementedError, match="subclass of Model; define get_config"):
        Model().get_config()
