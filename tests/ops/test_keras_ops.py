"""Ops of Keras: the same defaults, values, shapes and dtypes, also for unusual arguments."""

import inspect
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from pydl import activations, ops

pytestmark = pytest.mark.oracle

Array = np.ndarray[Any, Any]
Case = Callable[[Any], Any]  # a function of the namespace, Keras's or pydl's, that gives a result

FLOATS = np.array([[-2.5, -1, 0], [0.3, 1, 7]], np.float32)
INTS = np.array([[-3, -1, 0], [2, 5, 7]])
ARRAYS: dict[str, Array] = {
    "f4": FLOATS, "i1": INTS.astype("i1"), "i4": INTS.astype("i4"), "i8": INTS, "u1": abs(INTS).astype("u1"),
    "b": INTS > 0, "r3": np.arange(24, dtype="f4").reshape(2, 3, 4) - 10, "0-d": np.array(2.5, "f4"),
    "empty": np.zeros((0, 3), "f4"),
}  # fmt: skip
NUMBERS: dict[str, Any] = {
    "1.5": 1.5, "2": 2, "True": True, "f8(1.5)": np.float64(1.5), "f4(1.5)": np.float32(1.5), "i4(2)": np.int32(2)
}  # fmt: skip
ELEMENTWISE = [
    "abs", "cos", "elu", "exp", "gelu", "hard_sigmoid", "leaky_relu", "log", "log1p", "negative", "relu",
    "relu6", "selu", "sigmoid", "silu", "sin", "softplus", "softsign", "sqrt", "square", "tanh"
]  # fmt: skip
BINARY = [
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "equal", "not_equal", "less",
    "less_equal", "greater", "greater_equal"
]  # fmt: skip
AXES: list[Any] = [None, 0, -1, 1, (0, 1), (-1,), ()]
POOLS = [(2, None, "valid"), ((3, 2), 1, "valid"), (3, (2, 3), "same"), (2, 2, "same")]


def elementwise() -> Iterator[tuple[str, Case]]:
    for op in ELEMENTWISE:
        for name, x in ARRAYS.items():
            yield f"{op}({name})", lambda k, op=op, x=x: getattr(k, op)(x)
    for name, x in ARRAYS.items():
        yield f"gelu exact({name})", lambda k, x=x: k.gelu(x, approximate=False)
        yield f"leaky_relu 0.5({name})", lambda k, x=x: k.leaky_relu(x, 0.5)
        yield f"elu 0.5({name})", lambda k, x=x: k.elu(x, 0.5)
        yield f"clip({name})", lambda k, x=x: k.clip(x, 1, 2)
        yield f"clip floats({name})", lambda k, x=x: k.clip(x, -1.5, 2.5)
        yield f"clip crossed({name})", lambda k, x=x: k.clip(x, 3, 1)
        for axis in (-1, 0, None, (0, 1)):
            yield f"softmax {axis}({name})", lambda k, x=x, axis=axis: k.softmax(x, axis)
            yield f"log_softmax {axis}({name})", lambda k, x=x, axis=axis: k.log_softmax(x, axis)


def binary() -> Iterator[tuple[str, Case]]:
    for op in BINARY:
        for name, x in ARRAYS.items():
            for other, y in (ARRAYS | NUMBERS).items():
                if not isinstance(y, np.ndarray) or y.shape == x.shape or y.ndim == 0:
                    yield f"{op}({name}, {other})", lambda k, op=op, x=x, y=y: getattr(k, op)(x, y)
                if not isinstance(y, np.ndarray):
                    yield f"{op}({other}, {name})", lambda k, op=op, x=x, y=y: getattr(k, op)(y, x)
        yield f"{op} outer", lambda k, op=op: getattr(k, op)(np.ones((2, 1, 3), "f4"), np.ones((4, 1), "f4"))
    for name, x in ARRAYS.items():
        for other, y in (ARRAYS | NUMBERS).items():
            yield f"where({name}, {other})", lambda k, x=x, y=y: k.where(ARRAYS["b"], x, y)
        yield f"where({name})", lambda k, x=x: k.where(x)
        yield f"where of numbers({name})", lambda k, x=x: k.where(x, 1, 2)
        yield f"select({name})", lambda k, x=x: k.select([ARRAYS["b"], ~ARRAYS["b"]], [x, x], 5)
        for other, y in ARRAYS.items():
            yield f"matmul({name}, {other})", lambda k, x=x, y=y: k.matmul(x, y.T)


