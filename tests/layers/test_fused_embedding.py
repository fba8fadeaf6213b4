"""A recurrent layer after an Embedding: rows of table times kernel are gathered, with the results of products."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers, ops

V, D, B, T, U = 5, 6, 3, 7, 4
KINDS = {
    "rnn": layers.SimpleRNN(U, return_sequences=True),
    "lstm": layers.LSTM(U, return_sequences=True, go_backwards=True),
    "gru": layers.GRU(U, recurrent_dropout=0.5, seed=1),
    "bidirectional": layers.Bidirectional(layers.GRU(U, return_sequences=True, reset_after=False)),
}


class Same(layers.Layer):
    supports_masking = True

    def call(self, x: Any) -> Any:
        return x * 1.0


def _model(kind: str, plain: bool, mask_zero: bool) -> Any:
    """With `plain`, a layer between the two prevents the fusion."""
    between = [Same()] if plain else []
    of_kind = type(KINDS[kind]).from_config(KINDS[kind].get_config())
    return pydl.Sequential([layers.Embedding(V, D, mask_zero=mask_zero), *between, of_kind])


@pytest.mark.parametrize("mask_zero", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_results_and_gradients(kind: str, mask_zero: bool, rng: np.random.Generator, monkeypatch: Any) -> None:
    ids = rng.integers(0, V, (B, T)).astype(np.int32)
    got_ids: list[bool] = []
    for name in ("rnn", "lstm", "gru", "bidirectional"):
        op = getattr(ops, name)

        def watched(*args: Any, op: Any = op, **options: Any) -> Any:
            got_ids.append(next(a for a in args if not isinstance(a, str)).ndim == 2)
            return op(*args, **options)

        monkeypatch.setattr(ops, name, watched)
    table, plain = _model(kind, False, mask_zero), _model(kind, True, mask_zero)
    plain._build_once(ids.shape)
    table._build_once(ids.shape)
    table.set_weights(plain.get_weights())
    results = []
    for model in (table, plain):
        y = model(ids, training=True)
        ops.sum(y * np.sin(np.arange(y.size)).reshape(y.shape).astype(np.float32)).backward()
        results.append([y.numpy(), *(w.grad for w in model.trainable_variables), *(model.predict(ids) for _ in "123")])
    assert got_ids[0]
    assert not got_ids[-1]
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    (entry,) = table._plans.info()
    assert entry["reason"] is None


def test_no_fusion_where_it_does_not_pay(rng: np.random.Generator, monkeypatch: Any) -> None:
    """Not with few steps or dropout of the inputs."""
    shapes: list[int] = []
    lstm = ops.lstm
    monkeypatch.setattr(ops, "lstm", lambda x, **rest: (shapes.append(x.ndim), lstm(x, **rest))[1])
    model = pydl.Sequential([layers.Embedding(V, D), layers.LSTM(U, dropout=0.5)])
    model(np.zeros((1, V), np.int32))
    model(np.zeros((B, T), np.int32), training=True)
    model(np.zeros((B, T), np.int32))
    assert shapes == [3, 3, 2]
