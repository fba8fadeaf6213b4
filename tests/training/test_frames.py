"""Data frames: numeric columns of any dtype are used, errors name any other column and a solution."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from pydl import Input, Model, Sequential, layers
from tests.data_sets import EXPECTED, X, Y, fitted, net

N = 24
NUMBERS = np.tile([1, 0], 12)
GOOD: dict[str, Any] = {
    "bool": NUMBERS.astype(bool),
    "uint8": NUMBERS.astype("u1"),
    "Int64": pd.array(NUMBERS, dtype="Int64"),
    "UInt8": pd.array(NUMBERS, dtype="UInt8"),
    "Float64": pd.array(NUMBERS, dtype="Float64"),
    "boolean": pd.array(NUMBERS.astype(bool), dtype="boolean"),
    "category of numbers": pd.Categorical(NUMBERS),
    "category of bools": pd.Categorical(NUMBERS.astype(bool)),
    "objects": pd.Series(NUMBERS, dtype=object),
    "bools as objects": pd.Series(NUMBERS.astype(bool), dtype=object),
    "mixed objects": pd.Series([True, 0, 1.0, np.float32(0)] * 6, dtype=object),
    "sparse": pd.arrays.SparseArray(NUMBERS),
}
BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "Int64 with NA": (
        pd.array([1, None] * 12, dtype="Int64"),
        ValueError,
        r"12 missing in column 'b' \(Int64\).*fillna",
    ),
    "boolean with NA": (pd.array([True, None] * 12, dtype="boolean"), ValueError, "12 missing in column 'b'"),
    "Float64 with NA": (pd.array([1.0, None] * 12, dtype="Float64"), ValueError, "12 missing in column 'b'"),
    "category with NA": (pd.Categorical([3, None] * 12), ValueError, "12 missing in column 'b'"),
    "objects with None": (pd.Series([True, None] * 12, dtype=object), ValueError, "12 missing in column 'b'"),
    "category": (pd.Categorical(["x", "y"] * 12), TypeError, r"column 'b' \(category\).*cat.codes"),
    "text": (["x", "y"] * 12, TypeError, "got text in column 'b'.*pandas.to_numeric"),
    "text as objects": (pd.Series(["x", "y"] * 12, dtype=object), TypeError, "got text in column 'b'"),
    "text beside numbers": (pd.Series([1, "y"] * 12, dtype=object), TypeError, "got text in column 'b'"),
    "lists": (pd.Series([[1], [2]] * 12, dtype=object), TypeError, "got objects in column 'b'"),
    "dates": (pd.date_range("2020", periods=N), TypeError, "got dates in column 'b'.*dayofyear"),
    "dates with a zone": (pd.date_range("2020", periods=N, tz="UTC"), TypeError, "got dates in column 'b'"),
    "durations": (pd.to_timedelta(np.arange(N), "s"), TypeError, "got durations in column 'b'.*total_seconds"),
    "complex": (np.ones(N) * 1j, TypeError, "got complex numbers in column 'b'"),
    "periods": (pd.period_range("2020", periods=N), TypeError, "column 'b'"),
}


def frame(column: Any) -> Any:
    return pd.DataFrame({"a": X[:, 0], "b": column, "c": X[:, 2], "d": X[:, 3]})


@pytest.mark.parametrize("name", GOOD)
def test_numeric_columns(name: str) -> None:
    x = np.column_stack([X[:, 0], NUMBERS, X[:, 2], X[:, 3]])
    assert fitted(frame(GOOD[name]), Y) == fitted(x, Y)
    assert fitted(X, pd.Series(GOOD[name])) == fitted(X, NUMBERS.astype("f4"))
    assert np.array_equal(net()(frame(GOOD[name])).numpy(), net()(x).numpy())


@pytest.mark.parametrize("name", BAD)
def test_other_columns_are_refused(name: str) -> None:
    column, error, text = BAD[name]
    with pytest.raises(error, match=f"x: .*{text}"):
        fitted(frame(column), Y)
    with pytest.raises(error, match=f"y: .*{text}"):
        fitted(X, pd.Series(column, name="b"))


def test_frames_of_numbers() -> None:
    table = pd.DataFrame(X)
    assert fitted(table, pd.DataFrame(Y)) == fitted(table.astype("float64"), pd.Series(Y[:, 0])) == EXPECTED
    assert fitted(table.sample(frac=1, random_state=0).sort_index(), Y) == EXPECTED  # the index is not 0, 1, 2, …
    assert fitted(pd.DataFrame(X, columns=list("aabb")), Y) == EXPECTED
    assert net().predict(table, verbose=0).shape == (N, 1)


def test_labels_from_pandas() -> None:
    model = Sequential([Input((4,)), layers.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for labels in (pd.Series(NUMBERS), pd.Index(NUMBERS), pd.array(NUMBERS, dtype="Int64"), pd.Categorical(NUMBERS)):
        assert model.evaluate(X, labels, verbose=0) == model.evaluate(X, NUMBERS, verbose=0)


def test_columns_as_named_inputs() -> None:
    a, b = Input((1,), name="a"), Input((1,), name="b")
    model = Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
    model.compile("sgd", "mse")
    table = frame(NUMBERS.astype(bool)).assign(unused=["text"] * N)
    expected = model.predict([X[:, :1], NUMBERS[:, None]], verbose=0)
    for given in (table, dict(table), {"a": table["a"], "b": table["b"]}):
        assert np.array_equal(model.predict(given, verbose=0), expected)
        assert np.array_equal(model(given).numpy(), expected)
    model.fit(table, table["c"], validation_split=0.25, verbose=0)
    with pytest.raises(ValueError, match=r"without \['b'\]"):
        model.predict(table[["a", "c"]], verbose=0)


def test_lazy_frame_is_refused() -> None:
    def collect(self):
        raise AssertionError

    lazy = type("LazyFrame", (), {"__module__": "polars", "columns": ["a"], "dtypes": [1], "collect": collect})()
    model = Sequential([Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    for call in (lambda: model.predict(lazy), lambda: model.fit(lazy, [0]), lambda: model(lazy)):
        with pytest.raises(TypeError, match=r"expected a frame of values, got a LazyFrame; use frame.collect\(\)"):
            call()
