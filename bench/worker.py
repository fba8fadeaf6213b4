"""A process with one library, that the driver controls: `python -m bench.worker PEER`, JSON lines on pipes.

at start                                               -> versions, or {"missing": the module that is not installed}
{"do": "setup", "case", "reference": path, "variant"}  -> {"variant": name} | {"absent": true} | {"failed": text}
{"do": "slot", "seconds": s}                           -> {"seconds": median time of one call} | {"failed": text}
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from . import cases
from .peers import PEERS, Variant
from .reference import largest_error, result_of
from .timing import calls_per_sample, slot

SELECTION = 0.15  # seconds per variant, to find the fastest


class Worker:
    def __init__(self, peer: str) -> None:
        self.module = import_module(f".peers.{PEERS[peer].module}", __package__)
        self.module.set_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.variant: Variant | None = None
        self.calls = 1

    def setup(self, case: str, reference: str, variant: str | None) -> dict[str, Any]:
        """Verifies all variants of the case and selects the fastest; or prepares the variant of the given name."""
        self.variant = None  # frees the arrays of the previous case first
        work = cases.BY_NAME[case]
        prepare = getattr(self.module, work.op, None)
        if prepare is None:
            return {"absent": True}
        candidates = prepare(**work.arguments())
        if variant is not None:  # verified and selected at the first process start
            self.variant = next(candidate for candidate in candidates if candidate.name == variant)
            self.calls = calls_per_sample(self.variant.call)
            return {"variant": variant}
        with np.load(reference) as stored:
            expected = [stored[name] for name in stored.files]
        best = 0.0
        for candidate in candidates:
            error = largest_error(result_of(candidate, work.op), expected)
            if not error <= work.tolerance:
                return {"failed": f"{candidate.name or 'error'}: expected at most {work.tolerance:g}, got {error:.2g}"}
            calls = calls_per_sample(candidate.call)
            seconds = slot(candidate.call, calls, SELECTION) if len(candidates) > 1 else 0.0
            if self.variant is None or seconds < best:
                self.variant, self.calls, best = candidate, calls, seconds
        assert self.variant is not None
        return {"variant": self.variant.name}

    def slot(self, seconds: float) -> dict[str, Any]:
        assert self.variant is not None
        return {"seconds": slot(self.variant.call, self.calls, seconds)}


def wait_for_idle() -> None:
    """Returns when the threads of the library sleep, so that the next worker has the machine for itself.

    Those of ONNX Runtime spin for 30 ms. The kernel updates the CPU time of other threads once per tick of 4 or 10 ms.
    """
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.011)
        if time.process_time() - before < 0.0005:
            return


def main() -> None:
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # output of a library goes to stderr, not between the replies
    try:
        worker = Worker(sys.argv[1])
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}), file=replies)
        return
    print(json.dumps(worker.module.versions()), file=replies)
    for line in sys.stdin:
        request = json.loads(line)
        do: Callable[..., dict[str, Any]] = {"setup": worker.setup, "slot": worker.slot}[request.pop("do")]
        try:
            reply = do(**request)
            wait_for_idle()
        except Exception as error:
            traceback.print_exc()
            reply = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies)


if __name__ == "__main__":
    main()
