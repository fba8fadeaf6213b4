"""embedding: against the reference, on every instruction set and thread count, and PyTorch."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import EMBEDDING, EmbeddingCase
from tests.reference import embedding as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
DTYPES = [np.float32, np.float64]


def draw(case: EmbeddingCase, dtype: Any, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    ids = np.asarray(rng.integers(0, case.rows, case.ids), np.int32)
    return ids, *(
        rng.standard_normal(shape).astype(dtype) for shape in ((case.rows, case.cols), (*case.ids, case.cols))
    )


def tolerance(case: EmbeddingCase, dtype: Any) -> float:
    """A row of a small table has many ids: its gradient is a sum of n numbers, with partial sums of about sqrt(n)."""
    times = int(np.prod(case.ids)) / case.rows
    return tol(dtype, int(times), scale=3 + times**0.5)


def check(case: EmbeddingCase, dtype: Any, rng: np.random.Generator) -> None:
    ids, table, dy = draw(case, dtype, rng)
    y, dtable = _core.embedding_forward(ids, table), _core.embedding_backward(dy, ids, case.rows)
    assert y.dtype == dtable.dtype == dtype
    np.testing.assert_array_equal(y, reference.embedding(ids, table))
    expected = reference.embedding_backward(dy.astype(np.float64), ids, case.rows)
    assert_close(dtable, expected, tolerance(case, dtype), what="dtable")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", EMBEDDING, ids=lambda case: case.name)
def test_reference(isa: str, case: EmbeddingCase, dtype: Any, rng: np.random.Generator) -> None:
    check(case, dtype, rng)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.integers(0, 6), max_size=3),
    st.integers(1, 9),
    st.integers(0, 70),
    st.sampled_from(DTYPES),
    st.integers(0),
)
def test_any_shape(ids: list[int], rows: int, cols: int, dtype: Any, seed: int) -> None:
    check(EmbeddingCase("any", tuple(ids), rows, cols), dtype, np.random.default_rng(seed))


@pytest.mark.parametrize("id_type", [np.int32, np.int64, np.float32, np.float64])
def test_every_integer_dtype_of_ids(id_type: Any, rng: np.random.Generator) -> None:
    ids, table, dy = draw(EMBEDDING[4], np.float32, rng)
    np.testing.assert_array_equal(_core.embedding_forward(ids.astype(id_type), table), table[ids])
    np.testing.assert_array_equal(
        _core.embedding_backward(dy, ids.astype(id_type), 7), _core.embedding_backward(dy, ids, 7)
    )


def test_same_bits_for_any_thread_count(isa: str, rng: np.random.Generator) -> None:
    case = EmbeddingCase("words", (4096,), 300, 100)
    ids, table, dy = draw(case, np.float32, rng)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        results.append((_core.embedding_forward(ids, table), _core.embedding_backward(dy, ids, case.rows)))
    for result in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(result, results[0], strict=True))


TABLE = np.ones((5, 3), np.float32)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.array([0, 4, 5, -1]), r"ids: expected row indices in \[0, 5\), got 5 at element 2"),
        (np.array([[0, -1]], np.int32), r"\[0, 5\), got -1 at element 1"),
        (np.array([np.nan], np.float32), r"\[0, 5\), got nan at element 0"),
        (np.array([2**62]), r"got 4611686018427387904 at element 0"),
    ],
)
def test_error_names_the_first_bad_id(ids: Array, message: str) -> None:
    with pytest.raises(ValueError, match=rf"\[embedding_forward\] .*{message}"):
        _core.embedding_forward(ids, TABLE)
    with pytest.raises(ValueError, match=rf"\[embedding_backward\] .*{message}"):
        _core.embedding_backward(np.ones((*ids.shape, 3), np.float32), ids, 5)


@pytest.mark.oracle
@pytest.mark.parametrize("case", EMBEDDING, ids=lambda case: case.name)
def test_torch(case: EmbeddingCase, rng: np.random.Generator) -> None:
    import torch

    ids, table, dy = draw(case, np.float64, rng)
    t = torch.tensor(table, requires_grad=True)
    expected = torch.nn.functional.embedding(torch.tensor(ids), t)
    expected.backward(torch.tensor(dy))
    np.testing.assert_array_equal(_core.embedding_forward(ids, table), expected.detach().numpy())
    assert t.grad is not None
    assert_close(_core.embedding_backward(dy, ids, case.rows), t.grad.numpy(), tolerance(case, np.float64))
