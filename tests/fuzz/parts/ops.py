"""The public ops with random shapes and options beside PyTorch, forward and backward, and with hostile arguments."""

import inspect
from functools import cache
from typing import Any

import numpy as np
import torch

from pydl import GradientTape, Tensor, ops

from ..finding import ROUNDING, Finding, close, ill_conditioned
from ..hostile import array, pick, sizes, thing
from ..op_cases import FAMILIES
from .core import brief

torch.set_num_threads(1)
NAMES = sorted(name for name in ops.__all__ if callable(getattr(ops, name)))
REFUSALS = (ValueError, TypeError, MemoryError, IndexError)


def expected(theirs: Any, arrays: list[Any], weighting: Any, off: float = 0.0) -> list[Any]:
    """PyTorch's result in float64 and the gradients of its sum with `weighting`.

    off: how far, relatively, every number is moved at random first.
    """
    exact = [torch.tensor(a, dtype=torch.float64) for a in arrays]
    leaves = [(x * (1 + off * torch.randn_like(x))).requires_grad_() for x in exact]
    result = theirs(*leaves)
    total = (result * torch.tensor(weighting(tuple(result.shape)))).sum()
    return [result.detach().numpy(), *(g.numpy() for g in torch.autograd.grad(total, leaves))]


def compare(rng: np.random.Generator, note: Any) -> str:
    text, ours, theirs, arrays = pick(rng, FAMILIES)(rng)
    dtype = pick(rng, ("float32", "float64"))
    what = f"{text} of {brief([np.asarray(a, dtype) for a in arrays])}"
    note(what)
    inputs = [Tensor(np.asarray(a, dtype), requires_grad=True) for a in arrays]
    numbers = cache(rng.standard_normal)
    rounded = [t.numpy() for t in inputs]
    right = expected(theirs, rounded, numbers)
    with GradientTape() as tape:
        result = ours(*inputs)
        total = ops.sum(result * numbers(right[0].shape).astype(dtype))
    found = [result.numpy(), *(g.numpy() for g in tape.gradient(total, inputs))]
    tolerance = 3e-5 if dtype == "float32" else 1e-10
    try:
        close(found[0], right[0], tolerance, what)
        close(found[1:], right[1:], 10 * tolerance, f"gradients of {what}")
    except Finding:
        if dtype == "float32" and ill_conditioned(
            found, right, lambda: expected(theirs, rounded, numbers, ROUNDING), tolerance
        ):
            return "ill-conditioned"
        raise
    return "worked"


def hostile(rng: np.random.Generator, note: Any) -> str:
    """Any op with any arguments: it works, or raises a permitted error."""
    name = pick(rng, NAMES)
    function = getattr(ops, name)
    parameters = [p for p in inspect.signature(function).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    given: list[Any] = []
    for parameter in parameters:
        if parameter.default is not parameter.empty and rng.random() < 0.5:
            break
        draw = rng.random()
        given.append(array(rng) if draw < 0.6 else sizes(rng) if draw < 0.8 else thing(rng))
    what = f"ops.{name}({', '.join(map(brief, given))})"
    note(what)
    try:
        with np.errstate(all="ignore"):
            function(*given)
    except REFUSALS:
        return "refused"
    except RuntimeError as error:
        if str(error) not in ("index", "float", "len"):
            raise Finding(f"{what}\n{error!r}") from None
        return "refused"
    except Exception as error:
        raise Finding(f"{what}\n{error!r}") from None
    return "worked"


def run(rng: np.random.Generator, note: Any) -> str:
    return (compare if rng.random() < 0.7 else hostile)(rng, note)
