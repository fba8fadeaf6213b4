"""Publishes results: files in bench/results/, and from them the tables of README.md and docs/performance.md.

python -m bench --suite peers --publish                     measures, writes nets.json, kernels.json and the texts
python -m bench --suite recurrent --publish                 ... recurrent.json
python -m bench gemm/512 --peers torch --publish NAME       ... NAME.json
python -m bench --update-docs                               writes the texts from the files
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from . import ROOT, chart, tables
from .driver import Measurement
from .goals import Group, goal_results, mean_ratio, strongest

RESULTS = Path(__file__).parent / "results"

Record = dict[str, Any]
Interval = tuple[float, float, float]


def record(result: Measurement, peer: str, peaks: dict[str, Any]) -> Record:
    """The published record of one case: medians, 95 % intervals and, with flops, the fraction of the peak."""
    heap = result.ratio("torch-heap") if "torch-heap" in result.peers() else None
    line: Record = {
        "case": result.case.name,
        "threads": result.threads,
        "seconds": round(result.seconds(), 9),
        "spread": round(result.spread(), 3),
        "peer": peer,
        "variant": result.variants.get(peer, ""),
        "ratio": _rounded(result.ratio(peer)),
        "torch_heap_ratio": heap and _rounded(heap),
    }
    if result.case.flops and str(result.threads) in peaks:
        gflops = result.case.flops / result.seconds() * 1e-9
        line |= {"gflops": round(gflops), "of_peak": round(gflops / peaks[str(result.threads)]["gflops"], 2)}
    return line


def _rounded(values: Interval) -> list[float]:
    return [round(value, 3) for value in values]


def file_of(suite: str, group: Group) -> str:
    """The file for the cases of a group."""
    if suite == "recurrent":
        return suite
    return "nets" if all(pattern.startswith("nets/") for pattern in group.patterns()) else "kernels"


def publish(
    name: str, suite: str, groups: Iterable[Group], results: Sequence[Measurement], machine: dict[str, Any]
) -> None:
    """Writes the files and the texts: all cases into the file `name`, or without a name each group into its own."""
    peaks = {str(threads): peak for threads, peak in machine["peaks"].items()}
    timed = [result for result in results if result.peers()]
    files: dict[str, dict[str, dict[Any, Record]]] = defaultdict(lambda: {"groups": {}, "results": {}})
    for group, threads in product(groups, dict.fromkeys(result.threads for result in timed)):
        lines = [line for line in goal_results(group, timed, threads) if line.peer]
        if not lines:
            continue
        file = files[name or file_of(suite, group)]
        mean = mean_ratio([line for line in lines if line.is_ratio] or lines)
        file["groups"][group.title, threads] = {"group": group.title, "threads": threads, "mean": _rounded(mean)}
        for line in lines:
            file["results"][line.result.case.name, threads, line.peer] = record(line.result, line.peer, peaks)
    if name and not files:
        files[name] = {"results": dict(enumerate(record(result, strongest(result), peaks) for result in timed))}
    head = {key: machine[key] for key in ("command", "commit", "cpu", "cores", "python")} | {"peaks": peaks}
    head["versions"] = {key: text for key, text in machine["versions"].items() if key != "path"}
    for stem, content in files.items():
        write(stem, head, {key: list(lines.values()) for key, lines in content.items()})
    update()


def write(stem: str, head: dict[str, Any], lists: dict[str, list[Record]]) -> None:
    """One line per record, for readable diffs."""
    body = json.dumps(head, indent=1, ensure_ascii=False)[:-2]
    for key, lines in lists.items():
        inside = ",\n  ".join(json.dumps(line, ensure_ascii=False) for line in lines)
        body += f',\n "{key}": [\n  {inside}\n ]'
    (RESULTS / f"{stem}.json").write_text(body + "\n}\n")


def update() -> None:
    for path, text in texts().items():
        path.write_text(text)


def texts() -> dict[Path, str]:
    """README.md, docs/performance.md and its chart, with the tables of the current files."""
    files = {path.stem: json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))}
    readme, page = ROOT / "README.md", ROOT / "docs" / "performance.md"
    return {
        readme: _between_marks(readme.read_text(), {"nets": tables.readme(files)}),
        page: _between_marks(page.read_text(), {name: make(files) for name, make in tables.PAGE.items()}),
        page.with_suffix(".svg"): chart.svg(files["nets"]),
    }


def _between_marks(text: str, made: dict[str, str]) -> str:
    for name, table in made.items():
        begin, end = f"<!-- bench: {name} -->\n", f"<!-- bench: end of {name} -->"
        if begin not in text or end not in text:
            raise ValueError(f"expected the marks {begin.strip()} and {end}")
        text = re.sub(f"{begin}.*?{end}", lambda _, new=f"{begin}{table}\n{end}": new, text, flags=re.DOTALL)
    return text
