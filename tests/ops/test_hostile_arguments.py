"""Hostile arguments of the ops: a refusal is a ValueError, TypeError, IndexError or MemoryError that names the op and
the argument; nothing hangs, and no other exception is raised."""

import inspect
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

from pydl import DTypeError, ShapeError, Tensor, Variable, ops


class Liar:
    """Claims two axes and five elements, and has two elements."""

    shape = (2, 3)

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> float:
        if index > 1:
            raise IndexError
        return 1.0


X, IMAGES = np.ones((2, 3), np.float32), np.ones((1, 5, 5, 2), np.float32)
HOSTILE: list[Any] = [
    None, True, "x", "\udc80", "", b"x", 0, -1, 2, 7, 2**31, 2**63, -(2**63), 2**64, 10**400, 1.5, -0.5, np.nan, np.inf,
    1e300, 1j, np.complex64(1), [], (), {}, {1: 2}, [1, 2], (0,), (-1,), (5, 5), [[1], [1, 2]], [None], ["a"], object(),
    Liar(), int, np.float64(2), np.int64(-3), np.zeros((0, 3)), np.zeros((1,) * 33), np.zeros((1,) * 64), np.array("a"),
    np.array([None]), np.datetime64("2020"), np.zeros((2, 3), np.float16), np.zeros((2, 3), complex),
    np.zeros(3, [("a", "f4")]), X, X.T, IMAGES, X.astype(int), X > 0, X.astype(np.float64), Tensor(X), Variable(X),
    slice(None), ..., range(3), (2**40, 2**40), (2**63,), (10**30,), [2.5], "same", "relu", [Tensor(X), X],
]  # fmt: skip
GOOD: dict[str, Any] = {
    "x": X, "x1": X, "x2": X, "inputs": IMAGES, "kernel": np.ones((3, 4), "f4"), "xs": [X, X], "condition": X > 0,
    "condlist": [X > 0], "choicelist": [X], "ids": np.array([0, 1]), "table": X, "logits": X,
    "labels": np.array([0, 1]), "targets": X,
    "axis": 0, "shape": (2, 3), "newshape": (3, 2), "pad_width": 1, "source": 0, "destination": 1,
    "dtype": "float32", "index": 0, "alpha": 0.5, "x_min": 0, "x_max": 1, "pool_size": 2, "rate": 0.5,
    "mask": np.array([True, False]), "values": np.ones((2, 1), "f4"), "name": "relu", "groups": 1, "depth_radius": 1,
}  # fmt: skip
ON_IMAGES: dict[str, dict[str, Any]] = {
    "conv2d": {"x": IMAGES, "kernel": np.ones((2, 2, 2, 3), "f4")},
    "conv2d_transpose": {"x": IMAGES, "kernel": np.ones((2, 2, 3, 2), "f4")},
    "conv1d": {"x": IMAGES[0], "kernel": np.ones((2, 2, 3), "f4")},
    "conv1d_transpose": {"x": IMAGES[0], "kernel": np.ones((2, 3, 2), "f4")},
    "depthwise_conv2d": {"x": IMAGES, "kernel": np.ones((2, 2, 2, 1), "f4")},
    "separable_conv2d": {
        "x": IMAGES,
        "depthwise_kernel": np.ones((2, 2, 2, 1), "f4"),
        "pointwise_kernel": np.ones((1, 1, 2, 1), "f4"),
    },
    "upsample": {"x": IMAGES},
    "local_response_norm": {"x": IMAGES},
}
NAMES = [name for name in ops.__all__ if name != "ACTIVATIONS"]


def refused(op: Callable[..., Any], arguments: dict[str, Any]) -> Exception | None:
    try:
        op(**arguments)
    except (ValueError, TypeError, IndexError) as error:
        return error
    return None


@pytest.mark.parametrize("name", NAMES)
def test_hostile_arguments(name: str) -> None:
    op = getattr(ops, name)
    parameters = inspect.signature(op).parameters
    needed = [p.name for p in parameters.values() if p.default is p.empty]
    good = {p: ON_IMAGES.get(name, {}).get(p, GOOD.get(p, X)) for p in needed}
    for parameter in parameters:
        for hostile in HOSTILE:
            error = None
            with suppress(MemoryError):
                error = refused(op, {**good, parameter: hostile})
            assert error is None or re.match(rf"\[{name}\] \w+(, \w+)*: \S", str(error)), (parameter, hostile, error)
            assert name == "getitem" or type(error) is not IndexError