def reductions() -> Iterator[tuple[str, Case]]:
    for op in ("sum", "mean", "max", "min", "argmax", "argmin"):
        for name, x in ARRAYS.items():
            yield f"{op}({name})", lambda k, op=op, x=x: getattr(k, op)(x)
            for axis in AXES:
                for keep in (False, True):
                    yield (
                        f"{op}({name}, {axis}, {keep})",
                        lambda k, op=op, x=x, axis=axis, keep=keep: getattr(k, op)(x, axis=axis, keepdims=keep),
                    )
    yield "max initial", lambda k: k.max(FLOATS, axis=0, initial=4)
    yield "min initial", lambda k: k.min(FLOATS, initial=-9)


def rearranging() -> Iterator[tuple[str, Case]]:
    for name, x in ARRAYS.items():
        yield f"reshape({name})", lambda k, x=x: k.reshape(x, -1)
        yield f"reshape by name({name})", lambda k, x=x: k.reshape(x, newshape=[3, -1])
        for axis in (0, -1, 2, (0, 3)):
            yield f"expand_dims({name}, {axis})", lambda k, x=x, axis=axis: k.expand_dims(x, axis)
        for axis in (None, 0):
            yield f"squeeze({name}, {axis})", lambda k, x=x, axis=axis: k.squeeze(x[None], axis)
        for axes in (None, (1, 0), (-1, 0), [0, 1]):
            yield f"transpose({name}, {axes})", lambda k, x=x, axes=axes: k.transpose(x, axes)
        for axis in (None, 0, -1, (0, 1), [0]):
            yield f"flip({name}, {axis})", lambda k, x=x, axis=axis: k.flip(x, axis)
        yield f"flip({name})", lambda k, x=x: k.flip(x)
        yield f"moveaxis({name})", lambda k, x=x: k.moveaxis(x, 0, -1)
        yield f"moveaxis several({name})", lambda k, x=x: k.moveaxis(x, (0, 1), (1, 0))
        yield f"broadcast_to({name})", lambda k, x=x: k.broadcast_to(x, [4, 2, 3])
        for width in (((1, 0), (0, 2)), [[1, 1], [0, 0]]):
            yield f"pad({name}, {width})", lambda k, x=x, w=width: k.pad(x, w)
            yield f"pad 3({name}, {width})", lambda k, x=x, w=width: k.pad(x, w, constant_values=3)
            yield f"pad reflect({name}, {width})", lambda k, x=x, w=width: k.pad(x, w, mode="reflect")
        yield f"pad symmetric({name})", lambda k, x=x: k.pad(x, ((0, 1), (1, 0)), "symmetric")
        for dtype in ("float32", "int32", "bool", "float64", "int64"):
            yield f"cast({name}, {dtype})", lambda k, x=x, dtype=dtype: k.cast(x, dtype)
        for other, y in ARRAYS.items():
            yield f"concatenate({name}, {other})", lambda k, x=x, y=y: k.concatenate([x, y])
            yield f"concatenate -1({name}, {other})", lambda k, x=x, y=y: k.concatenate([x, y], axis=-1)
            yield f"stack({name}, {other})", lambda k, x=x, y=y: k.stack([x, y], axis=1)
        yield f"stack({name})", lambda k, x=x: k.stack([x, x])
        yield f"unstack({name})", lambda k, x=x: k.unstack(k.abs(x), 2)
        yield f"unstack 1({name})", lambda k, x=x: k.unstack(k.abs(x), axis=1)


def pools() -> Iterator[tuple[str, Case]]:
    x = np.random.default_rng(0).normal(size=(2, 7, 6, 4)).astype("f4")
    for args in POOLS:
        yield f"max_pool{args}", lambda k, args=args: k.max_pool(x, *args)
        if args[2] == "valid":
            yield f"average_pool{args}", lambda k, args=args: k.average_pool(x, *args)


