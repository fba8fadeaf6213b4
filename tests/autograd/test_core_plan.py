"""_core.Plan by itself: outputs, writes after a run, threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pydl import _core
from tests.plan_owner import Array


def test_several_outputs_need_a_rebuild_function(rng: np.random.Generator) -> None:
    plan, x = _core.Plan(), np.ones((2, 4))
    plan.begin([x], [])
    y, z = _core.matmul(x, x, transpose_b=True), _core.matmul(x, x, transpose_a=True)
    with pytest.raises(ValueError, match=r"\[plan\] rebuild: needed for 2 outputs"):
        plan.end([y, z])
    assert plan.end([y, z], rebuild=lambda *arrays: list(arrays)) is None
    np.testing.assert_array_equal(plan.run(x)[1], z)


def test_post_run_writes_update_arrays_and_versions(rng: np.random.Generator) -> None:
    """h = h w: each run reads h before it writes h."""
    h, w, version = rng.standard_normal((2, 3)), rng.standard_normal((3, 3)), _core.Version()
    plan, x, expected = _core.Plan(), rng.standard_normal((2, 3)), h.copy()
    plan.begin([x], [(h, version), (w, _core.Version())])
    assert plan.end([_core.matmul(x, w), _core.matmul(h, w)], [(h, version)]) is None
    for run in (1, 2, 3):
        x, expected = rng.standard_normal((2, 3)), expected @ w
        np.testing.assert_allclose(plan.run(x), x @ w, rtol=1e-13)
        np.testing.assert_allclose(h, expected, rtol=1e-13)
        assert version.value == run


@pytest.mark.parametrize(
    ("array", "error", "message"),
    [
        (np.zeros((2, 2)), ValueError, r"\[plan\] post_run_writes"),
        (np.zeros((2, 3), np.float32), TypeError, r"\[plan\] post_run_writes: expected the dtype of float64 \(2, 3\)"),
        (np.broadcast_to(0.0, (2, 3)), ValueError, r"\[plan\] post_run_writes"),
    ],
)
def test_post_run_write_of_another_shape_or_dtype_is_refused(
    array: Array, error: type[Exception], message: str
) -> None:
    plan, x = _core.Plan(), np.ones((2, 4))
    plan.begin([x], [])
    y = _core.matmul(x, np.ones((4, 3)))
    with pytest.raises(error, match=message):
        plan.end([y], [(array, _core.Version())])
    plan.abort()


def test_plan_may_be_freed_by_another_thread_while_it_records() -> None:
    x, w = np.ones((3, 4), np.float32), np.ones((4, 5), np.float32)
    plan = _core.Plan()
    plan.begin([x], [])
    box = [plan]
    del plan
    with ThreadPoolExecutor(1) as other:
        other.submit(box.clear).result()
    for _ in range(50):
        _core.matmul(x, w)
    again = _core.Plan()
    again.begin([x], [])
    assert again.end([_core.matmul(x, x, transpose_b=True)]) is None
    np.testing.assert_array_equal(again.run(x), x @ x.T)
