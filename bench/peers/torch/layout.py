"""Conversion between arrays in pydl's layouts and tensors in PyTorch's."""

from collections.abc import Sequence
from typing import Any

import torch

from .. import Array

LAYOUTS = {"channels_last": torch.channels_last, "nchw": torch.contiguous_format}


def image(x: Array, layout: torch.memory_format) -> torch.Tensor:
    return torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)


def kernel(w: Array, layout: torch.memory_format) -> torch.Tensor:
    return torch.from_numpy(w).permute(3, 2, 0, 1).contiguous(memory_format=layout)


def plain(result: Any) -> list[Array]:
    several = result if isinstance(result, (tuple, list)) else [result]
    return [tensor.numpy() for tensor in several]


def channels_last(y: torch.Tensor) -> list[Array]:
    return [y.permute(0, 2, 3, 1).numpy()]


def kernel_gradient(result: Sequence[torch.Tensor]) -> list[Array]:
    return [result[0].permute(2, 3, 1, 0).numpy(), result[1].numpy()]
