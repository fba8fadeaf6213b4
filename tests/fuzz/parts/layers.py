"""One layer with random options beside PyTorch, forward and backward."""

from typing import Any

import numpy as np
import torch

from .. import torch_layers
from ..finding import ROUNDING, Finding, close, ill_conditioned
from ..nets import Net

torch.set_num_threads(1)


def expected(net: Net, off: float = 0.0) -> list[Any]:
    """PyTorch's results for the same weights in float64: outputs, gradients of the input and of the weights.

    off: the relative size of a random change of every number.
    """

    def tensor(array: Any, wanted: bool = True) -> torch.Tensor:
        exact = torch.tensor(array, dtype=torch.float64)
        return (exact * (1 + off * torch.randn_like(exact))).requires_grad_(wanted)

    x = tensor(net.x)
    weights = [[tensor(w.numpy(), w.trainable) for w in layer.weights] for layer in net.model.layers]
    y = x
    for (kind, options), own in zip(net.specs, weights, strict=True):
        y = torch_layers.layer(kind, options, own, y, net.training)
    wanted = [x, *(w for own in weights for w in own if w.requires_grad)]
    found = torch.autograd.grad((y * torch.tensor(net.weighting)).sum(), wanted, allow_unused=True)
    return [
        y.detach().numpy(),
        *(np.zeros(w.shape) if g is None else g.numpy() for w, g in zip(wanted, found, strict=True)),
    ]


def compare(net: Net) -> str:
    result, theirs = net.gradients(), expected(net)
    largest = max(float(np.abs(a).max(initial=0)) for a in theirs)
    if not np.isfinite(largest) or largest > 1e5:
        return "exploded"
    result = [np.zeros(e.shape) if a is None else a for a, e in zip(result, theirs, strict=True)]
    tolerance = 1e-8 if net.dtype == "float64" else 2e-3
    try:
        close(result, theirs, tolerance, "beside PyTorch")
    except Finding as found:
        if net.dtype == "float32" and ill_conditioned(result, theirs, lambda: expected(net, ROUNDING), tolerance):
            return "ill-conditioned"
        raise Finding(f"{net}\n{found}") from None
    return "worked"


def run(rng: np.random.Generator, note: Any) -> str:
    net = Net(rng, 1)
    note(str(net))
    return compare(net)
