"""Long short-term memory: against the float64 reference and PyTorch, with every option, on every instruction set."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core, ops
from pydl.testing import check_gradients
from tests import recurrent
from tests.cases import RECURRENT, RecurrentCase

DTYPES = [np.float32, np.float64]
OPTIONS: list[dict[str, Any]] = [{}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("everything", [False, True], ids=["plain", "everything"])
@pytest.mark.parametrize("case", RECURRENT, ids=lambda case: case.name)
def test_reference(isa: str, case: RecurrentCase, everything: bool, options: Any, rng: np.random.Generator) -> None:
    problem = recurrent.draw("lstm", case, rng, everything, **options)
    for dtype in DTYPES:
        recurrent.check(problem, dtype)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("everything", [False, True], ids=["plain", "everything"])
def test_inference(everything: bool, options: Any, rng: np.random.Generator) -> None:
    for case in RECURRENT:
        recurrent.check_inference(recurrent.draw("lstm", case, rng, everything, **options), np.float32)


@pytest.mark.parametrize(
    "options", [{"activation": "relu", "recurrent_activation": "hard_sigmoid"}, {"activation": "linear"}], ids=str
)
def test_activations(isa: str, options: Any, rng: np.random.Generator) -> None:
    case = RecurrentCase("", 3, 4, 5, 19)
    recurrent.check(recurrent.draw("lstm", case, rng, everything=True, **options), np.float64)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("case", [(3, 20, 9, 100), (20, 5, 9, 100), (64, 3, 70, 130)], ids=str)
def test_same_bits_for_any_thread_count(isa: str, case: Any, options: Any, rng: np.random.Generator) -> None:
    recurrent.check_same_bits("lstm", RecurrentCase("", *case), rng, _core.set_num_threads, **options)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_plan(options: Any, rng: np.random.Generator) -> None:
    recurrent.check_plan("lstm", rng, **options)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 17), st.integers(0, 9), st.integers(0, 20), st.integers(1, 40), st.data())
def test_any_shape_and_mask(b: int, t: int, i: int, u: int, data: st.DataObject) -> None:
    options = {**data.draw(st.sampled_from(OPTIONS)), "go_backwards": data.draw(st.booleans())}
    options["mask"] = np.array(data.draw(st.lists(st.booleans(), min_size=b * t, max_size=b * t)), bool).reshape(b, t)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    recurrent.check(recurrent.draw("lstm", RecurrentCase("", b, t, i, u), rng, **options), np.float64)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("return_sequences", [True, False])
def test_gradients(return_sequences: bool, options: Any, rng: np.random.Generator) -> None:
    """By differences, each output alone: with a mask, states and dropout."""
    problem = recurrent.draw("lstm", RecurrentCase("", 3, 5, 4, 6), rng, everything=True, **options)
    for output in range(1 + len(problem.states)):

        def function(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, *states: Any, output: int = output) -> Any:
            weights = (kernel, recurrent_kernel, bias)
            more = {"initial_state": states, "return_sequences": return_sequences, **problem.options}
            return ops.lstm(x, *weights, **more)[output]

        check_gradients(function, [problem.x, *problem.weights.values(), *problem.states])


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
