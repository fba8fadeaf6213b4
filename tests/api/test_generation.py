"""Generation with carried states against runs over the whole prefix, for each decoding strategy; the scenarios."""

from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers, scenarios
from pydl.generation import beam_search, generate
from pydl.models.incremental import Stepwise

Array = np.ndarray[Any, Any]
V = 7


def language_model(cell: str = "lstm", one_hot: bool = False, mask_zero: bool = False) -> pydl.Sequential:
    """An untrained language model with distinct probabilities."""
    pydl.set_seed(3)
    kind: Any = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}[cell]
    first = layers.Input((None, V)) if one_hot else layers.Embedding(V, 6, mask_zero=mask_zero)
    wide = pydl.initializers.RandomNormal(stddev=1.5)
    stack = [
        kind(5, return_sequences=True, kernel_initializer=wide),
        layers.Dropout(0.5),
        kind(6, return_sequences=True),
    ]
    model = pydl.Sequential([first, *stack, layers.Dense(V, "softmax", kernel_initializer=wide)])
    model(np.eye(V)[[[1, 2]]] if one_hot else np.array([[1, 2]]))
    return model


def read(model: Any, ids: Array, one_hot: bool) -> Array:
    """The distribution of the next id, from a run over the whole prefix."""
    return np.asarray(model.predict(np.eye(V, dtype=np.float32)[ids] if one_hot else ids)[:, -1])


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_greedy_equals_the_argmax_over_the_whole_prefix(cell: str, one_hot: bool) -> None:
    model = language_model(cell, one_hot)
    ids = np.array([[1, 2, 3], [4, 0, 6]])
    made = generate(model, ids, 9)
    for number in made.T:
        np.testing.assert_array_equal(read(model, ids, one_hot).argmax(axis=-1), number)
        ids = np.concatenate([ids, number[:, None]], axis=1)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_padding_in_a_prompt_is_ignored(cell: str) -> None:
    """Padding before, after and inside rows of different lengths; a generated 0 is padding too."""
    model = language_model(cell, mask_zero=True)
    ids = np.array([[0, 0, 1, 2, 3], [4, 6, 0, 0, 0], [4, 0, 6, 0, 0], [0, 0, 0, 0, 0]])
    made = generate(model, ids, 9)
    np.testing.assert_array_equal(made[1], made[2])
    np.testing.assert_array_equal(made[:1], generate(model, ids[:1, 2:], 9))
    best = beam_search(model, ids, 9, beams=1).sequences[:, 0]
    np.testing.assert_array_equal(best, made)
    for number in made.T:
        np.testing.assert_array_equal(read(model, ids, False).argmax(axis=-1), number)
        ids = np.concatenate([ids, number[:, None]], axis=1)


@pytest.mark.parametrize("mask_zero", [False, True])
def test_each_step_replays_one_plan(mask_zero: bool) -> None:
    step = Stepwise(language_model(mask_zero=mask_zero))
    generate(step, [[1]], 5)
    (plan,) = step._plans.info()
    assert plan["reason"] is None


def test_samples_follow_the_distribution() -> None:
    model = language_model()
    prompt = np.full((4000, 1), 2)
    expected = read(model, prompt[:1], False)[0]
    made = generate(model, prompt, 1, temperature=1.0, seed=0)[:, 0]
    np.testing.assert_allclose(np.bincount(made, minlength=V) / 4000, expected, atol=4 * 0.5 / 4000**0.5)
    bold = expected**0.5 / (expected**0.5).sum()
    made = generate(model, prompt, 1, temperature=2.0, seed=0)[:, 0]
    np.testing.assert_allclose(np.bincount(made, minlength=V) / 4000, bold, atol=4 * 0.5 / 4000**0.5)
    best = np.argsort(-expected)[:2]
    assert set(generate(model, prompt, 1, temperature=5.0, top_k=2, seed=0)[:, 0]) == set(best)
    np.testing.assert_array_equal(
        generate(model, prompt[:3], 6, temperature=1.0, top_k=1), generate(model, prompt[:3], 6)
    )
    pydl.set_seed(1)
    first = generate(model, prompt[:9], 6, temperature=1.0)
    pydl.set_seed(1)
    np.testing.assert_array_equal(first, generate(model, prompt[:9], 6, temperature=1.0))


def test_each_row_ends_at_its_own_end_id() -> None:
    model = language_model()
    prompt = np.arange(V)[:, None]
    free = generate(model, prompt, 12)
    end = int(free[0, 2])
    made = generate(model, prompt, 12, end=end)
    for row, whole in zip(made, free, strict=True):
        hits = np.flatnonzero(whole == end)
        stop = hits[0] if len(hits) else len(whole)
        np.testing.assert_array_equal(row[:stop], whole[: min(stop, len(row))])
        assert (row[stop:] == end).all()


