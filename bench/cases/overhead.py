"""Overhead of a call: work so small that only the cost around the kernel counts."""

import numpy as np

from .case import Arguments, Case, normal
from .nets import case as net_case


def _relu(rng: np.random.Generator) -> Arguments:
    return {"x": normal(rng, 16)}


CASES = (
    Case("overhead/core", "activation_forward", lambda rng: _relu(rng) | {"function": "relu"}, bytes=128.0),
    Case("overhead/op", "relu_tensor", lambda rng: _relu(rng) | {"record": False}, bytes=128.0),
    Case("overhead/op_taped", "relu_tensor", lambda rng: _relu(rng) | {"record": True}, bytes=128.0),
    net_case("tiny", "train", 8, "overhead/mlp_16-16-2/train"),
)
