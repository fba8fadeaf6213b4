"""python -m bench: verifies and times pydl and its peers."""

import argparse
import json
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import cases, goal_report, goals, published, report
from .cases.case import Case
from .driver import Measurement, WorkerProcess, measure
from .machine import Peak, describe, measure_peak
from .options import parse
from .reference import reference


def choose(options: argparse.Namespace) -> list[Case]:
    if groups := goals.groups(options.suite, options.isa):
        return goals.select(options.filters, groups)
    if options.smoke:
        return [cases.BY_NAME[name] for name in cases.SMOKE]
    return cases.select(options.filters, options.suite)


class Run:
    """All measurements of one command."""

    def __init__(self, options: argparse.Namespace, selected: list[Case], folder: Path) -> None:
        self.options, self.selected, self.folder = options, selected, folder
        self.results = {threads: [Measurement(case, threads) for case in selected] for threads in options.threads}
        self.peers: list[str] = options.peers
        self.peaks: dict[int, Peak] = {}
        self.versions: dict[str, str] = {}
        self.begin = time.monotonic()
        self.deadline = self.begin + 60 * options.budget
        self.remaining = options.starts * len(options.threads) * len(selected)

    def all(self) -> list[Measurement]:
        return [result for results in self.results.values() for result in results]

    def minutes(self) -> float:
        return (time.monotonic() - self.begin) / 60

    def start_workers(self, threads: int) -> list[WorkerProcess]:
        peers = ["pydl", *(peer for peer in self.peers if any(self.takes_part(peer, case) for case in self.selected))]
        started = [WorkerProcess(peer, threads, self.options.isa) for peer in peers]
        replies = [worker.receive() for worker in started]
        workers = []
        for worker, reply in zip(started, replies, strict=True):
            if "missing" in reply or "failed" in reply:
                print(f"{worker.peer}: {reply.get('failed', 'not installed')}, skipped")
                worker.close()
            else:
                self.versions |= {worker.peer: reply["path"]} if worker.peer == "pydl-before" else reply
                workers.append(worker)
        if not workers or workers[0].peer != "pydl":
            raise SystemExit("bench: expected an installed pydl, found none; pip install .")
        self.peers = [worker.peer for worker in workers[1:]]
        return workers

    def expected(self, case: Case) -> Path:
        """The file with the reference result, in float32 because it is large."""
        file = self.folder / f"{case.name.replace('/', '+')}.npz"
        if not file.exists():
            np.savez(file, *(_as_float32(array) for array in reference(case)))
        return file

    def one_start(self, threads: int, show: bool) -> None:
        """Runs all cases once, in new processes."""
        workers = self.start_workers(threads)
        if threads not in self.peaks:
            self.peaks[threads] = measure_peak(threads, self.versions["isa"])
        peak = self.peaks[threads]
        if show:
            print(", ".join(f"{name} {text}" for name, text in self.versions.items()))
            print(
                f"{threads} threads, measured peak {peak.gflops:.0f} GF/s ({peak.registers:.0f} within registers) "
                f"and {peak.gigabytes:.1f} GB/s\n"
            )
            print(report.header(self.peers))
        for result in self.results[threads]:
            reference = self.expected(result.case)
            until = time.monotonic() + (self.deadline - time.monotonic()) / self.remaining
            participants = [worker for worker in workers if self.takes_part(worker.peer, result.case)]
            measure(result, participants, reference, self.options.rounds, self.options.slot, until)
            self.remaining -= 1
            if show:
                print(report.row(result, peak, self.peers), flush=True)
        for worker in workers:
            worker.close()

    def takes_part(self, peer: str, case: Case) -> bool:
        return bool(
            self.options.against or self.options.suite not in ("peers", "recurrent") or goals.takes_part(peer, case)
        )


def _as_float32(array: Any) -> Any:
    return array.astype(np.float32) if array.dtype == np.float64 else array


def write(run: Run) -> str:
    """Writes the files of the options with the results so far. Returns the tables of the goals, or ""."""
    options, results = run.options, run.all()
    command = f"python -m bench {shlex.join(sys.argv[1:])}"
    machine = describe(run.versions, run.peaks) | {"minutes": run.minutes(), "command": command}
    if options.json:
        content = {"machine": machine, "results": [report.as_json(result) for result in results]}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    groups = goals.groups(options.suite, options.isa)
    if options.publish is not None:
        published.publish(options.publish, options.suite, groups, results, machine)
    if not groups:
        return ""
    text = goal_report.markdown(groups, results, machine, command)
    if options.markdown:
        goal_report.insert(text, options.markdown, f"{options.suite} {options.isa or ''}".strip())
    return text


def main() -> int:
    options = parse()
    if options.update_docs:
        published.update()
        return 0
    selected = choose(options)
    if options.list or not selected:
        print("\n".join(case.name for case in selected) or "no case matches: see --list")
        return 0 if selected else 2
    for pattern in (pattern for group in goals.groups(options.suite, options.isa) for pattern in group.unknown()):
        print(f"goals: expected cases of {pattern}, got none")
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, selected, Path(folder))
        for start in range(1, options.starts + 1):
            for threads in options.threads:
                run.one_start(threads, show=start == options.starts)
                print(f"start {start} of {options.starts}, {threads} threads: {run.minutes():.1f} min", flush=True)
            text = write(run)  # after each start: an interrupted run keeps its results
    print(f"\n{text}")
    results = run.all()
    failures = sum(len(result.failures) for result in results)
    if failures:
        print(f"{failures} failed: see above")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
