"""Atomic writes of files. A replaced file keeps its mode, owner and links."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_NO_UNNAMED_FILES = (
    errno.EOPNOTSUPP,
    errno.EISDIR,
    errno.ENOENT,
    errno.EINVAL,
)  # errors of file systems without O_TMPFILE


def write_whole(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Writes the file atomically: `write` gets a temporary file, which then replaces the target.

    Readers see the old file or the new one, and a killed process leaves no temporary file. Symbolic links are followed.
    A target with several hard links, or of another owner, is overwritten in place after the data is complete, because a
    rename would break the links or the ownership. Devices and pipes are written to directly. PermissionError for a
    read-only file.
    """
    old = _status(path)
    if old is not None and not stat.S_ISREG(old.st_mode):
        with open(path, "wb") as file:
            write(file)
        return
    if old is not None and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
    target = Path(os.path.realpath(path))
    with _temporary(target, 0o666 if old is None else 0o600) as (file, move):
        in_place = old is not None and (old.st_nlink > 1 or not _takes_over(file, old))
        write(file)
        file.flush()
        os.fsync(file.fileno())
        if in_place:
            file.seek(0)
            with open(target, "r+b") as there:
                shutil.copyfileobj(file, there, 1 << 20)
                there.truncate()
                there.flush()
                os.fsync(there.fileno())
        else:
            move()


def _status(path: str | os.PathLike[str]) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _takes_over(file: BinaryIO, old: os.stat_result) -> bool:
    """Copies owner and mode from the old file; False if that is not permitted."""
    own = os.fstat(file.fileno())
    if (own.st_uid, own.st_gid) != (old.st_uid, old.st_gid):
        try:
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
        except PermissionError:
            return False
    os.fchmod(file.fileno(), stat.S_IMODE(old.st_mode))
    return True


@contextmanager
def _temporary(target: Path, mode: int) -> Iterator[tuple[BinaryIO, Callable[[], None]]]:
    """A temporary file in the folder of the target, and the function that moves it to the target."""
    fd = _unnamed(target.parent, mode)
    if fd is None:
        with _named(target, mode) as temporary:
            yield temporary
        return
    with os.fdopen(fd, "w+b") as file:
        yield file, lambda: _name(fd, target)


def _unnamed(folder: Path, mode: int) -> int | None:
    """A file without a name (O_TMPFILE), which vanishes with the process; None if the system has no such files."""
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, mode)
    except OSError as error:
        if error.errno in _NO_UNNAMED_FILES:
            return None
        raise


def _name(fd: int, target: Path) -> None:
    """Links an unnamed file to the target. link() cannot overwrite, so a temporary name comes first, then a rename."""
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    name = f".{secrets.token_hex(8)}.tmp"
    try:
        os.link(
            f"/proc/self/fd/{fd}", name, dst_dir_fd=folder
        )  # dst_dir_fd makes Python use linkat(), which follows the symbolic link in /proc
        try:
            os.replace(name, target.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise
    finally:
        os.close(folder)


@contextmanager
def _named(target: Path, mode: int) -> Iterator[tuple[BinaryIO, Callable[[], None]]]:
    """A temporary file with a fixed name per target: the next writer reuses the one that a killed process left."""
    temporary = target.with_name(f".{zlib.crc32(os.fsencode(target.name)):08x}.tmp")
    while True:
        file = open(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode), "w+b")  # noqa: SIM115
        fcntl.flock(file, fcntl.LOCK_EX)  # one writer at a time; the file of a writer that waited has been moved away
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(temporary)):
                break
        file.close()
    moved = False

    def move() -> None:
        nonlocal moved
        os.replace(temporary, target)
        moved = True

    try:
        yield file, move
    finally:
        if not moved:
            temporary.unlink(missing_ok=True)
        file.close()
