"""Hostile arguments: wrong types, absurd sizes, layouts and contents."""

from typing import Any

import numpy as np

SIZES = (
    -(2**63), -(2**31), -1, 0, 1, 2, 3, 7, 255, 256, 2**16, 10**6, 2**30, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, 2**63,
    2**100,
)  # fmt: skip
NUMBERS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e30, -1e30, 1e308, float("nan"), float("inf"), float("-inf"))
DTYPES = (
    "f2", "f4", "f8", "g", "i1", "i4", "i8", "u1", "u8", "?", "O", "c8", "c16", ">f4", ">i8", "U3", "S2", "M8[s]",
    "m8[s]", "V4",
)  # fmt: skip
NAMES = ("relu", "linear", "add", "sum", "tanh", "gru", "forward", "nearest", "", "\udc80", "x" * 1000)


class Lying:
    """A sequence whose __len__ is wrong, with elements of any kind."""

    def __init__(self, length: int, value: Any) -> None:
        self.length, self.value = length, value

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, i: int) -> Any:
        if i > 5:
            raise IndexError(i)
        return self.value

    def __repr__(self) -> str:
        return f"Lying({self.length}, {self.value!r})"


class Raising:
    """Every special method raises."""

    def __index__(self) -> int:
        raise RuntimeError("index")

    def __float__(self) -> float:
        raise RuntimeError("float")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __repr__(self) -> str:
        return "Raising()"


def pick(rng: np.random.Generator, options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def size(rng: np.random.Generator) -> int:
    return int(pick(rng, SIZES)) if rng.random() < 0.7 else int(rng.integers(-3, 40))


def sizes(rng: np.random.Generator, length: int | None = None) -> Any:
    length = int(rng.integers(0, 9)) if length is None else length
    return pick(rng, (tuple, list))(size(rng) if rng.random() < 0.4 else int(rng.integers(0, 5)) for _ in range(length))


def thing(rng: np.random.Generator) -> Any:
    """A value of a type that no function takes."""
    kind = int(rng.integers(18))
    return (
        None, "", "x", "\udc80", "relu\0", b"x", object(), 1j, {}, [], set(), range(3), True, lambda: 0,
        Lying(int(pick(rng, (0, 1, 2, 4, 2**31, 2**62))), pick(rng, (1, None, "x", 2**40))), Raising(),
        pick(rng, NUMBERS), size(rng),
    )[kind]  # fmt: skip


def array(rng: np.random.Generator) -> Any:
    """An array of little memory, possibly with a huge shape or unusual strides."""
    dtype = np.dtype(pick(rng, DTYPES) if rng.random() < 0.5 else pick(rng, ("f4", "f8", "i8", "?")))
    kind = int(rng.integers(6))
    if kind == 0:  # empty: one size is 0, the others are absurd
        shape = [int(pick(rng, (1, 2, 2**20, 2**31 - 1, 2**31, 2**40))) if rng.random() < 0.3 else 3 for _ in range(4)]
        shape[int(rng.integers(4))] = 0
        try:
            return np.zeros([*shape[: int(rng.integers(1, 5))], 0], dtype)
        except ValueError:  # too large for NumPy
            return np.zeros(0, dtype)
    shape = tuple(int(n) for n in rng.integers(0 if kind == 1 else 1, 5, int(rng.integers(0, 6))))
    made = np.zeros(shape, dtype)
    if dtype.kind == "f":
        made[...] = rng.standard_normal(shape).astype(dtype)
        if rng.random() < 0.3:
            with np.errstate(over="ignore"):
                made[...] = np.asarray(pick(rng, NUMBERS)).astype(dtype)
    elif dtype.kind in "iu":
        made[...] = pick(rng, (-1, 0, 1, 100)) if dtype.kind == "i" else 200
    if kind == 2 and made.ndim:  # broadcast: strides of 0 and many elements
        return np.broadcast_to(made[:1], (int(pick(rng, (2, 2**20, 2**31, 2**40))), *made.shape[1:]))
    if kind == 3 and made.ndim:
        return made[..., ::-1] if rng.random() < 0.5 else made.T
    if kind == 4:
        made.flags.writeable = False
    if kind == 5 and dtype.kind in "fi" and made.ndim:  # not aligned
        return np.zeros(made.nbytes + 1, np.uint8)[1:].view(dtype).reshape(shape)
    return made


def value(rng: np.random.Generator, annotation: str) -> Any:
    """A value for an argument of this kind: mostly almost right."""
    if rng.random() < 0.2:
        return thing(rng)
    if "dict" in annotation:
        return {pick(rng, ("x", "kernel", "bias", "mask")): array(rng)}
    if "Sequence[Array]" in annotation:
        count = int(rng.integers(0, 4))
        return pick(rng, (list, tuple))(array(rng) if rng.random() < 0.9 else thing(rng) for _ in range(count))
    if "Array" in annotation or "Tensor" in annotation:
        return None if "None" in annotation and rng.random() < 0.2 else array(rng)
    if "Sizes" in annotation or "Sequence[int]" in annotation:
        return sizes(rng)
    if "bool" in annotation:
        return bool(rng.integers(2))
    if "int" in annotation:
        return size(rng)
    if "float" in annotation:
        return float(pick(rng, NUMBERS)) if rng.random() < 0.5 else float(rng.normal())
    if "str" in annotation:
        return pick(
            rng, ("relu", "linear", "add", "sum", "tanh", "gru", "forward", "nearest", "", "\udc80", "x" * 1000)
        )
    if "dtype" in annotation:
        return np.dtype(pick(rng, DTYPES))
    return thing(rng)
