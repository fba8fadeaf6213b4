"""The public ops with random shapes and options beside PyTorch, forward and backward, and with hostile arguments."""

import inspect
from typing import Any

import numpy as np
import torch

from pydl import GradientTape, Tensor, ops

from ..finding import Finding, close
from ..hostile import array, pick, sizes, thing
from ..op_cases import FAMILIES
from .core import brief

torch.set_num_threads(1)
NAMES = sorted(name for name in ops.__all__ if callable(getattr(ops, name)))
REFUSALS = (ValueError, TypeError, MemoryError, IndexError)


def compare(rng: np.random.Generator, note: Any) -> str:
    text, ours, theirs, arrays = pick(rng, FAMILIES)(rng)
    dtype = pick(rng, ("float32", "float64"))
    what = f"{text} of {brief([np.asarray(a, dtype) for a in arrays])}"
    note(what)
    inputs = [Tensor(np.asarray(a, dtype), requires_grad=True) for a in arrays]
    torch_inputs = [torch.tensor(t.numpy(), dtype=torch.float64, requires_grad=True) for t in inputs]
    expected = theirs(*torch_inputs)
    weighting = rng.standard_normal(tuple(expected.shape))
    with GradientTape() as tape:
        result = ours(*inputs)
        total = ops.sum(result * weighting.astype(dtype))
    found = tape.gradient(total, inputs)
    wanted = torch.autograd.grad((expected * torch.tensor(weighting)).sum(), torch_inputs)
    tolerance = 3e-5 if dtype == "float32" else 1e-10
    close(result.numpy(), expected.detach().numpy(), tolerance, what)
    close([g.numpy() for g in found], [g.numpy() for g in wanted], 10 * tolerance, f"gradients of {what}")
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
