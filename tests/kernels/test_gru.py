"""The gated recurrent unit against PyTorch; test_recurrent.py has the tests of all cells."""

from typing import Any

import numpy as np
import pytest

from tests import recurrent
from tests.cases import RecurrentCase


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(7, 5, 12, 33), (1, 40, 3, 8)], ids=str)
def test_torch(shape: Any, rng: np.random.Generator) -> None:
    import torch

    problem = recurrent.draw("gru", RecurrentCase("", *shape), rng)
    _, _, i, u = shape
    w = problem.weights
    module = torch.nn.GRU(i, u, batch_first=True, dtype=torch.float64)
    swapped = np.r_[u : 2 * u, :u, 2 * u : 3 * u]  # PyTorch: r z n
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.tensor(w["kernel"].T[swapped]))
        module.weight_hh_l0.copy_(torch.tensor(w["recurrent_kernel"].T[swapped]))
        module.bias_ih_l0.copy_(torch.tensor(w["bias"][0][swapped]))
        module.bias_hh_l0.copy_(torch.tensor(w["bias"][1][swapped]))
    x = torch.tensor(problem.x, requires_grad=True)
    h0 = torch.tensor(problem.states[0][None], requires_grad=True)
    y, h = module(x, h0)
    ((y * torch.tensor(problem.dy)).sum() + (h[0] * torch.tensor(problem.dstates[0])).sum()).backward()
    found = problem.run(np.float64)
    pairs = [(found["y"], y), (found["state"][0], h[0]), (found["dx"], x.grad), (found["dstate"][0], h0.grad[0])]
    pairs += [(found["kernel"].T[swapped], module.weight_ih_l0.grad)]
    pairs += [(found["recurrent_kernel"].T[swapped], module.weight_hh_l0.grad)]
    pairs += [(found["bias"][0][swapped], module.bias_ih_l0.grad), (found["bias"][1][swapped], module.bias_hh_l0.grad)]
    for actual, wanted in pairs:
        np.testing.assert_allclose(actual, wanted.detach().numpy(), rtol=1e-9, atol=1e-11)
