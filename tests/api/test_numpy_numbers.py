"""NumPy scalars are accepted as Python numbers, and configs contain Python numbers."""

import json

import numpy as np
import pytest

from pydl import Input, Sequential, callbacks, constraints, initializers, layers, optimizers, regularizers
from pydl.models.serialization import deserialize, serialize
from pydl.optimizers import schedules

N, F = np.int64, np.float32
LAYERS = [
    lambda: (layers.Dense(N(3)), (2, 4)),
    lambda: (layers.Conv2D(N(4), N(3), strides=N(1), dilation_rate=N(1), groups=N(2)), (2, 8, 8, 2)),
    lambda: (layers.Conv2DTranspose(N(3), (N(3), N(2)), strides=(N(2), N(1))), (2, 8, 8, 3)),
    lambda: (layers.SeparableConv2D(N(3), N(3), depth_multiplier=N(2)), (2, 8, 8, 3)),
    lambda: (layers.MaxPooling2D(N(2), strides=N(2)), (2, 8, 8, 3)),
    lambda: (layers.AveragePooling1D((N(2),)), (2, 8, 3)),
    lambda: (layers.LSTM(N(3), dropout=F(0.1)), (2, 5, 3)),
    lambda: (layers.Reshape((N(2), N(2))), (2, 4)),
    lambda: (layers.Permute((N(2), N(1))), (2, 4, 3)),
    lambda: (layers.RepeatVector(N(3)), (2, 4)),
    lambda: (layers.UpSampling2D(N(2)), (2, 4, 4, 1)),
    lambda: (layers.BatchNormalization(axis=N(-1), momentum=F(0.9), epsilon=F(1e-3)), (2, 4)),
    lambda: (layers.LayerNormalization(axis=[N(-1)]), (2, 4)),
    lambda: (layers.GroupNormalization(N(2)), (2, 4)),
    lambda: (layers.Dropout(F(0.3), noise_shape=(None, N(1))), (2, 4)),
    lambda: (layers.GaussianNoise(F(0.3)), (2, 4)),
    lambda: (layers.Softmax(axis=N(-1)), (2, 4)),
    lambda: (layers.ReLU(max_value=F(3)), (2, 4)),
    lambda: (layers.LeakyReLU(F(0.3)), (2, 4)),
]


@pytest.mark.parametrize("make", LAYERS)
def test_layers(make):
    layer, shape = make()
    layer(np.ones(shape, np.float32), training=True)
    config = serialize(layer)
    json.dumps(config)
    assert serialize(deserialize(config)) == config


@pytest.mark.parametrize(
    "thing",
    [
        optimizers.Adam(F(0.1), beta_1=F(0.5), clipnorm=F(1), weight_decay=F(0.1)),
        optimizers.SGD(F(0.1), momentum=F(0.9), clipvalue=N(1)),
        optimizers.RMSprop(N(1), rho=F(0.9), global_clipnorm=F(2)),
        optimizers.SGD(schedules.ExponentialDecay(F(0.1), N(3), F(0.9))),
        schedules.CosineDecay(F(0.1), N(4)),
        initializers.RandomNormal(F(0), F(1)),
        initializers.VarianceScaling(F(2)),
        regularizers.L1L2(F(0.1), F(0.2)),
        constraints.MaxNorm(F(2), axis=N(0)),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_configurations(thing):
    config = thing.get_config()
    make = getattr(type(thing), "from_config", lambda config: type(thing)(**config))
    again = make(json.loads(json.dumps(config)))
    assert again.get_config() == config


def test_training():
    model = Sequential([Input((N(4),), batch_size=None), layers.Dense(N(2))])
    json.dumps(model.get_config())
    model.compile(optimizers.SGD(F(0.01)), "mse", loss_weights=F(0.5))
    x, y = np.ones((8, 4), np.float32), np.ones((8, 2))
    watchers = [callbacks.EarlyStopping("loss", patience=N(1)), callbacks.ReduceLROnPlateau("loss", F(0.5), N(1))]
    options = {"batch_size": N(4), "epochs": N(2), "verbose": N(0), "initial_epoch": N(0), "steps_per_epoch": N(2)}
    model.fit(x, y, validation_data=(x, y), validation_steps=N(1), validation_freq=N(1), callbacks=watchers, **options)
    model.evaluate(x, y, batch_size=N(4), steps=N(1), verbose=0)
    assert model.predict(x, batch_size=N(3), verbose=N(0)).shape == (8, 2)
    assert callbacks.ModelCheckpoint("w.npz", save_freq=N(2)).save_freq == 2
