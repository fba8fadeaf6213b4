"""Weights in .npz files: plain arrays, no pickle, each under its number and the path of its variable."""

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
from .paths import Place, same_place

_OTHER_FORMATS = (".h5", ".hdf5", ".keras", ".safetensors")
_NAME = re.compile(r"(?P<number>\d{4,9})\.(?P<path>.+)\.npy|arr_(?P<plain>\d{1,9})\.npy", re.DOTALL)  # or NumPy's
_HEADER = 1 << 16  # bytes before the numbers of an array, at most
_ITEM = 16  # bytes of a number, at most


def save_arrays(path: str | os.PathLike[str], places: Sequence[Place], overwrite: bool = True) -> None:
    """Writes the variables in order, each under its number and path."""
    target = Path(path)
    if target.name.endswith(_OTHER_FORMATS):
        raise ValueError(f"[save_weights] filepath: weights are written as .npz, got {target.name!r}")
    if target.exists() and not overwrite:
        raise FileExistsError(f"[save_weights] {target} exists and overwrite is False")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"[save_weights] filepath: no folder {str(target.parent)!r} for {os.fspath(path)!r}")
    write_whole(target, partial(_write, places))


def _write(places: Sequence[Place], file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:  # np.savez would pickle, if asked to by an object array
        for i, place in enumerate(places):
            with archive.open(f"{i:04d}.{place.path}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, place.variable.array, allow_pickle=False)


class _Member(NamedTuple):
    info: zipfile.ZipInfo
    path: str | None  # None in a file of NumPy's own
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[np.generic]


def load_arrays(path: str | os.PathLike[str], places: Sequence[Place]) -> list[Array]:
    """Reads the arrays in order. ValueError if the file is damaged, or number, names or shapes are not these.

    All headers are compared with the variables before anything is unpacked.
    """
    with open(path, "rb") as file:
        try:
            with _opened(file, places) as archive:
                members = _members(archive, len(places))
                _check_fit(members, places)
                return [_array(archive, member) for member in members]
        except _Misfit as misfit:
            raise ValueError(f"[load_weights] {os.fspath(path)}: {misfit}") from None
        except Exception as error:  # zipfile and NumPy raise a dozen kinds for damage
            raise ValueError(f"[load_weights] {os.fspath(path)}: not a file of weights, or damaged") from error


class _Misfit(Exception):
    """A sound file, but of something else."""


def _opened(file: BinaryIO, places: Sequence[Place]) -> zipfile.ZipFile:
    # Not even the directory is read of a file that is larger than the weights in the largest type.
    most = sum(place.variable.size * _ITEM + 2 * _HEADER for place in places) + 4 * _HEADER
    size = os.fstat(file.fileno()).st_size
    if size > most:
        raise _Misfit(f"has {size} bytes, more than {len(places)} arrays of these shapes take")
    return zipfile.ZipFile(file)


def _members(archive: zipfile.ZipFile, count: int) -> list[_Member]:
    """What the headers say, in order. An error for anything unusual, such as a name that is there twice."""
    if len(archive.infolist()) != count:
        raise _Misfit(f"holds {len(archive.infolist())} arrays, the model has {count}")
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
        if dtype.hasobject or begin > _HEADER or info.file_size != begin + _count(shape) * dtype.itemsize:
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


def _check_fit(members: Sequence[_Member], places: Sequence[Place]) -> None:
    for member, place in zip(members, places, strict=True):
        if member.path is not None and not same_place(member.path, place):
            raise _Misfit(
                f"holds {member.path!r} where the model has {place.path!r}; names of your own must be the same, or "
                "set_weights() takes the arrays by their order"
            )
        if member.shape != place.variable.shape or member.dtype.kind != "f":
            expected = f"expected shape {place.variable.shape}, got {member.dtype} {member.shape}"
            raise _Misfit(f"{place.path}: {expected}")
    given, own = [member.path for member in members], [place.path for place in places]
    if None not in given and given != own and sorted(map(str, given)) == sorted(own):
        first = next(i for i, path in enumerate(given) if path != own[i])
        raise _Misfit(f"holds {given[first]!r} where the model has {own[first]!r}: the order of layers differs")


def _array(archive: zipfile.ZipFile, member: _Member) -> Array:
    """The numbers, read to the end of the member, where its checksum is compared."""
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
