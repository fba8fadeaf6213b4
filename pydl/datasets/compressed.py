"""Plain or gzipped files, read in chunks: the memory for unpacked data is bounded (no zip bombs)."""

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
_MAX_RATIO = 1032  # of unpacked to packed size, by the format of deflate
_USUAL_RATIO = 100  # upper bound for real data
_SMALL = 64 << 20  # unpacked bytes that are always permitted


def checked_path(owner: str, argument: str, path: Any) -> None:
    """TypeError unless it is a path in a str or an os.PathLike."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"[{owner}] {argument}: expected a path, got {path!r}")


class Content:
    """The content of an open file, of `max_size` bytes; if it is `packed`, of at most so many."""

    def __init__(self, owner: str, path: PathLike, file: BinaryIO) -> None:
        self._what = f"[{owner}] {path}"
        self.packed = file.read(2) == b"\x1f\x8b"  # gzip, by its magic number
        file.seek(0)
        self._size = os.fstat(file.fileno()).st_size
        self.max_size = self._size * _MAX_RATIO if self.packed else self._size
        self._stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if self.packed else file
        self._unpacked, self._buffer = 0, b""
        self.limit = max(_SMALL, self._size * _USUAL_RATIO) if self.packed else self.max_size  # a header may raise it

    def read(self, count: int) -> bytearray:
        """The next `count` bytes, fewer at the end. Memory grows with the bytes read, not with `count`.

        ValueError if the file is damaged, or unpacks to more than the limit.
        """
        found = bytearray()
        while len(found) < count and self._more():
            part = self._buffer[: count - len(found)]
            found += part
            self._buffer = self._buffer[len(part) :]
        return found

    def lines(self, longest: int) -> Iterator[bytes]:
        """The remaining lines. ValueError if one has more than `longest` bytes."""
        rest = b""
        while self._more():
            *lines, rest = (rest + self._buffer).split(b"\n")
            self._buffer = b""
            if len(rest) > longest or any(len(line) > longest for line in lines):
                raise ValueError(f"{self._what}: expected lines of at most {longest} bytes, got a longer one")
            yield from lines
        yield rest

    def _more(self) -> bool:
        """Fills the buffer by a whole chunk, so that damage is found before the first bytes are parsed."""
        if not self._buffer:
            try:
                self._buffer = self._stream.read(_CHUNK)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                raise ValueError(
                    f"{self._what}: expected a complete gzip file, got a damaged or truncated one ({error})"
                ) from error
            self._unpacked += len(self._buffer)
            if self._unpacked > self.limit:
                raise ValueError(
                    f"{self._what}: expected at most {self.limit} bytes unpacked from {self._size}, got more"
                )
        return len(self._buffer) > 0


@contextmanager
def opened(owner: str, path: PathLike) -> Iterator[Content]:
    """The content of the file, unpacked if it is gzip."""
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
    raise FileNotFoundError(f"[datasets] folder: expected {' or '.join(names)} (or .gz), got none in {folder}")
