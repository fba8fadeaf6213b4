"""pydl's recurrent layers at `_core`."""

from collections.abc import Callable
from typing import Any

import numpy as np

from pydl import _core as core

from .. import Array, Variant, as_arrays


def recurrent_inference(cell: str, x: Array, **weights: Array) -> list[Variant]:
    return _inference([x, *weights.values()], lambda: core.recurrent_forward(cell, x, False, weights)[0])


def _inference(arrays: list[Array], call: Callable[[], Array]) -> list[Variant]:
    """A direct call, and the replay of a plan, which packs the weights once. arrays: x and the weights."""
    x, *weights = arrays
    plan = core.Plan()
    plan.begin([x], [(w, core.Version()) for w in weights])
    reason = plan.end([call()])
    assert reason is None, reason
    return [Variant(call, as_arrays), Variant(lambda: plan.run(x), as_arrays, "plan")]


def _bias_gradient(cell: str, dweights: Array, inputs: int) -> Array:
    return np.stack((dweights[inputs], dweights[-1])) if cell == "gru" else dweights[inputs]


def recurrent_train(cell: str, dy: Array, x: Array, **weights: Array) -> list[Variant]:
    return _train(cell, x, dy, [weights])


def _train(cell: str, x: Array, dy: Array, directions: list[dict[str, Any]]) -> list[Variant]:
    """Outputs, and the gradients of x and of the weights of each direction."""
    rows, units = x.shape[2], dy.shape[2] // len(directions)

    def call() -> list[Array]:
        y, *ends = core.recurrent_forward(cell, x, True, *directions)
        arguments = [{**direction, "saved": saved} for direction, (_, _, saved) in zip(directions, ends, strict=True)]
        dx, *gradients = core.recurrent_backward(cell, x, dy, True, False, *arguments)
        return [y, dx, *(dweights for dweights, _, _ in gradients)]

    def to_arrays(result: list[Array]) -> list[Array]:
        y, dx, *gradients = result
        parts = [(dw[:rows], dw[rows + 1 : rows + 1 + units], _bias_gradient(cell, dw, rows)) for dw in gradients]
        return [y, dx, *(gradient for of_direction in parts for gradient in of_direction)]

    return [Variant(call, to_arrays)]


def _both(directions: list[list[Array]]) -> list[dict[str, Any]]:
    names = ("kernel", "recurrent_kernel", "bias")
    return [
        {**dict(zip(names, weights, strict=True)), "go_backwards": backwards}
        for weights, backwards in zip(directions, (False, True), strict=True)
    ]


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Variant]:
    both, arrays = _both(directions), [x, *directions[0], *directions[1]]
    return _inference(arrays, lambda: core.recurrent_forward(cell, x, False, *both)[0])


def bidirectional_train(cell: str, x: Array, directions: list[list[Array]], dy: Array) -> list[Variant]:
    return _train(cell, x, dy, _both(directions))
