"""One part in a process of its own: case after case, with the number of the current one where the parent sees it.

The child may crash or hang in any case. So it holds nothing that the parent needs: findings and counts go out as lines
of JSON at once, and the number of the case stands in a file that both map.
"""

import faulthandler
import importlib
import json
import mmap
import resource
import sys
import time
import traceback
from collections import Counter
from typing import Any, TextIO
from zlib import crc32

import memory_limit
import numpy as np

from .finding import Finding

GIGABYTE = 1 << 30
LIMIT = 4 * GIGABYTE  # that a case may want; more is a MemoryError


def generator(part: str, seed: int, case: int) -> np.random.Generator:
    return np.random.default_rng([crc32(part.encode()), seed, case])


def report(out: TextIO, **line: Any) -> None:
    print(json.dumps(line), file=out, flush=True)


def one(part: str, seed: int, case: int, note: Any) -> tuple[str, str]:
    """A word for what happened, and what was found."""
    module = importlib.import_module(f".parts.{part}", __package__)
    try:
        return module.run(generator(part, seed, case), note), ""
    except Finding as error:
        return "finding", str(error)
    except Exception:
        return "finding", traceback.format_exc(limit=-6)


def serve(part: str, seed: int, first: int, last: int | None, seconds: float, shared: str, verbose: bool) -> None:
    """Cases first, first + 1, … until the last, or until the time is over."""
    out = sys.stdout
    sys.stdout = sys.stderr
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    importlib.import_module(f".parts.{part}", __package__)
    memory_limit.set(LIMIT)
    with open(shared, "r+b") as file:
        place = mmap.mmap(file.fileno(), 8)
    note = (lambda text: print(text, file=sys.stderr, flush=True)) if verbose else (lambda text: None)
    counts: Counter[str] = Counter()
    until = time.monotonic() + seconds
    told = time.monotonic()
    case = first
    report(out, ready=True)
    while (last is None or case <= last) and time.monotonic() < until:
        place[:8] = case.to_bytes(8, "little")
        word, text = one(part, seed, case, note)
        counts[word] += 1
        if text:
            report(out, finding=text, case=case)
        if time.monotonic() > told + 1:
            told = time.monotonic()
            report(out, counts=dict(counts))
            counts.clear()
        case += 1
    report(out, counts=dict(counts), done=True)
