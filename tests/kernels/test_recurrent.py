"""All recurrent cells against the float64 reference, with every option, on every instruction set."""

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
GRUS: list[dict[str, Any]] = [{"reset_after": True}, {"reset_after": False}]
CELLS: list[tuple[str, dict[str, Any]]] = [("rnn", {}), ("lstm", {}), *(("gru", options) for options in GRUS)]
GATED: dict[str, Any] = {"activation": "relu", "recurrent_activation": "hard_sigmoid"}
ACTIVATIONS: list[tuple[str, dict[str, Any]]] = [
    *(("rnn", {"activation": name}) for name in ("linear", "relu", "sigmoid", "hard_sigmoid")),
    *(("lstm", options) for options in (GATED, {"activation": "linear"})),
    *(("gru", {**GATED, **options}) for options in GRUS),
]


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
@pytest.mark.parametrize("everything", [False, True], ids=["plain", "everything"])
@pytest.mark.parametrize("case", RECURRENT, ids=lambda case: case.name)
def test_reference(
    isa: str, case: RecurrentCase, everything: bool, cell: str, options: Any, rng: np.random.Generator
) -> None:
    problem = recurrent.draw(cell, case, rng, everything, **options)
    for dtype in DTYPES:
        recurrent.check(problem, dtype)


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
@pytest.mark.parametrize("everything", [False, True], ids=["plain", "everything"])
def test_inference(everything: bool, cell: str, options: Any, rng: np.random.Generator) -> None:
    for case in RECURRENT:
        recurrent.check_inference(recurrent.draw(cell, case, rng, everything, **options), np.float32)


@pytest.mark.parametrize(("cell", "options"), ACTIVATIONS, ids=str)
def test_activations(isa: str, cell: str, options: Any, rng: np.random.Generator) -> None:
    case = RecurrentCase("", 3, 4, 5, 19)
    recurrent.check(recurrent.draw(cell, case, rng, everything=True, **options), np.float64)


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
@pytest.mark.parametrize("case", [(3, 20, 9, 100), (20, 5, 9, 100), (64, 3, 70, 130), (1, 1, 192, 192)], ids=str)
def test_same_bits_for_any_thread_count(isa: str, case: Any, cell: str, options: Any, rng: np.random.Generator) -> None:
    recurrent.check_same_bits(cell, RecurrentCase("", *case), rng, _core.set_num_threads, **options)


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
@pytest.mark.parametrize("everything", [False, True], ids=["plain", "everything"])
@pytest.mark.parametrize("shape", [(17, 400), (3, 2400)], ids=["rows", "units"])
def test_gradients_in_chunks_of_steps(
    shape: Any, everything: bool, cell: str, options: Any, rng: np.random.Generator
) -> None:
    """So many steps that weight and input gradients are computed in chunks of steps."""
    case = RecurrentCase("", *shape, 9, 70)
    problem = recurrent.draw(cell, case, rng, everything, **options)
    for dtype in DTYPES:
        recurrent.check(problem, dtype)
    recurrent.check_same_bits(cell, case, rng, _core.set_num_threads, **options)


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
def test_plan(cell: str, options: Any, rng: np.random.Generator) -> None:
    recurrent.check_plan(cell, rng, **options)


@settings(deadline=None, max_examples=160)
@given(st.integers(0, 17), st.integers(0, 9), st.integers(0, 20), st.integers(1, 40), st.data())
def test_any_shape_and_mask(b: int, t: int, i: int, u: int, data: st.DataObject) -> None:
    cell, variant = data.draw(st.sampled_from(CELLS))
    options = {**variant, "go_backwards": data.draw(st.booleans())}
    options["mask"] = np.array(data.draw(st.lists(st.booleans(), min_size=b * t, max_size=b * t)), bool).reshape(b, t)
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    recurrent.check(recurrent.draw(cell, RecurrentCase("", b, t, i, u), rng, **options), np.float64)


@pytest.mark.parametrize(("cell", "options"), CELLS, ids=str)
@pytest.mark.parametrize("return_sequences", [True, False])
def test_gradients(return_sequences: bool, cell: str, options: Any, rng: np.random.Generator) -> None:
    """Central differences of single outputs, with a mask, states and dropout."""
    problem = recurrent.draw(cell, RecurrentCase("", 3, 5, 4, 6), rng, everything=True, **options)
    for output in range(1 + len(problem.states)):

        def function(x: Any, kernel: Any, recurrent_kernel: Any, bias: Any, *states: Any, output: int = output) -> Any:
            weights = (kernel, recurrent_kernel, bias)
            more = {"initial_state": states, "return_sequences": return_sequences, **problem.options}
            return getattr(ops, cell)(x, *weights, **more)[output]

        check_gradients(function, [problem.x, *problem.weights.values(), *problem.states])
