"""Weights in .npz files: plain arrays, no pickle, each named by its number and the path of its variable."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from ..autograd.tape import Array
from ..base.files import write_whole
from .paths import NamedWeight, same_path

_OTHER_FORMATS = (".h5", ".hdf5", ".keras", ".safetensors")
_NAME = re.compile(r"(?P<number>\d{4,9})\.(?P<path>.+)\.npy|arr_(?P<plain>\d{1,9})\.npy", re.DOTALL)  # or NumPy's
_MAX_HEADER = 1 << 16  # bytes of the header of an array
_MAX_ITEM = 16  # bytes of an element


def save_arrays(path: str | os.PathLike[str], weights: Sequence[NamedWeight], overwrite: bool = True) -> None:
    """Writes the variables in order, each named by its number and path."""
    target = Path(path)
    if target.name.endswith(_OTHER_FORMATS):
        raise ValueError(f"[save_weights] filepath: expected a .npz file, got {target.name!r}")
    if target.exists() and not overwrite:
        raise FileExistsError(f"[save_weights] filepath: expected a new file, got {target}; pass overwrite=True")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"[save_weights] filepath: expected a file in an existing folder, got {os.fspath(path)!r}; there is no "
            f"folder {str(target.parent)!r}"
        )
    write_whole(target, partial(_write, weights))


def _write(weights: Sequence[NamedWeight], file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:  # np.savez would pickle an object array
        for i, weight in enumerate(weights):
            with archive.open(f"{i:04d}.{weight.path}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, weight.variable.array, allow_pickle=False)


class _Member(NamedTuple):
    info: zipfile.ZipInfo
    path: str | None  # None in a file of np.savez
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[np.generic]


def load_arrays(path: str | os.PathLike[str], weights: Sequence[NamedWeight]) -> list[Array]:
    """Reads the arrays in order. ValueError if the file is damaged, or the count, names or shapes differ.

    All headers are compared with the variables before any array is read.
    """
    with open(path, "rb") as file:
        try:
            with _opened(file, weights) as archive:
                members = _members(archive, len(weights))
                _check_fit(members, weights)
                return [_array(archive, member) for member in members]
        except _Misfit as misfit:
            raise ValueError(f"[load_weights] {os.fspath(path)}: {misfit}") from None
        except Exception as error:  # zipfile and NumPy raise a dozen types for damage
            raise ValueError(
                f"[load_weights] {os.fspath(path)}: expected a weight file, got another or a damaged file"
            ) from error


class _Misfit(Exception):
    """A valid file of another model."""


def _opened(file: BinaryIO, weights: Sequence[NamedWeight]) -> zipfile.ZipFile:
    # A file that is larger than the weights in the largest dtype is refused before its directory is read.
    limit = sum(weight.variable.size * _MAX_ITEM + 2 * _MAX_HEADER for weight in weights) + 4 * _MAX_HEADER
    size = os.fstat(file.fileno()).st_size
    if size > limit:
        raise _Misfit(f"expected at most {limit} bytes for {len(weights)} arrays of these shapes, got {size}")
    return zipfile.ZipFile(file)


def _members(archive: zipfile.ZipFile, count: int) -> list[_Member]:
    """The parsed headers, in order. An error for anything unusual, such as a duplicate name."""
    if len(archive.infolist()) != count:
        raise _Misfit(f"expected {count} arrays, as the model has, got {len(archive.infolist())}")
    found: dict[int, _Member] = {}
    for info in archive.infolist():
        name = _NAME.fullmatch(info.filename)
        if name is None or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(info.filename)
        number = int(name["number"] or name["plain"])
        if number in found:
            raise ValueError(f"two arrays {number}")
        with archive.open(info) as member:
            version = np.lib.format.read_magic(member)
            read_header = {
                (1, 0): np.lib.format.read_array_header_1_0,
                (2, 0): np.lib.format.read_array_header_2_0,
            }[version]
            shape, fortran, dtype = read_header(member)
            begin = member.tell()
        if dtype.hasobject or begin > _MAX_HEADER or info.file_size != begin + _count(shape) * dtype.itemsize:
            raise ValueError(f"{info.filename}: {info.file_size} bytes")
        found[number] = _Member(info, name["path"], shape, fortran, dtype)
    if sorted(found) != list(range(len(found))):
        raise ValueError("an array is missing")
    return [found[number] for number in range(len(found))]


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        if size < 0:
            raise ValueError(f"shape {shape}")
        count *= size
    return count


def _check_fit(members: Sequence[_Member], weights: Sequence[NamedWeight]) -> None:
    for member, weight in zip(members, weights, strict=True):
        if member.path is not None and not same_path(member.path, weight):
            raise _Misfit(
                f"expected {weight.path!r}, got {member.path!r}; give the layers the names that they have in the file, "
                "or pass the arrays in order to set_weights()"
            )
        if member.shape != weight.variable.shape or member.dtype.kind != "f":
            expected = f"expected shape {weight.variable.shape}, got {member.dtype} {member.shape}"
            raise _Misfit(f"{weight.path}: {expected}")
    stored, own = [member.path for member in members], [weight.path for weight in weights]
    if None not in stored and stored != own and sorted(map(str, stored)) == sorted(own):
        first = next(i for i, path in enumerate(stored) if path != own[i])
        raise _Misfit(f"expected {own[first]!r}, got {stored[first]!r}; the order of the layers differs")


def _array(archive: zipfile.ZipFile, member: _Member) -> Array:
    """The elements, read to the end of the member, where zipfile compares the checksum."""
    with archive.open(member.info) as file:
        file.read(member.info.file_size - _count(member.shape) * member.dtype.itemsize)
        flat = np.empty(_count(member.shape), member.dtype)
        rest = memoryview(flat.view(np.uint8).data) if flat.size else memoryview(b"")
        while rest:
            data = file.read(min(len(rest), 1 << 20))
            if not data:
                raise EOFError(member.info.filename)
            rest[: len(data)] = data
            rest = rest[len(data) :]
        if file.read(1):
            raise ValueError(f"{member.info.filename}: more than its header says")
    return flat.reshape(member.shape, order="F" if member.fortran else "C")
