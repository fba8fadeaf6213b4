"""Runs one worker process at a time.

Each library has its own process, because two OpenMP run-times in one process disturb each other's timings. Workers run
in short slots, round-robin: a disturbance of the machine affects all of them, and only times of one round are compared.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from . import ROOT
from .cases.case import Case
from .peers import PEERS
from .timing import interval, spread

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PYDL_NUM_THREADS")
# The environment that limits each library to an instruction set.
ISA_VARIABLES = {
    "avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    "baseline": {"ONEDNN_MAX_CPU_ISA": "SSE41", "ATEN_CPU_CAPABILITY": "default", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
}


class WorkerProcess:
    def __init__(self, peer: str, threads: int, isa: str | None) -> None:
        environment = {**os.environ, **PEERS[peer].environment, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
        if isa:
            environment |= {"PYDL_ISA": isa, **ISA_VARIABLES.get(isa, {})}
        command = [sys.executable, "-m", "bench.worker", peer]
        self.peer = peer
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def send(self, do: str, **arguments: Any) -> None:
        assert self.process.stdin
        with suppress(BrokenPipeError):  # the process ended: receive() reports it
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)

    def request(self, do: str, **arguments: Any) -> dict[str, Any]:
        self.send(do, **arguments)
        return self.receive()

    def receive(self) -> dict[str, Any]:
        """The next reply. The first, without a request, has the versions or the missing module."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            return {"failed": f"its process ended (exit code {self.process.wait()})"}
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        self.process.communicate()  # closes its stdin, which ends its loop


@dataclass
class Measurement:
    """One case with one thread count. Times in seconds."""

    case: Case
    threads: int
    starts: list[dict[str, list[float]]] = field(default_factory=list)  # per participant, one time per round
    variants: dict[str, str] = field(default_factory=dict)  # per participant, the fastest
    failures: dict[str, str] = field(default_factory=dict)

    def peers(self) -> list[str]:
        """The peers that were timed in a round with pydl."""
        return [peer for peer in self.variants if peer != "pydl" and any(self.ratios(peer))]

    def times(self, peer: str = "pydl") -> list[float]:
        return [seconds for start in self.starts for seconds in start.get(peer, [])]

    def seconds(self, peer: str = "pydl") -> float:
        return median(self.times(peer))

    def spread(self, peer: str = "pydl") -> float:
        return spread(self.times(peer))

    def ratios(self, peer: str) -> list[list[float]]:
        """Time of the peer / time of pydl: per process start, one ratio per round."""
        starts = [zip(start.get(peer, []), start.get("pydl", []), strict=False) for start in self.starts]
        ratios = [[peer_time / pydl_time for peer_time, pydl_time in rounds] for rounds in starts]
        return [of_start for of_start in ratios if of_start]

    def ratio(self, peer: str) -> tuple[float, float, float]:
        """The median over the rounds of all starts, and its 95 % confidence interval."""
        return interval([ratio for start in self.ratios(peer) for ratio in start])


def measure(
    result: Measurement, workers: list[WorkerProcess], reference: Path, rounds: int, seconds: float, until: float
) -> None:
    """Adds one process start: at least one round, at most `rounds`, and none that begins after `until`."""
    ready = []
    replies: dict[str, dict[str, Any]] = {}
    times: dict[str, list[float]] = {}
    for worker in workers:
        variant = result.variants.get(worker.peer)
        worker.send("setup", case=result.case.name, reference=str(reference), variant=variant)
        if variant is None:  # it times its variants: no other worker may run
            replies[worker.peer] = worker.receive()
    for worker in workers:
        reply = replies.get(worker.peer) or worker.receive()
        if "failed" in reply:
            result.failures[worker.peer] = reply["failed"]
        elif "variant" in reply:
            ready.append(worker)
            result.variants[worker.peer] = reply["variant"]
            times[worker.peer] = []
    if "pydl" not in times:
        return
    result.starts.append(times)
    for round_number in range(rounds):
        if round_number and time.monotonic() > until:
            return
        first = round_number % len(ready)
        for worker in ready[first:] + ready[:first]:
            reply = worker.request("slot", seconds=seconds)
            if "failed" in reply:
                result.failures[worker.peer] = reply["failed"]
                return
            times[worker.peer].append(reply["seconds"])
