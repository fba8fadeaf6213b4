"""Batches from indexable and iterable objects: their count and order."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pydl import Input, Model, Sequential, ShapeError, layers
from tests.data_sets import EXPECTED, X, Y, fitted, net


class Indexed:
    """Three batches of 8 by index, without an IndexError at the end: NumPy would read it forever."""

    def __init__(self, length: int = 3) -> None:
        self.length, self.indices, self.begun, self.ended = length, [], 0, 0  # type: ignore[var-annotated]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, i: int) -> Any:
        self.indices.append(i)
        return X[i % 3 * 8 : i % 3 * 8 + 8], Y[i % 3 * 8 : i % 3 * 8 + 8]

    def on_epoch_begin(self) -> None:
        self.begun += 1

    def on_epoch_end(self) -> None:
        self.ended += 1


def test_batches_by_index() -> None:
    batches = Indexed()
    assert fitted(batches) == EXPECTED
    assert batches.indices == [0, 1, 2]
    assert net().evaluate(Indexed(), verbose=0) == pytest.approx(net().evaluate(X, Y, verbose=0), rel=1e-6)
    assert np.array_equal(net().predict(Indexed(), verbose=0), net().predict(X, verbose=0))
    logs = net().fit(X, Y, validation_data=Indexed(), verbose=0).history
    assert logs["val_loss"] == pytest.approx(net().fit(X, Y, validation_data=(X, Y), verbose=0).history["val_loss"])


def test_shuffle_permutes_the_indices_and_epoch_hooks_are_called() -> None:
    batches = Indexed(50)
    net().fit(batches, epochs=2, verbose=0)
    first, second = batches.indices[:50], batches.indices[50:]
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert first != sorted(first)
    assert (batches.begun, batches.ended) == (2, 2)


def test_huge_length_costs_nothing() -> None:
    batches = Indexed(10**12)
    net().fit(batches, steps_per_epoch=2, epochs=2, verbose=0)
    assert batches.indices == [0, 1, 2, 3]


def test_false_and_empty_lengths_are_refused() -> None:
    class Short(Indexed):
        def __getitem__(self, i: int) -> Any:
            if i == 2:
                raise IndexError("no more")
            return super().__getitem__(i)

    with pytest.raises(IndexError, match="no more") as caught:
        fitted(Short())
    assert "item 2 of a Short of length 3" in caught.value.__notes__[0]
    with pytest.raises(ValueError, match="at least one batch, got a Indexed of length 0"):
        fitted(Indexed(0))
    with pytest.raises(ValueError, match="__len__"):
        fitted(Indexed(-1))


def test_object_without_len_ends_at_index_error() -> None:
    class SequenceProtocol:
        def __getitem__(self, i: int) -> Any:
            if i == 3:
                raise IndexError
            return Indexed()[i]

    assert fitted(SequenceProtocol()) == EXPECTED


@pytest.mark.parametrize("use", [
    lambda b: fitted(X, b), lambda b: fitted(X, Y, sample_weight=b), lambda b: fitted([b, b], Y), lambda b: net()(b),
    lambda b: net().train_on_batch(b, Y), lambda b: net().test_on_batch(X, b), lambda b: net().predict_on_batch(b),
    lambda b: fitted([[b]], Y), lambda b: fitted((b, X), Y), lambda b: fitted(X, Y, validation_data=(X, b)),
])  # fmt: skip
def test_batches_in_place_of_arrays_are_refused_unread(use: Any) -> None:
    batches = Indexed()
    caught: list[Exception] = []

    def attempt() -> None:
        try:
            use(batches)
        except Exception as error:
            caught.append(error)

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert isinstance(caught[0], TypeError), caught
    assert "Indexed" in str(caught[0])
    assert batches.indices == []


def test_iterable_is_iterated_again_in_each_epoch() -> None:
    class Growing:
        seen = 0

        def __iter__(self) -> Iterator[Any]:
            self.seen += 1
            return iter([(X * self.seen, Y)])

    source = Growing()
    losses = net().fit(source, epochs=3, verbose=0).history["loss"]
    assert source.seen == 3
    assert len(set(losses)) == 3


class Lists:
    """Batches that are lists, as from the DataLoader of PyTorch."""

    def __init__(self, *arrays: Any) -> None:
        self.arrays = arrays

    def __iter__(self) -> Iterator[Any]:
        return iter([[a[i : i + 8] for a in self.arrays] for i in (0, 8, 16)])


def test_batches_that_are_lists() -> None:
    assert fitted(Lists(X, Y)) == EXPECTED
    assert net().evaluate(Lists(X, Y), verbose=0) == pytest.approx(net().evaluate(X, Y, verbose=0), rel=1e-6)
    for lists in (Lists(X), Lists(X, Y)):
        assert np.array_equal(net().predict(lists, verbose=0), net().predict(X, verbose=0))
    weights = np.arange(24, dtype="f4")
    assert fitted(Lists(X, Y, weights)) == fitted(X, Y, sample_weight=weights)


def test_list_of_inputs_and_equal_targets_is_a_batch() -> None:
    assert (
        net(4).fit(Lists(X, X), verbose=0, shuffle=False).history
        == net(4).fit(X, X, batch_size=8, verbose=0, shuffle=False).history
    )


def test_lists_for_a_model_with_two_inputs() -> None:
    a, b = Input((4,)), Input((1,))
    model = Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
    model.compile("sgd", "mse")
    expected = model.predict([X, Y], verbose=0)
    assert np.allclose(model.predict(Lists(X, Y), verbose=0), expected)
    assert model.evaluate(iter([[[X, Y], Y]]), verbose=0) == pytest.approx(model.evaluate([X, Y], Y, verbose=0))


@pytest.mark.parametrize(("batches", "error", "text"), [
    ([[X, Y, Y, Y]], ValueError, r"expected batches x, \(x, y\) or .* got 4 parts"),
    ([{"x": X, "y": Y}], TypeError, r"got a dict with \['x', 'y'\]; pass a batch as a tuple \(x, y\)"),
    (zip(X, Y, strict=True), ShapeError, "y: expected 4 samples as x has"),
    ([(X, Y[:3])], ShapeError, "y: expected 24 samples as x has"),
    ([(X, 1.0)], TypeError, r"y: .* with a batch axis, got 1.0"),
])  # fmt: skip
def test_invalid_batches_are_refused(batches: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        fitted(iter(batches))


@pytest.mark.oracle
def test_loader_and_dataset_of_pytorch() -> None:
    import torch
    from torch.utils.data import DataLoader, IterableDataset, TensorDataset

    class Samples(IterableDataset):  # type: ignore[type-arg]
        def __iter__(self) -> Iterator[Any]:
            return iter(zip(X, Y, strict=True))

    data = TensorDataset(torch.tensor(X), torch.tensor(Y))
    loader = DataLoader(data, batch_size=8)
    assert fitted(loader) == fitted(DataLoader(Samples(), batch_size=8)) == EXPECTED
    assert np.array_equal(net().predict(loader, verbose=0), net().predict(X, verbose=0))
    only_x = DataLoader(TensorDataset(torch.tensor(X)), batch_size=8)
    assert np.array_equal(net().predict(only_x, verbose=0), net().predict(X, verbose=0))
    logs = net().fit(X, Y, validation_data=loader, verbose=0).history
    assert logs["val_loss"] == pytest.approx(net().fit(X, Y, validation_data=(X, Y), verbose=0).history["val_loss"])
    for dataset in (data, Samples()):
        with pytest.raises(TypeError, match=r"single samples; wrap it in torch.utils.data.DataLoader\(dataset"):
            fitted(dataset)


@pytest.mark.oracle
def test_datasets_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __len__(self) -> int:
            return 3

        def __getitem__(self, i: int) -> Any:
            return [X[i * 8 : i * 8 + 8], Y[i * 8 : i * 8 + 8]]  # in Keras a list is a tuple here

    class Endless(Batches):
        num_batches = None

    assert fitted(Batches(workers=2)) == EXPECTED
    assert fitted(Endless(), steps_per_epoch=3) == EXPECTED
    with pytest.raises(ValueError, match="expected a number of batches, because x is infinite, got None"):
        fitted(Endless())


def test_sequential_takes_its_input_by_name() -> None:
    model = Sequential([Input((4,), name="features"), layers.Dense(1)])
    assert np.array_equal(model.predict({"features": X, "more": Y}, verbose=0), model.predict(X, verbose=0))