# Keras on PyTorch differs from its documentation here, or integers overflow (docs/guide/keras_differences.md).
EXCEPT: dict[str, Callable[[str], bool]] = {
    "keepdims of all axes": lambda name: name.startswith(("sum(", "max(", "min(")) and name.endswith("None, True)"),
    "the mean of integers along no axis": lambda name: name.startswith("mean(") and "()" in name,
    "the sum of small integers along no axis": lambda name: name.startswith("sum(") and "()" in name,
    "integers become int32": lambda name: name.startswith(("max", "min")) and ("i8" in name or "i4(2)" in name),
    "products of small integers wrap round": lambda name: name.startswith("matmul") and "f4" not in name,
    "axes of a scalar": lambda name: "0-d" in name,
    "the extreme of nothing": lambda name: "empty" in name,
}


def numbers(result: Any) -> list[Array]:
    tensors = result if isinstance(result, list | tuple) else [result]
    return [np.asarray(t.detach().cpu().numpy() if hasattr(t, "cpu") else t.numpy()) for t in tensors]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


@pytest.mark.parametrize("table", [elementwise, binary, reductions, rearranging, pools])
def test_same_result(keras: Any, table: Callable[[], Iterator[tuple[str, Case]]]) -> None:
    """Compares only if both give a result: Keras on PyTorch refuses some inputs, such as sines of integers."""
    wrong, compared = [], 0
    for name, case in table():
        try:
            with np.errstate(all="ignore"):
                expected = numbers(case(keras.ops))
        except Exception:
            continue
        if any(holds(name) for holds in EXCEPT.values()):
            continue
        compared += 1
        try:
            actual = numbers(case(ops))
        except Exception as error:
            if "Integers to negative integer powers" not in str(error):
                wrong.append(f"{name}: {error}")
            continue
        same = len(actual) == len(expected) and all(
            a.dtype == b.dtype and a.shape == b.shape and np.allclose(a, b, 2e-5, 1e-6, equal_nan=True)
            for a, b in zip(actual, expected, strict=True)
        )
        if not same:
            wrong.append(f"{name}: expected {expected}, got {actual}")
    assert not wrong, "\n".join(wrong)
    assert compared > 5


MORE = {"relu"}  # pydl's has the arguments that in Keras only activations.relu has
MISSING = {"max_pool": {"data_format"}, "average_pool": {"data_format"}}


def test_same_signatures(keras: Any) -> None:
    for namespace, theirs in ((ops, keras.ops), (activations, keras.activations)):
        for name in namespace.__all__:
            if not hasattr(theirs, name) or (namespace is ops and name in MORE):
                continue
            wanted = inspect.signature(getattr(theirs, name)).parameters
            given = inspect.signature(getattr(namespace, name)).parameters
            if theirs is keras.ops:
                assert list(given) == [p for p in wanted if p not in MISSING.get(name, ())], name
            for parameter in set(given) & {p for p in wanted if wanted[p].default is not inspect.Parameter.empty}:
                assert given[parameter].default == wanted[parameter].default, (name, parameter)


@pytest.mark.parametrize("name", activations.__all__)
def test_same_activation(keras: Any, name: str) -> None:
    x = np.linspace(-6, 6, 50, dtype=np.float32).reshape(2, 25)
    for ours in (getattr(activations, name), activations.get(name)):
        expected = numbers(getattr(keras.activations, name)(keras.ops.convert_to_tensor(x)))
        np.testing.assert_allclose(numbers(ours(x))[0], expected[0], 2e-5, 1e-6)


@pytest.mark.parametrize("slope", [0.0, 0.25])
@pytest.mark.parametrize("highest", [None, 6.0, 1.5])
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_same_rectifier(keras: Any, slope: float, highest: float | None, threshold: float) -> None:
    x = np.array([-np.inf, -2.0, -0.0, 0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 6.0, 7.0, np.inf], np.float32)
    (expected,) = numbers(keras.activations.relu(x, slope, highest, threshold))
    for result in (activations.relu(x, slope, highest, threshold), ops.relu(x, slope, highest, threshold)):
        np.testing.assert_allclose(result.numpy(), expected, 1e-6)
        zeros = result.numpy()[(x > 0) & (expected == 0)]
        assert not np.signbit(zeros).any()
