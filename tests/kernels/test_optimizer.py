"""optimizer: every rule against Keras's formulas in float64, several tensors per call, and against PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core
from tests.cases import OPTIMIZER
from tests.reference import optimizer as reference
from tests.tolerance import assert_close, tol

Array = np.ndarray[Any, Any]
Lists = dict[str, list[Array]]
RATE = {"learning_rate": 0.05}


def centered(w: Any, g: Any, v: Any, m: Any, u: Any, **options: Any) -> None:
    _core.rmsprop_update(w, g, v, m, **options, means=u)


def amsgrad(w: Any, g: Any, m: Any, v: Any, u: Any, **options: Any) -> None:
    _core.adam_update(w, g, m, v, **options, largest=u)


# name, arguments of the reference, update of lists, reference for one tensor
RULES: list[tuple[str, dict[str, Any], Callable[..., None], Callable[..., Any], str]] = [
    *(
        (f"sgd_{m}_{n}_{d}", {**RATE, "momentum": m, "nesterov": n, "weight_decay": d}, _core.sgd_update,
         reference.sgd, "wgm")
        for m, n, d in ((0.0, False, 0.0), (0.0, False, 0.1), (0.9, False, 0.0), (0.9, True, 0.01))
    ),
    *(
        (f"rmsprop_{m}_{d}", {**RATE, "rho": 0.9, "momentum": m, "epsilon": 1e-7, "weight_decay": d},
         _core.rmsprop_update, reference.rmsprop, "wgvm")
        for m, d in ((0.0, 0.0), (0.8, 0.1))
    ),
    *(
        (f"adam_{t}_{d}", {"step": t, **RATE, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "weight_decay": d},
         _core.adam_update, reference.adam, "wgmv")
        for t, d in ((1, 0.0), (2, 0.1), (1_000_000, 0.0))
    ),
    *(
        (f"centered_{m}", {**RATE, "rho": 0.9, "momentum": m, "epsilon": 1e-3, "weight_decay": 0.1},
         centered, lambda w, g, v, m, u, **options: reference.rmsprop(w, g, v, m, u=u, **options), "wgvmu")
        for m in (0.0, 0.8)
    ),
    ("amsgrad", {"step": 3, **RATE, "beta_1": 0.9, "beta_2": 0.9, "epsilon": 1e-7, "weight_decay": 0.1},
     amsgrad, lambda w, g, m, v, u, **options: reference.adam(w, g, m, v, u=u, **options), "wgmvu"),
]  # fmt: skip
IDS = [rule[0] for rule in RULES]


def lists(dtype: Any, rng: np.random.Generator) -> Lists:
    made = {key: [rng.standard_normal(shape).astype(dtype) for shape in OPTIMIZER] for key in "wgmvu"}
    # The squared mean of the gradients is at most the mean of their squares.
    made["v"] = [np.abs(v) for v in made["v"]]
    made["u"] = [np.sqrt(v) * 0.9 for v in made["v"]]
    return made


def run(rule: Any, state: Lists) -> Lists:
    _, options, update, _, order = rule
    after = {key: [a.copy() for a in arrays] for key, arrays in state.items()}
    update(*(after[key] for key in order), **options)
    return after


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_reference(isa: str, rule: Any, dtype: Any, rng: np.random.Generator) -> None:
    _, options, _, formula, order = rule
    before = lists(dtype, rng)
    after = run(rule, before)
    for i in range(len(OPTIMIZER)):
        expected = formula(*(before[key][i].astype(np.float64) for key in order), **options)
        for key, value in expected.items():
            assert_close(after[key][i], value, tol(dtype, scale=8), what=f"{key}[{i}]")
        assert np.array_equal(after["g"][i], before["g"][i])


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(RULES),
    st.lists(st.lists(st.integers(0, 12), max_size=3), max_size=8),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 2**32 - 1),
)
def test_any_list_of_shapes(rule: Any, shapes: list[list[int]], dtype: Any, seed: int) -> None:
    """Every tensor has the bits that it has in a call of its own."""
    rng = np.random.default_rng(seed)
    state = {key: [np.asarray(rng.random(shape), dtype) for shape in shapes] for key in "wgmvu"}
    together = run(rule, state)
    for i in range(len(shapes)):
        alone = run(rule, {key: [arrays[i]] for key, arrays in state.items()})
        assert all(np.array_equal(together[key][i], alone[key][0]) for key in "wgmvu")


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_same_bits_for_any_thread_count(isa: str, rule: Any, rng: np.random.Generator) -> None:
    state = lists(np.float32, rng)
    state = {key: [*arrays, np.tile(arrays[-1], 20)] for key, arrays in state.items()}
    _core.set_num_threads(1)
    expected = run(rule, state)
    for threads in (2, 3):
        _core.set_num_threads(threads)
        after = run(rule, state)
        assert all(np.array_equal(a, b) for key in "wmvu" for a, b in zip(after[key], expected[key], strict=True))


def test_tiny_gradients_stay_finite(isa: str) -> None:
    for scale in (1e-38, 1e-45, 0.0):
        w, g, m, v = ([np.full(20, s, np.float32)] for s in (1.0, scale, 0.0, 0.0))
        _core.adam_update(w, g, m, v, 1, 0.001, 0.9, 0.999, 1e-7, 0.0)
        _core.rmsprop_update(w, g, v, [], 0.001, 0.9, 0.0, 1e-7, 0.0)
        assert np.allclose(w[0], 1, atol=1e-3)


def test_variance_is_never_negative() -> None:
    """A constant gradient has variance zero, and rounding in float32 could make it negative."""
    w, g, v, u = ([np.full(20, s, np.float32)] for s in (1.0, 12345.678, 0.0, 0.0))
    for _ in range(200):
        _core.rmsprop_update(w, g, v, [], 1e-9, 0.9, 0.0, 1e-7, 0.0, u)
    assert np.isfinite(w[0]).all()


def test_nan_stays_in_its_element() -> None:
    w, g, m, v = ([np.ones(20, np.float32)] for _ in range(4))
    g[0][3] = np.nan
    _core.adam_update(w, g, m, v, 1, 0.001, 0.9, 0.999, 1e-7, 0.0)
    assert np.array_equal(np.isnan(w[0]), np.arange(20) == 3)


def sgd(params: Any, grads: Any, **options: Any) -> None:
    values = {"momenta": [], "learning_rate": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0, **options}
    _core.sgd_update(params, grads, **values)


def test_no_parameters() -> None:
    sgd([], [])


def test_gradients_may_share_memory() -> None:
    a, b, g = np.ones(3), np.ones(3), np.ones(3)
    sgd([a, b], [g, g])
    assert np.allclose([a, b], 0.9)


def test_errors() -> None:
    a, b = np.ones(3, np.float32), np.ones(3, np.float32)
    with pytest.raises(ValueError, match=r"\[sgd_update\] grads: expected 1 arrays as in params, got 2"):
        sgd([a], [b, b])
    with pytest.raises(TypeError, match="params: expected a list of arrays, got float32"):
        sgd(a, [b])
    with pytest.raises(TypeError, match=r"grads\[0\]: expected float32 \(3,\), got float64"):
        sgd([a], [b.astype(float)])
    with pytest.raises(TypeError, match=r"params\[1\]: expected the dtype"):
        sgd([a, np.ones(2)], [b, np.ones(2)])
    with pytest.raises(TypeError, match=r"params\[0\]: expected a NumPy array, got int"):
        sgd([1], [b])
    with pytest.raises(ValueError, match=r"grads\[0\]: expected shape \(3,\)"):
        sgd([a], [np.ones(4, np.float32)])
    with pytest.raises(ValueError, match="momenta: expected 1 arrays"):
        sgd([a], [b], momentum=0.9)
    for params, grads in (([a], [a]), ([a, a], [b, b])):
        with pytest.raises(ValueError, match="expected arrays that do not share memory"):
            sgd(params, grads)
    whole = np.ones(5, np.float32)
    with pytest.raises(ValueError, match="do not share memory"):
        sgd([whole[:3]], [whole[2:]])
    frozen = np.ones(3, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match=r"params\[0\]: expected a writable array"):
        sgd([frozen], [b])
    sgd([b], [frozen])
    for name, value in (("momentum", 1.5), ("learning_rate", float("nan")), ("weight_decay", -1.0)):
        with pytest.raises(ValueError, match=rf"\[sgd_update\] {name}: expected"):
            sgd([a], [b], **{name: value})
    for step, beta in ((0, 0.9), (1, 1.0)):
        with pytest.raises(ValueError, match=r"\[adam_update\] (step|beta_1): expected"):
            _core.adam_update([a], [b], [a + 1], [b + 1], step, 0.1, beta, 0.9, 1e-7, 0.0)


@pytest.mark.oracle
def test_pytorch(rng: np.random.Generator) -> None:
    """Ten steps of each rule, with epsilon 0: PyTorch adds it at another place of the formula."""
    import torch

    start, gradients = rng.standard_normal(50), rng.standard_normal((10, 50))
    optim = torch.optim

    def of_torch(make: Any) -> Any:
        leaf = torch.tensor(start, requires_grad=True)
        rule = make([leaf])
        for g in gradients:
            leaf.grad = torch.tensor(g)
            rule.step()
        return leaf.detach().numpy()

    def ours(update: Callable[..., None]) -> Array:
        w, m, v = [start.copy()], [np.zeros(50)], [np.zeros(50)]
        for i, g in enumerate(gradients):
            update(w, [g], m, v, i + 1)
        return w[0]

    pairs = [
        (lambda p: optim.SGD(p, 0.1, 0.9), lambda w, g, m, v, t: _core.sgd_update(w, g, m, 0.1, 0.9, False, 0.0)),
        (
            lambda p: optim.SGD(p, 0.1, 0.9, nesterov=True),
            lambda w, g, m, v, t: _core.sgd_update(w, g, m, 0.1, 0.9, True, 0.0),
        ),
        (
            lambda p: optim.AdamW(p, 0.1, eps=0.0, weight_decay=0.1),
            lambda w, g, m, v, t: _core.adam_update(w, g, m, v, t, 0.1, 0.9, 0.999, 0.0, 0.1),
        ),
        (
            lambda p: optim.RMSprop(p, 0.1, 0.9, eps=0.0, momentum=0.5),
            lambda w, g, m, v, t: _core.rmsprop_update(w, g, v, m, 0.1, 0.9, 0.5, 0.0, 0.0),
        ),
    ]
    for theirs, update in pairs:
        assert_close(ours(update), of_torch(theirs), 1e-12)
