"""Every function of the extension with hostile arguments, its arrays beside guard pages.

A call may work or be refused. A refusal is a ValueError, TypeError or MemoryError that begins with `[op]`.
"""

import re
from typing import Any

import numpy as np
from calls import GOOD, function_of

import pydl
from pydl import _core

from ..finding import Finding
from ..guard import Arena
from ..hostile import array, pick, sizes, thing, value
from ..repair import changed
from ..stub import functions

ISA = _core.isa()
FUNCTIONS = sorted(functions())
BY_POSITION = ("wrap",)  # positional arguments only
LIMIT = 1 << 40
REFUSALS = (ValueError, TypeError, MemoryError)


def restore() -> None:
    """Restores the settings that functions may have changed."""
    _core.set_isa(ISA)
    _core.set_precision("default")
    _core.force_conv2d_algorithm("automatic")
    _core.set_tensor_type(pydl.Tensor)
    _core.set_memory_limit(LIMIT)
    _core.set_num_threads(2)
    _core.set_thread_override(0)


def neighbour(rng: np.random.Generator, old: Any) -> Any:
    """A hostile value of the same kind as a valid argument."""
    if rng.random() < 0.25:
        return thing(rng)
    if isinstance(old, np.ndarray):
        return array(rng)
    if isinstance(old, tuple):
        return sizes(rng, len(old) if rng.random() < 0.8 else None)
    if isinstance(old, dict):
        name = pick(rng, sorted(old))
        return {**old, name: neighbour(rng, old[name])}
    if isinstance(old, list):
        return [neighbour(rng, part) if rng.random() < 0.5 else part for part in old]
    return value(rng, type(old).__name__)


def arguments(rng: np.random.Generator, op: str) -> dict[str, Any]:
    """A valid call with some hostile arguments, or a call made from the annotations alone."""
    cases = [case for case in GOOD if function_of(case) == op]
    if cases and rng.random() < 0.8:
        case = pick(rng, cases)
        made = changed(rng, case) if rng.random() < 0.5 else dict(GOOD[case])
        for name in rng.choice(sorted(made), int(rng.integers(1, min(4, len(made) + 1))), replace=False):
            made[name] = neighbour(rng, made[name])
        return made
    return {name: value(rng, annotation) for name, annotation in functions()[op].items()}


def brief(made: Any) -> str:
    if isinstance(made, np.ndarray):
        return f"array({made.dtype} {made.shape} strides {made.strides})"
    if isinstance(made, dict):
        return "{" + ", ".join(f"{name}: {brief(part)}" for name, part in made.items()) + "}"
    return "[" + ", ".join(map(brief, made)) + "]" if type(made) is list else repr(made)[:200]


def run(rng: np.random.Generator, note: Any) -> str:
    op = pick(rng, FUNCTIONS)
    made = arguments(rng, op)
    with Arena() as arena:
        try:
            small = arena.copy(made, at_end=rng.random() < 0.7)
        except (MemoryError, ValueError):
            small = made  # a broadcast array that does not fit into memory
        note(f"{op}({brief(made)})")
        try:
            function = getattr(_core, op)
            if op in BY_POSITION:
                function(*small.values())
            else:
                function(**small)
            return "worked"
        except REFUSALS as error:
            return judged(op, made, error)
        except RuntimeError as error:
            if str(error) in ("index", "float", "len"):  # raised by the argument itself
                return "refused"
            raise Finding(f"{op}({brief(made)})\n{error!r}") from None
        except Exception as error:
            raise Finding(f"{op}({brief(made)})\n{error!r}") from None
        finally:
            del small
            if op not in map(function_of, GOOD):
                restore()


def judged(op: str, made: dict[str, Any], error: Exception) -> str:
    text = str(error)
    if isinstance(error, MemoryError):
        return "no memory"
    if re.match(r"\[\w+\] \w+", text):
        return "refused"
    raise Finding(f"{op}({brief(made)})\nrefused without its name: {error!r}")
