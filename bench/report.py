"""Measurements as rows of a table and as JSON."""

from typing import Any

from .driver import Measurement
from .machine import Peak


def header(peers: list[str]) -> str:
    columns = [f"{'case':<36}", "threads", f"{'time':>9}", "spread", f"{'rate':>10}", "of peak"]
    columns += [f"{peer + ' / pydl [95 %]':<34}" for peer in peers]
    line = "| " + " | ".join(columns) + " |"
    return line + "\n|" + "|".join("-" * (len(column) + 2) for column in columns) + "|"


def row(result: Measurement, peak: Peak, peers: list[str]) -> str:
    name = f"{result.case.name:<36} | {result.threads:>7}"
    if not result.times():
        return f"| {name} | pydl {result.failures['pydl']}"
    seconds = result.seconds()
    rate, fraction = _rate(result, peak)
    cells = [
        name,
        f"{time_text(seconds):>9}",
        f"± {100 * result.spread():2.0f} %",
        f"{rate:>10}",
        f"{100 * fraction:5.0f} %",
    ]
    cells += [f"{_ratio(result, peer):<34}" for peer in peers]
    return "| " + " | ".join(cells) + " |"


def time_text(seconds: float) -> str:
    unit, factor = ("µs", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    return f"{seconds * factor:.{max(0, 3 - len(str(int(seconds * factor))))}f} {unit}"


def _rate(result: Measurement, peak: Peak) -> tuple[str, float]:
    """Flops per second, or bytes for a case without flops, and the fraction of the measured peak."""
    if result.case.flops:
        rate = result.case.flops / result.seconds() * 1e-9
        return f"{rate:.0f} GF/s", rate / peak.gflops
    rate = result.case.bytes / result.seconds() * 1e-9
    return f"{rate:.1f} GB/s", rate / peak.gigabytes


def _ratio(result: Measurement, peer: str) -> str:
    if peer in result.failures:
        return f"failed: {result.failures[peer]}"
    if peer not in result.peers():
        return "-"
    middle, low, high = result.ratio(peer)
    variant = f" {result.variants[peer]}" if result.variants[peer] else ""
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]{variant}"


def as_json(result: Measurement) -> dict[str, Any]:
    timed = [peer for peer in result.variants if result.times(peer)]
    ratios = {peer: result.ratio(peer) for peer in result.peers()}
    return {
        "case": result.case.name,
        "threads": result.threads,
        "flops": result.case.flops,
        "bytes": result.case.bytes,
        "seconds": {peer: result.seconds(peer) for peer in timed},
        "spread": {peer: result.spread(peer) for peer in timed},
        "variants": result.variants,
        "ratios": {peer: {"median": m, "low": low, "high": high} for peer, (m, low, high) in ratios.items()},
        "starts": result.starts,
        "failures": result.failures,
    }
