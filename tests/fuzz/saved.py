"""What a recurrent kernel saves for its backward pass: its layout is its own, so it is made by the forward call."""

from typing import Any

from pydl import _core

from .stub import functions

Arguments = dict[str, Any]


def _forward(op: str, arguments: Arguments) -> Any:
    name = op.replace("_backward", "_forward")
    taken = {key: value for key, value in arguments.items() if key in functions()[name]}
    for direction in ("first", "second"):
        if direction in taken:
            inner = functions()[f"{arguments['cell']}_forward"]
            taken[direction] = {key: value for key, value in taken[direction].items() if key in inner}
    return getattr(_core, name)(**taken, training=True)


def filled_in(op: str, arguments: Arguments) -> Arguments:
    """The arguments of a backward call with what the forward one saves for them."""
    if op == "bidirectional_backward":
        _, *directions = _forward(op, arguments)
        pairs = zip(("first", "second"), directions, strict=True)
        return arguments | {name: {**arguments[name], "saved": saved[-1]} for name, saved in pairs}
    if "saved" in arguments and "recurrent_kernel" in arguments:
        return {**arguments, "saved": _forward(op, arguments)[-1]}
    return arguments


def without_saved(op: str, result: Any) -> Any:
    """What a forward call gives to its user."""
    if op == "bidirectional_forward":
        return [result[0], *(direction[:-1] for direction in result[1:])]
    return result[:-1] if op in ("rnn_forward", "lstm_forward", "gru_forward") else result
