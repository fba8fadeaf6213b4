"""Misspelled arguments and names: the error names the callee and suggests the right name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Names of other libraries and of older Keras versions that are spelled too differently to be found by similarity.
_ALIASES = {
    "lr": "learning_rate", "eta": "learning_rate", "nb_epoch": "epochs", "n_epochs": "epochs", "nb_filter": "filters",
    "output_dim": "units", "hidden_size": "units", "hidden_units": "units", "out_features": "units",
    "out_channels": "filters", "stride": "strides", "p": "rate", "dropout_rate": "rate", "init": "kernel_initializer",
    "bias": "use_bias", "eps": "epsilon", "alpha": "negative_slope", "criterion": "loss", "from_logit": "from_logits",
}  # fmt: skip


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """ "; did you mean 'relu'?", or "" if no known name is similar."""
    import difflib  # lazy: needed for errors only

    names = sorted({*known})
    if not isinstance(name, str):
        return ""
    other = _ALIASES.get(name)
    if other in names:
        return f"; did you mean {other!r}?"
    lower = {each.lower(): each for each in names}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f"; did you mean {lower[near[0]]!r}?" if near else ""


def unknown_name(where: str, kind: str, name: Any, known: Iterable[str]) -> ValueError:
    """The error for an unknown name: a suggestion, then all known names."""
    names = sorted(known)
    meant = did_you_mean(name, names)
    all_known = f"{' Known' if meant else '; known'} are: {', '.join(names)}"
    return ValueError(f"[{where}] identifier: unknown {kind} {name!r}{meant}{all_known}")


def refuse_unknown(owner: str, given: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises TypeError for the first argument whose name is unknown."""
    names = [*known]
    for name in given:
        if name not in names:
            meant = did_you_mean(name, names)
            raise TypeError(
                f"{owner} got an unexpected keyword argument {name!r}{meant or '; it takes ' + ', '.join(names)}"
            )


class Arguments(NamedTuple):
    """The parameters of a function, without `self`."""

    by_position: tuple[str, ...]
    by_name_only: tuple[str, ...]
    has_var_positional: bool  # *args
    has_var_keyword: bool  # **kwargs
    defaults: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        return self.by_position + self.by_name_only


def arguments_of(function: Callable[..., Any], is_method: bool = False) -> Arguments:
    """The parameters, read from the code object: it runs for hundreds of functions at import, and inspect is slow."""
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None:  # a callable that is no Python function
        return _inspected(function, is_method)
    names, count = code.co_varnames, code.co_argcount
    positional, named = names[:count], names[count : count + code.co_kwonlyargcount]
    values = function.__defaults__ or ()
    defaults = dict(zip(positional[count - len(values) :], values, strict=True)) | (function.__kwdefaults__ or {})
    positional = positional[1:] if is_method else positional
    return Arguments(positional, named, bool(code.co_flags & 0x04), bool(code.co_flags & 0x08), defaults)


def _inspected(function: Callable[..., Any], is_method: bool) -> Arguments:
    parameters = list(inspect.signature(function).parameters.values())[is_method:]

    def of(*kinds: Any) -> tuple[str, ...]:
        return tuple(p.name for p in parameters if p.kind in kinds)

    kind = inspect.Parameter
    defaults = {p.name: p.default for p in parameters if p.default is not kind.empty}
    by_position = of(kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD)
    return Arguments(
        by_position, of(kind.KEYWORD_ONLY), bool(of(kind.VAR_POSITIONAL)), bool(of(kind.VAR_KEYWORD)), defaults
    )


def constructor_arguments(cls: type) -> list[str]:
    """The keyword arguments of a constructor, with those of the base classes that it passes **kwargs to."""
    names: dict[str, None] = {}
    for base in cls.__mro__:
        if "__init__" in vars(base) and base is not object:
            arguments = arguments_of(vars(base)["__init__"], is_method=True)
            names |= dict.fromkeys(arguments.names)
            if not arguments.has_var_keyword:
                break
    return list(names)


def checks_names(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Decorator: an unknown keyword argument raises an error that names the class or function."""
    is_method = function.__name__ == "__init__" or "." in function.__qualname__.rpartition("<locals>.")[2]
    arguments = arguments_of(function, is_method)
    known = frozenset(arguments.names)

    if arguments.has_var_keyword:
        return function

    @wraps(function)
    def checking(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if not known.issuperset(kwargs):
            owner, method = type(args[0]).__name__ if is_method and args else "", f"{function.__name__}()"
            called = owner if method == "__init__()" else f"{owner}.{method}" if owner else method
            refuse_unknown(called, kwargs, arguments.names)
        return function(*args, **kwargs)

    return checking


class NamesArguments:
    """Base class whose subclasses check the names of their constructor's arguments."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):
            cls.__init__ = checks_names(vars(cls)["__init__"])  # type: ignore[method-assign]