SAID: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no numbers": (lambda: ops.relu(None), DTypeError, r"\[relu\] x: expected numbers, got object"),
    "complex": (lambda: ops.add(X, X + 1j), DTypeError, r"\[add\] x2: expected numbers, got complex"),
    "in a list": (lambda: ops.stack([X, "a"]), DTypeError, r"\[stack\] x: expected numbers"),
    "ragged": (lambda: ops.exp([[1], [1, 2]]), DTypeError, r"\[exp\] x: .*inhomogeneous"),
    "axis": (lambda: ops.sum(X, 2**63), ShapeError, r"\[sum\] axis: expected .* got 9223372036854775808"),
    "axis of one": (lambda: ops.concatenate([X, X], 1.5), TypeError, r"\[concatenate\] axis: expected an integer, got"),
    "huge axis": (lambda: ops.expand_dims(X, 2**63), ValueError, r"\[expand_dims\] axis: "),
    "dtype": (lambda: ops.cast(X, "floaty"), TypeError, r"\[cast\] dtype: .*'floaty'"),
    "a kernel's name": (lambda: ops.leaky_relu(X, "a"), TypeError, r"\[leaky_relu\] negative_slope: expected a number"),
    "a kernel's argument": (lambda: ops.dense(X, X.T, X[0]), ValueError, r"\[dense\] bias: expected"),
    "sizes": (lambda: ops.broadcast_to(X, (2**40, 3)), ValueError, r"\[broadcast_to\] shape: expected ints from 0"),
    "no size": (lambda: ops.broadcast_to(X, (2.5, 3)), ShapeError, r"\[broadcast_to\] shape: expected integers of at"),
    "many sizes": (lambda: ops.reshape(X, [1] * 10**6), ShapeError, r"newshape: expected at most 64 .* \[1, .{,30}\]$"),
    "many in an array": (lambda: ops.broadcast_to(1.0, np.broadcast_to(X[:1], (2**33, 3))), ShapeError, "at most 64"),
    "many axes": (lambda: ops.transpose(X, range(2**20)), ValueError, "axes: expected each of 2 axes once, got range"),
    "many widths": (lambda: ops.pad(X, np.broadcast_to(X[:1], (2**33, 3))), ShapeError, "expected an integer, a pair"),
    "depthwise": (lambda: ops.separable_conv2d(IMAGES, np.ones((2, 2, 3, 1), "f4"), np.ones((1, 1, 3, 1), "f4")),
                  ShapeError, r"^\[separable_conv2d\] depthwise_kernel: expected shape"),
    "depthwise span": (lambda: ops.separable_conv2d(IMAGES, np.ones((6, 6, 2, 1), "f4"), np.ones((1, 1, 2, 1), "f4")),
                       ValueError, r"^\[separable_conv2d\] depthwise_kernel: the kernel spans"),
    "depthwise dtype": (lambda: ops.separable_conv2d(IMAGES, np.ones((2, 2, 2, 1)), np.ones((1, 1, 2, 1), "f4")),
                        TypeError, r"^\[separable_conv2d\] depthwise_kernel: expected float32"),
    "pointwise": (lambda: ops.separable_conv2d(IMAGES, np.ones((2, 2, 2, 1), "f4"), np.ones((1, 1, 3, 1), "f4")),
                  ShapeError, r"^\[separable_conv2d\] pointwise_kernel: expected shape"),
    "pointwise dtype": (lambda: ops.separable_conv2d(IMAGES, np.ones((2, 2, 2, 1), "f4"), np.ones((1, 1, 2, 1))),
                        TypeError, r"^\[separable_conv2d\] pointwise_kernel: expected float32"),
    "as an operator": (lambda: Tensor(X) + None, DTypeError, r"\[add\] x2: expected numbers"),
    "as an index": (lambda: Tensor(X)[1.5], IndexError, r"\[getitem\] index: only integers"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "message"), SAID.values(), ids=SAID.keys())
def test_messages(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


AXES = [
    (name, p) for name in NAMES for p in inspect.signature(getattr(ops, name)).parameters if p in ("axis", "source")
]


@pytest.mark.parametrize(("name", "parameter"), AXES)
def test_axis_is_converted_before_it_is_compared(name: str, parameter: str) -> None:
    """A comparison of this array with 0 would need 16 GB, and the error of NumPy would not name the op."""
    huge = np.broadcast_to(np.zeros((1, 2), "m8[s]"), (2**33, 2))
    needed = [p.name for p in inspect.signature(getattr(ops, name)).parameters.values() if p.default is p.empty]
    with pytest.raises(TypeError, match=rf"^\[{name}\] {parameter}: expected an integer"):
        getattr(ops, name)(**{p: GOOD.get(p, X) for p in needed} | {parameter: huge})


def test_exceptions_of_user_objects_pass_through() -> None:
    class Raises:
        def __array__(self, *_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ops.relu(Raises())
    with pytest.raises(TypeError, match="unexpected keyword argument 'aixs'"):
        ops.sum(X, aixs=0)
