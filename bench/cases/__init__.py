"""All cases, by family."""

from collections.abc import Sequence
from importlib import import_module

from .case import Case

FAMILIES = (
    "gemm",
    "conv2d",
    "conv2d_transpose",
    "pool2d",
    "activation",
    "embedding",
    "norm",
    "recurrent",
    "recurrent_layers",
    "transpose",
    "loss",
    "optimizer",
    "dropout",
    "overhead",
    "nets",
    "sweep",
)
ALL: tuple[Case, ...] = tuple(case for name in FAMILIES for case in import_module(f".{name}", __package__).CASES)
BY_NAME = {case.name: case for case in ALL}

# For `python -m bench --smoke`: fast cases.
SMOKE = (
    "gemm/64x64x64",
    "conv2d/lenet2/forward",
    "pool2d/lenet/max_forward",
    "activation/16k/tanh_forward",
    "loss/32x10",
    "nets/mlp/inference_1",
)


def select(filters: Sequence[str] = (), suite: str = "all") -> list[Case]:
    """The cases of a suite whose name contains any of the filters, or all. "all" has every suite but the sweep."""
    return [
        case
        for case in ALL
        if (suite == case.suite or (suite == "all" and case.suite != "sweep"))
        and (not filters or any(part in case.name for part in filters))
    ]
