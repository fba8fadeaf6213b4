"""Whether layers, cells and losses can be replayed by a plan: decided here, before a recording is tried.

A recording sees kernel calls, reads of values and writes to variables. It does not see Python that counts calls, reads
a clock or branches on a global. So a training step is recorded only if all its code is known not to do that: classes
declare it with `_recordable = True` in their own body, functions with `@recordable`. A subclass may override anything,
so it does not inherit the flag. What a recording detects by itself ends it with `cannot_replay`
(pydl/autograd/tape.py).

A reason reads "obstacle; what to change".
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_FUNCTIONS: set[FunctionType] = set()  # a set, not an attribute: functools.wraps would copy that to wrappers
# Attributes whose functions run when weights are built or updated, not in a step. The losses of regularizers have a
# check of their own.
_NOT_IN_A_STEP = ("initializer", "constraint", "regularizer")


class Recordable:
    """Base class of layers and losses: what `can_replay` reads."""

    _recordable: bool  # set in the body of each class; not inherited
    _recordable_instead = ""  # advice: what to use in place of a function that is not recordable

    def _replay_obstacle(self, training: bool) -> str | None:
        """Why its arguments rule out a plan; None if they do not."""
        return None


def recordable(function: Function) -> Function:
    """Decorator for functions of pydl: all their effects are seen by a recording."""
    assert isinstance(function, FunctionType)
    _FUNCTIONS.add(function)
    return function


def can_replay(part: Any, training: bool = True) -> str | None:
    """None if a plan can replay a layer, cell, loss or model; else the reason, and what to change.

    In inference, user code is recorded without this check: the user must know what a recording cannot see.
    """
    reason = _unseen(part)
    if reason is not None:
        return f"{describe(part)}: {reason}" if training else None
    reason = part._replay_obstacle(training)
    return None if reason is None else f"{describe(part)}: {reason}"


def describe(part: Any) -> str:
    """A layer or loss in the text of a reason: Dense 'dense_1'."""
    return f"{type(part).__name__} {getattr(part, 'name', '')!r}"


def is_recordable(thing: Any) -> bool:
    if isinstance(thing, FunctionType):
        return thing in _FUNCTIONS
    return vars(type(thing)).get("_recordable") is True


def _unseen(part: Any) -> str | None:
    """The obstacle in the code of a part that is not known to be recordable, if any."""
    kind = type(part)
    if not is_recordable(part):
        return (
            f"a plan cannot record the Python code of class {kind.__name__}; use layers and losses of pydl, in a "
            "Sequential or a functional model"
        )
    for name, value in vars(part).items():
        if not callable(value):
            continue
        if callable(getattr(kind, name, None)):
            return f"its method {name} is overridden on the instance; use the one of the class"
        if not name.startswith("_") and not name.endswith(_NOT_IN_A_STEP) and not is_recordable(value):
            function = getattr(value, "__name__", type(value).__name__)
            return f"a plan cannot record the Python code of {name}={function}; {part._recordable_instead}"
    return None
