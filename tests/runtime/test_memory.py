"""The memory pool: no growth, views keep their block, statistics, sizes that cannot be allocated."""

import gc
import resource
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import pydl
from pydl import _core, layers

F32 = np.dtype(np.float32)
SLACK = 2 << 20  # bytes: allowance for Python and malloc


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def used_bytes() -> int:
    return pydl.memory_stats()["used_bytes"]


@pytest.fixture(params=["gc", "no gc"])
def _collector(request: pytest.FixtureRequest) -> Iterator[None]:
    """Runs the test with and without the garbage collector: memory must be freed without it."""
    gc.collect()
    if request.param == "no gc":
        gc.disable()
    yield
    gc.enable()


def assert_flat(call: Callable[[int], object], calls: int) -> None:
    for i in range(calls // 10):
        call(i)
    resident, used = resident_bytes(), used_bytes()
    for i in range(calls):
        call(i)
    assert used_bytes() == used
    assert resident_bytes() < resident + SLACK


@pytest.mark.usefixtures("_collector")
def test_many_small_kernels_do_not_grow_memory() -> None:
    x = np.ones((8, 8), np.float32)
    assert_flat(lambda _: _core.matmul(x, x), 100_000)


@pytest.mark.usefixtures("_collector")
def test_changing_shapes_do_not_grow_memory(rng: np.random.Generator) -> None:
    x = np.ones(4096 * 8, np.float32)
    rows = rng.integers(1, 4096, 20_000).tolist()
    assert_flat(lambda i: _core.softmax_forward(x[: 8 * rows[i]].reshape(-1, 8)), 20_000)


def small_model() -> "pydl.Sequential":
    model = pydl.Sequential([pydl.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(2)])
    model.compile()
    return model


@pytest.mark.usefixtures("_collector")
def test_many_predictions_do_not_grow_memory() -> None:
    model, x = small_model(), np.ones((1, 4), np.float32)
    assert_flat(lambda _: model.predict(x, verbose=0), 100_000)


@pytest.mark.usefixtures("_collector")
def test_predictions_of_changing_shapes_do_not_grow_memory() -> None:
    model, x = small_model(), np.ones((64, 4), np.float32)
    assert_flat(lambda i: model(x[: 1 + i % 64]), 10_000)


def test_view_keeps_its_block() -> None:
    pydl.release_memory()  # a larger idle block would be used too
    before = used_bytes()
    array = _core.empty((1000,), F32)
    array[:] = 7
    view = array[10:20].reshape(2, 5)
    del array
    others = [_core.empty((1000,), F32) for _ in range(10)]
    for other in others:
        other[:] = 0
    assert (view == 7).all()
    del others, other
    assert used_bytes() == before + 4096  # the size class of 4000 bytes
    del view
    assert used_bytes() == before


def test_blocks_are_aligned_and_reused() -> None:
    first = _core.empty((1000,), F32)
    address = first.ctypes.data
    assert address % 64 == 0
    reused = pydl.memory_stats()["reused"]
    del first
    again = _core.empty((999,), F32)
    assert again.ctypes.data == address
    assert pydl.memory_stats()["reused"] == reused + 1


def test_release_and_limit_of_idle_memory() -> None:
    limit = pydl.memory_stats()["limit_bytes"]
    try:
        _core.empty((1 << 20,), F32)
        assert pydl.memory_stats()["idle_bytes"] >= 4 << 20
        pydl.release_memory()
        assert pydl.memory_stats()["idle_bytes"] == pydl.memory_stats()["idle_blocks"] == 0
        pydl.set_memory_limit(1 << 20)
        for size in range(1, 1 << 18, 5000):
            _core.empty((size,), F32)
            assert pydl.memory_stats()["idle_bytes"] <= 1 << 20
        with pytest.raises(ValueError, match=r"\[set_memory_limit\] bytes: expected an integer from 0 to .*, got -1"):
            pydl.set_memory_limit(-1)
    finally:
        pydl.set_memory_limit(limit)


def test_large_blocks_return_to_the_system() -> None:
    pydl.release_memory()
    before = resident_bytes()
    array = _core.empty((16 << 20,), F32)
    array[:] = 1
    assert resident_bytes() > before + (48 << 20)
    del array
    pydl.release_memory()
    assert resident_bytes() < before + SLACK


@pytest.mark.parametrize("shape", [(1 << 44,), (1 << 22, 1 << 22)])
def test_size_that_cannot_be_allocated_is_a_memory_error(shape: tuple[int, ...]) -> None:
    used = used_bytes()
    with pytest.raises(MemoryError):
        _core.empty(shape, F32)
    assert used_bytes() == used
    assert _core.empty((3,), F32).shape == (3,)


@pytest.mark.parametrize("shape", [(sys.maxsize,), (1 << 40, 1 << 40), (-1,)])
def test_invalid_shape_is_a_value_error(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[empty\] shape"):
        _core.empty(shape, F32)


def test_changing_batch_lengths_do_not_leave_blocks_of_every_size() -> None:
    stack = [layers.Embedding(500, 32, mask_zero=True), layers.LSTM(32, return_sequences=True)]
    model = pydl.Sequential([pydl.Input((None,), dtype="int32"), *stack, layers.Dense(500, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)

    def held(lengths: list[int]) -> int:
        pydl.release_memory()
        for length in lengths:
            x = rng.integers(1, 500, (16, length))
            model.train_on_batch(x, x)
        stats = pydl.memory_stats()
        return stats["used_bytes"] + stats["idle_bytes"]

    longest = held([60] * 3)
    assert held(rng.integers(5, 61, 60).tolist()) <= 1.5 * longest + (24 << 20)
