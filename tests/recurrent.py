"""Helpers for all recurrent cells: draw a problem, run the kernels, compare with the reference."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pydl import Tensor, Variable, no_grad, ops
from pydl.autograd.plan import PlanCache
from tests.cases import RecurrentCase
from tests.plan_owner import Weights
from tests.reference import recurrent as reference
from tests.reference.gru import Gru
from tests.reference.lstm import Lstm
from tests.reference.rnn import Rnn
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]

CELLS: dict[str, tuple[Any, int, int]] = {"rnn": (Rnn, 1, 1), "lstm": (Lstm, 4, 2), "gru": (Gru, 3, 1)}  # gates, states
CELL_OPTIONS = ("activation", "recurrent_activation", "reset_after")


@dataclass
class Problem:
    """Inputs and output gradients, all float64; `options` are those of the op."""

    op: str
    x: Array
    weights: dict[str, Array]
    states: list[Array]
    dy: Array
    dstates: list[Array]
    options: dict[str, Any] = field(default_factory=dict)

    def run(self, dtype: Any) -> dict[str, Any]:
        """Outputs and gradients of the op in this dtype, under the names of the reference."""
        x, *rest = (Tensor(a.astype(dtype), requires_grad=True) for a in (self.x, *self.weights.values(), *self.states))
        weights, states = rest[: len(self.weights)], rest[len(self.weights) :]
        outputs, *last = getattr(ops, self.op)(x, *weights, initial_state=states, **self.cast(dtype))
        total = ops.sum(outputs * self.dy.astype(dtype))
        for state, gradient in zip(last, self.dstates, strict=True):
            total = total + ops.sum(state * gradient.astype(dtype))
        total.backward()
        found = {"y": outputs.numpy(), "state": [s.numpy() for s in last], "dx": x.grad}
        gradients = {name: w.grad for name, w in zip(self.weights, weights, strict=True)}
        return {**found, "dstate": [s.grad for s in states], **gradients}

    def cast(self, dtype: Any) -> dict[str, Any]:
        return {
            n: v.astype(dtype) if n.endswith("dropout_mask") and v is not None else v for n, v in self.options.items()
        }

    def expected(self) -> dict[str, Any]:
        cell = CELLS[self.op][0](**{n: v for n, v in self.options.items() if n in CELL_OPTIONS})
        options = {n: v for n, v in self.options.items() if n not in CELL_OPTIONS}
        return reference.run(cell, self.weights, self.x, self.states, self.dy, self.dstates, **options)


def draw(op: str, case: RecurrentCase, rng: np.random.Generator, everything: bool = False, **options: Any) -> Problem:
    """A problem of this shape; `everything` adds a mask, both dropout masks and the reversed direction."""
    _, b, t, i, u = case
    _, gates, states = CELLS[op]
    normal = rng.standard_normal
    bias = (2, 3 * u) if op == "gru" and options.get("reset_after", True) else (gates * u,)
    weights = {
        "kernel": normal((i, gates * u)) / np.sqrt(max(i, 1)),
        "recurrent_kernel": normal((u, gates * u)) / np.sqrt(u),
        "bias": normal(bias),
    }
    if everything:
        mask = rng.random((b, t)) < 0.6
        mask[:1] = False
        factors = {"dropout_mask": 2.0 * (rng.random((b, i)) < 0.5), "recurrent_dropout_mask": rng.random((b, u)) * 2}
        options = {"mask": mask, **factors, "go_backwards": True, **options}
    initial, dstates = ([normal((b, u)) for _ in range(states)] for _ in range(2))
    return Problem(op, normal((b, t, i)), weights, initial, normal((b, t, u)), dstates, options)


def check(problem: Problem, dtype: Any) -> None:
    """Errors accumulate over the steps: the bound grows with the number of terms of all steps."""
    actual, expected = problem.run(dtype), problem.expected()
    b, t, i = problem.x.shape
    terms = (t + 1) * (i + 4 * problem.dy.shape[2] + b + 1)
    for name, wanted in expected.items():
        for a, e in zip(*(v if isinstance(v, list) else [v] for v in (actual[name], wanted)), strict=True):
            scale = max(1.0, float(np.max(np.abs(e), initial=0)))
            assert_close(a, e, atol=tol(dtype, terms, scale, c=8), what=name)


def check_same_bits(op: str, case: RecurrentCase, rng: np.random.Generator, set_threads: Any, **options: Any) -> None:
    problem = draw(op, case, rng, everything=True, **options)
    results = []
    for threads in (1, 2, 3):
        set_threads(threads)
        check_inference(problem, np.float32)
        result = problem.run(np.float32)
        results.append([a for v in result.values() for a in (v if isinstance(v, list) else [v])])
    for other in results[1:]:
        for a, e in zip(other, results[0], strict=True):
            assert np.array_equal(a, e)


def check_inference(problem: Problem, dtype: Any) -> None:
    """Without a tape the outputs have the same bits; return_sequences=False gives the last of them."""
    x, *weights = (a.astype(dtype) for a in (problem.x, *problem.weights.values()))
    states = [s.astype(dtype) for s in problem.states]
    op, options = getattr(ops, problem.op), problem.cast(dtype)
    trained, inferred = problem.run(dtype), op(x, *weights, initial_state=states, **options)
    for a, e in zip(inferred, [trained["y"], *trained["state"]], strict=True):
        assert np.array_equal(a.numpy(), e)
    last = op(x, *weights, initial_state=states, return_sequences=False, **options)
    wanted = trained["y"][:, -1] if trained["y"].shape[1] else np.zeros_like(states[0])
    assert np.array_equal(last[0].numpy(), wanted)
    for a, e in zip(last[1:], trained["state"], strict=True):
        assert np.array_equal(a.numpy(), e)


def check_plan(op: str, rng: np.random.Generator, **options: Any) -> None:
    """A replayed plan, with packed weights, gives the same bits, also after a weight has changed."""
    for case in (RecurrentCase("", 1, 3, 5, 20), RecurrentCase("", 9, 3, 5, 20)):
        problem = draw(op, case, rng, **options)
        weights = [Variable(w, dtype="float32") for w in problem.weights.values()]
        function, x, cache = getattr(ops, op), problem.x.astype(np.float32), PlanCache()

        def layer(x: Any, function: Any = function, weights: Any = weights) -> Any:
            return function(x, *weights, **options)[0]

        for _ in range(2):
            for _ in range(2):
                with no_grad():
                    expected = layer(x).numpy()
                assert np.array_equal(cache.run(layer, x, Weights(*weights)).numpy(), expected)
            weights[1].assign(weights[1].numpy() * 0.5)
        assert [entry["reason"] for entry in cache.info()] == [None]
