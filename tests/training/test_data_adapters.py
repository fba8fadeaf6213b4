"""Array types: all give the same numbers, and data that are no numeric arrays are refused with a solution."""

import array
from collections import UserDict, UserList, deque, namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from pydl import Input, Model, Sequential, Tensor, layers
from tests.data_sets import EXPECTED, X, Y, fitted, net


class Interface:
    def __init__(self, values: Any) -> None:
        self.__array_interface__ = values.__array_interface__
        self.values = values

    def __getitem__(self, i: int) -> Any:
        raise AssertionError("read by index")

    __len__ = __getitem__  # type: ignore[assignment]


class Exchanged:
    def __init__(self, values: Any) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


def explicit_order(values: Any) -> Any:
    """A dtype with explicit byte order "<", as from HDF5 files."""
    swapped = values.dtype.newbyteorder(">" if np.little_endian else "<")
    return values.view(swapped.newbyteorder("<" if np.little_endian else ">"))


@pytest.mark.parametrize("change", [
    Interface, Exchanged, Tensor, list, tuple, UserList, deque, memoryview, explicit_order,
    lambda a: a.astype(">f4"), lambda a: a.astype("f2").astype("f4") * 0 + a, lambda a: np.ma.masked_array(a),
])  # fmt: skip
def test_all_array_types_give_the_same_losses(change: Any) -> None:
    assert fitted(change(X), change(Y)) == EXPECTED
    if change not in (list, tuple, UserList, deque):
        assert np.array_equal(net()(change(X)).numpy(), net()(X).numpy())


@pytest.mark.parametrize("make", [lambda r: r, list, deque, UserList, lambda r: array.array("f", r)])
def test_sequences_of_numbers(make: Any) -> None:
    model = Sequential([Input((1,)), layers.Dense(1)])
    numbers = range(6)
    expected = model.predict(np.arange(6.0)[:, None], verbose=0)
    assert np.array_equal(model.predict(make(numbers), verbose=0), expected)


def test_batches_in_a_deque() -> None:
    assert fitted(deque((X[i : i + 8], Y[i : i + 8]) for i in (0, 8, 16))) == EXPECTED


def test_memory_map_is_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert fitted(mapped, Y) == EXPECTED
    from pydl.training.batches import ArrayBatches

    batches = ArrayBatches(mapped, Y, None, 8, net()._spec)
    assert np.shares_memory(next(iter(batches)).x, mapped)


def test_mappings_and_named_tuples_count_as_dicts_and_tuples() -> None:
    a, b = Input((4,), name="a"), Input((1,), name="b")
    model = Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
    expected = model.predict([X, Y], verbose=0)
    pair = namedtuple("pair", "a b")
    for given in (UserDict(a=X, b=Y), pair(X, Y), {"b": Y, "a": X, "more": None}):
        assert np.array_equal(model.predict(given, verbose=0), expected)
    with pytest.raises(ValueError, match=r"x: expected \['a', 'b'\], got \['a', 'c'\], without \['b'\]"):
        model.predict({"a": X, "c": Y}, verbose=0)


BAD: dict[str, tuple[Any, str]] = {
    "a set": ({1, 2}, "got a set"),
    "bytes": (b"1234", "got a bytes"),
    "an object": (object(), "got a object"),
    "a number": (3.0, r"got 3.0; for a batch of one use x\[None\]"),
    "objects": (X.astype(object), r"got object of shape \(24, 4\); convert it to one type of numbers"),
    "dates": (np.zeros((4, 4), "M8[s]"), r"convert dates to numbers: x.astype\('int64'\)"),
    "fields": (np.zeros(4, "f4,f4"), "structured_to_unstructured"),
    "complex": (scipy.sparse.csr_matrix(X + 1j), "got complex64"),
}


@pytest.mark.parametrize("name", BAD)
def test_data_that_are_not_numeric_are_refused(name: str) -> None:
    given, text = BAD[name]
    with pytest.raises(TypeError, match=text):
        fitted(given, Y)


