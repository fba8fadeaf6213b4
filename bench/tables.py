"""The tables of README.md and docs/performance.md, from the files in bench/results/."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .goals import GROUPS, RECURRENT_GROUPS, Group
from .report import time_text

MODES = {"train": "training step", "inference_{}": "inference, batch", "inference_1": "inference, one"}

Files = dict[str, dict[str, Any]]

NAMES = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime", "jax": "JAX", "tensorflow": "TensorFlow", "numpy": "NumPy"}
NETS = {
    "MLP 256-500-500-10, batch 32": ("mlp", 32),
    "CNN, 28x28x1, batch 64": ("cnn", 64),
    "deep autoencoder, batch 100": ("autoencoder", 100),
    "AlphaGo's policy network, batch 16": ("alphago", 16),
}


def machine(file: dict[str, Any]) -> str:
    isa = {"avx512": "AVX-512", "avx2": "AVX2"}.get(file["versions"]["isa"], file["versions"]["isa"])
    return f"an {file['cpu']} with {isa}, commit {file['commit'][:7]}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def readme(files: Files) -> str:
    """The networks with two threads: training step, inference with a batch, inference of one."""
    head = (
        "The time of the strongest of PyTorch, ONNX Runtime, JAX and TensorFlow divided by pydl's, two threads of "
        f"{machine(files['nets'])}:"
    )
    return f"{textwrap.fill(head, 110)}\n\n{_nets(files['nets'], *MODES)}"


def networks(files: Files) -> str:
    return _nets(files["nets"], *MODES, "fit") + _source("nets", files)


def _nets(file: dict[str, Any], *modes: str) -> str:
    by_case = {line["case"]: line for line in file["results"] if line["threads"] == 2}
    rows = []
    for title, (net, batch) in NETS.items():
        rows.append([title, *(_cell(by_case.get(f"nets/{net}/{mode.format(batch)}")) for mode in modes)])
    return table(["", *((MODES | {"fit": "epoch of `fit`"})[mode] for mode in modes)], rows)


def _cell(line: dict[str, Any] | None) -> str:
    return f"{line['ratio'][0]:.2f} ({NAMES[line['peer']]})" if line else "-"


def kernels(files: Files) -> str:
    groups = [group for group in GROUPS if any(line["group"] == group.title for line in files["kernels"]["groups"])]
    return _groups(groups, files["kernels"], files["xeon"], threads=(2, 1)) + _source("kernels", files)


def recurrent(files: Files) -> str:
    return _groups(RECURRENT_GROUPS, files["recurrent"], files["xeon"], threads=(2,)) + _source("recurrent", files)


def _groups(groups: Iterable[Group], file: dict[str, Any], other: dict[str, Any], threads: Sequence[int]) -> str:
    means = {(line["group"], line["threads"]): line["mean"] for line in file["groups"]}
    other_means = {line["group"]: line["mean"] for line in other["groups"] if line["threads"] == 2}
    columns = ["", *(f"{n} thread{'s' * (n > 1)}: mean, lowest" for n in threads), "Xeon, 2 threads: mean"]
    rows = []
    for group in groups:
        cells = [f"{_interval(means[group.title, n])}, {_lowest(group, file, n):.2f}" for n in threads]
        rows.append([group.title, *cells, _interval(other_means.get(group.title))])
    return table(columns, rows)


def _lowest(group: Group, file: dict[str, Any], threads: int) -> float:
    """The smallest ratio of the group's cases."""
    names = {case.name for case in replace(group, max_microseconds={}).cases()}
    lines = [line for line in file["results"] if line["case"] in names and line["threads"] == threads]
    return min(line["ratio"][0] for line in lines if group.rival in ("", line["peer"]))


def peak(files: Files) -> str:
    rows = []
    for stem, title in (("matrix_products", "matrix product"), ("direct_convolution", "direct convolution")):
        for threads in (2, 1):
            shares = [100 * line["of_peak"] for line in files[stem]["results"] if line["threads"] == threads]
            if shares:
                rate = f"{files[stem]['peaks'][str(threads)]['gflops']:.0f} GF/s"
                rows.append([title, str(threads), f"{min(shares):.0f} to {max(shares):.0f} %", rate])
    sources = _source("matrix_products", files) + _source("direct_convolution", files)
    return table(["", "threads", "of the measured peak", "peak"], rows) + sources


def behind(files: Files) -> str:
    """The cases in which a peer is faster and the interval does not contain 1."""
    lines = [line for stem in ("nets", "kernels", "recurrent") for line in files[stem]["results"]]
    lines = [line for line in lines if line["ratio"][2] < 1 and line["peer"] in NAMES]
    rows = [
        [f"`{x['case']}`", str(x["threads"]), time_text(x["seconds"]), NAMES[x["peer"]], _interval(x["ratio"])]
        for x in sorted(lines, key=lambda line: line["ratio"][0])
    ]
    return table(["case", "threads", "pydl", "peer", "its time / pydl's"], rows)


def _source(stem: str, files: Files) -> str:
    file = files[stem]
    cores = f"{file['cores']} cores of {machine(file)}"
    return f"\n[{stem}.json](../bench/results/{stem}.json):\n{cores}.\n"


def _interval(values: Sequence[float] | None) -> str:
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values) if values else "-"


PAGE = {"networks": networks, "kernels": kernels, "recurrent": recurrent, "peak": peak, "behind": behind}
