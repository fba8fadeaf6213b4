"""Gives the turn to one worker process at a time.

Every library lives in a process of its own, because two OpenMP run-times in one process ruin each other's timings. The
libraries take turns in short slots, so that whatever happens to the machine happens to all of them, and only times of
the same round are compared.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from . import ROOT
from .cases.case import Case
from .peers import PEERS
from .timing import interval, spread

# The threads of a library go on spinning for about a millisecond after its last call; the next waits until it is over.
PAUSE = 0.005
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYDL_NUM_THREADS")


class WorkerProcess:
    def __init__(self, peer: str, threads: int, isa: str | None) -> None:
        environment = {**os.environ, **PEERS[peer].environment, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
        if isa and peer == "pydl":
            environment["PYDL_ISA"] = isa
        command = [sys.executable, "-m", "bench.worker", peer]
        self.peer = peer
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.versions = self._read()

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        assert self.process.stdin
        print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the worker of {self.peer} ended (exit code {self.process.wait()})")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        self.process.communicate()  # closes its input: it leaves its loop


@dataclass
class Measurement:
    """One case with one thread count. Times in seconds."""

    case: Case
    threads: int
    times: dict[str, list[float]] = field(default_factory=dict)  # per participant, one per round
    ways: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def seconds(self, peer: str = "pydl") -> float:
        return median(self.times[peer])

    def spread(self, peer: str = "pydl") -> float:
        return spread(self.times[peer])

    def ratio(self, peer: str) -> tuple[float, float, float]:
        """How many times longer the peer takes than pydl: median of the rounds, and its 95 % interval."""
        return interval([theirs / ours for theirs, ours in zip(self.times[peer], self.times["pydl"], strict=True)])


def measure(
    case: Case, workers: list[WorkerProcess], threads: int, reference: Path, rounds: int, seconds: float
) -> Measurement:
    result = Measurement(case, threads)
    ready = []
    for worker in workers:
        reply = worker.ask("setup", case=case.name, reference=str(reference))
        if "failed" in reply:
            result.failures[worker.peer] = reply["failed"]
        elif "way" in reply:
            ready.append(worker)
            result.ways[worker.peer] = reply["way"]
            result.times[worker.peer] = []
    if "pydl" not in result.times:
        return result
    for turn in range(rounds):
        first = turn % len(ready)
        for worker in ready[first:] + ready[:first]:
            time.sleep(PAUSE)
            result.times[worker.peer].append(worker.ask("slot", seconds=seconds)["seconds"])
    return result