def exhaustive_search(model: Any, prompt: Array, steps: int, end: int, penalty: float) -> tuple[float, Array]:
    """The best sequence, by exhaustive search."""
    best: tuple[float, Array] = (-np.inf, prompt)

    def extend(ids: list[int], score: float) -> None:
        nonlocal best
        made = ids[1:]
        if len(made) == steps or (made and made[-1] == end):
            total = score / ((5 + len(made)) / 6) ** penalty
            if total > best[0]:
                best = (total, np.array(made + [end] * (steps - len(made))))
            return
        log_p = np.log(read(model, np.array([ids]), False)[0].astype(np.float64))
        for number in range(V):
            extend([*ids, number], score + log_p[number])

    extend([int(prompt[0])], 0.0)
    return best


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_beams_as_wide_as_the_tree_find_the_optimum(penalty: float) -> None:
    model = language_model()
    found = beam_search(model, [[1], [5]], 3, beams=V**3, end=2, length_penalty=penalty)
    for row, prompt in enumerate((1, 5)):
        score, sequence = exhaustive_search(model, np.array([prompt]), 3, 2, penalty)
        n = found.sequences.shape[2]
        np.testing.assert_array_equal(found.sequences[row, 0], sequence[:n])
        assert found.scores[row, 0] == pytest.approx(score, rel=1e-5)
    assert (np.diff(found.scores[:, :20], axis=1) <= 1e-9).all()


def test_one_beam_equals_greedy() -> None:
    model = language_model()
    found = beam_search(model, [[1], [5], [6]], 8, beams=1)
    np.testing.assert_array_equal(found.sequences[:, 0], generate(model, [[1], [5], [6]], 8))


def by_sorting(y: Array, total: Array, beams: int, from_logits: bool) -> tuple[Array, Array]:
    """A step of beam search by definition: a stable sort of the scores of all continuations."""
    batch, width = total.shape
    with np.errstate(divide="ignore"):
        wide = y.astype(np.float64)
        shifted = wide - wide.max(-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True)) if from_logits else np.log(wide)
    scores = (total[:, :, None] + log_p.reshape(batch, width, -1)).reshape(batch, -1)
    best = np.argsort(-scores, axis=1, kind="stable")[:, :beams]
    return best, np.take_along_axis(scores, best, axis=1)


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("levels", [2, 5, 1000])  # distinct probabilities: few make many ties
@pytest.mark.parametrize("vocabulary", [3, 40])
@pytest.mark.parametrize("beams", [1, 4, 9])
def test_beams_equal_a_stable_sort(
    beams: int, vocabulary: int, levels: int, from_logits: bool, rng: np.random.Generator
) -> None:
    tables = rng.integers(0, levels, (6, 5, vocabulary, vocabulary)).astype(np.float32)
    tables[..., 0] += tables.sum(-1) == 0
    if from_logits:
        tables[0, :, :, 1] = -np.inf
    else:
        tables /= tables.sum(-1, keepdims=True)

    class Table(Stepwise):  # the next id depends on row, step and previous id
        def __init__(self) -> None:
            self.recurrent: list[Any] = [None]
            self.steps = 0

        def initial_states(self, batch_size: int) -> list[Any]:
            return [[pydl.Tensor(np.arange(batch_size))]]

        def __call__(self, ids: Array, states: Any) -> tuple[Array, list[Any]]:
            y = tables[states[0][0].array, self.steps, ids[:, -1]]
            self.steps += 1
            return y, states

    found = beam_search(Table(), np.zeros((6, 1), int), 5, beams=beams, from_logits=from_logits)
    numbers, total = np.zeros((6, 1), int), np.zeros((6, 1))
    sequences = np.zeros((6, 1, 0), int)
    rows = np.arange(6)[:, None]
    for step in range(5):
        y = tables[np.broadcast_to(rows, numbers.shape), step, numbers]
        best, total = by_sorting(y, total, beams, from_logits)
        parent, numbers = np.divmod(best, vocabulary)
        sequences = np.concatenate([sequences[rows, parent], numbers[:, :, None]], axis=2)
    np.testing.assert_array_equal(found.sequences, sequences)
    np.testing.assert_allclose(found.scores, total, 1e-12)


@pytest.mark.parametrize("search", [generate, beam_search])
@pytest.mark.parametrize("activation", [None, "sigmoid", "relu", "tanh", lambda x: x * np.nan])
def test_model_outputs_must_be_probabilities(search: Any, activation: Any) -> None:
    """Or logits, with from_logits=True."""
    head = layers.Dense(V, activation, kernel_initializer=pydl.initializers.RandomNormal(stddev=1.5, seed=0))
    model = pydl.Sequential([layers.Embedding(V, 6), layers.LSTM(5, return_sequences=True), head])
    model(np.array([[1, 2]]))
    name = search.__name__
    with pytest.raises(ValueError, match=rf"\[{name}\] model: expected probabilities, .* from_logits=True"):
        search(model, [[1, 2]], 3)
    if callable(activation):
        with pytest.raises(ValueError, match=rf"\[{name}\] model: expected logits that are finite"):
            search(model, [[1, 2]], 3, from_logits=True)
    else:
        assert len(search(model, [[1, 2]], 3, from_logits=True)) > 0


