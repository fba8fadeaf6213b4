"""The wrapper of public ops: it handles symbolic tensors and errors, and adds no checks to a successful call."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..base.errors import SymbolicError, raise_instead

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Handles an op on symbolic tensors: (name, args, kwargs) to symbolic outputs. pydl/layers/operation.py sets it; there
# are no symbolic tensors before.
on_symbolic: Callable[[str, tuple[Any, ...], dict[str, Any]], Any] | None = None


def public(op: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """The op as users call it. On symbolic tensors it becomes a layer of the model and returns symbolic tensors.

    Its errors name the op and the argument.
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
            from .refusal import refusal  # lazy: it imports `inspect`, which `import pydl` avoids

            raise_instead(error, refusal(op, error, args, kwargs))

    function.__module__ = "pydl.ops"  # where pickle finds it
    return function
