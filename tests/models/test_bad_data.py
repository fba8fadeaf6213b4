"""Models with invalid data and arguments, after errors, and in threads."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pydl import Input, Model, Sequential, ShapeError, callbacks, layers
from tests.models.nets import clouds, mlp

X, Y = clouds(np.random.default_rng(5), 48)


def fit(x: Any = X, y: Any = Y, **options: Any) -> Any:
    return mlp().fit(x, y, **{"epochs": 1, "verbose": 0, "shuffle": False, **options}).history["loss"]


class Silent(Model):
    def call(self, inputs: Any) -> None:
        pass


BAD: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "batch_size 0": (lambda: fit(batch_size=0), ValueError, "batch_size: expected a positive integer, got 0"),
    "batch_size -1": (lambda: fit(batch_size=-1), ValueError, "batch_size: expected a positive integer, got -1"),
    "batch_size 1.5": (lambda: fit(batch_size=1.5), ValueError, "batch_size: expected a positive integer, got 1.5"),
    "batch_size text": (lambda: fit(batch_size="a"), ValueError, "batch_size: expected a positive integer, got 'a'"),
    "fit nothing": (lambda: fit(X[:0], Y[:0]), ValueError, "x: expected at least one sample"),
    "predict nothing": (lambda: mlp().predict(X[:0], verbose=0), ValueError, "x: expected at least one sample"),
    "evaluate nothing": (lambda: mlp().evaluate(X[:0], Y[:0], verbose=0), ValueError, "at least one sample"),
    "fewer targets": (lambda: fit(X, Y[:10]), ShapeError, "y: expected 48 samples as x has"),
    "features": (lambda: fit(X[:, :3]), ShapeError, r"x: expected shape \(None, 4\), got \(32, 3\)"),
    "no targets": (lambda: fit(X, None), ValueError, "y: expected targets for the loss, got None"),
    "label 3 of 3": (lambda: fit(X, Y + 1), ValueError, r"expected labels in \[0, 3\), got .* the first 3 at sample"),
    "label -1": (lambda: fit(X, Y - 1), ValueError, r"expected labels in \[0, 3\), got .* the first -1 at sample"),
    "half labels": (lambda: fit(X, Y + 0.5), TypeError, "y_true: expected integer labels"),
    "complex": (lambda: fit(X + 1j), TypeError, "x: expected an array of numbers"),
    "objects": (lambda: fit(X.astype(object)), TypeError, "x: expected an array of numbers"),
    "epochs 1.5": (lambda: fit(epochs=1.5), ValueError, r"\[fit\] epochs: expected a positive integer, got 1.5"),
    "epochs 0": (lambda: fit(epochs=0), ValueError, "epochs: expected a positive integer, got 0"),
    "epochs -1": (lambda: fit(epochs=-1), ValueError, "epochs: expected a positive integer, got -1"),
    "initial_epoch -1": (lambda: fit(initial_epoch=-1), ValueError, "initial_epoch: expected a number of epochs"),
    "steps 1.5": (lambda: fit(steps_per_epoch=1.5), ValueError, "steps: expected a positive integer"),
    "validation_freq 0": (lambda: fit(validation_freq=0), ValueError, "validation_freq: expected a positive integer"),
    "class_weight": (lambda: fit(class_weight="balanced"), TypeError, "class_weight: expected a dict .*'balanced'"),
    "weights of text": (lambda: fit(class_weight={0: "a"}), TypeError, "class_weight: expected a number for class 0"),
    "validation_split": (lambda: fit(validation_split="a"), TypeError, "validation_split: expected a number"),
    "callbacks": (lambda: fit(callbacks="a"), TypeError, r"\[fit\] callbacks: expected Callback objects, got 'a'"),
    "string labels": (lambda: fit(X, np.array(["a", "b"] * 24)), TypeError, "y: expected an array of numbers.*np.uni"),
    "ragged lists": (lambda: fit([[1, 2], [3]], [0, 1]), ShapeError, "x: expected lists of one length"),
    "list of batches": (lambda: fit([(X, Y), (X, Y)]), ShapeError, "x: .*batches as a generator"),
    "validation x alone": (lambda: fit(validation_data=X), ValueError, r"validation_data: expected \(x, y\)"),
    "a dict": (lambda: fit({"a": X}), TypeError, "x: expected an array or an iterable of batches, got a dict"),
    "NaN labels": (lambda: fit(X, np.full(48, np.nan)), TypeError, "y_true: expected integer labels"),
    "huge label": (lambda: fit(X, np.full(48, 2**63, np.uint64)), ValueError, r"y: expected labels below 2\*\*63"),
    "NaN classes": (lambda: fit(X, np.full(48, np.nan), class_weight={0: 1.0}), ValueError, "expected finite labels"),
    "no result": (lambda: Silent()(X), TypeError, "call: expected a tensor as its result, got None"),
    "negative Input": (lambda: Input((-1,)), ValueError, "shape: expected sizes"),
    "itself": (
        lambda: (lambda model: model.add(model))(Sequential()),
        ValueError,
        "expected another layer, got the model itself",
    ),
    "rate of text": (lambda: layers.Dropout("a"), TypeError, "rate: expected a number, got 'a'"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", BAD)
def test_errors_name_the_argument(name: str) -> None:
    action, error, text = BAD[name]
    with pytest.raises(error, match=text):
        action()


class Frame:
    """The NumPy interface of a pandas DataFrame whose index is not 0, 1, 2, …"""

    def __init__(self, values: Any) -> None:
        self.values, self.shape = values, values.shape

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.values, dtype)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, key: Any) -> Any:
        raise KeyError(key)


@pytest.mark.parametrize("change", [
    np.asfortranarray, lambda a: a[::-1][::-1], lambda a: np.repeat(a, 2, axis=0)[::2], lambda a: a.tolist(), Frame,
    lambda a: a.astype(a.dtype.newbyteorder()), lambda a: a.astype("f8") if a.dtype.kind == "f" else a.astype("u8"),
])  # fmt: skip
def test_same_result_for_other_array_types(change: Any) -> None:
    assert fit(change(X), change(Y)) == fit()


def test_batch_size_beyond_the_data_takes_all_samples() -> None:
    assert fit(batch_size=2**70) == fit(batch_size=len(X))


def test_nan_propagates() -> None:
    with pytest.warns(UserWarning, match="x is nan in sample 0"):
        assert np.isnan(fit(np.full_like(X, np.nan))).all()


class Stop(callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        raise InterruptedError


def test_model_trains_on_after_an_error_in_a_callback() -> None:
    model = mlp()
    with pytest.raises(InterruptedError):
        model.fit(X, Y, verbose=0, shuffle=False, callbacks=[Stop()])
    expected = mlp()
    expected.train_on_batch(X[:32], Y[:32])
    for m in (model, expected):
        m.fit(X, Y, verbose=0, shuffle=False)
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), expected.get_weights(), strict=True))
    assert not model(X).requires_grad


def test_models_trained_in_two_threads_equal_serial_runs() -> None:
    def train(model: Sequential) -> list[Any]:
        model.fit(X, Y, epochs=20, batch_size=16, verbose=0, shuffle=False)
        return [*model.get_weights(), model.predict(X, verbose=0)]

    expected = [train(mlp(seed, "adam")) for seed in (1, 2)]
    models = [mlp(seed, "adam") for seed in (1, 2)]
    results: list[Any] = [None, None]

    def work(i: int) -> None:
        results[i] = train(models[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result, other in zip(results, expected, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(result, other, strict=True))
