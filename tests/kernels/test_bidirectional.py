"""Both directions of a recurrent layer in one call: the bits of two calls."""

from typing import Any

import numpy as np
import pytest

from pydl import Tensor, Variable, _core, no_grad, ops
from pydl.autograd.plan import PlanCache
from tests import recurrent
from tests.cases import RecurrentCase
from tests.plan_owner import Weights

CELLS: list[tuple[str, dict[str, Any]]] = [
    ("rnn", {}), ("lstm", {}), ("gru", {"reset_after": True}), ("gru", {"reset_after": False})
]  # fmt: skip
CASES = [RecurrentCase("", b, 5, 6, 19) for b in (3, 9)]


def _directions(cell: str, case: RecurrentCase, rng: np.random.Generator, options: Any) -> list[recurrent.Problem]:
    """Two problems, forward and reversed, with the same x and mask."""
    there, back = (recurrent.draw(cell, case, rng, everything=True, **options) for _ in range(2))
    back.x, back.options["mask"], there.options["go_backwards"] = there.x, there.options["mask"], False
    return [there, back]


def _arguments(problem: recurrent.Problem) -> tuple[dict[str, Any], list[Tensor]]:
    """The arguments of one direction in float32, and the tensors among them."""
    tensors = [Tensor(w.astype(np.float32), requires_grad=True) for w in (*problem.weights.values(), *problem.states)]
    weights = dict(zip(problem.weights, tensors, strict=False))
    return {**weights, "initial_state": tensors[len(weights) :], **problem.cast(np.float32)}, tensors


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
def test_one_call_has_the_bits_of_two_calls(
    isa: str, cell: str, options: Any, whole: bool, threads: int, rng: np.random.Generator
) -> None:
    _core.set_num_threads(threads)
    for case in CASES:
        problems = _directions(cell, case, rng, {**options, "return_sequences": whole})
        dys = [p.dy if whole else p.dy[:, -1] for p in problems]
        x = Tensor(problems[0].x.astype(np.float32), requires_grad=True)
        (first, tensors), (second, others) = (_arguments(p) for p in problems)
        y, *ends = ops.bidirectional(cell, x, first, second)
        total = ops.sum(y * np.concatenate(dys, -1).astype(np.float32))
        for states, problem in zip(ends, problems, strict=True):
            for state, gradient in zip(states, problem.dstates, strict=True):
                total = total + ops.sum(state * gradient.astype(np.float32))
        with no_grad():
            inferred = ops.bidirectional(cell, x, first, second)[0]
        np.testing.assert_array_equal(inferred.numpy(), y.numpy())
        total.backward()
        expected = []
        for problem, dy in zip(problems, dys, strict=True):
            problem.dy = dy if not whole or not problem.options["go_backwards"] else dy[:, ::-1]
            expected.append(problem.run(np.float32))
        turned = expected[1]["y"][:, ::-1] if whole else expected[1]["y"]
        np.testing.assert_array_equal(y.numpy(), np.concatenate([expected[0]["y"], turned], -1))
        np.testing.assert_allclose(x.grad, expected[0]["dx"] + expected[1]["dx"], atol=1e-5)
        for one, states, wanted in zip((tensors, others), ends, expected, strict=True):
            for state, value in zip(states, wanted["state"], strict=True):
                np.testing.assert_array_equal(state.numpy(), value)
            weights = list(problems[0].weights)
            for tensor, value in zip(one, [*(wanted[name] for name in weights), *wanted["dstate"]], strict=True):
                np.testing.assert_array_equal(tensor.grad, value)


def test_plan_repacks_changed_weights(rng: np.random.Generator) -> None:
    """A replayed plan packs the weights of both directions, and packs them again after a change."""
    problems = [recurrent.draw("lstm", RecurrentCase("", 9, 3, 5, 20), rng) for _ in range(2)]
    weights = [[Variable(w, dtype="float32") for w in p.weights.values()] for p in problems]
    x, cache = problems[0].x.astype(np.float32), PlanCache()

    def layer(x: Any) -> Any:
        names = ("kernel", "recurrent_kernel", "bias")
        first, second = (dict(zip(names, of_one, strict=True)) for of_one in weights)
        return ops.bidirectional("lstm", x, first, {**second, "go_backwards": True})[0]

    for _ in range(2):
        for _ in range(2):
            with no_grad():
                expected = layer(x).numpy()
            np.testing.assert_array_equal(cache.run(layer, x, Weights(*weights[0], *weights[1])).numpy(), expected)
        weights[1][1].assign(weights[1][1].numpy() * 0.5)
    assert [entry["reason"] for entry in cache.info()] == [None]


def test_errors() -> None:
    x, kernel, wrong = np.ones((2, 3, 4), np.float32), np.ones((4, 8), np.float32), np.ones((2, 7), np.float32)
    first = {"kernel": kernel, "recurrent_kernel": kernel[:2]}
    with pytest.raises(ValueError, match="cell: expected rnn, lstm or gru"):
        ops.bidirectional("cell", x, first, first)
    for option in ("dropuot_mask", "recompute_every", "reset_after"):
        with pytest.raises(
            TypeError, match=rf"\[bidirectional\] first, second: expected arguments of lstm, got '{option}'"
        ):
            ops.bidirectional("lstm", x, first, {**first, option: 1})
    with pytest.raises(ValueError, match=r"^\[bidirectional\] first, second: return_sequences: expected the same"):
        ops.bidirectional("lstm", x, first, {**first, "return_sequences": False})
    with pytest.raises(ValueError, match="recurrent_kernel: expected"):
        ops.bidirectional("lstm", x, first, {**first, "recurrent_kernel": wrong})
    one = {**first, "activation": "tanh", "saved": np.zeros(1, np.float32)}
    with pytest.raises(ValueError, match="return_sequences: expected the same"):
        _core.recurrent_backward(
            "rnn", x, None, True, False, {**one, "return_sequences": False}, {**one, "return_sequences": True}
        )
    with pytest.raises(TypeError, match=r"\[recurrent_forward\] second: expected keywords among kernel, .* got 'zz'"):
        _core.recurrent_forward("lstm", x, False, first, {**first, "zz": 1})
    with pytest.raises(TypeError, match=r"\[recurrent_forward\] go_backwards: expected a bool, got 'yes'"):
        _core.recurrent_forward("lstm", x, False, {**first, "go_backwards": "yes"})
