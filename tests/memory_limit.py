"""A limit for the memory of this process: larger requests raise MemoryError instead of an out-of-memory kill."""

import resource
from pathlib import Path


def set(bytes: int) -> None:
    """Bounds the address space to what is reserved now and `bytes` more.

    A constant bound is not possible: the shadow memory of AddressSanitizer alone is terabytes of addresses.
    """
    reserved = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (reserved + bytes, reserved + bytes))
