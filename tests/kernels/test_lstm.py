"""Long short-term memory against PyTorch; test_recurrent.py has the tests of all cells."""

from typing import Any

import numpy as np
import pytest

from tests import recurrent
from tests.cases import RecurrentCase


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(7, 5, 12, 33), (1, 40, 3, 8)], ids=str)
def test_torch(shape: Any, rng: np.random.Generator) -> None:
    import torch

    problem = recurrent.draw("lstm", RecurrentCase("", *shape), rng)
    _, _, i, u = shape
    w = problem.weights
    module = torch.nn.LSTM(i, u, batch_first=True, dtype=torch.float64)
    with torch.no_grad():
        module.weight_ih_l0.copy_(torch.tensor(w["kernel"].T))
        module.weight_hh_l0.copy_(torch.tensor(w["recurrent_kernel"].T))
        module.bias_ih_l0.copy_(torch.tensor(w["bias"]))
        module.bias_hh_l0.zero_()
    x = torch.tensor(problem.x, requires_grad=True)
    h0, c0 = (torch.tensor(s[None], requires_grad=True) for s in problem.states)
    y, (h, c) = module(x, (h0, c0))
    dh, dc = (torch.tensor(d) for d in problem.dstates)
    ((y * torch.tensor(problem.dy)).sum() + (h[0] * dh).sum() + (c[0] * dc).sum()).backward()
    found = problem.run(np.float64)
    pairs = [(found["y"], y), (found["state"][0], h[0]), (found["state"][1], c[0]), (found["dx"], x.grad)]
    pairs += [(found["dstate"][0], h0.grad[0]), (found["dstate"][1], c0.grad[0])]
    pairs += [(found["kernel"].T, module.weight_ih_l0.grad), (found["recurrent_kernel"].T, module.weight_hh_l0.grad)]
    pairs += [(found["bias"], module.bias_ih_l0.grad)]
    for actual, wanted in pairs:
        np.testing.assert_allclose(actual, wanted.detach().numpy(), rtol=1e-9, atol=1e-11)
