"""Autoregressive decoding with a recurrent model: each predicted id is the input of the next step.

The states are carried from step to step, so the cost of a step does not depend on the length of the sequence. All
samples of a batch advance together.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .autograd.tape import Array
from .base import random_streams
from .base.errors import ShapeError, number, positive_integer
from .models.incremental import Stepwise, select
from .training.data_adapters import as_numbers

__all__ = ["Beams", "beam_search", "generate"]


def generate(
    model: Any,
    prompt: Any,
    steps: int,
    temperature: float = 0.0,
    top_k: int | None = None,
    end: int | None = None,
    states: Any = None,
    from_logits: bool = False,
    seed: int | None = None,
) -> Array:
    """Continues each row of a prompt, one id after another, from the model's predictions.

    Args:
        model: A built Sequential (or a list of layers) whose output for a sequence is a softmax over the next id; or
            a `Stepwise` of one, which keeps its plans between calls.
        prompt: Ids (batch, steps), integers, with at least one step; for a decoder, the start id.
        steps: The maximum number of ids to add.
        temperature: 0 takes the most probable id; 1 samples the model's distribution; a higher one flattens it.
        top_k: Samples only from this many of the most probable ids; None for all.
        end: The id after which a row is done, and with which it is padded; None for none.
        states: The initial states, a list for each recurrent layer, such as those of an encoder; None for zeros.
        from_logits: Whether the output is logits, without a softmax.
        seed: Of the draws, an integer of at least 0; None: `pydl.set_seed` governs them.

    Returns:
        Array of ids (batch, steps), without the prompt; fewer steps if all rows are done.

    Raises:
        RuntimeError: If a layer has no weights yet.
        ShapeError: If the prompt does not fit.
        TypeError: For layers that go backwards.
        ValueError: If another argument does not fit, or the model does not give probabilities.

    Example:
        >>> layers = pydl.layers
        >>> model = pydl.Sequential([pydl.Input((None, 3)), layers.GRU(4, return_sequences=True),
        ...                          layers.Dense(3, "softmax")])
        >>> pydl.generation.generate(model, [[0], [1]], steps=5).shape
        (2, 5)
    """
    step, tokens, steps, state = _begin(model, prompt, steps, states)
    if number("generate", "temperature", temperature) < 0:
        raise ValueError(f"[generate] temperature: expected at least 0, got {temperature}")
    if top_k is not None:
        top_k = positive_integer("generate", "top_k", top_k)
    draws = random_streams.generator("generate", random_streams.checked_seed("generate", seed))
    chosen: list[Array] = []
    done = np.zeros(len(tokens), bool)
    while len(chosen) < steps and not (done.all() and len(done)):
        y, state = step(tokens, state)
        _check("generate", y, from_logits)
        numbers = _choose(y, from_logits, temperature, top_k, draws)
        if end is not None:
            numbers[done] = end
            done |= numbers == end
        chosen.append(numbers)
        tokens = numbers[:, None]
    return np.stack(chosen, axis=1)


class Beams(NamedTuple):
    """The result of `beam_search`.

    Args:
        sequences: Ids (batch, beams, steps), the best first.
        scores: Their scores (batch, beams), float64.

    Example:
        >>> beams = pydl.generation.Beams(np.array([[[2, 1]]]), np.array([[-0.5]]))
        >>> beams.sequences[0, 0].tolist()
        [2, 1]
    """

    sequences: Array
    scores: Array


def beam_search(
    model: Any,
    prompt: Any,
    steps: int,
    beams: int = 4,
    end: int | None = None,
    length_penalty: float = 0.0,
    states: Any = None,
    from_logits: bool = False,
) -> Beams:
    """The most probable continuations of each row of a prompt, by beam search.

    Args:
        model: A built Sequential, a list of layers or a `Stepwise`, as in `generate`.
        prompt: Ids (batch, steps), integers, with at least one step.
        steps: The maximum number of ids to add.
        beams: The number of partial sequences that each step keeps per row.
        end: The id after which a sequence is done, and with which it is padded; None for none.
        length_penalty: The exponent p: log-probabilities are divided by ((5 + length) / 6)^p, so that long sequences,
            products of more factors, do not rank lower for their length; 0 for none.
        states: The initial states, a list for each recurrent layer; None for zeros.
        from_logits: Whether the output is logits, without a softmax.

    Returns:
        `Beams` of sequences (batch, beams, steps) and scores (batch, beams).

    Raises:
        RuntimeError: If a layer has no weights yet.
        ShapeError: If the prompt does not fit.
        TypeError: For layers that go backwards.
        ValueError: If another argument does not fit, or the model does not give probabilities.

    Source:
        Wu et al. 2016, "Google's Neural Machine Translation System", section 7.

    Example:
        >>> layers = pydl.layers
        >>> model = pydl.Sequential([pydl.Input((None, 3)), layers.GRU(4, return_sequences=True),
        ...                          layers.Dense(3, "softmax")])
        >>> found = pydl.generation.beam_search(model, [[0], [1]], steps=5, beams=2)
        >>> found.sequences.shape, found.scores.shape
        ((2, 2, 5), (2, 2))
    """
    beams = positive_integer("beam_search", "beams", beams)
    step, tokens, steps, state = _begin(model, prompt, steps, states)
    batch = len(tokens)
    if batch == 0:
        return Beams(np.zeros((0, beams, steps), np.int64), np.zeros((0, beams)))
    rows = np.arange(batch)[:, None]
    found = np.zeros((batch, 1, 0), np.int64)
    total = np.zeros((batch, 1))  # log-probability of each beam
    length = np.zeros((batch, 1))
    done = np.zeros((batch, 1), bool)
    while found.shape[2] < steps and not done.all():
        y, state = step(tokens, state)
        _check("beam_search", y, from_logits)
        width = total.shape[1]
        number, log_p = _likeliest(y, from_logits, beams, None if end is None else done.ravel(), end)
        sums = total[:, :, None] + log_p.reshape(batch, width, -1)
        lengths = np.broadcast_to((length + ~done)[:, :, None], sums.shape)
        scores = (sums / _penalty(lengths, length_penalty)).reshape(batch, -1)
        best = np.argsort(-scores, axis=1, kind="stable")[:, :beams]
        parent = best // sums.shape[2]
        number, total, length = (a.reshape(batch, -1)[rows, best] for a in (number, sums, lengths))
        found = np.concatenate([found[rows, parent], number[:, :, None]], axis=2)
        done = done[rows, parent] if end is None else done[rows, parent] | (number == end)
        state = select(state, (rows * width + parent).ravel())
        tokens = number.reshape(-1, 1)
    return Beams(found, total / _penalty(length, length_penalty))


def _begin(model: Any, prompt: Any, steps: Any, states: Any) -> tuple[Stepwise, Array, int, Any]:
    step = model if isinstance(model, Stepwise) else Stepwise(model)
    tokens = as_numbers("prompt", prompt)
    if tokens.ndim != 2 or tokens.shape[1] == 0 or tokens.dtype.kind not in "iu":
        raise ShapeError(f"[generate] prompt: expected integers (batch, steps), got {tokens.dtype} {tokens.shape}")
    tokens = np.ascontiguousarray(tokens, np.int64)
    state = step.initial_states(len(tokens)) if states is None else [list(s) for s in states]
    if len(state) != len(step.recurrent):
        raise ValueError(
            f"[generate] states: expected a list for each of {len(step.recurrent)} layers, got {len(state)}"
        )
    return step, tokens, positive_integer("generate", "steps", steps), state


def _check(function: str, y: Array, from_logits: bool) -> None:
    """ValueError unless each row of y (R, V) is a distribution over the next id."""
    if not y.size:
        return
    if from_logits:
        if not np.isfinite(y.max(axis=-1)).all():
            raise ValueError(f"[{function}] model: expected logits that are finite or -infinity, got NaN or infinity")
    elif not (np.abs(y.sum(axis=-1) - 1) < 1e-2).all() or not y.min() >= 0:
        raise ValueError(
            f"[{function}] model: expected probabilities, which are at least 0 and add up to 1, got a row with sum "
            f"{y.sum(axis=-1).flat[np.argmax(~(np.abs(y.sum(axis=-1) - 1) < 1e-2))]:.4g} and minimum "
            f"{y.min():.4g}; for a model that does not end in a softmax, pass from_logits=True"
        )


def _log_probabilities(y: Array, from_logits: bool) -> Array:
    """The logarithm of the softmax, in float64."""
    wide = y.astype(np.float64)
    if not from_logits:
        with np.errstate(divide="ignore"):
            return np.log(wide)
    shifted = wide - wide.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _likeliest(y: Array, from_logits: bool, count: int, done: Array | None, end: int | None) -> tuple[Array, Array]:
    """For each row of y (R, V) the `count` likeliest ids in ascending order, and their log-probabilities (R, count).

    The `count` best of several rows are among them. Rows that are `done` continue with `end`, at log-probability 0.
    """
    values = _log_probabilities(y, True) if from_logits else y
    if done is not None and done.any():
        values = values.copy()
        values[done] = -np.inf if from_logits else 0
        values[done, end] = 0 if from_logits else 1
    ids = _top_k(values, count)
    values = np.take_along_axis(values, ids, axis=1)
    return ids, values if from_logits else _log_probabilities(values, False)


def _top_k(values: Array, count: int) -> Array:
    """The indices of the `count` greatest of each row, ascending; of equal values, the first."""
    _rows, size = values.shape
    if count >= size:
        return np.broadcast_to(np.arange(size), values.shape)
    places = np.argpartition(values, size - count, axis=1)[:, size - count :]
    least = np.take_along_axis(values, places, axis=1).min(axis=1)
    for row in np.flatnonzero((values >= least[:, None]).sum(axis=1) > count):  # more equal values than can be taken
        greater = np.flatnonzero(values[row] > least[row])
        equal = np.flatnonzero(values[row] == least[row])
        places[row] = np.concatenate([greater, equal[: count - len(greater)]])
    return np.sort(places, axis=1)


def _choose(y: Array, from_logits: bool, temperature: float, top_k: int | None, draws: np.random.Generator) -> Array:
    """An id for each row. The argmax of logits plus Gumbel noise is a sample of the softmax."""
    if temperature == 0:
        return np.asarray(y.argmax(axis=-1))
    log_p = _log_probabilities(y, from_logits)
    if top_k is not None and top_k < log_p.shape[-1]:
        least = np.partition(log_p, -top_k, axis=-1)[:, -top_k, None]
        log_p = np.where(log_p >= least, log_p, -np.inf)
    return np.asarray((log_p / temperature + draws.gumbel(size=log_p.shape)).argmax(axis=-1))


def _penalty(length: Array, alpha: float) -> Array:
    return np.asarray(((5 + length) / 6) ** alpha)
