"""Instruction set, precision and number of threads: query them, set them, or change them in a `with` block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import _core
from .base.errors import positive_integer

__all__ = ["explain_conv2d", "isa", "isas", "num_threads", "precision", "set_num_threads", "show", "threads"]


def isas() -> dict[str, bool]:
    """The instruction sets in this build, the slowest first.

    Returns:
        A dict from the name to whether this CPU has it.

    Example:
        >>> pydl.config.isas()["baseline"]
        True
    """
    return _core.isas()


class isa:
    """Sets the instruction set of all kernels of the process: in a `with` block, or permanently without one.

    At import, the environment variable PYDL_ISA does the same. Waits for kernels that run in other threads.

    Args:
        name: One of `isas()`.

    Raises:
        ValueError: If the name is unknown, or this CPU lacks the instruction set.

    Example:
        >>> with pydl.config.isa("baseline"):
        ...     y = pydl.ops.relu([-1.0, 1.0])
    """

    def __init__(self, name: str) -> None:
        self._before = _core.isa()
        _core.set_isa(name)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _core.set_isa(self._before)


class precision:
    """Sets the precision of convolutions in the process: in a `with` block, or permanently without one.

    "default" may take Winograd's algorithm for 3x3 kernels: two to three times as fast, with rounding errors some ten
    to thirty times those of a plain sum, and one NaN or infinity makes its tile of outputs NaN. "strict" only sums
    products. At import, the environment variable PYDL_PRECISION does the same; `show()` prints which is in use. It
    waits for kernels that run in other threads.

    Args:
        name: "default" or "strict".

    Raises:
        ValueError: For another name.

    Source:
        Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks".

    Example:
        >>> with pydl.config.precision("strict"):
        ...     y = pydl.ops.conv2d(np.ones((1, 8, 8, 1)), np.ones((3, 3, 1, 1)))
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
    """The algorithm that a convolution takes now, in each direction.

    Args:
        x_shape: (batch, height, width, channels).
        w_shape: (kernel height, kernel width, channels / groups, filters).
        strides: (rows, columns).
        padding: Pixels (top, bottom, left, right).
        dilation: (rows, columns).
        groups: The number of groups of channels.

    Returns:
        A dict with the keys "forward", "backward_input" and "backward_weight". The algorithms are implicit_gemm,
        depthwise, grouped, winograd_4x4, winograd_5x5 and space_to_depth.

    Raises:
        ValueError: If shapes and options do not fit.

    Example:
        >>> pydl.config.explain_conv2d((32, 28, 28, 1), (5, 5, 1, 8))["forward"]
        'implicit_gemm'
    """
    directions = ("forward", "backward_input", "backward_weight")
    options = (tuple(x_shape), tuple(w_shape), tuple(strides), tuple(padding), tuple(dilation), groups)
    return {direction: _core.conv2d_algorithm(direction, *options) for direction in directions}


class threads:
    """The number of threads of kernels that are called from this Python thread, in a `with` block.

    Results do not depend on it.

    Args:
        n: A positive integer.

    Raises:
        ValueError: If it is no such integer.

    Example:
        >>> with pydl.threads(1):
        ...     pydl.num_threads()
        1
    """

    def __init__(self, n: int) -> None:
        self._n = positive_integer("threads", "n", n, 2**31)

    def __enter__(self) -> None:
        self._before = _core.thread_override()
        _core.set_thread_override(self._n)

    def __exit__(self, *_: object) -> None:
        _core.set_thread_override(self._before)


def set_num_threads(n: int) -> None:
    """The number of threads of kernels, for the whole process. Results do not depend on it.

    Args:
        n: A positive integer.

    Raises:
        ValueError: If it is no such integer.

    Example:
        >>> pydl.set_num_threads(2)
        >>> pydl.num_threads()
        2
    """
    _core.set_num_threads(positive_integer("set_num_threads", "n", n, 2**31))


def num_threads() -> int:
    """The number of threads that a kernel called now would use at most.

    Returns:
        An integer.

    Example:
        >>> pydl.num_threads() >= 1
        True
    """
    return _core.num_threads()


def show() -> dict[str, Any]:
    """Prints how pydl was built and what it uses.

    Returns:
        A dict of what it printed.

    Example:
        >>> info = pydl.config.show()  # doctest: +ELLIPSIS
                 version: ...
        >>> info["threads"] == pydl.num_threads()
        True
    """
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
