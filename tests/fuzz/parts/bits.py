"""The same bits for one to four threads: calls of the extension, and a model with its gradients."""

from typing import Any

import numpy as np

from pydl import _core

from ..finding import same_bits
from ..hostile import pick
from ..nets import Net
from .core import brief
from .kernels import OPS, draw, guarded


def run(rng: np.random.Generator, note: Any) -> str:
    _core.set_num_threads(1)
    if rng.random() < 0.3:
        net = Net(rng, int(rng.integers(1, 5)))
        note(str(net))
        one, what, again = net.gradients(), str(net), net.gradients
    else:
        op = pick(rng, OPS)
        note(f"{op}, while its arguments are looked for")
        arguments, one = draw(rng, op)
        if one is None:
            return "refused"
        what = f"{op}({brief(arguments)})"
        note(what)
        at_end = bool(rng.integers(2))

        def again() -> Any:
            return guarded(op, arguments, at_end)

    for threads in (2, 3, 4):
        _core.set_num_threads(threads)
        same_bits(again(), one, f"{what}: one thread and {threads}")
    return "worked"
