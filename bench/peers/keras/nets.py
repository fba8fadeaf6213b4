"""The networks of cases/nets.py as Keras models. library: keras, or pydl, which has the same names."""

from typing import Any

from ...cases.nets import Conv, Dense, Embedding, Flatten, Lstm, Net, Pool
from .. import Array, Variant, as_arrays


def build(library: Any, net: Net, weights: list[Array]) -> Any:
    layers, losses = library.layers, library.losses
    stack: list[Any] = [
        layers.Input(net.input_shape, dtype="int32" if isinstance(net.layers[0], Embedding) else "float32")
    ]
    for layer in net.layers:
        match layer:
            case Conv(filters, kernel, activation, padding):
                stack.append(layers.Conv2D(filters, kernel, activation=activation, padding=padding))
            case Pool(size):
                stack.append(layers.MaxPooling2D(size))
            case Flatten():
                stack.append(layers.Flatten())
            case Embedding(rows, columns):
                stack.append(layers.Embedding(rows, columns))
            case Lstm(units, sequences, bidirectional):
                lstm = layers.LSTM(units, return_sequences=sequences)
                stack.append(layers.Bidirectional(lstm) if bidirectional else lstm)
            case Dense(units, activation):
                stack.append(layers.Dense(units, activation=activation))
    model = library.Sequential(stack)
    model.set_weights(weights)
    loss = losses.MeanSquaredError() if net.loss == "mse" else losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=library.optimizers.Adam(1e-3), loss=loss)
    return model


def fit(library: Any, net: Net, weights: list[Array], x: Array, labels: Array) -> list[Variant]:
    model = build(library, net, weights)
    return [Variant(lambda: model.fit(x, labels, net.batch, verbose=0).history["loss"][0], as_arrays)]
