"""PyTorch: both memory layouts, fresh and preallocated outputs, no autograd where a kernel is timed."""

import torch

from .kernels import *
from .nets import *
from .norm import *
from .recurrent import *


def set_threads(n: int) -> None:
    torch.set_num_threads(n)
    torch.set_flush_denormal(True)  # as pydl does in its kernels


def versions() -> dict[str, str]:
    return {"torch": torch.__version__}
