"""Errors of layer constructors: they always name the class and the argument."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from .. import activations, constraints, initializers, regularizers
from ..base.argument_names import constructor_arguments, refuse_unknown
from ..base.errors import raise_instead
from ..ops.refusal import same_kind

_KINDS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_BY_NAME: dict[str, Callable[[Any], Any]] = {  # argument name suffix to its resolver
    "activation": activations.get,
    "constraint": constraints.get,
    "initializer": initializers.get,
    "regularizer": regularizers.get,
}


def names_arguments(constructor: Callable[..., None]) -> Callable[..., None]:
    """Decorator of a layer's `__init__`: its errors name the argument."""

    @wraps(constructor)
    def naming(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            constructor(self, *args, **kwargs)
        except _KINDS as error:
            raise_instead(error, _named(type(self), constructor, error, (self, *args), kwargs))

    return naming


def _named(
    kind: type, constructor: Callable[..., None], error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Exception:
    """The error with the name of the argument; the error itself if it has one."""
    owner = kind.__name__
    try:
        bound = inspect.signature(constructor).bind(*args, **kwargs)
    except TypeError:
        return _misfit(kind, constructor, error, kwargs)
    arguments: dict[str, Any] = {}
    for name, value in list(bound.arguments.items())[1:]:
        is_rest = bound.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD
        arguments |= value if is_rest else {name: value}
    text = str(error)
    named = None if text.startswith("[tensor]") else re.match(r"\[\w+\] (\w+)", text)
    if named and named[1] in arguments:
        return error
    for name, value in arguments.items():
        get = _BY_NAME.get(name.rpartition("_")[2])
        reason = None if get is None else _refused(get, value)
        if reason is not None:
            return type(reason)(f"[{owner}] {name}: {str(reason).partition('] identifier: ')[2] or reason}")
    if named or "unexpected keyword argument" in text or "positional argument" in text:
        return error
    return same_kind(error)(
        f"[{owner}] {', '.join(arguments)}: {text.removeprefix('[tensor] data: ') or type(error).__name__}"
    )


def _misfit(kind: type, constructor: Callable[..., None], error: Exception, kwargs: dict[str, Any]) -> Exception:
    """The error for arguments that do not fit the signature: an unknown name, or Python's message for the class."""
    for base in kind.__mro__:
        if inspect.unwrap(vars(base).get("__init__", kind)) is inspect.unwrap(constructor):
            try:
                refuse_unknown(kind.__name__, kwargs, constructor_arguments(base))
            except TypeError as unknown:
                return unknown
    return TypeError(re.sub(r"^\w+\.__init__\(\)", kind.__name__, str(error)))


def _refused(get: Callable[[Any], Any], value: Any) -> Exception | None:
    try:
        get(value)
    except (TypeError, ValueError) as error:
        return error.with_traceback(None)
    return None


def initial_value(owner: str, name: str, initializer: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """The initial value of a weight. Errors of the initializer, and of impossible shapes, name the weight."""
    try:
        return initializers.get(initializer)(shape, dtype)
    except _KINDS as error:
        if str(error).startswith("["):
            raise
        kind = f"{getattr(initializer, '__name__', None) or type(initializer).__name__}"
        raise same_kind(error)(f"[{owner}] {name}: expected an array {shape} from {kind}, got: {error}") from error
