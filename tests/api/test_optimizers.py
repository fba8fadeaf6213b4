"""Optimizers against the formulas of Keras in float64, clipping, schedules, effects on variables."""

import copy
import math
import os

import numpy as np
import pytest

import pydl
from pydl import optimizers
from pydl.ops.optimizer import clipped as clip_gradients
from pydl.optimizers import schedules
from tests.reference import optimizer as reference
from tests.tolerance import assert_close

STEPS = 5
SHAPES = [(3, 4), (4,), (), (2, 3, 1, 5)]
CASES = {
    "sgd": (lambda: optimizers.SGD(0.1), {"momentum": 0.0, "nesterov": False}),
    "momentum": (lambda: optimizers.SGD(0.1, momentum=0.9), {"momentum": 0.9, "nesterov": False}),
    "nesterov": (lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True), {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (lambda: optimizers.RMSprop(0.1), {"rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}),
    "rmsprop_momentum": (
        lambda: optimizers.RMSprop(0.1, rho=0.8, momentum=0.5),
        {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-7},
    ),
    "adam": (lambda: optimizers.Adam(0.1), {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}),
    "rmsprop_centered": (
        lambda: optimizers.RMSprop(0.1, momentum=0.5, centered=True, epsilon=1e-3),
        {"rho": 0.9, "momentum": 0.5, "epsilon": 1e-3},
    ),
    "adam_amsgrad": (
        lambda: optimizers.Adam(0.1, amsgrad=True),
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    ),
    "adamw": (
        lambda: optimizers.AdamW(0.1, weight_decay=0.0),
        {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    ),
}


def reference_steps(rule, options, w, grads, weight_decay):
    state, third = [np.zeros_like(w), np.zeros_like(w)], None
    if rule.endswith(("centered", "amsgrad")):
        third = np.zeros_like(w)
    for t, g in enumerate(grads, start=1):
        common = {"learning_rate": 0.1, "weight_decay": weight_decay, **options}
        if rule.startswith("adam"):
            new = reference.adam(w, g, *state, step=t, u=third, **common)
            state = [new["m"], new["v"]]
        elif rule.startswith("rmsprop"):
            new = reference.rmsprop(w, g, *state, u=third, **common)
            state = [new["v"], new["m"]]
        else:
            new = reference.sgd(w, g, state[0], **common)
            state[0] = new["m"]
        w, third = new["w"], new.get("u")
    return w


def test_every_optimizer_has_a_case():
    assert {type(make()) for make, _ in CASES.values()} == set(optimizers._registry.classes.values())


@pytest.mark.parametrize("weight_decay", [None, 0.01])
@pytest.mark.parametrize("rule", CASES)
def test_steps_equal_keras_formulas(rule, weight_decay, rng):
    make, options = CASES[rule]
    optimizer = make()
    optimizer.weight_decay = weight_decay
    start = [rng.normal(size=shape) for shape in SHAPES]
    grads = [[rng.normal(size=shape) for shape in SHAPES] for _ in range(STEPS)]
    variables = [pydl.Variable(w.astype(np.float32)) for w in start]
    for step in grads:
        optimizer.apply([g.astype(np.float32) for g in step], variables)
    for i, (variable, w) in enumerate(zip(variables, start, strict=True)):
        expected = reference_steps(rule, options, w, [step[i] for step in grads], weight_decay or 0.0)
        assert_close(variable.numpy(), expected, atol=2e-5, rtol=1e-5, what=f"{rule} {variable.shape}")
    assert optimizer.iterations == STEPS


def test_every_update_increments_the_version():
    a, b = pydl.Variable(np.ones(2)), pydl.Variable(np.ones(2))
    before = a.version.value, b.version.value
    optimizers.SGD(1.0).apply_gradients([(np.ones(2), a), (None, b)])
    assert a.version.value > before[0]
    assert b.version.value == before[1]
    np.testing.assert_array_equal(a.numpy(), 0)
    np.testing.assert_array_equal(b.numpy(), 1)


def test_both_dtypes_in_one_update():
    variables = [pydl.Variable(np.ones(2, np.float32)), pydl.Variable(np.ones(3, np.float64))]
    optimizers.SGD(0.5).apply([np.ones(2), np.ones(3)], variables)
    assert [v.dtype for v in variables] == [np.float32, np.float64]
    assert all((v.numpy() == 0.5).all() for v in variables)


def test_constraints_follow_the_update():
    v = pydl.Variable(np.ones(2), constraint=lambda w: np.maximum(w, 0))
    optimizers.SGD(3.0).apply([np.array([1.0, 0.0])], [v])
    np.testing.assert_array_equal(v.numpy(), [0, 1])


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        ({"clipvalue": 1.0}, [[1.0, 1.0], [0.5]]),
        ({"clipnorm": 1.0}, [[0.6, 0.8], [0.5]]),
        ({"global_clipnorm": math.sqrt(25.25) / 2}, [[1.5, 2.0], [0.25]]),
        ({"global_clipnorm": 100.0}, [[3.0, 4.0], [0.5]]),
    ],
)
def test_clipping(clip, expected):
    variables = [pydl.Variable(np.zeros(2)), pydl.Variable(np.zeros(1))]
    optimizers.SGD(1.0, **clip).apply([np.array([3.0, 4.0]), np.array([0.5])], variables)
    for v, e in zip(variables, expected, strict=True):
        np.testing.assert_allclose(-v.numpy(), e, rtol=1e-6)


def test_errors_name_the_argument():
    v = pydl.Variable(np.ones(2))
    with pytest.raises(ValueError, match="clipnorm, clipvalue, global_clipnorm: expected at most one"):
        optimizers.Adam(clipnorm=1.0, clipvalue=1.0)
    with pytest.raises(ValueError, match="momentum: expected between 0 and 1"):
        optimizers.SGD(momentum=2)
    with pytest.raises(ValueError, match="got 2 gradients and 1 variables"):
        optimizers.SGD().apply([np.ones(2), np.ones(2)], [v])
    with pytest.raises(ValueError, match="expected a gradient, got only None"):
        optimizers.SGD().apply([None], [v])
    with pytest.raises(ValueError, match="expected"):
        optimizers.SGD().apply([np.ones(3)], [v])
    with pytest.raises(ValueError, match="Known are: adam, adamw, rmsprop, sgd"):
        optimizers.get("adamm")


@pytest.mark.parametrize("name", ["sgd", "SGD", "Adam", "rmsprop", "RMSprop", "adamw"])
def test_names_and_config_round_trip(name):
    optimizer = optimizers.get(name)
    optimizer.learning_rate = 0.25
    again = type(optimizer).from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
    assert again.learning_rate == 0.25


def test_schedule_follows_the_iterations_and_is_in_the_config():
    optimizer = optimizers.SGD(schedules.ExponentialDecay(1.0, 1, 0.5))
    v = pydl.Variable(np.zeros(1))
    for _ in range(3):
        optimizer.apply([np.ones(1)], [v])
    np.testing.assert_allclose(v.numpy(), [-1.75])
    again = optimizers.SGD.from_config(optimizer.get_config())
    again.iterations = 3
    assert again.learning_rate == optimizer.learning_rate == 0.125


@pytest.mark.parametrize(
    ("schedule", "points"),
    [
        (schedules.ExponentialDecay(0.1, 10, 0.5), {0: 0.1, 10: 0.05, 15: 0.1 * 0.5**1.5}),
        (schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True), {9: 0.1, 15: 0.05}),
        (schedules.InverseTimeDecay(0.1, 10, 1.0), {0: 0.1, 10: 0.05, 30: 0.025}),
        (schedules.InverseTimeDecay(0.1, 10, 1.0, staircase=True), {9: 0.1, 19: 0.05}),
        (schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]), {10: 1.0, 11: 0.5, 20: 0.5, 21: 0.1}),
        (schedules.PolynomialDecay(1.0, 10, 0.0), {0: 1.0, 5: 0.5, 10: 0.0, 99: 0.0}),
        (schedules.PolynomialDecay(1.0, 10, 0.0, cycle=True), {0: 1.0, 10: 0.0, 15: 0.25}),
        (schedules.CosineDecay(1.0, 10, alpha=0.1), {0: 1.0, 5: 0.55, 10: 0.1, 99: 0.1}),
        (schedules.CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4), {0: 0.0, 2: 0.5, 4: 1.0, 9: 0.5, 14: 0.0}),
    ],
)
def test_schedules(schedule, points):
    for step, rate in points.items():
        assert schedule(step) == pytest.approx(rate, abs=1e-12)
    assert type(schedule).from_config(schedule.get_config()).get_config() == schedule.get_config()


