"""ONNX Runtime, inference only: graphs of one operator or of a whole network."""

import onnxruntime

from .graph import OPTIONS
from .kernels import *
from .nets import *
from .recurrent import *


def set_threads(n: int) -> None:
    OPTIONS.intra_op_num_threads = n
    OPTIONS.add_session_config_entry("session.set_denormal_as_zero", "1")  # as pydl does in its kernels


def versions() -> dict[str, str]:
    return {"onnxruntime": onnxruntime.__version__}
