"""Constructors of layers with arguments of any kind: errors name the argument."""

import inspect
from typing import Any

import numpy as np
import pytest

import pydl
from pydl import layers
from pydl.layers import Layer


class Other:
    pass


JUNK: list[Any] = [
    None, {}, (), [], "x", "", b"x", -1, 0, 2.5, np.nan, np.inf, 2**63, 10**400, 1j, object(), Other, np.zeros(2),
    (1, 2, 3, 4, 5), {"class_name": "Zeros"}, {"class_name": "Nope", "config": {}}, {"class_name": 3, "config": 4},
    {"class_name": "L2", "config": {"zz": 1}}, {"class_name": "L2", "config": None}, range(2), [[1]],
]  # fmt: skip
NEEDED: dict[str, Any] = {
    "units": 3, "filters": 4, "kernel_size": 3, "rate": 0.3, "pool_size": 2, "input_dim": 5, "output_dim": 4, "axes": 1,
    "activation": "relu", "stddev": 0.1, "dims": (2, 1), "n": 2, "target_shape": (-1,), "op": "relu", "shape": (3,),
}  # fmt: skip
CLASSES = sorted(
    (c for c in vars(layers).values() if isinstance(c, type) and issubclass(c, Layer)), key=lambda c: c.__name__
)


def arguments(cls: type) -> dict[str, bool]:
    """The arguments of a constructor, and which of them are required."""
    found: dict[str, bool] = {"shape": True} if cls is layers.InputLayer else {}
    for base in cls.__mro__:
        if "__init__" in vars(base):
            own = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
            is_outermost = not found
            for p in own:
                if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
                    found.setdefault(p.name, is_outermost and p.default is p.empty)
            if not any(p.kind is p.VAR_KEYWORD for p in own):
                break
    return found


def needed(name: str, cls: type) -> Any:
    if name == "layer":
        return layers.LSTM(3) if cls is layers.Bidirectional else layers.Dense(3)
    if "cell" in name:
        return [layers.LSTMCell(3)] if name == "cells" else layers.LSTMCell(3)
    return NEEDED[name]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_errors_name_the_argument(cls: type) -> None:
    takes = arguments(cls)
    if issubclass(cls, layers.RNN) and cls is not layers.RNN:
        takes = dict.fromkeys([*arguments(layers.SimpleRNNCell), "go_backwards"], False) | {"units": True}
    of_all = set(arguments(Layer)) if cls not in (layers.Dense, layers.Add) else set()
    for name in takes.keys() - of_all:
        for junk in JUNK:
            given = {other: needed(other, cls) for other, must in takes.items() if must and other != name}
            error = refused(cls, {**given, name: junk})
            assert error is None or (str(error).startswith("[") and name in str(error)), (name, junk, error)


def refused(cls: type, arguments: dict[str, Any]) -> Exception | None:
    try:
        cls(**arguments)
    except (ValueError, TypeError) as error:
        return error
    return None


SAID: dict[str, tuple[Any, str]] = {
    "empty config": (
        lambda: layers.Dense(3, kernel_regularizer={}),
        r"\[Dense\] kernel_regularizer: expected a config .*, got {}",
    ),
    "unknown": (lambda: layers.LSTM(3, bias_initializer="he"), r"\[\w+\] bias_initializer: unknown initializer 'he'"),
    "activation": (lambda: layers.Conv2D(1, 1, activation=3), r"\[Conv2D\] activation: expected a name or a callable"),
    "its config": (
        lambda: layers.Dense(3, bias_constraint={"class_name": "MaxNorm", "config": {"zz": 1}}),
        r"\[Dense\] bias_constraint: MaxNorm does not take {'zz': 1}",
    ),
    "a class of others": (
        lambda: layers.Dense(3, kernel_initializer=Other),
        r"\[Dense\] kernel_initializer: expected a class of callables, got Other",
    ),
    "of the base": (lambda: layers.Add(activity_regularizer={}), r"\[Add\] activity_regularizer: expected a config"),
    "no layer": (lambda: layers.Bidirectional(None), r"\[bidirectional\w*\] layer: expected a recurrent layer, got N"),
    "no cells": (lambda: layers.RNN(()), r"cell.*: expected at least one cell"),
    "by position": (lambda: layers.SimpleRNN(3, "tanh", True, *[None] * 7), r"\[SimpleRNN\] args: expected"),
    "a dropout": (
        lambda: layers.GRU(3, recurrent_dropout=2),
        r"recurrent_dropout: expected 0 <= recurrent_dropout <= 1",
    ),
    "a bad initializer": (
        lambda: layers.Dense(3, kernel_initializer=len)(np.ones((1, 2))),
        r"\[dense\w*\] kernel: expected an array \(2, 3\) from len",
    ),
    "a huge layer": (
        lambda: layers.Dense(2**63)(np.ones((1, 2))),
        r"\[dense\w*\] kernel: expected an array \(2, 9223372036854775808\)",
    ),
}


@pytest.mark.parametrize(("call", "message"), SAID.values(), ids=SAID.keys())
def test_messages(call: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_exceptions_of_a_users_constructor_pass_through() -> None:
    class Own(Layer):
        def __init__(self, size: Any) -> None:
            super().__init__()
            raise LookupError("mine")

    with pytest.raises(LookupError, match=r"^'?mine'?$"):
        Own(3)
    assert pydl.layers.Dense(3).units == 3
