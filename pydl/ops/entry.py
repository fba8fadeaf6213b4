"""How a call enters an op: what users call checks nothing by itself, and turns to here where the op refuses."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..base.errors import SymbolicError, raise_instead

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# (name, args, kwargs) of an op on symbolic tensors, to symbolic outputs. pydl/layers/operation.py sets it: nobody has
# symbolic tensors before.
on_symbolic: Callable[[str, tuple[Any, ...], dict[str, Any]], Any] | None = None


def public(op: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The op as users call it; on symbolic tensors it becomes a part of a model and gives symbolic ones.

    What it refuses, it refuses with its name and that of the argument.
    """

    @wraps(op)
    def function(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        try:
            return op(*args, **kwargs)
        except SymbolicError:
            if on_symbolic is None:
                raise
            result: Result = on_symbolic(op.__name__, args, kwargs)
            return result
        except Exception as error:
            from .refusal import refusal  # with `inspect`, which import pydl does without

            raise_instead(error, refusal(op, error, args, kwargs))

    function.__module__ = "pydl.ops"  # where pickle finds it
    return function
