"""A small CNN on MNIST: two 3x3 convolutions of 25 and 50 filters with pooling, 100 units, softmax; 137,660 weights.

    python mnist_cnn.py FOLDER [--seed 0] [--epochs 3]

FOLDER holds the four idx files (plain or .gz). Prints the test accuracy, about 98.9 % after 3 epochs.
"""

import argparse

import pydl
from pydl import Input, Sequential, layers

BATCH_SIZE = 64


def make_model() -> Sequential:
    return Sequential(
        [
            Input((28, 28, 1)),
            layers.Conv2D(25, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(50, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(100, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main(folder: str, seed: int = 0, epochs: int = 3, verbose: int = 1) -> float:
    """Trains and returns the test accuracy in percent."""
    pydl.set_seed(seed)
    (x_train, y_train), (x_test, y_test) = pydl.datasets.mnist.load_data(folder)
    model = make_model()
    if verbose:
        model.summary()
    steps = epochs * -(-len(x_train) // BATCH_SIZE)
    model.compile(
        optimizer=pydl.optimizers.Adam(pydl.optimizers.schedules.CosineDecay(2e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    x_train, x_test = (x[..., None].astype("float32") / 255 for x in (x_train, x_test))
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=epochs, verbose=verbose)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy: {100 * accuracy:.2f} %")
    return 100 * accuracy


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=3)
    arguments = parser.parse_args()
    main(arguments.folder, arguments.seed, arguments.epochs)