def test_schedules_check_their_arguments():
    with pytest.raises(ValueError, match="decay_steps"):
        schedules.ExponentialDecay(0.1, 0, 0.5)
    with pytest.raises(ValueError, match="one more than boundaries"):
        schedules.PiecewiseConstantDecay([1], [1.0])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: optimizers.SGD("fast"), TypeError, r"\[SGD\] learning_rate: expected a number, got 'fast'"),
        (lambda: optimizers.SGD(-0.1), ValueError, "learning_rate: expected a finite number of at least 0, got -0.1"),
        (lambda: optimizers.SGD(float("nan")), ValueError, "learning_rate: expected a finite number"),
        (lambda: optimizers.SGD(momentum="a"), TypeError, "momentum: expected a number"),
        (lambda: optimizers.SGD(momentum=1.5), ValueError, "momentum: expected between 0 and 1"),
        (lambda: optimizers.Adam(beta_1=1.0), ValueError, r"beta_1: expected a number in \[0, 1\), got 1.0"),
        (lambda: optimizers.Adam(beta_2=-0.1), ValueError, r"beta_2: expected a number in \[0, 1\)"),
        (lambda: optimizers.Adam(epsilon="a"), TypeError, "epsilon: expected a number"),
        (lambda: optimizers.RMSprop(rho=1.0), ValueError, r"rho: expected a number in \[0, 1\)"),
        (lambda: setattr(optimizers.SGD(), "learning_rate", "slow"), TypeError, "learning_rate: expected a number"),
        (lambda: optimizers.get(None), TypeError, r"\[optimizer\] identifier: expected a name"),
    ],
)
def test_hyperparameters_are_checked(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("clip", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_clipping_of_extreme_gradients(clip):
    def clipped(limit, *grads, dtype=np.float32):
        arrays = clip_gradients([np.array(g, dtype) for g in grads], **{clip: limit})
        assert all(a.dtype == dtype for a in arrays)
        return [a.tolist() for a in arrays]

    assert clipped(0.0, [0.0, 0.0], [0.0]) == [[0, 0], [0]]
    assert clipped(0.0, [3.0, -4.0]) == [[0, 0]]
    assert clipped(1.0, [0.0], []) == [[0], []]
    assert clipped(1e30, [1e20, 1e20]) == clipped(1e30, [1e20, 1e20], dtype=np.float32)
    limit = 1.0 if clip == "clipvalue" else math.sqrt(2)
    for size in (1e-200, 1e200, 1e-320):  # their squares overflow
        (found,) = clipped(limit * size, [3 * size, 3 * size], dtype=np.float64)
        np.testing.assert_allclose(found, [size, size], rtol=1e-3 if size < 1e-300 else 1e-12)
    (found,) = clipped(1.0, [np.nan, 1.0])
    assert np.isnan(found[0])
    if clip == "global_clipnorm":  # as in Keras: one infinite gradient makes all NaN
        assert all(np.isnan(clipped(1.0, [np.inf], [1.0])))


def test_excluded_variables_have_no_weight_decay():
    def variables():
        return [pydl.Variable(np.ones(2), name=name) for name in ("kernel", "bias", "gamma", "kernel")]

    def decayed(optimizer, own):
        optimizer.apply([np.zeros(2)] * 4, own)
        return [bool((v.numpy() < 1).all()) for v in own]

    for make in (optimizers.AdamW, lambda **o: optimizers.SGD(0.1, momentum=0.9, **o), optimizers.RMSprop):
        optimizer = make(weight_decay=0.1)
        optimizer.exclude_from_weight_decay(var_names=["bias", "gam+a"])
        own = variables()
        assert decayed(optimizer, own) == [True, False, False, True]
        with pytest.raises(ValueError, match="expected an optimizer without state"):
            optimizer.exclude_from_weight_decay(var_names=["kernel"])
        optimizer, own = make(weight_decay=0.1), variables()
        optimizer.exclude_from_weight_decay(var_list=own[3:])
        optimizer, own = copy.deepcopy((optimizer, own))
        assert decayed(optimizer, own) == [True, True, True, False]
    with pytest.raises(TypeError, match="var_names: expected a list of strings"):
        optimizers.AdamW().exclude_from_weight_decay(var_names="bias")


def test_arguments_that_keras_refuses():
    with pytest.raises(ValueError, match=r"\[adamw\] weight_decay: expected a number, got None"):
        optimizers.AdamW(weight_decay=None)
    optimizer = optimizers.SGD(schedules.ExponentialDecay(1.0, 1, 0.5))
    with pytest.raises(TypeError, match="it follows ExponentialDecay"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = schedules.CosineDecay(0.5, 10)
    assert optimizer.learning_rate == 0.5


@pytest.mark.oracle
def test_excluded_variables_equal_keras():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    start, grads = np.linspace(-1, 1, 6).reshape(2, 3), np.linspace(1, 2, 6).reshape(2, 3)
    found = []
    for library in (keras, pydl):
        own = [library.Variable(start.astype("float32"), name=name) for name in ("kernel", "bias")]
        optimizer = library.optimizers.AdamW(0.1, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=["bias"])
        for _ in range(3):
            g = [library.ops.convert_to_tensor(grads.astype("float32")) if library is keras else grads] * 2
            optimizer.apply(g, own)
        found.append([np.asarray(v.numpy() if library is pydl else v.value.detach()) for v in own])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
