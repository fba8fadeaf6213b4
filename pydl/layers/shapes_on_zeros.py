"""Output shapes of layers without compute_output_shape: found by a trial run on zeros."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..autograd.tape import no_grad, state
from ..autograd.tensor import Tensor
from ..base import trial
from ..base.tree import flatten, map_structure, pack_sequence_as
from ..ops.constants import zeros
from .call_arguments import TypedShape


def shapes_on_zeros(layer: Any, call: Callable[[Any], Any], shapes: Any) -> Any:
    """The output shapes of `call` for inputs of these shapes. A size that depends on an unknown one is unknown too.

    The trial run has no side effects.
    """

    def outputs(open_size: int) -> Any:
        def sample(shape: tuple[Any, ...]) -> Tensor:
            sizes = [(open_size if i else 1) if n is None else n for i, n in enumerate(shape)]
            return zeros(sizes, getattr(shape, "dtype", layer.dtype))

        run, before = trial.Trial(), (state.layer_depth, state.plan)
        # As if within another call, so that models run without plans; a plan that records does not see it.
        state.layer_depth, state.plan = state.layer_depth + 1, None
        try:
            with no_grad(), trial.running(run):
                layer._protect(run)
                return call(map_structure(sample, shapes))
        finally:
            state.layer_depth, state.plan = before
            run.end()

    inputs, y = flatten(shapes), outputs(16)
    batch = inputs[0][0]
    found: list[Any] = [(batch, *t.shape[1:]) for t in flatten(y)]
    if any(None in shape[1:] for shape in inputs):
        others = [t.shape for t in flatten(outputs(17))]
        pairs = zip(found, others, strict=True)
        found = [(batch, *(n if n == m else None for n, m in zip(a[1:], b[1:], strict=True))) for a, b in pairs]
    return pack_sequence_as(y, [TypedShape(shape, t.dtype) for shape, t in zip(found, flatten(y), strict=True)])
