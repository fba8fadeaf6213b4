"""The goals and their results as Markdown: tables of groups and cases, and a list of the goals that are not met."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .driver import Measurement
from .goals import GoalResult, Group, Interval, goal_results, mean_ratio, verdict
from .report import time_text


def markdown(groups: Iterable[Group], results: Sequence[Measurement], machine: dict[str, Any], command: str) -> str:
    by_group = [
        (group, goal_results(group, results, threads)) for group in groups for threads in _thread_counts(results)
    ]
    parts = [_machine(machine, command), _summary(by_group)]
    for title in dict.fromkeys(group.title for group, lines in by_group if lines):
        parts += [f"### {title}", _cases(line for group, lines in by_group if group.title == title for line in lines)]
    parts += _shortfalls([line for _, lines in by_group for line in lines])
    return "\n\n".join(parts) + "\n"


def insert(text: str, file: Path, name: str) -> None:
    """Writes the text, with a heading, between the two marks of that name. Missing marks are appended to the file."""
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


def _summary(by_group: Iterable[tuple[Group, list[GoalResult]]]) -> str:
    header = ["group", "threads", "goal of each: met by", "worst", "geometric mean: goal", "reached", "met"]
    return _table([*header, "tuned malloc"], [_summary_row(group, lines) for group, lines in by_group if lines])


def _summary_row(group: Group, lines: list[GoalResult]) -> list[str]:
    goals = [line for line in lines if line.goal]
    met = [line for line in goals if line.met in ("yes", "within noise")]
    ratios = [line for line in lines if line.is_ratio and line.peer]
    worst = min(ratios, key=_fraction, default=None)
    row = [group.title, str(lines[0].result.threads), f"{len(met)} of {len(goals)}" if goals else "-"]
    row.append(_of_goal(worst) + f", {worst.result.case.name}" if worst else "-")
    row.append(f"{group.min_mean:.2f}" if group.min_mean else "-")
    mean = mean_ratio(ratios) if ratios else None
    row += [_interval(mean) if mean else "-", verdict(group.min_mean, mean) if mean and group.min_mean else "-"]
    tuned_ratios = [line.result.ratio("torch-heap") for line in lines if "torch-heap" in line.result.peers()]
    if not tuned_ratios:
        return [*row, "-"]
    lowest = min(tuned_ratios)
    return [
        *row,
        f"lowest {lowest[0]:.2f}"
        + (f" of {group.vs_tuned_malloc:.2f}: {verdict(group.vs_tuned_malloc, lowest)}" * bool(group.vs_tuned_malloc)),
    ]


def _cases(lines: Iterable[GoalResult]) -> str:
    header = ["case", "threads", "pydl", "spread", "strongest peer", "its time / pydl's", "goal", "met"]
    return _table([*header, "torch, tuned malloc / pydl"], [_case_row(line) for line in lines])


def _case_row(line: GoalResult) -> list[str]:
    result = line.result
    row = [result.case.name, str(result.threads)]
    if not result.times():
        return [*row, f"pydl {result.failures.get('pydl', 'not measured')}", *["-"] * 6]
    row += [time_text(result.seconds()), f"± {100 * result.spread():.0f} %"]
    variant = result.variants.get(line.peer, "")
    row.append(f"{line.peer} ({variant})" if variant else line.peer or "-")
    row.append(_interval(result.ratio(line.peer)) if line.peer else "-")
    row += [("≥ {:.2f}" if line.is_ratio else "≤ {:.0f} µs").format(line.goal) if line.goal else "-"]
    row.append(line.met if line.goal else "-")
    heap = "torch-heap" in result.peers()
    return [*row, _interval(result.ratio("torch-heap")) if heap else "-"]


def _shortfalls(lines: Sequence[GoalResult]) -> list[str]:
    """The goals that are not met, worst first, and the cases that failed."""
    missed = [line for line in lines if line.met == "no" and line.is_ratio]
    items = [f"- {_label(line)}: {_of_goal(line)}, {line.peer}" for line in sorted(missed, key=_fraction)]
    failed = [f"- {_label(line)}: {peer} {text}" for line in lines for peer, text in line.result.failures.items()]
    parts = ["### Goals not met", "\n".join(items)] if items else []
    return parts + (["### Failed", "\n".join(failed)] if failed else [])


def _fraction(line: GoalResult) -> float:
    return line.reached[0] / (line.goal or 1)


def _of_goal(line: GoalResult) -> str:
    return f"{line.reached[0]:.2f}" + (f" of {line.goal:.2f}" if line.goal else "")


def _label(line: GoalResult) -> str:
    return f"`{line.result.case.name}`, {line.result.threads} threads"