def test_no_prompts_give_no_sequences() -> None:
    model, none = language_model(), np.zeros((0, 2), int)
    assert generate(model, none, 3).shape == (0, 3)
    sequences, scores = beam_search(model, none, 3, beams=2)
    assert (sequences.shape, scores.shape) == ((0, 2, 3), (0, 2))


def test_errors() -> None:
    model = language_model()
    with pytest.raises(pydl.ShapeError, match="prompt: expected integers"):
        generate(model, [[]], 3)
    with pytest.raises(ValueError, match="temperature"):
        generate(model, [[1]], 3, temperature=-1)
    with pytest.raises(ValueError, match="steps: expected a positive"):
        generate(model, [[1]], 0)
    with pytest.raises(ValueError, match="states: expected a list for each of 2 layers"):
        generate(model, [[1]], 3, states=[])
    with pytest.raises(TypeError, match="expected layers that run forwards, got bidirectional"):
        Stepwise([layers.Bidirectional(layers.LSTM(2))])
    with pytest.raises(RuntimeError, match="no weights yet"):
        Stepwise([layers.LSTM(2)])
    with pytest.raises(ValueError, match="expected ids in"):
        generate(language_model(one_hot=True), [[9]], 1)


# -- scenarios


def fit(model: Any, x: Any, y: Any, loss: str = "sparse_categorical_crossentropy", epochs: int = 30) -> float:
    model.compile(pydl.optimizers.Adam(0.02), loss, metrics=["accuracy"])
    model.fit(x, y, epochs=epochs, batch_size=32, verbose=0)
    return float(model.evaluate(x, y, verbose=0)[1])


def test_many_to_one_and_aligned(rng: np.random.Generator) -> None:
    words = rng.integers(1, 5, (64, 6))
    words[:, 4:] *= rng.integers(0, 2, (64, 1))  # padding
    pydl.set_seed(0)
    assert fit(scenarios.many_to_one(8, 5, cell="gru", vocabulary=5), words, words[:, 0]) > 0.9
    before = scenarios.teacher_forcing(words, 1)
    assert fit(scenarios.aligned(8, 5, vocabulary=5), words, before) > 0.9
    numbers = rng.standard_normal((16, 4, 3))
    assert scenarios.aligned(8, 2, "linear", layers.SimpleRNN, features=3)(numbers).shape == (16, 4, 2)


def test_one_to_many(rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    x = np.eye(4, dtype=np.float32)[rng.integers(0, 4, 64)]
    targets = (x.argmax(axis=-1)[:, None] + np.arange(3)) % 4
    assert fit(scenarios.one_to_many(12, 4, 3, 4), x, targets, epochs=60) > 0.9


def test_video(rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    frames = np.zeros((48, 4, 6, 6, 1), np.float32)
    direction = rng.integers(0, 2, 48)
    for step in range(4):  # a line that moves down or up
        frames[np.arange(48), step, np.where(direction, step, 4 - step)] = 1
    cnn = pydl.Sequential([layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(8)])
    assert fit(scenarios.video((6, 6, 1), cnn, 8, 2), frames, direction) == 1


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_encoder_decoder_learns_to_reverse_sequences(cell: str, rng: np.random.Generator) -> None:
    pydl.set_seed(0)
    source = rng.integers(1, 5, (256, 3))
    target = np.concatenate([source[:, ::-1], np.zeros((256, 1), int)], axis=1)
    start = 5
    model = scenarios.EncoderDecoder(5, 6, 24, cell)
    model.compile(pydl.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
    model.fit([source, scenarios.teacher_forcing(target, start)], target, epochs=25, verbose=0)
    answer = model.generate(source[:32], start, 4, end=0)
    assert (answer[:, :3] == target[:32, : answer.shape[1]][:, :3]).mean() > 0.9
    beams = model.beam_search(source[:32], start, 4, beams=3, end=0)
    assert (beams.sequences[:, 0, :3] == target[:32, :3]).mean() > 0.9


def test_errors_of_scenarios() -> None:
    with pytest.raises(ValueError, match="cell: expected one of lstm, gru, rnn"):
        scenarios.aligned(3, 3, cell="lstn", features=2)
    with pytest.raises(ValueError, match="expected exactly one, got"):
        scenarios.many_to_one(3, 3)
