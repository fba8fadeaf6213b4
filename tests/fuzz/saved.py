"""What a recurrent kernel saves for its backward pass: its layout is its own, so it is made by the forward call."""

from typing import Any

from pydl import _core

Arguments = dict[str, Any]
DIRECTIONS = ("first", "second")
LAST = ("saved", "dh", "dc")  # what only backward takes


def filled_in(op: str, arguments: Arguments) -> Arguments:
    """The arguments of a backward call with what the forward one saves for them."""
    if op != "recurrent_backward":
        return arguments
    given = {name: arguments[name] for name in DIRECTIONS if arguments.get(name)}
    forward = {name: {key: one[key] for key in one if key not in LAST} for name, one in given.items()}
    _, *ends = _core.recurrent_forward(arguments["cell"], arguments["x"], True, **forward)
    found = zip(given.items(), ends, strict=True)
    return arguments | {name: {**one, "saved": saved} for (name, one), (_, _, saved) in found}


def without_saved(op: str, result: Any) -> Any:
    """What a forward call gives to its user."""
    return [result[0], *(ends[:-1] for ends in result[1:])] if op == "recurrent_forward" else result
