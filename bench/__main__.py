"""python -m bench: verifies, then times pydl beside its peers."""

import argparse
import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from . import cases, report
from .driver import WorkerProcess, measure
from .machine import describe, measure_peak
from .peers import PEERS
from .reference import reference


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("filters", nargs="*", help="parts of case names, such as conv2d or go/forward; none: all cases")
    parser.add_argument("--suite", choices=("kernels", "nets", "all"), default="all")
    parser.add_argument("--threads", default="2", help="thread counts, such as 1,2")
    parser.add_argument("--peers", default="numpy,torch", help=f"of {', '.join(list(PEERS)[1:])}")
    parser.add_argument("--isa", help="instruction set that pydl uses, such as avx2; default: the best")
    parser.add_argument("--rounds", type=int, default=15, help="turns per participant")
    parser.add_argument("--slot", type=float, default=0.2, help="seconds per turn, at most 1")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything to FILE")
    parser.add_argument("--smoke", action="store_true", help="one quick case per family, a few short turns")
    parser.add_argument("--list", action="store_true", help="print the case names and stop")
    options = parser.parse_args(arguments)
    options.threads = [int(n) for n in options.threads.split(",")]
    options.peers = [peer for peer in options.peers.split(",") if peer]
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"--peers: expected any of {', '.join(list(PEERS)[1:])}, got {', '.join(sorted(unknown))}")
    if options.smoke:
        options.rounds, options.slot = 3, 0.02
    if not 0 < options.slot <= 1:
        parser.error(f"--slot: expected more than 0 and at most 1, got {options.slot}")
    return options


def main() -> int:
    options = parse()
    selected = [cases.BY_NAME[name] for name in cases.SMOKE] if options.smoke else []
    selected = selected or cases.select(options.filters, options.suite)
    if options.list or not selected:
        print("\n".join(case.name for case in selected) or "no case has such a name: see --list")
        return 0 if selected else 2
    if missing := [peer for peer in options.peers if not find_spec(PEERS[peer].module.strip("_"))]:
        print(f"not installed, left out: {', '.join(missing)}")
        options.peers = [peer for peer in options.peers if peer not in missing]

    results, peaks, versions = [], {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for threads in options.threads:
            workers = [WorkerProcess(peer, threads, options.isa) for peer in ("pydl", *options.peers)]
            versions = {name: text for worker in workers for name, text in worker.versions.items()}
            peaks[threads] = peak = measure_peak(threads, versions["isa"])
            print(f"{', '.join(f'{name} {text}' for name, text in versions.items())}")
            print(f"{threads} threads, measured peak {peak.gflops:.0f} GF/s and {peak.gigabytes:.1f} GB/s\n")
            print(report.header(options.peers))
            for case in selected:
                expected = Path(folder) / "expected.npz"
                np.savez(expected, *reference(case))
                result = measure(case, workers, threads, expected, options.rounds, options.slot)
                print(report.row(result, peak, options.peers), flush=True)
                results.append(result)
            for worker in workers:
                worker.close()
            print()
    if options.json:
        machine = describe(versions, peaks)
        content = {"machine": machine, "results": [report.as_json(result) for result in results]}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    failures = sum(len(result.failures) for result in results)
    if failures:
        print(f"{failures} wrong or failed: see above")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
