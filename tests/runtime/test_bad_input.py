"""Every function of the extension with every kind of wrong argument: an error that names it, never a crash."""

import copy
from typing import Any

import numpy as np
import pytest
from calls import GOOD, Arguments, function_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pydl import _core

# The path of each argument of each case, nested dicts included.
ARGUMENTS = [
    (case, path)
    for case, arguments in GOOD.items()
    for name, value in arguments.items()
    for path in [(name,), *((name, inner) for inner in (value if isinstance(value, dict) else ()))]
]

SIZES = (-1, 0, 1, 2**31 - 1, 2**31, 2**62, 2**63, 2**100)
HALF_A_CHARACTER = "\udc80"
ODD: list[Any] = [
    None, "", "x", HALF_A_CHARACTER, b"x", 1.5, float("nan"), float("inf"), 1j, object(), [], {}, (),
    range(2), True, *SIZES,
    *((size, size) for size in SIZES), *((size,) * 4 for size in SIZES), (1, 2, 3), (None, None), ("a", "b"),
    (1.5,) * 4, (0, 2**31 - 1, 2**31 - 1, 2**31 - 1),
]  # fmt: skip
DTYPES = ("f2", "i4", "i8", "u1", "?", "O", "c8", ">f4", "f8", "U3", "M8[s]", "g")

EMPTY_OR_DEEP = (
    (1,) * 20, (1,) * 64, (0, 2**40), (2**40, 0), (2**40, 2, 0), (0, 2**30, 2**20, 1), (2**40, 2, 2, 0),
    (0, 2**31 - 1, 3, 4), (2**31 - 1, 1, 3, 0)
)  # fmt: skip
EXTREMES = {"i": (-1, 2**31 - 1), "u": (255,), "b": (True,), "f": (-1, np.nan, np.inf)}


def odd_arrays(good: Any) -> list[Any]:
    """The array with a wrong dtype, rank, size, layout or content."""
    good = good.copy()  # some functions write to their arguments
    frozen = good.copy()
    frozen.flags.writeable = False
    bytes_from_1 = np.zeros(good.nbytes + 1, np.uint8)[1:]
    return [
        *(good.astype(dtype) for dtype in DTYPES),
        *(good[None], good.reshape(-1), good[1:], good[:0], good[..., :0], np.zeros((), good.dtype)),
        *(np.asfortranarray(good), good[..., ::-1], np.broadcast_to(good[:1], good.shape), frozen),
        *(np.zeros(shape, good.dtype) for shape in (*EMPTY_OR_DEEP, (0,) * good.ndim)),
        *(np.full_like(good, value) for value in EXTREMES[good.dtype.kind]),
        bytes_from_1.view(good.dtype).reshape(good.shape),
    ]


def odd_values(good: Any) -> list[Any]:
    if isinstance(good, np.ndarray):
        return ODD + odd_arrays(good)
    if isinstance(good, dict):
        return ODD + [{**copy.deepcopy(good), name: value} for name in good for value in odd_values(good[name])]
    if isinstance(good, list):
        whole = np.zeros(4, np.float32)
        lists = [good[:1], good[::-1], good * 2, [good[0]] * 2, [whole[:3], whole.reshape(2, 2)], [None, None]]
        return ODD + odd_arrays(good[0]) + lists + [[array, good[1]] for array in odd_arrays(good[0])]
    return ODD


def good(case: str, path: tuple[str, ...]) -> Any:
    """The argument at this path in the valid call."""
    value: Any = GOOD[case]
    for name in path:
        value = value[name]
    return value


def changed(case: str, path: tuple[str, ...], value: Any) -> Arguments:
    """The arguments of the case, with one replaced."""
    arguments = copy.deepcopy(GOOD[case])
    holder = arguments
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = value
    return arguments


def call(case: str, arguments: Arguments) -> None:
    """The call works, or raises an error that begins with the function and names an argument."""
    op = function_of(case)
    try:
        getattr(_core, op)(**arguments)
        return
    except (ValueError, TypeError, MemoryError) as caught:
        error = caught
    inner = [name for value in arguments.values() if isinstance(value, dict) for name in value]
    named = str(error).startswith(f"[{op}] ") and any(str(name) in str(error) for name in (*arguments, *inner))
    memory = isinstance(error, MemoryError) and str(error).endswith(" bytes")
    assert named or memory, f"{op}: {error!r}"


@pytest.mark.parametrize("case", GOOD)
def test_table_has_valid_calls(case: str) -> None:
    getattr(_core, function_of(case))(**copy.deepcopy(GOOD[case]))


def test_table_is_complete() -> None:
    settings_and_state = {"isa", "isas", "build_info", "release_memory", "Version", "Plan"}
    settings_and_state |= {"ACTIVATIONS", "precision", "set_precision", "force_conv2d_algorithm", "Changes", "Snapshot"}
    settings_and_state |= {"ThreadState", "state", "TensorFields", "set_tensor_type", "wrap", "writable"}
    functions = {name for name in vars(_core) if not name.startswith("_")} - settings_and_state
    called = {name for name in functions if "memory" not in name and "thread" not in name} - {"set_isa"}
    assert called == {function_of(case) for case in GOOD}


@pytest.mark.parametrize(("case", "path"), ARGUMENTS)
def test_one_wrong_argument(isa: str, case: str, path: tuple[str, ...]) -> None:
    right = good(case, path)
    for value in ODD if isinstance(right, dict) else odd_values(right):
        call(case, changed(case, path, value))


@pytest.mark.parametrize(
    ("case", "path"),
    [(case, path) for case, path in ARGUMENTS if isinstance(good(case, path), np.ndarray | tuple | list)],
)
def test_arrays_and_sizes_of_a_wrong_kind_are_named(case: str, path: tuple[str, ...]) -> None:
    op = function_of(case)
    wrong = ["x", 1.5, object(), 1j] if op != "empty" else []
    for value in wrong:
        with pytest.raises(TypeError, match=rf"^\[{op}\] {path[-1]}"):
            getattr(_core, op)(**changed(case, path, value))


@pytest.mark.parametrize("op", ["matmul", "conv2d_forward", "activation_forward", "activation_backward", "dropout"])
def test_numbers_of_a_wrong_kind_are_named(op: str) -> None:
    name = "rate" if op == "dropout" else "alpha"
    for value in ("a", None, [1.0], 1j):
        with pytest.raises(TypeError, match=rf"^\[{op}\] {name}: expected a number, got "):
            getattr(_core, op)(**{**copy.deepcopy(GOOD[op]), name: value})


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_several_wrong_arguments(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(sorted(GOOD)))
    arguments = copy.deepcopy(GOOD[case])
    for name in data.draw(st.sets(st.sampled_from(sorted(arguments)), min_size=1)):
        arguments[name] = data.draw(st.sampled_from(odd_values(GOOD[case][name])))
    call(case, arguments)
