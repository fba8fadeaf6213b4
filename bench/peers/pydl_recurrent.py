"""pydl's recurrent layers at `_core`."""

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
    arguments = (*arrays.values(), *OPTIONS[cell], False)
    return [Way(lambda: forward(*arguments)[0], as_arrays)]


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
        rest = dw[inputs + 1 :]
        bias = np.stack((dw[inputs], rest[-1])) if cell == "gru" else dw[inputs]
        return [y, dx, dw[:inputs], rest[: dy.shape[2]], bias]

    return [Way(call, answer)]
