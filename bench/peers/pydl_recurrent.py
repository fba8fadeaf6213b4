"""pydl's recurrent layers at `_core`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl import _core as core

from . import Way, as_arrays

Array = NDArray[Any]
# Between the weights and `training` or `saved`: no initial state, no masks, the usual activations, all outputs.
OPTIONS: dict[str, tuple[Any, ...]] = {
    "rnn": (None, None, "tanh", False, True, None, None),
    "lstm": (None, None, None, "tanh", "sigmoid", False, True, None, None),
    "gru": (None, None, "tanh", "sigmoid", True, False, True, None, None),
}


def recurrent_inference(cell: str, **arrays: Array) -> list[Way]:
    forward = getattr(core, f"{cell}_forward")
    return _inference(list(arrays.values()), lambda: forward(*arrays.values(), *OPTIONS[cell], False)[0])


def _inference(arrays: list[Array], call: Callable[[], Array]) -> list[Way]:
    """A call by itself, and as a model predicts: by a plan, which packs the weights once. arrays: x and the weights."""
    x, *weights = arrays
    plan = core.Plan()
    plan.begin([x], [(w, core.Version()) for w in weights])
    reason = plan.end([call()])
    assert reason is None, reason
    return [Way(call, as_arrays), Way(lambda: plan.run(x), as_arrays, "plan")]


def _bias_gradient(cell: str, dweights: Array, inputs: int) -> Array:
    return np.stack((dweights[inputs], dweights[-1])) if cell == "gru" else dweights[inputs]


def recurrent_train(cell: str, dy: Array, **arrays: Array) -> list[Way]:
    forward, backward = getattr(core, f"{cell}_forward"), getattr(core, f"{cell}_backward")
    arguments = (*arrays.values(), *OPTIONS[cell])
    last_states = (None,) * (2 if cell == "lstm" else 1)
    inputs = arrays["x"].shape[2]

    def call() -> tuple[Array, Array, Array]:
        y, _, _, saved = forward(*arguments, True)
        dx, dw, _, _ = backward(*arguments, saved, dy, *last_states, True, False)
        return y, dx, dw

    def answer(result: tuple[Array, Array, Array]) -> list[Array]:
        y, dx, dw = result
        return [y, dx, dw[:inputs], dw[inputs + 1 :][: dy.shape[2]], _bias_gradient(cell, dw, inputs)]

    return [Way(call, answer)]


def _directions(cell: str, directions: list[list[Array]]) -> list[dict[str, Any]]:
    options: dict[str, Any] = {"activation": "tanh", "return_sequences": True}
    options |= {} if cell == "rnn" else {"recurrent_activation": "sigmoid", "reset_after": True}
    names = ("kernel", "recurrent_kernel", "bias")
    return [
        {**options, **dict(zip(names, weights, strict=True)), "go_backwards": backwards}
        for weights, backwards in zip(directions, (False, True), strict=True)
    ]


def bidirectional_inference(cell: str, x: Array, directions: list[list[Array]]) -> list[Way]:
    both = _directions(cell, directions)
    arrays = [x, *directions[0], *directions[1]]
    return _inference(arrays, lambda: core.bidirectional_forward(cell, x, *both, False)[0])


def bidirectional_train(cell: str, x: Array, directions: list[list[Array]], dy: Array) -> list[Way]:
    both = _directions(cell, directions)

    def call() -> list[Array]:
        y, *rest = core.bidirectional_forward(cell, x, *both, True)
        given = [{**one, "saved": of_one[2]} for one, of_one in zip(both, rest, strict=True)]
        dx, *gradients = core.bidirectional_backward(cell, x, *given, dy, True, False)
        return [y, dx, *(one[0] for one in gradients)]

    def answer(result: list[Array]) -> list[Array]:
        y, dx, *gradients = result
        rows, units = x.shape[2], dy.shape[2] // 2
        parts = [(dw[:rows], dw[rows + 1 : rows + 1 + units], _bias_gradient(cell, dw, rows)) for dw in gradients]
        return [y, dx, *parts[0], *parts[1]]

    return [Way(call, answer)]
