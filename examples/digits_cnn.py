"""Trains a small CNN (3x3 convolutions of 25 and 50 filters) on handwritten digits, and draws what it has learned.

    python examples/digits_cnn.py

The 1,797 digits of 8x8 pixels come with scikit-learn (pip install scikit-learn matplotlib). Each 3x3 convolution keeps
the size of its input (padding="same"), because 8x8 pixels are too few to lose any; dropout keeps the network from
learning 1,438 images by heart. The result lies in digits_cnn.png.
"""

from __future__ import annotations

import time

import matplotlib
import numpy as np
from numpy.typing import NDArray

import pydl
from pydl import layers

matplotlib.use("Agg")
from matplotlib import pyplot as plt

PICTURE = "digits_cnn.png"
EPOCHS, BATCH_SIZE = 80, 16


def build() -> pydl.Sequential:
    return pydl.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(25, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.2),
            layers.Conv2D(50, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(100, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def draw(
    filters: NDArray[np.float32],
    history: dict[str, list[float]],
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    guesses: NDArray[np.int64],
) -> None:
    """filters (3, 3, 1, 25); history of fit; images (N, 8, 8, 1) of the test with their labels and the guesses (N,)."""
    figure = plt.figure(figsize=(13, 4.5), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=(3, 4, 3))

    left.suptitle("25 filters of the first layer")
    limit = float(np.abs(filters).max())
    for axes, kernel in zip(left.subplots(5, 5).flat, filters[:, :, 0].transpose(2, 0, 1), strict=True):
        axes.imshow(kernel, cmap="RdBu", vmin=-limit, vmax=limit)
        axes.set_axis_off()

    middle.suptitle("Learning curve")
    axes = middle.subplots()
    epochs = range(1, len(history["accuracy"]) + 1)
    axes.plot(epochs, history["accuracy"], label="training, with dropout")
    axes.plot(epochs, history["val_accuracy"], label="test")
    axes.set(xlabel="epoch", ylabel="accuracy", ylim=(0.8, 1.005))
    axes.legend(loc="lower right")
    axes.grid(alpha=0.3)

    wrong = np.flatnonzero(guesses != labels)
    right.suptitle(f"{len(wrong)} mistakes in {len(labels)}: label, then guess")
    shown = iter(wrong)
    for axes in right.subplots(4, 4).flat:
        axes.set_axis_off()
        if (i := next(shown, None)) is not None:
            axes.imshow(images[i, :, :, 0], cmap="gray_r")
            axes.set_title(f"{labels[i]}, {guesses[i]}", fontsize=9)

    figure.savefig(PICTURE, dpi=110)


def main(seed: int = 0) -> float:
    """Trains, reports and draws; returns the accuracy on the test set."""
    pydl.set_seed(seed)
    (x_train, y_train), (x_test, y_test) = pydl.datasets.digits.load_data(test_fraction=0.2, seed=0)
    model = build()
    steps = EPOCHS * -(-len(x_train) // BATCH_SIZE)
    optimizer = pydl.optimizers.Adam(pydl.optimizers.schedules.CosineDecay(3e-3, steps))  # ends with ever smaller steps
    model.compile(optimizer=optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()

    start = time.perf_counter()
    # The test images are only watched: nothing is learned from them, and no epoch is chosen by them.
    history = model.fit(x_train, y_train, BATCH_SIZE, EPOCHS, validation_data=(x_test, y_test)).history
    seconds = time.perf_counter() - start

    guesses = model.predict(x_test, verbose=0).argmax(axis=1)
    accuracy = float(np.mean(guesses == y_test))
    draw(model.get_weights()[0], history, x_test, y_test, guesses)
    print(f"test accuracy {100 * accuracy:.2f} %, trained in {seconds:.1f} s, picture: {PICTURE}")
    return accuracy


if __name__ == "__main__":
    main()
