"""Files that may be gzipped, read piece by piece: what they unpack to is bounded by what is asked for."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

PathLike: TypeAlias = str | os.PathLike[str]
Array: TypeAlias = NDArray[np.generic]
Split: TypeAlias = tuple[tuple[Array, Array], tuple[Array, Array]]

_CHUNK = 1 << 20
_DEFLATE = 1032  # how many times as large as the packed file the content can be, at most
_USUAL = 100  # how many times as large the content of real data is, at most
_SMALL = 64 << 20  # what may be unpacked without asking how well it was packed


def checked_path(owner: str, argument: str, path: Any) -> None:
    """TypeError unless it is a path in a str or an os.PathLike."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"[{owner}] {argument}: expected a path, got {path!r}")


class Content:
    """The content of an open file. `most` bytes it has, or if it is `packed`, at most."""

    def __init__(self, owner: str, path: PathLike, file: BinaryIO) -> None:
        self._what = f"[{owner}] {path}"
        self.packed = file.read(2) == b"\x1f\x8b"  # gzip, whatever the file's name
        file.seek(0)
        self._size = os.fstat(file.fileno()).st_size
        self.most = self._size * _DEFLATE if self.packed else self._size
        self._stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if self.packed else file
        self._unpacked, self._reserved_seeds = 0, b""
        self.limit = max(_SMALL, self._size * _USUAL) if self.packed else self.most  # a header may raise it

    def read(self, count: int) -> bytearray:
        """The next `count` bytes, fewer at the end: memory grows with what is really there.

        ValueError for damage, and beyond the limit.
        """
        found = bytearray()
        while len(found) < count and self._more():
            part = self._reserved_seeds[: count - len(found)]
            found += part
            self._reserved_seeds = self._reserved_seeds[len(part) :]
        return found

    def lines(self, longest: int) -> Iterator[bytes]:
        """The lines that are left. ValueError if one is longer."""
        rest = b""
        while self._more():
            *lines, rest = (rest + self._reserved_seeds).split(b"\n")
            self._reserved_seeds = b""
            if len(rest) > longest or any(len(line) > longest for line in lines):
                raise ValueError(f"{self._what}: expected lines of at most {longest} bytes")
            yield from lines
        yield rest

    def _more(self) -> bool:
        """Reads ahead, also where a few bytes are asked for: damage shows as such before they are looked at."""
        if not self._reserved_seeds:
            try:
                self._reserved_seeds = self._stream.read(_CHUNK)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(f"{self._what}: damaged or truncated gzip file ({error})") from error
            self._unpacked += len(self._reserved_seeds)
            if self._unpacked > self.limit:
                raise ValueError(f"{self._what}: {self._size} bytes unpack to more than {self.limit}: no real data")
        return len(self._reserved_seeds) > 0


@contextmanager
def opened(owner: str, path: PathLike) -> Iterator[Content]:
    """The content of the file, unpacked if it begins like gzip."""
    checked_path(owner, "path", path)
    with open(path, "rb") as file:
        yield Content(owner, path, file)


def find(folder: PathLike, *names: str) -> Path:
    """The first of these files, plain or gzipped."""
    checked_path("datasets", "folder", folder)
    for name in names:
        for path in (Path(folder, name), Path(folder, name + ".gz")):
            if path.is_file():
                return path
    raise FileNotFoundError(f"no {' or '.join(names)} (or .gz) in {folder}")
