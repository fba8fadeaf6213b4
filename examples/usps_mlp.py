"""Handwritten digits without convolution: a 256-500-500-10 network on the USPS zip-code digits.

    python usps_mlp.py FOLDER [--seed 0] [--epochs 10]

FOLDER holds zip.train.gz and zip.test.gz (or the same unpacked). Prints the test error: 5.3 to 5.8 % over seeds.
"""

import argparse

import pydl
from pydl import Input, Sequential, layers

BATCH_SIZE = 64


def main(folder: str, seed: int = 0, epochs: int = 10, verbose: int = 1) -> float:
    """Trains and returns the test error in percent."""
    pydl.set_seed(seed)
    (x_train, y_train), (x_test, y_test) = pydl.datasets.usps.load_data(folder)
    model = Sequential(
        [
            Input((16, 16)),
            layers.Flatten(),
            layers.Dense(500, activation="relu"),
            layers.Dense(500, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    steps = epochs * -(-len(x_train) // BATCH_SIZE)
    model.compile(
        optimizer=pydl.optimizers.Adam(pydl.optimizers.schedules.CosineDecay(1e-3, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, batch_size=BATCH_SIZE, epochs=epochs, verbose=verbose)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    error = 100 * (1 - accuracy)
    print(f"test error: {error:.2f} %")
    return error


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    main(arguments.folder, arguments.seed, arguments.epochs)
