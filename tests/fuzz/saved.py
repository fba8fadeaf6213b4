"""The reserve space of recurrent kernels: its layout is private, so a forward call makes it."""

from typing import Any

from pydl import _core

Arguments = dict[str, Any]
DIRECTIONS = ("first", "second")
LAST = ("saved", "dh", "dc")  # arguments of backward only


def filled_in(op: str, arguments: Arguments) -> Arguments:
    """The arguments of a backward call, with `saved` of the matching forward call."""
    if op != "recurrent_backward":
        return arguments
    given = {name: arguments[name] for name in DIRECTIONS if arguments.get(name)}
    forward = {name: {key: one[key] for key in one if key not in LAST} for name, one in given.items()}
    _, *ends = _core.recurrent_forward(arguments["cell"], arguments["x"], True, **forward)
    found = zip(given.items(), ends, strict=True)
    return arguments | {name: {**one, "saved": saved} for (name, one), (_, _, saved) in found}


def without_saved(op: str, result: Any) -> Any:
    """The results of a forward call without `saved`."""
    return [result[0], *(ends[:-1] for ends in result[1:])] if op == "recurrent_forward" else result