def test_masked_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match=r"masked array; use x.filled\(0\)"):
        fitted(np.ma.masked_array(X, X > 0.5), Y)


FORMATS = ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"]


@pytest.mark.parametrize("kind", [scipy.sparse.csr_matrix, scipy.sparse.csr_array])
@pytest.mark.parametrize("form", FORMATS)
def test_sparse_matrices_equal_dense_ones(form: str, kind: Any) -> None:
    dense = np.where(X > 0.6, X, 0)
    sparse = kind(dense).asformat(form)
    for options in ({}, {"shuffle": True}, {"epochs": 2, "shuffle": True, "sample_weight": np.arange(24)}):
        assert fitted(sparse, Y, **options) == fitted(dense, Y, **options)
    assert net(4).fit(X, sparse, verbose=0).history == net(4).fit(X, dense, verbose=0).history
    for split in (sparse, dense):
        logs = net().fit(split, Y, validation_split=0.25, validation_data=None, verbose=0).history
    assert logs == net().fit(sparse, Y, validation_split=0.25, verbose=0).history
    assert (
        net().fit(X, Y, validation_data=(sparse, Y), verbose=0).history
        == net().fit(X, Y, validation_data=(dense, Y), verbose=0).history
    )
    assert net().evaluate(sparse, Y, verbose=0) == net().evaluate(dense, Y, verbose=0)
    assert np.array_equal(net().predict(sparse, batch_size=5, verbose=0), net().predict(dense, batch_size=5, verbose=0))
    assert net().train_on_batch(sparse, Y) == net().train_on_batch(dense, Y)
    assert np.array_equal(net()(sparse).numpy(), net()(dense).numpy())
    assert fitted(iter([(sparse, Y)])) == fitted(iter([(dense, Y)]))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "float64"])
def test_sparse_types(dtype: str) -> None:
    dense = (X * 3).astype(dtype)
    assert fitted(scipy.sparse.csr_matrix(dense), Y) == fitted(dense, Y)


def test_sparse_targets_with_class_weights() -> None:
    y = np.eye(4, dtype=np.float32)[np.arange(24) % 4]
    weights = {0: 2.0, 3: 0.5}
    dense = net(4).fit(X, y, class_weight=weights, verbose=0).history
    assert net(4).fit(X, scipy.sparse.csr_matrix(y), class_weight=weights, verbose=0).history == dense


def test_sparse_beside_dense_inputs() -> None:
    a, b = Input((4,)), Input((4, 1))
    model = Model([a, b], layers.Dense(1)(layers.concatenate([a, layers.Flatten()(b)])))
    for given in ([scipy.sparse.dok_matrix(X), scipy.sparse.csr_array(X)], [X, scipy.sparse.coo_matrix(X)]):
        assert np.array_equal(model.predict(given, verbose=0), model.predict([X, X[..., None]], verbose=0))


def test_wide_sparse_matrix_is_never_dense_as_a_whole() -> None:
    rows = np.repeat(np.arange(2000), 3)
    columns = np.random.default_rng(0).integers(0, 200_000, rows.size)
    wide = scipy.sparse.csr_matrix((np.ones(rows.size, np.float32), (rows, columns)), (2000, 200_000))  # 1.6 GB dense
    model = Sequential([Input((200_000,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.evaluate(wide, np.ones(2000), batch_size=8, steps=2, verbose=0)
    import tracemalloc

    tracemalloc.start()
    model.evaluate(wide, np.ones(2000), batch_size=8, steps=4, verbose=0)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


@pytest.mark.oracle
def test_tensors_of_pytorch() -> None:
    import torch

    x, y = torch.tensor(X, requires_grad=True), torch.tensor(Y)
    assert fitted(x, y) == fitted(list(x), y) == fitted(x.detach().to_sparse(), y) == EXPECTED
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        rounded = x.detach().to(dtype)
        assert fitted(rounded, y) == fitted(rounded.float(), y)
    assert np.array_equal(net()(x).numpy(), net()(X).numpy())
    assert fitted(iter([(x, y.requires_grad_())])) == fitted(iter([(X, Y)]))
