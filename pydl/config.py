"""Instruction set, precision and threads: what is there, what is in use, and how to change it for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _core
from .base.errors import positive_integer


def isas() -> dict[str, bool]:
    """The instruction sets in this build, worst first, and whether this CPU has them."""
    return _core.isas()


class isa:
    """Switches the kernels of the whole process: `with isa("baseline"): ...`, or for good without `with`.

    ValueError if the name is unknown or this CPU lacks the instruction set. At import, PYDL_ISA does the same.
    Waits for kernels that run in other threads.
    """

    def __init__(self, name: str) -> None:
        self._before = _core.isa()
        _core.set_isa(name)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _core.set_isa(self._before)


class precision:
    """How exact convolutions are, for the whole process: `with precision("strict"): ...`, or for good without `with`.

    "default" may take Winograd's algorithm for 3x3 kernels: two to three times as fast, with rounding errors some ten
    to thirty times those of a plain sum (docs/kernels/winograd.md), and one NaN or infinity spoils the tile of outputs
    around it. "strict" adds up products and does nothing else. ValueError for any other name. At import,
    PYDL_PRECISION does the same; `show()` tells which is in use. Waits for kernels that run in other threads.
    """

    def __init__(self, name: str) -> None:
        self._before = _core.precision()
        _core.set_precision(name)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _core.set_precision(self._before)


def explain_conv2d(
    x_shape: Sequence[int],
    w_shape: Sequence[int],
    strides: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0, 0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
) -> dict[str, str]:
    """The algorithm that a convolution takes now in each direction: forward, backward_input, backward_weight.

    x_shape (N, H, W, C), w_shape (KH, KW, C/groups, O), padding (top, bottom, left, right). The algorithms are
    implicit_gemm, depthwise, grouped, winograd_4x4, winograd_5x5 and space_to_depth (docs/kernels/conv2d.md).
    ValueError for shapes and options that do not fit.
    """
    directions = ("forward", "backward_input", "backward_weight")
    options = (tuple(x_shape), tuple(w_shape), tuple(strides), tuple(padding), tuple(dilation), groups)
    return {direction: _core.conv2d_algorithm(direction, *options) for direction in directions}


class threads:
    """`with threads(n):` kernels called from this Python thread use n threads. Results do not depend on n."""

    def __init__(self, n: int) -> None:
        self._n = positive_integer("threads", "n", n, 2**31)

    def __enter__(self) -> None:
        self._before = _core.thread_override()
        _core.set_thread_override(self._n)

    def __exit__(self, *_: object) -> None:
        _core.set_thread_override(self._before)


def set_num_threads(n: int) -> None:
    """The number of threads for kernels, for the whole process. ValueError unless a positive integer."""
    _core.set_num_threads(positive_integer("set_num_threads", "n", n, 2**31))


def num_threads() -> int:
    """The number of threads that a kernel called now would use at most."""
    return _core.num_threads()


def show() -> dict[str, Any]:
    """Prints, and returns, how pydl was built and what it uses."""
    info: dict[str, Any] = {
        **_core.build_info(),
        "isa": _core.isa(),
        "isas": ", ".join(f"{name}{'' if there else ' (not on this CPU)'}" for name, there in isas().items()),
        "precision": _core.precision(),
        "threads": num_threads(),
        "default threads": _core.default_num_threads(),
    }
    for key, value in info.items():
        print(f"{key:>16}: {value}")
    return info
