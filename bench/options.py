"""The command line of `python -m bench`."""

import argparse
import math
from pathlib import Path

from .peers import PEERS

OTHERS = [peer for peer in PEERS if peer not in ("pydl", "pydl-before")]

# Suites with goals: all peers, several process starts, and a time budget.
GOALS = {"threads": "2,1", "peers": ",".join(OTHERS), "starts": 5, "rounds": 3, "slot": 0.05}
DEFAULTS = {
    "peers": GOALS | {"budget": 25.0},
    "recurrent": GOALS | {"budget": 10.0},
    "sweep": {"peers": "torch", "rounds": 5, "slot": 0.05},
}
PEERS_WITH_ISA = "torch,torch-heap"  # fast peers that can be limited to an instruction set


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Verifies and times pydl and its peers.")
    parser.add_argument(
        "filters", nargs="*", help="parts of case names, such as conv2d or go/forward; default: all cases"
    )
    parser.add_argument(
        "--suite",
        choices=("kernels", "nets", "all", "peers", "recurrent", "sweep"),
        default="all",
        help="peers, recurrent: results and goals; sweep: other shapes, without goals",
    )
    parser.add_argument("--threads", default="2", help="thread counts, such as 1,2")
    parser.add_argument("--peers", default="numpy,torch", help=f"any of {', '.join(OTHERS)}")
    parser.add_argument(
        "--against",
        type=Path,
        metavar="DIR",
        help="compare with the pydl installed in DIR (pip install --target DIR) and no other peer",
    )
    parser.add_argument("--isa", help="limit all participants to an instruction set, such as avx2; default: the best")
    parser.add_argument("--starts", type=int, default=1, help="process starts per participant")
    parser.add_argument("--rounds", type=int, default=15, help="slots per participant and process start")
    parser.add_argument("--slot", type=float, default=0.2, help="seconds per slot, at most 1")
    parser.add_argument(
        "--budget",
        type=float,
        default=math.inf,
        help="minutes for the run: reduces the rounds of a case, to at least one",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all times to FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="also write the tables of the goals to FILE")
    parser.add_argument(
        "--publish",
        nargs="?",
        const="",
        metavar="NAME",
        help="also write bench/results/NAME.json (default: by suite), README.md and docs",
    )
    parser.add_argument(
        "--update-docs", action="store_true", help="write README.md and docs from bench/results, and exit"
    )
    parser.add_argument("--smoke", action="store_true", help="six fast cases, three short slots each")
    parser.add_argument("--list", action="store_true", help="print the case names and exit")
    return parser


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = make_parser()
    known = parser.parse_known_args(arguments)[0]
    parser.set_defaults(**DEFAULTS.get(known.suite, {}) | ({"peers": PEERS_WITH_ISA} if known.isa else {}))
    options = parser.parse_args(arguments)
    options.threads = [int(n) for n in options.threads.split(",")]
    options.peers = [peer for peer in options.peers.split(",") if peer]
    if unknown := set(options.peers) - set(OTHERS):
        parser.error(f"--peers: expected any of {', '.join(OTHERS)}, got {', '.join(sorted(unknown))}")
    if options.against:
        if not (options.against / "pydl").is_dir():
            parser.error(f"--against: expected a folder with pydl in it, got {options.against}")
        PEERS["pydl-before"].environment["PYTHONPATH"] = str(options.against.resolve())
        options.peers = ["pydl-before"]
    if options.smoke:
        options.rounds, options.slot = 3, 0.02
    if not 0 < options.slot <= 1:
        parser.error(f"--slot: expected more than 0 and at most 1, got {options.slot}")
    if options.publish == "" and (options.filters or options.suite not in ("peers", "recurrent")):
        parser.error("--publish: expected a NAME, except for all cases of the suites peers and recurrent")
    if options.starts < 1 or options.rounds < 1:
        parser.error("--starts and --rounds: expected at least 1")
    return options
