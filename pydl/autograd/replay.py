"""Whether a plan can hold what layers, cells and losses do: the one place that decides it before a recording is tried.

A recording sees kernels, a look at values and writes to variables. It does not see Python that counts calls, reads a
clock or branches on a global, so a training step is recorded only if all its code is known not to do that. Classes say
so with `_recordable = True` in their own body, functions with `@recordable`. A subclass may override anything, so it
does not inherit the word. What a recording notices by itself, it ends with `cannot_replay` (pydl/autograd/tape.py).

A reason reads "what stands against it; what to change".
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_FUNCTIONS: set[FunctionType] = set()  # by identity: what functools.wraps copies from a function does not count
# Attributes whose functions no recording meets: they run when weights are made or updated. The losses of regularizers
# are looked for by themselves.
_NOT_IN_A_STEP = ("initializer", "constraint", "regularizer")


class Recordable:
    """Base of layers and losses: what `can_replay` asks those of pydl."""

    _recordable: bool  # in the body of each class by itself
    _recordable_instead = ""  # what to use in place of a function that a recording does not see

    def _replay_obstacle(self, training: bool) -> str | None:
        """Why no plan can hold it, as its arguments say."""
        return None


def recordable(function: Function) -> Function:
    """A decorator for functions of pydl: a recording sees all that they do."""
    assert isinstance(function, FunctionType)
    _FUNCTIONS.add(function)
    return function


def can_replay(part: Any, training: bool = True) -> str | None:
    """None if a plan can hold what a layer, cell, loss or model of pydl does; else the reason, and what to change.

    In inference, code of others is not refused but tried: what a recording cannot see there is the user's to know.
    """
    reason = _unseen(part)
    if reason is not None:
        return f"{describe(part)}: {reason}" if training else None
    reason = part._replay_obstacle(training)
    return None if reason is None else f"{describe(part)}: {reason}"


def describe(part: Any) -> str:
    """How reasons name a layer or a loss: Dense 'dense_1'."""
    return f"{type(part).__name__} {getattr(part, 'name', '')!r}"


def is_recordable(thing: Any) -> bool:
    if isinstance(thing, FunctionType):
        return thing in _FUNCTIONS
    return vars(type(thing)).get("_recordable") is True


def _unseen(part: Any) -> str | None:
    """What of the part is not known to be seen by a recording."""
    kind = type(part)
    if not is_recordable(part):
        return (
            f"a plan does not see what the Python of class {kind.__name__} does; use layers and losses of pydl, in a "
            "Sequential or a functional model"
        )
    for name, value in vars(part).items():
        if not callable(value):
            continue
        if callable(getattr(kind, name, None)):
            return f"its {name} is replaced; leave the one of the class"
        if not name.startswith("_") and not name.endswith(_NOT_IN_A_STEP) and not is_recordable(value):
            function = getattr(value, "__name__", type(value).__name__)
            return f"a plan does not see what {name}={function} does; {part._recordable_instead}"
    return None
