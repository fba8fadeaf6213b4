"""python -m bench: verifies, then times pydl beside its peers."""

import argparse
import json
import math
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
from .peers import PEERS
from .reference import reference

OTHERS = [peer for peer in PEERS if peer not in ("pydl", "pydl-before")]

# The suite of the goals needs every peer, several process starts, and a limit to the time that all this takes.
GOALS = {"threads": "2,1", "peers": ",".join(OTHERS), "starts": 5, "rounds": 3, "slot": 0.05}
DEFAULTS = {
    "peers": GOALS | {"budget": 25.0},
    "recurrent": GOALS | {"budget": 10.0},
    "sweep": {"peers": "torch", "rounds": 5, "slot": 0.05},
}
TOLD_ISA = "torch,torch-heap"  # the peers that can be told an instruction set, and are quick enough to matter


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("filters", nargs="*", help="parts of case names, such as conv2d or go/forward; none: all cases")
    parser.add_argument(
        "--suite",
        choices=("kernels", "nets", "all", "peers", "recurrent", "sweep"),
        default="all",
        help="peers, recurrent: the goals and who meets them; sweep: shapes beside those",
    )
    parser.add_argument("--threads", default="2", help="thread counts, such as 1,2")
    parser.add_argument("--peers", default="numpy,torch", help=f"of {', '.join(OTHERS)}")
    parser.add_argument(
        "--against", type=Path, metavar="DIR", help="only the pydl that was installed there (pip install --target DIR)"
    )
    parser.add_argument("--isa", help="instruction set that everybody may use, such as avx2; default: the best")
    parser.add_argument("--starts", type=int, default=1, help="process starts of every participant")
    parser.add_argument("--rounds", type=int, default=15, help="turns per participant and start")
    parser.add_argument("--slot", type=float, default=0.2, help="seconds per turn, at most 1")
    parser.add_argument(
        "--budget", type=float, default=math.inf, help="minutes: when short, a case has fewer rounds, but always one"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also put the table of the goals into FILE")
    parser.add_argument(
        "--publish",
        nargs="?",
        const="",
        metavar="NAME",
        help="also write bench/results/NAME.json (default: by suite), and with it README and docs",
    )
    parser.add_argument("--update-docs", action="store_true", help="write README and docs from these files, and stop")
    parser.add_argument("--smoke", action="store_true", help="one quick case per family, a few short turns")
    parser.add_argument("--list", action="store_true", help="print the case names and stop")
    early = parser.parse_known_args(arguments)[0]
    parser.set_defaults(**DEFAULTS.get(early.suite, {}) | ({"peers": TOLD_ISA} if early.isa else {}))
    options = parser.parse_args(arguments)
    options.threads = [int(n) for n in options.threads.split(",")]
    options.peers = [peer for peer in options.peers.split(",") if peer]
    if unknown := set(options.peers) - set(OTHERS):
        parser.error(f"--peers: expected any of {', '.join(OTHERS)}, got {', '.join(sorted(unknown))}")
    if options.against:
        if not (options.against / "pydl").is_dir():
            parser.error(f"--against: expected a folder that holds pydl, got {options.against}")
        PEERS["pydl-before"].environment["PYTHONPATH"] = str(options.against.resolve())
        options.peers = ["pydl-before"]
    if options.smoke:
        options.rounds, options.slot = 3, 0.02
    if not 0 < options.slot <= 1:
        parser.error(f"--slot: expected more than 0 and at most 1, got {options.slot}")
    if options.publish == "" and options.suite not in ("peers", "recurrent"):
        parser.error("--publish: expected a NAME unless the suite is peers or recurrent")
    if options.starts < 1 or options.rounds < 1:
        parser.error("--starts and --rounds: expected at least 1")
    return options


def choose(options: argparse.Namespace) -> list[Case]:
    if groups := goals.groups(options.suite, options.isa):
        return goals.select(options.filters, groups)
    if options.smoke:
        return [cases.BY_NAME[name] for name in cases.SMOKE]
    return cases.select(options.filters, options.suite)


class Run:
    """All measurements that the options ask for."""

    def __init__(self, options: argparse.Namespace, selected: list[Case], folder: Path) -> None:
        self.options, self.selected, self.folder = options, selected, folder
        self.results = {threads: [Measurement(case, threads) for case in selected] for threads in options.threads}
        self.peers: list[str] = options.peers
        self.peaks: dict[int, Peak] = {}
        self.versions: dict[str, str] = {}
        self.begin = time.monotonic()
        self.end = self.begin + 60 * options.budget
        self.left = options.starts * len(options.threads) * len(selected)

    def all(self) -> list[Measurement]:
        return [result for results in self.results.values() for result in results]

    def minutes(self) -> float:
        return (time.monotonic() - self.begin) / 60

    def start_workers(self, threads: int) -> list[WorkerProcess]:
        needed = ["pydl", *(peer for peer in self.peers if any(self.takes_part(peer, case) for case in self.selected))]
        started = [WorkerProcess(peer, threads, self.options.isa) for peer in needed]
        greetings = [worker.receive() for worker in started]
        workers = []
        for worker, greeting in zip(started, greetings, strict=True):
            if "missing" in greeting or "failed" in greeting:
                print(f"{worker.peer}: {greeting.get('failed', 'not installed')}, left out")
                worker.close()
            else:
                self.versions |= {worker.peer: greeting["path"]} if worker.peer == "pydl-before" else greeting
                workers.append(worker)
        if not workers or workers[0].peer != "pydl":
            raise SystemExit("bench: pydl has to be installed")
        self.peers = [worker.peer for worker in workers[1:]]
        return workers

    def expected(self, case: Case) -> Path:
        """The file with the reference's answers, in single precision: they are large."""
        file = self.folder / f"{case.name.replace('/', '+')}.npz"
        if not file.exists():
            np.savez(file, *(_single(array) for array in reference(case)))
        return file

    def one_start(self, threads: int, show: bool) -> None:
        """Fresh processes do all the cases once."""
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
            until = time.monotonic() + (self.end - time.monotonic()) / self.left
            taking_part = [worker for worker in workers if self.takes_part(worker.peer, result.case)]
            measure(result, taking_part, reference, self.options.rounds, self.options.slot, until)
            self.left -= 1
            if show:
                print(report.row(result, peak, self.peers), flush=True)
        for worker in workers:
            worker.close()

    def takes_part(self, peer: str, case: Case) -> bool:
        return bool(
            self.options.against or self.options.suite not in ("peers", "recurrent") or goals.takes_part(peer, case)
        )


def _single(array: Any) -> Any:
    return array.astype(np.float32) if array.dtype == np.float64 else array


def write(run: Run) -> str:
    """The files that the options ask for, with what is measured so far; gives the table of the goals, or nothing."""
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
        print("\n".join(case.name for case in selected) or "no case has such a name: see --list")
        return 0 if selected else 2
    for pattern in (pattern for group in goals.groups(options.suite, options.isa) for pattern in group.unknown()):
        print(f"no case yet for the goal of {pattern}")
    with tempfile.TemporaryDirectory() as folder:
        run = Run(options, selected, Path(folder))
        for start in range(1, options.starts + 1):
            for threads in options.threads:
                run.one_start(threads, show=start == options.starts)
                print(f"start {start} of {options.starts}, {threads} threads: {run.minutes():.1f} min", flush=True)
            text = write(run)  # after every start, so that a run that is broken off has not been in vain
    print(f"\n{text}")
    results = run.all()
    failures = sum(len(result.failures) for result in results)
    if failures:
        print(f"{failures} wrong or failed: see above")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
