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
# How each library is told to keep to an instruction set.
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
        with suppress(BrokenPipeError):  # it has ended, as reading will find
            print(json.dumps({"do": do, **arguments}), file=self.process.stdin, flush=True)

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        self.send(do, **arguments)
        return self.receive()

    def receive(self) -> dict[str, Any]:
        """Its next answer; the first, without being asked, are its versions or why there are none."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            return {"failed": f"its process ended (exit code {self.process.wait()})"}
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        self.process.communicate()  # closes its input: it leaves its loop


@dataclass
class Measurement:
    """One case with one thread count. Times in seconds."""

    case: Case
    threads: int
    starts: list[dict[str, list[float]]] = field(default_factory=list)  # per participant, one time per round
    ways: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def peers(self) -> list[str]:
        """Those beside whom pydl was timed."""
        return [peer for peer in self.ways if peer != "pydl" and any(self.ratios(peer))]

    def times(self, peer: str = "pydl") -> list[float]:
        return [seconds for start in self.starts for seconds in start.get(peer, [])]

    def seconds(self, peer: str = "pydl") -> float:
        return median(self.times(peer))

    def spread(self, peer: str = "pydl") -> float:
        return spread(self.times(peer))

    def ratios(self, peer: str) -> list[list[float]]:
        """How many times longer the peer takes than pydl: per process start, one for each round."""
        pairs = [zip(start.get(peer, []), start.get("pydl", []), strict=False) for start in self.starts]
        return [ratios for ratios in ([theirs / ours for theirs, ours in rounds] for rounds in pairs) if ratios]

    def ratio(self, peer: str) -> tuple[float, float, float]:
        """Median over the rounds of all starts, and its 95 % interval."""
        return interval([ratio for start in self.ratios(peer) for ratio in start])


def measure(
    result: Measurement, workers: list[WorkerProcess], reference: Path, rounds: int, seconds: float, until: float
) -> None:
    """Adds one process start: up to so many rounds, at least one, no more after the moment `until`."""
    ready = []
    replies: dict[str, dict[str, Any]] = {}
    times: dict[str, list[float]] = {}
    for worker in workers:
        way = result.ways.get(worker.peer)
        worker.send("setup", case=result.case.name, reference=str(reference), way=way)
        if way is None:  # it will find its quickest way, and needs the machine alone for that
            replies[worker.peer] = worker.receive()
    for worker in workers:
        reply = replies.get(worker.peer) or worker.receive()
        if "failed" in reply:
            result.failures[worker.peer] = reply["failed"]
        elif "way" in reply:
            ready.append(worker)
            result.ways[worker.peer] = reply["way"]
            times[worker.peer] = []
    if "pydl" not in times:
        return
    result.starts.append(times)
    for turn in range(rounds):
        if turn and time.monotonic() > until:
            return
        first = turn % len(ready)
        for worker in ready[first:] + ready[:first]:
            reply = worker.ask("slot", seconds=seconds)
            if "failed" in reply:
                result.failures[worker.peer] = reply["failed"]
                return
            times[worker.peer].append(reply["seconds"])
