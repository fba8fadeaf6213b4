"""Valid calls of `_core` with random shapes: a known call is changed, then repaired as its error messages say.

`tests/calls.py` has a valid call of every function. Its sizes and options are drawn again; then
`[op] argument: expected shape (4, any)` says what to mend. So this file has no rules of single functions.
"""

import copy
import re
from typing import Any

import numpy as np
from calls import GOOD

from .hostile import pick

Arguments = dict[str, Any]
ACTIVATIONS = (
    "linear", "relu", "tanh", "sigmoid", "elu", "gelu", "silu", "softplus", "leaky_relu", "hard_sigmoid", "softsign"
)  # fmt: skip
WORDS = {  # values of string arguments; a function refuses those that it does not have
    "activation": ACTIVATIONS, "recurrent_activation": ACTIVATIONS, "interpolation": ("nearest", "bilinear"),
    "direction": ("forward", "backward_input", "backward_weight"),
}  # fmt: skip
NAMES = {
    "binary": ("add", "subtract", "multiply", "divide", "maximum", "minimum"), "reduce": ("sum", "mean", "max", "min")
}  # fmt: skip
REPAIRS = 14


def dimension(rng: np.random.Generator) -> int:
    return int(rng.integers(1, 9) if rng.random() < 0.75 else rng.integers(9, 70) if rng.random() < 0.95 else 0)


def random_array(rng: np.random.Generator, shape: Any, like: Any) -> Any:
    if like.dtype.kind == "f":
        made = rng.standard_normal(shape) if rng.random() < 0.7 else rng.uniform(0.1, 1.5, shape)
        return np.asarray(made, like.dtype)
    if like.dtype.kind == "b":
        return rng.random(shape) < 0.7
    return np.asarray(rng.integers(0, 3, shape), like.dtype)


def redrawn(rng: np.random.Generator, name: str, op: str, value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, np.ndarray):
        return random_array(rng, tuple(dimension(rng) if rng.random() < 0.5 else n for n in value.shape), value)
    if isinstance(value, dict):
        return {key: redrawn(rng, key, op, part) for key, part in value.items()}
    if isinstance(value, list):
        shapes = [tuple(dimension(rng) for _ in part.shape) for part in value]
        return [random_array(rng, shape, part) for shape, part in zip(shapes, value, strict=True)]
    if isinstance(value, bool):
        return bool(rng.integers(2))
    if isinstance(value, int):
        return int(rng.integers(0, 5))
    if isinstance(value, float):
        return float(pick(rng, (value, 0.0, 0.3, 1.0, 2.5)))
    if isinstance(value, tuple):
        most = 3 if name in ("padding", "before", "after") else 5
        return tuple(int(rng.integers(0 if most == 3 else 1, most)) for _ in value)
    if isinstance(value, str):
        return pick(rng, WORDS.get(name) or NAMES.get(op) or (ACTIVATIONS if name == "name" else (value,)))
    return value


def changed(rng: np.random.Generator, op: str) -> Arguments:
    arguments = copy.deepcopy(GOOD[op])
    optional = ("bias", "mask", "h0", "c0", "dropout_mask", "recurrent_dropout_mask", "dy", "dh", "dc")
    for holder in (arguments, *(value for value in arguments.values() if isinstance(value, dict))):
        for name, value in list(holder.items()):
            if name in optional and op != "activation_backward" and rng.random() < 0.3:
                holder[name] = None
            elif not isinstance(value, dict) and rng.random() < 0.6:
                holder[name] = redrawn(rng, name, op, value)
    return arguments


def _holders(arguments: Arguments, name: str) -> list[Arguments]:
    inner = [value for value in arguments.values() if isinstance(value, dict)]
    return [holder for holder in (arguments, *inner) if name in holder]


def _value(rng: np.random.Generator, op: str, name: str, old: Any, text: str) -> Any:
    """The value that the error message expects, as far as it can be parsed."""
    wanted = re.search(r"expected (?:shape |the shape of \w+, )\(([^)]*)\)", text)
    below = re.search(r"in \[0, (\d+)\)", text)
    if below and isinstance(old, np.ndarray):
        return np.asarray(rng.integers(0, max(1, int(below[1])), old.shape), old.dtype)
    if wanted and isinstance(old, np.ndarray | tuple):
        names = [part.strip() for part in wanted[1].split(",") if part.strip()]
        known = dict(re.findall(r"([\w/]+) = (\d+)", text))
        now = list(old.shape) if isinstance(old, np.ndarray) else list(old)
        sizes = []
        for i, part in enumerate(names):
            product = re.fullmatch(r"(\d+) \* \w+", part)
            size = known.get(part, part)
            before = now[i] if i < len(now) else dimension(rng)
            sizes.append(int(product[1]) * dimension(rng) if product else int(size) if size.isdigit() else before)
        return random_array(rng, tuple(sizes), old) if isinstance(old, np.ndarray) else tuple(sizes)
    if name == "groups":
        return int(pick(rng, (1, 1, 2, 3)))
    return redrawn(rng, name, op, old)


def repaired(rng: np.random.Generator, op: str, arguments: Arguments, call: Any) -> tuple[Arguments, Any]:
    """Arguments that `call` accepts, and its result; (arguments, None) if no attempt succeeded."""
    for _ in range(REPAIRS):
        try:
            return arguments, call(arguments)
        except (ValueError, TypeError) as error:
            named = re.match(r"\[\w+\] (\w+)(?:\[\d+\])?:", str(error))
            holders = _holders(arguments, named[1]) if named else []
            for holder in holders:
                old = holder[named[1]]
                if isinstance(old, list):
                    shape = GOOD[op][named[1]]
                    holder[named[1]] = [random_array(rng, part.shape, part) for part in shape]
                else:
                    holder[named[1]] = _value(rng, op, named[1], old, str(error))
            if not holders:
                return arguments, None
    return arguments, None
