"""pydl: kernels at `_core`, without Python around them; layers and networks through the public API."""

from pathlib import Path

from pydl import _core as core

from .kernels import *
from .layers import *
from .nets import *
from .recurrent import *


def set_threads(n: int) -> None:
    core.set_num_threads(n)


def versions() -> dict[str, str]:
    commit = core.build_info()["commit"]  # of the wheel, not of the checkout
    return {"pydl": core.__version__, "commit": commit, "path": str(Path(core.__file__).parent), "isa": core.isa()}
