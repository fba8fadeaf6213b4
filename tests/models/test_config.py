"""get_config and from_config of models."""

import json

import numpy as np
import pytest

from pydl import Input, Model, Sequential, layers
from pydl.models import clone_model
from tests.models.nets import slide


class Scale(layers.Layer):
    """A user's layer."""

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


def test_copy_without_an_input_is_built_later():
    model = Sequential([layers.Dense(2, name="d")])
    assert not clone_model(model).built


def test_error_names_a_missing_class():
    with pytest.raises(ValueError, match=r"config: expected a known class, got 'Scale'; pass custom_objects"):
        Sequential.from_config(nested().get_config())


def test_subclass_without_get_config_is_refused():
    with pytest.raises(NotImplementedError, match="expected Model, as a subclass of Model, to define it"):
        Model().get_config()


class Extra(Model):
    def __init__(self, *a, param=1, **k):
        super().__init__(*a, **k)
        self.param = param

    def get_config(self):
        return {**super().get_config(), "param": self.param}


class Keyed(Extra):
    def __init__(self, inputs, outputs, param=1, name=None):
        Model.__init__(self, inputs, outputs, name=name)
        self.param = param


class Keywords(Extra):
    def __init__(self, param=1, **kwargs):
        Model.__init__(self, **kwargs)
        self.param = param


class MakesItself(Extra):
    def __init__(self, param=1, **kwargs):
        i = Input((3,))
        Model.__init__(self, inputs=i, outputs=layers.Dense(param, name="d")(i), **kwargs)
        self.param = param


class Plain(Extra):
    def __init__(self, param=1):
        i = Input((3,))
        Model.__init__(self, i, layers.Dense(param, name="d")(i))
        self.param = param


class Stack(Sequential):
    def __init__(self, *args, param=1, **kwargs):
        super().__init__(*args, **kwargs)
        self.param = param

    def get_config(self):
        return {**super().get_config(), "param": self.param}


class StackItself(Sequential):
    def __init__(self, param=1, name=None):
        super().__init__(name=name)
        self.param = param
        self.add(Input((3,)))
        self.add(layers.Dense(param))

    def get_config(self):
        return {**super().get_config(), "param": self.param}


class StackLater(StackItself):
    def __init__(self, param=1, name=None):
        Sequential.__init__(self, name=name)
        self.param = param


class OwnWay(Extra):
    @classmethod
    def from_config(cls, config):
        config.pop("param")
        return super().from_config(config)


def functional(cls, **options):
    i = Input((3,))
    return cls(inputs=i, outputs=layers.Dense(5)(i), **options)


SUBCLASSES = {
    "args": lambda: functional(Extra, param=3, name="m"),
    "keyed": lambda: functional(Keyed, param=3),
    "keywords": lambda: functional(Keywords, param=3),
    "itself": lambda: MakesItself(3, name="own"),
    "plain": lambda: Plain(3),
    "stack": lambda: Stack([Input((3,)), layers.Dense(2)], param=3),
    "stack itself": lambda: StackItself(3, name="s"),
    "stack later": lambda: [m := StackLater(3), m.add(Input((3,))), m.add(layers.Dense(2))][0],
}


@pytest.mark.parametrize("make", SUBCLASSES.values(), ids=SUBCLASSES)
def test_subclasses_keep_their_own_arguments(make):
    model = make()
    model.trainable = False
    outer = Sequential([Input((3,)), model, layers.Dense(1)])
    for twin in (type(model).from_config(model.get_config()), clone_model(model), clone_model(outer).layers[0]):
        assert type(twin) is type(model)
        assert twin.param == 3
        assert twin.name == model.name
        assert not twin.trainable
        twin.set_weights(model.get_weights())
        x = np.ones((2, 3), np.float32)
        np.testing.assert_array_equal(twin(x).numpy(), model(x).numpy())


def test_error_names_an_argument_that_the_constructor_lacks():
    class Narrow(Plain):
        def get_config(self):
            return {**super().get_config(), "depth": 2}

    with pytest.raises(TypeError, match=r"Narrow: expected arguments of __init__ from get_config\(\), got \['depth'\]"):
        clone_model(Narrow(3))
    config = functional(OwnWay, param=3).get_config()
    assert OwnWay.from_config(config).param == 1
    assert clone_model(functional(OwnWay, param=3)).param == 1

    class Other(StackItself):
        def __init__(self, param=1, name=None):
            super().__init__(param, name)
            self.add(layers.Dense(3))

    config = StackItself(3).get_config()
    with pytest.raises(ValueError, match="expected the layers of the config, got others"):
        Other.from_config(config)
