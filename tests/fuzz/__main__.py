"""python -m tests.fuzz: random calls against references for a number of seconds."""

import argparse
import importlib.util
import json
import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from . import __doc__ as DESCRIPTION
from .runner import Result, cases, run

# Each part: its fraction of the time, and whether it compares with PyTorch.
PARTS = {
    "core": (0.25, False), "kernels": (0.15, False), "ops": (0.15, True), "layers": (0.15, True),
    "models": (0.1, True), "bits": (0.1, False), "plans": (0.1, False),
}  # fmt: skip


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60, help="for all parts together, on each of the --jobs")
    parser.add_argument("--seed", type=int, default=0, help="another seed: other cases")
    parser.add_argument("--part", action="append", choices=PARTS, help="only this one; may be given several times")
    parser.add_argument("--isa", choices=("baseline", "avx2", "avx512"), help="instruction set; default: the best")
    parser.add_argument("--jobs", type=int, default=2, help="parts that run at a time")
    parser.add_argument("--replay", metavar="CASES", help="one case of one --part, such as 17, or several, 3-17")
    parser.add_argument("--without-torch", action="store_true", help="leave out what compares with PyTorch")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.part = list(dict.fromkeys(options.part or PARTS))
    if options.replay and len(options.part) != 1:
        parser.error("--replay: expected one --part")
    return options


def summary(result: Result) -> str:
    words = ", ".join(f"{n} {word}" for word, n in sorted(result.counts.items()))
    return f"{result.part}: {result.calls} calls ({words}), {len(result.findings)} findings"


def kinds(findings: list[tuple[str, str]]) -> list[tuple[tuple[str, str], int]]:
    """The first finding of every kind and the count of the others. Numbers aside, findings of a kind end alike."""
    first: dict[str, tuple[str, str]] = {}
    counts: Counter[str] = Counter()
    for finding in findings:
        kind = re.sub(r"'.*?'|[-\d.]+(e[-+]\d+)?|nan|inf", "#", finding[1].strip().rpartition("\n")[2])
        first.setdefault(kind, finding)
        counts[kind] += 1
    return [(finding, counts[kind] - 1) for kind, finding in first.items()]


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    if options.child:
        from .child import serve

        serve(*json.loads(options.child))
        return 0
    parts = options.part
    if options.without_torch:
        parts = [part for part in parts if not PARTS[part][1]]
    elif importlib.util.find_spec("torch") is None and any(PARTS[part][1] for part in parts):
        print("fuzz: ops, layers and models need PyTorch beside them; --without-torch leaves these parts out")
        return 2
    results = [Result(part, options.seed, options.isa) for part in parts]
    if options.replay:
        first, last = cases(options.replay)
        run(results[0], 3600, first, last)
    else:
        whole = sum(PARTS[part][0] for part in parts)
        jobs = min(options.jobs, len(parts))
        with ThreadPoolExecutor(jobs) as pool:
            shares = [options.seconds * jobs * PARTS[part][0] / whole for part in parts]
            list(pool.map(run, results, shares))
    for result in results:
        for (where, text), others in kinds(result.findings):
            more = f" (and {others} of this kind)" if others else ""
            print(f"==== {result.part}, case {where}{more}: {result.command(where)}\n{text}\n")
    print("\n".join(summary(result) for result in results))
    calls, findings = sum(r.calls for r in results), sum(len(r.findings) for r in results)
    print(f"{calls} calls, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
