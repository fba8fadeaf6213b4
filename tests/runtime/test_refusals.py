"""Messages of the extension for refused arguments begin with the function and name the argument."""

import copy
from typing import Any

import numpy as np
import pytest
from calls import GOOD, function_of, ones

from pydl import _core

SURROGATE = "\udc80"  # a lone surrogate: no encoding has it


class Lying(list):  # type: ignore[type-arg]
    def __len__(self) -> int:
        return 2**62


@pytest.mark.parametrize("case", GOOD)
def test_missing_and_unknown_arguments(case: str) -> None:
    op = function_of(case)
    function, good = getattr(_core, op), copy.deepcopy(GOOD[case])
    first = next(iter(good))
    rest = {name: value for name, value in good.items() if name != first}
    with pytest.raises(TypeError, match=rf"^\[{op}\] {first}: missing$"):
        function(**rest)
    with pytest.raises(TypeError, match=rf"^\[{op}\] 'bogus': no argument has this name$"):
        function(**good, bogus=1)
    with pytest.raises(TypeError, match=rf"^\[{op}\] {first}: given twice$"):
        function(good[first], **good)
    with pytest.raises(TypeError, match=rf"^\[{op}\] expected at most \d+ arguments, got 40$"):
        function(*[None] * 40)


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (case, name)
        for case, good in GOOD.items()
        for name, v in good.items()
        if isinstance(v, bool | int | float | str)
    ],
)
def test_numbers_flags_and_names_of_wrong_types(case: str, name: str) -> None:
    op, good = function_of(case), GOOD[case][name]
    wrong: list[Any] = [object(), [1], SURROGATE, 1j, ones(3)]
    if isinstance(good, int) and not isinstance(good, bool):
        wrong += [1.5, "1", 2**64, -(2**100), None]
    if isinstance(good, str):
        wrong += [1, None, b"x"]
    for value in wrong:
        arguments = {**copy.deepcopy(GOOD[case]), name: value}
        if isinstance(good, bool) and hasattr(value, "__bool__"):  # like `if` in Python
            continue
        with pytest.raises((TypeError, ValueError), match=rf"^\[{op}\] {name}: ") as caught:
            getattr(_core, op)(**arguments)
        assert len(str(caught.value)) < 500


def test_messages() -> None:
    x, w = ones(1, 5, 5, 2), ones(3, 3, 2, 4)
    options = (1, 1), (0, 0, 0, 0), (1, 1)
    cases = [
        (lambda: _core.conv2d_forward(x, w, None, *options, "a"), "[conv2d_forward] groups: expected an int from "
         "-2^63 to 2^63 - 1, got 'a'"),
        (lambda: _core.conv2d_forward(x, w, None, *options, 1, SURROGATE), "[conv2d_forward] activation: expected one "
         "of linear, relu"),
        (lambda: _core.reduce(SURROGATE, x, 0, 1), r"[reduce] name: expected a str, got '\udc80'"),
        (lambda: _core.layer_norm_forward(x, None, None, 3, "b"), "[layer_norm_forward] epsilon: expected a number, "),
        (lambda: _core.max_pool2d_forward(x, (2, 2), (2, 2), (0,) * 4, object()), "[max_pool2d_forward] with_argmax: "
         "expected a bool, got <object"),
        (lambda: _core.empty(Lying([2, 3]), "f4"), "[empty] dtype: expected a NumPy dtype, got 'f4'"),
        (lambda: _core.empty("ab", np.dtype("f4")), "[empty] shape: expected a tuple of ints, got 'ab'"),
        (lambda: _core.empty((2.5,), np.dtype("f4")), "[empty] shape: expected ints, got (2.5,)"),
        (lambda: _core.empty((-1,), np.dtype("f4")), "[empty] shape: expected ints from 0 to "),
        (lambda: _core.empty((1,) * 65, np.dtype("f4")), "[empty] shape: expected at most "),
        (lambda: _core.embedding_forward(np.zeros((1,) * 64, int), ones(2, 2)), "[embedding_forward] ids: expected at "
         "most 64 dimensions, got 65"),
        (lambda: _core.repeat_to(ones(1), (1,) * 70), "[repeat_to] shape: expected at most 64 dimensions, got 70"),
        (lambda: _core.set_num_threads(2**40), "[set_num_threads] n: expected"),
        (lambda: _core.set_isa(SURROGATE), "[set_isa] name: expected a str"),
        (lambda: _core.Plan().fail(3), "[fail] reason: expected a str, got 3"),
        (lambda: _core.Plan().begin([3], []), "[begin] inputs: expected collections.abc.Sequence[numpy.ndarray]"),
        (lambda: _core.Version().bump(1), "[bump] expected at most 1 arguments, got 2"),
    ]  # fmt: skip
    for call, words in cases:
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert str(caught.value).startswith(words), str(caught.value)


def test_false_length_is_ignored() -> None:
    assert _core.empty(Lying([2, 3]), np.dtype("f4")).shape == (2, 3)
    assert _core.transpose(ones(2, 3), Lying([1, 0])).shape == (3, 2)


def test_list_that_shrinks_while_it_is_read_is_refused() -> None:
    sizes: list[Any] = []

    class Shrinking:
        def __index__(self) -> int:
            sizes.clear()
            return 1

    sizes += [Shrinking(), 1, 1]
    with pytest.raises(ValueError, match=r"^\[transpose\] axes: changed while it was read"):
        _core.transpose(ones(2, 3, 4), sizes)
