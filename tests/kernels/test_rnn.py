"""Elman's network against PyTorch and the textbook; test_recurrent.py has the tests of all cells."""

from typing import Any

import numpy as np
import pytest

from pydl import _core
from tests import recurrent
from tests.cases import RecurrentCase
from tests.reference.rnn import double_sum


def test_bptt_is_the_double_sum_over_time(rng: np.random.Generator) -> None:
    problem = recurrent.draw("rnn", RecurrentCase("", 1, 7, 3, 5), rng)
    problem.states, problem.dstates = [np.zeros((1, 5))], [np.zeros((1, 5))]
    expected = double_sum(problem.weights, problem.x[0], problem.dy[0])
    np.testing.assert_allclose(problem.run(np.float64)["recurrent_kernel"], expected, rtol=1e-12, atol=1e-13)


def test_memory_is_linear_in_time(rng: np.random.Generator) -> None:
    problem = recurrent.draw("rnn", RecurrentCase("", 2, 10_000, 3, 8), rng)
    w = {name: value.astype(np.float32) for name, value in problem.weights.items()}
    _, (_, _, saved) = _core.recurrent_forward("rnn", problem.x.astype(np.float32), True, w)
    assert saved is not None
    assert saved.nbytes < 2 * 10_000 * 4 * 100


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(7, 5, 12, 33), (1, 40, 3, 8)], ids=str)
def test_torch(shape: Any, rng: np.random.Generator) -> None:
    import torch

    problem = recurrent.draw("rnn", RecurrentCase("", *shape), rng)
    _, _, i, u = shape
    w = problem.weights
    module = torch.nn.RNN(i, u, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.tensor(w["kernel"].T))
        module.weight_hh_l0.copy_(torch.tensor(w["recurrent_kernel"].T))
        module.bias_ih_l0.copy_(torch.tensor(w["bias"]))
        module.bias_hh_l0.zero_()
    x = torch.tensor(problem.x, requires_grad=True)
    h0 = torch.tensor(problem.states[0][None], requires_grad=True)
    y, h = module(x, h0)
    ((y * torch.tensor(problem.dy)).sum() + (h[0] * torch.tensor(problem.dstates[0])).sum()).backward()
    found = problem.run(np.float64)
    pairs = [(found["y"], y), (found["state"][0], h[0]), (found["dx"], x.grad), (found["dstate"][0], h0.grad[0])]
    pairs += [(found["kernel"].T, module.weight_ih_l0.grad), (found["recurrent_kernel"].T, module.weight_hh_l0.grad)]
    pairs += [(found["bias"], module.bias_ih_l0.grad)]
    for actual, wanted in pairs:
        np.testing.assert_allclose(actual, wanted.detach().numpy(), rtol=1e-9, atol=1e-11)
