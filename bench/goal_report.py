"""The goals and what was reached, as Markdown: tables of the groups and of their cases, and what falls short."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .driver import Measurement
from .goals import Group, Interval, Standing, mean_ratio, standings, verdict
from .report import time_text


def markdown(groups: Iterable[Group], results: Sequence[Measurement], machine: dict[str, Any], command: str) -> str:
    found = [(group, standings(group, results, threads)) for group in groups for threads in _thread_counts(results)]
    parts = [_machine(machine, command), _summary(found)]
    for title in dict.fromkeys(group.title for group, lines in found if lines):
        parts += [f"### {title}", _cases(line for group, lines in found if group.title == title for line in lines)]
    parts += _short([line for _, lines in found for line in lines])
    return "\n\n".join(parts) + "\n"


def insert(text: str, file: Path, name: str) -> None:
    """Puts the text, with a heading, between the two marks of that name; they are added at the end if missing."""
    begin, end = f"<!-- bench: {name} -->", f"<!-- bench: end of {name} -->"
    old = file.read_text() if file.exists() else ""
    if begin not in old:
        old += f"\n{begin}\n{end}\n"
    pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
    file.write_text(pattern.sub(lambda _: f"{begin}\n## Suite {name}\n\n{text}\n{end}", old))


def _thread_counts(results: Sequence[Measurement]) -> list[int]:
    return list(dict.fromkeys(result.threads for result in results))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _machine(machine: dict[str, Any], command: str) -> str:
    versions = ", ".join(f"{name} {text}" for name, text in machine["versions"].items() if name != "path")
    peaks = "; ".join(
        f"{threads} threads {peak['gflops']:.0f} GF/s ({peak['registers']:.0f} within registers) "
        f"and {peak['gigabytes']:.0f} GB/s"
        for threads, peak in machine["peaks"].items()
    )
    return (
        f"`{command}`, commit {machine['commit']}, {machine['minutes']:.0f} minutes on {machine['cores']} cores of an "
        f"{machine['cpu']}. Measured peak: {peaks}. Python {machine['python']}, {versions}."
    )


def _interval(values: Interval) -> str:
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values)


def _summary(found: Iterable[tuple[Group, list[Standing]]]) -> str:
    header = ["group", "threads", "goal of each: met by", "worst", "geometric mean: goal", "reached", "met"]
    return _table([*header, "tuned malloc"], [_summary_row(group, lines) for group, lines in found if lines])


def _summary_row(group: Group, lines: list[Standing]) -> list[str]:
    with_goal = [line for line in lines if line.goal]
    met = [line for line in with_goal if line.met in ("yes", "within noise")]
    ratios = [line for line in lines if line.is_ratio and line.peer]
    worst = min(ratios, key=_share, default=None)
    row = [group.title, str(lines[0].result.threads), f"{len(met)} of {len(with_goal)}" if with_goal else "-"]
    row.append(_short_of(worst) + f", {worst.result.case.name}" if worst else "-")
    row.append(f"{group.mean:.2f}" if group.mean else "-")
    mean = mean_ratio(ratios) if ratios else None
    row += [_interval(mean) if mean else "-", verdict(group.mean, mean) if mean and group.mean else "-"]
    tuned = [line.result.ratio("torch-heap") for line in lines if "torch-heap" in line.result.peers()]
    if not tuned:
        return [*row, "-"]
    lowest = min(tuned)
    return [
        *row,
        f"lowest {lowest[0]:.2f}" + (f" of {group.tuned:.2f}: {verdict(group.tuned, lowest)}" * bool(group.tuned)),
    ]


def _cases(lines: Iterable[Standing]) -> str:
    header = ["case", "threads", "pydl", "spread", "strongest peer", "its time / pydl's", "goal", "met"]
    return _table([*header, "torch, tuned malloc / pydl"], [_case_row(line) for line in lines])


def _case_row(line: Standing) -> list[str]:
    result = line.result
    row = [result.case.name, str(result.threads)]
    if not result.times():
        return [*row, f"pydl {result.failures.get('pydl', 'not measured')}", *["-"] * 6]
    row += [time_text(result.seconds()), f"± {100 * result.spread():.0f} %"]
    way = result.ways.get(line.peer, "")
    row.append(f"{line.peer} ({way})" if way else line.peer or "-")
    row.append(_interval(result.ratio(line.peer)) if line.peer else "-")
    row += [("≥ {:.2f}" if line.is_ratio else "≤ {:.0f} µs").format(line.goal) if line.goal else "-"]
    row.append(line.met if line.goal else "-")
    heap = "torch-heap" in result.peers()
    return [*row, _interval(result.ratio("torch-heap")) if heap else "-"]


def _short(lines: Sequence[Standing]) -> list[str]:
    """What falls short of its goal, worst first, and what could not be measured."""
    short = [line for line in lines if line.met == "no" and line.is_ratio]
    items = [f"- {_name(line)}: {_short_of(line)}, {line.peer}" for line in sorted(short, key=_share)]
    failed = [f"- {_name(line)}: {peer} {text}" for line in lines for peer, text in line.result.failures.items()]
    parts = ["### Short of their goals", "\n".join(items)] if items else []
    return parts + (["### Wrong or failed", "\n".join(failed)] if failed else [])


def _share(line: Standing) -> float:
    return line.reached[0] / (line.goal or 1)


def _short_of(line: Standing) -> str:
    return f"{line.reached[0]:.2f}" + (f" of {line.goal:.2f}" if line.goal else "")


def _name(line: Standing) -> str:
    return f"`{line.result.case.name}`, {line.result.threads} threads"
