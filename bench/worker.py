"""A process that holds one library and does as the driver says: `python -m bench.worker PEER`, JSON lines on pipes.

first of all                                       -> versions, or {"missing": the module that is not installed}
{"do": "setup", "case", "reference": path, "way"}  -> {"way": name} | {"absent": true} | {"failed": text}
{"do": "slot", "seconds": s}                       -> {"seconds": median time of one call} | {"failed": text}
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
from .peers import PEERS, Way
from .reference import answers, largest_error
from .timing import calls_per_sample, slot

CHOICE = 0.15  # seconds for finding the quickest way


class Worker:
    def __init__(self, peer: str) -> None:
        self.module = import_module(f".peers.{PEERS[peer].module}", __package__)
        self.module.set_threads(int(os.environ["OMP_NUM_THREADS"]))
        self.way: Way | None = None
        self.calls = 1

    def setup(self, case: str, reference: str, way: str | None) -> dict[str, Any]:
        """Prepares and verifies every way of the library and keeps the quickest; or prepares the way that is named."""
        self.way = None  # the last case's arrays go before this one's come
        work = cases.BY_NAME[case]
        prepare = getattr(self.module, work.op, None)
        if prepare is None:
            return {"absent": True}
        candidates = prepare(**work.arguments())
        if way is not None:  # an earlier process has verified and chosen it
            self.way = next(candidate for candidate in candidates if candidate.name == way)
            self.calls = calls_per_sample(self.way.call)
            return {"way": way}
        with np.load(reference) as stored:
            expected = [stored[name] for name in stored.files]
        best = 0.0
        for candidate in candidates:
            error = largest_error(answers(candidate, work.op), expected)
            if not error <= work.tolerance:
                text = f"{candidate.name or 'result'} is off by {error:.2g} (allowed {work.tolerance:g})"
                return {"failed": text}
            calls = calls_per_sample(candidate.call)
            seconds = slot(candidate.call, calls, CHOICE) if len(candidates) > 1 else 0.0
            if self.way is None or seconds < best:
                self.way, self.calls, best = candidate, calls, seconds
        assert self.way is not None
        return {"way": self.way.name}

    def slot(self, seconds: float) -> dict[str, Any]:
        assert self.way is not None
        return {"seconds": slot(self.way.call, self.calls, seconds)}


def settle() -> None:
    """Waits until the threads of the library have gone to sleep: then the next worker has the machine alone.

    ONNX Runtime's spin for 30 ms. The system accounts for the time of other threads at its ticks only, 4 or 10 ms.
    """
    for _ in range(100):
        before = time.process_time()
        time.sleep(0.011)
        if time.process_time() - before < 0.0005:
            return


def main() -> None:
    answer = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get between the answers
    try:
        worker = Worker(sys.argv[1])
    except ModuleNotFoundError as error:
        print(json.dumps({"missing": error.name}), file=answer)
        return
    print(json.dumps(worker.module.versions()), file=answer)
    for line in sys.stdin:
        request = json.loads(line)
        do: Callable[..., dict[str, Any]] = {"setup": worker.setup, "slot": worker.slot}[request.pop("do")]
        try:
            reply = do(**request)
            settle()
        except Exception as error:
            traceback.print_exc()
            reply = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=answer)


if __name__ == "__main__":
    main()
