"""Recurrent layers over ids: rows of the kernel replace products with one-hot vectors."""

from typing import Any

import numpy as np
import pytest

from pydl import Tensor, _core, ops
from tests import recurrent
from tests.cases import RecurrentCase

CELLS: list[tuple[str, dict[str, Any]]] = [
    ("rnn", {}), ("lstm", {}), ("gru", {"reset_after": True}), ("gru", {"reset_after": False})
]  # fmt: skip
ROWS = 7


def _problem(cell: str, case: RecurrentCase, rng: np.random.Generator, **options: Any) -> Any:
    """A problem over one-hot vectors, and their ids."""
    problem = recurrent.draw(cell, case, rng, everything=True, **options)
    problem.options["dropout_mask"] = None
    ids = rng.integers(0, ROWS, problem.x.shape[:2])
    problem.x = np.eye(ROWS)[ids]
    return problem, ids


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
@pytest.mark.parametrize("batch", [1, 3, 9, 30])
def test_ids_equal_one_hot_inputs(isa: str, batch: int, cell: str, options: Any, rng: np.random.Generator) -> None:
    problem, ids = _problem(cell, RecurrentCase("", batch, 5, ROWS, 19), rng, **options)
    expected = problem.run(np.float64)
    results = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        for kind in (np.int32, np.int64, np.float32):
            problem.x = ids.astype(kind)
            tensors = [Tensor(a, requires_grad=True) for a in (*problem.weights.values(), *problem.states)]
            weights, states = tensors[: len(problem.weights)], tensors[len(problem.weights) :]
            y, *last = getattr(ops, cell)(problem.x, *weights, initial_state=states, **problem.options)
            total = ops.sum(y * problem.dy)
            for state, gradient in zip(last, problem.dstates, strict=True):
                total = total + ops.sum(state * gradient)
            total.backward()
            results.append([y.numpy(), *(state.numpy() for state in last), *(t.grad for t in tensors)])
    gradients = [expected[name] for name in problem.weights]
    wanted = [expected["y"], *expected["state"], *gradients, *expected["dstate"]]
    for value, right in zip(results[0], wanted, strict=True):
        np.testing.assert_allclose(value, right, atol=1e-12)
    for other in results[1:]:
        for value, right in zip(other, results[0], strict=True):
            np.testing.assert_array_equal(value, right)


def test_errors() -> None:
    kernel, recurrent_kernel = np.ones((5, 8)), np.ones((2, 8))
    for ids in ([[0, 5]], [[-1, 0]], [[0.0, np.nan]]):
        with pytest.raises(ValueError, match=r"^\[lstm\] x: ids: expected row indices in \[0, 5\)"):
            ops.lstm(np.array(ids), kernel, recurrent_kernel)
    with pytest.raises(TypeError, match="expected ids"):
        ops.lstm(np.ones((1, 2), bool), kernel, recurrent_kernel)
    with pytest.raises(ValueError, match="no dropout_mask"):
        ops.lstm(np.ones((1, 2), np.int32), kernel, recurrent_kernel, dropout_mask=np.ones((1, 5)))
