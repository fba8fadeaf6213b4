"""Valid calls of random functions and sizes: in float32 and float64, beside guard pages, against references.

Findings: a result that differs from the float64 reference (or, without one, between the two dtypes), an input that is
written to, an access to a guard page.
"""

import copy
from typing import Any

import numpy as np
from calls import GOOD, function_of

from pydl import _core

from ..finding import ROUNDING, Finding, close, flatten, ill_conditioned, same_bits
from ..guard import Arena
from ..hostile import pick
from ..references import REFERENCES
from ..repair import changed, repaired
from ..saved import filled_in, without_saved
from .core import brief

OPS = sorted(set(GOOD) - {"empty", "conv2d_algorithm"})
LARGE = 1e6  # results that grow that much have no correct digits in float32
TOLERANCE = {
    np.dtype("f4"): 3e-3,
    np.dtype("f8"): 1e-9,
}  # relative to the largest number; unit tests have the tight bounds


def as_double(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype == np.float32 else value.copy()
    if isinstance(value, dict):
        return {name: as_double(part) for name, part in value.items()}
    return [as_double(part) for part in value] if isinstance(value, list) else value


def copied(result: Any) -> Any:
    if isinstance(result, tuple | list):
        return [copied(part) for part in result]
    return None if result is None else np.array(result)


def unchanged(inside: Any, before: Any, what: str) -> None:
    """Checks that the call wrote to no input but `saved`, which backward uses as workspace."""
    if isinstance(before, np.ndarray):
        same_bits(inside, before, what)
    elif isinstance(before, dict):
        for name in before.keys() - {"saved"}:
            unchanged(inside[name], before[name], f"{what} {name}")


def guarded(case: str, arguments: dict[str, Any], at_end: bool) -> Any:
    """The result of a call with arrays beside guard pages; of an update, the updated arrays."""
    op = function_of(case)
    with Arena() as arena:
        inside = arena.copy(filled_in(op, arguments), at_end)
        result = getattr(_core, op)(**inside)
        result_copy = copied(flatten(inside["params"]) if op.endswith("_update") else without_saved(op, result))
        if not op.endswith("_update"):
            unchanged(inside, arguments, f"{op} writes to")
        del inside, result
    return result_copy


def draw(rng: np.random.Generator, case: str) -> tuple[dict[str, Any], Any]:
    """Arguments of a valid call, and its result; (arguments, None) if none was found."""
    return repaired(rng, case, changed(rng, case), lambda arguments: guarded(case, copy.deepcopy(arguments), True))


def run(rng: np.random.Generator, note: Any) -> str:
    case = pick(rng, OPS)
    op = function_of(case)
    note(f"{case}, while its arguments are drawn")
    arguments, result = draw(rng, case)
    if result is None:
        return "refused"
    note(f"{op}({brief(arguments)})")
    what = f"{op}({brief(arguments)})"
    same_bits(guarded(case, arguments, False), result, f"{what}, a page before or behind")
    doubles = as_double(arguments)
    double = guarded(case, doubles, bool(rng.integers(2)))
    with np.errstate(all="ignore"):
        expected = REFERENCES[op](**as_double(arguments)) if op in REFERENCES else None
    if expected is not None:
        close(double, expected, TOLERANCE[np.dtype("f8")], f"{what} in float64")
    if expected is not None:
        close(result, expected, TOLERANCE[np.dtype("f4")], what)
        return "worked"
    if any(np.abs(leaf).max(initial=0) > LARGE for leaf in flatten(double)):
        return "exploded"
    tolerance = TOLERANCE[np.dtype("f4")]
    try:
        close(result, double, tolerance, what)
    except Finding:
        if ill_conditioned(result, double, lambda: guarded(case, rounded(rng, doubles), True), tolerance):
            return "ill-conditioned"
        raise
    return "worked"


def rounded(rng: np.random.Generator, value: Any) -> Any:
    """Float arrays, each element changed by about one rounding error of float32."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * (1 + ROUNDING * rng.standard_normal(value.shape))
    return {name: rounded(rng, part) for name, part in value.items()} if isinstance(value, dict) else value
