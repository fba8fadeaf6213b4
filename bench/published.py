"""The figures that README.md and docs/benchmarks.md show: one file, written by the benchmark, from which both are made.

python -m bench nets/ --suite peers --threads 2,1 --starts 5 --budget 8 --publish     measures, and writes all three
python -m bench --update-docs                                                        writes both texts from the file
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import ROOT
from .driver import Measurement
from .goals import strongest
from .report import time_text

RESULTS = Path(__file__).parent / "results" / "nets.json"
NAMES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "jax": "JAX", "tensorflow": "TensorFlow"}
README_NETS = {
    "MLP 256-500-500-10, batch 32": ("mlp", 32),
    "CNN of two 3x3 convolutions (25 and 50 filters), 28x28x1, batch 64": ("cnn", 64),
    "AlphaGo's policy network, 19x19x48, batch 16": ("alphago", 16),
}

Record = dict[str, Any]


def record(result: Measurement) -> Record:
    """What is published of one case: medians and 95 % intervals."""
    peer = strongest(result)
    heap = result.ratio("torch-heap") if "torch-heap" in result.peers() else None
    return {
        "case": result.case.name,
        "threads": result.threads,
        "seconds": round(result.seconds(), 9),
        "spread": round(result.spread(), 3),
        "peer": peer,
        "way": result.ways.get(peer, ""),
        "ratio": [round(number, 3) for number in result.ratio(peer)],
        "torch_heap_ratio": heap and [round(number, 3) for number in heap],
    }


def publish(results: Sequence[Measurement], machine: dict[str, Any], command: str) -> None:
    """Writes the file and both texts."""
    kept = {name: machine[name] for name in ("commit", "cpu", "cores", "python")}
    versions = {name: text for name, text in machine["versions"].items() if name != "path"}
    lines = [json.dumps(record(result), ensure_ascii=False) for result in results if result.peers()]
    head = json.dumps({"command": command, **kept, "versions": versions}, indent=1)
    RESULTS.write_text(head[:-2] + ',\n "results": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n")
    update()


def update() -> None:
    for path, text in texts().items():
        path.write_text(text)


def texts() -> dict[Path, str]:
    """README.md and docs/benchmarks.md as the file wants them."""
    published = json.loads(RESULTS.read_text())
    makers = {ROOT / "README.md": readme_table, ROOT / "docs" / "benchmarks.md": page}
    return {path: _between_marks(path.read_text(), make(published)) for path, make in makers.items()}


def _between_marks(text: str, table: str) -> str:
    begin, end = "<!-- bench: nets -->\n", "<!-- bench: end of nets -->"
    if begin not in text or end not in text:
        raise ValueError(f"expected the marks {begin.strip()} and {end}")
    return re.sub(f"{begin}.*?{end}", lambda _: f"{begin}{table}\n{end}", text, flags=re.DOTALL)


def _machine(published: dict[str, Any]) -> str:
    isa = {"avx512": "AVX-512", "avx2": "AVX2"}.get(published["versions"]["isa"], published["versions"]["isa"])
    return f"an {published['cpu']} with {isa}, commit {published['commit'][:7]}"


def readme_table(published: dict[str, Any]) -> str:
    """Three nets with two threads: training step, inference with a batch, inference of one."""
    found = {line["case"]: line for line in published["results"] if line["threads"] == 2}
    rows = []
    for title, (net, batch) in README_NETS.items():
        lines = [found[f"nets/{net}/{what}"] for what in ("train", f"inference_{batch}", "inference_1")]
        cells = [f"{line['ratio'][0]:.2f} ({NAMES[line['peer']]})" for line in lines]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    head = "The time of the strongest of PyTorch, ONNX Runtime, JAX and TensorFlow divided by pydl's, two threads of"
    table = ["| | training step | inference, batch | inference, one |", "|---|---|---|---|", *rows]
    return f"{head}\n{_machine(published)}:\n\n" + "\n".join(table) + "\n"


def page(published: dict[str, Any]) -> str:
    """Every case with its interval."""
    versions = ", ".join(f"{name} {text}" for name, text in published["versions"].items())
    rows = [_row(line) for line in published["results"]]
    head = (
        f"`{published['command']}` on {published['cores']} cores of {_machine(published)}. "
        f"Python {published['python']}, {versions}."
    )
    names = ("case", "threads", "pydl", "spread", "strongest peer", "its time / pydl's", "torch, tuned malloc / pydl")
    table = [f"| {' | '.join(names)} |", "|" + " --- |" * len(names), *rows]
    return f"## Networks\n\n{head}\n\n" + "\n".join(table) + "\n"


def _row(line: Record) -> str:
    peer = f"{line['peer']} ({line['way']})" if line["way"] else line["peer"]
    cells = [line["case"], str(line["threads"]), time_text(line["seconds"]), f"± {100 * line['spread']:.0f} %", peer]
    return f"| {' | '.join([*cells, _interval(line['ratio']), _interval(line['torch_heap_ratio'])])} |"


def _interval(values: Sequence[float] | None) -> str:
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values) if values else "-"
