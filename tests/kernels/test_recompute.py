"""Recomputation: the gradients of the plain backward pass, with much less memory."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import Tensor, layers, ops
from pydl.memory import memory_stats
from tests import recurrent
from tests.cases import RecurrentCase

CELLS: list[tuple[str, dict[str, Any]]] = [
    ("rnn", {}), ("lstm", {}), ("gru", {"reset_after": True}), ("gru", {"reset_after": False})
]  # fmt: skip


@pytest.mark.parametrize("every", [1, 3, 7, 50])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("everything", [False, True], ids=["plain", "everything"])
@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
def test_same_gradients(
    cell: str, options: Any, everything: bool, whole: bool, every: int, rng: np.random.Generator
) -> None:
    for steps in (11, 0):
        case = RecurrentCase("", 4, steps, 3, 5)
        problem = recurrent.draw(cell, case, rng, everything, **options, return_sequences=whole)
        problem.dy = problem.dy if whole else rng.standard_normal((4, 5))
        expected = problem.run(np.float64)
        problem.options["recompute_every"] = every
        found = problem.run(np.float64)
        for name, wanted in expected.items():
            for a, e in zip(*(v if isinstance(v, list) else [v] for v in (found[name], wanted)), strict=True):
                np.testing.assert_allclose(a, e, atol=1e-12, err_msg=name)


def test_ten_thousand_steps_use_a_tenth_of_the_memory(rng: np.random.Generator) -> None:
    x = rng.standard_normal((1, 10_000, 4)).astype(np.float32)
    weights = [rng.standard_normal(shape).astype(np.float32) * 0.2 for shape in ((4, 64), (16, 64), (64,))]
    grads, used = [], []
    for every in (None, 100):
        pydl.release_memory()
        tensors = [Tensor(w, requires_grad=True) for w in weights]
        before = memory_stats()["used_bytes"]
        y = ops.lstm(x, *tensors, return_sequences=False, recompute_every=every)[0]
        used.append(memory_stats()["used_bytes"] - before)
        ops.sum(y * y).backward()
        grads.append([t.grad for t in tensors])
    assert used[1] < 0.1 * used[0]
    for a, b in zip(*grads, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


def test_layer(rng: np.random.Generator) -> None:
    layer = layers.Bidirectional(layers.GRU(3, return_sequences=True, recompute_every=2))
    again = layers.Bidirectional.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.forward_layer.recompute_every == again.backward_layer.recompute_every == 2
    x = Tensor(rng.standard_normal((2, 5, 4)).astype(np.float32))
    plain = layers.Bidirectional(layers.GRU(3, return_sequences=True))
    for one in (layer, plain):
        one._build_once(x.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(layer(x).numpy(), plain(x).numpy(), atol=1e-6)
    with pytest.raises(ValueError, match="recompute_every: expected"):
        layers.LSTM(3, recompute_every=0)(x)
